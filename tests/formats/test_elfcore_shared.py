"""Real cores: the kernel's, and createdump's."""

from __future__ import annotations

import io
import lzma
from pathlib import Path

import numpy as np
import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.segments import NoteSegment
from test_elfcore import assert_partition

from dumpscrub.formats.elfcore import ElfCore
from dumpscrub.layout import RegionKind
from dumpscrub.model import Dump, FieldKind
from dumpscrub.source import BytesSource, read

pytestmark = pytest.mark.shared

CORES = {"python-kernel": "python", "net3.1-normal": "net3.1-linux", "net3.1-triage": "net3.1-linux"}


@pytest.fixture(scope="module", params=CORES)
def core(request: pytest.FixtureRequest, shared: Path) -> tuple[str, bytes, Dump]:
    """A core's name, its bytes and what the reader makes of them."""
    data = lzma.decompress((shared / "dumps" / f"{request.param}.core.xz").read_bytes())
    return request.param, data, ElfCore().parse(BytesSource(data))


def planted(shared: Path, manifest: str, name: str) -> list[bytes]:
    """The manifest's values of a name."""
    lines = [line.split("\t") for line in (shared / "dumps" / f"{manifest}.manifest").read_text().splitlines()]
    return [bytes(byte ^ 0x5A for byte in bytes.fromhex(line[3])) for line in lines if line[1] == name]


def strings(dump: Dump, kind: FieldKind) -> list[bytes]:
    """The NUL-terminated strings of the first field of a kind."""
    field = next(field for field in dump.fields if field.kind is kind)
    text = b"".join(read(dump.source, span.start, span.end) for span in field.spans)
    assert text[-1] == 0
    return text[:-1].split(b"\x00")


def test_regions_partition_the_file(core: tuple[str, bytes, Dump]) -> None:
    _, data, dump = core
    assert_partition(dump, len(data))
    assert dump.notices == ()


def test_segments_are_those_of_pyelftools(core: tuple[str, bytes, Dump]) -> None:
    _, data, dump = core
    loads = [segment for segment in ELFFile(io.BytesIO(data)).iter_segments() if segment["p_type"] == "PT_LOAD"]
    expected = [(load["p_offset"], load["p_vaddr"], load["p_filesz"]) for load in loads if load["p_filesz"]]
    found = [(r.span.start, r.vaddr, len(r.span)) for r in dump.layout if r.kind.is_memory]
    assert found == sorted(expected)
    assert dict(dump.facts)["segments"] == str(len(loads))


def test_notes_are_those_of_pyelftools(core: tuple[str, bytes, Dump]) -> None:
    _, data, dump = core
    segments = [s for s in ELFFile(io.BytesIO(data)).iter_segments() if isinstance(s, NoteSegment)]
    expected = [note["n_offset"] for segment in segments for note in segment.iter_notes()]
    assert [region.span.start for region in dump.layout if region.label.startswith("note ")] == expected


def test_planted_arguments_and_environment(core: tuple[str, bytes, Dump], shared: Path) -> None:
    # Compared as truth values: a failure must not print what was planted.
    name, _, dump = core
    environment = strings(dump, FieldKind.ENVIRONMENT)
    whole = [b"DB_PASSWORD=" + value in environment for value in planted(shared, CORES[name], "env_DB_PASSWORD")]
    assert whole == [True]
    assert all(b"=" in string for string in environment) is True
    arguments = strings(dump, FieldKind.ARGUMENTS)
    switches = [
        any(argument.endswith(b"=" + value) for argument in arguments)
        for value in planted(shared, CORES[name], "cmdline")
    ]
    assert all(switches) is True
    assert len(switches) == sum(argument.startswith(b"--") and b"=" in argument for argument in arguments)
    assert arguments[0].startswith(b"/") is True


def test_each_thread_has_a_stack(core: tuple[str, bytes, Dump]) -> None:
    _, _, dump = core
    layout = dump.layout
    stacks = int(np.count_nonzero(layout.kinds == RegionKind.STACK))
    assert stacks >= int(dict(dump.facts)["threads"])
    for kind in (RegionKind.HEAP, RegionKind.IMAGE):
        assert np.any(layout.kinds == kind)


def test_the_kernel_cuts_psargs(core: tuple[str, bytes, Dump]) -> None:
    name, _, dump = core
    lines = [field for field in dump.fields if field.kind is FieldKind.COMMAND_LINE]
    if name != "python-kernel":
        assert lines == []
        return
    assert [(len(line.spans[0]), line.cut) for line in lines] == [(79, True)]
    text = read(dump.source, lines[0].spans[0].start, lines[0].spans[0].end)
    assert text.startswith(b"/usr/bin/python3 ") is True
