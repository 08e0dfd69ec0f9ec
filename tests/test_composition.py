"""What the bytes of each kind of region look like."""

from __future__ import annotations

import random

from dumpscrub.composition import composition
from dumpscrub.layout import LayoutBuilder, RegionKind
from dumpscrub.model import Dump
from dumpscrub.source import BytesSource


def test_each_kind_of_region_is_counted_apart() -> None:
    text = b"connection string "
    noise = bytes(random.Random(1).choices(range(0x80, 0x100), k=512))
    data = b"\0" * 1024 + text + noise[: 512 - len(text)] + text.decode().encode("utf-16-le") + noise[:476]
    builder = LayoutBuilder(len(data))
    builder.add(0, 1536, RegionKind.HEAP, "heap", 0x1000)
    builder.add(1536, len(data) - 1536, RegionKind.STACK, "stack", 0x9000)
    stack, heap = composition(Dump("raw", BytesSource(data), builder.build()))
    assert (heap.kind, heap.regions, heap.total) == (RegionKind.HEAP, 1, 1536)
    assert (heap.zero, heap.ascii, heap.utf16) == (1024, len(text), 0)
    assert (stack.kind, stack.zero, stack.ascii, stack.utf16) == (RegionKind.STACK, 0, 0, 2 * len(text))


def test_utf16_text_counts_at_odd_offsets_too() -> None:
    data = b"\xff" + "password".encode("utf-16-le") + b"\xff"
    (row,) = composition(Dump("raw", BytesSource(data), LayoutBuilder(len(data)).build()))
    assert (row.kind, row.utf16, row.ascii) == (RegionKind.GAP, 16, 0)


def test_every_byte_is_counted_once_across_blocks_and_progress_ends_at_the_size() -> None:
    size = (1 << 20) + 77
    seen: list[tuple[str, int, int]] = []
    rows = composition(
        Dump("raw", BytesSource(bytes(size)), LayoutBuilder(size).build()), lambda *step: seen.append(step)
    )
    assert [row.total for row in rows] == [row.zero for row in rows] == [size]
    assert seen[-1] == ("reading", size, size)
