"""What ELF cores say of a process: arguments, environment, registers, and the numbers that must stay."""

from __future__ import annotations

import pytest
from elf_builder import AARCH64, ARM, I386, X86_64, Core, CoreBuilder, main_stack
from test_elfcore import flavours, parse

from dumpscrub.model import Dump, Encoding, Field, FieldKind
from dumpscrub.span import Span, total

ARGV = (b"/bin/program", b"--name=value", b"", b"last")
ENVP = (b"PATH=/bin", b"EMPTY=", b"TOKEN=abc")


def fields(dump: Dump, kind: FieldKind) -> list[Field]:
    return [field for field in dump.fields if field.kind is kind]


def texts(dump: Dump, kind: FieldKind) -> list[bytes]:
    """The bytes of each field of a kind."""
    source = dump.source
    return [b"".join(bytes(source.view(s.start, s.end)) for s in field.spans) for field in fields(dump, kind)]


def unprotected(dump: Dump, span: Span) -> list[int]:
    """The offsets, from the start of ``span``, that may be edited."""
    inside = [offset for offset in range(span.start, span.end) if not any(offset in kept for kept in dump.protected)]
    return [offset - span.start for offset in inside]


def joined(strings: tuple[bytes, ...]) -> bytes:
    return b"".join(string + b"\x00" for string in strings)


@flavours
def test_arguments_and_environment(wide: bool, big: bool, machine: int) -> None:
    builder = CoreBuilder(wide, big, machine)
    stack = main_stack(builder, ARGV, ENVP)
    core = builder.auxv(stack.auxv).load(0x1000, b"x" * 64).load(stack.base, stack.data).build()
    dump = parse(core)
    start = core.loads[1] - stack.base
    assert [field for field in dump.fields if field.kind is not FieldKind.REGISTERS] == [
        Field(FieldKind.ARGUMENTS, Encoding.UTF8, (Span(start + stack.argv, start + stack.envp),)),
        Field(FieldKind.ENVIRONMENT, Encoding.UTF8, (Span(start + stack.envp, start + stack.execfn),)),
    ]
    assert texts(dump, FieldKind.ARGUMENTS) == [joined(ARGV)]
    assert texts(dump, FieldKind.ENVIRONMENT) == [joined(ENVP)]


def test_a_stack_split_in_the_file() -> None:
    builder = CoreBuilder()
    stack = main_stack(builder, ARGV, ENVP)
    cut = stack.envp + 3 - stack.base
    core = builder.auxv(stack.auxv).load(stack.base + cut, stack.data[cut:]).load(stack.base, stack.data[:cut]).build()
    dump = parse(core)
    field = fields(dump, FieldKind.ENVIRONMENT)[0]
    assert field.spans == (
        Span(core.loads[1] + cut - 3, core.loads[1] + cut),
        Span(core.loads[0], core.loads[0] + len(joined(ENVP)) - 3),
    )
    assert texts(dump, FieldKind.ENVIRONMENT) == [joined(ENVP)]


def test_a_value_that_the_process_moved_is_a_field_of_its_own() -> None:
    builder = CoreBuilder()
    stack = main_stack(builder, ARGV, ENVP, moved=[(0, 0x5004), (2, 0x5004)])
    core = (
        builder.auxv(stack.auxv).load(0x5000, b"\x00\x00\x00\x00PATH=/new\x00rest").load(stack.base, stack.data).build()
    )
    dump = parse(core)
    assert texts(dump, FieldKind.ARGUMENTS) == [joined(ARGV)]
    assert texts(dump, FieldKind.ENVIRONMENT) == [joined(ENVP), b"PATH=/new\x00"]
    assert fields(dump, FieldKind.ENVIRONMENT)[1].spans == (Span(core.loads[0] + 4, core.loads[0] + 14),)


def test_pointers_that_lead_nowhere_are_ignored() -> None:
    builder = CoreBuilder()
    loops = [(0, 0x7FFE_FF00), (1, 0xDEAD_BEEF_0000), (2, 0x6000)]
    stack = main_stack(builder, ARGV, ENVP, moved=loops)
    core = builder.auxv(stack.auxv).load(0x6000, b"no end").load(stack.base, stack.data).build()
    assert texts(parse(core), FieldKind.ENVIRONMENT)[0] == joined(ENVP)


