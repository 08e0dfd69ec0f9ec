"""The strings and records that a minidump's streams point to elsewhere in the file.

They are claimed under a label, so that a report can say where a finding stands, and their length prefixes, signatures
and identifiers are protected. The characters are not.
"""

from __future__ import annotations

import struct

import numpy as np

from dumpscrub.errors import FormatError
from dumpscrub.formats import minidump_directory as directory
from dumpscrub.formats.base import Reader, Records
from dumpscrub.formats.minidump_directory import Marks, Stream, read_each
from dumpscrub.formats.minidump_memory import Unsigned, distinct
from dumpscrub.formats.minidump_records import ANNOTATION, HANDLE, LINK, PAIR, RVA, THREAD_NAME, UNLOADED_MODULE
from dumpscrub.formats.minidump_tables import Tables, counted_table, located, sized_table
from dumpscrub.span import Span

MAX_POINTERS = 1 << 18
"""Strings of one kind that are followed. A server with many open handles has tens of thousands."""
MAX_STRING = 1 << 16
"""Bytes of a string: the kernel's own limit."""
MAX_ANNOTATIONS = 1024
"""Annotations that Crashpad's lists are read for, and modules that have any: real dumps have a few dozen."""

# Bytes of a CodeView record before its path: signature, GUID and age, or their older equivalents. What an ELF build id
# ("BpEL" as a little-endian number) is followed by is all identifier, of 32 bytes at the most.
_CODEVIEW_NUMBERS = {b"RSDS": 24, b"NB10": 16, b"LEpB": 36}


def claim_strings(reader: Reader, streams: tuple[Stream, ...], tables: Tables, marks: Marks) -> None:
    """Claim and protect everything that the tables and the remaining streams point to."""
    modules = tables.modules
    _strings(reader, marks, modules["name"], "module names")
    _records(reader, marks, modules["codeview_size"], modules["codeview"], "codeview")
    _records(reader, marks, modules["misc_size"], modules["misc"], "debug records")
    if tables.system is not None:
        _strings(reader, marks, np.array([tables.system.csd_version], np.uint32), "system strings")

    def unloaded(stream: Stream) -> None:
        table = sized_table(reader, stream, "III", UNLOADED_MODULE, marks)
        _strings(reader, marks, table["name"], "unloaded module names")

    def handles(stream: Stream) -> None:
        table = sized_table(reader, stream, "IIII", HANDLE, marks)
        _strings(reader, marks, np.concatenate((table["type_name"], table["object_name"])), "handle names")

    def thread_names(stream: Stream) -> None:
        table = counted_table(reader, stream, THREAD_NAME, marks)
        _strings(reader, marks, table["name"], "thread names")

    read_each(streams, directory.UNLOADED_MODULES, marks, unloaded)
    read_each(streams, directory.HANDLE_DATA, marks, handles)
    read_each(streams, directory.THREAD_NAMES, marks, thread_names)
    read_each(streams, directory.CRASHPAD_INFO, marks, lambda stream: _crashpad(reader, stream, marks))


def _followed(marks: Marks, rvas: Unsigned, label: str) -> list[int]:
    """The different offsets among ``rvas`` that point anywhere, as many as are followed."""
    wanted = distinct(rvas[rvas > 0])
    if len(wanted) > MAX_POINTERS:
        marks.notices.append(f"there are {len(wanted)} {label}: only the first {MAX_POINTERS} are followed")
    return [int(rva) for rva in wanted[:MAX_POINTERS]]


def _strings(reader: Reader, marks: Marks, rvas: Unsigned, label: str) -> None:
    """MINIDUMP_STRING, and the UTF-8 strings and byte arrays of Crashpad: a length in bytes, then that many."""
    for rva in _followed(marks, rvas, label):
        try:
            (length,) = reader.unpack("I", rva)
        except FormatError:
            length = MAX_STRING + 1
        if length > min(MAX_STRING, reader.size - rva - 4):
            marks.lost[label] += 1
            continue
        marks.protect(Span(rva, rva + 4))
        marks.text.append(Span(rva + 4, rva + 4 + length))
        # The terminator, one or two bytes, is not part of the length.
        marks.claim(Span(rva, min(rva + 4 + length + 2, reader.size)), label)


def _records(reader: Reader, marks: Marks, sizes: Unsigned, rvas: Unsigned, label: str) -> None:
    """CodeView and other debug records: the signature decides how much of one is numbers."""
    places = set(zip(sizes[:MAX_POINTERS].tolist(), rvas[:MAX_POINTERS].tolist(), strict=True))
    for size, rva in sorted(place for place in places if all(place)):
        span = located(reader, size, rva)
        if len(span) < size or size > MAX_STRING:
            marks.lost[label] += 1
            continue
        signature = reader.bytes(span.start, min(4, size))
        numbers = Span(0, _CODEVIEW_NUMBERS.get(signature, 0)).shift(span.start).intersection(span)
        marks.claim(span, label)
        marks.protect(numbers)
        marks.text.append(Span(numbers.end, span.end))


def _crashpad(reader: Reader, stream: Stream, marks: Marks) -> None:
    """MinidumpCrashpadInfo: version, two identifiers, then the places of its annotations and of those of modules."""
    _, simple_size, simple, modules_size, modules = _numbers(reader, stream.span, "I32x4I", marks)
    strings = _annotations(reader, marks, simple_size, simple, PAIR)
    for _, size, rva in _list(reader, marks, modules_size, modules, LINK).tolist():
        place = located(reader, size, rva)
        marks.claim(place, "annotations")
        _, *places = _numbers(reader, place, "7I", marks)
        for at, record in enumerate((RVA, PAIR, ANNOTATION)):
            strings += _annotations(reader, marks, places[2 * at], places[2 * at + 1], record)
    _strings(reader, marks, np.concatenate(strings), "annotations")


def _numbers(reader: Reader, place: Span, layout: str, marks: Marks) -> tuple[int, ...]:
    size = struct.calcsize("<" + layout)
    if len(place) < size:
        raise FormatError("the dump is damaged: a structure is cut short")
    marks.protect(Span(place.start, place.start + size))
    return reader.unpack(layout, place.start)


def _annotations(reader: Reader, marks: Marks, size: int, rva: int, record: np.dtype[np.void]) -> list[Unsigned]:
    """The columns of a list of annotations that point to strings."""
    table = _list(reader, marks, size, rva, record)
    return [table[name] for name in record.names or () if name != "type"]


def _list(reader: Reader, marks: Marks, size: int, rva: int, record: np.dtype[np.void]) -> Records:
    """A counted table that stands outside of any stream, up to :data:`MAX_ANNOTATIONS` of its records."""
    place = located(reader, size, rva)
    if not place:
        return np.empty(0, record)
    marks.claim(place, "annotations")
    return counted_table(reader, Stream(directory.CRASHPAD_INFO, place), record, marks)[:MAX_ANNOTATIONS]
