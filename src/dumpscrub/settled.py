"""Hits that a first search has settled: no detector made anything of the bytes around them.

The second search of a copy, by another engine, meets them again. Where no byte around a hit was changed since, looking
once more would say the same, so only hits that the first engine did not see, or that stand near an edit, are looked at.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from dumpscrub.links import Column
from dumpscrub.search.finder import Hit
from dumpscrub.search.sights import SightList
from dumpscrub.span import Span

MOST = 4_000_000
"""Hits that are remembered, 24 bytes each. All others are looked at again."""


class SettledHits:
    """Remembers hits of one search, in the order in which they came."""

    def __init__(self, needles: int) -> None:
        self._needles = needles
        self._keys, self._starts, self._ends = array("q"), array("q"), array("q")

    def add(self, hit: Hit, looked_at: Span) -> None:
        """Remember ``hit``, which the bytes ``looked_at`` show to be nothing."""
        if len(self._keys) < MOST:
            self._keys.append(hit[0] * self._needles + hit[1])
            self._starts.append(looked_at.start)
            self._ends.append(looked_at.end)

    def empty(self) -> SettledHits:
        """None yet of a search for the same needles."""
        return SettledHits(self._needles)

    def extend(self, others: SettledHits) -> None:
        """Remember those of ``others`` as well, which come behind."""
        room = MOST - len(self._keys)
        self._keys += others._keys[:room]
        self._starts += others._starts[:room]
        self._ends += others._ends[:room]

    def untouched(self, edited: Iterable[Span]) -> Settled:
        """Those that none of the ``edited`` spans, which are in order and disjoint, comes near to."""
        keys, starts, ends = (np.array(column, np.int64) for column in (self._keys, self._starts, self._ends))
        edits = np.array([(span.start, span.end) for span in edited], np.int64).reshape(-1, 2)
        first_behind = np.searchsorted(edits[:, 1], starts, "right")
        touched = first_behind < np.searchsorted(edits[:, 0], ends, "left")
        return Settled(self._needles, np.sort(keys[~touched]))


@dataclass(frozen=True, slots=True, eq=False)
class Settled:
    """Hits that need no second look."""

    needles: int
    keys: Column

    def others(self, hits: Sequence[Hit]) -> Iterable[Hit]:
        """``hits`` without those that are settled."""
        if not len(self.keys) or not hits:
            return hits
        keys = np.array([offset * self.needles + number for offset, number in hits], np.int64)
        places = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        open_ = np.flatnonzero(self.keys[places] != keys)
        return [hits[index] for index in open_.tolist()]


NOTHING_SETTLED = Settled(1, np.empty(0, np.int64))


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What one search of a dump leaves for a later one: the ``hits`` that it settled, and what it saw without any."""

    hits: SettledHits
    sights: SightList
