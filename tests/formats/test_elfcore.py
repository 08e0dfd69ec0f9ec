"""Headers, segments and kinds of regions of ELF cores."""

from __future__ import annotations

import io

import numpy as np
import pytest
from elf_builder import AARCH64, ARM, I386, NOTE, READ, READ_EXECUTE, X86_64, Core, CoreBuilder
from elftools.elf.elffile import ELFFile
from elftools.elf.segments import NoteSegment

from dumpscrub.formats.elfcore import ElfCore
from dumpscrub.layout import RegionKind
from dumpscrub.model import Dump
from dumpscrub.source import BytesSource
from dumpscrub.span import Span

FLAVOURS = [(True, False, X86_64), (True, True, 21), (False, False, I386), (False, True, 8), (True, False, AARCH64)]
flavours = pytest.mark.parametrize(("wide", "big", "machine"), FLAVOURS)


def parse(data: bytes | Core) -> Dump:
    """The dump; its regions are checked to partition the file."""
    data = data.data if isinstance(data, Core) else data
    dump = ElfCore().parse(BytesSource(data))
    assert_partition(dump, len(data))
    return dump


def assert_partition(dump: Dump, size: int) -> None:
    """Regions partition the file; what is protected is sorted, disjoint and inside it; fields lie inside it."""
    layout = dump.layout
    assert layout.size == size
    assert [0, *layout.ends.tolist()] == [*layout.starts.tolist(), size]
    assert np.all(layout.starts < layout.ends)
    bounds = [bound for span in dump.protected for bound in (span.start, span.end)]
    assert bounds == sorted(bounds)
    assert all(span.end <= size for span in dump.protected)
    assert all(span.end <= size for field in dump.fields for span in field.spans)


def kinds(dump: Dump) -> list[tuple[RegionKind, int | None, str]]:
    """The regions of memory."""
    return [(region.kind, region.vaddr, region.label) for region in dump.layout if region.kind.is_memory]


@flavours
def test_segments_of_every_class_and_byte_order(wide: bool, big: bool, machine: int) -> None:
    core = CoreBuilder(wide, big, machine).prstatus([0] * 4).load(0x1000, b"a" * 32).load(0x8000, b"b" * 16).build()
    assert ElfCore().detect(core.data[:64])
    dump = parse(core)
    regions = {region.vaddr: region.span for region in dump.layout if region.vaddr is not None}
    assert regions == {
        0x1000: Span(core.loads[0], core.loads[0] + 32),
        0x8000: Span(core.loads[1], core.loads[1] + 16),
    }
    facts = dict(dump.facts)
    assert facts["class"] == ("64 bit" if wide else "32 bit")
    assert facts["byte order"] == ("big-endian" if big else "little-endian")
    assert (facts["threads"], facts["segments"], facts["notes"]) == ("1", "2", "PRSTATUS 1")
    assert dump.notices == ()


@flavours
def test_the_builder_agrees_with_pyelftools(wide: bool, big: bool, machine: int) -> None:
    builder = CoreBuilder(wide, big, machine).prpsinfo(b"program --flag").load(0x1000, b"a" * 32, memory=4096)
    core = builder.build()
    elf = ELFFile(io.BytesIO(core.data))
    load = next(segment for segment in elf.iter_segments() if segment["p_type"] == "PT_LOAD")
    note = next(segment for segment in elf.iter_segments() if isinstance(segment, NoteSegment))
    assert (load["p_offset"], load["p_vaddr"], load["p_filesz"], load["p_memsz"]) == (core.loads[0], 0x1000, 32, 4096)
    assert next(note.iter_notes())["n_type"] == "NT_PRPSINFO"


def test_headers_and_notes_are_metadata() -> None:
    core = CoreBuilder().note(b"CORE", 2, b"f" * 6).note(b"VENDOR", 77, b"v" * 8).load(0x1000, b"a" * 32).build()
    named = [(region.label, region.span, region.kind) for region in parse(core).layout][:-1]
    assert named == [
        ("elf header", Span(0, 64), RegionKind.METADATA),
        ("program headers", Span(64, 176), RegionKind.METADATA),
        ("note FPREGSET", Span(176, 204), RegionKind.METADATA),
        ("note of another kind", Span(204, 232), RegionKind.METADATA),
    ]


def test_a_segment_smaller_in_the_file_than_in_memory() -> None:
    core = CoreBuilder().load(0x1000, b"a" * 100, memory=4096).load(0x2000, b"b" * 50).build()
    dump = parse(core)
    assert dump.notices == ()
    assert dump.layout.forward(core.loads[0] + 90, 50) == (Span(core.loads[0] + 90, core.loads[0] + 100),)


def test_segments_that_follow_each_other_in_memory_are_linked() -> None:
    core = CoreBuilder().load(0x2000, b"b" * 4096).load(0x1000, b"a" * 4096).build()
    second, first = core.loads
    assert parse(core).layout.forward(first + 4090, 12) == (
        Span(first + 4090, first + 4096),
        Span(second, second + 6),
    )


