"""What the readers of binary structures share: little-endian fields, pieces laid end to end, and a detector of them.

A structure in memory may be cut anywhere, so nothing here fails at the end of a buffer: a number that is not there
reads as :data:`ABSENT`, and a piece says whether it is whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from dumpscrub.detectors.base import Anchor, Match
from dumpscrub.detectors.material import MOST_VALUE, Material, differ_in
from dumpscrub.model import Confidence, Encoding, SecretValue
from dumpscrub.rules.schema import Rule
from dumpscrub.search.windows import Window

REACH = 16 * 1024
"""Bytes from a hit on that a structure is followed: what is longer is marked as far as that."""
ABSENT = -1
"""In place of a number that memory does not hold: no range of valid ones has it."""
_FEW = 4
_ENOUGH = 64
_SHORTEST_VALUE = 8

Find = Callable[[bytes, int], Material | None]
"""Reads the structure around the anchor at an index; None where there is none."""


@dataclass(frozen=True, slots=True)
class BinaryDetector:
    """Finds one class of structures around binary anchors."""

    rule: Rule
    anchors: tuple[Anchor, ...]
    before: int
    after: int
    find: Find

    def verify(self, window: Window) -> tuple[Match, ...]:
        material = self.find(window.data, window.hit)
        return (material.match(),) if material is not None and material.segments else ()


@dataclass(frozen=True, slots=True)
class Readers:
    """Which reader takes a hit: the first whose literal stands there."""

    by_literal: tuple[tuple[bytes, Find], ...]

    def __call__(self, data: bytes, hit: int) -> Material | None:
        for literal, find in self.by_literal:
            if data.startswith(literal, hit):
                return find(data, hit)
        return None


def each(find: Find, *literals: bytes) -> tuple[tuple[bytes, Find], ...]:
    """``find`` for each of ``literals``."""
    return tuple((literal, find) for literal in literals)


def anchors(*literals: bytes) -> tuple[Anchor, ...]:
    """Anchors for bytes as they stand."""
    return tuple(Anchor(literal, Encoding.BINARY) for literal in literals)


def u16(data: bytes, at: int) -> int:
    """The little-endian 16-bit number at index ``at``, :data:`ABSENT` where ``data`` does not hold it."""
    return int.from_bytes(data[at : at + 2], "little") if 0 <= at <= len(data) - 2 else ABSENT


def u32(data: bytes, at: int) -> int:
    """The little-endian 32-bit number at index ``at``, :data:`ABSENT` where ``data`` does not hold it."""
    return int.from_bytes(data[at : at + 4], "little") if 0 <= at <= len(data) - 4 else ABSENT


def u32s(data: bytes, at: int, count: int) -> tuple[int, ...]:
    """``count`` little-endian 32-bit numbers from index ``at`` on, :data:`ABSENT` for each that is not there."""
    return tuple(u32(data, place) for place in range(at, at + 4 * count, 4))


def pointer(data: bytes, at: int, size: int) -> int:
    """The little-endian address of ``size`` bytes at index ``at``, 0 where ``data`` does not hold it."""
    return int.from_bytes(data[at : at + size], "little") if 0 <= at <= len(data) - size else 0


@dataclass(frozen=True, slots=True)
class Piece:
    """The bytes ``[start, end)`` of a buffer, which may end before the piece does. ``little`` is a number's order."""

    start: int
    end: int
    little: bool = False

    def content(self, data: bytes) -> bytes:
        """The bytes, as far as ``data`` holds them."""
        return data[self.start : self.end]

    def number(self, data: bytes) -> int:
        """The bytes as an unsigned number."""
        return int.from_bytes(self.content(data), "little" if self.little else "big")

    def is_cut(self, data: bytes) -> bool:
        """True where ``data`` does not hold the whole piece."""
        return self.end > len(data)


def lay_out(at: int, lengths: Iterable[int], *, little: bool = False) -> list[Piece]:
    """Pieces of these ``lengths``, one after the other from index ``at`` on."""
    pieces = []
    for length in lengths:
        pieces.append(Piece(at, at + length, little))
        at += length
    return pieces


def is_filler(content: bytes) -> bool:
    """True where hardly any bytes differ: no key, or a redacted one. Unlike other secrets, a key may well be a text."""
    return differ_in(content) <= max(1, min(_FEW, len(content) // 2))


def is_random(content: bytes) -> bool:
    """True where so many bytes differ as in random ones: half of the first 64 or more, wherever they stand."""
    return len(content) > 1 and 2 * len(set(content)) > min(len(content), _ENOUGH)


def segments_of(data: bytes, pieces: Iterable[Piece]) -> tuple[tuple[int, int], ...]:
    """Where ``pieces`` stand, as far as ``data`` holds them, without those of filler alone."""
    return tuple((piece.start, min(piece.end, len(data))) for piece in pieces if not is_filler(piece.content(data)))


def values_of(data: bytes, pieces: Iterable[Piece]) -> tuple[SecretValue, ...]:
    """The whole ones of ``pieces`` as values to sweep for: numbers big-endian, without leading zeros."""
    found = []
    for piece in pieces:
        content = piece.content(data)
        if piece.is_cut(data) or is_filler(content):
            continue
        content = (content[::-1] if piece.little else content).lstrip(b"\0")
        if _SHORTEST_VALUE <= len(content) <= MOST_VALUE:
            found.append(SecretValue(content, binary=True))
    return tuple(found)


def secrets(data: bytes, start: int, pieces: list[Piece], *, proven: bool) -> Material | None:
    """The secret ``pieces`` of the structure at ``start``; None where it ends before them or they are filler.

    ``proven`` says that its numbers bear it out; one that memory cuts never counts as sure. Without proof, a piece has
    to look random.
    """
    if not proven:
        pieces = [piece for piece in pieces if is_random(piece.content(data))]
    if all(is_filler(piece.content(data)) for piece in pieces):
        return None
    confidence = Confidence.HIGH if proven and not pieces[-1].is_cut(data) else Confidence.MEDIUM
    return Material(start, pieces[-1].end, segments_of(data, pieces), confidence, values_of(data, pieces))
