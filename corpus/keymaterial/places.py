"""Where in a process a key stands: what is around it, at which alignment, and in which range of memory."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from corpus.keymaterial.item import Item
from corpus.synth.pieces import Block, Piece
from corpus.synth.scene import PAGE, Range

PLACES = (
    *("managed heap", "native heap", "stack", "registers", "vector registers", "file-backed", "seam", "odd offset"),
)
VECTORS = "vector registers"
VECTOR_BYTES = 256
"""Bytes of a thread's sixteen vector registers: what is longer stands beside the registers instead."""
_BASES = {
    "managed heap": (0x1F2_0000_0000, "private"),
    "native heap": (0x1F3_0000_0000, "private"),
    "stack": (0x7C_0010_0000, "stack"),
    "registers": (0x7C_0810_0000, "stack"),
    "file-backed": (0x7FF6_1234_0000, "image"),
    "odd offset": (0x1F4_0000_0000, "private"),
}
_SEAMS = 0x1F5_0000_0000
_STRING_TABLE = 0x7FFA_1C2A_1038
_ARRAY_TABLE = 0x7FFA_1C2A_4400
_RETURN = 0x7FF6_1234_1010
_CONTEXT_SIZE, _CONTEXT_FLAGS, _CONTEXT_FULL = 1232, 0x30, 0x10_001F
_RSP, _RIP = 0x98, 0xF8


@dataclass(slots=True)
class Memory:
    """The memory of one process under construction: a block a place, and pairs of ranges that meet at seams."""

    rng: Random
    blocks: dict[str, Block] = field(default_factory=dict)
    first: list[Range] = field(default_factory=list)
    second: list[Range] = field(default_factory=list)
    vectors: list[Piece] = field(default_factory=list)

    def put(self, place: str, item: Item, piece: Piece) -> None:
        """Add a key to a place; ``piece`` holds the item's bytes with its marks."""
        if place == "seam":
            self._seam(piece)
            return
        if place == VECTORS:
            self.vectors.append(piece)
            return
        block = self.blocks.setdefault(place, Block(_beginning(place)))
        block.add(self._filler())
        _WRITERS[place](self, block, item, piece)

    def ranges(self) -> list[Range]:
        """All ranges, in the order in which a file holds them: the halves of a seam are far apart."""
        ranges = [*self.first]
        for place, block in self.blocks.items():
            block.pad(PAGE)
            address, kind = _BASES[place]
            ranges.append(Range(address, block, kind))
        return [*ranges, *reversed(self.second)]

    def pointers(self, count: int) -> bytes:
        """Words that point into the heap."""
        return struct.pack(f"<{count}Q", *(0x1F3_0000_0000 + 16 * self.rng.randrange(1 << 20) for _ in range(count)))

    def _filler(self) -> bytes:
        """A little of what else stands in memory."""
        rng = self.rng
        kinds = (
            bytes(rng.randrange(16, 128)),
            self.pointers(6),
            rng.randbytes(48),
            f"INFO step {rng.randrange(1000)} completed".encode("utf-16-le") + b"\0\0",
        )
        return rng.choice(kinds) + bytes(8)

    def _seam(self, piece: Piece) -> None:
        """The piece in two ranges that meet in memory only."""
        head, tail = piece.split(len(piece) // 2)
        address = _SEAMS + 0x10_0000 * len(self.first)
        before, behind = Block(self.pointers(2)), Block(tail)
        before.add(bytes(-(len(before) + len(head)) % PAGE))
        before.add(head)
        behind.add(bytes(8))
        behind.pad(PAGE)
        self.first.append(Range(address, before))
        self.second.append(Range(address + len(before), behind))


def fitting(place: str, items: Sequence[Item]) -> str:
    """The place, or the one beside it where the items do not fit there."""
    fit = all(len(item) <= VECTOR_BYTES and not item.headed and not item.text for item in items)
    return place if place != VECTORS or fit else "registers"


def _beginning(place: str) -> bytes:
    return b"MZ" + bytes(62) if place == "file-backed" else bytes(0x400) if place == "stack" else bytes(16)


def _managed(memory: Memory, block: Block, item: Item, piece: Piece) -> None:
    """An object: the word of its lock, its type, its length, its elements; strings have a shorter length."""
    block.pad(8)
    block.add(bytes(8))
    if not item.headed:
        if item.text == 2:
            block.add(struct.pack("<QI", _STRING_TABLE, len(piece) // 2))
        else:
            block.add(struct.pack("<QQ", _ARRAY_TABLE, len(piece)))
    block.add(piece)
    block.add(b"\0\0")
    block.pad(8)
    block.add(bytes(8) + struct.pack("<Q", _STRING_TABLE))


def _native(memory: Memory, block: Block, item: Item, piece: Piece) -> None:
    """A block of an allocator: sizes before it, at a multiple of 16."""
    block.pad(16)
    size = len(piece) + 16 + -len(piece) % 16
    block.add(struct.pack("<QQ", 0, size | 1))
    block.add(piece)
    block.pad(16)
    block.add(struct.pack("<QQ", size, 0x41) + memory.pointers(2))


def _stack(memory: Memory, block: Block, item: Item, piece: Piece) -> None:
    """A local variable between return addresses and frame pointers."""
    block.pad(8)
    block.add(_frame(memory))
    block.add(piece)
    block.pad(8)
    block.add(_frame(memory))


def _registers(memory: Memory, block: Block, item: Item, piece: Piece) -> None:
    """Beside a thread's saved context, in the same page where it fits."""
    block.pad(16)
    room = -len(block) % PAGE
    if room < _CONTEXT_SIZE + min(len(piece), PAGE - _CONTEXT_SIZE - 64) + 64:
        block.pad(PAGE)
    context = bytearray(_CONTEXT_SIZE)
    struct.pack_into("<I", context, _CONTEXT_FLAGS, _CONTEXT_FULL)
    struct.pack_into("<Q", context, _RSP, _BASES["registers"][0] + len(block))
    struct.pack_into("<Q", context, _RIP, _RETURN)
    block.add(bytes(context))
    block.add(piece)
    block.pad(8)
    block.add(_frame(memory))


def _file_backed(memory: Memory, block: Block, item: Item, piece: Piece) -> None:
    """At any offset of a file's data, with zeros around it."""
    block.add(bytes(8 + memory.rng.randrange(16)))
    block.add(piece)
    block.add(bytes(8))


def _odd(memory: Memory, block: Block, item: Item, piece: Piece) -> None:
    """In a packed structure, at an odd offset."""
    block.add(bytes(7))
    block.add(bytes(1 - len(block) % 2))
    block.add(piece)
    block.add(bytes(5))


def _frame(memory: Memory) -> bytes:
    return memory.pointers(1) + struct.pack("<Q", _RETURN + 16 * memory.rng.randrange(1 << 12)) + memory.pointers(2)


_WRITERS: Mapping[str, Callable[[Memory, Block, Item, Piece], None]] = {
    "managed heap": _managed,
    "native heap": _native,
    "stack": _stack,
    "registers": _registers,
    "file-backed": _file_backed,
    "odd offset": _odd,
}
