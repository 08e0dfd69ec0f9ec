"""Many ways through memory at once: the texts on both sides of seams, before the ends and behind the starts of regions.

A dump may have millions of such places. So they are walked a batch at a time, as columns, and each batch is read and
searched as one text.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dumpscrub.layout import Layout
from dumpscrub.links import NO_ADDRESS, NOWHERE, Column
from dumpscrub.source import FileSource, Source, read, releasing
from dumpscrub.span import Span, in_order, part_of

BATCH = 2048
"""Texts that are walked at a time."""
_CLOSE_BATCH = 4 * BATCH
_CLOSE = 64 << 20  # bytes of the file
RESIDENT = 48 << 20
"""Bytes of a mapped file that may stay resident."""
_AROUND = 16
"""A look at one byte of a mapped file makes some 2 ** 16 around it resident, on Linux."""
PART = 1 << 22
"""Bytes of texts that are read and searched at a time."""
_LONG = 256
"""Bytes of a piece from which on pieces are copied one by one."""

Step = tuple[Column, Column, Column]


@dataclass(frozen=True, slots=True, eq=False)
class Texts:
    """Texts that stand in pieces: piece ``i`` is the file bytes ``[starts[i], ends[i])`` of text ``rows[i]``.

    Pieces stand in the order of their texts, and within one in the order of memory. ``bounds`` are where each text
    begins, and the last one ends, when all are put together.
    """

    rows: Column
    starts: Column
    ends: Column
    bounds: list[int]

    @classmethod
    def of(cls, count: int, steps: Sequence[Step]) -> Texts:
        """``count`` texts from ``steps``: columns of text, start and end, what comes first in memory first."""
        rows, starts, ends = (np.concatenate(parts) for parts in zip(*steps, strict=True))
        if len(steps) > 1:
            order = np.argsort(rows, kind="stable")
            rows, starts, ends = rows[order], starts[order], ends[order]
        sizes = np.bincount(rows, ends - starts, count).astype(np.int64)
        return cls(rows, starts, ends, [0, *np.cumsum(sizes).tolist()])

    @classmethod
    def one(cls, spans: Iterable[Span]) -> Texts:
        """The text at ``spans``."""
        places = np.array([(span.start, span.end) for span in spans], np.int64).reshape(-1, 2)
        return cls.of(1, [(np.zeros(len(places), np.int64), places[:, 0], places[:, 1])])

    def read(self, source: Source) -> bytes:
        """The bytes of all texts, one after the other."""
        fresh = np.ones(len(self.starts), np.bool_)
        fresh[1:] = self.starts[1:] != self.ends[:-1]
        starts, ends = self.starts[fresh], self.ends[np.append(fresh[1:], True)[: len(fresh)]]
        sizes = ends - starts
        if isinstance(source, FileSource) or int(sizes.sum()) > _LONG * len(sizes):
            pieces = zip(starts.tolist(), ends.tolist(), strict=True)
            return b"".join(read(source, start, end) for start, end in releasing(source, pieces))
        behind = np.cumsum(sizes)
        at = np.repeat(starts - behind + sizes, sizes)
        at += np.arange(len(at))
        picked: npt.NDArray[np.uint8] = np.frombuffer(source.view(0, source.size), np.uint8)[at]
        return picked.tobytes()

    def parts(self, limit: int = PART) -> Iterator[Texts]:
        """The same texts in groups of up to ``limit`` bytes, or of one that is longer."""
        row, bounds = 0, self.bounds
        while row + 1 < len(bounds):
            begin = bounds[row]
            stop = max(row + 1, bisect_right(bounds, begin + limit) - 1)
            first, last = np.searchsorted(self.rows, (row, stop)).tolist()
            yield Texts(
                self.rows[first:last] - row,
                self.starts[first:last],
                self.ends[first:last],
                [bound - begin for bound in bounds[row : stop + 1]],
            )
            row = stop

    def index(self, at: int) -> int:
        """Which text holds byte ``at`` of all texts."""
        return bisect_right(self.bounds, at) - 1

    def around(self, at: int) -> tuple[int, int]:
        """Where the text begins and ends that holds byte ``at`` of all texts."""
        row = self.index(at)
        return self.bounds[row], self.bounds[row + 1]

    def spans(self, low: int, high: int) -> tuple[Span, ...]:
        """Where the bytes ``[low, high)`` of all texts, which are of one text, stand in the file."""
        row = self.index(low)
        first, last = np.searchsorted(self.rows, (row, row + 1)).tolist()
        pieces = zip(self.starts[first:last].tolist(), self.ends[first:last].tolist(), strict=True)
        begin = self.bounds[row]
        return part_of(in_order(Span(*piece) for piece in pieces), low - begin, high - begin)


class Looks:
    """Gives back what was looked at in a mapped file, once that may be more than :data:`RESIDENT` bytes.

    To give it back after each batch would cost more than the search, where the places stand all over the file.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._seen = np.zeros((source.size >> _AROUND) + 1, np.bool_)

    def at(self, texts: Texts) -> None:
        """Note that ``texts``, which stand in short pieces, were read."""
        self._seen[texts.starts >> _AROUND] = True
        self._seen[texts.ends >> _AROUND] = True
        if np.count_nonzero(self._seen) << _AROUND > RESIDENT:
            self.give_back()

    def give_back(self) -> None:
        """Give back everything."""
        self._source.release(0, self._source.size)
        self._seen[:] = False