def test_segments_that_overlap_in_the_file() -> None:
    core = CoreBuilder().load(0x1000, b"a" * 64).load(0x9000, b"b" * 64).build()
    data = bytearray(core.data)
    at = 64 + 56 + 8
    data[at : at + 8] = (core.loads[0] + 32).to_bytes(8, "little")  # the second segment's p_offset
    dump = parse(bytes(data))
    regions = [(region.vaddr, len(region.span)) for region in dump.layout if region.kind.is_memory]
    assert regions == [(0x1000, 64), (0x9020, 32)]


def test_a_truncated_core() -> None:
    core = CoreBuilder().load(0x1000, b"a" * 64).load(0x2000, b"b" * 64).load(0x3000, b"c" * 64).build()
    dump = parse(core.data[: core.loads[1] + 10])
    assert dump.notices == ("the core is truncated: 2 of 3 segments are incomplete",)
    assert [len(region.span) for region in dump.layout if region.kind.is_memory] == [64, 10]


def test_pn_xnum_takes_the_count_from_section_header_0() -> None:
    builder = CoreBuilder()
    builder.segments = [(1, 0x1000 * index, b"", 0x1000, READ) for index in range(70_000)]
    core = builder.load(0x7000_0000, b"last").build(extended=True)
    dump = parse(core)
    assert dict(dump.facts)["segments"] == "70001"
    assert dump.layout.address_of(core.loads[-1]) == 0x7000_0000
    assert dump.layout.region_at(len(core.data) - 1).label == "section headers"
    assert dump.notices == ()


def test_pn_xnum_without_its_section_header_goes_up_to_the_notes() -> None:
    builder = CoreBuilder().prpsinfo(b"program")
    builder.segments = [(1, 0x1000 * index, b"", 0x1000, READ) for index in range(70_000)]
    core = builder.load(0x7000_0000, b"last").build(extended=True, section=False)
    dump = parse(core)
    assert dict(dump.facts)["segments"] == "70001"
    assert dump.layout.address_of(core.loads[-1]) == 0x7000_0000
    assert len(dump.notices) == 1
    assert dump.notices[0].startswith("the section header that counts the program headers is missing")


def test_pn_xnum_without_section_header_and_notes() -> None:
    core = CoreBuilder().load(0x1000, b"a" * 64).build(extended=True, section=False)
    dump = parse(core)
    assert kinds(dump) == [(RegionKind.MEMORY, None, "raw bytes")]
    assert dump.notices[1] == "the core's program headers cannot be followed; the file is searched as raw bytes"


def test_pn_xnum_with_a_count_beyond_the_file() -> None:
    core = CoreBuilder().load(0x1000, b"a" * 200).build(extended=True)
    dump = parse(core.data[:-20] + b"\xff\xff\xff\xff" + core.data[-16:])
    assert dump.notices == ("4294967294 of 4294967295 program headers are missing: their memory has no addresses",)
    assert kinds(dump) == [(RegionKind.MEMORY, 0x1000, "memory")]
    assert dump.protected[0] == Span(0, core.loads[0])


@pytest.mark.parametrize("count", [2, 1000, 0xFFFE])
def test_more_program_headers_claimed_than_there_are(count: int) -> None:
    core = CoreBuilder().load(0x1000, b"a" * 20).build()
    data = bytearray(core.data)
    data[56:58] = count.to_bytes(2, "little")
    dump = parse(bytes(data))
    assert dump.notices == (f"{count - 1} of {count} program headers are missing: their memory has no addresses",)


@pytest.mark.parametrize(
    ("at", "value"),
    [(4, b"\x07"), (5, b"\x00"), (32, b"\xff" * 8), (54, b"\x08\x00"), (56, b"\x00\x00")],
    ids=["class", "byte order", "phoff", "phentsize", "phnum"],
)
def test_headers_that_cannot_be_followed_leave_raw_bytes(at: int, value: bytes) -> None:
    core = CoreBuilder().load(0x1000, b"a" * 64).build()
    data = core.data[:at] + value + core.data[at + len(value) :]
    dump = parse(data)
    assert kinds(dump) == [(RegionKind.MEMORY, None, "raw bytes")]
    assert dump.format == "elf-core"
    assert len(dump.notices) == 1
    assert dump.notices[0].endswith("; the file is searched as raw bytes")


def test_a_core_cut_inside_its_header() -> None:
    dump = parse(CoreBuilder().load(0x1000, b"a").build().data[:40])
    assert kinds(dump) == [(RegionKind.MEMORY, None, "raw bytes")]


