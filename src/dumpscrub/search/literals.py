"""The literal search: what is searched for, and the seam behind which the engines stand.

A :class:`Matcher` is a set of compiled :class:`Literal` s and finds every occurrence of each in a buffer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

Hits = list[tuple[int, int]]
"""Pairs (start in the buffer, literal number), sorted."""


@dataclass(frozen=True, slots=True)
class Literal:
    """Bytes to find. ``caseless`` ignores the case of ASCII letters. At least one byte is not zero.

    With ``edge`` no two letters, digits or ``_`` may stand before them, as bytes of the same memory. With ``token``
    they may where what begins there mixes letters and digits, see :mod:`dumpscrub.search.edges`.
    """

    data: bytes = field(repr=False)
    caseless: bool = False
    edge: bool = False
    token: bool = False

    def equals(self, text: bytes) -> bool:
        """True where ``text`` is this literal, no more and no less."""
        return text.lower() == self.data.lower() if self.caseless else text == self.data


class Matcher(Protocol):
    """Compiled literals. May be shared by threads."""

    def find(self, buffer: memoryview) -> Hits:
        """Every occurrence of every literal, overlapping ones too."""
