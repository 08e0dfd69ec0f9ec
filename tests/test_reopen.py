"""The independent readers, run as ``sanitize`` runs them: in a child process with limits."""

from __future__ import annotations

import io
import lzma
import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from dumpscrub import independent, reopen
from dumpscrub.errors import DumpscrubError, InputError, VerificationError
from dumpscrub.independent import core_tables, minidump_tables
from dumpscrub.reopen import Summary, summarise
from dumpscrub.tables import READABLE
from dumpscrub.verifier import structure
from dumpscrub.writer import PrivateCopy


def minidump(name: str = "app.exe", ip: int = 0x7FF60000) -> bytes:
    """A minidump of one x64 thread, one module and one range of memory."""
    text = name.encode("utf-16-le")
    streams = {7: 56, 3: 4 + 48, 4: 4 + 108, 9: 16 + 16}
    places, end = {}, 32 + 12 * len(streams)
    for kind, size in streams.items():
        places[kind], end = end, end + size
    text_at, context_at, memory_at = end, end + 100, end + 100 + 1232
    context = bytearray(1232)
    struct.pack_into("<Q", context, 0x98, 0x10010)
    struct.pack_into("<Q", context, 0xF8, ip)
    parts = [
        struct.pack("<4sIIIIIQ", b"MDMP", 0xA793, len(streams), 32, 0, 0, 0),
        b"".join(struct.pack("<III", kind, size, places[kind]) for kind, size in streams.items()),
        struct.pack("<HHHBBIIIII", 9, 6, 0, 4, 1, 10, 0, 19045, 2, text_at).ljust(56, b"\0"),
        struct.pack("<IIIIIQQIIII", 1, 42, 0, 0, 0, 0, 0x10000, 16, memory_at, 1232, context_at),
        struct.pack("<IQIIII", 1, 0x7FF60000, 0x1000, 0, 0, text_at).ljust(4 + 108, b"\0"),
        struct.pack("<QQQQ", 1, memory_at, 0x10000, 16),
        (struct.pack("<I", len(text)) + text).ljust(100, b"\0"),
        bytes(context),
        b"some stack bytes",
    ]
    return b"".join(parts)


def core(order: str = "<", bits: int = 64, machine: int = 62, name: bytes = b"/bin/app") -> bytes:
    """A core dump of one thread, one mapped file and one segment of memory."""
    wide = bits == 64
    word = "Q" if wide else "I"
    header, entry = (64, 56) if wide else (52, 32)
    state = bytearray(400)
    struct.pack_into(order + "I", state, 32 if wide else 24, 4711)
    ip, sp = {62: (240, 264), 183: (368, 360), 3: (120, 132), 40: (132, 124)}.get(machine, (0, 0))
    if ip:
        struct.pack_into(order + word, state, ip, 0x401000)
        struct.pack_into(order + word, state, sp, 0x7FF0)
    files = struct.pack(order + word * 5, 1, 4096, 0x400000, 0x402000, 0) + name + b"\0"
    notes = b"".join(
        struct.pack(order + "III", 5, len(desc), kind) + b"CORE\0\0\0\0" + desc + b"\0" * (-len(desc) % 4)
        for kind, desc in ((1, bytes(state)), (0x46494C45, files))
    )
    at = header + 2 * entry
    ident = b"\x7fELF" + bytes([2 if wide else 1, 1 if order == "<" else 2, 1]) + bytes(9)
    fields = (4, machine, 1, 0, header, 0, 0, header, entry, 2, 0, 0, 0)
    head = ident + struct.pack(order + "HHI" + word * 3 + "IHHHHHH", *fields)

    def segment(kind: int, offset: int, address: int, size: int) -> bytes:
        if wide:
            return struct.pack(order + "IIQQQQQQ", kind, 4, offset, address, 0, size, size, 1)
        return struct.pack(order + "IIIIIIII", kind, offset, address, 0, size, size, 4, 1)

    memory = at + len(notes)
    return head + segment(4, at, 0, len(notes)) + segment(1, memory, 0x400000, 16) + notes + b"some stack bytes"


def seen(summary: Summary | None, table: str) -> list[tuple[int, ...]]:
    assert summary is not None
    return summary.table(table).rows()


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    path = tmp_path / "app.dmp"
    path.write_bytes(minidump())
    return path


def test_a_minidump(dump: Path) -> None:
    summary = summarise(dump, "minidump")
    assert [row[0] for row in seen(summary, "streams")] == [7, 3, 4, 9]
    ((identity, _, stack, size, *_, ip, sp),) = seen(summary, "threads")
    assert (identity, stack, size, ip, sp) == (42, 0x10000, 16, 0x7FF60000, 0x10010)
    assert seen(summary, "modules") == [(0x7FF60000, 0x1000, 0, 0)]
    assert seen(summary, "memory_segments") == []
    assert [row[:2] for row in seen(summary, "memory_segments_64")] == [(0x10000, 16)]


