"""Half-open intervals of file offsets: the one way in which dumpscrub says *where*."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


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
    joined: list[Span] = []
    for span in sorted(span for span in spans if span):
        if joined and span.start <= joined[-1].end:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return tuple(joined)


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


def total(spans: Iterable[Span]) -> int:
    """How many bytes ``spans`` hold, a shared byte counted once for each span."""
    return sum(len(span) for span in spans)
