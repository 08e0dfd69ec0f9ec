"""Fields behind a big-endian length: how SSH (RFC 4251), Java's streams and stores put them one after another."""

from __future__ import annotations

from dataclasses import dataclass

MOST = 16 * 1024
"""Bytes of the longest field; keys, certificates and sealed objects are shorter."""


@dataclass(frozen=True, slots=True)
class Field:
    """The contents ``[start, end)`` of a field; ``end`` may lie beyond the buffer."""

    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start

    def contents(self, data: bytes) -> bytes:
        """The contents, as far as ``data`` holds them."""
        return data[self.start : self.end]

    def number(self, data: bytes) -> int:
        """The contents as an unsigned big-endian number."""
        return int.from_bytes(self.contents(data), "big")

    def is_cut(self, data: bytes) -> bool:
        """True where ``data`` does not hold the whole field."""
        return self.end > len(data)


class Cursor:
    """Reads fields of ``data`` from ``at`` on, until one is cut by the end of the buffer or cannot be one.

    ``failed`` says that a length was beyond its limit; ``ended`` that nothing more can be read.
    """

    __slots__ = ("at", "data", "ended", "failed")

    def __init__(self, data: bytes, at: int) -> None:
        self.data = data
        self.at = at
        self.failed = False
        self.ended = at > len(data)

    def take(self, size: int) -> Field | None:
        """The next ``size`` bytes, of which the buffer may hold the first ones only; None where it has ended."""
        if self.ended or (size and self.at >= len(self.data)):
            self.ended = True
            return None
        field = Field(self.at, self.at + size)
        self.at = field.end
        self.ended = field.is_cut(self.data)
        return field

    def number(self, size: int) -> int | None:
        """A number of ``size`` bytes; None where the buffer does not hold all of it."""
        field = self.take(size)
        return None if field is None or self.ended else field.number(self.data)

    def string(self, size: int = 4, most: int = MOST) -> Field | None:
        """What stands behind a length of ``size`` bytes; None where that is more than ``most`` or there is nothing."""
        length = self.number(size)
        if length is None:
            return None
        if length > most:
            self.failed = self.ended = True
            return None
        return self.take(length)
