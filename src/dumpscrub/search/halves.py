"""A value that stands in parts next to each other: one ends where a text ends, the next one begins where one begins.

A chunk of .NET's StringBuilder holds 16 characters and the next chunk what follows; who cuts a text in two has both
halves, made one after the other. Each part may read as a word, and stand elsewhere by chance; all of them together,
each right behind or before a zero, do not.
"""

from __future__ import annotations

from collections.abc import Iterator

REACH = 512
"""Bytes on each side of a part within which the other ones are looked for."""
_NEAR = 160
_FEW = 4
"""Characters of a part below which it counts in :data:`_NEAR` bytes only."""
Part = tuple[int, int]


def parts(memory: bytes, here: Part, whole: bytes, at: int, unit: int) -> tuple[Part, ...]:
    """Where in ``memory`` all parts of ``whole`` stand, of which the one from its byte ``at`` on stands ``here``.

    Empty where one of them is missing. ``unit`` is how many bytes each character has, at least.
    """
    behind = tuple(_behind(memory, here, whole, at + here[1] - here[0], unit))
    ahead = tuple(_ahead(memory, here, whole, at, unit))
    size = sum(high - low for low, high in (here, *behind, *ahead))
    return (*ahead[::-1], here, *behind) if size == len(whole) and (behind or ahead) else ()


def _behind(memory: bytes, here: Part, whole: bytes, at: int, unit: int) -> Iterator[Part]:
    """The parts of ``whole`` from its byte ``at`` on, each of which begins behind a zero."""
    zero = bytes(unit)
    while at < len(whole) and memory.startswith(zero, here[1]):
        head = zero + whole[at : at + _FEW * unit]
        reach = REACH if len(whole) - at >= _FEW * unit else _NEAR
        found = memory.find(head, here[1], here[1] + reach)
        if found < 0:
            found = memory.rfind(head, max(0, here[0] - reach), here[0])
        if found < 0:
            return
        low = high = found + unit
        while at < len(whole) and high < len(memory) and memory[high] == whole[at]:
            at, high = at + 1, high + 1
        # Half a character is none: its other byte may be that of any other one.
        at, high = at - (high - low) % unit, high - (high - low) % unit
        here = (low, high)
        yield here


def _ahead(memory: bytes, here: Part, whole: bytes, at: int, unit: int) -> Iterator[Part]:
    """The parts of ``whole`` before its byte ``at``, the last one first, each of which ends before a zero."""
    zero = bytes(unit)
    while at > 0 and here[0] >= unit and memory[here[0] - unit : here[0]] == zero:
        tail = whole[max(0, at - _FEW * unit) : at] + zero
        reach = REACH if at >= _FEW * unit else _NEAR
        found = memory.rfind(tail, max(0, here[0] - reach), here[0])
        if found < 0:
            found = memory.find(tail, here[1], here[1] + reach)
        if found < 0:
            return
        low = high = found + len(tail) - unit
        while at > 0 and low > 0 and memory[low - 1] == whole[at - 1]:
            at, low = at - 1, low - 1
        at, low = at + (high - low) % unit, low + (high - low) % unit
        here = (low, high)
        yield here
