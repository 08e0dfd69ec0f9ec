"""Damaged and hostile minidumps: a partition or a FormatError, in little time, and nothing else."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from minidump_builder import MinidumpBuilder, everything
from test_minidump import free, parse

from dumpscrub import links
from dumpscrub.formats.minidump_strings import MAX_POINTERS
from dumpscrub.layout import RegionKind
from dumpscrub.model import Dump
from dumpscrub.span import Span

WIDE, NARROW = everything(wide=True), everything(wide=False)
HEADER = "<4sIIIIIQ"
FULL = 0xFFFFFFFF


def parse_hostile(data: bytes) -> Dump:
    """The dump. A reader that believed the counts would not come to an end, or run out of memory."""
    return parse(data)


def header(streams: int, directory: int = 32) -> bytes:
    return struct.pack(HEADER, b"MDMP", 0xA793, streams, directory, 0, 0, 0)


def test_four_billion_streams_in_32_bytes() -> None:
    dump = parse_hostile(header(FULL))
    assert dump.notices == (f"the directory is damaged: the file holds 0 of its {FULL} entries",)


@pytest.mark.parametrize("directory", [0, 1, 31, 33, 100, 0x7FFFFFFF, FULL])
def test_a_directory_anywhere(directory: int) -> None:
    parse_hostile(header(5, directory) + bytes(64))


def test_a_directory_outside_the_file() -> None:
    dump = parse_hostile(header(5, 0x10000000) + b"password=x")
    assert dump.notices == ("the directory is damaged: the file holds 0 of its 5 entries",)
    assert dump.layout.region_at(40).label == "gap"


def test_a_directory_of_very_many_streams() -> None:
    entries = struct.pack("<III", 5, 16, 32) * 200_000
    dump = parse_hostile(header(200_000) + entries)
    assert dump.notices[0] == "the directory has 200000 entries: only the first 1024 are followed"


@pytest.mark.parametrize("kind", [3, 4, 5, 8, 9, 12, 14, 16, 24, 0x43500001])
@pytest.mark.parametrize("filling", [b"\xff", b"\x01", b"\x00\x00\x00\x80"])
def test_huge_counts_in_every_table(kind: int, filling: bytes) -> None:
    builder = MinidumpBuilder()
    builder.stream(kind, filling * (512 // len(filling)))
    parse_hostile(builder.build())


@pytest.mark.parametrize("kind", [3, 4, 5, 6, 7, 8, 9, 12, 14, 16, 24, 0x43500001])
def test_streams_too_short_for_their_header(kind: int) -> None:
    builder = MinidumpBuilder()
    builder.stream(kind, b"\x01")
    dump = parse_hostile(builder.build())
    assert [notice for notice in dump.notices if notice.endswith("is damaged: it is searched as raw bytes")]


def test_five_million_claimed_memory_infos() -> None:
    builder = MinidumpBuilder()
    builder.stream(16, struct.pack("<IIQ", 16, 48, 5_000_000) + bytes(96))
    dump = parse_hostile(builder.build())
    assert dump.notices == ("stream MemoryInfoList holds only 2 of its 5000000 records",)


@pytest.mark.parametrize(("head", "record"), [(0, 48), (16, 0), (16, 47), (16, FULL), (FULL, 48), (8, 48)])
def test_impossible_sizes_of_records(head: int, record: int) -> None:
    builder = MinidumpBuilder()
    builder.stream(16, struct.pack("<IIQ", head, record, 1) + bytes(96))
    assert parse_hostile(builder.build()).notices == ("stream MemoryInfoList is damaged: it is searched as raw bytes",)


@pytest.mark.parametrize("base", [0, 31, 2**63, 2**64 - 1])
def test_memory_that_begins_nowhere(base: int) -> None:
    builder = MinidumpBuilder()
    builder.stream(9, struct.pack("<QQQQ", 1, base, 0x1000, 64) + bytes(64))
    dump = parse_hostile(builder.build())
    assert not [region for region in dump.layout if region.kind.is_memory]
    assert len(dump.notices) == 1


def test_ranges_that_overlap_themselves() -> None:
    builder = MinidumpBuilder()
    body = builder.place(b"x" * 400)
    builder.memory_list([(0x1000 + 8 * n, 64, body + 4 * n) for n in range(80)] * 2)
    builder.memory_list([(0, FULL, 1), (2**64 - 1, FULL, 40), (2**64 - 64, 200, body), (5, 5, FULL)])
    dump = parse_hostile(builder.build())
    assert dump.layout.forward(body, 10_000)
    assert dump.layout.backward(body + 100, 10_000)


def test_a_million_memory_ranges() -> None:
    count = 1_000_000
    ranges = np.zeros(count, [("address", "<u8"), ("size", "<u8")])
    ranges["address"] = np.arange(count, dtype=np.uint64) * np.uint64(0x1000)
    ranges["size"] = 16
    builder = MinidumpBuilder()
    base = len(builder.data) + 16 + 16 * count
    builder.stream(9, struct.pack("<QQ", count, base) + ranges.tobytes())
    builder.place(bytes(16 * count))
    dump = parse_hostile(builder.build())
    assert np.count_nonzero(dump.layout.kinds == RegionKind.MEMORY) == count
    assert len(dump.protected) == 2


def test_many_handles_with_names_nowhere() -> None:
    count = MAX_POINTERS + 10
    rvas = np.zeros(count, [("handle", "<u8"), ("type", "<u4"), ("name", "<u4"), ("rest", "V16")])
    rvas["type"] = np.arange(count) + 0x80000000
    builder = MinidumpBuilder()
    builder.stream(12, struct.pack("<IIII", 16, 32, count, 0) + rvas.tobytes())
    dump = parse_hostile(builder.build())
    assert dump.notices == (
        f"there are {count} handle names: only the first {MAX_POINTERS} are followed",
        f"{MAX_POINTERS} handle names lie outside the file or are damaged",
    )


def test_very_many_threads() -> None:
    count = 200_000
    builder = MinidumpBuilder()
    builder.system_info(9)
    noise = np.random.default_rng(7).integers(0, 2**32, 12 * count, np.uint32)
    builder.stream(3, struct.pack("<I", count) + noise.tobytes())
    assert f"there are {count} threads" in parse_hostile(builder.build()).notices[0]


def test_a_string_of_impossible_length_is_not_claimed() -> None:
    builder = MinidumpBuilder()
    at = builder.place(struct.pack("<I", FULL) + b"name")
    builder.modules([(0x1000, 16, at, FULL, at), (0x2000, 16, FULL, 8, FULL)])
    dump = parse_hostile(builder.build())
    assert free(dump, at, at + 8)
    assert dump.layout.region_at(at).label == "gap"
    assert dump.notices == (
        "2 codeview lie outside the file or are damaged",
        "2 module names lie outside the file or are damaged",
    )


def test_crashpad_lists_that_point_to_each_other() -> None:
    builder = MinidumpBuilder()
    links = len(builder.data)
    builder.place(struct.pack("<I", 400) + struct.pack("<III", 0, 28, links) * 400)
    builder.stream(0x43500001, struct.pack("<I32xIIII", 1, 4804, links, 4804, links))
    parse_hostile(builder.build())


@pytest.mark.parametrize("data", [WIDE, NARROW], ids=["wide", "narrow"])
def test_the_same_dump_whatever_the_size_of_blocks(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = parse(data)
    monkeypatch.setattr(links, "BLOCK", 3)
    parts = parse(data)
    assert parts.layout.same_regions(whole.layout)
    assert (parts.protected, parts.fields, parts.facts) == (whole.protected, whole.fields, whole.facts)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([WIDE, NARROW]), st.data())
def test_truncated_anywhere(whole: bytes, data: st.DataObject) -> None:
    parse(whole[: data.draw(st.integers(4, len(whole)))])


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([WIDE, NARROW]),
    st.lists(st.tuples(st.integers(4, 2**16), st.sampled_from([0, 1, 0x7F, 0x80, 0xFF])), min_size=1, max_size=12),
)
def test_bytes_changed_anywhere(whole: bytes, changes: list[tuple[int, int]]) -> None:
    damaged = bytearray(whole)
    for at, value in changes:
        damaged[4 + at % (len(whole) - 4)] = value
    dump = parse(bytes(damaged))
    for field in dump.fields:
        assert all(span.end <= len(whole) for span in field.spans)


@settings(max_examples=200, deadline=None)
@given(st.integers(8, 2**16), st.sampled_from([4, 8]), st.sampled_from([0, 1, 2**31, 2**32 - 1, 2**63, 2**64 - 1]))
def test_extreme_numbers_anywhere(at: int, size: int, value: int) -> None:
    damaged = bytearray(WIDE)
    at = 8 + at % (len(WIDE) - 16)
    damaged[at : at + size] = (value % 2 ** (8 * size)).to_bytes(size, "little")
    parse(bytes(damaged))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_noise_behind_the_signature(noise: bytes) -> None:
    dump = parse(b"MDMP" + noise)
    assert all(span.end <= len(noise) + 4 for span in dump.protected)


def test_notices_hold_no_bytes_of_the_dump() -> None:
    builder = MinidumpBuilder()
    at = builder.string("C:\\hunter2\\server.exe")
    builder.modules([(0x1000, 16, at + 6, 0, 0)])
    builder.stream(10, b"--password hunter2")
    dump = parse(builder.build())
    text = " ".join([*dump.notices, *(word for fact in dump.facts for word in fact), *dump.layout.labels])
    assert "hunter2" not in text
    assert all("\n" not in notice for notice in dump.notices)
    assert Span(0, 32) in [region.span for region in dump.layout]