def test_a_pointer_vector_that_points_at_itself() -> None:
    builder = CoreBuilder()
    base = main_stack(builder, ARGV, ENVP).base
    stack = main_stack(builder, ARGV, ENVP, moved=[(index, base + 64) for index in range(3)])
    dump = parse(builder.auxv(stack.auxv).load(stack.base, stack.data).build())
    assert texts(dump, FieldKind.ENVIRONMENT)[0] == joined(ENVP)


def test_a_process_that_rewrote_its_title() -> None:
    builder = CoreBuilder()
    stack = main_stack(builder, ARGV, ENVP)
    area = stack.execfn - stack.argv
    at = stack.argv - stack.base
    data = stack.data[:at] + b"program: idle worker".ljust(area, b"\x00") + stack.data[at + area :]
    dump = parse(builder.auxv(stack.auxv).load(stack.base, data).build())
    spans = [span for field in dump.fields for span in field.spans]
    assert total(spans) == area
    assert texts(dump, FieldKind.ARGUMENTS)[0].startswith(b"program: idle worker")


def test_an_empty_environment() -> None:
    builder = CoreBuilder()
    stack = main_stack(builder, ARGV, ())
    dump = parse(builder.auxv(stack.auxv).load(stack.base, stack.data).build())
    assert texts(dump, FieldKind.ARGUMENTS) == [joined(ARGV)]
    assert texts(dump, FieldKind.ENVIRONMENT) == []


@pytest.mark.parametrize("pointers", [True, False])
def test_a_stack_cut_inside_the_environment(pointers: bool) -> None:
    builder = CoreBuilder()
    stack = main_stack(builder, ARGV, ENVP)
    vector = stack.auxv[1][1] - stack.base
    data = stack.data if pointers else bytes(vector) + stack.data[vector:]
    dump = parse(builder.auxv(stack.auxv).load(stack.base, data[: stack.execfn - stack.base - 4]).build())
    assert texts(dump, FieldKind.ARGUMENTS) == [joined(ARGV)]
    assert texts(dump, FieldKind.ENVIRONMENT) == [joined(ENVP)[:-4]]


def test_without_the_pointers_names_tell_the_environment() -> None:
    builder = CoreBuilder()
    stack = main_stack(builder, ARGV, ENVP)
    data = bytearray(stack.data)
    data[64 : stack.auxv[1][1] - stack.base] = bytes(stack.auxv[1][1] - stack.base - 64)
    dump = parse(builder.auxv(stack.auxv).load(stack.base, bytes(data)).build())
    assert texts(dump, FieldKind.ARGUMENTS) == [joined(ARGV)]
    assert texts(dump, FieldKind.ENVIRONMENT) == [joined(ENVP)]


def test_without_the_auxiliary_vector_the_stack_pointer_leads_there() -> None:
    builder = CoreBuilder()
    stack = main_stack(builder, ARGV, ENVP)
    registers = [0] * 27
    registers[19] = stack.base + 8
    dump = parse(builder.prstatus(registers).load(stack.base, stack.data).build())
    assert texts(dump, FieldKind.ARGUMENTS) == [joined(ARGV)]
    assert texts(dump, FieldKind.ENVIRONMENT) == [joined(ENVP)]


def test_a_stack_pointer_into_other_data_gives_no_fields() -> None:
    registers = [0] * 27
    registers[19] = 0x2008
    dump = parse(CoreBuilder().prstatus(registers).load(0x2000, b"some text\x00of a thread\x00" * 40).build())
    assert {field.kind for field in dump.fields} == {FieldKind.REGISTERS}


def test_without_at_execfn_the_end_of_the_stack_counts() -> None:
    builder = CoreBuilder()
    stack = main_stack(builder, ARGV, ENVP)
    dump = parse(builder.auxv(stack.auxv[:3]).load(stack.base, stack.data).build())
    assert texts(dump, FieldKind.ARGUMENTS) == [joined(ARGV)]
    assert texts(dump, FieldKind.ENVIRONMENT) == [joined(ENVP)]


def test_a_core_without_the_top_of_the_stack() -> None:
    builder = CoreBuilder()
    stack = main_stack(builder, ARGV, ENVP)
    dump = parse(builder.auxv(stack.auxv).load(stack.base, stack.data[:64]).build())
    assert dump.fields == ()
    assert dump.notices == ()


