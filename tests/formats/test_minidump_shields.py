"""What a minidump cannot do: declare the bytes of a secret to be numbers that must stay."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from minidump_builder import X64, MinidumpBuilder, everything, x64_context
from test_minidump import parse

import dumpscrub
from dumpscrub.model import SecretValue

SECRET = b"Kf7-not-a-live-value-92Qx-of-forty-bytes"
SIZE = len(SECRET)
FULL = 0xFFFFFFFF


def kept(data: bytes, secret: bytes = SECRET) -> list[int]:
    """The bytes of the secret that would stay, by their place in it."""
    at = data.index(secret)
    spans = parse(data).protected
    return [offset for offset in range(len(secret)) if any(at + offset in span for span in spans)]


def around(kind: int, head: bytes = b"", tail: bytes = b"") -> bytes:
    """A dump with one stream: ``head``, the secret among text, ``tail``."""
    builder = MinidumpBuilder()
    builder.stream(kind, head + b"text of " * 100 + SECRET + b" goes on" * 100 + tail)
    return builder.build()


@pytest.mark.parametrize("kind", [13, 17, 18, 21, 22, 0x47670008, 0x4767000A, 15])
def test_streams_of_numbers_larger_than_such_streams(kind: int) -> None:
    head = bytes(1400) if kind == 15 else bytes(4096)
    assert kept(around(kind, head)) == []


@pytest.mark.parametrize("kind", [21, 22, 0x47670008, 0x4767000A])
def test_a_stream_of_numbers_that_stands_many_times(kind: int) -> None:
    builder = MinidumpBuilder()
    builder.stream(kind, bytes(40))
    at = builder.place(SECRET + bytes(400))
    builder.streams += [(kind, 40, at + 40 * number) for number in range(10)]
    assert kept(builder.build()) == []


@pytest.mark.parametrize(
    ("kind", "head"),
    [
        (3, struct.pack("<I", 1 << 20)),  # ThreadList
        (8, struct.pack("<I", 1 << 20)),  # ThreadExList
        (4, struct.pack("<I", 1 << 20)),  # ModuleList
        (5, struct.pack("<I", 1 << 20)),  # MemoryList
        (9, struct.pack("<QQ", 1 << 20, 4096)),  # Memory64List
        (12, struct.pack("<IIII", 16, 40, 1 << 20, 0)),  # HandleData
        (14, struct.pack("<III", 12, 24, 1 << 20)),  # UnloadedModuleList
        (16, struct.pack("<IIQ", 16, 48, 1 << 20)),  # MemoryInfoList
        (17, struct.pack("<III", 12, 64, 1 << 20)),  # ThreadInfoList
        (24, struct.pack("<I", 1 << 20)),  # ThreadNames
    ],
)
def test_tables_of_text(kind: int, head: bytes) -> None:
    assert kept(around(kind, head)) == []


@pytest.mark.parametrize(
    ("kind", "head", "record"), [(12, "<IIII", 32), (14, "<III", 24), (16, "<IIQ", 48), (17, "<III", 64)]
)
def test_records_and_headers_larger_than_they_are(kind: int, head: str, record: int) -> None:
    size = struct.calcsize(head)
    numbers = (struct.pack("<Q", 1) if head == "<IIQ" else struct.pack("<II", 1, 0))[: size - 8]
    long_head = struct.pack("<II", size + 60, record) + numbers + SECRET.ljust(60, b"\0")
    assert kept(around_exactly(kind, long_head + bytes(record))) == []
    # Later versions of a record may be 8 bytes longer.
    long_record = struct.pack("<II", size, record + 60) + numbers + bytes(record + 8) + SECRET.ljust(52, b"\0")
    assert kept(around_exactly(kind, long_record)) == []


def around_exactly(kind: int, content: bytes) -> bytes:
    builder = MinidumpBuilder()
    builder.stream(kind, content)
    return builder.build()


@pytest.mark.parametrize("architecture", [None, 0x7777])
def test_contexts_of_an_unknown_processor(architecture: int | None) -> None:
    builder = MinidumpBuilder()
    if architecture is not None:
        builder.system_info(architecture)
    at = builder.place(bytes(100) + SECRET + bytes(1000))
    builder.threads([(1, 0, 0, 0, 0, 1100, at)])
    assert kept(builder.build()) == []


def test_contexts_that_overlap_each_other() -> None:
    builder = MinidumpBuilder()
    builder.system_info(X64)
    at = builder.place(x64_context() + bytes(64) + SECRET + bytes(2000))
    places = [(1, 0, 0, 0, 0, 0x4D0, at + 16 * number) for number in range(100)]
    builder.threads(places)
    # One context in each 1,232 bytes; no part of one that is followed is longer than this.
    assert len(kept(builder.build())) <= 24


def test_a_context_too_short_for_its_processor() -> None:
    builder = MinidumpBuilder()
    builder.system_info(X64)
    at = builder.place(bytes(64) + SECRET)
    builder.threads([(1, 0, 0, 0, 0, 64 + SIZE, at)])
    assert len(kept(builder.build())) <= 8


def test_debug_records_of_an_unknown_kind() -> None:
    builder = MinidumpBuilder()
    at = builder.place(SECRET)
    builder.modules([(0x1000 * number, 16, 0, 4, at + 4 * number) for number in range(SIZE // 4)])
    assert kept(builder.build()) == []


def test_debug_records_that_overlap_each_other() -> None:
    builder = MinidumpBuilder()
    at = builder.place(b"LEpB" + bytes(36) + SECRET)
    builder.modules([(0x1000, 16, 0, 40 + SIZE, at)])
    assert kept(builder.build()) == []


@pytest.mark.parametrize("kind", [3, 5, 9, 16, 13, 21, 0x47670008])
def test_a_stream_of_text_within_a_table(kind: int) -> None:
    builder = MinidumpBuilder()
    at = builder.stream(10, bytes(16) + SECRET)
    builder.streams.append((kind, 16 + SIZE, at))
    assert kept(builder.build()) == []


def test_a_string_within_a_table() -> None:
    builder = MinidumpBuilder()
    at = builder.place(struct.pack("<I", SIZE) + SECRET + b"\0\0")
    builder.modules([(0x1000, 16, at, 0, 0)])
    builder.streams.append((21, SIZE + 6, at))
    assert kept(builder.build()) == []


def test_a_stream_of_unknown_type_within_a_table() -> None:
    builder = MinidumpBuilder()
    at = builder.stream(0xFFF0, SECRET)
    builder.streams.append((0x47670008, SIZE, at))
    assert kept(builder.build()) == []


def test_a_directory_of_text() -> None:
    builder = MinidumpBuilder(room=24)
    builder.system_info(X64)
    data = bytearray(builder.build())
    data[8:12] = struct.pack("<I", 24)
    data[32 + 12 : 32 + 12 + 240] = (b"texttext" + SECRET * 6).ljust(240, b"!")[:240]
    assert kept(bytes(data)) == []


def test_annotations_without_end() -> None:
    builder = MinidumpBuilder()
    text = builder.place(struct.pack("<I", 1 << 20) + b"text of " * 2000 + SECRET + bytes(1000))
    builder.stream(0x43500001, struct.pack("<I32xIIII", 1, 20_000, text, 0, 0))
    assert kept(builder.build()) == []


def test_what_is_followed_stays_in_a_dump_with_everything() -> None:
    data = everything(wide=True)
    streams = {kind: (size, at) for kind, size, at in struct.iter_unpack("<III", data[32 : 32 + 12 * 24]) if size}
    protected = parse(data).protected
    for kind in (3, 4, 5, 7, 12, 14, 16, 24):
        size, at = streams[kind]
        assert any(span.start <= at and at + size <= span.end for span in protected), kind


def test_such_a_secret_is_masked_and_the_copy_is_published(tmp_path: Path) -> None:
    builder = MinidumpBuilder()
    builder.system_info(X64)
    at = builder.place(bytes(100) + SECRET + bytes(1000))
    builder.memory64([(0x1000, b"memory" * 10)])
    builder.streams.append((13, 1100, at))
    dump = tmp_path / "app.dmp"
    dump.write_bytes(builder.build())
    result = dumpscrub.sanitize(dump, known=[SecretValue(SECRET)])
    assert result.output is not None
    assert SECRET not in result.output.read_bytes()
    assert [finding.action for finding in result.findings] == ["mask"]
