"""Places where text stands encoded, as columns: a dump may hold millions of them."""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from dumpscrub.columns import Mask, Offsets
from dumpscrub.model import Dump, Encoding
from dumpscrub.search import encoded
from dumpscrub.search.compressed import SIGNS
from dumpscrub.search.encoded import Code, Place
from dumpscrub.search.quoted import ENDS, ESCAPE_MARKS
from dumpscrub.source import read
from dumpscrub.span import Span

MARKS = (*ESCAPE_MARKS, *SIGNS)
"""The literals that tell of a place, and what a hit of each says."""
_KINDS = tuple((code, encoding) for code in Code for encoding in (Encoding.UTF8, Encoding.UTF16LE, Encoding.BINARY))
_NUMBERS = {kind: number for number, kind in enumerate(_KINDS)}
_SEEN = _NUMBERS[Code.PERCENT, Encoding.UTF8]
"""The first kind that literals tell of."""
_NEAR, _AHEAD = 128, 4096
"""Bytes behind an escape within which no other one of its text is taken."""

_SIGNS = {literal.data: (code, encoding) for literal, code, encoding in SIGNS}
_SIGN = re.compile(
    b"|".join(rb"(?<![0-9A-Za-z_])" * literal.edge + re.escape(literal.data) for literal, _, _ in SIGNS), re.DOTALL
)


def leading_to_compressed(data: bytes) -> list[Place]:
    """The places in ``data`` of what is compressed, and of base64 or digits that may hold some; in order."""
    marked = (Place(sign.start(), *_SIGNS[sign[0]]) for sign in _SIGN.finditer(data))
    return sorted((*marked, *encoded.look(memoryview(data), 0, 0, len(data))), key=lambda place: place.offset)


class PlaceList:
    """Collects places; gives them in file order."""

    def __init__(self, dump: Dump) -> None:
        self._dump = dump
        self._offsets, self._kinds = array("q"), array("B")
        self._latest: dict[tuple[Code, Encoding], Span] = {}

    def __len__(self) -> int:
        return len(self._offsets)

    def __iter__(self) -> Iterator[Place]:
        offsets, kinds = np.array(self._offsets, np.int64), np.array(self._kinds, np.uint8)
        for number in np.argsort(offsets, kind="stable"):
            yield Place(int(offsets[number]), *_KINDS[kinds[number]])

    def add(self, places: Iterable[Place]) -> None:
        """Take them all."""
        for place in places:
            self._offsets.append(place.offset)
            self._kinds.append(_NUMBERS[place.code, place.encoding])

    def seen_outside(self, edited: Callable[[Offsets], Mask]) -> Iterator[Place]:
        """The places but those that are ``edited``, and but those that are found as literals."""
        offsets, kinds = np.array(self._offsets, np.int64), np.array(self._kinds, np.uint8)
        for number in np.flatnonzero((kinds < _SEEN) & ~edited(offsets)):
            yield Place(int(offsets[number]), *_KINDS[kinds[number]])

    def add_mark(self, offset: int, mark: int) -> None:
        """Take what the mark of this number tells of, but not two escapes in the same text where they stand together.

        They come in file order, but for those across seams, which come last.
        """
        _, code, encoding = MARKS[mark]
        if code not in ENDS:
            self.add((Place(offset, code, encoding),))
        elif offset not in self._latest.get((code, encoding), Span(0, 0)):
            self.add((Place(offset, code, encoding),))
            self._latest[code, encoding] = Span(offset, self._end_of_text(offset, code, encoding))

    def _end_of_text(self, offset: int, code: Code, encoding: Encoding) -> int:
        """Where the text ends that stands at ``offset``, or what is looked at of it."""
        limit = self._dump.layout.region_at(offset).span.end
        for ahead in (_NEAR, _AHEAD):
            end = min(offset + ahead, limit)
            found = ENDS[code].search(read(self._dump.source, offset, end)[:: encoding.unit])
            if found:
                return offset + found.start() * encoding.unit
        return end
