"""The tables in a minidump's streams: threads, modules, memory ranges and what the system says about them.

Layouts follow minidumpapiset.h: packed to 4 bytes, little-endian. Every count is cut to what its stream really holds
before anything runs over it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from dumpscrub.errors import FormatError
from dumpscrub.formats import minidump_directory as directory
from dumpscrub.formats.base import Reader, Records
from dumpscrub.formats.minidump_directory import Marks, Stream, read_each
from dumpscrub.formats.minidump_memory import Ranges
from dumpscrub.span import Span

MAX_HEADER = 4096
"""Bytes of a header or a record, in tables that tell those sizes themselves."""

# Streams of numbers alone, of which nothing needs to be read.
_NUMERIC = (
    directory.FUNCTION_TABLE,
    directory.THREAD_INFO_LIST,
    directory.HANDLE_OPERATIONS,
    directory.SYSTEM_MEMORY_INFO,
    directory.VM_COUNTERS,
    directory.LINUX_AUXV,
    directory.LINUX_DSO_DEBUG,
)
# MiscInfo holds text in between: the names of the time zone at 64 and 148, the build strings at 232.
_MISC_NUMBERS = (Span(0, 64), Span(128, 148), Span(212, 232), Span(832, 1364))

THREAD = np.dtype(
    [
        ("id", "<u4"),
        ("suspend_count", "<u4"),
        ("priority_class", "<u4"),
        ("priority", "<u4"),
        ("teb", "<u8"),
        ("stack", "<u8"),
        ("stack_size", "<u4"),
        ("stack_rva", "<u4"),
        ("context_size", "<u4"),
        ("context_rva", "<u4"),
    ]
)
THREAD_EX = np.dtype([("thread", THREAD), ("backing_store", "V16")])
MODULE = np.dtype(
    [
        ("base", "<u8"),
        ("size", "<u4"),
        ("checksum", "<u4"),
        ("timestamp", "<u4"),
        ("name", "<u4"),
        ("version", "V52"),
        ("codeview_size", "<u4"),
        ("codeview", "<u4"),
        ("misc_size", "<u4"),
        ("misc", "<u4"),
        ("reserved", "V16"),
    ]
)
MEMORY = np.dtype([("address", "<u8"), ("size", "<u4"), ("rva", "<u4")])
MEMORY64 = np.dtype([("address", "<u8"), ("size", "<u8")])
MEMORY_INFO = np.dtype(
    [
        ("base", "<u8"),
        ("allocation", "<u8"),
        ("allocation_protect", "<u4"),
        ("pad", "<u4"),
        ("size", "<u8"),
        ("state", "<u4"),
        ("protect", "<u4"),
        ("type", "<u4"),
        ("pad2", "<u4"),
    ]
)


@dataclass(frozen=True, slots=True)
class SystemInfo:
    """The fields of MINIDUMP_SYSTEM_INFO that say on what the process ran."""

    architecture: int
    processors: int
    version: tuple[int, int, int]
    platform: int
    csd_version: int


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """What the streams hold, as tables.

    ``ranges`` are the listed memory ranges and the threads' stacks as the dump has them, not yet cut to the file;
    ``listed`` counts the former. ``exception_contexts`` are the contexts that Exception streams point to.
    """

    system: SystemInfo | None
    threads: Records
    modules: Records
    memory_info: Records
    ranges: Ranges
    listed: int
    exception_contexts: tuple[Span, ...]


def read_tables(reader: Reader, streams: tuple[Stream, ...], marks: Marks) -> Tables:
    """All tables of the dump. A stream that cannot be read is left as raw bytes, with a notice."""

    def counted(kind: int, record: np.dtype[np.void]) -> Records:
        return _join(
            record, read_each(streams, kind, marks, lambda stream: counted_table(reader, stream, record, marks))
        )

    threads = np.concatenate(
        (counted(directory.THREAD_LIST, THREAD), counted(directory.THREAD_EX_LIST, THREAD_EX)["thread"])
    )
    memory = counted(directory.MEMORY_LIST, MEMORY)
    memory64 = read_each(streams, directory.MEMORY64_LIST, marks, lambda stream: _memory64(reader, stream, marks))
    systems = read_each(streams, directory.SYSTEM_INFO, marks, lambda stream: _system_info(reader, stream, marks))
    infos = read_each(
        streams,
        directory.MEMORY_INFO_LIST,
        marks,
        lambda stream: sized_table(reader, stream, "IIQ", MEMORY_INFO, marks),
    )
    contexts = read_each(streams, directory.EXCEPTION, marks, lambda stream: _exception(reader, stream, marks))
    _protect_numbers(streams, marks)
    lists = [Ranges.from_descriptors(memory["address"], memory["size"], memory["rva"]), *memory64]
    stacks = Ranges.from_descriptors(threads["stack"], threads["stack_size"], threads["stack_rva"])
    return Tables(
        systems[0] if systems else None,
        threads,
        counted(directory.MODULE_LIST, MODULE),
        _join(MEMORY_INFO, infos),
        Ranges.join([*lists, stacks]),
        sum(len(ranges) for ranges in lists),
        tuple(contexts),
    )


def located(reader: Reader, size: int, rva: int) -> Span:
    """The bytes of a MINIDUMP_LOCATION_DESCRIPTOR, cut to the file; empty where it points to nothing."""
    start = min(rva, reader.size) if rva else 0
    return Span(start, min(start + size, reader.size) if rva else 0)


def counted_table(reader: Reader, stream: Stream, record: np.dtype[np.void], marks: Marks) -> Records:
    """The records behind a 32-bit count. Some writers align the first one to 8 bytes, which the size gives away."""
    (count,) = _head(reader, stream, "I")
    padded = len(stream.span) == 8 + count * record.itemsize
    return _table(reader, stream, record, count, 8 if padded else 4, marks)


def sized_table(reader: Reader, stream: Stream, head: str, record: np.dtype[np.void], marks: Marks) -> Records:
    """The records behind a header that begins with its own size, the size of a record and their count."""
    header_size, size, count = _head(reader, stream, head)[:3]
    if not (struct.calcsize("<" + head) <= header_size <= MAX_HEADER and record.itemsize <= size <= MAX_HEADER):
        raise FormatError("the dump is damaged: a table has records of an impossible size")
    wide = np.dtype([("record", record), ("more", f"V{size - record.itemsize}")])
    return np.asarray(_table(reader, stream, wide, count, header_size, marks)["record"])


def _head(reader: Reader, stream: Stream, layout: str) -> tuple[int, ...]:
    if struct.calcsize("<" + layout) > len(stream.span):
        raise FormatError("the dump is damaged: a stream is too short for its header")
    return reader.unpack(layout, stream.span.start)


def _table(reader: Reader, stream: Stream, record: np.dtype[np.void], count: int, skip: int, marks: Marks) -> Records:
    """Up to ``count`` records that stand ``skip`` bytes into the stream; the stream's numbers become protected."""
    held = max(0, len(stream.span) - skip) // record.itemsize
    if held < count:
        marks.notices.append(f"stream {stream.name} holds only {held} of its {count} records")
    count = min(count, held)
    start = stream.span.start + skip
    marks.protect(Span(stream.span.start, min(start + count * record.itemsize, stream.span.end)))
    return reader.records(record, count, start)


