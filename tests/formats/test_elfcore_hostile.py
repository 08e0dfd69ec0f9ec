"""Damaged and malicious ELF cores: a partition of the file comes out, in bounded time."""

from __future__ import annotations

import numpy as np
import pytest
from elf_builder import X86_64, CoreBuilder, main_stack
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_elfcore import assert_partition

from dumpscrub import links
from dumpscrub.formats.elfcore import ElfCore
from dumpscrub.model import Dump, FieldKind
from dumpscrub.source import BytesSource
from dumpscrub.span import Span


def sample(wide: bool, big: bool) -> bytes:
    """A core with every structure that the reader follows."""
    builder = CoreBuilder(wide, big, X86_64 if wide else 3)
    stack = main_stack(builder, [b"/bin/program", b"--flag"], [b"HOME=/home", b"NAME=value"], moved=[(0, 0x1010)])
    builder.prstatus([stack.base + 8] * 27).prpsinfo(b"program --flag").auxv(stack.auxv)
    builder.files([(0x1000, 0x2000, b"/bin/program"), (0x4000, 0x5000, b"/var/data")]).note(b"CORE", 2, bytes(512))
    builder.load(0x1000, b"\x7fELF" * 8, memory=4096, flags=5).load(0x4000, b"data" * 8).load(stack.base, stack.data)
    return builder.build(extended=True).data


SAMPLES = [sample(wide, big) for wide in (True, False) for big in (True, False)]


def parse(data: bytes) -> Dump:
    dump = ElfCore().parse(BytesSource(data))
    assert_partition(dump, len(data))
    return dump


@given(st.sampled_from(SAMPLES), st.data())
@settings(max_examples=150, deadline=None)
def test_truncated_anywhere(core: bytes, data: st.DataObject) -> None:
    parse(core[: data.draw(st.integers(1, len(core)))])


@given(st.sampled_from(SAMPLES), st.lists(st.tuples(st.integers(0, 2**16), st.integers(0, 255)), max_size=12))
@settings(max_examples=400, deadline=None)
def test_bytes_changed_anywhere(core: bytes, changes: list[tuple[int, int]]) -> None:
    data = bytearray(core)
    for at, value in changes:
        data[at % len(data)] = value
    parse(bytes(data))


@given(
    st.sampled_from(SAMPLES),
    st.integers(4, 200),
    st.sampled_from([1, 2, 4, 8]),
    st.sampled_from([0, 1, 2**15 - 1, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**63, 2**64 - 1]),
)
@settings(max_examples=400, deadline=None)
def test_extreme_numbers_in_the_headers(core: bytes, at: int, size: int, value: int) -> None:
    number = (value % 2 ** (8 * size)).to_bytes(size, "little")
    parse(core[:at] + number + core[at + size :])


