"""Lengths before random bytes: at which places they are seen, whatever the chunks and the alignment of the file."""

from __future__ import annotations

import struct
from random import Random

import pytest

from dumpscrub.layout import Layout, LayoutBuilder, RegionKind
from dumpscrub.search.lengths import LengthList, at_seams, look
from dumpscrub.source import BytesSource

KEY = Random("key").randbytes(32)
HEADER = struct.pack("<Q", 32)
ADDRESS = 0x1F2_0000_0000


def layout_of(size: int, start: int = 0, kind: RegionKind = RegionKind.HEAP, address: int = ADDRESS) -> Layout:
    """One region from ``start`` on."""
    builder = LayoutBuilder(size)
    builder.add(start, size - start, kind, "memory", address)
    return builder.build()


def lengths(data: bytes, layout: Layout, chunk: int = 1 << 20, margin: int = 64) -> list[int]:
    """The places, looked for chunk by chunk."""
    found = LengthList()
    for start in range(0, len(data), chunk):
        at = max(0, start - margin)
        found.add(look(memoryview(data)[at : start + chunk + margin], at, start, start + chunk, layout).tolist())
    return list(found)


@pytest.mark.parametrize("start", range(9))
def test_words_begin_where_those_of_memory_do(start: int) -> None:
    data = bytes(start + 40) + HEADER + KEY + bytes(64)
    assert lengths(data, layout_of(len(data), start)) == [start + 40]
    for ahead in range(1, 8):
        assert lengths(data, layout_of(len(data), start, address=ADDRESS + ahead)) == []


@pytest.mark.parametrize("chunk", [8, 24, 40, 56, 100, 4096])
def test_chunks_make_no_difference(chunk: int) -> None:
    rng = Random(chunk)
    freed = struct.pack("<QQQ", 0x31, ADDRESS, ADDRESS)
    heads = (bytes(8 * rng.randrange(9)) + rng.choice((HEADER, freed)) for _ in range(40))
    data = b"".join(head + rng.randbytes(32) for head in heads) + bytes(64)
    assert lengths(data, layout_of(len(data)), chunk) == lengths(data, layout_of(len(data)))
    assert len(lengths(data, layout_of(len(data)))) >= 40


def test_images_and_what_is_no_memory_are_left_out() -> None:
    data = bytes(16) + HEADER + KEY + bytes(16)
    assert lengths(data, layout_of(len(data), kind=RegionKind.IMAGE)) == []
    assert lengths(data, LayoutBuilder(len(data)).build()) == []


@pytest.mark.parametrize(
    ("word", "seen"),
    [
        *((word, True) for word in (32, 66, 0x31, 0x35, 9 << 3, 32 << 32 | 0xC30, 8 << 32 | 1)),
        *((word, False) for word in (0, 31, 4096, 0x33, 31 << 32 | 0xC30, 300 << 32)),
    ],
)
def test_which_words_are_lengths(word: int, seen: bool) -> None:
    data = bytes(16) + struct.pack("<Q", word) + KEY + bytes(16)
    assert lengths(data, layout_of(len(data))) == [16] * seen


@pytest.mark.parametrize(
    "behind", [b"correct horse battery staple", bytes(32), b"*" * 32, struct.pack("<4Q", *range(4))]
)
def test_what_stands_behind_is_random(behind: bytes) -> None:
    data = bytes(16) + HEADER + behind + bytes(16)
    assert lengths(data, layout_of(len(data))) == []


@pytest.mark.parametrize(("word", "seen"), [(0x31, True), (0x65, True), (0x30, False), (32, False), (0x71, False)])
def test_what_stands_behind_the_links_of_a_freed_block_is_random(word: int, seen: bool) -> None:
    data = bytes(16) + struct.pack("<QQQ", word, ADDRESS, ADDRESS) + KEY + bytes(16)
    assert lengths(data, layout_of(len(data))) == [16] * seen
    for low in (24, 40):
        text = data[:low] + b"text, and text. " + data[low + 16 :]
        assert lengths(text, layout_of(len(data))) == []


def test_short_views() -> None:
    data = HEADER + KEY
    for size in range(len(data)):
        found = look(memoryview(data)[:size], 0, 0, len(data), layout_of(len(data)))
        assert found.tolist() == ([0] if size >= 24 else [])


@pytest.mark.parametrize("cut", [8, 16])
def test_memory_that_goes_on_elsewhere(cut: int) -> None:
    head, tail = bytes(40) + HEADER + KEY[: cut - 8], KEY[cut - 8 :] + bytes(40)
    data = tail + bytes(100) + head
    builder = LayoutBuilder(len(data))
    builder.add(len(data) - len(head), len(head), RegionKind.HEAP, "memory", ADDRESS + 4096 - len(head))
    builder.add(0, len(tail), RegionKind.HEAP, "memory", ADDRESS + 4096)
    layout = builder.build()
    assert lengths(data, layout) == []
    assert list(at_seams(BytesSource(data), layout)) == [len(data) - len(head) + 40]
