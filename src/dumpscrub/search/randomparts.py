"""What a text that a machine made up looks like: letters and digits in no order, as in generated passwords and tokens.

Names and words, those of programs too, are made of few of all pairs of letters: 326 of 676 are 95 in 100 of those in
the source code and documentation of Python and Debian. In random text half of the pairs are others, and digits,
capitals and small letters stand amid each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import numpy.typing as npt

SHORTEST = 12
"""Characters of a random text. Shorter ones are hardly told from names."""
SURELY = 16
"""Characters of one that has no digits, or that no length announces."""
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
_OBJECT = re.compile(rb"[^{}]+")
_CURVE = re.compile(rb':\s?"(P-256|P-384|P-521|secp256k1|Ed25519|Ed448|X25519|X448)"')
_COORDINATE = re.compile(rb'(?<="[xy]":")[A-Za-z0-9_-]+(?=")|(?<="[xy]": ")[A-Za-z0-9_-]+(?=")')
_SIZES = {b"P-384": 64, b"P-521": 88, b"Ed448": 76, b"X448": 75}
_USUAL_SIZE = 43
"""The public members of a JSON Web Key on a curve (RFC 7518, RFC 8037), and their characters by the curve's name."""
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
_LEAST_ODD, _LEAST_CHANGES, _LEAST_NO_HEX = 0.5, 0.25, 3
"""The same for text whose letters are of one case: the shares of odd pairs and of changes between letters and digits,
and letters that are no hexadecimal digits. Of 16 random characters four of five have it, of 32 nine of ten."""
_SLASHES = (b"/", b"\\")
_NO_HEX = re.compile(rb"[G-Zg-z]")
_MOST_VARIOUS = 32
"""Up to so many characters, half of them are different."""
_ALPHABET = 0.5
"""Share of characters that follow the one before in the alphabet, from which on text is a list of characters."""
SIGN, DIGIT, CAPITAL, SMALL = range(4)
KINDS = np.zeros(256, np.uint8)
KINDS[48:58], KINDS[65:91], KINDS[97:123] = DIGIT, CAPITAL, SMALL

_KIND_LETTERS = bytes(b".0As"[kind] for kind in KINDS)


def random_parts(text: bytes, shortest: int = SHORTEST) -> Iterator[tuple[int, int]]:
    """Pairs (start, end): where in ``text``, one byte a character, random letters and digits stand between signs.

    The signs of base64 are among them where they are random as a whole. Parts have the ``shortest`` length or more.
    """
    if _MANGLED.match(text):
        return
    text, reached = _OBJECT.sub(_without_coordinates, _DIGEST.sub(_blank, text)), 0
    whole = [match.span() for match in _BASE64.finditer(text) if is_random(match[0])]
    for start, end in (*whole, (len(text), len(text))):
        parts = (match for match in _PART.finditer(text, reached, start) if len(match[0]) >= shortest)
        yield from (match.span() for match in parts if is_random(match[0]) or _is_plain(text, match))
        if start < end:
            yield start, end
        reached = end


def _blank(match: re.Match[bytes]) -> bytes:
    return bytes(len(match[0]))


def _without_coordinates(match: re.Match[bytes]) -> bytes:
    """The members of an object of JSON; where they name a curve, without the coordinates of a point on it."""
    curve = _CURVE.search(match[0])
    size = _SIZES.get(curve[1], _USUAL_SIZE) if curve else 0
    return _COORDINATE.sub(lambda found: _blank(found) if len(found[0]) == size else found[0], match[0])


def _is_plain(text: bytes, match: re.Match[bytes]) -> bool:
    """True for a random text in one case that is no part of a path: there, files and folders have such names."""
    start, end = match.span()
    in_path = text[max(0, start - 1) : start] in _SLASHES or text[end : end + 1] in _SLASHES
    return not in_path and is_random_in_one_case(match[0])


def is_random(text: bytes) -> bool:
    """True for letters of both kinds, with digits or many of them, few signs, many odd pairs and no words."""
    kinds = text.translate(_KIND_LETTERS)
    digits, capitals, small, signs = map(kinds.count, b"0As.")
    if min(capitals, small) < 2 or signs > len(text) // 6 or _is_made_up(text):
        return False
    if not all(map(_odd_in, _WORDS.findall(text))):
        return False
    pairs, odd = len(text) - 1, _odd_in(text)
    if digits:
        return odd >= _LEAST * pairs
    score = odd + len(_ALONE.findall(kinds)) + _changes(kinds) / 2
    return _is_various(text) and odd >= _LEAST_LETTERS * pairs and score >= _LEAST_SCORE * pairs


def is_random_in_one_case(text: bytes) -> bool:
    """True for digits and letters, all of them small ones or all capitals, with more odd pairs and changes."""
    kinds = text.translate(_KIND_LETTERS)
    capitals, small, signs = map(kinds.count, b"As.")
    if min(capitals, small) or signs or len(_NO_HEX.findall(text)) < _LEAST_NO_HEX or not _is_various(text):
        return False
    pairs = len(text) - 1
    is_mixed = _odd_in(text) >= _LEAST_ODD * pairs and _changes(kinds) >= _LEAST_CHANGES * pairs
    return is_mixed and not _is_made_up(text)


def _is_made_up(text: bytes) -> bool:
    """True for names of algorithms, and for a list of characters in the alphabet's order."""
    if len(_ALGORITHMS.sub(b"", text)) < SHORTEST:
        return True
    return sum(second - first == 1 for first, second in pairwise(text)) >= _ALPHABET * len(text)


def _is_various(text: bytes) -> bool:
    """True for text long enough to be told by less, of which half the characters are different."""
    return len(text) >= SURELY and len(set(text)) >= min(len(text), _MOST_VARIOUS) / 2


def _changes(kinds: bytes) -> int:
    """How often a character is of another kind than the one before."""
    return sum(first != second for first, second in pairwise(kinds))


def _odd_in(text: bytes) -> int:
    return sum(_ODD_PAIRS[first << 8 | second] for first, second in pairwise(text))


def _odd_pairs() -> npt.NDArray[np.bool_]:
    """By two characters: whether they are no signs and of different kinds, or letters that seldom follow each other."""
    letters = KINDS >= CAPITAL
    odd: npt.NDArray[np.bool_] = (KINDS[:, np.newaxis] != KINDS) & (KINDS != SIGN) & (KINDS[:, np.newaxis] != SIGN)
    odd[np.ix_(letters, letters)] = True
    for first, _, others in (entry.partition(":") for entry in _COMMON.split()):
        for second in others:
            odd[np.ix_([ord(first), ord(first.upper())], [ord(second), ord(second.upper())])] = False
    return odd


ODD = _odd_pairs()
"""By two characters: whether random text has such pairs, and others have few."""
_ODD_PAIRS = ODD.tobytes()
