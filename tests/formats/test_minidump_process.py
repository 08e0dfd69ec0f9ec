"""From thread to environment block, and the registers of contexts: exact spans."""

from __future__ import annotations

import struct

import pytest
from minidump_builder import (
    ARM64,
    PRIVATE,
    READ_WRITE,
    X64,
    X86,
    MinidumpBuilder,
    Process,
    block,
    x64_context,
    x86_context,
)
from test_minidump import free, parse, protected

from dumpscrub.layout import RegionKind
from dumpscrub.model import Dump, Encoding, Field, FieldKind
from dumpscrub.span import Span

TEB = 0x7FE000


def dump_of(
    process: Process, pages: list[tuple[int, bytes]] | None = None, tebs: tuple[int, ...] = (TEB,), system: bool = True
) -> tuple[Dump, dict[int, int]]:
    """The dump of a process, and the file offset of each range by its address."""
    builder = MinidumpBuilder()
    if system:
        builder.system_info(X64 if process.wide else X86)
    builder.threads([(number, teb, 0, 0, 0, 0, 0) for number, teb in enumerate(tebs, 1)])
    pages = process.pages() if pages is None else pages
    offset = builder.memory64(pages)
    places = {}
    for address, content in pages:
        places[address] = offset
        offset += len(content)
    return parse(builder.build()), places


def field(dump: Dump, kind: FieldKind) -> Field:
    return next(field for field in dump.fields if field.kind is kind)


@pytest.mark.parametrize("system", [True, False])
@pytest.mark.parametrize("wide", [True, False])
def test_command_line_and_environment(wide: bool, system: bool) -> None:
    environment = block("A=1", "DB_PASSWORD=hunter2")
    process = Process(wide, TEB, "server.exe --password hunter2", environment + b"junk" * 8, len(environment))
    dump, places = dump_of(process, system=system)
    at = places[process.command_line_at]
    assert field(dump, FieldKind.COMMAND_LINE) == Field(FieldKind.COMMAND_LINE, Encoding.UTF16LE, (Span(at, at + 58),))
    at = places[process.environment_at]
    span = Span(at, at + len(environment))
    assert field(dump, FieldKind.ENVIRONMENT) == Field(FieldKind.ENVIRONMENT, Encoding.UTF16LE, (span,))


@pytest.mark.parametrize("declared", [None, 0, 2, 1 << 40])
def test_the_end_mark_counts_where_the_size_is_absent_or_wrong(declared: int | None) -> None:
    environment = block("A=1", "B=2")
    process = Process(True, TEB, "a", environment + b"x\0y\0" * 8, declared)
    dump, places = dump_of(process)
    at = places[process.environment_at]
    assert field(dump, FieldKind.ENVIRONMENT).spans == (Span(at, at + len(environment)),)


def test_a_longer_declared_size_counts() -> None:
    environment = block("A=1") + "OLD=secret\0".encode("utf-16-le")
    process = Process(True, TEB, "a", environment + b"x\0", len(environment))
    dump, places = dump_of(process)
    at = places[process.environment_at]
    assert field(dump, FieldKind.ENVIRONMENT).spans == (Span(at, at + len(environment)),)


def test_an_environment_without_an_end_is_cut() -> None:
    process = Process(True, TEB, "a", "A=1\0B=2".encode("utf-16-le"), None)
    dump, places = dump_of(process)
    at = places[process.environment_at]
    assert field(dump, FieldKind.ENVIRONMENT) == Field(
        FieldKind.ENVIRONMENT, Encoding.UTF16LE, (Span(at, at + 14),), cut=True
    )


def test_an_environment_that_the_file_splits() -> None:
    process = Process(True, TEB, "a", b"", None)
    environment = block("A=1", "DB_PASSWORD=x")
    at = process.environment_at
    pages = [(at + 8, environment[8:]), *process.pages()[:-1], (at, environment[:8])]
    dump, places = dump_of(process, pages)
    assert field(dump, FieldKind.ENVIRONMENT).spans == (
        Span(places[at], places[at] + 8),
        Span(places[at + 8], places[at + 8] + len(environment) - 8),
    )


