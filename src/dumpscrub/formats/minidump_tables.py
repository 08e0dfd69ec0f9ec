"""The tables in a minidump's streams: threads, modules, memory ranges and what the system says about them.

Every count is cut to what its stream really holds before anything runs over it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from dumpscrub.errors import FormatError
from dumpscrub.formats import minidump_directory as directory
from dumpscrub.formats.base import Reader, Records, record_spans
from dumpscrub.formats.minidump_directory import Marks, Stream, read_each
from dumpscrub.formats.minidump_memory import Ranges
from dumpscrub.formats.minidump_records import (
    MEMORY,
    MEMORY64,
    MEMORY_INFO,
    MODULE,
    THREAD,
    THREAD_EX,
    THREAD_INFO,
    Credible,
    credible,
)
from dumpscrub.span import Span

MAX_HEADER = 4096
"""Bytes of a header or a record, in tables that tell those sizes themselves."""

_LATER = 8  # bytes that later versions added to a record

# Streams of numbers alone, of which nothing needs to be read, and their bytes at the most. FunctionTable and
# HandleOperationList have no such limit: whatever is found in them may be edited.
_NUMERIC = {
    directory.SYSTEM_MEMORY_INFO: 512,
    directory.VM_COUNTERS: 256,
    directory.LINUX_AUXV: 1024,
    directory.LINUX_DSO_DEBUG: 64,
}
# MiscInfo holds text in between: the names of the time zone at 64 and 148, the build strings at 232.
_MISC_NUMBERS = (Span(0, 64), Span(128, 148), Span(212, 232), Span(832, 1364))


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

    ``listed`` counts the memory ranges. ``exception_contexts`` are the contexts that Exception streams point to.
    """

    system: SystemInfo | None
    threads: Records
    modules: Records
    memory_info: Records
    listed: int
    exception_contexts: tuple[Span, ...]


def read_tables(reader: Reader, streams: tuple[Stream, ...], marks: Marks) -> tuple[Tables, Ranges]:
    """All tables of the dump. A stream that cannot be read is left as raw bytes, with a notice.

    The ranges are the listed memory ranges and the threads' stacks as the dump has them, not yet cut to the file.
    """

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
    read_each(
        streams,
        directory.THREAD_INFO_LIST,
        marks,
        lambda stream: sized_table(reader, stream, "III", THREAD_INFO, marks),
    )
    _protect_numbers(streams, marks)
    lists = [Ranges.from_descriptors(memory["address"], memory["size"], memory["rva"]), *memory64]
    stacks = Ranges.from_descriptors(threads["stack"], threads["stack_size"], threads["stack_rva"])
    tables = Tables(
        systems[0] if systems else None,
        threads,
        counted(directory.MODULE_LIST, MODULE),
        _join(MEMORY_INFO, infos),
        sum(len(ranges) for ranges in lists),
        tuple(contexts),
    )
    return tables, Ranges.join([*lists, stacks])


def located(reader: Reader, size: int, rva: int) -> Span:
    """The bytes of a MINIDUMP_LOCATION_DESCRIPTOR, cut to the file; empty where it points to nothing."""
    start = min(rva, reader.size) if rva else 0
    return Span(start, min(start + size, reader.size) if rva else 0)


def counted_table(reader: Reader, stream: Stream, record: np.dtype[np.void], marks: Marks) -> Records:
    """The records behind a 32-bit count. Some writers align the first one to 8 bytes, which the size gives away."""
    (count,) = _head(reader, stream, "I")
    padded = len(stream.span) == 8 + count * record.itemsize
    skip = 8 if padded else 4
    records = _table(reader, stream, record, count, skip, marks)
    _protect_records(marks, stream, skip, (skip, record.itemsize), credible(records, reader.size))
    return records


