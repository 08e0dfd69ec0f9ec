"""Needles are found wherever they stand: at chunk borders, across ranges that the file splits, and nowhere else."""

from __future__ import annotations

import random

import pytest

from dumpscrub.layout import LayoutBuilder, RegionKind
from dumpscrub.model import Dump
from dumpscrub.progress import silent
from dumpscrub.search.engines import ENGINES
from dumpscrub.search.finder import CORE, Finder, Hit, Search
from dumpscrub.search.literals import Literal
from dumpscrub.source import BytesSource


def raw(data: bytes) -> Dump:
    builder = LayoutBuilder(len(data))
    builder.add(0, len(data), RegionKind.MEMORY, "raw")
    return Dump("raw", BytesSource(data), builder.build())


def split(memory: bytes, cuts: list[int], order: list[int], between: bytes = b"#") -> tuple[Dump, dict[int, int]]:
    """``memory`` cut into ranges that the file holds in another order; and where each address went."""
    edges = [0, *cuts, len(memory)]
    data, builder_input, where = bytearray(), [], {}
    for number in order:
        start, end = edges[number], edges[number + 1]
        builder_input.append((len(data), end - start, 0x10000 + start))
        where.update({start + i: len(data) + i for i in range(end - start)})
        data += memory[start:end] + between
    builder = LayoutBuilder(len(data))
    for offset, length, address in builder_input:
        builder.add(offset, length, RegionKind.HEAP, "heap", address)
    return Dump("test", BytesSource(bytes(data)), builder.build()), where


def find(dump: Dump, needles: list[Literal], engine: str = "hyperscan", workers: int = 1, chunk: int = 64) -> list[Hit]:
    finder = Finder(needles, Search(engine, workers, chunk))
    hits = [hit for hits in finder.find(dump, "scan", silent) for hit in hits]
    assert len(hits) == len(set(hits)), "a hit was reported twice"
    return sorted(hits)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("length", [4, CORE, CORE + 1, 200])
def test_needle_at_every_offset_around_a_chunk_border(engine: str, length: int) -> None:
    needle = random.Random(length).randbytes(length)
    for offset in range(512 - length - 2, 515):
        data = b"\x01" * offset + needle + b"\x02" * 300
        assert find(raw(data), [Literal(needle)], engine, chunk=512) == [(offset, 0)]


@pytest.mark.parametrize("engine", ENGINES)
def test_needle_split_at_every_byte(engine: str) -> None:
    needle = b"Xsecret-value-of-forty-four-bytes-in-lengthY"
    memory = b"." * 50 + needle + b"." * 50
    for cut in range(45, 50 + len(needle) + 5):
        dump, where = split(memory, [cut], [1, 0])
        assert find(dump, [Literal(needle)], engine) == [(where[50], 0)]


ORDERS = [Literal("Anchor:".encode(codec), caseless=True) for codec in ("utf-16-le", "utf-16-be")]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("codec", "expected"), [("utf-16-le", 0), ("utf-16-be", 1)])
def test_text_in_utf16_of_either_byte_order_is_found_around_a_chunk_border(
    engine: str, codec: str, expected: int
) -> None:
    text = "anchor:".encode(codec)
    for offset in range(64 - len(text) - 2, 67):
        data = b"\x01" * offset + text + b"\x02" * 80
        assert find(raw(data), ORDERS, engine) == [(offset, expected)]


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_text_in_utf16_is_found_where_memory_is_split_at_any_byte(codec: str) -> None:
    text = "anchor:".encode(codec)
    memory = b"\x01" * 20 + text + b"\x02" * 20
    for cut in range(18, 22 + len(text)):
        dump, where = split(memory, [cut], [1, 0])
        assert find(dump, ORDERS) == [(where[20], codec == "utf-16-be")]


def test_zeros_around_a_core_have_to_stand_in_memory() -> None:
    core = "anchor:".encode("utf-16-le")[:-1]
    assert find(raw(core), ORDERS) == []
    assert find(raw(core + b"\0"), ORDERS) == [(0, 0)]
    assert find(raw(b"\0" + core), ORDERS) == [(0, 1)]
    assert find(raw(b"\x01" + core + b"\x01"), ORDERS) == []


def test_needle_over_many_tiny_ranges() -> None:
    needle = b"a-secret-over-many-ranges-0123456789"
    memory = b"." * 10 + needle + b"." * 10
    cuts = list(range(3, len(memory) - 1, 3))
    order = list(range(len(cuts) + 1))
    random.Random(3).shuffle(order)
    dump, where = split(memory, cuts, order)
    assert find(dump, [Literal(needle), Literal(b"over-many")], chunk=16) == sorted(
        [(where[10], 0), (where[10 + needle.index(b"over-many")], 1)]
    )


def test_neighbours_in_the_file_that_are_apart_in_memory_do_not_match() -> None:
    data = b"....sec" + b"ret...."
    builder = LayoutBuilder(len(data))
    builder.add(0, 7, RegionKind.HEAP, "heap", 0x1000)
    builder.add(7, 7, RegionKind.HEAP, "heap", 0x9000)
    assert find(Dump("test", BytesSource(data), builder.build()), [Literal(b"secret")]) == []