def _join(record: np.dtype[np.void], parts: list[Records]) -> Records:
    return np.concatenate([np.empty(0, record), *parts])


def _memory64(reader: Reader, stream: Stream, marks: Marks) -> Ranges:
    """The 64-bit count, the file offset of the first range, then address and size of each."""
    count, base = _head(reader, stream, "QQ")
    if base < directory.HEADER_SIZE:
        raise FormatError("the dump is damaged: its memory would begin within the header")
    table = _table(reader, stream, MEMORY64, count, 16, marks)
    return Ranges.end_to_end(table["address"], table["size"], base, reader.size)


def _system_info(reader: Reader, stream: Stream, marks: Marks) -> SystemInfo:
    architecture, _, _, processors, _, major, minor, build, platform, csd = _head(reader, stream, "HHHBBIIIII")
    marks.protect(stream.span.intersection(Span(0, 56).shift(stream.span.start)))
    return SystemInfo(architecture, processors, (major, minor, build), platform, csd)


def _exception(reader: Reader, stream: Stream, marks: Marks) -> Span:
    """The context of the thread that failed: its location ends the 168 bytes of MINIDUMP_EXCEPTION_STREAM."""
    size, rva = _head(reader, stream, "160xII")
    marks.protect(Span(0, 168).shift(stream.span.start))
    return located(reader, size, rva)


def _protect_numbers(streams: tuple[Stream, ...], marks: Marks) -> None:
    for stream in streams:
        if stream.type in _NUMERIC:
            marks.protect(stream.span)
        elif stream.type == directory.MISC_INFO:
            for part in _MISC_NUMBERS:
                marks.protect(part.shift(stream.span.start).intersection(stream.span))
