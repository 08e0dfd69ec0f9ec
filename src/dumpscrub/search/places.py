"""Places where text stands encoded, as columns: a dump may hold millions of them."""

from __future__ import annotations

import threading
from array import array
from collections.abc import Iterable, Iterator

import numpy as np

from dumpscrub.model import Dump, Encoding
from dumpscrub.search.encoded import Code, Place
from dumpscrub.search.quoted import ENDS, MARKS
from dumpscrub.source import read
from dumpscrub.span import Span

_KINDS = tuple((code, encoding) for code in Code for encoding in (Encoding.UTF8, Encoding.UTF16LE))
_NUMBERS = {kind: number for number, kind in enumerate(_KINDS)}
_NEAR = 256
"""Bytes from one escape to the next within which the two are looked at as one text."""


class PlaceList:
    """Collects places from any thread; gives them in file order."""

    def __init__(self, dump: Dump) -> None:
        self._dump = dump
        self._lock = threading.Lock()
        self._offsets, self._kinds = array("q"), array("B")
        self._latest: dict[tuple[Code, Encoding], int] = {}

    def __len__(self) -> int:
        return len(self._offsets)

    def __iter__(self) -> Iterator[Place]:
        offsets, kinds = np.array(self._offsets, np.int64), np.array(self._kinds, np.uint8)
        for number in np.argsort(offsets, kind="stable"):
            yield Place(int(offsets[number]), *_KINDS[kinds[number]])

    def add(self, places: Iterable[Place]) -> None:
        """Take them all."""
        with self._lock:
            for place in places:
                self._offsets.append(place.offset)
                self._kinds.append(_NUMBERS[place.code, place.encoding])

    def add_escape(self, offset: int, mark: int) -> None:
        """Take the escape that the mark of this number knows, but where the same text holds one shortly before.

        Escapes come in file order.
        """
        _, code, encoding = MARKS[mark]
        latest = self._latest.get((code, encoding), -1)
        self._latest[code, encoding] = offset
        if latest < 0 or offset - latest > _NEAR or self._ends_between(latest, offset, code, encoding):
            self.add((Place(offset, code, encoding),))

    def _ends_between(self, start: int, end: int, code: Code, encoding: Encoding) -> bool:
        """True where a text cannot go on from ``start`` to ``end``."""
        if not self._dump.layout.holds(Span(start, end + 1)):
            return True
        return bool(ENDS[code].search(read(self._dump.source, start, end)[:: encoding.unit]))