@pytest.mark.parametrize("e_type", [0, 1, 2, 3, 0xFE00])
def test_only_cores_are_detected(e_type: int) -> None:
    data = CoreBuilder().build().data
    assert not ElfCore().detect(data[:16] + e_type.to_bytes(2, "little") + data[18:64])
    assert not ElfCore().detect(b"MZ" + data[2:64])
    assert not ElfCore().detect(b"")


def test_stack_heap_image_and_mapped_files() -> None:
    registers = [0] * 27
    registers[19] = 0x7000_1100
    builder = CoreBuilder().prstatus(registers)
    builder.files(
        [
            (0x40_0000, 0x40_1000, b"/bin/program"),
            (0x40_1000, 0x40_2000, b"/bin/program"),
            (0x50_0000, 0x50_1000, b"/lib/assembly.dll"),
            (0x60_0000, 0x60_1000, b"/var/cache/data"),
        ]
    )
    builder.load(0x40_0000, b"r" * 16, 4096, READ).load(0x40_1000, b"", 4096, READ_EXECUTE)
    builder.load(0x50_0000, b"MZ" + bytes(14), 4096, READ).load(0x60_0000, b"data" * 4, 4096, READ)
    builder.load(0x70_0000, b"h" * 16, 4096).load(0x80_0000, b"j" * 16, 4096, 7)
    builder.load(0x7000_0000, b"s" * 4096).load(0x7000_1000, b"t" * 4096).load(0x7000_3000, b"u" * 16)
    assert kinds(parse(builder.build())) == [
        (RegionKind.IMAGE, 0x40_0000, "image"),
        (RegionKind.IMAGE, 0x50_0000, "image"),
        (RegionKind.MAPPED, 0x60_0000, "mapped file"),
        (RegionKind.HEAP, 0x70_0000, "anonymous memory"),
        (RegionKind.MEMORY, 0x80_0000, "memory"),
        (RegionKind.STACK, 0x7000_0000, "stack"),
        (RegionKind.STACK, 0x7000_1000, "stack"),
        (RegionKind.HEAP, 0x7000_3000, "anonymous memory"),
    ]


def test_without_nt_file_only_stacks_are_told_apart() -> None:
    registers = [0] * 27
    registers[19] = 0x2000
    core = CoreBuilder().prstatus(registers).load(0x1000, b"a" * 16).load(0x2000, b"b" * 16).build()
    assert [kind for kind, _, _ in kinds(parse(core))] == [RegionKind.MEMORY, RegionKind.STACK]


@pytest.mark.parametrize(
    ("machine", "wide", "count", "index"),
    [(X86_64, True, 27, 19), (I386, False, 17, 15), (AARCH64, True, 34, 31), (ARM, False, 18, 13)],
)
def test_the_stack_pointer_of_each_machine(machine: int, wide: bool, count: int, index: int) -> None:
    registers = [0x9000] * count
    registers[index] = 0x2008
    core = (
        CoreBuilder(wide, machine=machine).prstatus(registers).load(0x2000, b"s" * 16).load(0x9000, b"x" * 16).build()
    )
    assert [kind for kind, _, _ in kinds(parse(core))] == [RegionKind.STACK, RegionKind.MEMORY]


def test_names_of_mapped_files_with_room_behind_them() -> None:
    builder = CoreBuilder().files([(0x1000, 0x2000, b"/bin/a"), (0x3000, 0x4000, b"/bin/b")], slack=b"\x00" * 37)
    builder.load(0x1000, b"\x7fELF", 4096, READ).load(0x3000, b"text", 4096, READ)
    dump = parse(builder.build())
    assert [kind for kind, _, _ in kinds(dump)] == [RegionKind.IMAGE, RegionKind.MAPPED]
    assert dump.notices == ()


def test_no_label_or_fact_holds_a_name_from_the_dump() -> None:
    builder = CoreBuilder().files([(0x1000, 0x2000, b"/opt/classified")]).prpsinfo(b"classified", b"classified")
    dump = parse(builder.note(b"classified", 9, b"x").load(0x1000, b"x" * 16).build())
    assert "classified" not in repr((dump.layout.labels, dump.facts, dump.notices))


def test_segments_of_memory_tags_are_metadata() -> None:
    core = CoreBuilder().segment(0x7000_0002, b"tags" * 4).load(0x1000, b"a" * 8).build()
    region = parse(core).layout.region_at(core.loads[0])
    assert (region.kind, region.label, region.vaddr) == (RegionKind.METADATA, "memory tags", None)


def test_several_note_segments_that_overlap_are_read_once() -> None:
    core = CoreBuilder().prpsinfo(b"program").load(0, b"").load(0x1000, b"a" * 8).build()
    data = bytearray(core.data)
    data[64 + 56 : 64 + 112] = data[64 : 64 + 56]  # the first PT_LOAD becomes a copy of PT_NOTE
    assert int.from_bytes(data[64 + 56 : 64 + 60], "little") == NOTE
    assert dict(parse(bytes(data)).facts)["notes"] == "PRPSINFO 1"
