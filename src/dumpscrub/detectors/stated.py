"""Lengths as they stand before a text: a number of a fixed size, one of seven bits a byte, decimal digits.

Each class reads a length from both sides: ``name`` for a text of which the beginning is known, ``value`` for one whose
length comes next. All are bounded and answer with nothing where the bytes cannot be such a length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

MOST = 16 * 1024
"""Bytes of the longest value that is followed."""
SHORTEST_NAME, LONGEST_NAME = 3, 64
NO_NAME = -1
_MORE = 0x80
_MOST_GROUPS = 3
"""Bytes of seven bits in which every length up to :data:`MOST` fits."""
_DIGITS = re.compile(rb"[0-9]{1,5}")


class Value(NamedTuple):
    """Where a value begins, how many bytes its length states, and whether it may hold any bytes."""

    start: int
    size: int
    binary: bool = False


class Length(Protocol):
    """How a length stands before a text."""

    def name(self, data: bytes, start: int) -> int:
        """The length stated before the name that begins at ``start``; :data:`NO_NAME` where none is."""

    def value(self, data: bytes, at: int) -> Value | None:
        """The value whose length stands at ``at``."""

    def endings(self) -> Iterator[tuple[int, int, int]]:
        """The bytes that may stand right before a name, and the shortest and the longest name behind each."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number of ``width`` bytes behind ``tag``: the length times ``scale``, plus ``base``.

    ``least`` and ``most`` are the lengths that are stated so. ``skip`` bytes stand between it and the text.
    """

    tag: bytes = b""
    width: int = 1
    little: bool = False
    base: int = 0
    scale: int = 1
    least: int = 0
    most: int = MOST
    skip: int = 0
    binary: bool = False

    def name(self, data: bytes, start: int) -> int:
        at = start - self.width
        tagged = at - len(self.tag)
        if tagged < 0 or not data.startswith(self.tag, tagged):
            return NO_NAME
        return self._length(data[at:start], LONGEST_NAME)

    def value(self, data: bytes, at: int) -> Value | None:
        at += len(self.tag)
        end = at + self.width
        if end > len(data) or not data.startswith(self.tag, at - len(self.tag)):
            return None
        size = self._length(data[at:end], MOST)
        return None if size == NO_NAME else Value(end + self.skip, size, self.binary)

    def endings(self) -> Iterator[tuple[int, int, int]]:
        for length in range(max(SHORTEST_NAME, self.least), min(LONGEST_NAME, self.most) + 1):
            written = (self.base + self.scale * length).to_bytes(self.width, "little" if self.little else "big")
            yield written[-1], length, length

    def _length(self, number: bytes, most: int) -> int:
        size, rest = divmod(int.from_bytes(number, "little" if self.little else "big") - self.base, self.scale)
        return NO_NAME if rest or not self.least <= size <= min(most, self.most) else size


@dataclass(frozen=True, slots=True)
class Groups:
    """A value's length in groups of seven bits, the lowest first, behind ``tag``.

    ``prefix`` is what the first byte adds where it is full and more follows, as in HPACK (RFC 7541, section 5.1).
    ``scale`` is 2 where signed numbers are written in turns (Avro).
    """

    tag: bytes = b""
    prefix: int = 0
    scale: int = 1

    def name(self, data: bytes, start: int) -> int:
        """Names are so short that their lengths are numbers of one byte."""
        del data, start
        return NO_NAME

    def value(self, data: bytes, at: int) -> Value | None:
        if not data.startswith(self.tag, at):
            return None
        at += len(self.tag)
        if self.prefix:
            if data[at : at + 1] != bytes([self.prefix]):
                return None
            at += 1
        number = 0
        for group, byte in enumerate(data[at : at + _MOST_GROUPS]):
            number |= (byte & (_MORE - 1)) << (7 * group)
            if byte < _MORE:
                size, rest = divmod(number + self.prefix, self.scale)
                return None if rest or size > MOST else Value(at + group + 1, size)
        return None

    def endings(self) -> Iterator[tuple[int, int, int]]:
        yield from ()


@dataclass(frozen=True, slots=True)
class Decimal:
    """Decimal digits between ``tag`` and ``end``."""

    tag: bytes
    end: bytes

    def name(self, data: bytes, start: int) -> int:
        last = start - len(self.end)
        if last < 1 or not data.startswith(self.end, last):
            return NO_NAME
        head = data[max(0, last - 2) : last]
        digits = head[len(head.rstrip(b"0123456789")) :]
        tagged = last - len(digits) - len(self.tag)
        if not digits or tagged < 0 or not data.startswith(self.tag, tagged):
            return NO_NAME
        return int(digits)

    def value(self, data: bytes, at: int) -> Value | None:
        found = _DIGITS.match(data, at + len(self.tag)) if data.startswith(self.tag, at) else None
        if found is None or not data.startswith(self.end, found.end()) or int(found[0]) > MOST:
            return None
        return Value(found.end() + len(self.end), int(found[0]))

    def endings(self) -> Iterator[tuple[int, int, int]]:
        yield self.end[-1], SHORTEST_NAME, LONGEST_NAME


@dataclass(frozen=True, slots=True)
class Ended:
    """No length: a name between ``tag`` and a NUL."""

    tag: bytes

    def name(self, data: bytes, start: int) -> int:
        if not data.startswith(self.tag, max(0, start - len(self.tag))):
            return NO_NAME
        end = data.find(0, start, start + LONGEST_NAME + 1)
        return end - start if end > start else NO_NAME

    def value(self, data: bytes, at: int) -> Value | None:
        """No value is written so."""
        del data, at
        return None

    def endings(self) -> Iterator[tuple[int, int, int]]:
        yield self.tag[-1], SHORTEST_NAME, LONGEST_NAME
