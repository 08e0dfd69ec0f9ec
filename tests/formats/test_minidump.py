"""The minidump reader on small dumps: partition, labels, kinds, protected numbers, notices and facts."""

from __future__ import annotations

import struct
from itertools import pairwise

import numpy as np
import pytest
from minidump_builder import (
    EXECUTE,
    IMAGE,
    MAPPED,
    PRIVATE,
    READ,
    READ_WRITE,
    X64,
    X86,
    MinidumpBuilder,
    everything,
    x64_context,
)

from dumpscrub.errors import FormatError
from dumpscrub.formats.minidump import Minidump
from dumpscrub.layout import RegionKind
from dumpscrub.model import Dump, FieldKind
from dumpscrub.source import BytesSource
from dumpscrub.span import Span


def parse(data: bytes) -> Dump:
    """What the reader makes of a file; the partition and the order of the protected spans are checked on the way."""
    dump = Minidump().parse(BytesSource(data))
    layout = dump.layout
    assert layout.size == len(data)
    if data:
        assert layout.starts[0] == 0
        assert layout.ends[-1] == len(data)
    assert np.array_equal(layout.starts[1:], layout.ends[:-1])
    assert (layout.ends > layout.starts).all()
    spans = dump.protected
    assert all(left.end < right.start for left, right in pairwise(spans))
    assert all(span and span.end <= len(data) for span in spans)
    return dump


def spans_of(dump: Dump, label: str) -> list[Span]:
    return [region.span for region in dump.layout if region.label == label]


def protected(dump: Dump, start: int, end: int) -> bool:
    return any(span.covers(Span(start, end)) for span in dump.protected)


def free(dump: Dump, start: int, end: int) -> bool:
    return not any(span.overlaps(Span(start, end)) for span in dump.protected)


@pytest.mark.parametrize(
    ("head", "found"), [(b"MDMP\x93\xa7", True), (b"PMDM", False), (b"PAGEDU64", False), (b"", False)]
)
def test_detect(head: bytes, found: bool) -> None:
    assert Minidump().detect(head) is found


def test_a_file_without_the_signature_is_refused() -> None:
    with pytest.raises(FormatError, match="signature is missing"):
        Minidump().parse(BytesSource(b"PAGEDU64" + bytes(100)))


@pytest.mark.parametrize("size", [4, 5, 31])
def test_a_header_cut_short_leaves_raw_bytes(size: int) -> None:
    dump = parse(b"MDMP".ljust(size, b"\xff"))
    assert dump.notices == ("the header is cut short: the file is searched as raw bytes",)
    assert [region.kind for region in dump.layout] == [RegionKind.GAP]
    assert dump.protected == ()


def test_a_dump_without_streams() -> None:
    dump = parse(struct.pack("<4sIIIIIQ", b"MDMP", 0xA793, 0, 32, 0, 0, 0) + b"tail")
    assert [(region.span, region.kind, region.label) for region in dump.layout] == [
        (Span(0, 32), RegionKind.METADATA, "header"),
        (Span(32, 36), RegionKind.GAP, "gap"),
    ]
    assert dump.protected == (Span(0, 32),)


def test_memory64_follows_end_to_end_and_memory_list_by_offset() -> None:
    builder = MinidumpBuilder()
    loose = builder.place(b"0123456789")
    table = builder.memory_list([(0x5000, 4, loose + 6), (0x9000, 6, loose)])
    begin = builder.memory64([(0x7000, b"a" * 16), (0x1000, b"b" * 32), (0x7010, b"c" * 8)])
    builder.place(b"tail")
    data = builder.build()
    dump = parse(data)
    memory = [(region.span.start, len(region.span), region.vaddr) for region in dump.layout if region.kind.is_memory]
    assert memory == [
        (loose, 6, 0x9000),
        (loose + 6, 4, 0x5000),
        (begin, 16, 0x7000),
        (begin + 16, 32, 0x1000),
        (begin + 48, 8, 0x7010),
    ]
    assert dump.layout.forward(begin + 12, 8) == (Span(begin + 12, begin + 16), Span(begin + 48, begin + 52))
    assert dump.layout.region_at(len(data) - 1).kind is RegionKind.GAP
    assert dict(dump.facts)["memory ranges"] == "5"
    # One span each: the whole descriptor tables.
    assert protected(dump, table, table + 4 + 32)
    assert protected(dump, begin - 64, begin)
    assert dump.notices == ()


