"""What is seen in memory without any literal: places of encoded text, traces of key schedules, lengths of arrays,
random text.

No engine takes part in this, so that a second search sees in the same bytes what the first one saw. It looks at what
stands around the edits that were made since (:class:`Surroundings`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from dumpscrub.columns import Mask, Offsets
from dumpscrub.model import Dump
from dumpscrub.search import encoded, lengths, noise, randomtexts, schedules
from dumpscrub.search.encoded import Place
from dumpscrub.search.lengths import LengthList
from dumpscrub.search.places import PlaceList
from dumpscrub.search.schedules import Trace, TraceList
from dumpscrub.span import Span, union

REACH = 512
"""Bytes on both sides of a change within which something else may be seen: more than anything has that is seen."""
_STEP = noise.STEP
_BETWEEN = bytes(4 * _STEP)
"""What stands between pieces of memory that are looked at together: longer than what makes a place, or a trace."""


class Sights(NamedTuple):
    """What was seen in a part of a file, in file order."""

    places: list[Place]
    traces: list[Trace]
    lengths: Sequence[int] = ()
    texts: Sequence[int] = ()


def look(view: memoryview, at: int, start: int, end: int) -> Sights:
    """What begins in the file's ``[start, end)``, of which ``view``, at file offset ``at``, shows a part and more."""
    samples = noise.samples(view, at, start, end)
    return Sights(encoded.look(view, at, start, end), schedules.look(view, at, samples))


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """The bytes up to :data:`REACH` from edits: file offsets where these begin and end, in order and disjoint."""

    starts: Offsets
    ends: Offsets

    @classmethod
    def of(cls, edits: Iterable[Span]) -> Surroundings:
        """Those of ``edits``."""
        wider = union(Span(max(0, edit.start - REACH), edit.end + REACH) for edit in edits)
        bounds = np.array([(span.start, span.end) for span in wider], np.int64).reshape(-1, 2)
        return cls(bounds[:, 0].copy(), bounds[:, 1].copy())

    def hold(self, offsets: Offsets) -> Mask:
        """For each of these file offsets, whether it lies in the surroundings."""
        held: Mask = np.searchsorted(self.ends, offsets, "right") < np.searchsorted(self.starts, offsets, "right")
        return held

    def spans(self, inside: Span) -> Iterator[Span]:
        """The parts of ``inside`` that lie in the surroundings."""
        first = int(np.searchsorted(self.ends, inside.start, "right"))
        last = int(np.searchsorted(self.starts, inside.end, "left"))
        for start, end in zip(self.starts[first:last].tolist(), self.ends[first:last].tolist(), strict=True):
            yield Span(start, end).intersection(inside)

    def look(self, view: memoryview, at: int, start: int, end: int) -> Sights:
        """What begins there, as :func:`look` would see it."""
        pieces = list(self.spans(Span(max(start, at), max(start, at, min(end, at + len(view))))))
        if not pieces:
            return Sights([], [])
        together = _Together.of(view, at, pieces)
        seen = look(memoryview(together.text), 0, 0, len(together.text))
        places = [(together.offset(place.offset), place) for place in seen.places]
        traces = [(together.offset(index), lag) for index, lag in seen.traces]
        return Sights(
            [Place(offset, place.code, place.encoding) for offset, place in places if offset is not None],
            [(offset, lag) for offset, lag in traces if offset is not None],
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Together:
    """The bytes around ``pieces`` of a file in one ``text``, because a look at each costs more.

    ``bases`` are where each begins in it, ``shifts`` how much less an index there is than the file offset.
    """

    text: bytes
    pieces: Sequence[Span]
    bases: Sequence[int]
    shifts: Sequence[int]

    @classmethod
    def of(cls, view: memoryview, at: int, pieces: Sequence[Span]) -> _Together:
        """``view`` shows the file from offset ``at`` on."""
        text = bytearray()
        bases, shifts = [], []
        for piece in pieces:
            first = max(at, piece.start - REACH)
            text += bytes(first % _STEP)  # samples stand at multiples of that
            bases.append(len(text))
            shifts.append(first - len(text))
            text += view[first - at : piece.end + REACH - at]
            text += bytes(-len(text) % _STEP) + _BETWEEN
        return cls(bytes(text), pieces, bases, shifts)

    def offset(self, index: int) -> int | None:
        """The file offset of what stands at ``index`` of the text; None outside of the pieces."""
        number = max(0, bisect_right(self.bases, index) - 1)
        offset = index + self.shifts[number]
        return offset if offset in self.pieces[number] else None


class SightList:
    """Sees a dump beside a search (as its :class:`~dumpscrub.search.finder.Watcher`), and keeps what it saw.

    The places that an ``earlier`` one saw of the same dump stand, but in the surroundings of the ``edits`` that were
    made since. So do lengths, and random texts that these may have changed: edits write none. Traces do not: what is a
    schedule was found then.
    """

    def __init__(self, dump: Dump, earlier: SightList | None = None, edits: Iterable[Span] = ()) -> None:
        self.places, self.traces = PlaceList(dump), TraceList()
        self.lengths: LengthList = earlier.lengths if earlier else LengthList()
        self.texts = LengthList()
        self._layout = dump.layout
        self._around = Surroundings.of(edits) if earlier else None
        if earlier and self._around:
            self.places.add(earlier.places.seen_outside(self._around.hold))
            self.texts.add(self._changed(earlier.texts, self._around))

    def _changed(self, texts: LengthList, around: Surroundings) -> list[int]:
        """Those of ``texts`` that edits may have changed: close to one, or where memory goes on elsewhere."""
        offsets = np.array(list(texts), np.int64)
        regions = self._layout.starts.searchsorted(offsets - REACH, "right")
        whole = self._layout.starts.searchsorted(offsets + REACH, "right") == regions
        changed: list[int] = offsets[around.hold(offsets) | ~whole].tolist()
        return changed

    def look(self, view: memoryview, at: int, start: int, end: int) -> Sights:
        """What begins in ``[start, end)`` of the file and was not seen earlier."""
        if self._around:
            return self._around.look(view, at, start, end)
        found = lengths.look(view, at, start, end, self._layout).tolist()
        loose = self._layout.has_data(start, end)
        texts = randomtexts.look(view, at, start, end, loose=loose).tolist()
        return look(view, at, start, end)._replace(lengths=found, texts=texts)

    def take(self, seen: Sights) -> None:
        """Keep what was seen."""
        self.places.add(seen.places)
        self.traces.add(seen.traces)
        self.lengths.add(seen.lengths)
        self.texts.add(seen.texts)
