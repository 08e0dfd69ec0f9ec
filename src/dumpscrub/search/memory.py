"""A dump read by virtual address: for structures that point to their secrets.

Whoever follows pointers reads a fixed number of places for each hit, each of bounded length. So pointers that lead in a
circle, or nowhere, cost no more than those that lead to a key.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from dumpscrub.layout import Layout
from dumpscrub.source import Source, read_spans
from dumpscrub.span import Span, part_of

LONGEST = 1 << 16
"""Bytes that are read at once."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Bytes of memory and the file's spans where they stand, in memory order."""

    data: bytes = field(repr=False)
    spans: tuple[Span, ...]

    def locate(self, start: int, end: int) -> tuple[Span, ...]:
        """The file spans of the bytes ``[start, end)``."""
        return part_of(self.spans, start, end)


class Memory:
    """What a dump holds of a process' memory; nothing without a dump, as for a text that was decoded."""

    def __init__(self, source: Source | None = None, layout: Layout | None = None) -> None:
        self._source = source
        self._layout = layout

    def read(self, address: int, length: int) -> Reading | None:
        """Up to ``length`` bytes (and no more than :data:`LONGEST`) from ``address`` on; None where there are none."""
        if self._source is None or self._layout is None or length <= 0 or not 0 < address < 1 << 64:
            return None
        offset = self._layout.offset_of(address)
        if offset is None:
            return None
        spans = self._layout.forward(offset, min(length, LONGEST))
        return Reading(read_spans(self._source, spans), spans)
