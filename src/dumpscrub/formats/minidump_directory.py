"""The directory of a minidump: which streams it has and where they stand.

Numbers follow minidumpapiset.h, and the headers of Breakpad and Crashpad for theirs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from dumpscrub.errors import FormatError
from dumpscrub.formats.base import Reader, record_spans
from dumpscrub.span import Span

HEADER_SIZE = 32
MAX_STREAMS = 1024
"""Directory entries that are followed. Real dumps have a few dozen."""

(THREAD_LIST, MODULE_LIST, MEMORY_LIST, EXCEPTION, SYSTEM_INFO, THREAD_EX_LIST, MEMORY64_LIST) = range(3, 10)
(COMMENT_A, COMMENT_W, HANDLE_DATA, FUNCTION_TABLE, UNLOADED_MODULES, MISC_INFO, MEMORY_INFO_LIST) = range(10, 17)
(THREAD_INFO_LIST, HANDLE_OPERATIONS) = range(17, 19)
(SYSTEM_MEMORY_INFO, VM_COUNTERS, THREAD_NAMES) = (21, 22, 24)
(LINUX_COMMAND_LINE, LINUX_ENVIRON, LINUX_AUXV, LINUX_DSO_DEBUG) = (0x47670006, 0x47670007, 0x47670008, 0x4767000A)
CRASHPAD_INFO = 0x43500001

STREAM_NAMES = {
    0: "Unused",
    1: "Reserved0",
    2: "Reserved1",
    THREAD_LIST: "ThreadList",
    MODULE_LIST: "ModuleList",
    MEMORY_LIST: "MemoryList",
    EXCEPTION: "Exception",
    SYSTEM_INFO: "SystemInfo",
    THREAD_EX_LIST: "ThreadExList",
    MEMORY64_LIST: "Memory64List",
    COMMENT_A: "CommentA",
    COMMENT_W: "CommentW",
    HANDLE_DATA: "HandleData",
    FUNCTION_TABLE: "FunctionTable",
    UNLOADED_MODULES: "UnloadedModuleList",
    MISC_INFO: "MiscInfo",
    MEMORY_INFO_LIST: "MemoryInfoList",
    THREAD_INFO_LIST: "ThreadInfoList",
    HANDLE_OPERATIONS: "HandleOperationList",
    19: "Token",
    20: "JavaScriptData",
    SYSTEM_MEMORY_INFO: "SystemMemoryInfo",
    VM_COUNTERS: "ProcessVmCounters",
    23: "IptTrace",
    THREAD_NAMES: "ThreadNames",
    0x47670001: "BreakpadInfo",
    0x47670002: "AssertionInfo",
    0x47670003: "LinuxCpuInfo",
    0x47670004: "LinuxProcStatus",
    0x47670005: "LinuxLsbRelease",
    LINUX_COMMAND_LINE: "LinuxCmdLine",
    LINUX_ENVIRON: "LinuxEnviron",
    LINUX_AUXV: "LinuxAuxv",
    0x47670009: "LinuxMaps",
    LINUX_DSO_DEBUG: "LinuxDsoDebug",
    CRASHPAD_INFO: "CrashpadInfo",
}


_NUMBERS = frozenset(
    {
        0,
        THREAD_LIST,
        MODULE_LIST,
        MEMORY_LIST,
        EXCEPTION,
        SYSTEM_INFO,
        THREAD_EX_LIST,
        MEMORY64_LIST,
        HANDLE_DATA,
        FUNCTION_TABLE,
        UNLOADED_MODULES,
        MISC_INFO,
        MEMORY_INFO_LIST,
        THREAD_INFO_LIST,
        HANDLE_OPERATIONS,
        SYSTEM_MEMORY_INFO,
        VM_COUNTERS,
        THREAD_NAMES,
        LINUX_AUXV,
        LINUX_DSO_DEBUG,
        CRASHPAD_INFO,
    }
)
"""Streams of tables and numbers; all others are text, or nobody knows what."""

DIRECTORY_ENTRY = np.dtype([("type", "<u4"), ("size", "<u4"), ("rva", "<u4")])

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Stream:
    """An entry of the directory. ``span`` is the part of it that the file holds."""

    type: int
    span: Span

    @property
    def name(self) -> str:
        """The stream's name, or its number where that is not known."""
        return STREAM_NAMES.get(self.type, f"{self.type:#x}")


@dataclass(slots=True)
class Marks:
    """What the readers say about the file while they read: labelled spans, spans of numbers, lines for the user.

    ``text`` is what no number protects, whatever else the file claims to stand there.
    ``lost`` counts strings and records, by label, that lie outside the file or have an impossible length.
    """

    claims: dict[str, list[Span]] = field(default_factory=dict)
    protected: list[Span] = field(default_factory=list)
    text: list[Span] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    lost: Counter[str] = field(default_factory=Counter)

    def claim(self, span: Span, label: str) -> None:
        """Say what stands at ``span``."""
        self.claims.setdefault(label, []).append(span)

    def protect(self, span: Span) -> None:
        """Say that ``span`` holds numbers that a debugger follows."""
        self.protected.append(span)


def read_directory(reader: Reader, marks: Marks) -> tuple[Stream, ...]:
    """The streams that the header at offset 0 leads to, in the order of the directory, empty ones left out."""
    claimed, offset = reader.unpack("II", 8)
    marks.claim(Span(0, HEADER_SIZE), "header")
    marks.protect(Span(0, HEADER_SIZE))
    held = reader.fits(claimed, DIRECTORY_ENTRY.itemsize, offset)
    count = min(held, MAX_STREAMS)
    if held < claimed:
        marks.notices.append(f"the directory is damaged: the file holds {held} of its {claimed} entries")
    if count < held:
        marks.notices.append(f"the directory has {held} entries: only the first {MAX_STREAMS} are followed")
    if not count:
        return ()
    table = Span(offset, offset + count * DIRECTORY_ENTRY.itemsize)
    marks.claim(table, "directory")
    entries = reader.records(DIRECTORY_ENTRY, count, offset)
    for span in record_spans(offset, entries.itemsize, entries.itemsize, entries["rva"] <= reader.size):
        marks.protect(span)
    return tuple(_stream(reader, marks, *entry) for entry in entries.tolist() if entry[1])


def _stream(reader: Reader, marks: Marks, kind: int, size: int, rva: int) -> Stream:
    start = min(rva, reader.size)
    stream = Stream(kind, Span(start, min(rva + size, reader.size)) if rva < reader.size else Span(start, start))
    if len(stream.span) < size:
        how = "is cut short by the end of the file" if stream.span else "lies outside the file"
        marks.notices.append(f"stream {stream.name} {how}")
    if stream.span:
        marks.claim(stream.span, f"stream {stream.name}")
    if kind not in _NUMBERS:
        marks.text.append(stream.span)
    return stream


def select(streams: tuple[Stream, ...], kind: int) -> list[Stream]:
    """The streams of one type that share no byte, so that a directory cannot make one table be read many times."""
    chosen: list[Stream] = []
    for stream in streams:
        if stream.type == kind and stream.span and not any(stream.span.overlaps(other.span) for other in chosen):
            chosen.append(stream)
    return chosen


def read_each(streams: tuple[Stream, ...], kind: int, marks: Marks, read_one: Callable[[Stream], T]) -> list[T]:
    """``read_one`` of each stream of a type; one that cannot be read is left as raw bytes, with a notice."""
    results: list[T] = []
    for stream in select(streams, kind):
        try:
            results.append(read_one(stream))
        except FormatError:
            marks.notices.append(f"stream {stream.name} is damaged: it is searched as raw bytes")
    return results
