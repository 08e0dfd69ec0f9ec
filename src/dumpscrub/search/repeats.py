"""Needles whose beginnings stand in a row: text of one period, and values that begin like it.

To compare each needle with each place where its core stands takes as long as the needle is. That is nothing as long as
such places are rare. Memory full of ``abab`` has half a million of them in a megabyte for a value that begins so. So
from the :data:`MANY`-th place on, a needle is looked for in a piece of the file at once, which takes as long as the
piece; and of a needle that repeats itself a few places of a row tell of all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from dumpscrub.layout import Layout
from dumpscrub.links import NOWHERE
from dumpscrub.search.literals import Literal
from dumpscrub.source import Source

MANY = 64
"""Places of a core in one chunk from which on they are taken for a row."""
_AHEAD = 1 << 16
"""Bytes of the file, or as many as the needle has, that are searched at once."""
_LONGEST_PERIOD = 32


Hit = tuple[int, int]
"""A place, and the number of a needle."""


class Repeats:
    """The rows of one chunk of a file, whose cores come in file order."""

    def __init__(self, source: Source, layout: Layout, needles: Sequence[Literal]) -> None:
        self._source = source
        self._layout = layout
        self._needles = needles
        self._counts: dict[int, int] = {}
        self._absent: dict[int, tuple[int, int]] = {}
        self._settled: dict[int, int] = {}
        self._texts: dict[int, bytes] = {}

    def is_row(self, core: int) -> bool:
        """Count one more place of ``core``. True from the place on from which they are a row."""
        count = self._counts[core] = self._counts.get(core, 0) + 1
        return count > MANY

    def absent(self, offset: int, core: int, numbers: Sequence[int]) -> int:
        """How many of the needles ``numbers``, up to the first that may, do not begin at file ``offset``.

        All of them where none does, or none that holds other bytes than those before it.
        """
        if offset < self._settled.get(core, 0):
            return len(numbers)
        nearest = self._source.size
        for index, number in enumerate(numbers):
            nearest = min(nearest, self._next(offset, number))
            if nearest <= offset:
                return index
        self._settled[core] = nearest
        return len(numbers)

    def rest(self, offset: int, end: int, core: int, number: int, longer: Sequence[int]) -> Iterator[Hit]:
        """The hits before ``end`` of the needle ``number`` in a row with the one at ``offset``, without a gap.

        All places up to the last of them are settled, as far as none of the ``longer`` needles may begin there.
        """
        size, period = len(self._needles[number].data), self._period(number)
        stop = min((self._next(offset, other) for other in longer), default=end)
        stop = min(stop, end, self._layout.region_at(offset).span.end - size + 1)
        last = offset
        while period:
            steps = min(size, stop - 1 - last) // period
            # Where one place of a row is the needle's and another one is, so are all between them.
            low, high = 0, steps + 1
            if steps and self._is_at(last + steps * period, number):
                low = steps
            while low < steps and high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if self._is_at(last + middle * period, number) else (low, middle)
            if not low:
                break
            yield from ((last + step * period, number) for step in range(1, low + 1))
            last += low * period
        self._settled[core] = max(offset + 1, last + 1)

    def _next(self, offset: int, number: int) -> int:
        """The first place from ``offset`` on where the needle ``number`` may begin: none before is possible."""
        start, absent = self._absent.get(number, (0, 0))
        if start <= offset < absent:
            return absent
        if self._is_at(offset, number):
            return offset
        text, caseless = self._text(number), self._needles[number].caseless
        end = min(offset + max(_AHEAD, len(text)) + len(text), self._source.size)
        data = bytes(self._source.view(offset, end))
        found = (data.lower() if caseless else data).find(text)
        absent = offset + found if found >= 0 else self._source.size
        if found < 0 and end < self._source.size:
            absent = end - len(text) + 1
        # Across the end of a region, memory may go on elsewhere in the file.
        absent = max(offset, min(absent, self._crossing(offset) - len(text) + 1))
        self._absent[number] = offset, absent
        return absent

    def _crossing(self, offset: int) -> int:
        """The end of the region at file ``offset``, if memory goes on elsewhere there; else that of the file."""
        index = self._layout.index_at(offset)
        after = int(self._layout.links.after[index])
        return self._source.size if after in (NOWHERE, index + 1) else int(self._layout.ends[index])

    def _is_at(self, offset: int, number: int) -> bool:
        text = self._text(number)
        end = offset + len(text)
        data = bytes(self._source.view(offset, end)) if end <= self._source.size else b""
        return (data.lower() if self._needles[number].caseless else data) == text

    def _period(self, number: int) -> int:
        """After how many bytes a needle repeats itself; 0 for none, or too many."""
        text = self._text(number)
        period = text.find(text[: len(text) - _LONGEST_PERIOD], 1) if len(text) > 2 * _LONGEST_PERIOD else 0
        return period if 0 < period <= _LONGEST_PERIOD and text[period:] == text[:-period] else 0

    def _text(self, number: int) -> bytes:
        if number not in self._texts:
            needle = self._needles[number]
            self._texts[number] = needle.data.lower() if needle.caseless else needle.data
        return self._texts[number]


def thinned(hits: Iterable[Hit], size_of: Callable[[Hit], int]) -> Iterator[Hit]:
    """``hits``, in order, without those of a needle whose bytes all stand in an earlier and a later hit of it.

    ``size_of`` is how many bytes of the file a hit has, and 0 for one that has to stay in any case.
    """
    kept, end = (-1, -1), -1
    waiting: Hit | None = None
    for hit in hits:
        size = size_of(hit)
        if waiting and (not size or hit[1] != kept[1] or not kept[0] <= hit[0] <= end):
            yield waiting
            kept, end, waiting = waiting, waiting[0] + size_of(waiting), None
        if size and hit[1] == kept[1] and kept[0] <= hit[0] <= end:
            waiting = hit
            continue
        kept, end = hit, hit[0] + size if size else -1
        yield hit
    if waiting:
        yield waiting