@pytest.mark.parametrize(("wide", "small_ids", "at"), [(True, True, 56), (False, True, 44), (False, False, 48)])
def test_psargs(wide: bool, small_ids: bool, at: int) -> None:
    text = b"program --flag"
    core = CoreBuilder(wide, machine=I386).prpsinfo(text, b"fname", small_ids).load(0x1000, b"x").build()
    dump = parse(core)
    start = core.notes[0] + at
    assert dump.fields == (Field(FieldKind.COMMAND_LINE, Encoding.UTF8, (Span(start, start + len(text)),), cut=False),)
    note = Span(core.notes[0], core.notes[0] + at + 80)
    assert unprotected(dump, note) == list(range(at - 16, at + 80))


@pytest.mark.parametrize(("length", "cut"), [(1, False), (78, False), (79, True), (80, True)])
def test_psargs_cut_at_80_bytes(length: int, cut: bool) -> None:
    core = CoreBuilder().prpsinfo(b"p" * length).load(0x1000, b"x").build()
    start = core.notes[0] + 56
    field = Field(FieldKind.COMMAND_LINE, Encoding.UTF8, (Span(start, start + length),), cut=cut)
    assert parse(core).fields == (field,)


def test_psargs_empty_or_of_an_unknown_layout() -> None:
    assert parse(CoreBuilder().prpsinfo(b"").load(0x1000, b"x").build()).fields == ()
    assert parse(CoreBuilder().note(b"CORE", 3, b"x" * 99).load(0x1000, b"x").build()).fields == ()


X86_64_DATA = {"r15", "r14", "r13", "r12", "rbx", "r11", "r10", "r9", "r8", "rax", "rcx", "rdx", "rsi", "rdi"}
X86_64_ORDER = "r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss"
X86_64_ORDER += " fs_base gs_base ds es fs gs"
I386_ORDER = "ebx ecx edx esi edi ebp eax ds es fs gs orig_eax eip cs eflags esp ss"
AARCH64_ORDER = " ".join(f"x{number}" for number in range(31)) + " sp pc pstate"
ARM_ORDER = " ".join(f"r{number}" for number in range(16)) + " cpsr orig_r0"


