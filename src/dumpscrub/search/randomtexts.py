"""Where text stands that a machine made up: letters and digits in no order, as in generated passwords and tokens.

Names and words, those of programs too, are made of few of all pairs of letters: 326 of 676 are 95 in 100 of those in
the source code and documentation of Python and Debian. In random text half of the pairs are others, and digits,
capitals and small letters stand amid each other.

Of text, whole words of eight bytes are looked for: eight characters in UTF-8, four in UTF-16. Where one stands that has
capitals and small letters, or goes on with them, the pairs are counted. Whoever takes the place looks at all of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from dumpscrub.columns import Mask, Offsets
from dumpscrub.search.noise import gathered

SHORTEST = 12
"""Characters of a random text. Shorter ones are hardly told from names."""
LONGEST = 64
"""Characters of a text with random ones in it. Longer ones are data."""
_COMMON = """
    a:abcdfgiklmnprstuvwxy b:abceijlorsuy c:acdehiklmorstuy d:abcdefilmoprstu e:abcdefghiklmnopqrstuvwxy f:adefilorstu
    g:aeghilnorstu h:aeiortu i:abcdefgklmnoprstvxz j:ae k:aeilos l:acdefilmopstuy m:abeilmopstuy n:abcdefghiklmnoprstuv
    o:abcdefgiklmnoprstuvwx p:acehiloprstuy q:u r:abcdefgiklmnoprstuvy s:acdefghiklmnopstuwy t:abcdefghilmnoprstuwy
    u:abcdefgilmnprst v:aeio w:aeinors x:ceipt y:acemnpsty z:aei
