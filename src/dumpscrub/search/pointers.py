"""Where memory holds one of some addresses: words that point to an object that was found.

A process holds its data in writable memory, so images of programs are left out. Two looks at a word settle nearly all:
does it lie where the addresses do, and does a table of bits know its lower bits? What is left is compared.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from dumpscrub.columns import Mask, Offsets
from dumpscrub.layout import Layout, RegionKind
from dumpscrub.links import NO_ADDRESS
from dumpscrub.model import Dump
from dumpscrub.workers import in_workers

Words = npt.NDArray[np.unsignedinteger]

_TYPES: dict[int, type[np.unsignedinteger]] = {4: np.uint32, 8: np.uint64}
_AT_ONCE = 4 << 20
"""Bytes of the file that are read at a time."""
_BLOCK = 1 << 15
"""Words that are compared at a time, so that they stay in the cache."""
_APART = 1 << 30
"""Bytes between addresses that stand for themselves: a heap, a stack, the data of a program."""
_MOST_AREAS = 4
_BITS = 20


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """Addresses in order, each once, to be found in words of ``size`` bytes; the lowest ``bits`` do not count."""

    size: int
    bits: int
    addresses: Words
    areas: tuple[tuple[np.unsignedinteger, np.unsignedinteger], ...]
    table: Mask

    @classmethod
    def of(cls, addresses: Collection[int], size: int, bits: int = 0) -> Wanted:
        """``addresses``, of which there is at least one, and none that a word of ``size`` bytes cannot hold."""
        kind = _TYPES[size]
        column = np.unique(np.fromiter(addresses, kind, len(addresses)) >> kind(bits))
        table = np.zeros(1 << _BITS, np.bool_)
        table[_hashes(column)] = True
        return cls(size, bits, column, tuple(_areas(column, bits)), table)

    def among(self, words: Words) -> Offsets:
        """The indices of those of ``words`` that are wanted, in order."""
        found = [np.empty(0, np.int64)]
        for first, width in self.areas:
            inside = np.flatnonzero(words - first <= width)
            upper = words[inside] >> words.dtype.type(self.bits)
            maybe = self.table[_hashes(upper)]
            inside, upper = inside[maybe], upper[maybe]
            which = np.minimum(np.searchsorted(self.addresses, upper), len(self.addresses) - 1)
            found.append(inside[self.addresses[which] == upper])
        return np.sort(np.concatenate(found))


def _hashes(words: Words) -> Offsets:
    return (words & words.dtype.type((1 << _BITS) - 1)).astype(np.int64)


def _areas(addresses: Words, bits: int) -> Iterator[tuple[np.unsignedinteger, np.unsignedinteger]]:
    """The first word and the width of the few areas in which all lie whose upper bits are ``addresses``."""
    kind = addresses.dtype.type
    gaps = np.diff(addresses)
    widest = np.sort(np.argsort(gaps, kind="stable")[::-1][: _MOST_AREAS - 1])
    edges = [0, *(int(gap) + 1 for gap in widest if int(gaps[gap]) > _APART >> bits), len(addresses)]
    for first, last in pairwise(edges):
        start, end = addresses[first] << kind(bits), addresses[last - 1] << kind(bits) | kind((1 << bits) - 1)
        yield start, end - start


def find(dump: Dump, wanted: Wanted, workers: int = 1) -> Generator[tuple[int, int], None, None]:
    """Pairs (file offset, word) of the words in writable memory of ``dump`` that are wanted, in file order.

    Words that two regions share are left out. Who leaves early closes it (``contextlib.closing``).
    """
    areas = _Areas.of(dump.layout, wanted.size)

    def release(start: int) -> None:
        dump.source.release(start, start + _AT_ONCE)

    work = partial(_offsets, dump, wanted, areas)
    with closing(in_workers(work, range(0, dump.source.size, _AT_ONCE), workers, release)) as parts:
        for offsets in parts:
            # Read once more: workers hand over no bytes of the dump.
            for offset in offsets.tolist():
                yield offset, int.from_bytes(dump.source.view(offset, offset + wanted.size), sys.byteorder)


def _offsets(dump: Dump, wanted: Wanted, areas: _Areas, start: int) -> Offsets:
    """The file offsets of the words that are wanted and begin in the part of the file at ``start``."""
    found = [np.empty(0, np.int64)]
    for offset, column in areas.words(dump, start, start + _AT_ONCE):
        for at in range(0, len(column), _BLOCK):
            found.append(offset + (at + wanted.among(column[at : at + _BLOCK])) * wanted.size)
    dump.source.release(start, start + _AT_ONCE)
    return np.concatenate(found)


def words(dump: Dump, size: int) -> Iterator[tuple[int, Words]]:
    """The words of ``size`` bytes in writable memory of ``dump``, a few MiB at a time, each with its file offset."""
    areas = _Areas.of(dump.layout, size)
    for start in range(0, dump.source.size, _AT_ONCE):
        yield from areas.words(dump, start, start + _AT_ONCE)
        dump.source.release(start, start + _AT_ONCE)


@dataclass(frozen=True, slots=True, eq=False)
class _Areas:
    """The parts of a file that are writable memory, each from the first byte of a word of ``size`` bytes on."""

    size: int
    starts: Offsets
    ends: Offsets

    @classmethod
    def of(cls, layout: Layout, size: int) -> _Areas:
        """Those of ``layout``; neighbours are one."""
        looked_at = (layout.addresses != NO_ADDRESS) & (layout.kinds != RegionKind.IMAGE)
        skipped = (-layout.addresses.astype(np.int64)) % size
        starts = (layout.starts + skipped)[looked_at]
        ends = layout.ends[looked_at]
        fresh = np.ones(len(starts), np.bool_)
        fresh[1:] = (starts[1:] != ends[:-1]) | ((ends[:-1] - starts[:-1]) % size != 0)
        firsts = np.flatnonzero(fresh)
        lasts = np.append(firsts[1:], len(starts))[: len(firsts)] - 1
        starts, ends = starts[firsts], ends[lasts]
        return cls(size, starts[starts < ends], ends[starts < ends])

    def words(self, dump: Dump, start: int, end: int) -> Iterator[tuple[int, Words]]:
        """The words that begin in the file's ``[start, end)``, in columns, each with its file offset."""
        first, last = self.ends.searchsorted(start, "right"), self.starts.searchsorted(end, "left")
        for begin, stop in zip(self.starts[first:last].tolist(), self.ends[first:last].tolist(), strict=True):
            low = max(begin, start + (begin - start) % self.size)
            high = min(stop, end + (begin - end) % self.size)
            for part in dump.source.filled(low, high):
                offset = part.start + (begin - part.start) % self.size
                view = dump.source.view(offset, part.end)
                yield offset, np.frombuffer(view, _TYPES[self.size], len(view) // self.size)