def test_memory_that_goes_on_inside_another_range_is_followed() -> None:
    # Two descriptors overlap in memory: the second holds addresses 0x1004..0x100c, the first ends at 0x1008.
    data = b"..abcdef" + b"cdefGHIJ"
    builder = LayoutBuilder(len(data))
    builder.add(0, 8, RegionKind.HEAP, "heap", 0x1000)
    builder.add(8, 8, RegionKind.HEAP, "heap", 0x1004)
    dump = Dump("test", BytesSource(data), builder.build())
    # The copy in the first range goes on in the second; the second's own copy begins in the first.
    assert find(dump, [Literal(b"efGH"), Literal(b"abcdefG")]) == [(2, 1), (6, 0), (10, 0)]


@pytest.mark.parametrize("workers", [1, 2, 5])
@pytest.mark.parametrize("chunk", [33, 64, 1000, 1 << 20])
@pytest.mark.parametrize("engine", ENGINES)
def test_same_hits_for_every_engine_worker_count_and_chunk_size(engine: str, workers: int, chunk: int) -> None:
    rng = random.Random(9)
    needles = [Literal(rng.randbytes(rng.randint(3, 80)), rng.random() < 0.5) for _ in range(20)]
    memory = b"".join(rng.choice(needles).data + rng.randbytes(rng.randint(0, 40)) for _ in range(200))
    cuts = sorted(rng.sample(range(1, len(memory)), 40))
    order = list(range(41))
    rng.shuffle(order)
    dump, where = split(memory, cuts, order, between=b"")
    expected = {
        (where[at], number)
        for number, needle in enumerate(needles)
        for at in range(len(memory))
        if (memory[at : at + len(needle.data)].lower() == needle.data.lower())
        and (needle.caseless or memory[at : at + len(needle.data)] == needle.data)
    }
    assert find(dump, needles, engine, workers, chunk) == sorted(expected)


def test_progress_reaches_the_size_of_the_file() -> None:
    seen: list[tuple[str, int, int]] = []
    finder = Finder([Literal(b"abc")], Search("hyperscan", 2, 100))
    for _ in finder.find(raw(bytes(250)), "scan", lambda *step: seen.append(step)):
        pass
    assert seen == [("scan", 100, 250), ("scan", 200, 250), ("scan", 250, 250)]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("before", "expected"),
    [(b"xa", []), (b"__", []), (b"19", []), (b"a-", [100]), (b"a\0", [100]), (b".a", [100]), (b"\n4", [100])],
)
def test_a_needle_with_an_edge_stands_behind_no_word(engine: str, before: bytes, expected: list[int]) -> None:
    data = b"." * 98 + before + b"key_" + b"." * 90
    for chunk in (50, 100, 512):
        assert find(raw(data), [Literal(b"key_", edge=True)], engine, chunk=chunk) == [(at, 0) for at in expected]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("room", [0, 20, 90])
def test_a_needle_that_may_begin_a_token_stands_behind_a_word(engine: str, room: int) -> None:
    for behind, expected in ((b"aZ3kQ9xLm2PqRt", [100]), (b"value_of_the_cache", [] if room else [100])):
        data = b"." * 98 + b"xa" + b"key_" + behind + b" " * room
        for chunk in (50, 100, 112, 512):
            found = find(raw(data), [Literal(b"key_", edge=True, token=True)], engine, chunk=chunk)
            assert found == [(at, 0) for at in expected]


def test_the_edge_of_one_needle_is_none_of_another_with_the_same_core() -> None:
    needles = [Literal(b"key_", edge=True), Literal(b"key_")]
    assert (100, 1) in find(raw(b"." * 99 + b"akey_" + b"." * 90), needles)


def test_a_word_of_other_memory_before_an_edge_does_not_count() -> None:
    dump, where = split(b"key_value" + b"." * 20 + b"word", [29], [1, 0], between=b"")
    assert find(dump, [Literal(b"key_", edge=True)]) == [(where[0], 0)]


@pytest.mark.parametrize(
    ("data", "core"),
    [
        (b'\0\0:"', b'\0\0:"'),
        (b"\x05\x02\0\0\0", b"\x05\x02\0\0\0"),
        (b"p\0w\0d\0", b"p\0w\0d"),
        (b"\0p\0w\0d", b"p\0w\0d"),
    ],
)
def test_a_core_of_two_bytes_keeps_its_zeros(data: bytes, core: bytes) -> None:
    # Without them it stood everywhere, and each place was compared.
    finder = Finder([Literal(data)], Search("hyperscan"))
    assert [literal.data for literal in finder._cores] == [core]
    for before in (b"", b"\0", b"#", b"#\0"):
        text = before + data + b"#"
        assert find(raw(text), [Literal(data)]) == [(text.find(data), 0)]
