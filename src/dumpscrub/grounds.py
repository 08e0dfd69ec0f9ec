"""The parts of a dump in which private numbers stand bare, the likeliest ones first: the ground that is searched.

A thread that signs has the number in its registers and on its stack; whoever loads a key has it near the public one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from dumpscrub.columns import Mask, Offsets
from dumpscrub.haystack import crossings
from dumpscrub.layout import RegionKind
from dumpscrub.links import NO_ADDRESS
from dumpscrub.model import Dump, FieldKind
from dumpscrub.search import isolated
from dumpscrub.search.isolated import Runs
from dumpscrub.source import BytesSource, Source
from dumpscrub.span import Span, union
from dumpscrub.walks import Texts

_NEAR = 64 << 10
"""Bytes on both sides of a public key that are looked at before others."""
_MOST_STACK, _MOST_NEAR, _MOST_ELSEWHERE, _MOST_IN_IMAGES = 64 << 20, 64 << 20, 64 << 20, 16 << 20
"""Bytes that are looked at: of stacks, near public keys, of other memory and of images."""
_ACROSS = 128
"""Bytes on both sides of a seam that are looked at."""
_EDGE = 16
"""Bytes on both sides of a thread's registers that are looked at."""
_WORD = 8
_AT_ONCE, _MOST_TOGETHER = 64 << 20, 4096
"""Bytes of the file, and parts of it, whose random bytes are handled together."""


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """A part of memory: the ``runs`` of random bytes in ``source``, which is the file, or some ``texts`` of it.

    ``phases`` are the offsets, modulo eight, at which words of memory begin around each run. There are none where only
    numbers count that begin or end where the random bytes do.
    """

    source: Source
    runs: Runs
    phases: Offsets | None = None
    texts: Texts | None = None

    def spans(self, start: int, end: int) -> tuple[Span, ...]:
        """The places in the file of the bytes ``[start, end)``; none where they do not stand together."""
        if self.texts is None:
            return (Span(start, end),)
        if end > self.texts.bounds[-1] or self.texts.index(start) != self.texts.index(end - 1):
            return ()
        return self.texts.spans(start, end)


@dataclass(frozen=True, slots=True)
class Grounds:
    """Divides a dump into parts. ``shortest`` are the bytes of the shortest number; ``deep`` is for all of it."""

    dump: Dump
    shortest: int
    deep: bool

    def registers(self) -> Iterator[Ground]:
        """The registers of all threads, each text with a little of what stands around it."""
        fields = (field for field in self.dump.fields if field.kind is FieldKind.REGISTERS)
        size = self.dump.source.size
        areas = [
            Span(max(0, span.start - _EDGE), min(span.end + _EDGE, size)) for each in fields for span in each.spans
        ]
        if not areas:
            return
        bounds = np.array([(area.start, area.end) for area in areas], np.int64)
        texts = Texts.of(len(areas), [(np.arange(len(areas)), bounds[:, 0], bounds[:, 1])])
        yield self._in_texts(texts, _EDGE % _WORD)

    def stacks(self) -> Iterator[Ground]:
        """Memory of stacks."""
        kinds = self.dump.layout.kinds
        return self._in_parts(_first(_spans(self.dump, kinds == RegionKind.STACK), _MOST_STACK))

    def across(self) -> Iterator[Ground]:
        """Where memory goes on elsewhere in the file."""
        for texts, _, _ in crossings(self.dump, _ACROSS, both=False):
            yield self._in_texts(texts, None)

    def nearby(self, offsets: Iterable[int]) -> Iterator[Ground]:
        """What is near these offsets of the file."""
        size = self.dump.source.size
        near = union(Span(max(0, offset - _NEAR), min(offset + _NEAR, size)) for offset in offsets)
        return self._in_parts(_first(near, _MOST_NEAR))

    def elsewhere(self) -> Iterator[Ground]:
        """All other memory, then images: as much as there is time for."""
        is_image: Mask = self.dump.layout.kinds == RegionKind.IMAGE
        for mask, most in ((~is_image, _MOST_ELSEWHERE), (is_image, _MOST_IN_IMAGES)):
            yield from self._in_parts(_first(_spans(self.dump, mask), self.dump.source.size if self.deep else most))

    def _in_parts(self, areas: Iterable[Span]) -> Iterator[Ground]:
        for part in _parts(areas):
            starts = np.array([span.start for span in part], np.int64)
            phases = _phases(self.dump, starts).tolist()
            longest = self.dump.source.size if self.deep else isolated.LONGEST
            runs = Runs.joined(isolated.runs(self.dump.source, zip(part, phases, strict=True), self.shortest, longest))
            if len(runs):
                yield Ground(self.dump.source, runs, _phases(self.dump, runs.first))

    def _in_texts(self, texts: Texts, phase: int | None) -> Ground:
        data = texts.read(self.dump.source)
        runs = isolated.in_text(data, self.shortest)
        if phase is None:
            return Ground(BytesSource(data), runs, None, texts)
        bounds = np.array(texts.bounds, np.int64)
        phases = (bounds[np.searchsorted(bounds, runs.first, "right") - 1] + phase) % _WORD
        return Ground(BytesSource(data), runs, phases, texts)


def _spans(dump: Dump, mask: Mask) -> Iterator[Span]:
    """The regions for which ``mask`` is true, neighbours in the file as one."""
    starts, ends = dump.layout.starts, dump.layout.ends
    edges = np.flatnonzero(np.diff(mask, prepend=False, append=False)).reshape(-1, 2)
    for first, last in edges.tolist():
        yield Span(int(starts[first]), int(ends[last - 1]))


def _first(spans: Iterable[Span], most: int) -> Iterator[Span]:
    """The first so many bytes of ``spans``."""
    for span in spans:
        if most <= 0:
            return
        yield Span(span.start, min(span.end, span.start + most))
        most -= len(span)


def _parts(spans: Iterable[Span]) -> Iterator[list[Span]]:
    """``spans`` in groups of about :data:`_AT_ONCE` bytes."""
    part: list[Span] = []
    room = _AT_ONCE
    for span in spans:
        for start in range(span.start, span.end, _AT_ONCE):
            part.append(Span(start, min(start + _AT_ONCE, span.end)))
            room -= len(part[-1])
            if room <= 0 or len(part) >= _MOST_TOGETHER:
                yield part
                part, room = [], _AT_ONCE
    if part:
        yield part


def _phases(dump: Dump, offsets: Offsets) -> Offsets:
    """At which file offsets, modulo eight, the words of memory around each of ``offsets`` begin."""
    layout = dump.layout
    region = np.searchsorted(layout.starts, offsets, "right") - 1
    words = (layout.starts[region] - layout.addresses[region].astype(np.int64)) % _WORD
    return np.where(layout.addresses[region] == NO_ADDRESS, 0, words)
