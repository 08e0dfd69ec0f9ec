"""The memory ranges of a minidump: where they stand in the file, and what kind of memory they hold.

Everything here works on whole columns, because real dumps list up to millions of ranges.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dumpscrub.formats.base import Records
from dumpscrub.layout import RegionKind
from dumpscrub.links import Addresses, Column, Index, blocks, farthest, is_sorted

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
        if not is_sorted(first):
            order = np.argsort(first, kind="stable")
            first, size = first[order], size[order]
        last = np.subtract(_LAST_ADDRESS, first)
        np.minimum(last, size, out=last)
        last += first
        if (last == first).any():
            first, last = first[last > first], last[last > first]
        reach = np.maximum.accumulate(last, out=last)
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
        return cls.of(addresses, sizes, rvas).where(np.asarray(rvas) > 0)

    @classmethod
    def of(cls, addresses: npt.ArrayLike, lengths: npt.ArrayLike, offsets: npt.ArrayLike) -> Ranges:
        """Ranges with columns of their own, so that a table that these come from need not be kept."""
        return cls(np.array(addresses, np.uint64), np.array(lengths, np.int64), np.array(offsets, np.int64))

    @classmethod
    def end_to_end(cls, addresses: npt.ArrayLike, sizes: npt.ArrayLike, base: int, file_size: int) -> Ranges:
        """Ranges whose bytes follow each other from file offset ``base`` on, as in a Memory64List.

        A range's offset is the sum of the sizes before it. Sizes are cut to just over the file, so that the sum
        passes the end of the file before it could overflow; ranges from there on are placed behind that end.
        """
        lengths = np.minimum(np.asarray(sizes, np.uint64), np.uint64(file_size + 1)).view(np.int64)
        offsets = np.cumsum(lengths)
        offsets += min(base, file_size + 1)
        beyond = np.flatnonzero(offsets > file_size)
        offsets -= lengths
        if len(beyond):
            offsets[beyond[0] + 1 :] = file_size + 1
        return cls(np.array(addresses, np.uint64), lengths, offsets)

    @classmethod
    def join(cls, parts: list[Ranges]) -> Ranges:
        """All ranges of ``parts`` in one table."""
        filled = [part for part in parts if len(part)]
        if len(filled) == 1:
            return filled[0]
        return cls(
            np.concatenate([part.addresses for part in filled] or [np.empty(0, np.uint64)]),
            np.concatenate([part.lengths for part in filled] or [np.empty(0, np.int64)]),
            np.concatenate([part.offsets for part in filled] or [np.empty(0, np.int64)]),
        )

    def where(self, mask: npt.NDArray[np.bool_]) -> Ranges:
        """The ranges for which ``mask`` is true."""
        if mask.all():
            return self
        return Ranges(self.addresses[mask], self.lengths[mask], self.offsets[mask])

    def clipped(self, file_size: int) -> tuple[Ranges, int]:
        """The ranges cut to the file, without empty ones, and how many of them the file does not hold whole."""
        real = self.where(self.lengths > 0)
        if (real.offsets <= file_size - real.lengths).all():
            return real, 0
        kept = np.clip(file_size - real.offsets, 0, real.lengths)
        short = int(np.count_nonzero(kept < real.lengths))
        return Ranges(real.addresses, kept, real.offsets).where(kept > 0), short

    def in_file(self) -> Intervals:
        """The file offsets that the ranges hold."""
        return Intervals.union(self.offsets.view(np.uint64), self.lengths.view(np.uint64))

    def split(self, cuts: Addresses) -> Ranges | None:
        """The ranges divided at the sorted addresses ``cuts``.

        None where overlapping ranges would multiply the cuts beyond all reason: then the input is damaged.
        """
        low, inside = self._cuts_inside(cuts)
        extra = int(inside.sum(dtype=np.int64))
        if not extra:
            return self
        if extra > 4 * (len(self) + len(cuts)):
            return None
        cut = np.flatnonzero(inside)
        divided = self.where(inside > 0)._divided(low[cut], inside[cut], cuts)
        # The first piece takes the place of its range, the others are inserted behind it.
        owner, step = _pieces(inside[cut])
        behind, more = cut[owner[step > 0]] + 1, divided.where(step > 0)
        lengths = self.lengths.copy()
        lengths[cut] = divided.lengths[step == 0]
        return Ranges(
            np.insert(self.addresses, behind, more.addresses),
            np.insert(lengths, behind, more.lengths),
            np.insert(self.offsets, behind, more.offsets),
        )

    def _cuts_inside(self, cuts: Addresses) -> tuple[Index, Index]:
        """For each range the number of its first cut, and how many it has."""
        low, inside = np.empty(len(self), np.int32), np.zeros(len(self), np.int32)
        for rows in blocks(len(self)):
            starts = self.addresses[rows]
            low[rows] = np.searchsorted(cuts, starts, "right")
            inside[rows] = np.searchsorted(cuts, _ends(starts, self.lengths[rows]), "left")
        inside -= low
        return low, np.maximum(inside, 0, out=inside)

    def _divided(self, low: Index, inside: Index, cuts: Addresses) -> Ranges:
        """The pieces of ranges that each have ``inside`` cuts, from the one numbered ``low`` on."""
        ends = _ends(self.addresses, self.lengths)
        owner, step = _pieces(inside)
        at = low[owner] + step
        left = np.where(step == 0, self.addresses[owner], _take(cuts, at - 1))
        right = np.where(step == inside[owner], ends[owner], _take(cuts, at))
        moved = (left - self.addresses[owner]).astype(np.int64)
        return Ranges(left, (right - left).astype(np.int64), self.offsets[owner] + moved)

    def offsets_of(self, addresses: Addresses, length: int) -> Column:
        """The file offset of ``length`` bytes at each address; -1 where no range holds them all."""
        holding = self._holding(addresses)
        if not len(holding):
            return np.full(len(addresses), -1, np.int64)
        order = np.argsort(holding.addresses, kind="stable")
        starts = holding.addresses[order]
        best = order[farthest(_ends(starts, holding.lengths[order]))]
        at = np.searchsorted(starts, addresses, "right") - 1
        row = best[np.maximum(at, 0)]
        into = (addresses - holding.addresses[row]).astype(np.int64)
        held = (at >= 0) & (into >= 0) & (into <= holding.lengths[row] - length)
        return np.where(held, holding.offsets[row] + into, -1)

    def _holding(self, addresses: Addresses) -> Ranges:
        """The ranges that hold any of ``addresses``: few, where those are."""
        wanted = np.sort(addresses)
        holds = np.zeros(len(self), bool)
        for rows in blocks(len(self)):
            starts = self.addresses[rows]
            ends = _ends(starts, self.lengths[rows])
            holds[rows] = np.searchsorted(wanted, starts, "left") < np.searchsorted(wanted, ends, "left")
        return self.where(holds)


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
        for rows in blocks(len(addresses)):
            # The last word counts: a stack is private writable memory too.
            kinds[rows][self.heaps.contains(addresses[rows])] = RegionKind.HEAP
            kinds[rows][self.mapped.contains(addresses[rows])] = RegionKind.MAPPED
            kinds[rows][self.images.contains(addresses[rows])] = RegionKind.IMAGE
            kinds[rows][self.stacks.contains(addresses[rows])] = RegionKind.STACK
        return kinds


def _ends(addresses: Addresses, lengths: Column) -> Addresses:
    """The address behind each range; a range that runs past 2**64 ends there."""
    ends = addresses + lengths.view(np.uint64)
    ends[ends < addresses] = _LAST_ADDRESS
    return ends


def distinct(values: Unsigned) -> Unsigned:
    """The values in order, each once: for millions of values much faster than the hashing of ``numpy.unique``."""
    ordered = np.sort(values)
    first = np.ones(len(ordered), bool)
    first[1:] = ordered[1:] != ordered[:-1]
    return ordered[first]


def _pieces(inside: npt.NDArray[np.signedinteger]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """For things cut at ``inside`` places each: the owner of every piece, and the piece's number within its owner."""
    owner = np.repeat(np.arange(len(inside)), inside + 1)
    first = np.cumsum(inside + 1) - (inside + 1)
    return owner, np.arange(len(owner)) - first[owner]


def _take(values: Addresses, at: npt.NDArray[np.intp]) -> Addresses:
    """``values[at]``, with any number where ``at`` is out of bounds (the caller does not look there)."""
    return values[np.clip(at, 0, len(values) - 1)] if len(values) else np.zeros(len(at), np.uint64)
