"""Types of .NET as its runtime keeps them in memory: where a field stands in objects, and which objects there are.

* a ``FieldDesc`` (``src/coreclr/vm/field.h``): the address of the type, or how far it is from there; then the row of
  the field in 17 bits and seven bits of the hash of its name, whether it is static and how visible it is; then its
  place in 27 bits, and in five what it holds. The fields of a type stand one behind the other, those of objects first;
* a ``MethodTable`` (``src/coreclr/vm/methodtable.h``), to which each object's first word points: flags, the size of
  objects, the row of the type (up to .NET 7 in two bytes, then in three), its base type, and behind these, for one of
  some types made of the same generic one, another ``MethodTable`` that stands for all of them.

So it is in processes of 64 bits with .NET Core 2.1 and 3.1 (dumps of them were looked at) and, by its headers, later.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np

from dumpscrub.model import Dump
from dumpscrub.search.climetadata import LARGEST_ROW, VALUE_TYPE, Member
from dumpscrub.search.memory import Memory
from dumpscrub.search.objects import is_address, number
from dumpscrub.search.pointers import words

WORD = 8
HEADER = 48
"""Bytes of a MethodTable that are read."""
PARENT, STANDS_FOR, ELEMENT = 16, 40, 48
"""Where a MethodTable has the address of its base type, of what stands for it, and of an array's elements' type."""
MARKS = (1, 2)
"""One of these is added to the address of what stands for a MethodTable: from .NET 6 on, or up to there."""
_DESC = 16
_HEAD = 0x3F01FFFF
"""The bits of a FieldDesc that say which field it is; without those of the hash."""
_STATICS = 0x07000000
_CLASS = 0x12
_OFFSET_BITS, _MOST_OFFSET = 27, 1 << 16
_STRING_SIZES = (20, 22, 26)
_HAS_COMPONENTS, _CHARACTER = 0x80000000, 2
_SMALLEST, _LARGEST = 24, 1 << 20


@dataclass(frozen=True, slots=True)
class Placed:
    """A field of the objects of the type at address ``owner``, ``offset`` bytes behind their first word."""

    owner: int
    offset: int
    member: Member


def descriptions(dump: Dump, rows: Collection[int]) -> Iterator[int]:
    """The addresses in ``dump`` of what may describe a field of objects with one of ``rows``."""
    table = np.zeros(LARGEST_ROW + 1, np.bool_)
    table[[row for row in rows if 0 < row <= LARGEST_ROW]] = True
    kinds = [np.uint64(kind << _OFFSET_BITS >> 16) for kind in (_CLASS, VALUE_TYPE)]
    for offset, column in words(dump, WORD):
        upper = column >> np.uint64(48)
        places = np.flatnonzero((upper == kinds[0]) | (upper == kinds[1]))
        lower = column[places]
        places = places[table[(lower & np.uint64(LARGEST_ROW)).astype(np.int64)] & (lower & np.uint64(_STATICS) == 0)]
        for place in places.tolist():
            address = dump.layout.address_of(offset + place * WORD)
            if address is not None:
                yield address - WORD


@dataclass(frozen=True, slots=True)
class Description:
    """The words of a FieldDesc."""

    owner: int
    head: int
    offset: int
    kind: int

    @property
    def row(self) -> int:
        """The row of the field in its module."""
        return self.head & LARGEST_ROW

    @classmethod
    def read(cls, address: int, memory: Memory) -> Description | None:
        """The FieldDesc at ``address``, if the dump holds what may be one."""
        reading = memory.read(address, _DESC)
        if reading is None or len(reading.data) < _DESC:
            return None
        owner, lower, upper = (number(reading.data, *at) for at in ((0, 8), (8, 4), (12, 4)))
        return cls(owner, lower & _HEAD, upper & ((1 << _OFFSET_BITS) - 1), upper >> _OFFSET_BITS)


@dataclass(frozen=True, slots=True)
class Described:
    """What stands at ``address`` as a FieldDesc, and the heads of those beside it."""

    address: int
    own: Description
    before: int
    after: int

    @classmethod
    def read(cls, address: int, memory: Memory) -> Described | None:
        """What stands there, if the dump holds it."""
        before, own, after = (Description.read(address + at, memory) for at in (-_DESC, 0, _DESC))
        return cls(address, own, before.head if before else -1, after.head if after else -1) if own else None

    def fits(self, member: Member) -> bool:
        """True where this describes ``member``, as far as it and its neighbours tell."""
        return (
            self.own.head == member.head
            and (self.own.kind == VALUE_TYPE) == (member.element == VALUE_TYPE)
            and member.before in (-1, self.before)
            and member.after in (-1, self.after)
        )

    def placed(self, member: Member, memory: Memory) -> Placed | None:
        """Where ``member`` stands; None unless its type does, to which the address leads, or how far it is."""
        for owner in (self.own.owner, (self.address + self.own.owner) % (1 << 64)):
            size = size_of(owner, memory)
            if size >= self.own.offset + 3 * WORD and _is_row(owner, member.owner, memory):
                return Placed(owner, self.own.offset, member)
        return None


def size_of(address: int, memory: Memory) -> int:
    """The size of the objects of the type at ``address``; 0 where no MethodTable of such stands there."""
    head = _head(address, memory)
    size, flags = number(head, 4, 4), number(head, 0, 4)
    is_one = is_address(number(head, STANDS_FOR, WORD)) and not flags & _HAS_COMPONENTS
    return size if is_one and _SMALLEST <= size < _LARGEST and size % WORD == 0 else 0


def step_of(address: int, memory: Memory) -> int:
    """How far the elements of the arrays of the type at ``address`` are apart; 0 where that is no type of arrays."""
    head = _head(address, memory)
    flags, size = number(head, 0, 4), number(head, 4, 4)
    return flags & 0xFFFF if flags & _HAS_COMPONENTS and size == _SMALLEST else 0


def is_string(address: int, memory: Memory) -> bool | None:
    """True for the type of strings at ``address``; None where the dump does not hold it."""
    head = _head(address, memory)
    if not head:
        return None
    flags, size = number(head, 0, 4), number(head, 4, 4)
    return bool(flags & _HAS_COMPONENTS) and flags & 0xFFFF == _CHARACTER and size in _STRING_SIZES


def _head(address: int, memory: Memory) -> bytes:
    if address % WORD or not is_address(address):
        return b""
    reading = memory.read(address, HEADER)
    return reading.data if reading and len(reading.data) == HEADER else b""


def _is_row(address: int, row: int, memory: Memory) -> bool:
    """True where the type at ``address`` is the one at ``row`` of its module."""
    head = _head(address, memory)
    return number(head, 10, 2) == row or number(head, 9, 3) == row
