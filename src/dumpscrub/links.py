"""Which region of a dump goes on in which: by virtual address for memory, by file order for everything else."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Column = npt.NDArray[np.int64]
Addresses = npt.NDArray[np.uint64]

NO_ADDRESS = 2**64 - 1
"""The address of what is not memory."""
NOWHERE = -1
"""The link of a region that does not go on."""


@dataclass(frozen=True, slots=True)
class Links:
    """For each region: the region that its bytes go on in (or come from), and the file offset there; or NOWHERE."""

    index: Column
    offset: Column

    @classmethod
    def none(cls, count: int) -> Links:
        """Links of ``count`` regions that lead nowhere."""
        return cls(np.full(count, NOWHERE, np.int64), np.full(count, NOWHERE, np.int64))


def link(starts: Column, ends: Column, addresses: Addresses) -> tuple[Links, Links]:
    """The links after and before each region of a partition in file order (columns of equal length)."""
    after, before = Links.none(len(starts)), Links.none(len(starts))
    _by_file(starts, ends, addresses, after, before)
    placed = np.flatnonzero(addresses != NO_ADDRESS)
    if len(placed):
        memory = _Memory.of(placed, starts, ends, addresses)
        memory.link_after(starts, after)
        memory.link_before(starts, before)
    return after, before


def farthest(ends: Addresses) -> npt.NDArray[np.intp]:
    """For each of some intervals in the order of their starts: which of them, up to that one, reaches farthest.

    Of the intervals that begin at or below an address, it is the one that holds the address if any does.
    """
    leads = ends == np.maximum.accumulate(ends)
    return np.maximum.accumulate(np.where(leads, np.arange(len(ends)), 0))


def _by_file(starts: Column, ends: Column, addresses: Addresses, after: Links, before: Links) -> None:
    """Link neighbours in the file that have no address."""
    loose = addresses == NO_ADDRESS
    left = np.flatnonzero(loose[:-1] & loose[1:])
    after.index[left], after.offset[left] = left + 1, starts[left + 1]
    before.index[left + 1], before.offset[left + 1] = left, ends[left]


@dataclass(frozen=True, slots=True)
class _Memory:
    """Regions of memory: their indices, first and last addresses, and orders by both.

    ``farthest`` holds, for each place in the order by first address, the region up to there that reaches farthest.
    """

    placed: Column
    first: Addresses
    last: Addresses
    by_first: Column
    by_last: Column
    farthest: Column

    @classmethod
    def of(cls, placed: Column, starts: Column, ends: Column, addresses: Addresses) -> _Memory:
        first = addresses[placed]
        last = first + (ends[placed] - starts[placed]).astype(np.uint64)
        last = np.where(last < first, np.uint64(NO_ADDRESS), last)  # wraps: nothing follows
        by_first = np.argsort(first, kind="stable")
        by_last = np.argsort(last, kind="stable")
        return cls(placed, first, last, by_first, by_last, by_first[farthest(last[by_first])])

    def link_after(self, starts: Column, after: Links) -> None:
        """A region goes on in the one that begins where it ends, or else inside the one that holds that address."""
        first, last = self.first, self.last
        at = np.searchsorted(first[self.by_first], last, "left")
        exact = self.by_first[np.minimum(at, len(first) - 1)]
        inside = self.farthest[np.maximum(at - 1, 0)]
        meets = (at < len(first)) & (first[exact] == last)
        enters = ~meets & (first[inside] < last) & (last[inside] > last)
        target = np.where(meets, exact, inside)
        self._write(after, meets | enters, target, starts, last)

    def link_before(self, starts: Column, before: Links) -> None:
        """A region comes from the one that ends where it begins, or else out of the one that holds that address."""
        first, last = self.first, self.last
        at = np.searchsorted(last[self.by_last], first, "left")
        exact = self.by_last[np.minimum(at, len(last) - 1)]
        inside = self.farthest[np.maximum(np.searchsorted(first[self.by_first], first, "left") - 1, 0)]
        meets = (at < len(last)) & (last[exact] == first)
        leaves = ~meets & (first[inside] < first) & (last[inside] > first)
        target = np.where(meets, exact, inside)
        self._write(before, meets | leaves, target, starts, first)

    def _write(
        self, links: Links, linked: npt.NDArray[np.bool_], target: Column, starts: Column, address: Addresses
    ) -> None:
        """Note for the ``linked`` regions their ``target`` and the file offset of ``address`` in it."""
        here, there = self.placed[linked], target[linked]
        links.index[here] = self.placed[there]
        links.offset[here] = starts[self.placed[there]] + (address[linked] - self.first[there]).astype(np.int64)
