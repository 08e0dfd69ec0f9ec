"""A sieve for very many texts at once: says where in a buffer one of them may stand, and needs an exact look behind it.

Text in memory is one character a byte, every second byte (UTF-16) or every fourth (UTF-32), at any offset. A text is
known by its *key*: eight characters at its beginning or at its end, all of them where it has fewer.

1. One bit for each byte says whether it is a printable character. Shifts of these bits say where four characters follow
   each other, at each of the three widths.
2. Of these places every fourth is looked at. Whatever the offset of a text of eleven characters or more, one of them is
   within its outermost eleven with eight characters from there on: a table of single bits knows all these eights.
   Of eight to ten characters five are known in the same way.
3. Where a table says yes (a few places in a hundred, most by chance), the four places at which the key of the text may
   then stand are looked at: is it a key that is known?

For texts of four to seven characters every place is looked at, which takes more time. All letters are folded to one
case by setting one bit, which makes some signs the same too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]

SHORTEST = 4
"""Characters of the shortest text."""
KEY = 8
"""Characters of a key."""
LONG = 11
"""Characters from which on a text is long."""
WIDTHS = (1, 2, 4)
"""Bytes of a character."""
REACH = max(WIDTHS) * LONG
"""Bytes at its beginning or end that must follow each other for a text to be found, at the most."""
_STRIDE = 4
_FIVE = 5
"""Characters by which a text is known that is not long."""
_AT_ONCE = 1 << 15
_MARGIN = 64
_SPARSE = 16
_FEWEST = 1 << 13
_MARKS = 1 << 17
_CASE = 0x20
_FACTORS = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F))
"""Odd numbers without a pattern, one for each of the two bits by which a table knows a number."""
_SAMPLES = {1: 0b00010001, 2: 0b00000011, 4: 0b00001111}
"""By width, which of eight bytes are looked at: those where every fourth character begins, of UTF-32 every second."""
_ALL = 0xFF


@dataclass(frozen=True, slots=True, eq=False)
class Ends:
    """The outermost characters of texts, folded: columns of the first eight of them and of up to three behind.

    A text of 11 characters or more has all eleven, one of 8 or more has eight, all others have what they are. Unused
    bytes are zero.
    """

    first: Words
    behind: Words

    @classmethod
    def joined(cls, parts: Sequence[Ends]) -> Ends:
        """The rows of all ``parts``."""
        return cls(np.concatenate([part.first for part in parts]), np.concatenate([part.behind for part in parts]))

    def keys(self, *, at_end: bool) -> Words:
        """The first eight of each, or (``at_end``) the last eight."""
        if not at_end:
            return self.first
        last = (self.first >> np.uint64(24)) | (self.behind << np.uint64(40))
        return np.where(self.behind != 0, last, self.first)

    def runs(self, rows: npt.NDArray[np.bool_], size: int) -> Words:
        """The four runs of ``size`` characters that begin with the first, second, third and fourth, of some rows."""
        first, behind = self.first[rows], self.behind[rows]
        steps = [np.uint64(8 * step) for step in range(_STRIDE)]
        return np.concatenate([(first >> step) | (behind << (np.uint64(64) - step)) for step in steps]) & _mask(size)


def ends(text: Bytes, starts: Places, lengths: Places, *, at_end: bool) -> Ends:
    """The outermost characters of texts within ``text``, which goes on for 16 bytes behind the last of them."""
    sizes = np.where(lengths >= LONG, LONG, np.minimum(lengths, KEY))
    first = starts + lengths - sizes if at_end else starts
    columns = np.arange(16)
    rows = np.where(columns < sizes[:, None], text[first[:, None] + columns] | np.uint8(_CASE), np.uint8(0))
    words = rows.view(np.uint64)
    return Ends(words[:, 0].copy(), words[:, 1].copy())


Part = tuple[int, memoryview]
"""Bytes to look through, and the offset of the first one."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Where keys stand: offset of the first character, bytes a character, number of the key. By offset, each once."""

    offsets: Places
    widths: Places
    keys: Places

    @property
    def columns(self) -> tuple[Places, Places, Places]:
        """All three."""
        return self.offsets, self.widths, self.keys


