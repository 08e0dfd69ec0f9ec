"""Which region of a dump goes on in which: by virtual address for memory, by file order for everything else.

Dumps have millions of regions. So what is kept of each is small, and what is needed meanwhile is made in blocks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Column = npt.NDArray[np.int64]
Index = npt.NDArray[np.int32]
Addresses = npt.NDArray[np.uint64]
Mask = npt.NDArray[np.bool_]

NO_ADDRESS = 2**64 - 1
"""The address of what is not memory."""
NOWHERE = -1
"""The link of a region that does not go on."""
BLOCK = 1 << 17
"""Rows of a table that are worked on at a time: few enough for the processor's cache."""


@dataclass(frozen=True, slots=True, eq=False)
class Links:
    """The way from region to region, as indices in file order.

    ``after`` and ``before`` hold for each region the one that its bytes go on in or come from, or :data:`NOWHERE`.
    ``joined`` says for each region but the last whether its bytes go on at the start of the next one. ``by_address``
    are the regions of memory in the order of their first addresses, of the file among equal ones. ``farthest`` holds,
    for each place in that order, the region up to there that reaches farthest: of those that begin at or below an
    address, it holds the address if any does. It is ``by_address`` itself where no two regions share an address.
    """

    after: Index
    before: Index
    joined: Mask
    by_address: Index
    farthest: Index

    @property
    def overlapping(self) -> bool:
        """True where some regions share an address."""
        return self.farthest is not self.by_address


def link(starts: Column, ends: Column, addresses: Addresses) -> Links:
    """The links between the regions of a partition in file order (columns of equal length)."""
    count = len(starts)
    after, before = np.full(count, NOWHERE, np.int32), np.full(count, NOWHERE, np.int32)
    _by_file(addresses, after, before)
    memory = _Memory.of(starts, ends, addresses)
    order = farthest_ones = memory.order
    joined = np.empty(0, np.bool_)
    if memory.is_disjoint():
        memory.link(after, before)
        joined = after[:-1] == np.arange(1, count, dtype=np.int32)
    else:
        reach = farthest(memory.last)
        memory.link_overlapping(reach, after, before)
        farthest_ones = order[reach]
        joined = after[:-1] == np.arange(1, count, dtype=np.int32)
        loose = addresses[:-1] == NO_ADDRESS
        joined &= loose | (addresses[:-1] + (ends[:-1] - starts[:-1]).astype(np.uint64) == addresses[1:])
    return Links(after, before, joined, order, farthest_ones)


def farthest(ends: Addresses) -> Index:
    """For each of some intervals in the order of their starts: which of them, up to that one, reaches farthest.

    Of the intervals that begin at or below an address, it is the one that holds the address if any does.
    """
    leads = np.arange(len(ends), dtype=np.int32)
    leads[ends < np.maximum.accumulate(ends)] = 0
    return np.maximum.accumulate(leads, out=leads)


def is_sorted(values: Column | Addresses) -> bool:
    """True where no value is less than the one before it."""
    return not (values[1:] < values[:-1]).any()


def blocks(count: int) -> Iterator[slice]:
    """The rows of a table of ``count`` rows, :data:`BLOCK` at a time."""
    return (slice(at, min(at + BLOCK, count)) for at in range(0, count, BLOCK))


def _by_file(addresses: Addresses, after: Index, before: Index) -> None:
    """Link neighbours in the file that have no address."""
    loose = addresses == NO_ADDRESS
    left = np.flatnonzero(loose[:-1] & loose[1:])
    after[left] = left + 1
    before[left + 1] = left


@dataclass(frozen=True, slots=True)
class _Memory:
    """Regions of memory by first address: their indices, first addresses, and the addresses behind them."""

    order: Index
    first: Addresses
    last: Addresses

    @classmethod
    def of(cls, starts: Column, ends: Column, addresses: Addresses) -> _Memory:
        order = np.flatnonzero(addresses != NO_ADDRESS).astype(np.int32)
        first = addresses[order]
        if not is_sorted(first):
            by_first = np.argsort(first, kind="stable")
            order, first = order[by_first], first[by_first]
        last = first.copy()
        for rows in blocks(len(order)):
            last[rows] += (ends[order[rows]] - starts[order[rows]]).astype(np.uint64)
        last[last < first] = NO_ADDRESS  # wraps: nothing follows
        return cls(order, first, last)

    def is_disjoint(self) -> bool:
        """True where no two regions share an address."""
        return not (self.first[1:] < self.last[:-1]).any()

    def link(self, after: Index, before: Index) -> None:
        """A region goes on in the one that begins where it ends."""
        meets = self.last[:-1] == self.first[1:]
        left, right = self.order[:-1][meets], self.order[1:][meets]
        after[left], before[right] = right, left

    def link_overlapping(self, reach: Index, after: Index, before: Index) -> None:
        """The same, and where none begins (ends) there, the one that holds that address and reaches farthest."""
        order, first, last = self.order, self.first, self.last
        by_last = np.lexsort((order, last))
        sorted_last = last[by_last]
        count = len(order)
        for rows in blocks(count):
            at = np.searchsorted(first, last[rows], "left")
            exact, inside = np.minimum(at, count - 1), reach[np.maximum(at - 1, 0)]
            meets = (at < count) & (first[exact] == last[rows])
            self._write(after, rows, meets, exact, inside, last[rows])
            at = np.searchsorted(sorted_last, first[rows], "left")
            exact = by_last[np.minimum(at, count - 1)]
            inside = reach[np.maximum(np.searchsorted(first, first[rows], "left") - 1, 0)]
            meets = (at < count) & (last[exact] == first[rows])
            self._write(before, rows, meets, exact, inside, first[rows])

    def _write(self, links: Index, rows: slice, meets: Mask, exact: Column, inside: Index, address: Addresses) -> None:
        """Link ``rows`` to the ``exact`` region where it ``meets`` that, or else to the one around ``address``."""
        within = (self.first[inside] < address) & (self.last[inside] > address)
        there = np.where(meets, exact, inside)
        linked = meets | within
        links[self.order[rows][linked]] = self.order[there[linked]]
