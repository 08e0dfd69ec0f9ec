"""Many things of one kind as columns of numbers: a run may have millions of findings and edits.

As a sequence, such a table makes the things themselves, a block at a time, for whoever goes through it.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self, TypeVar, overload

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.intp]
Numbers = npt.NDArray[np.int32]
Offsets = npt.NDArray[np.int64]

T = TypeVar("T")


def distinct(offsets: Offsets) -> Offsets:
    """``offsets`` in order, each once. ``np.unique`` hashes them, which takes seconds where they have a pattern."""
    in_order = np.sort(offsets)
    fresh = np.ones(len(in_order), np.bool_)
    fresh[1:] = in_order[1:] != in_order[:-1]
    return in_order[fresh]


_BITS = 18
_UPPER = np.uint64(64 - _BITS)
"""By how much a word is shifted so that so many bits are left."""
BLOCK = 4096
"""Rows that are gone through at a time."""


class Table(Sequence[T]):
    """A sequence whose items are made from columns. Equal to any sequence of equal items."""

    __slots__ = ()

    @abstractmethod
    def made(self, first: int, last: int) -> Iterator[T]:
        """The items of the rows ``[first, last)``, as far as there are."""

    @abstractmethod
    def take(self, rows: Rows) -> Self:
        """The items of these rows, in this order."""

    def where(self, mask: Mask) -> Self:
        """The items for which ``mask`` is true."""
        return self if mask.all() else self.take(np.flatnonzero(mask))

    @overload
    def __getitem__(self, index: int) -> T: ...

    @overload
    def __getitem__(self, index: slice) -> Self: ...

    def __getitem__(self, index: int | slice) -> T | Self:
        if isinstance(index, slice):
            return self.take(np.arange(len(self))[index])
        row = range(len(self))[index]
        return next(self.made(row, row + 1))

    def __iter__(self) -> Iterator[T]:
        for first in range(0, len(self), BLOCK):
            yield from self.made(first, first + BLOCK)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or len(self) != len(other):
            return NotImplemented
        return all(one == another for one, another in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self)})"


@dataclass(frozen=True, slots=True, eq=False)
class RandomWords:
    """A set of random words of 64 bits: ``words`` in order, and a ``table`` of what their upper bits may be.

    The table says of nearly all other words that they are not in it, for a tenth of what a look among all costs.
    """

    words: npt.NDArray[np.uint64]
    table: Mask

    @classmethod
    def of(cls, words: npt.NDArray[np.uint64]) -> RandomWords:
        """The set of ``words``, of which there is at least one."""
        table = np.zeros(1 << _BITS, np.bool_)
        table[words >> _UPPER] = True
        return cls(np.unique(words), table)

    def among(self, words: npt.NDArray[np.uint64]) -> Offsets:
        """The indices of those of ``words`` that are in the set, in order."""
        maybe = np.flatnonzero(self.table[words >> _UPPER])
        places = np.minimum(np.searchsorted(self.words, words[maybe]), len(self.words) - 1)
        found: Offsets = maybe[self.words[places] == words[maybe]]
        return found