def test_each_thread_is_tried() -> None:
    process = Process(True, TEB, "server.exe", block("A=1"))
    dump, _ = dump_of(process, tebs=(0, 0x123, 2**64 - 8, TEB))
    assert {field.kind for field in dump.fields} == {FieldKind.COMMAND_LINE, FieldKind.ENVIRONMENT}


@pytest.mark.parametrize("gone", range(5))
def test_pointers_to_nowhere(gone: int) -> None:
    process = Process(True, TEB, "server.exe", block("A=1"))
    pages = process.pages()
    del pages[gone]
    dump, _ = dump_of(process, pages)
    left = {3: {FieldKind.ENVIRONMENT}, 4: {FieldKind.COMMAND_LINE}}
    assert {field.kind for field in dump.fields} == left.get(gone, set())


def test_a_command_line_that_is_only_partly_there_is_cut() -> None:
    process = Process(True, TEB, "server.exe --password hunter2", block("A=1"))
    pages = [(a, content[:20] if a == process.command_line_at else content) for a, content in process.pages()]
    dump, places = dump_of(process, pages)
    at = places[process.command_line_at]
    line = field(dump, FieldKind.COMMAND_LINE)
    assert (line.spans, line.cut) == ((Span(at, at + 20),), True)


@pytest.mark.parametrize("wide", [True, False])
def test_the_thread_block_tells_the_whole_stack(wide: bool) -> None:
    process = Process(wide, TEB, "a", block("A=1"), stack=(0x30000, 0x28000))
    pages = [*process.pages(), (0x20000, bytes(0x10000))]
    dump, places = dump_of(process, pages)
    at = places[0x20000]
    assert [r.span for r in dump.layout if r.kind is RegionKind.STACK] == [Span(at + 0x8000, at + 0x10000)]


@pytest.mark.parametrize("stack", [(0x20000, 0x30000), (2**64 - 1, 0), (0x20000, 0x20000)])
def test_an_impossible_stack_is_not_believed(stack: tuple[int, int]) -> None:
    process = Process(True, TEB, "a", block("A=1"), stack=stack)
    dump, _ = dump_of(process, [*process.pages(), (0x20000, bytes(64))])
    assert not [region for region in dump.layout if region.kind is RegionKind.STACK]


def context_dump(architecture: int, context: bytes) -> tuple[Dump, int]:
    """A dump with one thread, whose context stands at the returned offset."""
    builder = MinidumpBuilder()
    builder.system_info(architecture)
    builder.place(bytes(16))
    at = builder.place(context)
    builder.place(bytes(16))
    builder.threads([(1, 0, 0, 0, 0, len(context), at)])
    builder.memory_info([(0, 16, PRIVATE, READ_WRITE)])
    return parse(builder.build()), at


def inside(dump: Dump, at: int, size: int) -> list[tuple[int, int]]:
    """The protected spans of a context, relative to it."""
    whole = Span(at, at + size)
    return [(part.start - at, part.end - at) for span in dump.protected if (part := span.intersection(whole)) and part]


X64_DATA = [(0, 0x30), (0x78, 0x98), (0xA8, 0xF8), (0x120, 0x2A0), (0x300, 0x4A0)]


@pytest.mark.parametrize(
    ("architecture", "size", "followed", "data"),
    [
        (X64, 0x4D0, [(0x30, 0x48), (0x98, 0xA8), (0xF8, 0x100)], X64_DATA),
        (X86, 0x2CC, [(0, 4), (0x8C, 0x9C), (0xB4, 0xCC)], [(0x38, 0x88), (0xEC, 0x1EC)]),
        (X86, 0xCC, [(0, 4), (0x8C, 0x9C), (0xB4, 0xCC)], [(0x38, 0x88)]),
        (ARM64, 0x390, [(0, 8), (0xF0, 0x110)], [(8, 0xF0), (0x110, 0x310)]),
        (0x8003, 0x31C, [(0, 8), (0xF0, 0x114)], [(8, 0xF0), (0x11C, 0x31C)]),
        (5, 0x1A0, [(0, 4), (0x20, 0x24), (0x30, 0x34), (0x38, 0x48)], [(0x50, 0x150)]),
        (X64, 0x80, [(0x30, 0x48)], []),
        (0x7777, 0x100, [], []),
    ],
)
def test_contexts(architecture: int, size: int, followed: list[tuple[int, int]], data: list[tuple[int, int]]) -> None:
    dump, at = context_dump(architecture, bytes(size))
    assert inside(dump, at, size) == followed
    expected = tuple(Span(at + start, at + end) for start, end in data)
    assert [f.spans for f in dump.fields] == ([expected] if expected else [])
    assert all(f.kind is FieldKind.REGISTERS and f.encoding is Encoding.BINARY for f in dump.fields)
    assert dump.layout.region_at(at).label == "thread contexts"


