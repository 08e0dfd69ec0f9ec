"""How a dump's file divides into regions, and which region follows which in memory.

Regions partition the file: every byte belongs to exactly one. Two links say where text goes on: regions of memory are
linked by virtual address (neighbours in the file may be far apart in memory, neighbours in memory far apart in the
file), all others by file order. The table is a set of numpy columns, because real dumps hold up to millions of ranges.
"""

from __future__ import annotations

import enum
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from dumpscrub.links import NO_ADDRESS, NOWHERE, Addresses, Column, Links, link
from dumpscrub.partition import Claims, partition
from dumpscrub.span import Span, in_order

Labels = npt.NDArray[np.int16]


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
    label_ids: Labels
    labels: tuple[str, ...]
    links: Links = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "links", link(self.starts, self.ends, self.addresses))

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

    def offset_of(self, address: int) -> int | None:
        """The file offset of the byte at virtual ``address``, None where the dump does not hold it."""
        order, addresses = self.links.by_address, self.addresses
        at = bisect_right(order, address, key=lambda index: int(addresses[index])) - 1
        if at < 0 or address == NO_ADDRESS:
            return None
        index = int(self.links.farthest[at])
        offset = int(self.starts[index]) + address - int(addresses[index])
        return offset if offset < int(self.ends[index]) else None

    def contiguous(self, start: int, end: int) -> bool:
        """True where the file bytes ``[start, end)`` also follow each other in memory."""
        first = int(self.starts.searchsorted(start, "right")) - 1
        if end <= start or first < 0 or end <= int(self.ends[first]):
            return True
        last = int(self.starts.searchsorted(end, "left")) - 1
        return bool(self.links.joined[first:last].all())

    def has_data(self, start: int, end: int) -> bool:
        """True where some of the file bytes ``[start, end)`` are memory with an address, and no program's image."""
        first = int(self.starts.searchsorted(start, "right")) - 1
        some = slice(max(0, first), int(self.starts.searchsorted(end, "left")))
        is_data = (self.addresses[some] != NO_ADDRESS) & (self.kinds[some] != int(RegionKind.IMAGE))
        return bool(is_data.any())

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
            index, offset = self._step_on(index)
            if index == NOWHERE:
                break
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

    def _step_on(self, index: int) -> tuple[int, int]:
        """Where region ``index`` goes on: a region and the file offset in it."""
        there = int(self.links.after[index])
        if there == NOWHERE or int(self.addresses[index]) == NO_ADDRESS:
            return there, int(self.starts[there])
        end = int(self.addresses[index]) + int(self.ends[index]) - int(self.starts[index])
        return there, int(self.starts[there]) + end - int(self.addresses[there])

    def _step_back(self, index: int) -> tuple[int, int]:
        """Where region ``index`` comes from: a region and the file offset in it of the byte behind the last."""
        there = int(self.links.before[index])
        if there == NOWHERE or int(self.addresses[index]) == NO_ADDRESS:
            return there, int(self.ends[there])
        return there, int(self.starts[there]) + int(self.addresses[index]) - int(self.addresses[there])

    def seams(self) -> Iterator[tuple[int, int]]:
        """Pairs (index of a region, file offset where its memory goes on) that are not neighbours in the file."""
        return ((index, self._step_on(index)[1]) for index in self.jumps().tolist())

    def entries(self) -> Iterator[tuple[int, int]]:
        """Pairs (file offset before which memory comes from elsewhere, index of the region that it leads into).

        Only those that :meth:`seams` does not name already: regions that begin inside another one's addresses.
        """
        return ((self._step_back(index)[1], index) for index in self.arrivals().tolist())

    def jumps(self) -> Column:
        """The indices of the regions whose memory goes on somewhere else than behind them in the file."""
        elsewhere = self.links.after != NOWHERE
        elsewhere[:-1] &= ~self.links.joined
        return np.flatnonzero(elsewhere)

    def arrivals(self) -> Column:
        """The indices of the regions that begin inside another one's addresses and that it does not lead to."""
        links = self.links
        if not links.overlapping:
            return np.empty(0, np.int64)
        there = np.flatnonzero(links.before != NOWHERE)
        source = links.before[there]
        meets = self.addresses[source] + (self.ends[source] - self.starts[source]).astype(np.uint64)
        led = (links.after[source] == there) & (
            (meets == self.addresses[there]) | (self.addresses[there] == NO_ADDRESS)
        )
        unled: Column = there[~led]
        return unled

    def open_ends(self) -> Column:
        """The indices of the regions after which memory does not go on in this file."""
        return np.flatnonzero(self.links.after == NOWHERE)

    def open_starts(self) -> Column:
        """The indices of the regions before which memory is not in this file."""
        return np.flatnonzero(self.links.before == NOWHERE)


class LayoutBuilder:
    """Collects what a format reader knows of a file of ``size`` bytes; :meth:`build` makes the partition.

    Pieces may come in any order. What lies outside the file is clipped. Where two overlap, the one that begins
    earlier keeps the shared bytes (the same descriptor twice, as in small minidumps, so counts once). What nobody
    claimed becomes a gap.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._labels: dict[str, int] = {"gap": 0}
        self._claims: list[Claims] = []

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
            np.array([self.label(label)]),
        )

    def add_many(
        self,
        starts: Column,
        lengths: Column,
        addresses: Addresses,
        kinds: npt.NDArray[np.uint8],
        label_ids: npt.NDArray[np.signedinteger],
    ) -> None:
        """Claim many pieces at once: five columns of equal length; file offsets and lengths in bytes."""
        columns: Claims = [starts, lengths, addresses, kinds, label_ids.astype(np.int16, copy=False)]
        inside = (starts >= 0) & (starts < self._size) & (lengths > 0)
        self._claims.append(columns if inside.all() else [column[inside] for column in columns])

    def build(self) -> Layout:
        """The partition of ``[0, size)``. It takes the claims: build once."""
        claims, self._claims = self._claims, []
        edges, addresses, kinds, label_ids = partition(self._size, claims)
        return Layout(self._size, edges[:-1], edges[1:], addresses, kinds, label_ids, tuple(self._labels))
