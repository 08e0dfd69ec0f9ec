"""What an ELF core cannot do: declare the bytes of a secret to be numbers that must stay."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from elf_builder import I386, X86_64, Core, CoreBuilder
from test_elfcore_hostile import parse

import dumpscrub
from dumpscrub.model import SecretValue
from dumpscrub.span import Span

SECRET = b"Kf7-not-a-live-value-92Qx-of-forty-bytes"
ROW = 56


def kept(data: bytes, secret: bytes = SECRET) -> list[int]:
    """The bytes of the secret that would stay, by their place in it."""
    at = data.index(secret)
    spans = parse(data).protected
    return [offset for offset in range(len(secret)) if any(at + offset in span for span in spans)]


def with_rows(rows: list[tuple[int, ...]], behind: bytes) -> bytes:
    """An ELF header, program headers (type, flags, offset, address, physical, file size, memory, align), and more."""
    core = CoreBuilder()
    table = b"".join(core.pack("IIQQQQQQ", *row) for row in rows)
    header = bytearray(core.build().data[:64])
    header[56:58] = len(rows).to_bytes(2, "little")
    return bytes(header) + table + behind


def text_row() -> tuple[int, ...]:
    """A program header that begins like any other text and holds the secret behind it."""
    return struct.unpack("<IIQQQQQQ", b"text of " + SECRET + b" goes on")


def note_of(owner: bytes, kind: int, desc: bytes, machine: int = X86_64, wide: bool = True) -> bytes:
    return CoreBuilder(wide, machine=machine).note(owner, kind, desc).load(0x1000, b"x" * 64).build().data


def test_memory_wins_over_the_program_headers_and_the_elf_header() -> None:
    size = 64 + 3 * ROW + 256
    whole = (1, 6, 0, 0x1000, 0, size, size, 1)
    data = with_rows([whole, text_row(), text_row()], bytes(256))
    assert kept(data) == []
    assert parse(data).protected == ()


def test_memory_that_begins_within_the_table() -> None:
    rows = [(1, 6, 64, 0x1000, 0, 64 + 2 * ROW, 64 + 2 * ROW, 1), text_row()]
    assert kept(with_rows(rows, bytes(64))) == []


def test_what_is_no_program_header_is_not_shielded_by_their_count() -> None:
    rows = [(1, 6, 0xFFFF_0000, 0x1000, 0, 64, 64, 1), *[text_row()] * 5]
    data = with_rows(rows, bytes(64))
    assert kept(data) == []


def test_a_program_header_that_leads_outside_the_file_shields_nothing() -> None:
    row = struct.unpack("<IIQQQQQQ", struct.pack("<I", 1) + b"text" + SECRET + b" goes on")
    assert kept(with_rows([(4, 0, 64 + 2 * ROW, 0, 0, 8, 8, 4), row], bytes(64))) == []


def test_program_headers_that_are_followed_stay() -> None:
    core = CoreBuilder().prpsinfo(b"x").load(0x1000, b"x").load(0x2000, b"").build()
    assert parse(core.data).protected[0].covers(Span(0, 64 + 3 * ROW))


@pytest.mark.parametrize("size", [64, 4096])
def test_section_headers_that_are_none_shield_nothing(size: int) -> None:
    core = CoreBuilder().prpsinfo(b"x").load(0x1000, b"x").build()
    data = bytearray(core.data + (SECRET * 200)[: size * 4])
    data[0x28:0x30] = len(core.data).to_bytes(8, "little")
    data[0x3A:0x3E] = size.to_bytes(2, "little") + (4).to_bytes(2, "little")
    assert kept(bytes(data)) == []


def test_section_headers_larger_than_they_are_shield_no_more_than_they_are() -> None:
    core = CoreBuilder().prpsinfo(b"x").load(0x1000, b"x").build()
    data = bytearray(core.data + bytes(64) + SECRET.ljust(64, b"\0"))
    data[0x28:0x30] = len(core.data).to_bytes(8, "little")
    data[0x3A:0x3E] = (128).to_bytes(2, "little") + (1).to_bytes(2, "little")
    assert kept(bytes(data)) == []


@pytest.mark.parametrize(
    ("owner", "kind", "machine", "wide"),
    [
        (b"CORE", 1, 243, True),  # PRSTATUS of a machine whose registers are not known
        (b"CORE", 1, X86_64, True),
        (b"CORE", 1, I386, False),
        (b"CORE", 2, X86_64, True),  # FPREGSET
        (b"CORE", 2, I386, False),
        (b"LINUX", 0x202, X86_64, True),  # X86_XSTATE
        (b"CORE", 6, X86_64, True),  # AUXV
        (b"CORE", 0x53494749, X86_64, True),  # SIGINFO
        (b"LINUX", 0x205, X86_64, True),  # X86_XSAVE_LAYOUT
        (b"GNU", 3, X86_64, True),  # GNU_BUILD_ID
        (b"CORE", 0x46494C45, X86_64, True),  # FILE
    ],
)
@pytest.mark.parametrize("length", [8192, 60_000])
def test_notes_larger_than_such_notes_are_shield_nothing_behind_their_numbers(
    owner: bytes, kind: int, machine: int, wide: bool, length: int
) -> None:
    for at in (1024, length - 100):
        assert kept(note_of(owner, kind, bytes(at) + SECRET + bytes(length - at), machine, wide)) == []


def test_the_times_of_a_thread_are_followed_by_nobody() -> None:
    core = CoreBuilder().prstatus([0] * 27).load(0x1000, b"x").build()
    at = core.notes[0] + 48
    assert kept(core.data[:at] + SECRET + core.data[at + len(SECRET) :]) == []


def test_the_name_of_an_unknown_owner_of_notes() -> None:
    assert kept(note_of(SECRET, 7, bytes(16))) == []


def test_a_list_of_mapped_files_that_is_none() -> None:
    pack = CoreBuilder().pack
    for head in (pack("WW", 2**40, 4096), pack("WW", 3, 4096)):
        assert kept(note_of(b"CORE", 0x46494C45, head + SECRET.ljust(72, b"A"))) == []
    rows = pack("WWW", 0x1000, 0x2000, 0) + SECRET.ljust(48, b"A")
    assert kept(note_of(b"CORE", 0x46494C45, pack("WW", 3, 4096) + rows + b"a\0b\0c\0")) == []


def test_an_auxiliary_vector_that_is_text() -> None:
    assert kept(note_of(b"CORE", 6, CoreBuilder().pack("WW", 3, 64) + SECRET.ljust(48, b"A"))) == []
    behind = CoreBuilder().vector([(3, 64)]) + SECRET
    assert kept(note_of(b"CORE", 6, behind)) == []


def shielded() -> Core:
    """A core whose memory spans its own program headers, one of which is a text with a secret."""
    size = 64 + 3 * ROW + 4096
    rows = [(1, 6, 0, 0x1000, 0, size, size, 1), text_row(), (1, 6, 64 + 3 * ROW, 0x9000, 0, 4096, 4096, 1)]
    return Core(with_rows(rows, bytes(4096)), (), ())


def test_such_a_secret_is_masked_and_the_copy_is_published(tmp_path: Path) -> None:
    dump = tmp_path / "app.core"
    dump.write_bytes(shielded().data)
    result = dumpscrub.sanitize(dump, known=[SecretValue(SECRET)])
    assert result.output is not None
    assert SECRET not in result.output.read_bytes()
    assert [finding.action for finding in result.findings] == ["mask"]
