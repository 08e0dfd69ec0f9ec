"""Compressed data as it stands in memory, expanded, in pieces.

A secret within compressed data cannot be masked alone: the text before it, as far as DEFLATE looks back, may be what it
is made of, and a table of codes tells which characters come up. So the data of all that text goes with it; what follows
no longer expands then.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dumpscrub.pieces import Piece
from dumpscrub.search.compressed import Extent, expand, header
from dumpscrub.search.encoded import Place
from dumpscrub.search.windows import Window, Windows

_SIZES = (1 << 12, 1 << 16, 1 << 20, 1 << 24)
"""Compressed bytes of one place that are looked at: more of them where the data goes on."""
_EMPTY = bytes(16)
"""Memory behind data that is cut: it may seem to go on with it, and must not be masked."""
_MASKED = b"*" * 16
"""What an earlier run wrote: the data is cut there, too, and would go on with nonsense."""
_PIECE = 1 << 20
_SHARED = 1 << 14
"""Bytes of one piece that the next one begins with, so that no secret lies across."""
TOO_LONG = "compressed data that goes on for too long"


@dataclass(frozen=True, slots=True)
class _Upto:
    """Whatever comes out may need the compressed bytes before, as far back as a copy goes.

    They begin at the index ``start`` of the text, the data with byte ``first`` of all that comes out.
    """

    start: int
    first: int
    extent: Extent

    def __len__(self) -> int:
        return self.extent.size

    def text(self, start: int, end: int) -> tuple[int, int]:
        return self.start + self.extent.before(self.first + start), self.start + self.extent.needed(self.first + end)

    def start_of(self, number: int) -> int:
        return self.start + number


class Budget:
    """How many bytes may come out of all compressed data together: some may be made to expand a thousandfold.

    ``exceeded`` counts the places where more would have come. ``crowds`` are the stretches of text in all that was
    decoded in which too much may stand to look at it.
    """

    def __init__(self, size: int, crowds: int) -> None:
        self.left = size
        self.exceeded = 0
        self.crowds = crowds


def pieces(windows: Windows, place: Place, budget: Budget) -> Iterator[tuple[int, Piece]]:
    """What the compressed data at ``place`` expands to, each piece with the offset where the data for it begins."""
    for size in _SIZES:
        window = Window(windows.around(place.offset, place.encoding, 0, size), 0, size)
        start = header(window.data)
        data = window.data[start:] if start else b""
        if not data:
            return
        extent = Extent(data, budget.left)
        if not extent.is_finished:
            extent = _cut(extent, data, budget.left)
        goes_on = extent.size == len(data) and not window.at_end
        if not (goes_on and extent.is_all):
            break
    budget.left -= extent.expanded
    budget.exceeded += goes_on or not extent.is_all
    for first, text in _texts(expand(data, extent.expanded)):
        piece = Piece(text, place.code, window, _Upto(start, first, extent), ended=True)
        yield piece.spans(0, len(text))[0].start, piece


def _cut(extent: Extent, data: bytes, most: int) -> Extent:
    """``extent`` of ``data`` that does not say where it ends, up to where it cannot go on."""
    end = min((at for at in (data.find(_EMPTY), data.find(_MASKED)) if at >= 0), default=-1)
    return Extent(data[:end], most) if end >= 0 else extent


def _texts(slices: Iterator[bytes]) -> Iterator[tuple[int, bytes]]:
    """The bytes of ``slices`` in pieces, each beginning with the end of the one before, and how many come before it."""
    text, first = bytearray(), 0
    for some in slices:
        text += some
        if len(text) >= _PIECE:
            yield first, bytes(text)
            first += len(text) - _SHARED
            del text[:-_SHARED]
    if text:
        yield first, bytes(text)