"""
"""The most frequent pairs of letters: the first one, and those behind it."""
_PART = re.compile(rb"[^_./:,;=<>(){}\[\]\"'|\\-]+")
_WORDS = re.compile(rb"(?<=[0-9])[A-Z]?[a-z]{4,}|[A-Z]?[a-z]{5,}")
"""What may be words: behind a number, as compilers write the parts of a name, and long ones."""
_LEAST = 0.4
"""Share of odd pairs in random text. In one random text of 20 characters in fifty it is smaller."""
_LEAST_SEEN = 0.3
"""The same where another part of the text, a name, may be seen with it."""
_SIGN, _DIGIT, _CAPITAL, _SMALL = range(4)
_KINDS = np.zeros(256, np.uint8)
_KINDS[48:58], _KINDS[65:91], _KINDS[97:123] = _DIGIT, _CAPITAL, _SMALL

_WORD = 8
_BLOCK = 1 << 16
"""Words that are looked at together."""
_AHEAD = 6
"""Words of a text, from its first whole one on, that are looked at."""
_BEFORE, _BEHIND = _WORD, _AHEAD * _WORD
"""Bytes before the first whole word of a text, and from it on, that are looked at."""
_BITS = (1, 2, 4)
_ALL_KINDS = sum(_BITS)
_KIND_BITS = bytes(
    (code > 0x20 and code < 0x7F and 8)
    | sum(bit for bit, kind in zip(_BITS, (_DIGIT, _CAPITAL, _SMALL), strict=True) if _KINDS[code] == kind)
    for code in range(256)
)
"""By character: whether it is a digit, a capital, a small letter, or printable at all."""
_HIGH_BITS = np.uint64(0x8080808080808080)
_LEAST_WORD = np.uint64(0x0021002100210021)
_ONES, _FIRSTS = np.uint64(0x0101010101010101), np.uint64(0x2121212121212121)
_WIDE_ONES, _WIDE_UPPER = np.uint64(0x0001000100010001), np.uint64(0xFF80FF80FF80FF80)
_FROM_A, _BEYOND_Z = _ONES * np.uint64(0x80 - ord("A")), _ONES * np.uint64(0x7F - ord("Z"))
_FROM_SMALL_A, _BEYOND_SMALL_Z = _ONES * np.uint64(0x80 - ord("a")), _ONES * np.uint64(0x7F - ord("z"))
"""What sets the highest bit of a byte from that character on, or behind it."""
_WIDE_BORROWS = np.uint64(0x8000800080008000)
Words = npt.NDArray[np.uint64]
Bytes = npt.NDArray[np.uint8]


def random_parts(text: bytes) -> Iterator[tuple[int, int]]:
    """Pairs (start, end): where in ``text``, one byte a character, random letters and digits stand between signs."""
    return (match.span() for match in _PART.finditer(text) if is_random(match[0]))


def is_random(text: bytes) -> bool:
    """True for letters of both kinds and digits, few signs among them, with many odd pairs and no words."""
    if len(text) < SHORTEST or not all(map(_odd_in, _WORDS.findall(text))):
        return False
    counts = np.bincount(_KINDS[np.frombuffer(text, np.uint8)], minlength=4)
    if counts[_DIGIT] < 1 or min(counts[_CAPITAL], counts[_SMALL]) < 2 or counts[_SIGN] > len(text) // 6:
        return False
    return _odd_in(text) >= _LEAST * (len(text) - 1)


def _odd_in(text: bytes) -> int:
    return sum(bool(_ODD[pair]) for pair in pairwise(text))


def look(view: memoryview, at: int, start: int, end: int) -> Offsets:
    """The file offsets in ``[start, end)`` of first whole words of what may be random text, in no order.

    Those of text in UTF-16 are of a character that a zero byte follows. ``view`` shows the file from offset ``at`` on;
    56 bytes more on both sides are enough.
    """
    first = -at % _WORD
    words = np.ndarray(max(0, (len(view) - first) // _WORD), np.uint64, view, first, (_WORD,))
    found = [np.empty(0, np.int64)]
    for low in range(0, len(words), _BLOCK):
        # The word before tells whether text began there; those behind, what the last text in the block holds.
        before = min(low, 1)
        block = words[low - before : low + _BLOCK + _AHEAD]
        numbers = np.flatnonzero(((block & _HIGH_BITS) == 0) & (block >= _LEAST_WORD))
        some = block[numbers]
        narrow = ((some + _ONES | some - _FIRSTS) & _HIGH_BITS) == 0
        for flags, unit, more in ((narrow, 1, 0), (_is_wide(some), 2, 0), (_is_wide(some >> np.uint64(_WORD)), 2, 1)):
            begins = _begins(numbers[flags], some[flags])
            begins = begins[(begins >= before) & (begins < _BLOCK + before)] + (low - before)
            found.append(_random(view, begins * _WORD + (first + more), unit))
    offsets = np.concatenate(found) + at
    return offsets[(offsets >= start) & (offsets < end)]


def _is_wide(words: Words) -> Mask:
    """Which of ``words`` are four printable characters in UTF-16."""
    flags: Mask = (words | words + _WIDE_ONES) & _WIDE_UPPER == 0
    flags &= (words - _LEAST_WORD) & _WIDE_BORROWS == 0
    return flags


def _begins(numbers: Offsets, words: Words) -> Offsets:
    """Those of ``numbers`` before which one is missing, and with which ``words`` with letters of both kinds begin."""
    starts = np.flatnonzero(np.diff(numbers, prepend=-2) != 1)
    capitals = (words + _FROM_A) & ~(words + _BEYOND_Z) & _HIGH_BITS != 0
    small = (words + _FROM_SMALL_A) & ~(words + _BEYOND_SMALL_Z) & _HIGH_BITS != 0
    kinds = capitals + 2 * small.astype(np.uint8)
    held = kinds[starts]
    for step in range(1, _AHEAD):
        index = np.minimum(starts + step, len(numbers) - 1)
        held |= np.where(numbers[index] == numbers[starts] + step, kinds[index], 0).astype(np.uint8)
    begins: Offsets = numbers[starts[held == 3]]
    return begins


def _random(view: memoryview, places: Offsets, unit: int) -> Offsets:
    """Those of ``places``, indices of ``view``, around which text with so many bytes a character looks random."""
    places = places[(places >= _BEFORE) & (places <= len(view) - _BEHIND)]
    around = gathered(view, places - _BEFORE, (_BEFORE + _BEHIND) // 4).view(np.uint8)
    texts = around[:, ::unit]
    kinds = np.frombuffer(texts.tobytes().translate(_KIND_BITS), np.uint8).reshape(texts.shape)
    kept = np.bitwise_or.reduce(kinds, axis=1) & _ALL_KINDS == _ALL_KINDS
    places, texts, kinds, above = places[kept], texts[kept], kinds[kept], around[kept, 1::2]
    seen = kinds != 0
    if unit > 1:
        seen &= above == 0
    middle = _BEFORE // unit
    seen[:, middle:] = np.logical_and.accumulate(seen[:, middle:], axis=1)
    seen[:, middle - 1 :: -1] = np.logical_and.accumulate(seen[:, middle - 1 :: -1], axis=1)
    kinds = np.where(seen, kinds, 0)
    digits, capitals, small = (np.count_nonzero(kinds & kind, axis=1) for kind in _BITS)
    kept = (digits > 0) & (capitals > 1) & (small > 1) & (digits + capitals + small >= SHORTEST - 2)
    places, texts, seen = places[kept], texts[kept], seen[kept]
    odd = np.count_nonzero(_ODD[texts[:, :-1], texts[:, 1:]] & seen[:, 1:] & seen[:, :-1], axis=1)
    random: Offsets = places[odd >= _LEAST_SEEN * (np.count_nonzero(seen, axis=1) - 1)]
    return random


def _odd_pairs() -> npt.NDArray[np.bool_]:
    """By two characters: whether they are of different kinds, or letters that seldom follow each other."""
    letters = _KINDS >= _CAPITAL
    odd: npt.NDArray[np.bool_] = _KINDS[:, np.newaxis] != _KINDS
    odd[np.ix_(letters, letters)] = True
    for first, _, others in (entry.partition(":") for entry in _COMMON.split()):
        for second in others:
            odd[np.ix_([ord(first), ord(first.upper())], [ord(second), ord(second.upper())])] = False
    return odd


_ODD = _odd_pairs()