def sized_table(reader: Reader, stream: Stream, head: str, record: np.dtype[np.void], marks: Marks) -> Records:
    """The records behind a header that begins with its own size, the size of a record and their count."""
    header_size, size, count = _head(reader, stream, head)[:3]
    if not (struct.calcsize("<" + head) <= header_size <= MAX_HEADER and record.itemsize <= size <= MAX_HEADER):
        raise FormatError("the dump is damaged: a table has records of an impossible size")
    wide = np.dtype([("record", record), ("more", f"V{size - record.itemsize}")])
    records: Records = _table(reader, stream, wide, count, header_size, marks)["record"]
    known, kept = credible(records, reader.size), min(size, record.itemsize + _LATER)
    _protect_records(marks, stream, struct.calcsize("<" + head), (header_size, size), known, kept)
    return records


def _head(reader: Reader, stream: Stream, layout: str) -> tuple[int, ...]:
    if struct.calcsize("<" + layout) > len(stream.span):
        raise FormatError("the dump is damaged: a stream is too short for its header")
    return reader.unpack(layout, stream.span.start)


def _table(reader: Reader, stream: Stream, record: np.dtype[np.void], count: int, skip: int, marks: Marks) -> Records:
    """Up to ``count`` records that stand ``skip`` bytes into the stream."""
    held = max(0, len(stream.span) - skip) // record.itemsize
    if held < count:
        marks.notices.append(f"stream {stream.name} holds only {held} of its {count} records")
    return reader.records(record, min(count, held), stream.span.start + skip)


def _protect_records(
    marks: Marks, stream: Stream, head: int, records: tuple[int, int], which: Credible, size: int = 0
) -> None:
    """Protect the first ``head`` bytes of a table and, of its records, those for which ``which`` is true.

    ``records`` are how far into the stream they begin and how far one is behind the other, ``size`` the bytes of one,
    where that is less.
    """
    start = stream.span.start
    marks.protect(Span(start, min(start + head, stream.span.end)))
    skip, step = records
    marks.protected += record_spans(start + skip, step, size or step, which)


def _join(record: np.dtype[np.void], parts: list[Records]) -> Records:
    return parts[0] if len(parts) == 1 else np.concatenate([np.empty(0, record), *parts])


def _memory64(reader: Reader, stream: Stream, marks: Marks) -> Ranges:
    """The 64-bit count, the file offset of the first range, then address and size of each."""
    count, base = _head(reader, stream, "QQ")
    if base < directory.HEADER_SIZE:
        raise FormatError("the dump is damaged: its memory would begin within the header")
    table = _table(reader, stream, MEMORY64, count, 16, marks)
    ranges = Ranges.end_to_end(table["address"], table["size"], base, reader.size)
    _protect_records(marks, stream, 16, (16, MEMORY64.itemsize), ranges.offsets + ranges.lengths <= reader.size)
    return ranges


def _system_info(reader: Reader, stream: Stream, marks: Marks) -> SystemInfo:
    architecture, _, _, processors, _, major, minor, build, platform, csd = _head(reader, stream, "HHHBBIIIII")
    marks.protect(stream.span.intersection(Span(0, 56).shift(stream.span.start)))
    return SystemInfo(architecture, processors, (major, minor, build), platform, csd)


def _exception(reader: Reader, stream: Stream, marks: Marks) -> Span:
    """The context of the thread that failed: its location ends the 168 bytes of MINIDUMP_EXCEPTION_STREAM.

    Before it stand up to 15 parameters of 8 bytes.
    """
    parameters, size, rva = _head(reader, stream, "32xI124xII")
    for part in (Span(0, 40 + 8 * min(parameters, 15)), Span(160, 168)):
        marks.protect(part.shift(stream.span.start))
    return located(reader, size, rva)


def _protect_numbers(streams: tuple[Stream, ...], marks: Marks) -> None:
    """Protect the streams of numbers: the first of each type, of which real dumps have one."""
    first = {stream.type: stream for stream in reversed(streams)}
    for stream in first.values():
        if stream.type in _NUMERIC and len(stream.span) <= _NUMERIC[stream.type]:
            marks.protect(stream.span)
        elif stream.type == directory.MISC_INFO:
            for part in _MISC_NUMBERS:
                marks.protect(part.shift(stream.span.start).intersection(stream.span))
