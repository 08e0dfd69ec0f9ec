"""Where random text may stand (:mod:`dumpscrub.search.randomparts` says what that is).

Of text, whole words of eight bytes are looked for: eight characters in UTF-8, four in UTF-16. Behind the length of a
text of its own the pairs are counted. Whoever takes the place looks at all of it.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from dumpscrub.columns import Mask, Offsets
from dumpscrub.layout import Layout
from dumpscrub.search.counted import HEAD, end_with_zero, have_length
from dumpscrub.search.noise import gathered
from dumpscrub.search.randomparts import CAPITAL, DIGIT, KINDS, ODD, SHORTEST, SMALL, SURELY
from dumpscrub.source import Source
from dumpscrub.walks import Looks, across, seams

LONGEST = 128
"""Characters of a text with random ones in it. Longer ones are data."""
_ROW = 10
_LEAST_SEEN = 0.4
"""So many pairs in a row are looked at first, and that is the share of odd ones in them, signs aside."""
_WORD = 8
_BLOCK = 1 << 16
"""Words that are looked at together."""
_AHEAD = 6
"""Words of a text, from its first whole one on, that are looked at."""
_BEFORE, _BEHIND = _WORD, _AHEAD * _WORD
"""Bytes before the first whole word of a text, and from it on, that are looked at."""
_ACROSS = 2 * (_BEFORE + _BEHIND)
"""Bytes on both sides of a seam that are looked at."""
_BITS = range(3)
_LETTERS = 0b111
_KIND_BITS = bytes(
    (code >= 0x20 and code < 0x7F and 8)
    | sum(1 << bit for bit, kind in zip(_BITS, (DIGIT, CAPITAL, SMALL), strict=True) if KINDS[code] == kind)
    for code in range(256)
)
"""By character: whether it is a digit, a capital, a small letter, or printable at all."""
_HIGH_BITS = np.uint64(0x8080808080808080)
_LEAST_WORD = np.uint64(0x0020002000200020)
_ONES, _FIRSTS = np.uint64(0x0101010101010101), np.uint64(0x2020202020202020)
_WIDE_ONES, _WIDE_UPPER = np.uint64(0x0001000100010001), np.uint64(0xFF80FF80FF80FF80)
_EACH = np.uint32(0x01010101)
_WIDE_BORROWS = np.uint64(0x8000800080008000)
Words = npt.NDArray[np.uint64]
Bytes = npt.NDArray[np.uint8]
Counts = npt.NDArray[np.uint32]


def look(view: memoryview, at: int, start: int, end: int, *, loose: bool = False) -> Offsets:
    """The file offsets in ``[start, end)`` of first whole words of what may be random text of its own, in no order.

    Those of text in UTF-16 are of a character that a zero byte follows. ``view`` shows the file from offset ``at`` on;
    64 bytes more on both sides are enough. With ``loose`` a zero behind a text will do where no length stands before.
    """
    first = -at % _WORD
    words, shifted = (_words(view, first + more) for more in (0, 1))
    found = [np.empty(0, np.int64)]
    for low in range(0, len(words), _BLOCK):
        # The words before tell whether text began there, and how long it is; those behind, what the last text holds.
        before = min(low, HEAD)
        part = slice(low - before, low + _BLOCK + _AHEAD)
        block, beside = words[part], shifted[part]
        numbers = np.flatnonzero(((block & _HIGH_BITS) == 0) & (block >= _LEAST_WORD))
        some = block[numbers]
        narrow = ((some + _ONES | some - _FIRSTS) & _HIGH_BITS) == 0
        wide, beneath = _is_wide(some), _is_wide(some >> np.uint64(_WORD))
        for flags, held, unit, more in ((narrow, block, 1, 0), (wide, block, 2, 0), (beneath, beside, 2, 1)):
            begins = _begins(held, numbers[flags], unit, loose=loose)
            begins = begins[(begins >= before) & (begins < _BLOCK + before)] + (low - before)
            found.append(_random(view, begins * _WORD + (first + more), unit))
    offsets = np.concatenate(found) + at
    return offsets[(offsets >= start) & (offsets < end)]


def at_seams(source: Source, layout: Layout) -> Iterator[int]:
    """The same where memory goes on elsewhere in the file between a text and its length, or within it."""
    looks = Looks(source)
    for places in seams(layout):
        texts, _ = across(layout, places, _ACROSS)
        looks.at(texts)
        data = texts.read(source)
        for index in look(memoryview(data), 0, 0, len(data), loose=True).tolist():
            yield texts.spans(index, index + 1)[0].start
    looks.give_back()


def _words(view: memoryview, first: int) -> Words:
    """The words of ``view`` from the index ``first`` on."""
    return np.ndarray(max(0, (len(view) - first) // _WORD), np.uint64, view, first, (_WORD,))


def _is_wide(words: Words) -> Mask:
    """Which of ``words`` are four printable characters in UTF-16."""
    flags: Mask = (words | words + _WIDE_ONES) & _WIDE_UPPER == 0
    flags &= (words - _LEAST_WORD) & _WIDE_BORROWS == 0
    return flags


def _begins(words: Words, numbers: Offsets, unit: int, *, loose: bool) -> Offsets:
    """Those of ``numbers`` before which one is missing, of text of its own.

    ``numbers`` are the indices of all ``words`` that are text of ``unit`` bytes a character.
    """
    edges = np.flatnonzero(np.diff(numbers, prepend=-2, append=-2) != 1)
    begins = numbers[edges[:-1]]
    counts = np.minimum(np.diff(edges), _AHEAD)
    room = np.where(counts < _AHEAD, _WORD - 1, LONGEST * unit)
    whole = (begins >= HEAD) & ((counts > 1) | (unit == 1)) & (begins < len(words))
    begins, counts, room = begins[whole], counts[whole], room[whole]
    own = have_length(words, begins, counts * _WORD, room, unit)
    if loose:
        own |= (counts == _AHEAD) | end_with_zero(words, begins + counts, unit)
    of_its_own: Offsets = begins[own]
    return of_its_own


def _random(view: memoryview, places: Offsets, unit: int) -> Offsets:
    """Those of ``places``, indices of ``view``, around which text with so many bytes a character looks random."""
    places = places[(places >= _BEFORE) & (places <= len(view) - _BEHIND)]
    if not len(places):
        return places
    around = gathered(view, places - _BEFORE, (_BEFORE + _BEHIND) // 4)
    texts = around.view(np.uint8)[:, ::unit]
    kinds = np.frombuffer(texts.tobytes().translate(_KIND_BITS), np.uint8).reshape(texts.shape)
    seen = kinds != 0
    if unit > 1:
        seen &= around.view(np.uint8)[:, 1::2] == 0
    middle = _BEFORE // unit
    seen[:, middle:] = np.logical_and.accumulate(seen[:, middle:], axis=1)
    seen[:, middle - 1 :: -1] = np.logical_and.accumulate(seen[:, middle - 1 :: -1], axis=1)
    kinds = np.where(seen, kinds, np.uint8(0))
    digits, capitals, small = (_counts(kinds, bit) for bit in _BITS)
    in_both = (capitals > 1) & (small > 1)
    least = np.where(in_both & (digits > 0), SHORTEST, SURELY) - 2
    kept = (in_both | (digits > 1)) & (digits + capitals + small >= least)
    places, texts, letters = places[kept], texts[kept], kinds[kept] & _LETTERS != 0
    odd = ODD[texts[:, :-1], texts[:, 1:]] & letters[:, 1:] & letters[:, :-1]
    # Of pairs in a row; other words of the text stand around them.
    sums = np.cumsum(odd, axis=1, dtype=np.int8)
    random: Offsets = places[np.max(sums[:, _ROW:] - sums[:, :-_ROW], axis=1) >= _LEAST_SEEN * _ROW]
    return random


def _counts(kinds: Bytes, bit: int) -> Counts:
    """In how many bytes of each row the ``bit`` is set; a row has a multiple of four."""
    fours = kinds.view(np.uint32) >> np.uint32(bit) & _EACH
    counts: Counts = (fours * _EACH >> np.uint32(24)).sum(axis=1, dtype=np.uint32)
    return counts