@pytest.mark.parametrize(
    ("order", "bits", "machine", "thread"),
    [
        ("<", 64, 62, (4711, 0x401000, 0x7FF0)),
        ("<", 64, 183, (4711, 0x401000, 0x7FF0)),
        ("<", 32, 3, (4711, 0x401000, 0x7FF0)),
        (">", 32, 40, (4711, 0x401000, 0x7FF0)),
        (">", 64, 22, (0, 0, 0)),
    ],
)
def test_a_core_dump(tmp_path: Path, order: str, bits: int, machine: int, thread: tuple[int, ...]) -> None:
    path = tmp_path / "core"
    path.write_bytes(core(order, bits, machine))
    summary = summarise(path, "elf-core")
    assert seen(summary, "header")[0][:4] == (bits, order == "<", 4, machine)
    assert [row[0] for row in seen(summary, "segments")] == [4, 1]
    assert seen(summary, "segments")[1][2:5] == (0x400000, 16, 16)
    assert [row[0] for row in seen(summary, "notes")] == [1, 0x46494C45]
    assert seen(summary, "files") == [(0x400000, 0x402000, 0)]
    assert seen(summary, "threads") == [thread]


def lists() -> bytes:
    """A minidump of five ranges in each list of memory, with records that tell their place."""
    descriptors = b"".join(struct.pack("<QII", 0x1000 * row, 16, 600) for row in range(5))
    wide = b"".join(struct.pack("<QQ", 0x1000 * row, 4) for row in range(5))
    info = b"".join(struct.pack("<QQIIQIIII", 0x1000 * row, 0, 4, 0, 16, 0x1000, 4, 0x20000, 0) for row in range(5))
    contents = {
        5: struct.pack("<I", 5) + descriptors,
        9: struct.pack("<QQ", 5, 600) + wide,
        16: struct.pack("<IIQ", 16, 48, 5) + info,
    }
    directory, body = b"", b""
    for kind, content in contents.items():
        directory += struct.pack("<III", kind, len(content), 32 + 36 + len(body))
        body += content
    return struct.pack("<4sIIIIIQ", b"MDMP", 0xA793, 3, 32, 0, 0, 0) + directory + body + bytes(200)


NAMES = ("memory_segments", "memory_segments_64", "memory info")


def test_lists_with_too_many_rows_are_shown_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Summary(tuple(minidump_tables(io.BytesIO(lists()))))
    assert whole.is_complete
    monkeypatch.setattr(independent, "RANGES", 3)
    part = Summary(tuple(minidump_tables(io.BytesIO(lists()))))
    assert not part.is_complete
    assert part.table("left out").rows() == [(5, 5), (9, 5), (16, 5)]
    for name in NAMES:
        assert len(whole.table(name).rows()) == 5
        assert part.table(name).rows() == whole.table(name).rows()[:3]


def test_a_core_with_too_many_segments_is_shown_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Summary(tuple(core_tables(io.BytesIO(core()))))
    monkeypatch.setattr(independent, "RANGES", 1)
    part = Summary(tuple(core_tables(io.BytesIO(core()))))
    assert (whole.is_complete, part.is_complete) == (True, False)
    assert part.table("segments").rows() == whole.table("segments").rows()[:1]
    assert part.table("left out").rows() == [(0, 2)]


def test_what_is_left_out_counts_as_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Summary(tuple(minidump_tables(io.BytesIO(lists()))))
    monkeypatch.setattr(independent, "RANGES", 4)
    with pytest.raises(VerificationError, match="other left out"):
        structure(whole, Summary(tuple(minidump_tables(io.BytesIO(lists())))))


