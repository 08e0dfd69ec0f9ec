"""Real minidumps of Microsoft's and of Wine's writer, against the ``minidump`` package and what was planted."""

from __future__ import annotations

import io
import lzma
import struct
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from minidump.minidumpfile import MinidumpFile
from test_minidump import parse, protected

from dumpscrub.formats.base import AddressSpace
from dumpscrub.layout import RegionKind
from dumpscrub.model import Dump, FieldKind
from dumpscrub.source import read

pytestmark = pytest.mark.shared

# The writer of Wine adds a stream of a type that the ``minidump`` package refuses.
MICROSOFT = {
    "ms-net31-normal": "net31-windows",
    "ms-plant-normal": "plant-windows",
    "ms-plant-heap": "plant-windows",
    "ms-plant-full": "plant-windows",
    "ms-net31-heap": "net31-windows",
}
WINE = {"wine-net31-normal": "net31-windows", "wine-plant-normal": "plant-windows"}


@dataclass(frozen=True)
class Real:
    """A dump's name, its bytes and what the reader makes of them. A failing test shows the name alone."""

    name: str
    data: bytes = field(repr=False)
    parsed: Dump = field(repr=False)


@pytest.fixture(scope="module", params=[*MICROSOFT, *WINE])
def dump(request: pytest.FixtureRequest, shared: Path) -> Real:
    data = lzma.decompress((shared / "dumps" / f"{request.param}.dmp.xz").read_bytes())
    return Real(request.param, data, parse(data))


def planted(shared: Path, name: str, prefix: str) -> list[bytes]:
    """The values planted under a name, as UTF-16."""
    manifest = {**MICROSOFT, **WINE}[name]
    lines = [line.split("\t") for line in (shared / "dumps" / f"{manifest}.manifest").read_text().splitlines()]
    values = [bytes(byte ^ 0x5A for byte in bytes.fromhex(line[3])) for line in lines if line[1] == prefix]
    return [value.decode().encode("utf-16-le") for value in values]


def directory(data: bytes) -> dict[int, tuple[int, int]]:
    """Size and offset of each stream by type."""
    count, at = struct.unpack_from("<II", data, 8)
    entries = [struct.unpack_from("<III", data, at + 12 * n) for n in range(count)]
    return {kind: (size, rva) for kind, size, rva in entries if size}


def listed(data: bytes) -> list[tuple[int, int, int]]:
    """Address, bytes and offset of each range that the memory lists name, read one by one."""
    streams, ranges = directory(data), []
    if 5 in streams:
        at = streams[5][1]
        (count,) = struct.unpack_from("<I", data, at)
        ranges += [struct.unpack_from("<QII", data, at + 4 + 16 * n) for n in range(count)]
    if 9 in streams:
        at = streams[9][1]
        count, offset = struct.unpack_from("<QQ", data, at)
        for n in range(count):
            address, size = struct.unpack_from("<QQ", data, at + 16 + 16 * n)
            ranges.append((address, size, offset))
            offset += size
    return [(address, size, offset) for address, size, offset in ranges if size]


def test_every_listed_byte_has_its_address(dump: Real) -> None:
    name, data, parsed = dump.name, dump.data, dump.parsed
    layout, ranges = parsed.layout, listed(data)
    assert dict(parsed.facts)["memory ranges"] == str(len(ranges))
    for address, size, offset in ranges[:: max(1, len(ranges) // 2000)]:
        assert layout.address_of(offset) == address
        assert layout.address_of(offset + size - 1) == address + size - 1
    memory = layout.kinds >= RegionKind.MEMORY
    # Wine lists some bytes twice and keeps stacks out of the list.
    total = int((layout.ends - layout.starts)[memory].sum())
    assert total == sum(size for _, size, _ in ranges) or name in WINE
    assert parsed.notices == (("streams of unknown type, searched as raw bytes: 0xfff0",) if name in WINE else ())


def test_threads_modules_and_segments_are_those_of_the_minidump_package(dump: Real) -> None:
    name, data, parsed = dump.name, dump.data, dump.parsed
    if name in WINE:
        with pytest.raises(ValueError, match="65520"):
            MinidumpFile.parse_buff(io.BytesIO(data))
        return
    other = MinidumpFile.parse_buff(io.BytesIO(data))
    facts = dict(parsed.facts)
    assert facts["threads"] == str(len(other.threads.threads))
    assert facts["modules"] == str(len(other.modules.modules))
    segments = (other.memory_segments_64 or other.memory_segments).memory_segments
    assert facts["memory ranges"] == str(len(segments))
    space = AddressSpace(parsed.source, parsed.layout)
    for segment in segments:
        assert space.offset_of(segment.start_virtual_address) == segment.start_file_address
        assert sum(map(len, space.spans(segment.start_virtual_address, segment.size))) == segment.size
    for thread in other.threads.threads:
        stack = thread.Stack.StartOfMemoryRange
        region = parsed.layout.region_at(space.offset_of(stack) or 0)
        assert region.kind is RegionKind.STACK
        context = thread.ThreadContext.Rva
        for at in (0x98, 0xA0, 0xF8):
            assert protected(parsed, context + at, context + at + 8)
    for module in other.modules.modules:
        start = space.offset_of(module.baseaddress)
        assert start is None or parsed.layout.region_at(start).kind is RegionKind.IMAGE


def test_command_line_and_environment_are_those_of_the_minidump_package(dump: Real, shared: Path) -> None:
    name, data, parsed = dump.name, dump.data, dump.parsed
    found = {
        found.kind: b"".join(read(parsed.source, span.start, span.end) for span in found.spans)
        for found in parsed.fields
        if found.kind is not FieldKind.REGISTERS
    }
    if "normal" in name:
        assert found == {}
        return
    peb = MinidumpFile.parse_buff(io.BytesIO(data)).peb
    # Compared as truth values: a failure must not print what was planted.
    same = found[FieldKind.COMMAND_LINE].decode("utf-16-le") == peb.command_line
    assert same is True
    variables = [f"{entry['name']}={entry['value']}" for entry in peb.environment_variables]
    text = found[FieldKind.ENVIRONMENT].decode("utf-16-le")
    same = [variable.rstrip("\0") for variable in variables] == text.rstrip("\0").split("\0")
    assert same is True
    assert text.endswith("\0\0") is True
    names = "DB_PASSWORD=".encode("utf-16-le")
    inside = [names + value in found[FieldKind.ENVIRONMENT] for value in planted(shared, name, "env_DB_PASSWORD")]
    assert inside == [True]
    inside = [value in found[FieldKind.COMMAND_LINE] for value in planted(shared, name, "cmdline")]
    assert set(inside) == {True}


def test_registers_of_each_thread(dump: Real) -> None:
    data, parsed = dump.data, dump.parsed
    at = directory(data)[3][1]
    (count,) = struct.unpack_from("<I", data, at)
    contexts = {struct.unpack_from("<I", data, at + 4 + 48 * n + 44)[0] for n in range(count)}
    registers = [found.spans for found in parsed.fields if found.kind is FieldKind.REGISTERS]
    assert {spans[0].start for spans in registers} == contexts


def test_the_kinds_of_memory(dump: Real) -> None:
    name, parsed = dump.name, dump.parsed
    kinds = set(np.unique(parsed.layout.kinds).tolist()) - {RegionKind.GAP}
    expected = {RegionKind.METADATA, RegionKind.STACK, RegionKind.IMAGE}
    if "normal" not in name:
        expected |= {RegionKind.HEAP}
    if "full" in name:
        expected |= {RegionKind.MAPPED, RegionKind.MEMORY}
    assert kinds == expected
