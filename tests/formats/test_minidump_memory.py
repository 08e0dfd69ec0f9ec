"""Intervals, ranges and the map of addresses against the plain definition, number by number."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dumpscrub.formats.minidump_memory import AddressMap, Intervals, Ranges, distinct
from dumpscrub.formats.minidump_records import MEMORY_INFO, MODULE
from dumpscrub.layout import RegionKind

LIMIT = 60
pieces = st.lists(st.tuples(st.integers(0, LIMIT), st.integers(0, 12)), max_size=12)
TOP = 2**64


def members(intervals: list[tuple[int, int]]) -> set[int]:
    return {number for start, length in intervals for number in range(start, start + length)}


def union(intervals: list[tuple[int, int]]) -> Intervals:
    return Intervals.union([start for start, _ in intervals], [length for _, length in intervals])


def table(ranges: list[tuple[int, int, int]]) -> Ranges:
    """Ranges of address, bytes and file offset."""
    columns = list(zip(*ranges, strict=True)) or [(), (), ()]
    return Ranges(np.array(columns[0], np.uint64), np.array(columns[1], np.int64), np.array(columns[2], np.int64))


def rows(ranges: Ranges) -> list[tuple[int, int, int]]:
    return list(zip(ranges.addresses.tolist(), ranges.lengths.tolist(), ranges.offsets.tolist(), strict=True))


@given(pieces)
def test_union_holds_exactly_the_members(intervals: list[tuple[int, int]]) -> None:
    found = union(intervals)
    assert (found.starts < found.ends).all()
    assert (found.ends[:-1] < found.starts[1:]).all()
    numbers = np.arange(2 * LIMIT, dtype=np.uint64)
    assert set(numbers[found.contains(numbers)].tolist()) == members(intervals)


@given(pieces, pieces)
def test_subtraction(taken: list[tuple[int, int]], given_: list[tuple[int, int]]) -> None:
    whole = union(given_)
    starts, ends = union(taken).subtracted_from(whole.starts, whole.ends)
    assert (starts < ends).all()
    left = {n for start, end in zip(starts.tolist(), ends.tolist(), strict=True) for n in range(start, end)}
    assert left == members(given_) - members(taken)


def test_an_interval_past_the_last_address_ends_there() -> None:
    found = Intervals.union([TOP - 8, 5], [100, 1])
    assert found.starts.tolist() == [5, TOP - 8]
    assert found.ends.tolist() == [6, TOP - 1]


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 10)), max_size=8), st.sets(st.integers(0, 60), max_size=8))
def test_split_keeps_each_byte_and_crosses_no_cut(ranges: list[tuple[int, int]], cuts: set[int]) -> None:
    whole = table([(address, length, 1000 * number) for number, (address, length) in enumerate(ranges)])
    found = whole.split(np.array(sorted(cuts), np.uint64))
    if found is None:
        return
    expected = {(address + i, 1000 * n + i) for n, (address, length) in enumerate(ranges) for i in range(length)}
    assert {(a + i, o + i) for a, length, o in rows(found) for i in range(length)} == expected
    assert sum(found.lengths.tolist()) == sum(length for _, length in ranges)
    assert not [cut for a, length, _ in rows(found) for cut in cuts if a < cut < a + length]


def test_split_keeps_the_order_of_ranges() -> None:
    whole = table([(20, 4, 0), (0, 10, 100), (30, 9, 200)])
    found = whole.split(np.array([0, 2, 5, 22, 30, 39], np.uint64))
    assert found is not None
    assert rows(found) == [(20, 2, 0), (22, 2, 2), (0, 2, 100), (2, 3, 102), (5, 5, 105), (30, 9, 200)]


def test_ranges_that_overlap_beyond_reason_are_not_split() -> None:
    whole = table([(0, 1000, 0)] * 50)
    assert whole.split(np.arange(0, 1000, 10, dtype=np.uint64)) is None


def test_split_at_the_end_of_the_address_space() -> None:
    whole = table([(TOP - 16, 64, 0)])
    found = whole.split(np.array([TOP - 8], np.uint64))
    assert found is not None
    assert rows(found) == [(TOP - 16, 8, 0), (TOP - 8, 7, 8)]


@given(st.lists(st.integers(0, TOP - 1), max_size=10), st.integers(0, TOP - 1), st.integers(0, 1000))
def test_end_to_end_never_wraps(sizes: list[int], base: int, file_size: int) -> None:
    ranges, _ = Ranges.end_to_end([0x1000] * len(sizes), sizes, base, file_size).clipped(file_size)
    expected, offset = [], base
    for size in sizes:
        if min(size, file_size - offset) > 0:
            expected.append((0x1000, min(size, file_size - offset), offset))
        offset += size
    assert rows(ranges) == expected


def test_clipping_counts_what_is_not_whole() -> None:
    ranges, short = table([(0, 10, 0), (0, 10, 95), (0, 10, 100), (0, 0, 5), (0, 10, 2**40)]).clipped(100)
    assert rows(ranges) == [(0, 10, 0), (0, 5, 95)]
    assert short == 3


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 20)), max_size=8), st.integers(1, 4))
def test_lookup_by_address(ranges: list[tuple[int, int]], length: int) -> None:
    whole = table([(address, size, 100 * number + 1) for number, (address, size) in enumerate(ranges)])
    found = whole.offsets_of(np.arange(80, dtype=np.uint64), length).tolist()
    for address, offset in enumerate(found):
        places = [100 * n + 1 + address - a for n, (a, size) in enumerate(ranges) if a <= address <= a + size - length]
        assert offset in places if places else offset == -1


def test_lookup_of_addresses_far_away() -> None:
    whole = table([(TOP - 16, 16, 1)])
    assert whole.offsets_of(np.array([TOP - 8, TOP - 1, 0], np.uint64), 8).tolist() == [9, -1, -1]


def test_the_kind_of_an_address() -> None:
    info = np.zeros(3, MEMORY_INFO)
    info["base"], info["size"] = [0, 10, 20], 10
    info["type"], info["protect"] = [0x20000, 0x40000, 0x20000], [0x40, 2, 0x20]
    modules = np.zeros(1, MODULE)
    modules["base"], modules["size"] = 25, 5
    known = AddressMap.of(info, modules, Intervals.union([0], [5]))
    kinds = known.kinds_at(np.array([0, 5, 10, 20, 25, 30], np.uint64)).tolist()
    assert [RegionKind(kind).name for kind in kinds] == ["STACK", "HEAP", "MAPPED", "MEMORY", "IMAGE", "MEMORY"]
    assert known.cuts().tolist() == [0, 5, 10, 20, 25, 30]


def test_distinct_values() -> None:
    assert distinct(np.array([5, 1, 5, 5, 0], np.uint32)).tolist() == [0, 1, 5]
    assert distinct(np.empty(0, np.uint64)).tolist() == []
