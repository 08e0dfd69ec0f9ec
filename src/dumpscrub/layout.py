"""How a dump's file divides into regions, and which region follows which in memory.

Regions partition the file: every byte belongs to exactly one. Two links say where text goes on: regions of memory are
linked by virtual address (neighbours in the file may be far apart in memory, neighbours in memory far apart in the
file), all others by file order. The table is a set of numpy columns, because real dumps hold up to millions of ranges.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from dumpscrub.links import NO_ADDRESS, NOWHERE, Addresses, Column, Links, link
from dumpscrub.span import Span, in_order


class RegionKind(enum.IntEnum):
    """What the bytes of a region are. MEMORY is memory that the dump does not tell more about."""

    GAP = 0
    METADATA = 1
    MEMORY = 2
    STACK = 3
    HEAP = 4
    IMAGE = 5
    MAPPED = 6

    @property
    def is_memory(self) -> bool:
        return self >= RegionKind.MEMORY


@dataclass(frozen=True, slots=True)
class Region:
    """A piece of the file. ``vaddr`` is the virtual address of its first byte, None outside memory."""

    span: Span
    kind: RegionKind
    vaddr: int | None
    label: str


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """The regions of one file, in file order. Build it with :class:`LayoutBuilder`."""

    size: int
    starts: Column
    ends: Column
    addresses: Addresses
    kinds: npt.NDArray[np.uint8]
    label_ids: npt.NDArray[np.int32]
    labels: tuple[str, ...]
    _after: Links = field(init=False, repr=False)
    _before: Links = field(init=False, repr=False)
    _barriers: Column = field(init=False, repr=False)

    def __post_init__(self) -> None:
        after, before = link(self.starts, self.ends, self.addresses)
        object.__setattr__(self, "_after", after)
        object.__setattr__(self, "_before", before)
        joined = after.offset[:-1] == self.starts[1:]
        object.__setattr__(self, "_barriers", self.starts[1:][~joined])

    def __len__(self) -> int:
        return len(self.starts)

    def __iter__(self) -> Iterator[Region]:
        return (self.region(index) for index in range(len(self)))

    def same_regions(self, other: Layout) -> bool:
        """True where both divide their files in the same way, region by region."""
        columns = ("starts", "ends", "addresses", "kinds", "label_ids")
        return self.labels == other.labels and all(
            np.array_equal(getattr(self, column), getattr(other, column)) for column in columns
        )

    def region(self, index: int) -> Region:
        """The region at ``index`` in file order."""
        address = int(self.addresses[index])
        return Region(
            Span(int(self.starts[index]), int(self.ends[index])),
            RegionKind(int(self.kinds[index])),
            None if address == NO_ADDRESS else address,
            self.labels[int(self.label_ids[index])],
        )

    def index_at(self, offset: int) -> int:
        """The index of the region that holds the byte at ``offset``; IndexError outside the file."""
        if not 0 <= offset < self.size:
            raise IndexError("offset outside the file")
        return int(np.searchsorted(self.starts, offset, "right")) - 1

    def region_at(self, offset: int) -> Region:
        """The region that holds the byte at file offset ``offset``."""
        return self.region(self.index_at(offset))

    def address_of(self, offset: int) -> int | None:
        """The virtual address of the byte at file offset ``offset``, None outside memory."""
        region = self.region_at(offset)
        return None if region.vaddr is None else region.vaddr + offset - region.span.start

    def contiguous(self, start: int, end: int) -> bool:
        """True where the file bytes ``[start, end)`` also follow each other in memory."""
        first = int(np.searchsorted(self._barriers, start, "right"))
        return first == len(self._barriers) or int(self._barriers[first]) >= end

    def holds(self, span: Span) -> bool:
        """True where ``span`` lies in one region."""
        index = int(self.starts.searchsorted(span.start, "right")) - 1
        return index >= 0 and span.end <= int(self.ends[index])

    def forward(self, offset: int, length: int) -> tuple[Span, ...]:
        """The file spans of up to ``length`` bytes that stand at ``offset`` and follow it in memory."""
        spans: list[Span] = []
        if length <= 0 or not 0 <= offset < self.size:
            return ()
        index = self.index_at(offset)
        while length > 0:
            end = min(int(self.ends[index]), offset + length)
            spans.append(Span(offset, end))
            length -= end - offset
            if length <= 0 or int(self._after.index[index]) == NOWHERE:
                break
            index, offset = int(self._after.index[index]), int(self._after.offset[index])
        return in_order(spans)

    def backward(self, offset: int, length: int) -> tuple[Span, ...]:
        """The file spans, in memory order, of up to ``length`` bytes that stand before the byte at ``offset``.

        ``offset`` may also be the end of the file.
        """
        spans: list[Span] = []
        if length <= 0 or not 0 <= offset <= self.size or not self.size:
            return ()
        index, end = self.index_at(min(offset, self.size - 1)), offset
        if end == int(self.starts[index]):
            index, end = self._step_back(index)
        while length > 0 and index != NOWHERE:
            start = max(int(self.starts[index]), end - length)
            spans.append(Span(start, end))
            length -= end - start
            index, end = self._step_back(index)
        return in_order(spans[::-1])

    def tail(self, index: int, length: int) -> tuple[Span, ...]:
        """The file spans, in memory order, of the last ``length`` bytes up to the end of region ``index``."""
        end = int(self.ends[index])
        start = max(int(self.starts[index]), end - length)
        return in_order([*self.backward(start, length - (end - start)), Span(start, end)])

    def _step_back(self, index: int) -> tuple[int, int]:
        return int(self._before.index[index]), int(self._before.offset[index])

    def seams(self) -> Iterator[tuple[int, int]]:
        """Pairs (index of a region, file offset where its memory goes on) that are not neighbours in the file."""
        follows = self._after.offset
        next_start = np.append(self.starts[1:], NOWHERE)
        for index in np.flatnonzero((follows != NOWHERE) & (follows != next_start)):
            yield int(index), int(follows[index])

    def entries(self) -> Iterator[tuple[int, int]]:
        """Pairs (file offset before which memory comes from elsewhere, index of the region that it leads into).

        Only those that :meth:`seams` does not name already: regions that begin inside another one's addresses.
        """
        before = self._before
        for index in np.flatnonzero(before.index != NOWHERE):
            source = int(before.index[index])
            if int(self._after.offset[source]) != int(self.starts[index]):
                yield int(before.offset[index]), int(index)

    def open_ends(self) -> Column:
        """File offsets of region ends after which memory does not go on in this file."""
        return np.asarray(self.ends[self._after.index == NOWHERE])

    def open_starts(self) -> Column:
        """File offsets of region starts before which memory is not in this file."""
        return np.asarray(self.starts[self._before.index == NOWHERE])


class LayoutBuilder:
    """Collects what a format reader knows of a file of ``size`` bytes; :meth:`build` makes the partition.

    Pieces may come in any order. What lies outside the file is clipped. Where two overlap, the one that begins
    earlier keeps the shared bytes (the same descriptor twice, as in small minidumps, so counts once). What nobody
    claimed becomes a gap.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._labels: dict[str, int] = {"gap": 0}
        self._columns: list[tuple[Column, Column, Addresses, npt.NDArray[np.uint8], npt.NDArray[np.int32]]] = []

    def label(self, text: str) -> int:
        """The number of a label, for :meth:`add_many`."""
        return self._labels.setdefault(text, len(self._labels))

    def add(self, start: int, length: int, kind: RegionKind, label: str, vaddr: int | None = None) -> None:
        """Claim ``length`` bytes at file offset ``start``."""
        if length <= 0 or not 0 <= start < self._size:
            return
        self.add_many(
            np.array([start], np.int64),
            np.array([min(length, self._size - start)], np.int64),
            np.array([NO_ADDRESS if vaddr is None else vaddr], np.uint64),
            np.array([kind], np.uint8),
            np.array([self.label(label)], np.int32),
        )

    def add_many(
        self,
        starts: Column,
        lengths: Column,
        addresses: Addresses,
        kinds: npt.NDArray[np.uint8],
        label_ids: npt.NDArray[np.int32],
    ) -> None:
        """Claim many pieces at once: five columns of equal length; file offsets and lengths in bytes."""
        inside = (starts >= 0) & (starts < self._size) & (lengths > 0)
        starts = starts[inside]
        ends = starts + np.minimum(lengths[inside], self._size - starts)
        self._columns.append((starts, ends, addresses[inside], kinds[inside], label_ids[inside]))

    def build(self) -> Layout:
        """The partition of ``[0, size)``."""
        empty = (np.empty(0, np.int64),) * 2 + (np.empty(0, np.uint64), np.empty(0, np.uint8), np.empty(0, np.int32))
        starts, ends, addresses, kinds, label_ids = (
            np.concatenate(parts) for parts in zip(empty, *self._columns, strict=True)
        )
        # Earlier start first, then the longer piece; a stable sort keeps the order of claims among equals.
        order = np.lexsort((-ends, starts))
        starts, ends = starts[order], ends[order]
        claimed = np.concatenate((np.zeros(1, np.int64), np.maximum.accumulate(ends)))[:-1] if len(ends) else ends
        cut = np.maximum(claimed - starts, 0)
        keep = starts + cut < ends
        addresses = addresses[order]
        addresses = np.where(addresses == NO_ADDRESS, addresses, addresses + cut.astype(np.uint64))
        return self._with_gaps(
            (starts + cut)[keep], ends[keep], addresses[keep], kinds[order][keep], label_ids[order][keep]
        )

    def _with_gaps(
        self,
        starts: Column,
        ends: Column,
        addresses: Addresses,
        kinds: npt.NDArray[np.uint8],
        label_ids: npt.NDArray[np.int32],
    ) -> Layout:
        gap_starts = np.concatenate((np.zeros(1, np.int64), ends))
        gap_ends = np.concatenate((starts, np.array([self._size], np.int64)))
        real = gap_starts < gap_ends
        gap_starts, gap_ends = gap_starts[real], gap_ends[real]
        count = len(gap_starts)
        all_starts = np.concatenate((starts, gap_starts))
        order = np.argsort(all_starts, kind="stable")
        return Layout(
            self._size,
            all_starts[order],
            np.concatenate((ends, gap_ends))[order],
            np.concatenate((addresses, np.full(count, NO_ADDRESS, np.uint64)))[order],
            np.concatenate((kinds, np.full(count, RegionKind.GAP, np.uint8)))[order],
            np.concatenate((label_ids, np.zeros(count, np.int32)))[order],
            tuple(self._labels),
        )
