r"""The little language in which examples and families describe text.

An expression is a run of literals (a backslash takes the next character's own meaning away), ``\d`` (a digit), ``\w``
(a letter or digit) and classes such as ``[a-f0-9_-]``, each with an optional count ``{n}`` or ``{n,m}``. It can be
generated from (:mod:`dumpscrub.rules.examples`) and matched with (:func:`pattern`).
"""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from dumpscrub.errors import RuleError

_PIECE = re.compile(r"(?P<atom>\\.|\[(?:\\.|[^\]\\])+\]|[^\\\[{}])(?:\{(?P<low>\d+)(?:,(?P<high>\d+))?\})?", re.DOTALL)
_ALPHANUMERIC = string.ascii_letters + string.digits
_OPERATORS = frozenset("+*?|()^$")
"""What means something in a regular expression and nothing here: literals only with a backslash."""
_MOST = 1000
"""The largest count that RE2 takes."""
_REMEMBERED = 4096
"""Many rules are of the same few shapes."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One of ``choices``, ``low`` to ``high`` times. ``atom`` is how it was written."""

    atom: str
    choices: str
    low: int
    high: int


@lru_cache(_REMEMBERED)
def read(expression: str) -> tuple[Piece, ...]:
    """The pieces of ``expression``. Raises RuleError where it is malformed."""
    pieces: list[Piece] = []
    position = 0
    while position < len(expression):
        found = _PIECE.match(expression, position)
        if found is None:
            raise RuleError("an expression cannot be read: write literals, classes and {n} counts")
        atom, low, high = found.groups()
        least = int(low or 1)
        pieces.append(Piece(atom, _choices(atom), least, max(least, int(high or least))))
        position = found.end()
    return tuple(pieces)


@lru_cache(_REMEMBERED)
def read_strictly(expression: str) -> tuple[Piece, ...]:
    """As :func:`read`, for text that is to be matched: what looks like another language is refused, too."""
    pieces = read(expression)
    for piece in pieces:
        if piece.atom in _OPERATORS:
            raise RuleError(f"{piece.atom!r} is no operator of an expression: write \\{piece.atom} for the character")
        if piece.atom.startswith("[^"):
            raise RuleError("a class of an expression names what it holds: it cannot begin with ^")
        if piece.atom[0] == "\\" and piece.atom[1] not in "dw" and piece.atom[1].isalnum():
            raise RuleError(f"{piece.atom} is unknown: an expression has \\d and \\w")
        if not piece.choices.isascii() or not piece.choices.isprintable() or not piece.choices:
            raise RuleError(f"{piece.atom!a} holds no character, or one that is not printable ASCII")
    if not pieces or not least(pieces):
        raise RuleError("an expression that may be empty says nothing")
    return pieces


def least(pieces: Sequence[Piece]) -> int:
    """Characters of the shortest text."""
    return sum(piece.low for piece in pieces)


def most(pieces: Sequence[Piece]) -> int:
    """Characters of the longest text."""
    return sum(piece.high for piece in pieces)


def literal_beginning(pieces: Sequence[Piece]) -> str:
    """What every text begins with."""
    text = ""
    for piece in pieces:
        if len(piece.choices) > 1:
            break
        text += piece.choices * piece.low
        if piece.low < piece.high:
            break
    return text


def shortened(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """The shortest text less its last character."""
    kept = [Piece(piece.atom, piece.choices, piece.low, piece.low) for piece in pieces if piece.low]
    last = kept.pop()
    return (*kept, Piece(last.atom, last.choices, last.low - 1, last.low - 1)) if last.low > 1 else tuple(kept)


def as_word(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """The shortest text with one and the same letter wherever the choice has any, small if there are small ones."""
    return tuple(_as_letter(piece) for piece in pieces if piece.low)


def _as_letter(piece: Piece) -> Piece:
    letter = next((each for each in sorted(piece.choices, reverse=True) if each.isalpha()), "")
    atom, choices = (letter, letter) if letter and len(piece.choices) > 1 else (piece.atom, piece.choices)
    return Piece(atom, choices, piece.low, piece.low)


@lru_cache(_REMEMBERED)
def written(pieces: tuple[Piece, ...]) -> str:
    """``pieces`` as an expression."""
    return "".join(piece.atom + _count(piece.low, piece.high) for piece in pieces)


@lru_cache(_REMEMBERED)
def pattern(pieces: tuple[Piece, ...]) -> str:
    """``pieces`` as a regular expression of RE2, case-sensitive and without groups."""
    return "".join(
        _class(piece.choices)
        + (_count(piece.low, piece.high) if piece.high <= _MOST else f"{{{min(piece.low, _MOST)},}}")
        for piece in pieces
    )


def _count(low: int, high: int) -> str:
    if low == high:
        return "" if low == 1 else f"{{{low}}}"
    return f"{{{low},{high}}}"


@lru_cache(_REMEMBERED)
def _class(choices: str) -> str:
    """One of ``choices`` as a regular expression."""
    if len(choices) == 1:
        return _quoted(choices)
    codes = sorted(set(map(ord, choices)))
    ranges: list[list[int]] = []
    for code in codes:
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    parts = (
        _quoted(chr(low)) + ("-" if high > low + 1 else "") + (_quoted(chr(high)) if high > low else "")
        for low, high in ranges
    )
    return f"[{''.join(parts)}]"


def _quoted(character: str) -> str:
    return character if character.isalnum() or character == "_" else f"\\x{ord(character):02x}"


@lru_cache(1024)
def _choices(atom: str) -> str:
    """The characters that one atom of an expression stands for."""
    if atom.startswith("["):
        return "".join(_expand_range(part) for part in re.findall(r"\\.|[^\\]-[^\\]|[^\\]", atom[1:-1], re.DOTALL))
    return _escape(atom) if atom.startswith("\\") else atom


def _expand_range(part: str) -> str:
    if part.startswith("\\"):
        return _escape(part)
    return "".join(map(chr, range(ord(part[0]), ord(part[-1]) + 1)))


def _escape(atom: str) -> str:
    return {"d": string.digits, "w": _ALPHANUMERIC}.get(atom[1], atom[1])