@pytest.mark.parametrize("size", [0, 15, 31, 40, 67, 70, 130])
def test_no_list_is_long_in_a_dump_that_is_cut_short(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(independent, "RANGES", 3)
    found = [kind for kind, *_ in independent._long_lists(io.BytesIO(lists()[:size]))]
    assert found == ([5] if size >= 70 else [])


@pytest.mark.parametrize(("name", "format_name"), [("app.dmp", "minidump"), ("core", "elf-core")])
def test_redacted_names_are_no_difference(tmp_path: Path, name: str, format_name: str) -> None:
    path = tmp_path / name
    path.write_bytes(minidump() if format_name == "minidump" else core())
    before = summarise(path, format_name)
    path.write_bytes(minidump("*******") if format_name == "minidump" else core(name=b"********"))
    assert structure(before, summarise(path, format_name))


def test_a_moved_instruction_pointer_is_a_difference(dump: Path) -> None:
    before = summarise(dump, "minidump")
    dump.write_bytes(minidump(ip=0x2A2A2A2A))
    assert before != summarise(dump, "minidump")


def test_an_open_private_copy(dump: Path, tmp_path: Path) -> None:
    with PrivateCopy.make(dump, tmp_path) as copy:
        summary = summarise(copy.descriptor, "minidump")
        assert summary is not None
        assert summary == summarise(copy.descriptor, "minidump")
        assert summary == summarise(dump, "minidump")


def test_a_copy_with_a_name(dump: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    test_an_open_private_copy(dump, tmp_path)


def test_a_format_without_a_reader(dump: Path) -> None:
    assert summarise(dump, "raw") is None


@pytest.mark.parametrize("format_name", ["minidump", "elf-core"])
@pytest.mark.parametrize("content", [b"", b"plain text " * 9, b"MD", core()[:100]])
def test_what_a_reader_cannot_read(tmp_path: Path, format_name: str, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    assert summarise(path, format_name) is None


def child(dump: Path, code: str) -> subprocess.CompletedProcess[bytes]:
    """Run ``code`` in a child like that of ``summarise``, with ``reopen`` imported."""
    package = Path(reopen.__file__).parent
    command = [sys.executable, "-I", "-c", reopen._IMPORT + code, "", "", str(package), *filter(None, sys.path)]
    with dump.open("rb") as file:
        return subprocess.run(command, stdin=file, capture_output=True, check=False, timeout=60)


def test_a_path_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        summarise(tmp_path / "gone.dmp", "minidump")


def hostile(directory: Path) -> Path:
    """32 bytes that claim four billion streams: the reader would take all memory."""
    path = directory / "hostile.dmp"
    path.write_bytes(struct.pack("<4sIIIIIQ", b"MDMP", 0xA793, 0xFFFFFFFF, 32, 0, 0, 0))
    return path


def test_a_reader_that_takes_too_long(tmp_path: Path) -> None:
    assert summarise(hostile(tmp_path), "minidump", timeout=1) is None


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs RLIMIT_AS")
def test_a_reader_that_takes_too_much_memory(tmp_path: Path) -> None:
    ran = child(hostile(tmp_path), f"independent.MEMORY = {100 << 20}; independent.main('minidump', '50')")
    assert ran.returncode == 1
    assert ran.stdout == b'"ready"\n'
    assert b"MemoryError" in ran.stderr


def test_an_answer_that_is_too_long(dump: Path) -> None:
    ran = child(dump, "independent.ANSWER = 100; independent.main('minidump', '50')")
    assert ran.returncode == 1
    assert b"MemoryError" in ran.stderr


def test_what_a_reader_prints_is_no_answer(dump: Path) -> None:
    chatty = (
        "def chatty(dump): print('hello', flush=True); yield from independent.READERS['elf-core'](dump)\n"
        "independent.READERS['minidump'] = chatty; independent.main('minidump', '50')"
    )
    dump.write_bytes(core())
    ran = child(dump, chatty)
    assert ran.returncode == 0
    assert b"hello" not in ran.stdout
    assert ran.stdout.startswith(b'"ready"\n{"name":"header"')


def test_each_readable_format_has_a_reader() -> None:
    assert tuple(independent.READERS) == READABLE


def test_the_child_loads_little(dump: Path) -> None:
    """Its memory limit is for the dump: the search engines and numpy stay out of it."""
    ran = child(dump, "print(*sorted({'numpy', 'hyperscan', 'cryptography'} & set(sys.modules)))")
    assert ran.returncode == 0
    assert ran.stdout.strip() == b""


def test_the_child_needs_nothing_from_the_environment(dump: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (dump.parent / "dumpscrub.py").write_text("raise RuntimeError")
    monkeypatch.chdir(dump.parent)
    monkeypatch.setenv("PYTHONPATH", str(dump.parent))
    monkeypatch.setenv("PYTHONSTARTUP", "nowhere")
    assert summarise(dump, "minidump") is not None


@pytest.mark.parametrize("executable", ["", str(Path("gone", "python")), os.devnull])
def test_an_interpreter_that_does_not_start(dump: Path, monkeypatch: pytest.MonkeyPatch, executable: str) -> None:
    monkeypatch.setattr(sys, "executable", executable)
    with pytest.raises(DumpscrubError) as caught:
        summarise(dump, "minidump")
    assert str(caught.value) == ("the independent reader does not start: reinstall dumpscrub in a fresh environment")


def test_a_child_that_cannot_import_dumpscrub(dump: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reopen, "_START", "raise ImportError")
    with pytest.raises(DumpscrubError, match="does not start"):
        summarise(dump, "minidump")


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "format_name", "threads"),
    [
        ("ms-plant-normal.dmp", "minidump", 3),
        ("ms-net31-normal.dmp", "minidump", 16),
        ("net3.1-triage.core", "elf-core", 18),
        ("wine-plant-normal.dmp", "minidump", None),
    ],
)
def test_real_dumps(shared: Path, tmp_path: Path, name: str, format_name: str, threads: int | None) -> None:
    path = tmp_path / name
    path.write_bytes(lzma.decompress((shared / "dumps" / f"{name}.xz").read_bytes()))
    summary = summarise(path, format_name)
    if threads is None:
        assert summary is None  # the package refuses a stream type that Wine writes
    else:
        assert len(seen(summary, "threads")) == threads
        assert all(row[-1] and row[-2] for row in seen(summary, "threads"))
