"""The memory ranges of a minidump: where they stand in the file, and what kind of memory they hold.

Everything here works on whole columns, because real dumps list up to millions of ranges.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dumpscrub.formats.base import Records
from dumpscrub.layout import RegionKind
from dumpscrub.links import Addresses, Column, farthest

Unsigned = npt.NDArray[np.unsignedinteger]

_LAST_ADDRESS = np.uint64(2**64 - 1)
_MEM_PRIVATE, _MEM_MAPPED, _MEM_IMAGE = 0x20000, 0x40000, 0x1000000
# READWRITE, WRITECOPY, EXECUTE_READWRITE, EXECUTE_WRITECOPY
_PAGE_WRITABLE = 0x04 | 0x08 | 0x40 | 0x80


@dataclass(frozen=True, slots=True, eq=False)
class Intervals:
    """Half-open intervals ``[starts, ends)``: sorted, disjoint, touching ones joined, none empty."""

    starts: Addresses
    ends: Addresses

    @classmethod
    def union(cls, starts: npt.ArrayLike, lengths: npt.ArrayLike) -> Intervals:
        """The numbers in any of the intervals; one that runs past 2**64 ends there."""
        first, size = np.asarray(starts, np.uint64), np.asarray(lengths, np.uint64)
        order = np.argsort(first, kind="stable")
        first, size = first[order], size[order]
        last = np.where(size > _LAST_ADDRESS - first, _LAST_ADDRESS, first + size)
        first, last = first[last > first], last[last > first]
        reach = np.maximum.accumulate(last)
        opens = np.ones(len(first), bool)
        opens[1:] = first[1:] > reach[:-1]
        closes = np.ones(len(first), bool)
        closes[:-1] = opens[1:]
        return cls(first[opens], reach[closes])

    def contains(self, numbers: Addresses) -> npt.NDArray[np.bool_]:
        """For each number, whether an interval holds it."""
        if not len(self.starts):
            return np.zeros(len(numbers), bool)
        at = np.searchsorted(self.starts, numbers, "right")
        return (at > 0) & (numbers < self.ends[np.maximum(at - 1, 0)])

    def subtracted_from(self, starts: Addresses, ends: Addresses) -> tuple[Addresses, Addresses]:
        """What is left of the disjoint intervals ``[starts, ends)`` outside of these ones."""
        low = np.searchsorted(self.ends, starts, "right")
        inside = np.maximum(np.searchsorted(self.starts, ends, "left") - low, 0)
        owner, step = _pieces(inside)
        at = low[owner] + step
        left = np.where(step == 0, starts[owner], _take(self.ends, at - 1))
        right = np.where(step == inside[owner], ends[owner], _take(self.starts, at))
        return left[left < right], right[left < right]


@dataclass(frozen=True, slots=True, eq=False)
class Ranges:
    """Columns of memory ranges: virtual address, bytes, file offset."""

    addresses: Addresses
    lengths: Column
    offsets: Column

    def __len__(self) -> int:
        return len(self.addresses)

    @classmethod
    def from_descriptors(cls, addresses: npt.ArrayLike, sizes: npt.ArrayLike, rvas: npt.ArrayLike) -> Ranges:
        """Ranges that name their own file offset; 0, where the header stands, means that the file lacks the bytes."""
        ranges = cls(np.asarray(addresses, np.uint64), np.asarray(sizes, np.int64), np.asarray(rvas, np.int64))
        return ranges.where(ranges.offsets > 0)

    @classmethod
    def end_to_end(cls, addresses: npt.ArrayLike, sizes: npt.ArrayLike, base: int, file_size: int) -> Ranges:
        """Ranges whose bytes follow each other from file offset ``base`` on, as in a Memory64List.

        A range's offset is the sum of the sizes before it. Sizes are cut to just over the file, so that the sum
        passes the end of the file before it could overflow; ranges from there on are placed behind that end.
        """
        lengths = np.minimum(np.asarray(sizes, np.uint64), np.uint64(file_size + 1)).astype(np.int64)
        ends = min(base, file_size + 1) + np.cumsum(lengths)
        beyond = np.flatnonzero(ends > file_size)
        offsets = ends - lengths
        if len(beyond):
            offsets[beyond[0] + 1 :] = file_size + 1
        return cls(np.asarray(addresses, np.uint64), lengths, offsets)

    @classmethod
    def join(cls, parts: list[Ranges]) -> Ranges:
        """All ranges of ``parts`` in one table."""
        return cls(
            np.concatenate([part.addresses for part in parts] or [np.empty(0, np.uint64)]),
            np.concatenate([part.lengths for part in parts] or [np.empty(0, np.int64)]),
            np.concatenate([part.offsets for part in parts] or [np.empty(0, np.int64)]),
        )

    def where(self, mask: npt.NDArray[np.bool_]) -> Ranges:
        """The ranges for which ``mask`` is true."""
        return Ranges(self.addresses[mask], self.lengths[mask], self.offsets[mask])

    def clipped(self, file_size: int) -> tuple[Ranges, int]:
        """The ranges cut to the file, without empty ones, and how many of them the file does not hold whole."""
        real = self.where(self.lengths > 0)
        kept = np.clip(file_size - real.offsets, 0, real.lengths)
        short = int(np.count_nonzero(kept < real.lengths))
        return Ranges(real.addresses, kept, real.offsets).where(kept > 0), short

    def in_file(self) -> Intervals:
        """The file offsets that the ranges hold."""
        return Intervals.union(self.offsets, self.lengths)

    def split(self, cuts: Addresses) -> Ranges | None:
        """The ranges divided at the sorted addresses ``cuts``.

        None where overlapping ranges would multiply the cuts beyond all reason: then the input is damaged.
        """
        ends = _ends(self)
        low = np.searchsorted(cuts, self.addresses, "right")
        inside = np.maximum(np.searchsorted(cuts, ends, "left") - low, 0)
        extra = int(inside.sum())
        if not extra:
            return self
        if extra > 4 * (len(self) + len(cuts)):
            return None
        owner, step = _pieces(inside)
        at = low[owner] + step
        left = np.where(step == 0, self.addresses[owner], _take(cuts, at - 1))
        right = np.where(step == inside[owner], ends[owner], _take(cuts, at))
        moved = (left - self.addresses[owner]).astype(np.int64)
        return Ranges(left, (right - left).astype(np.int64), self.offsets[owner] + moved)


class RangeIndex:
    """Finds file offsets by virtual address, many at a time."""

    def __init__(self, ranges: Ranges) -> None:
        order = np.argsort(ranges.addresses, kind="stable")
        self._starts = ranges.addresses[order]
        best = order[farthest(_ends(ranges)[order])]
        self._best = Ranges(ranges.addresses[best], ranges.lengths[best], ranges.offsets[best])

    def offsets_of(self, addresses: Addresses, length: int) -> Column:
        """The file offset of ``length`` bytes at each address; -1 where no range holds them all."""
        if not len(self._starts):
            return np.full(len(addresses), -1, np.int64)
        at = np.searchsorted(self._starts, addresses, "right") - 1
        row = np.maximum(at, 0)
        into = (addresses - self._best.addresses[row]).astype(np.int64)
        held = (at >= 0) & (into >= 0) & (into <= self._best.lengths[row] - length)
        return np.where(held, self._best.offsets[row] + into, -1)


@dataclass(frozen=True, slots=True)
class AddressMap:
    """What the process kept at which addresses, as far as the dump tells."""

    stacks: Intervals
    images: Intervals
    mapped: Intervals
    heaps: Intervals

    @classmethod
    def of(cls, memory_info: Records, modules: Records, stacks: Intervals) -> AddressMap:
        """From the records of MemoryInfoList and ModuleList; private writable memory counts as heap."""
        kind, protect = memory_info["type"], memory_info["protect"]
        image, mapped = kind == _MEM_IMAGE, kind == _MEM_MAPPED
        heap = (kind == _MEM_PRIVATE) & (protect & _PAGE_WRITABLE != 0)
        bases, sizes = memory_info["base"], memory_info["size"]
        return cls(
            stacks,
            Intervals.union(
                np.concatenate((bases[image], modules["base"])), np.concatenate((sizes[image], modules["size"]))
            ),
            Intervals.union(bases[mapped], sizes[mapped]),
            Intervals.union(bases[heap], sizes[heap]),
        )

    def cuts(self) -> Addresses:
        """The addresses where one kind of memory begins or ends."""
        known = (self.stacks, self.images, self.mapped, self.heaps)
        return distinct(np.concatenate([part for each in known for part in (each.starts, each.ends)]))

    def kinds_at(self, addresses: Addresses) -> npt.NDArray[np.uint8]:
        """The :class:`RegionKind` of the memory at each address."""
        kinds = np.full(len(addresses), RegionKind.MEMORY, np.uint8)
        # The last word counts: a stack is private writable memory too.
        kinds[self.heaps.contains(addresses)] = RegionKind.HEAP
        kinds[self.mapped.contains(addresses)] = RegionKind.MAPPED
        kinds[self.images.contains(addresses)] = RegionKind.IMAGE
        kinds[self.stacks.contains(addresses)] = RegionKind.STACK
        return kinds


def _ends(ranges: Ranges) -> Addresses:
    """The address behind each range; a range that runs past 2**64 ends there."""
    ends = ranges.addresses + ranges.lengths.astype(np.uint64)
    return np.where(ends < ranges.addresses, _LAST_ADDRESS, ends)


def distinct(values: Unsigned) -> Unsigned:
    """The values in order, each once: for millions of values much faster than the hashing of ``numpy.unique``."""
    ordered = np.sort(values)
    first = np.ones(len(ordered), bool)
    first[1:] = ordered[1:] != ordered[:-1]
    return ordered[first]


def _pieces(inside: npt.NDArray[np.intp]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """For things cut at ``inside`` places each: the owner of every piece, and the piece's number within its owner."""
    owner = np.repeat(np.arange(len(inside)), inside + 1)
    first = np.cumsum(inside + 1) - (inside + 1)
    return owner, np.arange(len(owner)) - first[owner]


def _take(values: Addresses, at: npt.NDArray[np.intp]) -> Addresses:
    """``values[at]``, with any number where ``at`` is out of bounds (the caller does not look there)."""
    return values[np.clip(at, 0, len(values) - 1)] if len(values) else np.zeros(len(at), np.uint64)
