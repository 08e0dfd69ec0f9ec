"""What is left of a key's memory after it was freed and partly used again."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random

from corpus.keymaterial.item import Item, join

_LINKS = 16
_HEAP = 0x1F2_0000_0000


def freed(item: Item, rng: Random) -> Item:
    """The first 16 bytes hold the links of a list of free blocks."""
    links = struct.pack("<QQ", *(_HEAP + 16 * rng.randrange(1 << 20) for _ in range(2)))
    return _like(item, join(links, item.cut(_LINKS, len(item))))


def first_half(item: Item, rng: Random) -> Item:
    """Something else stands where the second half was."""
    half = _even(len(item) // 2)
    return _like(item, join(item.cut(0, half), rng.randbytes(len(item) - half)))


def last_half(item: Item, rng: Random) -> Item:
    """Something else stands where the first half was."""
    half = _even(len(item) // 2)
    return _like(item, join(rng.randbytes(half), item.cut(half, len(item))))


def _even(size: int) -> int:
    return size - size % 2


def _like(item: Item, changed: Item) -> Item:
    """The changed bytes as binary: their text ends or begins anywhere, so nothing else is written around them."""
    return replace(changed, headed=item.headed)


DAMAGES: Mapping[str, Callable[[Item, Random], Item]] = {
    "freed": freed,
    "first half": first_half,
    "last half": last_half,
}
