"""Regular expressions as trees, and how long what they match can be.

Text is bytes, as a window shows it: one character a code unit, and 0xFF for those beyond Latin-1. So a literal is a set
of one character, or of two where its case does not matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

ALL = frozenset(range(256))
NUL = frozenset([0])
DIGITS = frozenset(b"0123456789")
LOWER = frozenset(range(0x61, 0x7B))
UPPER = frozenset(range(0x41, 0x5B))
WORD = DIGITS | LOWER | UPPER | frozenset(b"_")
SPACE = frozenset(b"\t\n\v\f\r ")
UNBOUNDED = 1 << 30
"""A length without a limit."""


@dataclass(frozen=True, slots=True)
class Chars:
    """One character of ``codes``."""

    codes: frozenset[int]


@dataclass(frozen=True, slots=True)
class Assertion:
    r"""A place: ``kind`` is one of ``^``, ``$``, ``\b``, ``\B``. With ``lines`` every line has ``^`` and ``$``."""

    kind: str
    lines: bool = False


@dataclass(frozen=True, slots=True)
class Sequence:
    """One part after the other."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """The first of the branches that matches."""

    branches: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """``inner`` from ``low`` to ``high`` times; ``high`` may be :data:`UNBOUNDED`."""

    inner: Node
    low: int
    high: int
    lazy: bool = False


@dataclass(frozen=True, slots=True)
class Capture:
    """A group that captures: its ``number`` counts from 1, its ``name`` may be empty."""

    inner: Node
    number: int
    name: str = ""


Node = Chars | Assertion | Sequence | Choice | Repeat | Capture

EMPTY = Sequence(())


def children(node: Node) -> tuple[Node, ...]:
    """What ``node`` is directly made of."""
    match node:
        case Sequence(parts):
            return parts
        case Choice(branches):
            return branches
        case Repeat(inner) | Capture(inner):
            return (inner,)
        case _:
            return ()


def captures(node: Node) -> Iterator[Capture]:
    """All groups in ``node`` that capture, in the order in which they open."""
    if isinstance(node, Capture):
        yield node
    for child in children(node):
        yield from captures(child)


def longest(node: Node) -> int:
    """The most characters that ``node`` can match, at most :data:`UNBOUNDED`."""
    match node:
        case Chars():
            return 1
        case Sequence(parts):
            return min(UNBOUNDED, sum(map(longest, parts)))
        case Choice(branches):
            return max(map(longest, branches), default=0)
        case Repeat(inner, _, high):
            return min(UNBOUNDED, longest(inner) * high)
        case Capture(inner):
            return longest(inner)
        case _:
            return 0
