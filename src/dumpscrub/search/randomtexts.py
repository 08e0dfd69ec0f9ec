"""Where text stands that a machine made up: letters and digits in no order, as in generated passwords and tokens.

Names and words, those of programs too, are made of few of all pairs of letters: 326 of 676 are 95 in 100 of those in
the source code and documentation of Python and Debian. In random text half of the pairs are others, and digits,
capitals and small letters stand amid each other.

Of text, whole words of eight bytes are looked for: eight characters in UTF-8, four in UTF-16. Behind the length of a
text of its own the pairs are counted. Whoever takes the place looks at all of it.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from dumpscrub.columns import Mask, Offsets
from dumpscrub.layout import Layout
from dumpscrub.search.counted import HEAD, end_with_zero, have_length
from dumpscrub.search.noise import gathered
from dumpscrub.source import Source
from dumpscrub.walks import Looks, across, seams

SHORTEST = 12
"""Characters of a random text. Shorter ones are hardly told from names."""
SURELY = 16
"""Characters of one that has no digits, or that no length announces."""
LONGEST = 128
"""Characters of a text with random ones in it. Longer ones are data."""
_COMMON = """
    a:abcdfgiklmnprstuvwxy b:abceijlorsuy c:acdehiklmorstuy d:abcdefilmoprstu e:abcdefghiklmnopqrstuvwxy f:adefilorstu
    g:aeghilnorstu h:aeiortu i:abcdefgklmnoprstvxz j:ae k:aeilos l:acdefilmopstuy m:abeilmopstuy n:abcdefghiklmnoprstuv
    o:abcdefgiklmnoprstuvwx p:acehiloprstuy q:u r:abcdefgiklmnoprstuvy s:acdefghiklmnopstuwy t:abcdefghilmnoprstuwy
    u:abcdefgilmnprst v:aeio w:aeinors x:ceipt y:acemnpsty z:aei
"""
"""The most frequent pairs of letters: the first one, and those behind it."""
_PART = re.compile(rb"[^ _./:,;=<>(){}\[\]\"'|\\-]+")
_BASE64 = re.compile(rb"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{20,}={0,2}")
_DIGEST = re.compile(rb"sha(?:256|384|512)-[A-Za-z0-9+/]+={0,2}")
"""How digests of public files are written down."""
_WORDS = re.compile(rb"(?<=[0-9])[A-Z]?[a-z]{4,}|[A-Z]?[a-z]{5,}")
"""What may be words: behind a number, as compilers write the parts of a name, and long ones."""
_MANGLED = re.compile(
    rb"[._]+(?:Z[A-Za-z]{0,4}[0-9]|R[A-Z])|[*]?(?:Z[NTL][A-Za-z]{0,3}[0-9]|N[0-9]+[a-z]|St[0-9])|[.]?\?|.*(?:@@|Nt[BCN]|_R[NI]|_ZN)"
)
"""How names in C++ and Rust begin, as compilers write them with the types of their parameters."""
_ALGORITHMS = re.compile(
    rb"(?i:hmac|sha[0-9]{0,3}|md[2-6]|pbe|pbkdf2|pkcs[0-9]*|mgf1|hkdf|aes|des|ede|rc[2456]|rsa|ssa|pss|oaep|ecdh?|e?c?dsa"
    rb"|curve|x509|cbc|gcm|ecb|ctr|ssl|tls|with|and|padding|core|key|cert|utf|base64|[a-z]*crypt[a-z]*|gymdkhmssedfwwahkz[a-z]*)"
)
"""What names of algorithms are made of, with digits between, and no words; the letters of patterns for dates."""
_LEAST = 0.4
"""Share of odd pairs in random text. In one random text of 20 characters in fifty it is smaller."""
_LEAST_LETTERS, _LEAST_SCORE = 0.25, 0.66
"""The same for text without digits, and the share with single small letters between capitals, and half the changes
between these. Random text of 16 letters has it in five of six cases, of 32 in 19 of 20; of 50,000 different names with
capitals in it, in programs and real dumps, 88 do, most of them rows of letters in tables."""
_ALONE = re.compile(rb"A(?=sA)")
_MOST_VARIOUS = 32
"""Up to so many characters, half of them are different."""
_ALPHABET = 0.5
"""Share of characters that follow the one before in the alphabet, from which on text is a list of characters."""
_ROW = 10
_LEAST_SEEN = 0.4
"""So many pairs in a row are looked at first, and that is the share of odd ones in them, signs aside."""
_SIGN, _DIGIT, _CAPITAL, _SMALL = range(4)
_KINDS = np.zeros(256, np.uint8)
_KINDS[48:58], _KINDS[65:91], _KINDS[97:123] = _DIGIT, _CAPITAL, _SMALL

_KIND_LETTERS = bytes(b".0As"[kind] for kind in _KINDS)

_WORD = 8
_BLOCK = 1 << 16
"""Words that are looked at together."""
_AHEAD = 6
"""Words of a text, from its first whole one on, that are looked at."""
_BEFORE, _BEHIND = _WORD, _AHEAD * _WORD
"""Bytes before the first whole word of a text, and from it on, that are looked at."""
_ACROSS = 2 * (_BEFORE + _BEHIND)
"""Bytes on both sides of a seam that are looked at."""
_BITS = (1, 2, 4)
_LETTERS = sum(_BITS)
_KIND_BITS = bytes(
    (code >= 0x20 and code < 0x7F and 8)
    | sum(bit for bit, kind in zip(_BITS, (_DIGIT, _CAPITAL, _SMALL), strict=True) if _KINDS[code] == kind)
    for code in range(256)
)
"""By character: whether it is a digit, a capital, a small letter, or printable at all."""
_HIGH_BITS = np.uint64(0x8080808080808080)
_LEAST_WORD = np.uint64(0x0020002000200020)
_ONES, _FIRSTS = np.uint64(0x0101010101010101), np.uint64(0x2020202020202020)
_WIDE_ONES, _WIDE_UPPER = np.uint64(0x0001000100010001), np.uint64(0xFF80FF80FF80FF80)
_RANGES = tuple(
    tuple(_ONES * np.uint64(0x80 - code) for code in (ord(first), ord(last) + 1)) for first, last in ("AZ", "az")
)
"""What sets the highest bit of a byte from a capital or small letter on, and behind the last of them."""
_WIDE_BORROWS = np.uint64(0x8000800080008000)
Words = npt.NDArray[np.uint64]
Bytes = npt.NDArray[np.uint8]


def random_parts(text: bytes, shortest: int = SHORTEST) -> Iterator[tuple[int, int]]:
    """Pairs (start, end): where in ``text``, one byte a character, random letters and digits stand between signs.

    The signs of base64 are among them where they are random as a whole. Parts have the ``shortest`` length or more.
    """
    if _MANGLED.match(text):
        return
    text, reached = _DIGEST.sub(lambda match: bytes(len(match[0])), text), 0
    whole = [match.span() for match in _BASE64.finditer(text) if is_random(match[0])]
    for start, end in (*whole, (len(text), len(text))):
        parts = (match for match in _PART.finditer(text, reached, start) if len(match[0]) >= shortest)
        yield from (match.span() for match in parts if is_random(match[0]))
        if start < end:
            yield start, end
        reached = end


def is_random(text: bytes) -> bool:
    """True for letters of both kinds, with digits or many of them, few signs among them, many odd pairs and no words."""
    if len(_ALGORITHMS.sub(b"", text)) < SHORTEST or not all(map(_odd_in, _WORDS.findall(text))):
        return False
    kinds = text.translate(_KIND_LETTERS)
    digits, capitals, small, signs = map(kinds.count, b"0As.")
    if min(capitals, small) < 2 or signs > len(text) // 6:
        return False
    pairs, odd = len(text) - 1, _odd_in(text)
    if sum(second - first == 1 for first, second in pairwise(text)) >= _ALPHABET * len(text):
        return False
    if digits:
        return odd >= _LEAST * pairs
    changes = sum(first != second for first, second in pairwise(kinds))
    score = odd + len(_ALONE.findall(kinds)) + changes / 2
    various = len(set(text)) >= min(len(text), _MOST_VARIOUS) / 2
    return len(text) >= SURELY and odd >= _LEAST_LETTERS * pairs and score >= _LEAST_SCORE * pairs and various


def _odd_in(text: bytes) -> int:
    return sum(_ODD_PAIRS[first << 8 | second] for first, second in pairwise(text))


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
    """Those of ``numbers`` before which one is missing, of text of its own with characters of all kinds.

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
    begins = begins[own]
    mixed: Offsets = begins[_are_mixed(words, begins)]
    return mixed