def test_kinds_of_memory_split_a_range() -> None:
    builder = MinidumpBuilder()
    builder.modules([(0x14000, 0x1000, 0, 0, 0)])
    builder.memory_info(
        [
            (0x10000, 0x1000, PRIVATE, READ_WRITE),
            (0x11000, 0x1000, PRIVATE, READ),
            (0x12000, 0x1000, MAPPED, READ),
            (0x13000, 0x1000, IMAGE, EXECUTE),
            (0x14000, 0x1000, PRIVATE, READ_WRITE),
            (0x15000, 0x2000, PRIVATE, READ_WRITE),
        ]
    )
    builder.threads([(1, 0, 0x16800, 0x800, 0, 0, 0)])
    begin = builder.memory64([(0x10000, bytes(0x8000))])
    dump = parse(builder.build())
    found = [(region.span.start - begin, region.kind, region.label) for region in dump.layout if region.kind.is_memory]
    assert found == [
        (0x0000, RegionKind.HEAP, "heap"),
        (0x1000, RegionKind.MEMORY, "memory"),
        (0x2000, RegionKind.MAPPED, "mapped"),
        (0x3000, RegionKind.IMAGE, "image"),
        (0x4000, RegionKind.IMAGE, "image"),
        (0x5000, RegionKind.HEAP, "heap"),
        (0x6800, RegionKind.STACK, "stack"),
        (0x7000, RegionKind.MEMORY, "memory"),
    ]
    # Pieces of one range still follow each other.
    assert dump.layout.forward(begin, 0x8000) == (Span(begin, begin + 0x8000),)


def test_a_stack_that_is_listed_twice_is_one_region() -> None:
    builder = MinidumpBuilder()
    stack = builder.place(b"s" * 64)
    builder.threads([(1, 0, 0x9000, 64, stack, 0, 0)])
    builder.memory_list([(0x9000, 64, stack)])
    dump = parse(builder.build())
    assert [(r.span, r.kind, r.vaddr) for r in dump.layout if r.kind.is_memory] == [
        (Span(stack, stack + 64), RegionKind.STACK, 0x9000)
    ]


def test_a_stack_that_only_its_thread_names_is_memory() -> None:
    builder = MinidumpBuilder()
    stack = builder.place(b"s" * 64)
    builder.threads([(1, 0, 0x9000, 64, stack, 0, 0)])
    assert spans_of(parse(builder.build()), "stack") == [Span(stack, stack + 64)]


def test_ranges_beyond_the_end_are_clipped_with_one_notice() -> None:
    builder = MinidumpBuilder()
    builder.memory64([(0x1000, b"a" * 16), (0x2000, b"b" * 16), (0x3000, b"c" * 16)])
    data = builder.build()[:-24]
    dump = parse(data)
    assert [len(region.span) for region in dump.layout if region.kind.is_memory] == [16, 8]
    assert dump.notices == ("2 memory ranges lie wholly or partly beyond the end of the file: it is cut short",)


def test_unknown_streams_share_one_notice_and_keep_their_numbers() -> None:
    builder = MinidumpBuilder()
    builder.stream(0xFFF0, b"abc")
    builder.stream(0x12345678, b"def")
    dump = parse(builder.build())
    assert dump.notices == ("streams of unknown type, searched as raw bytes: 0xfff0, 0x12345678",)
    labels = {region.label: region.kind for region in dump.layout}
    assert labels["stream 0xfff0"] is labels["stream 0x12345678"] is RegionKind.METADATA
    assert dict(dump.facts)["stream 0xfff0"].startswith("3 bytes at ")


def test_streams_outside_the_file_are_named() -> None:
    builder = MinidumpBuilder()
    at = builder.stream(4, struct.pack("<I", 0))
    builder.streams[0] = (4, 400, at)
    builder.streams.append((3, 100, 0xFFFFFF00))
    dump = parse(builder.build())
    assert dump.notices == (
        "stream ModuleList is cut short by the end of the file",
        "stream ThreadList lies outside the file",
    )