def test_the_instruction_and_stack_pointers_of_x64_are_the_protected_ones() -> None:
    context = bytearray(x64_context())
    struct.pack_into("<Q", context, 0x98, 0x1111111111111111)
    struct.pack_into("<Q", context, 0xF8, 0x2222222222222222)
    dump, at = context_dump(X64, bytes(context))
    data = bytes(dump.source.view(0, dump.source.size))
    for marker in (b"\x11" * 8, b"\x22" * 8):
        found = data.index(marker)
        assert protected(dump, found, found + 8)
    assert free(dump, at + 0x78, at + 0x98)


@pytest.mark.parametrize(("architecture", "size"), [(X64, 0x4D0), (X86, 0x2CC)])
def test_avx_registers_behind_the_context(architecture: int, size: int) -> None:
    base = x64_context() if architecture == X64 else x86_context()
    extended = struct.pack("<iIiIiI", -size, 0, -size, size, 0x30, 64 + 256)
    dump, at = context_dump(architecture, base + extended.ljust(0x30, b"\0") + bytes(64) + b"y" * 256)
    start = at + size + 0x30 + 64
    assert dump.fields[0].spans[-1] == Span(start, start + 256)
    data = bytes(dump.source.view(start, start + 256))
    assert data == b"y" * 256


@pytest.mark.parametrize("state", [(0, 320), (-5, 320), (0x30, 10), (2**31 - 1, 2**32 - 1)])
def test_an_impossible_extended_state_is_not_followed(state: tuple[int, int]) -> None:
    extended = struct.pack("<iIiIiI", 0, 0, 0, 0, *state).ljust(0x40, b"\0")
    dump, at = context_dump(X64, x64_context() + extended)
    assert dump.fields[0].spans == tuple(Span(at + start, at + end) for start, end in X64_DATA)


def test_the_context_of_an_exception() -> None:
    builder = MinidumpBuilder()
    builder.system_info(X64)
    at = builder.place(x64_context())
    stream = builder.stream(6, struct.pack("<II152xII", 7, 0, 0x4D0, at))
    dump = parse(builder.build())
    assert inside(dump, at, 0x4D0) == [(0x30, 0x48), (0x98, 0xA8), (0xF8, 0x100)]
    assert protected(dump, stream, stream + 40)
    assert protected(dump, stream + 160, stream + 168)
    assert len(dump.fields) == 1


def test_a_small_range_inside_a_large_one_hides_nothing() -> None:
    process = Process(True, TEB, "server.exe", block("A=1"))
    memory = bytearray(0x5000)
    for address, content in process.pages():
        memory[address - TEB : address - TEB + len(content)] = content
    builder = MinidumpBuilder()
    builder.system_info(X64)
    builder.threads([(1, TEB, 0, 0, 0, 0, 0)])
    builder.memory_list([(TEB, 4, builder.place(bytes(4))), (TEB + 0x3000, 4, builder.place(b"s\0e\0"))])
    begin = builder.memory64([(TEB - 16, bytes(16) + bytes(memory))]) + 16
    dump = parse(builder.build())
    assert field(dump, FieldKind.COMMAND_LINE).spans == (Span(begin + 0x3000, begin + 0x3014),)
    assert field(dump, FieldKind.ENVIRONMENT).spans == (Span(begin + 0x4000, begin + 0x400A),)
