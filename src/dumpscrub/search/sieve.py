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

from dumpscrub.search.packed import ALL, CASE, WIDTHS, Bytes, Packed, Part, Places, Words, mask

SHORTEST = 4
"""Characters of the shortest text."""
KEY = 8
"""Characters of a key."""
LONG = 11
"""Characters from which on a text is long."""
REACH = max(WIDTHS) * LONG
"""Bytes at its beginning or end that must follow each other for a text to be found, at the most."""
_STRIDE = 4
_FIVE = 5
"""Characters by which a text is known that is not long."""
_SPARSE = 16
_FEWEST = 1 << 13
_MARKS = 1 << 17
_FACTORS = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F))
"""Odd numbers without a pattern, one for each of the two bits by which a table knows a number."""
_SAMPLES = {1: 0b00010001, 2: 0b00000011, 4: 0b00001111}
"""By width, which of eight bytes are looked at: those where every fourth character begins, of UTF-32 every second."""


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
        return np.concatenate([(first >> step) | (behind << (np.uint64(64) - step)) for step in steps]) & mask(size)


def ends(text: Bytes, starts: Places, lengths: Places, *, at_end: bool) -> Ends:
    """The outermost characters of texts within ``text``, which goes on for 16 bytes behind the last of them."""
    sizes = np.where(lengths >= LONG, LONG, np.minimum(lengths, KEY))
    first = starts + lengths - sizes if at_end else starts
    columns = np.arange(16)
    rows = np.where(columns < sizes[:, None], text[first[:, None] + columns] | np.uint8(CASE), np.uint8(0))
    words = rows.view(np.uint64)
    return Ends(words[:, 0].copy(), words[:, 1].copy())


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
        self._widths = (1,) if anything else WIDTHS
        keys = np.sort(outer.keys(at_end=at_end))
        self.keys: Words = keys[np.flatnonzero(np.diff(keys, prepend=~keys[:1]))]
        """The distinct keys in order; a key's number is its place in here."""
        self._known = _Table(self.keys)
        is_long, is_tiny = outer.behind != 0, outer.first <= mask(KEY - 1)
        is_short = ~(is_long | is_tiny)
        self._long = _Table(outer.runs(is_long, KEY))
        self._eleven = _Table(_mixed(outer.first[is_long], outer.behind[is_long]))
        self._short = _Table(outer.runs(is_short, _FIVE))
        self._of_short = np.zeros(len(self.keys), np.bool_)
        self._of_short[np.searchsorted(self.keys, outer.first[is_short])] = True
        # How many characters a key is ahead of the eleven that a long text is seen by.
        self._ahead = LONG - KEY if at_end else 0
        tiny = outer.first[is_tiny]
        self._tiny = _Table(tiny & mask(SHORTEST))
        self._tiny_sizes = [
            size for size in range(SHORTEST, KEY) if ((tiny > mask(size - 1)) & (tiny <= mask(size))).any()
        ]

    def find(self, parts: Iterable[Part]) -> Candidates:
        """Where texts may stand in ``parts``; each is found whose outermost eleven characters are in one of them."""
        found: list[_Found] = []
        packed = Packed(parts)
        for width in self._widths:
            for offsets in self._rows(packed, width, _SAMPLES[width]):
                characters = packed.characters(offsets, width)
                found += self._long_at(packed, offsets[self._long.may_hold(characters)], width)
                found += self._short_at(packed, offsets[self._short.may_hold(characters & mask(_FIVE))], width)
            for offsets in packed.rows(width, ALL) if self._tiny_sizes else ():
                found += self._tiny_at(packed, offsets, width)
        return _joined(packed, found)

    def find_keys(self, parts: Iterable[Part]) -> Candidates:
        """Where keys of eight characters stand in ``parts``, whatever stands around them."""
        packed = Packed(parts)
        rows = ((width, offsets) for width in self._widths for offsets in self._rows(packed, width, ALL))
        hits = (hit for width, offsets in rows for hit in self._matching(packed, offsets, width, KEY))
        return _joined(packed, list(hits))

    def _rows(self, packed: Packed, width: int, samples: int) -> Iterator[Places]:
        return packed.anything(samples) if self._anything else packed.rows(width, samples)

    def _long_at(self, packed: Packed, offsets: Places, width: int) -> Iterator[_Found]:
        """The keys of long texts of which the characters at ``offsets`` are a part."""
        for begin, _, number in self._matching(packed, _around(offsets, width, self._ahead), width, KEY):
            first = begin - self._ahead * width
            behind = packed.characters(first + KEY * width, width) & mask(LONG - KEY)
            real = self._eleven.may_hold(_mixed(packed.characters(first, width), behind))
            yield begin[real], width, number[real]

    def _short_at(self, packed: Packed, offsets: Places, width: int) -> Iterator[_Found]:
        """The keys of short texts of which the characters at ``offsets`` are a part."""
        for begin, _, number in self._matching(packed, _around(offsets, width, 0), width, KEY):
            real = self._of_short[number]
            yield begin[real], width, number[real]

    def _tiny_at(self, packed: Packed, offsets: Places, width: int) -> Iterator[_Found]:
        hits = offsets[self._tiny.may_hold(packed.characters(offsets, width) & mask(SHORTEST))]
        for size in self._tiny_sizes:
            yield from self._matching(packed, hits, width, size)

    def _matching(self, packed: Packed, offsets: Places, width: int, size: int) -> Iterator[_Found]:
        """Which of ``offsets`` begin a key of ``size`` characters, and which."""
        characters = packed.characters(offsets, width) & mask(size) if len(offsets) else np.empty(0, np.uint64)
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


def _joined(packed: Packed, found: Sequence[_Found]) -> Candidates:
    """All of ``found``, each once."""
    # One number for each, so that one sort does. A key that begins with a space also matches zeros before a part.
    nothing = np.empty(0, np.int64)
    rows = np.concatenate([nothing, *((at << 34) | (width << 31) | keys for at, width, keys in found)])
    rows = np.sort(rows[rows >> 34 >= packed.begin])
    rows = rows[np.flatnonzero(np.diff(rows, prepend=-1))]
    return Candidates(packed.offsets(rows >> 34), (rows >> 31) & 7, rows & 0x7FFFFFFF)
