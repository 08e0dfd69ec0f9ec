"""Holes and blocks of zeros, which large parts of a dump are: no literal is zeros alone, so they need no search."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from dumpscrub.source import Source
from dumpscrub.span import Span

BLOCK = 4096
"""Bytes that are looked at as one: the size of a page of memory."""
APART = 64 << 10
"""So many zeros cost a look by numpy as much as to begin anew behind them."""


class Stretch(NamedTuple):
    """The bytes of ``view``, at file offset ``at``, and the ``parts`` of it, by index, that hold all but zeros."""

    at: int
    view: memoryview
    parts: Sequence[Span]

    def busy(self) -> Iterator[tuple[int, memoryview]]:
        """Pairs (file offset, bytes) of the parts."""
        return ((self.at + part.start, self.view[part.start : part.end]) for part in self.parts)


def busy_parts(source: Source, start: int, end: int, margin: int) -> Iterator[tuple[int, memoryview]]:
    """Pairs (file offset, bytes) that hold all of ``[start, end)`` but blocks of zeros, each ``margin`` bytes wider.

    They are in order and neither overlap nor touch: a literal of at most ``margin`` + 1 bytes lies wholly in one.
    """
    for stretch in busy_stretches(source, start, end, margin):
        yield from stretch.busy()


def busy_stretches(source: Source, start: int, end: int, margin: int) -> Iterator[Stretch]:
    """The same parts, those together that are less than :data:`APART` bytes apart."""
    bounds = Span(max(0, start - margin), min(end + margin, source.size))
    for filled in _wider(source.filled(start, end), margin, bounds):
        view = source.view(filled.start, filled.end)
        parts = _wider(_not_zero(view), margin, Span(0, len(view)))
        for some in _together(parts):
            first = some[0].start
            inner = [Span(part.start - first, part.end - first) for part in some]
            yield Stretch(filled.start + first, view[first : some[-1].end], inner)


def _together(parts: Sequence[Span]) -> Iterator[Sequence[Span]]:
    first = 0
    for index in range(1, len(parts) + 1):
        if index == len(parts) or parts[index].start - parts[index - 1].end >= APART:
            yield parts[first:index]
            first = index


def _wider(parts: Iterable[Span], margin: int, bounds: Span) -> list[Span]:
    """``parts``, which are in order, ``margin`` bytes wider within ``bounds``; those that then meet are joined."""
    wider: list[Span] = []
    for part in parts:
        start, end = max(bounds.start, part.start - margin), min(part.end + margin, bounds.end)
        if wider and start <= wider[-1].end:
            wider[-1] = Span(wider[-1].start, end)
        else:
            wider.append(Span(start, end))
    return wider


def _not_zero(buffer: memoryview) -> Iterable[Span]:
    """The blocks of ``buffer`` that hold more than zeros, neighbours as one; what is no whole block is one too."""
    if len(buffer) < 2 * BLOCK:
        return [Span(0, len(buffer))]
    whole = len(buffer) // BLOCK
    words = np.frombuffer(buffer, np.uint64, count=whole * BLOCK // 8).reshape(whole, BLOCK // 8)
    filled = np.append(np.bitwise_or.reduce(words, axis=1) != 0, len(buffer) % BLOCK > 0)
    edges = np.flatnonzero(np.diff(filled, prepend=False, append=False))
    return [Span(first * BLOCK, min(last * BLOCK, len(buffer))) for first, last in edges.reshape(-1, 2).tolist()]
