"""Counts the forms of planted secrets that stand in a dump: a second opinion that shares no code with the package.

``python -m corpus.check DUMP MANIFEST`` prints each form and how often it stands; exit code 1 where anything does.

Each form is looked for by the eight bytes in its middle: all eight-byte words of the file, at every offset, go through
a bit table, and what passes is compared in full.
"""

from __future__ import annotations

import argparse
import mmap
import os
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from corpus import manifest
from corpus.forms import forms
from corpus.manifest import Secret

_WORD = 8
_CHUNK = 1 << 20
_TABLE_BITS = 20
# An odd 64-bit constant whose product spreads a word over its high bits (multiplicative hashing).
_SPREAD = np.uint64(0x9E3779B97F4A7C15)

Words = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """A form of the secret with that index stands at the file bytes ``[start, end)``."""

    secret: int
    form: str
    start: int
    end: int


class Needles:
    """Every form of many secrets, ready to be looked for."""

    def __init__(self, secrets: Sequence[Secret]) -> None:
        self._owners: defaultdict[bytes, list[tuple[int, str]]] = defaultdict(list)
        for index, secret in enumerate(secrets):
            for data, name in forms(secret.value, secret.text).items():
                self._owners[data].append((index, name))
        self._by_word: defaultdict[int, list[tuple[int, bytes]]] = defaultdict(list)
        for data in self._owners:
            middle = (len(data) - _WORD) // 2
            self._by_word[int.from_bytes(data[middle : middle + _WORD], "little")].append((middle, data))
        self.longest = max(map(len, self._owners), default=0)
        self._words = np.array(sorted(self._by_word), np.uint64)
        self._table = np.zeros(1 << _TABLE_BITS, np.bool_)
        self._table[_slots(self._words)] = True

    def find(self, buffer: bytes) -> Iterator[tuple[int, bytes]]:
        """Offset and bytes of each form in ``buffer``."""
        if not self._by_word:
            return
        for shift in range(_WORD):
            words = np.frombuffer(buffer, "<u8", max(0, len(buffer) - shift) // _WORD, min(shift, len(buffer)))
            possible = np.flatnonzero(self._table[_slots(words)])
            possible = possible[np.isin(words[possible], self._words)]
            for index in possible.tolist():
                at = index * _WORD + shift
                for middle, data in self._by_word[int(words[index])]:
                    if at >= middle and buffer.startswith(data, at - middle):
                        yield at - middle, data

    def owners(self, data: bytes) -> list[tuple[int, str]]:
        """The secrets that ``data`` is a form of, each with the form's name."""
        return self._owners[data]


def _slots(words: Words) -> npt.NDArray[np.intp]:
    return (words * _SPREAD >> np.uint64(64 - _TABLE_BITS)).astype(np.intp)


def find(path: Path, secrets: Sequence[Secret]) -> list[Hit]:
    """Every form of ``secrets`` in the file, sorted; holes of a sparse file and runs of zeros are passed over."""
    needles = Needles(secrets)
    hits: set[Hit] = set()
    for position, buffer in _chunks(path, needles.longest):
        for start, data in needles.find(buffer):
            if start < _CHUNK:
                at = position + start
                hits.update(Hit(index, form, at, at + len(data)) for index, form in needles.owners(data))
    return sorted(_without_shadows(hits))


def _chunks(path: Path, overlap: int) -> Iterator[tuple[int, bytes]]:
    """Pieces of the file that are not all zero, each with ``overlap`` bytes of the next one."""
    size = path.stat().st_size
    if not size:
        return
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
        position = 0
        while position < size:
            position = _next_data(file.fileno(), position, size)
            buffer = view[position : position + _CHUNK + overlap]
            if np.frombuffer(buffer, np.uint8).any():
                yield position, buffer
            position += _CHUNK


def _next_data(descriptor: int, position: int, size: int) -> int:
    """Where the file goes on with data at or after ``position``, on a page boundary; ``size`` where it does not."""
    if not hasattr(os, "SEEK_DATA"):
        return position
    try:
        found = os.lseek(descriptor, position, os.SEEK_DATA)
    except OSError:  # nothing but a hole up to the end, or a file system without holes
        return size if position and _all_hole(descriptor, position) else position
    return max(position, found - found % mmap.PAGESIZE)


def _all_hole(descriptor: int, position: int) -> bool:
    try:
        return os.lseek(descriptor, position, os.SEEK_HOLE) == position
    except OSError:
        return False


def _without_shadows(hits: set[Hit]) -> Iterator[Hit]:
    """Drop UTF-16BE hits that are a UTF-16LE text of the same form, seen one byte off."""
    for hit in hits:
        little = hit.form.removesuffix("be") + "le"
        shadows = (Hit(hit.secret, little, hit.start + by, hit.end + by) for by in (-1, 1))
        if not (hit.form.endswith("utf16be") and any(shadow in hits for shadow in shadows)):
            yield hit


def count(hits: Iterable[Hit]) -> Counter[tuple[int, str]]:
    """How often each (index of a secret, form) stands."""
    return Counter((hit.secret, hit.form) for hit in hits)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m corpus.check", description="Count planted secrets in a dump.")
    parser.add_argument("dump", type=Path)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--where", action="store_true", help="print file offsets as well")
    options = parser.parse_args(arguments)
    secrets = manifest.read(options.manifest)
    hits = find(options.dump, secrets)
    for (index, form), number in sorted(count(hits).items()):
        places = " ".join(f"{hit.start:#x}" for hit in hits if (hit.secret, hit.form) == (index, form))
        print(f"{secrets[index].label:40} {form:24} {number:4} {places if options.where else ''}".rstrip())
    present = len({hit.secret for hit in hits})
    print(f"{present} of {len(secrets)} secrets stand, in {len(hits)} places")
    return 1 if hits else 0


if __name__ == "__main__":
    sys.exit(main())