class _Table:
    """A set of 64-bit numbers that knows all of them, and takes few others for one of them (a Bloom filter)."""

    def __init__(self, numbers: Words) -> None:
        bits = (max(_FEWEST, len(numbers)) * _SPARSE - 1).bit_length()
        self._shift = np.uint64(64 - bits)
        slots = np.concatenate([self._slots(numbers, factor).astype(np.uint32) for factor in _FACTORS])
        slots.sort()
        # Some at a time, for each bit takes a byte until all are packed.
        bounds = np.searchsorted(slots, np.arange(0, (1 << bits) + 1, _MARKS))
        self._bytes = np.zeros(1 << (bits - 3), np.uint8)
        for number, (low, high) in enumerate(pairwise(bounds.tolist())):
            marked = np.zeros(_MARKS, np.bool_)
            marked[slots[low:high] % _MARKS] = True
            self._bytes[number * _MARKS // 8 : (number + 1) * _MARKS // 8] = np.packbits(marked, bitorder="little")

    def may_hold(self, numbers: Words) -> Places:
        """The indices of those of ``numbers`` that the set may hold."""
        found = np.flatnonzero(self._has(numbers, _FACTORS[0]))
        return found[self._has(numbers[found], _FACTORS[1])]

    def _has(self, numbers: Words, factor: np.uint64) -> npt.NDArray[np.bool_]:
        slots = self._slots(numbers, factor)
        found = self._bytes.take(slots >> 3) >> (slots.astype(np.uint8) & np.uint8(7))
        return (found & np.uint8(1)).view(np.bool_)

    def _slots(self, numbers: Words, factor: np.uint64) -> Places:
        return ((numbers * factor) >> self._shift).view(np.int64)


class Sieve:
    """For texts whose outermost characters are ``outer``, the last ones if ``at_end``.

    With ``anything`` characters of one byte may be any byte, which takes several times as long; no eight in a row of
    ``outer`` may then be zero, and each text has eight or more.
    """

    def __init__(self, outer: Ends, *, at_end: bool, anything: bool = False) -> None:
        self._anything = anything
        keys = np.sort(outer.keys(at_end=at_end))
        self.keys: Words = keys[np.flatnonzero(np.diff(keys, prepend=~keys[:1]))]
        """The distinct keys in order; a key's number is its place in here."""
        self._known = _Table(self.keys)
        is_long, is_tiny = outer.behind != 0, outer.first <= _mask(KEY - 1)
        is_short = ~(is_long | is_tiny)
        self._long = _Table(outer.runs(is_long, KEY))
        self._eleven = _Table(_mixed(outer.first[is_long], outer.behind[is_long]))
        self._short = _Table(outer.runs(is_short, _FIVE))
        self._of_short = np.zeros(len(self.keys), np.bool_)
        self._of_short[np.searchsorted(self.keys, outer.first[is_short])] = True
        # How many characters a key is ahead of the eleven that a long text is seen by.
        self._ahead = LONG - KEY if at_end else 0
        tiny = outer.first[is_tiny]
        self._tiny = _Table(tiny & _mask(SHORTEST))
        self._tiny_sizes = [
            size for size in range(SHORTEST, KEY) if ((tiny > _mask(size - 1)) & (tiny <= _mask(size))).any()
        ]

    def find(self, parts: Iterable[Part]) -> Candidates:
        """Where texts may stand in ``parts``; each is found whose outermost eleven characters are in one of them."""
        found: list[_Found] = []
        packed = _Packed(parts)
        for width in WIDTHS:
            for offsets in self._rows(packed, width, _SAMPLES[width]):
                characters = packed.characters(offsets, width)
                found += self._long_at(packed, offsets[self._long.may_hold(characters)], width)
                found += self._short_at(packed, offsets[self._short.may_hold(characters & _mask(_FIVE))], width)
            for offsets in packed.rows(width, _ALL) if self._tiny_sizes else ():
                found += self._tiny_at(packed, offsets, width)
        return packed.joined(found)

    def find_keys(self, parts: Iterable[Part]) -> Candidates:
        """Where keys of eight characters stand in ``parts``, whatever stands around them."""
        packed = _Packed(parts)
        rows = ((width, offsets) for width in WIDTHS for offsets in self._rows(packed, width, _ALL))
        return packed.joined([hit for width, offsets in rows for hit in self._matching(packed, offsets, width, KEY)])

    def _rows(self, packed: _Packed, width: int, samples: int) -> Iterator[Places]:
        return packed.anything(samples) if width == 1 and self._anything else packed.rows(width, samples)

    def _long_at(self, packed: _Packed, offsets: Places, width: int) -> Iterator[_Found]:
        """The keys of long texts of which the characters at ``offsets`` are a part."""
        for begin, _, number in self._matching(packed, _around(offsets, width, self._ahead), width, KEY):
            first = begin - self._ahead * width
            behind = packed.characters(first + KEY * width, width) & _mask(LONG - KEY)
            real = self._eleven.may_hold(_mixed(packed.characters(first, width), behind))
            yield begin[real], width, number[real]

    def _short_at(self, packed: _Packed, offsets: Places, width: int) -> Iterator[_Found]:
        """The keys of short texts of which the characters at ``offsets`` are a part."""
        for begin, _, number in self._matching(packed, _around(offsets, width, 0), width, KEY):
            real = self._of_short[number]
            yield begin[real], width, number[real]

    def _tiny_at(self, packed: _Packed, offsets: Places, width: int) -> Iterator[_Found]:
        hits = offsets[self._tiny.may_hold(packed.characters(offsets, width) & _mask(SHORTEST))]
        for size in self._tiny_sizes:
            yield from self._matching(packed, hits, width, size)

    def _matching(self, packed: _Packed, offsets: Places, width: int, size: int) -> Iterator[_Found]:
        """Which of ``offsets`` begin a key of ``size`` characters, and which."""
        characters = packed.characters(offsets, width) & _mask(size) if len(offsets) else np.empty(0, np.uint64)
        hits = self._known.may_hold(characters)
        if len(hits):
            numbers = np.searchsorted(self.keys, characters[hits])
            real = self.keys[np.minimum(numbers, len(self.keys) - 1)] == characters[hits]
            yield offsets[hits[real]], width, numbers[real]


_Found = tuple[Places, int, Places]
"""Offsets, the width of all, numbers of keys."""


def _around(offsets: Places, width: int, ahead: int) -> Places:
    """Where the keys may begin of texts that have one of their first four outer characters at ``offsets``."""
    return np.add.outer(np.arange(ahead, ahead - _STRIDE, -1) * width, offsets).ravel()


def _mixed(first: Words, behind: Words) -> Words:
    """One number for eight characters and some more."""
    return first ^ (behind * _FACTORS[1])


class _Packed:
    """Parts one behind the other with zeros between, as words of eight bytes. Offsets are in these words."""

    def __init__(self, parts: Iterable[Part]) -> None:
        views = [(offset, np.frombuffer(view, np.uint8)) for offset, view in parts]
        places = np.cumsum([_MARGIN, *(len(view) // 8 * 8 + 2 * 8 for _, view in views)])
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
        found = np.full(len(index), _CASE * 0x0101010101010101, np.uint64)
        words = self._words.take(index)
        for number in range(width):
            behind = self._words.take(index + (number + 1))
            eight = (words >> right) | (behind << left)
            found |= _narrowed(eight, width) << np.uint64(64 // width * number)
            words = behind
        return found

    def joined(self, found: list[_Found]) -> Candidates:
        """All of ``found``, each once, by the offsets of the parts."""
        if not found:
            return Candidates(*(np.empty(0, np.int64) for _ in range(3)))
        rows = np.concatenate([(at << 34) | (width << 31) | keys for at, width, keys in found])
        rows.sort()
        rows = rows[np.flatnonzero(np.diff(rows, prepend=-1))]
        offsets, widths, keys = rows >> 34, (rows >> 31) & 7, rows & 0x7FFFFFFF
        part = np.searchsorted(self._places, offsets, "right") - 1
        return Candidates(offsets - self._places[part] + self._offsets[part], widths, keys)


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


def _mask(size: int) -> np.uint64:
    """A word whose first ``size`` bytes are set."""
    return np.uint64((1 << 8 * size) - 1)
