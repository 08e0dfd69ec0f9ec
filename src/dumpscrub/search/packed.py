"""Characters of one, two and four bytes at any offset, many at a time: what a :class:`Sieve` looks at.

One bit for each byte says whether it is a printable character; shifts of all bits say where several characters follow
each other, at each of the three widths. Whatever is done, is done to eight bytes of a word at once, or to 64 bits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]
Part = tuple[int, memoryview]
"""Bytes to look through, and the offset of the first one."""

WIDTHS = (1, 2, 4)
"""Bytes of a character."""
CASE = 0x20
"""The bit that tells upper-case letters from lower-case ones. It is set in all characters, which makes a few signs the
same too."""
ALL = 0xFF
"""Every byte of eight."""
_AT_ONCE = 1 << 15


class Packed:
    """Parts one behind the other with zeros between, as words of eight bytes. Offsets are in these words."""

    begin = 64
    """Where the first part begins."""

    def __init__(self, parts: Iterable[Part]) -> None:
        views = [(offset, np.frombuffer(view, np.uint8)) for offset, view in parts]
        places = np.cumsum([self.begin, *(len(view) // 8 * 8 + 2 * 8 for _, view in views)])
        data = np.zeros((int(places[-1]) // 64 + 3) * 64, np.uint8)
        for at, (_, view) in zip(places.tolist(), views, strict=False):
            data[at : at + len(view)] = view
        self._places = places[:-1]
        self._offsets = np.array([offset for offset, _ in views], np.int64)
        self._words = data.view(np.uint64)
        # As signed numbers, the characters from the space to the end of ASCII are all those from 32 on.
        bits = np.packbits(data.view(np.int8) >= np.int8(0x20), bitorder="little").view(np.uint64)
        self._bits = [bits, *(_shifted(bits, gap) for gap in range(1, max(WIDTHS)))]

    def rows(self, width: int, samples: int) -> Iterator[Places]:
        """The offsets at which four printable characters of ``width`` bytes begin, some at a time.

        Only those that are, modulo eight, a bit of ``samples``.
        """
        alone = self._bits[0] & ~np.bitwise_or.reduce(self._bits[1:width]) if width > 1 else self._bits[0]
        last = alone & _shifted(self._bits[0], width)
        row = alone & _shifted(alone, width) & _shifted(last, 2 * width)
        return _set_in(row.view(np.uint8) & np.uint8(samples))

    def anything(self, samples: int) -> Iterator[Places]:
        """Like :meth:`rows`, wherever eight bytes are not all zero."""
        filled = self._words != 0
        filled[:-1] |= filled[1:]
        return _set_in(filled * np.uint8(samples))

    def characters(self, offsets: Places, width: int) -> Words:
        """Eight characters of ``width`` bytes each from ``offsets`` on, folded."""
        index, right = offsets >> 3, ((offsets & 7) << 3).view(np.uint64)
        left = np.uint64(64) - right
        found = np.full(len(index), CASE * 0x0101010101010101, np.uint64)
        words = self._words.take(index)
        for number in range(width):
            behind = self._words.take(index + (number + 1))
            eight = (words >> right) | (behind << left)
            found |= _narrowed(eight, width) << np.uint64(64 // width * number)
            words = behind
        return found

    def offsets(self, places: Places) -> Places:
        """The offsets in the parts of ``places`` in the words."""
        part = np.searchsorted(self._places, places, "right") - 1
        offsets: Places = places - self._places[part] + self._offsets[part]
        return offsets


def _set_in(marks: Bytes) -> Iterator[Places]:
    """The numbers of the bits set in ``marks``, some at a time."""
    words = np.flatnonzero(marks != 0)
    for at in range(0, len(words), _AT_ONCE):
        some = words[at : at + _AT_ONCE]
        bits = marks[some]
        there = [bit for bit in range(8) if np.bitwise_or.reduce(bits) >> bit & 1]
        yield np.concatenate([8 * some[(bits & np.uint8(1 << bit)) != 0] + bit for bit in there])


def _shifted(bits: Words, count: int) -> Words:
    """Bit i becomes what bit i + ``count`` was."""
    shifted = bits >> np.uint64(count)
    shifted[:-1] |= bits[1:] << np.uint64(64 - count)
    return shifted


def _narrowed(words: Words, width: int) -> Words:
    """The low bytes of the characters of ``width`` bytes in each word, put together."""
    if width == 1:
        return words
    if width == 4:
        return (words & np.uint64(0xFF)) | ((words >> np.uint64(24)) & np.uint64(0xFF00))
    words = words & np.uint64(0x00FF00FF00FF00FF)
    words = (words | (words >> np.uint64(8))) & np.uint64(0x0000FFFF0000FFFF)
    return (words | (words >> np.uint64(16))) & np.uint64(0xFFFFFFFF)


def mask(size: int) -> np.uint64:
    """A word whose first ``size`` bytes are set."""
    return np.uint64((1 << 8 * size) - 1)
