"""Words that hold one of some addresses, compared with looking at each word."""

from __future__ import annotations

import struct
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dumpscrub import workers
from dumpscrub.layout import LayoutBuilder, RegionKind
from dumpscrub.model import Dump
from dumpscrub.search import pointers
from dumpscrub.search.pointers import Wanted, find
from dumpscrub.source import BytesSource

ADDRESS = 0x7F12_0000_1000


def dump_of(data: bytes, *pieces: tuple[int, int, RegionKind, int | None]) -> Dump:
    builder = LayoutBuilder(len(data))
    for start, length, kind, address in pieces:
        builder.add(start, length, kind, "piece", address)
    return Dump("raw", BytesSource(data), builder.build())


def heap_of(data: bytes) -> Dump:
    return dump_of(data, (0, len(data), RegionKind.HEAP, ADDRESS))


def found(dump: Dump, addresses: set[int], size: int = 8) -> list[tuple[int, int]]:
    return sorted(find(dump, Wanted.of(addresses, size)))


@given(
    st.lists(st.sampled_from([0, 1, 5, 6, ADDRESS, ADDRESS + 8, 1 << 40, (1 << 64) - 1]), max_size=60),
    st.sets(st.sampled_from([1, 5, ADDRESS, ADDRESS + 4, 1 << 40, (1 << 64) - 1, 77]), min_size=1),
)
def test_all_words_that_are_wanted_and_no_others(words: list[int], addresses: set[int]) -> None:
    data = struct.pack(f"<{len(words)}Q", *words) + b"tail"
    expected = [(8 * at, word) for at, word in enumerate(words) if word in addresses]
    assert found(heap_of(data), addresses) == expected


@given(st.lists(st.integers(0, (1 << 32) - 1), min_size=1, max_size=40), st.data())
def test_words_of_four_bytes(words: list[int], data: st.DataObject) -> None:
    addresses = data.draw(st.sets(st.sampled_from(words), min_size=1))
    expected = [(4 * at, word) for at, word in enumerate(words) if word in addresses]
    assert found(heap_of(struct.pack(f"<{len(words)}I", *words)), addresses, 4) == expected


def test_many_addresses_in_many_areas() -> None:
    addresses = [area * (1 << 44) + 16 * at for area in range(1, 9) for at in range(100)]
    data = struct.pack(f"<{len(addresses)}Q", *addresses)
    assert [address for _, address in found(heap_of(data), set(addresses[::3]))] == addresses[::3]


def test_pages_of_zeros_and_blocks_are_no_matter() -> None:
    data = bytearray(9 << 20)
    places = [0, 4096, (4 << 20) - 8, 4 << 20, 5 << 20, len(data) - 8]
    for place in places:
        data[place : place + 8] = ADDRESS.to_bytes(8, "little")
    assert [offset for offset, _ in found(heap_of(bytes(data)), {ADDRESS})] == places


@pytest.mark.parametrize("shift", range(8))
def test_words_begin_where_those_of_memory_do(shift: int) -> None:
    word = ADDRESS.to_bytes(8, "little")
    data = b"\1" * 11 + word + b"\1" * 13
    dump = dump_of(data, (3, len(data) - 3, RegionKind.STACK, ADDRESS + shift))
    assert found(dump, {ADDRESS}) == ([(11, ADDRESS)] if shift == 0 else [])


def test_neighbouring_regions_of_other_phase() -> None:
    word = ADDRESS.to_bytes(8, "little")
    data = word + b"\1" * 4 + word + word + b"\1" * 4
    pieces = [(0, 12, RegionKind.HEAP, ADDRESS), (12, 8, RegionKind.HEAP, 8 * ADDRESS)]
    dump = dump_of(data, *pieces, (20, 12, RegionKind.HEAP, 16 * ADDRESS))
    assert found(dump, {ADDRESS}) == [(0, ADDRESS), (12, ADDRESS), (20, ADDRESS)]


def test_only_writable_memory_counts() -> None:
    word = ADDRESS.to_bytes(8, "little")
    pieces = [(0, 8, RegionKind.IMAGE, ADDRESS), (8, 8, RegionKind.METADATA, None), (16, 8, RegionKind.MEMORY, 8)]
    assert found(dump_of(4 * word, *pieces), {ADDRESS}) == [(16, ADDRESS)]
    assert found(dump_of(word), {ADDRESS}) == []


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("size", [4, 8])
@given(data=st.data())
def test_neither_parts_of_the_file_nor_workers_change_anything(count: int, size: int, data: st.DataObject) -> None:
    octets = data.draw(st.binary(min_size=1, max_size=300)) + bytes(20)
    start = data.draw(st.integers(0, len(octets) - 1))
    piece = (
        start,
        data.draw(st.integers(1, len(octets) - start)),
        RegionKind.HEAP,
        ADDRESS + data.draw(st.integers(0, 8)),
    )
    dump = dump_of(octets, piece)
    first, end = start + -piece[3] % size, start + piece[1]
    words = {at: int.from_bytes(octets[at : at + size], "little") for at in range(first, end - size + 1, size)}
    addresses = data.draw(st.sets(st.sampled_from(sorted({*words.values(), 7})), min_size=1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pointers, "_AT_ONCE", data.draw(st.sampled_from([1, 7, 16, 64, 1 << 20])))
        found = list(find(dump, Wanted.of(addresses, size), count))
    assert found == [(at, word) for at, word in words.items() if word in addresses]


def test_processes_find_the_same_words(monkeypatch: pytest.MonkeyPatch) -> None:
    octets = b"".join(struct.pack("<Q", ADDRESS + at % 4096) for at in range(1 << 21))
    wanted = Wanted.of({ADDRESS + 8, ADDRESS + 4095}, 8)
    expected = list(find(heap_of(octets), wanted))
    monkeypatch.setattr(workers, "_can_split", lambda: sys.platform == "linux")
    assert list(find(heap_of(octets), wanted, 2)) == expected
    assert len(expected) == 1 << 10
