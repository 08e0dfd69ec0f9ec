"""A strict reader of Java heap dumps (HPROF): what a memory analyser shows, as lines that can be compared.

Source: the format as OpenJDK describes it (``src/hotspot/share/services/heapDumper.cpp``).
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

_ID = 8
_STRING, _LOAD_CLASS, _SEGMENTS = 1, 2, (12, 28)
_CLASS, _INSTANCE, _OBJECTS, _NUMBERS = 0x20, 0x21, 0x22, 0x23
_SIZES: Mapping[int, int] = {2: _ID, 4: 1, 5: 2, 6: 4, 7: 8, 8: 1, 9: 2, 10: 4, 11: 8}
_ROOTS: Mapping[int, int] = {0xFF: 8, 1: 16, 2: 16, 3: 16, 4: 12, 5: 8, 6: 12, 7: 8, 8: 16}


def read(dump: Path) -> list[str]:
    """How many records of each kind there are, and for each class its instances and their bytes, by its name.

    Raises ValueError or struct.error where the objects of a segment do not follow each other up to its end.
    """
    data = dump.read_bytes()
    at = data.index(b"\0") + 13
    records: Counter[str] = Counter()
    names: dict[int, str] = {}
    classes: dict[int, int] = {}
    sizes: Counter[tuple[int, int]] = Counter()
    while at < len(data):
        tag, _, length = struct.unpack_from(">BII", data, at)
        start, at = at + 9, at + 9 + length
        records[f"record {tag}"] += 1
        if tag == _STRING:
            names[_number(data, start)] = data[start + _ID : at].decode("utf-8", "replace")
        elif tag == _LOAD_CLASS:
            classes[_number(data, start + 4)] = _number(data, start + 12 + 4)
        elif tag in _SEGMENTS:
            _segment(data, start, at, records, sizes)
    lines = [f"{kind}: {count}" for kind, count in sorted(records.items())]
    objects = (
        f"{names.get(classes.get(kind, 0), '?')} of {size} bytes: {count}" for (kind, size), count in sizes.items()
    )
    return lines + sorted(objects)


def _segment(data: bytes, at: int, end: int, records: Counter[str], sizes: Counter[tuple[int, int]]) -> None:
    while at < end:
        tag = data[at]
        records[f"object {tag:#x}"] += 1
        at += 1
        if tag == _INSTANCE:
            sizes[_number(data, at + _ID + 4), int.from_bytes(data[at + 20 : at + 24], "big")] += 1
        if tag not in _ROOTS and tag not in _BEHIND:
            raise ValueError(f"no object begins at {at - 1:#x}")
        at += _ROOTS[tag] if tag in _ROOTS else _BEHIND[tag](data, at)
    if at != end:
        raise ValueError(f"an object goes on beyond {end:#x}")


def _number(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + _ID], "big")


def _class(data: bytes, start: int) -> int:
    """Bytes of a class behind its tag: constants, static fields with their values, fields."""
    at = start + 7 * _ID + 8
    for before in (2, _ID):
        count, at = int.from_bytes(data[at : at + 2], "big"), at + 2
        for _ in range(count):
            at += before + 1 + _SIZES[data[at + before]]
    return at + 2 + int.from_bytes(data[at : at + 2], "big") * (_ID + 1) - start


def _instance(data: bytes, at: int) -> int:
    return 24 + int.from_bytes(data[at + 20 : at + 24], "big")


def _objects(data: bytes, at: int) -> int:
    return 24 + int.from_bytes(data[at + 12 : at + 16], "big") * _ID


def _numbers(data: bytes, at: int) -> int:
    return 17 + int.from_bytes(data[at + 12 : at + 16], "big") * _SIZES[data[at + 16]]


_BEHIND: Mapping[int, Callable[[bytes, int], int]] = {
    _CLASS: _class,
    _INSTANCE: _instance,
    _OBJECTS: _objects,
    _NUMBERS: _numbers,
}
"""How many bytes follow the tag of an object, by its tag."""
