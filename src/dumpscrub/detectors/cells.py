"""Text around a hit that is the same text for all hits nearby, so that what is read in it is read once for all of them.

A window is centred on its hit. Whoever puts names of keys side by side makes thousands of windows show almost the same
text, and a reader read it thousands of times. So such a reader takes the text around the *cell* of its hit, a piece of
the file of :data:`CELL` code units, with :data:`MARGIN` of them on both sides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from dumpscrub.search.windows import Window

CELL = 1 << 14
MARGIN = 1 << 14
REACH = CELL + MARGIN
"""Code units before and behind a hit that a detector has to show so that :func:`cell_around` can be read."""

_FEW = 4
"""Texts that take turns: hits in several encodings stand side by side."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Cell:
    """The text around a hit, between the NULs on both sides of it.

    ``shift`` is the index in the window's text of its first character, ``anchor`` the hit's index in it. The cell
    itself begins at index ``begin``, behind the margin.
    """

    text: bytes
    shift: int
    anchor: int
    begin: int


def cell_around(window: Window) -> Cell:
    """The text around the cell in which the hit of ``window`` stands."""
    within = window.locate(window.hit, window.hit + 1)[0].start // window.unit % CELL
    begin = window.anchor - within
    start, end = max(0, begin - MARGIN), begin + CELL + MARGIN
    start = max(start, window.text.rfind(b"\0", start, window.anchor) + 1)
    stop = window.text.find(b"\0", window.anchor, end)
    text = window.text[start : stop if stop >= 0 else end]
    return Cell(text, start, window.anchor - start, max(0, begin - start))


class Latest(Generic[T]):
    """What ``make`` returns, made once for the latest few of the bytes that it was asked for. Threads may share one."""

    __slots__ = ("_latest", "_make")

    def __init__(self, make: Callable[[bytes], T]) -> None:
        self._make = make
        self._latest: tuple[tuple[bytes, T], ...] = ()

    def __call__(self, data: bytes) -> T:
        latest = self._latest
        for known, made in latest:
            # A hash of so many bytes takes longer than to compare them.
            if known == data:
                return made
        made = self._make(data)
        self._latest = ((data, made), *latest[: _FEW - 1])
        return made
