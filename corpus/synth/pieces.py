"""Bytes that know where the secrets in them stand, until the file that holds them is written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from corpus.manifest import Secret

Spans = tuple[tuple[int, int], ...]


CONTEXT = "context"
"""The form of a plant that covers a whole text around a secret, not the secret alone."""


@dataclass(slots=True, eq=False)
class Plant:
    """One copy of a secret, in one form. Its places in the file come to be known when its blocks are written."""

    secret: Secret
    form: str
    parts: list[tuple[int, int, int]] = field(default_factory=list)

    @property
    def spans(self) -> Spans:
        """File spans, in the order of the copy's own bytes (several where ranges of memory split it)."""
        return tuple((start, end) for _, start, end in sorted(self.parts))


@dataclass(frozen=True, slots=True)
class Mark:
    """The bytes ``[start, end)`` hold a plant's own bytes from ``part`` on."""

    plant: Plant
    part: int
    start: int
    end: int

    def moved(self, by: int) -> Mark:
        """The same mark, ``by`` bytes further on."""
        return Mark(self.plant, self.part, self.start + by, self.end + by)


@dataclass(frozen=True, slots=True)
class Piece:
    """Immutable bytes and the plants in them. ``unit`` is the bytes of one character."""

    data: bytes = field(repr=False)
    marks: tuple[Mark, ...] = ()
    unit: int = 1

    def __len__(self) -> int:
        return len(self.data)

    def __add__(self, other: Piece | bytes) -> Piece:
        tail = other if isinstance(other, Piece) else Piece(other)
        moved = tuple(mark.moved(len(self.data)) for mark in tail.marks)
        return Piece(self.data + tail.data, (*self.marks, *moved), max(self.unit, tail.unit))

    def __radd__(self, head: bytes) -> Piece:
        return Piece(head, (), self.unit) + self

    def split(self, at: int) -> tuple[Piece, Piece]:
        """The bytes before ``at`` and those from there on; a plant that stands across becomes two parts."""
        return self._cut(0, at), self._cut(at, len(self.data))

    def _cut(self, low: int, high: int) -> Piece:
        marks = []
        for mark in self.marks:
            start, end = max(low, mark.start), min(high, mark.end)
            if start < end:
                marks.append(Mark(mark.plant, mark.part + start - mark.start, start - low, end - low))
        return Piece(self.data[low:high], tuple(marks), self.unit)


def join(pieces: Iterable[Piece | bytes]) -> Piece:
    """The pieces, one after the other."""
    whole = Block()
    for piece in pieces:
        whole.add(piece)
    return Piece(bytes(whole.data), tuple(whole.marks))


class Block:
    """Bytes under construction that will stand together in the file."""

    def __init__(self, piece: Piece | bytes = b"") -> None:
        self.data = bytearray()
        self.marks: list[Mark] = []
        self.add(piece)

    def __len__(self) -> int:
        return len(self.data)

    def add(self, piece: Piece | bytes) -> int:
        """Append ``piece``; returns where it begins in the block."""
        start = len(self.data)
        if isinstance(piece, Piece):
            self.marks += [mark.moved(start) for mark in piece.marks]
            self.data += piece.data
        else:
            self.data += piece
        return start

    def put(self, at: int, piece: Piece) -> None:
        """Overwrite the bytes at ``at``; the block must already be long enough."""
        if at < 0 or at + len(piece) > len(self.data):
            raise ValueError("the piece does not fit into the block")
        self.data[at : at + len(piece)] = piece.data
        self.marks += [mark.moved(at) for mark in piece.marks]

    def pad(self, size: int, fill: bytes = b"\0") -> None:
        """Fill up to a multiple of ``size``."""
        self.data += fill * (-len(self.data) % size)


class Image:
    """The file under construction."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.plants: dict[int, Plant] = {}

    def __len__(self) -> int:
        return len(self.data)

    def add(self, block: Block | Piece | bytes) -> int:
        """Append; returns the file offset. The marks of the block become places of their plants."""
        offset = len(self.data)
        if isinstance(block, bytes):
            self.data += block
            return offset
        self.data += block.data
        for mark in block.marks:
            mark.plant.parts.append((mark.part, offset + mark.start, offset + mark.end))
            self.plants.setdefault(id(mark.plant), mark.plant)
        return offset

    def pad(self, size: int) -> None:
        """Zeros up to a multiple of ``size``."""
        self.data += bytes(-len(self.data) % size)

    def patch(self, offset: int, data: bytes) -> None:
        """Overwrite bytes that were reserved earlier."""
        self.data[offset : offset + len(data)] = data