@pytest.mark.parametrize("core", SAMPLES)
def test_the_same_dump_whatever_the_size_of_blocks(core: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = parse(core)
    monkeypatch.setattr(links, "BLOCK", 2)
    parts = parse(core)
    assert parts.layout.same_regions(whole.layout)
    assert (parts.protected, parts.fields, parts.facts) == (whole.protected, whole.fields, whole.facts)


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
@example(b"")
def test_noise_behind_the_magic(noise: bytes) -> None:
    parse(b"\x7fELF\x02\x01\x01" + noise)


@given(st.lists(st.tuples(*[st.integers(0, 2**64 - 1) | st.integers(0, 2000)] * 4), max_size=20))
@settings(max_examples=300, deadline=None)
def test_program_headers_of_any_value(rows: list[tuple[int, int, int, int]]) -> None:
    core = CoreBuilder()
    table = b"".join(
        core.pack("IIQQQQQQ", kind % 6, kind % 8, offset, address, 0, size, size // 2, 0)
        for kind, offset, address, size in rows
    )
    header = bytearray(core.build().data[:64])
    header[56:58] = len(rows).to_bytes(2, "little")
    parse(bytes(header) + table + bytes(700))


@given(
    st.lists(st.tuples(st.sampled_from([15, 24, 25, 31, 33]), st.integers(-700, 50)), max_size=6),
    st.lists(st.tuples(st.integers(0, 900), st.integers(-700, 50)), max_size=4),
    st.integers(0, 400),
    st.integers(0, 60),
)
@settings(max_examples=400, deadline=None)
def test_a_stack_that_lies(pairs: list[tuple[int, int]], pointers: list[tuple[int, int]], start: int, cut: int) -> None:
    builder = CoreBuilder()
    stack = main_stack(builder, [b"program", b"--flag"], [b"HOME=/home", b"NAME=value"])
    top = stack.base + len(stack.data)
    data = bytearray(stack.data)
    for number, value in pointers:
        at = number % (len(data) // 8) * 8
        data[at : at + 8] = builder.pack("Q", top + value)
    builder.prstatus([stack.base] * 27).auxv([(kind, top + value) for kind, value in pairs] or stack.auxv)
    core = builder.load(stack.base + start, bytes(data[start : len(data) - cut])).build()
    inside = range(core.loads[0], len(core.data))
    strings = (field for field in parse(core.data).fields if field.kind is not FieldKind.REGISTERS)
    assert all(span and span.start in inside for field in strings for span in field.spans)


def test_no_note_shields_what_a_segment_of_memory_holds() -> None:
    builder = CoreBuilder().note(b"CORE", 0x53494749, b"a secret in memory").load(0x1000, b"x")
    data = bytearray(builder.build().data)
    note, load = 64, 64 + 56
    data[load + 8 : load + 16] = data[note + 8 : note + 16]  # the memory begins where the notes do
    data[load + 32 : load + 40] = data[note + 32 : note + 40]
    assert parse(bytes(data)).protected == (Span(0, 64 + 2 * 56),)


def test_no_section_header_shields_what_a_segment_of_memory_holds() -> None:
    core = CoreBuilder().prpsinfo(b"x").load(0x1000, b"a secret in memory".ljust(4096, b"\0")).build()
    data = bytearray(core.data)
    data[0x28:0x30] = core.loads[0].to_bytes(8, "little")
    data[0x3A:0x3E] = (64).to_bytes(2, "little") + (40).to_bytes(2, "little")
    assert all(span.end <= core.loads[0] for span in parse(bytes(data)).protected)


def parse_hostile(data: bytes) -> Dump:
    """The dump. A reader that believed the counts would not come to an end, or run out of memory."""
    return parse(data)


def test_half_a_million_segments() -> None:
    builder = CoreBuilder()
    core = builder.load(0x1000, b"x" * 8).build(extended=True).data
    count = 500_000
    rows = np.zeros((count, 7), "<u8")
    rows[:, 0] = 1 | 6 << 32
    rows[:, 1] = 64 + count * 56
    rows[:, 2] = np.arange(count) * 4096
    rows[:, 4] = 16
    header = bytearray(core[:64])
    header[40:48] = (64 + count * 56 + 16).to_bytes(8, "little")
    section = core[-64:-20] + count.to_bytes(4, "little") + core[-16:]
    dump = parse_hostile(bytes(header) + rows.tobytes() + b"y" * 16 + section)
    assert dict(dump.facts)["segments"] == str(count)


def test_a_million_empty_notes() -> None:
    core = CoreBuilder().note(b"CORE", 9, bytes(12_000_000)).load(0x1000, b"x").build()
    head = core.notes[0] - 20
    dump = parse_hostile(core.data[:head] + bytes(12) + core.data[head + 12 :])
    assert dump.notices == ("some of the core's notes are damaged: the rest of them is searched as raw bytes",)


def test_thousands_of_note_segments() -> None:
    builder = CoreBuilder()
    note = builder.pack("III", 5, 0, 99) + b"CORE\x00\x00\x00\x00"
    for _ in range(3000):
        builder.segment(4, note + b"rest").load(0x1000, b"x")
    dump = parse_hostile(builder.build().data)
    assert dump.notices == ("there are 3000 segments of notes: 1024 of them are followed",)
    assert dict(dump.facts)["notes"] == "of another kind 1024"


def test_pointers_by_the_hundred_thousand() -> None:
    builder = CoreBuilder()
    below = builder.pack("W", 0x1000) * 200_000
    stack = main_stack(
        builder, [b"program"], [b"NAME=value"] * 5000, moved=[(n, 0x1000) for n in range(5000)], below=below
    )
    parse_hostile(builder.auxv(stack.auxv).load(0x1000, b"A" * 200_000).load(stack.base, stack.data).build().data)


@pytest.mark.parametrize("address", [2**64 - 1, 2**64 - 8, 2**63])
def test_addresses_at_the_end_of_the_address_space(address: int) -> None:
    core = CoreBuilder().load(address, b"x" * 64).load(0, b"y" * 64).build()
    dump = parse(core.data)
    assert len(dump.layout.forward(core.loads[0], 64)) == 1
