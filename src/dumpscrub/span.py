"""Half-open intervals of file offsets: the one way in which dumpscrub says *where*."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from dumpscrub.columns import Mask, Offsets


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """The bytes ``[start, end)`` of a file. Offsets are in bytes and never negative; ``end >= start``."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"not a span: [{self.start}, {self.end})")

    def __len__(self) -> int:
        return self.end - self.start

    def __bool__(self) -> bool:
        return self.end > self.start

    def __contains__(self, offset: int) -> bool:
        return self.start <= offset < self.end

    def overlaps(self, other: Span) -> bool:
        """True where the two share at least one byte."""
        return self.start < other.end and other.start < self.end

    def covers(self, other: Span) -> bool:
        """True where every byte of ``other`` is in this span."""
        return self.start <= other.start and other.end <= self.end

    def intersection(self, other: Span) -> Span:
        """The bytes in both; empty (at ``self.start`` or ``other.start``) where they share none."""
        start = max(self.start, other.start)
        return Span(start, max(start, min(self.end, other.end)))

    def shift(self, by: int) -> Span:
        """The span moved ``by`` bytes towards the end of the file."""
        return Span(self.start + by, self.end + by)


def union(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The bytes in any of ``spans``: sorted, disjoint, touching spans joined, empty ones dropped."""
    return tuple(Span(start, end) for start, end in _joined(spans))


def _joined(spans: Iterable[Span]) -> Iterator[tuple[int, int]]:
    # Tuples of numbers are sorted a hundred times as fast as spans.
    places = iter(sorted((span.start, span.end) for span in spans if span))
    start, end = next(places, (0, 0))
    for next_start, next_end in places:
        if next_start > end:
            yield start, end
            start, end = next_start, next_end
        elif next_end > end:
            end = next_end
    if end:
        yield start, end


def in_order(spans: Iterable[Span]) -> tuple[Span, ...]:
    """``spans`` in the order given, which is that of memory: those that follow each other in the file joined."""
    joined: list[Span] = []
    for span in spans:
        if not span:
            continue
        if joined and joined[-1].end == span.start:
            joined[-1] = Span(joined[-1].start, span.end)
        else:
            joined.append(span)
    return tuple(joined)


def part_of(spans: Iterable[Span], start: int, end: int) -> tuple[Span, ...]:
    """Where the bytes ``[start, end)`` of a text stand whose pieces, one after the other, stand at ``spans``."""
    parts: list[Span] = []
    position = 0
    for span in spans:
        low, high = max(start, position), min(end, position + len(span))
        if low < high:
            parts.append(Span(span.start + low - position, span.start + high - position))
        position += len(span)
    return tuple(parts)


def total(spans: Iterable[Span]) -> int:
    """How many bytes ``spans`` hold, a shared byte counted once for each span."""
    return sum(len(span) for span in spans)


class SpanSet:
    """A set of bytes: the union of some spans, asked what of another span it leaves out."""

    def __init__(self, spans: Iterable[Span] = ()) -> None:
        self._starts, self._ends = array("q"), array("q")
        for start, end in _joined(spans):
            self._starts.append(start)
            self._ends.append(end)

    @classmethod
    def of_columns(cls, starts: Offsets, ends: Offsets) -> SpanSet:
        """The union of the spans ``[starts, ends)``: as many as there are, in little time."""
        filled = starts < ends
        order = np.argsort(starts[filled], kind="stable")
        starts, reach = starts[filled][order], np.maximum.accumulate(ends[filled][order])
        opens = np.append(True, starts[1:] > reach[:-1])[: len(starts)]
        made = cls()
        made._starts.frombytes(starts[opens].tobytes())
        made._ends.frombytes(reach[np.append(opens[1:], True)[: len(starts)]].tobytes())
        return made

    def outside(self, span: Span) -> Iterator[Span]:
        """The parts of ``span`` that are not in the set, in file order."""
        position = span.start
        first = max(0, bisect_right(self._starts, span.start) - 1)
        for index in range(first, bisect_left(self._starts, span.end)):
            start, end = self._starts[index], self._ends[index]
            if position < start:
                yield Span(position, start)
            position = max(position, end)
        if position < span.end:
            yield Span(position, span.end)

    def covers(self, spans: Iterable[Span]) -> bool:
        """True where every byte of ``spans`` is in the set."""
        return all(not span or self._reach(span.start) >= span.end for span in spans)

    def _reach(self, offset: int) -> int:
        """Up to where the bytes from ``offset`` on are in the set; not behind ``offset`` where that one is not."""
        index = bisect_right(self._starts, offset) - 1
        return self._ends[index] if index >= 0 else 0

    def covers_each(self, starts: Offsets, ends: Offsets) -> Mask:
        """For each of the spans ``[starts, ends)``, whether every byte of it is in the set."""
        index = np.searchsorted(np.frombuffer(self._starts, np.int64), starts, "right") - 1
        reach = np.append(np.frombuffer(self._ends, np.int64), 0)
        return (starts >= ends) | (reach[index] >= ends)

    def misses_each(self, starts: Offsets, ends: Offsets) -> Mask:
        """For each of the spans ``[starts, ends)``, none of them empty, whether no byte of it is in the set."""
        next_start = np.append(np.frombuffer(self._starts, np.int64), np.iinfo(np.int64).max)
        behind = np.searchsorted(np.frombuffer(self._ends, np.int64), starts, "right")
        return next_start[behind] >= ends