@pytest.mark.parametrize(
    ("machine", "wide", "order", "data"),
    [
        (X86_64, True, X86_64_ORDER, X86_64_DATA),
        (I386, False, I386_ORDER, {"ebx", "ecx", "edx", "esi", "edi", "eax"}),
        (AARCH64, True, AARCH64_ORDER, {f"x{number}" for number in range(29)}),
        (ARM, False, ARM_ORDER, {f"r{number}" for number in (0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 12)}),
        (243, True, "", set()),
    ],
    ids=["x86-64", "i386", "aarch64", "arm", "riscv"],
)
def test_prstatus_keeps_all_but_times_and_data(machine: int, wide: bool, order: str, data: set[str]) -> None:
    names = order.split() or ["unknown"] * 32
    core = CoreBuilder(wide, machine=machine).prstatus([0] * len(names)).load(0x1000, b"x").build()
    word, head = (8, 112) if wide else (4, 72)
    note = Span(core.notes[0], core.loads[0])
    free = unprotected(parse(core), note)
    end = head + len(names) * word
    assert {names[(offset - head) // word] for offset in free if head <= offset < end} == data
    assert len([offset for offset in free if head <= offset < end]) == len(data) * word
    assert [offset for offset in free if offset < head] == ([*range(head - 8 * word, head)] if data else [])


def test_general_registers_of_8_bytes_may_hold_text() -> None:
    wide = CoreBuilder().prstatus([0] * 27).load(0x1000, b"x").build()
    at = wide.notes[0] + 112
    spans = (Span(at, at + 4 * 8), Span(at + 5 * 8, at + 15 * 8))
    assert parse(wide).fields == (Field(FieldKind.REGISTERS, Encoding.BINARY, spans),)
    narrow = CoreBuilder(wide=False, machine=I386).prstatus([0] * 17).load(0x1000, b"x").build()
    assert parse(narrow).fields == ()


@pytest.mark.parametrize(
    ("machine", "owner", "kind", "size", "areas"),
    [
        (X86_64, b"CORE", 2, 512, [(32, 416)]),
        (X86_64, b"LINUX", 0x202, 832, [(32, 416), (576, 832)]),
        (X86_64, b"LINUX", 0x202, 576, [(32, 416)]),
        (I386, b"CORE", 2, 108, [(28, 108)]),
        (I386, b"LINUX", 0x46E62B7F, 512, [(32, 288)]),
        (AARCH64, b"CORE", 2, 528, [(0, 512)]),
        (AARCH64, b"LINUX", 0x405, 1000, [(16, 1000)]),
        (ARM, b"LINUX", 0x400, 260, [(0, 256)]),
        (243, b"CORE", 2, 264, [(0, 264)]),
        (X86_64, b"CORE", 2, 100, [(32, 100)]),
        (X86_64, b"CORE", 2, 20, []),
    ],
)
def test_vector_registers(machine: int, owner: bytes, kind: int, size: int, areas: list[tuple[int, int]]) -> None:
    core = CoreBuilder(machine not in {I386, ARM}, machine=machine).note(owner, kind, bytes(size)).load(0, b"x").build()
    dump = parse(core)
    at = core.notes[0]
    spans = tuple(Span(at + first, at + last) for first, last in areas)
    assert dump.fields == ((Field(FieldKind.REGISTERS, Encoding.BINARY, spans),) if spans else ())
    assert len(unprotected(dump, Span(at, at + size))) == total(spans)


def test_what_a_debugger_follows_is_protected() -> None:
    builder = CoreBuilder().auxv([(3, 64)]).note(b"CORE", 0x53494749, bytes(128))
    core = builder.files([(0x1000, 0x2000, b"/bin/a")]).note(b"OTHER", 5, b"desc").load(0x1000, b"x" * 8).build()
    dump = parse(core)
    names = core.notes[2] + 16 + 24
    other = core.notes[3]
    # The name of an owner that nobody knows goes with what it owns.
    free = [
        Span(names, names + len(b"/bin/a\x00") + 1),
        Span(other - 8, other + 4),
        Span(core.loads[0], len(core.data)),
    ]
    assert [offset for span in free for offset in unprotected(dump, span)] == [
        offset for span in free for offset in range(len(span))
    ]
    assert total(dump.protected) + total(free) == len(core.data)


def test_section_headers_are_protected() -> None:
    core = CoreBuilder().load(0x1000, b"x" * 8).build(extended=True)
    assert Span(len(core.data) - 64, len(core.data)) == parse(core).protected[-1]


def cut_note(core: Core, size: int) -> bytes:
    """The core with its first note's desc size overwritten."""
    at = core.notes[0] - 16
    return core.data[:at] + size.to_bytes(4, "little") + core.data[at + 4 :]


@pytest.mark.parametrize("size", [0x7FFF_FFFF, 0xFFFF_FFFF, 1000])
def test_a_note_larger_than_its_segment(size: int) -> None:
    core = CoreBuilder().prpsinfo(b"program").load(0x1000, b"x" * 2000).build()
    dump = parse(cut_note(core, size))
    assert dump.fields == ()
    assert dump.notices == ("some of the core's notes are damaged: the rest of them is searched as raw bytes",)
    assert dump.layout.region_at(core.notes[0]).label == "notes"


@pytest.mark.parametrize("kind", [1, 6, 0x53494749])
def test_numbers_too_large_to_be_numbers_may_be_edited(kind: int) -> None:
    core = CoreBuilder(machine=243).note(b"CORE", kind, b"x" * 70_000).load(0x1000, b"x" * 16).build()
    assert len(unprotected(parse(core), Span(core.notes[0], core.notes[0] + 70_000))) == 70_000


def test_a_note_with_a_name_too_long() -> None:
    dump = parse(CoreBuilder().note(b"n" * 300, 1, b"x" * 20).load(0x1000, b"x" * 16).build())
    assert total(dump.protected) == 64 + 2 * 56
    assert dump.notices == ("some of the core's notes are damaged: the rest of them is searched as raw bytes",)


def test_nt_file_with_a_count_beyond_its_size() -> None:
    desc = CoreBuilder().pack("WW", 2**63, 4096) + CoreBuilder().pack("WWW", 0x1000, 0x2000, 0) + b"x" * 8
    dump = parse(CoreBuilder().note(b"CORE", 0x46494C45, desc).load(0x1000, b"x" * 16).build())
    assert dump.notices == ("the list of mapped files (NT_FILE) is cut off: some mapped files count as plain memory",)


def test_an_auxiliary_vector_without_an_end() -> None:
    core = CoreBuilder().note(b"CORE", 6, b"\x01" * 100_000).load(0x1000, b"x" * 16).build()
    assert parse(core).fields == ()
