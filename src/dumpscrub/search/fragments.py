"""Pieces of a value by which what is left of a copy is found after its beginning or its end was overwritten.

Whoever frees memory overwrites its first 8 or 16 bytes with pointers, and who uses it again leaves what lies behind. So
of a long value pieces are searched for, of which any rest of some length holds one; from there the rest is followed as
far as it goes on. A piece must be one that does not stand in other text by chance.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from string import ascii_lowercase, ascii_uppercase, digits

TEXT = 11
"""Characters of a piece of text: as many as a sieve needs to see a long one."""
BYTES = 8
_SHORTEST_TEXT = 8
_LEAST_TEXT, _MOST_TEXT = 12, 4096
"""Characters of a text that has pieces: of a shorter one too few would be left, and longer ones are files."""
_LEAST_BYTES, _MOST_BYTES = 16, 4096
_POINTER = 8
"""Bytes of a pointer: one or two of them are written over freed memory."""
_EVERY_CHARACTER, _EVERY_BYTE = 4, 2 * _POINTER
_ODD, _CLOSE = range(17, 24), 2
"""Bytes of numbers whose halves are longer than a piece but need not hold one, and how close those of them stand."""
_CHANGES = 3
"""How often kinds of characters change in eight random ones; in words with a number behind, twice."""
_KINDS = str.maketrans(
    {character: kind[0] for kind in (ascii_lowercase, ascii_uppercase, digits) for character in kind}
)
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
    """Pairs (index, piece) of ``text``; none of what is short or no plain text. Of a structure, of its end alone."""
    if not _LEAST_TEXT <= len(text) <= _MOST_TEXT or not text.isascii():
        return
    last = len(text) - TEXT
    if structure or text.startswith(_STRUCTURES):
        places = _places(len(text) * 2 // 5 if len(text) >= _LONG_STRUCTURE else len(text), last, 1)
    elif last < _HEAD:
        places = range(_POINTER // 2, min(_POINTER, len(text) - _SHORTEST_TEXT) + 1, _POINTER // 2)
    else:
        first = text.find(".") + 1 if text.startswith(_JSON) else _HEAD
        places = _places(first, last, _EVERY_CHARACTER)
    if places and _is_own(text):
        yield 0, text[:TEXT]
    for at in places:
        # Where no digit stands, some characters further on: any piece will do.
        near = range(at, max(at, min(at + places.step - 1, last)) + 1) if last >= _HEAD else (at,)
        found = next((place for place in near if is_telling(text[place : place + TEXT])), None)
        if found is not None:
            yield found, text[found : found + TEXT]
    if places and last > _HEAD and places[-1] != last and is_telling(text[last:]):
        yield last, text[last:]
    yield from _ends(text) if places and not structure else ()


def _ends(text: str) -> Iterator[tuple[int, str]]:
    """The few characters of ``text`` that stand where a program went on elsewhere: before its end, or after its start.

    A buffer that is full keeps what fits in it, as a chunk of .NET's StringBuilder does, and the next one has the rest.
    """
    if not text.startswith(_SHARED) and _is_mixed(text[:_SHORTEST_TEXT]):
        yield 0, text[:_SHORTEST_TEXT]
    if _is_mixed(text[-_SHORTEST_TEXT:]):
        yield len(text) - _SHORTEST_TEXT, text[-_SHORTEST_TEXT:]


def _is_mixed(piece: str) -> bool:
    """True for a short piece that a machine made: capitals, small letters and digits change places often."""
    kinds = piece.translate(_KINDS)
    changes = sum(first != second for first, second in pairwise(kinds))
    return is_telling(piece) and len(set(piece)) >= len(piece) - _ALIKE_BYTES and changes >= _CHANGES


def _is_own(text: str) -> bool:
    """True where ``text`` begins as no other value does: what writes over the rest leaves its beginning."""
    head = text[:TEXT]
    behind = max(map(head.rfind, _SIGNS)) + 1
    return TEXT - behind >= _OWN and not text.startswith(_SHARED) and is_telling(head)


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
