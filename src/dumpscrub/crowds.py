"""Text in which so many names of secrets stand that not all of them are looked at: the rest of it is masked.

A look at a hit costs some microseconds, and there is seldom more than one in a page of memory. Whoever writes into a
process can have millions of them. So the work in each stretch of the file is counted, in steps that do not depend on
the machine. Where it is :data:`MOST_WORK`, all text from there to the stretch's end is masked, whatever it is, and no
hit in it is looked at any more. Text that is in pieces is masked piece by piece, and as far along memory as a value
could stand from a name. Binary structures are none of this: what reads them is fast.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from dumpscrub.model import Encoding
from dumpscrub.search.windows import Windows
from dumpscrub.span import Span, part_of

STRETCH = 1 << 16
"""Bytes of the file, from a multiple of this on, in which work is counted."""
LOOK = 12
"""Steps of any look of one detector at one hit; each takes about a quarter of a microsecond."""
MOST_WORK = 20
"""Steps for each code unit of a stretch, in one encoding: more than a look. Text full of passwords takes half."""
SPENT = 256
"""Code units that are decoded in one step."""
_AROUND = 4096
"""Code units before and behind what is not looked at that are masked with it: a value stands no farther from a name."""
_LONGEST = 1 << 16
_TEXT = rb"[\t\r\n\x20-\x7e\x80-\xff]"
_RUNS: Mapping[Encoding, re.Pattern[bytes]] = {
    Encoding.UTF8: re.compile(rb"%s{4,}+" % _TEXT),
    Encoding.UTF16LE: re.compile(rb"(?:%s\0|[\x01-\xff]{2})(?:%s\0|[\0-\xff][\x01-\xff]){3,}+" % (_TEXT, _TEXT)),
    Encoding.UTF16BE: re.compile(rb"(?:\0%s|[\x01-\xff][\0-\xff]){4,}+" % _TEXT),
    Encoding.UTF32LE: re.compile(rb"(?:%s\0\0\0|[\0-\xff][\x01-\xff]\0\0|[\0-\xff]{2}[\x01-\x10]\0){4,}+" % _TEXT),
}
"""Four characters of text and more: what is shorter is no value that a rule finds."""


@dataclass(slots=True)
class _Stretch:
    """The work in the stretch ``number``. Where it is too much, ``full_at`` is the hit that made it so.

    All hits in ``masked`` need no look.
    """

    number: int = -1
    work: int = 0
    full_at: int = -1
    masked: Span = field(default_factory=lambda: Span(0, 0))


class Crowds:
    """The work of one search, whose hits come in file order. ``count`` are the stretches where it was too much."""

    def __init__(self, windows: Windows, most: int | None = None) -> None:
        """``most`` stretches may be too much; behind them none is looked at."""
        self.count = 0
        self._most = most
        self._windows = windows
        self._stretches: dict[Encoding, _Stretch] = {}
        self.forget()

    def forget(self) -> None:
        """Let what was counted so far count no more."""
        self._stretches = {encoding: _Stretch() for encoding in _RUNS}

    def is_masked(self, offset: int, encoding: Encoding) -> bool:
        """True where the hit at file ``offset`` lies in text that is masked whatever it is."""
        stretch = self._stretches.get(encoding)
        return stretch is not None and offset in stretch.masked

    def is_full(self, offset: int, encoding: Encoding) -> bool:
        """True where no more hits of a stretch are looked at. All that stand at one place are treated alike."""
        stretch = self._stretches.get(encoding)
        if stretch is None or offset == stretch.full_at:
            return False
        if self._most is not None and self.count > self._most:
            return True
        return stretch.full_at >= 0 and stretch.number == offset // STRETCH

    def spend(self, offset: int, encoding: Encoding, work: int) -> bool:
        """Count the steps of all looks at the hit at file ``offset``. True for the first one that is too much."""
        stretch = self._stretches.get(encoding)
        if stretch is None:
            return False
        if stretch.number != offset // STRETCH:
            self._stretches[encoding] = stretch = _Stretch(offset // STRETCH)
        stretch.work += work
        if stretch.work <= MOST_WORK * STRETCH // encoding.unit or stretch.full_at >= 0:
            return False
        stretch.full_at = offset
        self.count += 1
        return True

    def texts(self, offset: int, encoding: Encoding) -> Iterator[tuple[Span, ...]]:
        """All text around the hit at file ``offset`` and from it to its stretch's end; from now on it is masked.

        Where its region ends before that, the next hit behind it is asked for again.
        """
        stretch = self._stretches[encoding]
        end = min((offset // STRETCH + 1) * STRETCH, self._windows.region_of(offset).end)
        stretch.masked = Span(offset + (offset == stretch.full_at), end)
        units = -(-(end - offset) // encoding.unit)
        for tail in (_AROUND, _LONGEST):
            around = self._windows.around(offset, encoding, _AROUND, units + tail)
            places = [found.span() for found in _RUNS[encoding].finditer(around.data)]
            if not places or places[-1][1] <= len(around.data) - encoding.unit:
                break
        return (part_of(around.spans, start, end) for start, end in places)