def _are_mixed(words: Words, begins: Offsets) -> Mask:
    """Which of the words around these hold a capital and a small letter, if they are text; or others."""
    inside = [np.zeros(len(begins), np.uint64) for _ in _RANGES]
    for step in range(-1, _AHEAD):
        below = words[np.minimum(begins + step, len(words) - 1)] & ~_HIGH_BITS
        for kind, (from_first, beyond_last) in enumerate(_RANGES):
            inside[kind] |= (below + from_first) & ~(below + beyond_last)
    flags: Mask = functools.reduce(np.logical_and, (held & _HIGH_BITS != 0 for held in inside))
    return flags


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
    kinds = np.where(seen, kinds, 0)
    digits, capitals, small = (np.count_nonzero(kinds & kind, axis=1) for kind in _BITS)
    least = np.where(digits > 0, SHORTEST, SURELY) - 2
    kept = (capitals > 1) & (small > 1) & (digits + capitals + small >= least)
    places, texts, letters = places[kept], texts[kept], kinds[kept] & _LETTERS != 0
    odd = _ODD[texts[:, :-1], texts[:, 1:]] & letters[:, 1:] & letters[:, :-1]
    # Of pairs in a row; other words of the text stand around them.
    sums = np.cumsum(odd, axis=1, dtype=np.int8)
    random: Offsets = places[np.max(sums[:, _ROW:] - sums[:, :-_ROW], axis=1) >= _LEAST_SEEN * _ROW]
    return random


def _odd_pairs() -> npt.NDArray[np.bool_]:
    """By two characters: whether they are no signs and of different kinds, or letters that seldom follow each other."""
    letters = _KINDS >= _CAPITAL
    odd: npt.NDArray[np.bool_] = (
        (_KINDS[:, np.newaxis] != _KINDS) & (_KINDS != _SIGN) & (_KINDS[:, np.newaxis] != _SIGN)
    )
    odd[np.ix_(letters, letters)] = True
    for first, _, others in (entry.partition(":") for entry in _COMMON.split()):
        for second in others:
            odd[np.ix_([ord(first), ord(first.upper())], [ord(second), ord(second.upper())])] = False
    return odd


_ODD = _odd_pairs()
_ODD_PAIRS = _ODD.tobytes()