@dataclass(frozen=True, slots=True, eq=False)
class Seams:
    """Places where the memory of region ``left`` up to file offset ``ends`` goes on in ``right`` from ``starts`` on."""

    left: Column
    ends: Column
    right: Column
    starts: Column


def batches(regions: Column) -> Iterator[Column]:
    """``regions``, :data:`BATCH` at a time."""
    return (regions[at : at + BATCH] for at in range(0, len(regions), BATCH))


def nearby(layout: Layout, regions: Column) -> Iterator[Column]:
    """``regions``, which stand in file order: :data:`BATCH` at a time, or more where they stand close together."""
    at = 0
    while at < len(regions):
        some = regions[at : at + _CLOSE_BATCH]
        close = int(np.searchsorted(layout.starts[some], int(layout.starts[some[0]]) + _CLOSE))
        some = some[: max(close, BATCH)]
        yield some
        at += len(some)


def with_data(source: Source, regions: Column, starts: Column, ends: Column) -> Column:
    """Those of ``regions`` of whose file bytes ``[starts, ends)`` one is in no hole: what is cut there is not zeros."""
    filled = np.array([(span.start, span.end) for span in source.filled(0, source.size)], np.int64).reshape(-1, 2)
    behind = np.searchsorted(filled[:, 1], starts, "right")
    return regions[behind < np.searchsorted(filled[:, 0], ends, "left")]


def before_ends(layout: Layout, regions: Column, length: int) -> Texts:
    """Up to ``length`` bytes before the end of each of ``regions``, of which there is at least one."""
    return Texts.of(len(regions), _back(layout, regions, layout.ends[regions], length))


def behind_starts(layout: Layout, regions: Column, length: int) -> Texts:
    """Up to ``length`` bytes from the start of each of ``regions`` on, of which there is at least one."""
    return Texts.of(len(regions), _on(layout, regions, layout.starts[regions], length))


def seams(layout: Layout) -> Iterator[Seams]:
    """All places where memory goes on elsewhere in the file, a batch at a time."""
    for regions in batches(layout.jumps()):
        there = layout.links.after[regions].astype(np.int64)
        yield Seams(regions, layout.ends[regions], there, _entered(layout, regions, there))
    for regions in batches(layout.arrivals()):
        there = layout.links.before[regions].astype(np.int64)
        yield Seams(there, _left(layout, regions, there), regions, layout.starts[regions])


def across(layout: Layout, places: Seams, length: int) -> tuple[Texts, list[int]]:
    """Up to ``length`` bytes on both sides of each seam, and where in all texts put together the seams are."""
    count = len(places.left)
    back = _back(layout, places.left, places.ends, length)
    texts = Texts.of(count, [*back, *_on(layout, places.right, places.starts, length)])
    before = sum(np.bincount(rows, ends - starts, count) for rows, starts, ends in back)
    return texts, (texts.bounds[:-1] + np.asarray(before, np.int64)).tolist()


def _on(layout: Layout, regions: Column, starts: Column, length: int) -> list[Step]:
    """The pieces of up to ``length`` bytes from file offsets ``starts`` in ``regions`` on."""
    steps: list[Step] = []
    rows, room = np.arange(len(regions)), np.full(len(regions), length)
    while len(rows):
        ends = np.minimum(layout.ends[regions], starts + room)
        steps.append((rows, starts, ends))
        room = room - (ends - starts)
        there = layout.links.after[regions].astype(np.int64)
        more = (room > 0) & (there != NOWHERE)
        starts = _entered(layout, regions[more], there[more])
        rows, room, regions = rows[more], room[more], there[more]
    return steps


def _back(layout: Layout, regions: Column, ends: Column, length: int) -> list[Step]:
    """The pieces of up to ``length`` bytes before file offsets ``ends`` in ``regions``, in memory order."""
    steps: list[Step] = []
    rows, room = np.arange(len(regions)), np.full(len(regions), length)
    while len(rows):
        starts = np.maximum(layout.starts[regions], ends - room)
        steps.append((rows, starts, ends))
        room = room - (ends - starts)
        there = layout.links.before[regions].astype(np.int64)
        more = (room > 0) & (there != NOWHERE)
        ends = _left(layout, regions[more], there[more])
        rows, room, regions = rows[more], room[more], there[more]
    return steps[::-1]


def _entered(layout: Layout, regions: Column, there: Column) -> Column:
    """The file offsets in the regions ``there`` where each of ``regions`` goes on."""
    addresses = layout.addresses
    behind = addresses[regions] + (layout.ends[regions] - layout.starts[regions]).astype(np.uint64)
    inside = np.where(addresses[regions] == NO_ADDRESS, np.uint64(0), behind - addresses[there])
    return layout.starts[there] + inside.astype(np.int64)


def _left(layout: Layout, regions: Column, there: Column) -> Column:
    """The file offsets in the regions ``there`` before which each of ``regions`` comes."""
    addresses = layout.addresses
    inside = layout.starts[there] + (addresses[regions] - addresses[there]).astype(np.int64)
    return np.where(addresses[regions] == NO_ADDRESS, layout.ends[there], inside)