def test_a_stream_that_stands_twice_is_read_twice() -> None:
    builder = MinidumpBuilder()
    builder.memory_list([(0x1000, 4, builder.place(b"abcd"))])
    builder.memory_list([(0x2000, 4, builder.place(b"efgh"))])
    dump = parse(builder.build())
    assert [region.vaddr for region in dump.layout if region.kind.is_memory] == [0x1000, 0x2000]
    assert dump.notices == ("stream MemoryList stands more than once",)


def test_empty_streams_and_unused_entries_are_left_out() -> None:
    builder = MinidumpBuilder()
    builder.streams += [(0, 0, 0), (10, 0, 500), (0, 0, 0)]
    dump = parse(builder.build())
    assert [name for name, _ in dump.facts if name.startswith("stream")] == []
    assert dump.notices == ()
    assert dump.fields == ()


def test_a_table_whose_first_record_is_aligned() -> None:
    builder = MinidumpBuilder()
    builder.threads([(1, 0, 0x9000, 16, builder.place(b"s" * 16), 0, 0)], padding=bytes(4))
    dump = parse(builder.build())
    assert [region.vaddr for region in dump.layout if region.kind is RegionKind.STACK] == [0x9000]


def test_extended_threads() -> None:
    builder = MinidumpBuilder()
    stack = builder.place(b"s" * 16)
    builder.stream(8, struct.pack("<IIIIIQQIIIIQII", 1, 7, 0, 0, 0, 0, 0x9000, 16, stack, 0, 0, 0, 0, 0))
    dump = parse(builder.build())
    assert spans_of(dump, "stack") == [Span(stack, stack + 16)]
    assert dict(dump.facts)["threads"] == "1"


def test_memory_info_with_wider_records() -> None:
    builder = MinidumpBuilder()
    builder.memory_info([(0x1000, 16, PRIVATE, READ_WRITE), (0x1010, 16, MAPPED, READ)], record=64)
    builder.memory64([(0x1000, bytes(32))])
    assert [r.kind for r in parse(builder.build()).layout if r.kind.is_memory] == [RegionKind.HEAP, RegionKind.MAPPED]


def test_a_descriptor_cannot_shield_memory() -> None:
    builder = MinidumpBuilder()
    begin = builder.memory64([(0x1000, b"password=" + b"x" * 55)])
    builder.streams += [(13, 1 << 30, 32), (0x5555, 1 << 30, 0)]
    data = builder.build()
    dump = parse(data)
    assert free(dump, begin, begin + 64)
    assert dump.layout.region_at(begin).vaddr == 0x1000
    # What nobody knows may be text, even where it claims to be the header.
    assert dump.protected == ()


def test_facts_name_the_system() -> None:
    builder = MinidumpBuilder(flags=0x1826)
    builder.system_info(X64)
    builder.threads([(1, 0, 0, 0, 0, 0x4D0, builder.place(x64_context()))])
    facts = dict(parse(builder.build()).facts)
    assert facts["created"] == "2023-11-14T22:13:20+00:00"
    assert facts["flags"] == "0x1826"
    assert facts["architecture"] == "x64"
    assert facts["operating system"] == "Windows 10.0.19045"
    assert facts["processors"] == "4"
    assert (facts["threads"], facts["modules"], facts["memory ranges"]) == ("1", "0", "0")
    assert facts["stream SystemInfo"] == "56 bytes at 0x140"


@pytest.mark.parametrize("wide", [True, False])
def test_everything_together(wide: bool) -> None:
    dump = parse(everything(wide))
    assert dump.notices == ("streams of unknown type, searched as raw bytes: 0xfff0",)
    assert dict(dump.facts)["architecture"] == ("x64" if wide else "x86")
    kinds = {field.kind for field in dump.fields}
    assert kinds == {FieldKind.REGISTERS, FieldKind.COMMAND_LINE, FieldKind.ENVIRONMENT}
    assert {region.kind for region in dump.layout} >= {RegionKind.STACK, RegionKind.HEAP, RegionKind.IMAGE}
    assert all(value.isprintable() and name.isprintable() for name, value in dump.facts)


def test_architectures_are_named() -> None:
    for architecture, name in ((X86, "x86"), (5, "ARM"), (12, "ARM64"), (77, "0x4d")):
        builder = MinidumpBuilder()
        builder.system_info(architecture)
        assert dict(parse(builder.build()).facts)["architecture"] == name
