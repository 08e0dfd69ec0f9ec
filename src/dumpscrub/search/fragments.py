"""Pieces of a value by which what is left of a copy is found after its beginning or its end was overwritten.

Whoever frees memory overwrites its first 8 or 16 bytes with pointers, and who uses it again leaves what lies behind. So
of a long value pieces are searched for, of which any rest of some length holds one; from there the rest is followed as
far as it goes on. A piece must be one that does not stand in other text by chance.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

TEXT = 11
"""Characters of a piece of text: as many as a sieve needs to see a long one."""
BYTES = 8
_SHORTEST_TEXT = 8
_LEAST_TEXT, _LEAST_RANDOM, _MOST_TEXT = 12, 10, 4096
"""Characters of a text that has pieces, and of a random one: of a shorter one too few would be left, and longer ones
are files."""
_MOST_HALVES, _LEAST_DIFFERENT = 64, 5
_SCHEME = "://"
"""Text that begins as many addresses do is looked at too often."""
_LAST_UNIT = "\uffff"
_WITHOUT_JOINTS = dict.fromkeys(map(ord, "._-/:=,;&?\\"))
"""Without the signs that join words to names, paths and settings."""
_SHARE_RANDOM = 0.38
"""How often kinds of characters change in a random text: at 62 of 100 characters, at a third in words with signs."""
_LEAST_BYTES, _MOST_BYTES = 16, 4096
_POINTER = 8
"""Bytes of a pointer: one or two of them are written over freed memory."""
_EVERY_CHARACTER, _EVERY_BYTE = 4, 2 * _POINTER
_ODD, _CLOSE = range(17, 24), 2
"""Bytes of numbers whose halves are longer than a piece but need not hold one, and how close those of them stand."""
_LEAST_CHANGES = 2
_CHANGES = 3
"""How often kinds of characters change in eight random ones; in words with a number behind, twice."""
_HEAD = 8
"""Characters that pieces leave out, if the text is long enough: many tokens of one kind begin alike."""
_MOST = 126
"""Pieces of one value, besides those at both ends."""
_ALIKE_TEXT, _ALIKE_BYTES = 4, 2
"""How many characters, or bytes, of a piece may be one of the others again."""
_SIGNS = "_-.:/=&? "
"""What the head that tokens of one kind share ends with: ``sk_live_``, ``glpat-``."""
_OWN = 6
"""Characters of a beginning behind such a sign by which it is told from others."""
_SHARED = ("eyJ", "PD94", "AAAA", "H4sI", "UEsD", "eJ", "AQAAANCM", "CfDJ8", "gAAAA")
"""How many texts begin that are JSON, XML, keys, compressed or protected data in base64."""
_JSON = "eyJ"
"""How JSON begins in base64: the head of a signed token, which is no secret and the same in many."""
_LONG_STRUCTURE = 600
"""Characters of base64 from which on a key is one of RSA: its public numbers stand in the first third."""
_STRUCTURES = ("-----", "MI", "LS0tLS1", "b3BlbnNzaC1rZXk")
"""How keys and certificates begin in PEM, base64 of DER, of PEM and of OpenSSH: structures of which much is public."""


def of_text(text: str, *, structure: bool = False) -> Iterator[tuple[int, str]]:
    """Pairs (index, piece) of ``text``; none of what is short, nor of words beyond ASCII. Of a structure, of its end.

    Of a random text each piece tells it, whatever kinds of characters are in it.
    """
    random = not structure and not text.startswith(_STRUCTURES) and is_random(text)
    least = _LEAST_RANDOM if random else _LEAST_TEXT
    if not least <= len(text) <= _MOST_TEXT or max(text) > _LAST_UNIT or not (random or text.isascii()):
        return
    if len(text) < _LEAST_TEXT:
        yield from _ends(text, random=random)
        return
    last = len(text) - TEXT
    if structure or text.startswith(_STRUCTURES):
        places = _places(len(text) * 2 // 5 if len(text) >= _LONG_STRUCTURE else len(text), last, 1)
    elif last < _HEAD:
        places = range(_POINTER // 2, min(_POINTER, len(text) - _SHORTEST_TEXT) + 1, _POINTER // 2)
    else:
        first = text.find(".") + 1 if text.startswith(_JSON) else _HEAD
        places = _places(first, last, _EVERY_CHARACTER)
    if places and _is_own(text, random=random):
        yield 0, text[:TEXT]
    for at in places:
        # Where no digit stands, some characters further on: any piece will do.
        near = range(at, max(at, min(at + places.step - 1, last)) + 1) if last >= _HEAD else (at,)
        found = next((place for place in near if _tells(text[place : place + TEXT], random=random)), None)
        if found is not None:
            yield found, text[found : found + TEXT]
    if places and last > _HEAD and places[-1] != last and _tells(text[last:], random=random):
        yield last, text[last:]
    yield from _ends(text, random=random) if places and not structure else ()


def of_halves(text: str) -> Iterator[tuple[int, str]]:
    """The first and the last characters of a short ``text``: any two parts of it hold one of them, or nearly all do.

    They may be a word: they count where the other part stands next to theirs (:mod:`dumpscrub.search.halves`).
    """
    if not _LEAST_RANDOM <= len(text) <= _MOST_HALVES or max(text) > _LAST_UNIT or not text.isprintable():
        return
    if text.startswith((*_SHARED, *_STRUCTURES)) or _SCHEME in text:
        return
    for at in (0, len(text) - _SHORTEST_TEXT):
        if len(set(text[at : at + _SHORTEST_TEXT])) >= _LEAST_DIFFERENT:
            yield at, text[at : at + _SHORTEST_TEXT]


def is_random(text: str) -> bool:
    """True for a text that a machine made: kinds of characters change all the time, as in no words, names or paths."""
    plain = text.translate(_WITHOUT_JOINTS)
    return (
        len(plain) >= _SHORTEST_TEXT
        and " " not in text
        and text.isprintable()
        and any(map(str.isdigit, text))
        and any(map(str.isupper, text))
        and any(map(str.islower, text))
        and _changes(plain) >= _SHARE_RANDOM * (len(plain) - 1)
    )


def _tells(piece: str, *, random: bool) -> bool:
    """True for a piece that does not stand elsewhere by chance, of a ``random`` text or of any."""
    if not random:
        return is_telling(piece)
    varied = len(set(piece)) >= len(piece) - _ALIKE_TEXT
    return varied and (is_telling(piece) or _changes(piece.translate(_WITHOUT_JOINTS)) >= _LEAST_CHANGES)


def _changes(text: str) -> int:
    """How often a character of ``text`` is of another kind than the one before; signs are of a kind each."""
    return sum(first != second for first, second in pairwise(map(_kind, text)))


def _kind(character: str) -> str:
    if character.isalpha():
        return "A" if character.isupper() else "a"
    return "0" if character.isdigit() else character


def _ends(text: str, *, random: bool) -> Iterator[tuple[int, str]]:
    """The few characters of ``text`` that stand where a program went on elsewhere: before its end, or after its start.

    A buffer that is full keeps what fits in it, as a chunk of .NET's StringBuilder does, and the next one has the rest.
    """
    if not text.startswith(_SHARED) and _is_mixed(text[:_SHORTEST_TEXT], random=random):
        yield 0, text[:_SHORTEST_TEXT]
    if _is_mixed(text[-_SHORTEST_TEXT:], random=random):
        yield len(text) - _SHORTEST_TEXT, text[-_SHORTEST_TEXT:]


def _is_mixed(piece: str, *, random: bool) -> bool:
    """True for a short piece that a machine made: capitals, small letters and digits change places often."""
    varied = len(set(piece)) >= len(piece) - _ALIKE_BYTES
    if not random:
        return varied and is_telling(piece) and _changes(piece) >= _CHANGES
    changes = _changes(piece.translate(_WITHOUT_JOINTS))
    return varied and _tells(piece, random=random) and (changes >= _CHANGES or not piece.isascii())


def _is_own(text: str, *, random: bool) -> bool:
    """True where ``text`` begins as no other value does: what writes over the rest leaves its beginning."""
    head = text[:TEXT]
    behind = max(map(head.rfind, _SIGNS)) + 1
    return TEXT - behind >= _OWN and not text.startswith(_SHARED) and _tells(head, random=random)


def of_bytes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Pairs (index, piece) of the bytes of a number or a key."""
    if not _LEAST_BYTES <= len(data) <= _MOST_BYTES:
        return
    step = _EVERY_BYTE if len(data) >= 2 * _EVERY_BYTE else _CLOSE if len(data) in _ODD else _POINTER
    for at in _places(0, len(data) - BYTES, step):
        piece = data[at : at + BYTES]
        if len(set(piece)) >= BYTES - _ALIKE_BYTES:
            yield at, piece


def is_telling(piece: str) -> bool:
    """True for a piece of a secret that is no word, path or name: letters and digits, hardly one of them twice."""
    return (
        len(set(piece)) >= len(piece) - _ALIKE_TEXT
        and piece.isprintable()
        and " " not in piece
        and any(map(str.isdigit, piece))
        and any(map(str.isalpha, piece))
    )


def rest(whole: bytes, at: int, size: int, before: bytes, behind: bytes) -> tuple[int, int]:
    """How many bytes of ``whole`` around its piece ``[at, at + size)`` end ``before`` and begin ``behind`` it."""
    left = 0
    while left < min(at, len(before)) and before[-1 - left] == whole[at - 1 - left]:
        left += 1
    end, right = at + size, 0
    while right < min(len(whole) - end, len(behind)) and behind[right] == whole[end + right]:
        right += 1
    return left, right


def _places(first: int, last: int, step: int) -> range:
    """Every ``step``-th place from ``first`` to ``last``, or fewer where those would be too many."""
    return range(first, last + 1, max(step, -(-(last + 1 - first) // _MOST)))
