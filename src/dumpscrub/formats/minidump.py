"""Windows minidumps, and those that Breakpad and Crashpad write on other systems.

The reader believes nothing that the file says about itself: what cannot be followed stays in the partition as a gap,
is searched as raw bytes, and is named in a notice.
"""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from dumpscrub.errors import FormatError
from dumpscrub.formats import minidump_contexts as cpu
from dumpscrub.formats import minidump_directory as directory
from dumpscrub.formats.base import AddressSpace, Reader
from dumpscrub.formats.minidump_directory import Marks, Stream, read_directory
from dumpscrub.formats.minidump_memory import AddressMap, Intervals, Ranges
from dumpscrub.formats.minidump_process import process_fields, process_layouts
from dumpscrub.formats.minidump_strings import claim_strings
from dumpscrub.formats.minidump_tables import SystemInfo, Tables, located, read_tables
from dumpscrub.layout import Layout, LayoutBuilder, RegionKind
from dumpscrub.links import NO_ADDRESS, Addresses
from dumpscrub.model import Dump, Encoding, Field, FieldKind
from dumpscrub.source import Source
from dumpscrub.span import Span

SIGNATURE = b"MDMP"
MAX_THREADS = 1 << 16
"""Threads whose context and environment block are looked at."""
MAX_STACK = 1 << 30
"""Bytes of a stack that a thread environment block is believed."""
MAX_CONTEXT = 1 << 16
"""Bytes of a context that are looked at: with AVX-512 and AMX it has some 12,000."""
MAX_TEXT = 1 << 20
"""Bytes of a stream with a command line or an environment that become a field."""

_TEXT_STREAMS = {
    directory.COMMENT_A: (FieldKind.COMMAND_LINE, Encoding.UTF8),
    directory.COMMENT_W: (FieldKind.COMMAND_LINE, Encoding.UTF16LE),
    directory.LINUX_COMMAND_LINE: (FieldKind.ARGUMENTS, Encoding.UTF8),
    directory.LINUX_ENVIRON: (FieldKind.ENVIRONMENT, Encoding.UTF8),
}
_ARCHITECTURES = {0: "x86", 5: "ARM", 6: "IA-64", 9: "x64", 10: "x86 on x64", 12: "ARM64", 0x8003: "ARM64"}
_PLATFORMS = {1: "Windows 9x", 2: "Windows", 3: "Windows CE", 0x8101: "macOS", 0x8201: "Linux", 0x8203: "Android"}


class Minidump:
    """The ``MDMP`` format, 32 and 64 bit, with MemoryList, Memory64List or both."""

    name = "minidump"

    def detect(self, head: bytes) -> bool:
        """True for the signature ``MDMP``."""
        return head.startswith(SIGNATURE)

    def parse(self, source: Source) -> Dump:
        """The partition, fields and protected numbers of the dump. Only a missing signature raises FormatError."""
        reader, marks = Reader(source), Marks()
        if bytes(source.view(0, 4)) != SIGNATURE:
            raise FormatError("not a minidump: the signature is missing; check that the file is complete")
        if reader.size < directory.HEADER_SIZE:
            notice = "the header is cut short: the file is searched as raw bytes"
            return Dump(self.name, source, LayoutBuilder(reader.size).build(), notices=(notice,))
        streams = read_directory(reader, marks)
        tables, ranges = read_tables(reader, streams, marks)
        claim_strings(reader, streams, tables, marks)
        fields = _registers(reader, tables, marks) + _text_streams(streams)
        builder = LayoutBuilder(reader.size)
        protected = _claim(builder, reader, tables, ranges, marks)
        del ranges  # millions of them need not stand twice
        layout = builder.build()
        fields += _process(source, layout, tables)
        _name_oddities(streams, marks)
        facts = _header_facts(reader) + _table_facts(tables) + _stream_facts(streams)
        return Dump(self.name, source, layout, fields, protected, tuple(marks.notices), facts)


def _registers(reader: Reader, tables: Tables, marks: Marks) -> tuple[Field, ...]:
    """Claim and protect each thread's context; its registers of data become a field."""
    layout = cpu.LAYOUTS.get(tables.system.architecture) if tables.system else None
    threads = tables.threads[:MAX_THREADS]
    if len(threads) < len(tables.threads):
        marks.notices.append(f"there are {len(tables.threads)} threads: the registers of {MAX_THREADS} are followed")
    places = zip(threads["context_size"].tolist(), threads["context_rva"].tolist(), strict=True)
    located_contexts = [located(reader, size, rva) for size, rva in places] + list(tables.exception_contexts)
    contexts = sorted({Span(span.start, min(span.end, span.start + MAX_CONTEXT)) for span in located_contexts if span})
    fields: list[Field] = []
    end = 0
    for context in contexts:
        marks.claim(context, "thread contexts")
        if context.start >= end:  # two threads never share registers
            marks.protected += cpu.followed(layout, context)
            end = context.end
        data = cpu.data(reader, layout, context)
        if data:
            fields.append(Field(FieldKind.REGISTERS, Encoding.BINARY, data))
    return tuple(fields)


def _text_streams(streams: tuple[Stream, ...]) -> tuple[Field, ...]:
    """Streams that hold a command line or an environment as plain text."""
    fields: list[Field] = []
    for stream in streams:
        if stream.type in _TEXT_STREAMS:
            kind, encoding = _TEXT_STREAMS[stream.type]
            span = Span(stream.span.start, min(stream.span.end, stream.span.start + MAX_TEXT))
            fields.append(Field(kind, encoding, (span,), cut=span != stream.span))
    return tuple(fields)


def _claim(builder: LayoutBuilder, reader: Reader, tables: Tables, ranges: Ranges, marks: Marks) -> tuple[Span, ...]:
    """Claim what stands in the file. Returns the spans of numbers that stay.

    Memory comes first: a descriptor that claims bytes of memory for a stream cannot take their addresses away.
    """
    ranges, short = ranges.clipped(reader.size)
    if short:
        marks.notices.append(f"{short} memory ranges lie wholly or partly beyond the end of the file: it is cut short")
    memory = ranges.in_file()
    known = AddressMap.of(tables.memory_info, tables.modules, _stacks(reader, tables, ranges))
    pieces = ranges.split(known.cuts())
    if pieces is None:
        marks.notices.append("the memory ranges overlap too much to tell stacks, heaps and images apart exactly")
        pieces = ranges
    kinds = known.kinds_at(pieces.addresses)
    labels = np.array([builder.label(kind.name.lower()) if kind.is_memory else 0 for kind in RegionKind], np.int16)
    builder.add_many(pieces.offsets, pieces.lengths, pieces.addresses, kinds, labels[kinds])
    for label, spans in marks.claims.items():
        _add_metadata(builder, label, spans, memory)
    return _protected(marks, memory)


def _add_metadata(builder: LayoutBuilder, label: str, spans: list[Span], memory: Intervals) -> None:
    starts, ends = _outside(spans, memory)
    count = len(starts)
    builder.add_many(
        starts.astype(np.int64),
        (ends - starts).astype(np.int64),
        np.full(count, NO_ADDRESS, np.uint64),
        np.full(count, RegionKind.METADATA, np.uint8),
        np.full(count, builder.label(label), np.int32),
    )


def _outside(spans: list[Span], memory: Intervals) -> tuple[Addresses, Addresses]:
    """Starts and ends of what ``spans`` cover outside of memory, joined and in file order."""
    covered = _union(spans)
    return memory.subtracted_from(covered.starts, covered.ends)


def _union(spans: list[Span]) -> Intervals:
    return Intervals.union([span.start for span in spans], [len(span) for span in spans])


def _protected(marks: Marks, memory: Intervals) -> tuple[Span, ...]:
    """The spans of numbers. No byte of memory or text is among them, so that no descriptor can shield a secret."""
    starts, ends = _union(marks.text).subtracted_from(*_outside(marks.protected, memory))
    return tuple(Span(start, end) for start, end in zip(starts.tolist(), ends.tolist(), strict=True))


def _stacks(reader: Reader, tables: Tables, ranges: Ranges) -> Intervals:
    """The threads' stacks: what the thread list says is in use, and where their environment blocks say they stand."""
    starts, lengths = tables.threads["stack"].tolist(), tables.threads["stack_size"].tolist()
    tebs = _tebs(tables)
    for layout in process_layouts(_architecture(tables)):
        offsets = ranges.offsets_of(tebs + np.uint64(layout.teb_stack_base), 2 * layout.width)
        for offset in offsets[offsets >= 0].tolist():
            base, limit = reader.unpack(2 * layout.pointer, offset)
            if limit < base <= limit + MAX_STACK:
                starts.append(limit)
                lengths.append(base - limit)
    return Intervals.union(starts, lengths)


def _process(source: Source, layout: Layout, tables: Tables) -> tuple[Field, ...]:
    """The command line and the environment block in the process's memory."""
    tebs = _tebs(tables).tolist()
    if not tebs:
        return ()
    space = AddressSpace(source, layout)
    for process_layout in process_layouts(_architecture(tables)):
        fields = process_fields(source, space, process_layout, tebs)
        if fields:
            return fields
    return ()


def _architecture(tables: Tables) -> int | None:
    return tables.system.architecture if tables.system else None


def _tebs(tables: Tables) -> Addresses:
    """The distinct addresses of thread environment blocks, in the order of the thread list."""
    tebs = tables.threads["teb"][:MAX_THREADS].astype(np.uint64)
    _, first = np.unique(tebs, return_index=True)
    tebs = tebs[np.sort(first)]
    return tebs[tebs > 0]


def _name_oddities(streams: tuple[Stream, ...], marks: Marks) -> None:
    """Notices on streams of unknown type, streams that stand more than once, and pointers that led nowhere."""
    unknown = sorted({stream.type for stream in streams} - set(directory.STREAM_NAMES))
    if unknown:
        shown = ", ".join(f"{kind:#x}" for kind in unknown[:8]) + (", ..." if len(unknown) > 8 else "")
        marks.notices.append(f"streams of unknown type, searched as raw bytes: {shown}")
    names = [stream.name for stream in streams]
    for name in sorted({name for name in names if names.count(name) > 1}):
        marks.notices.append(f"stream {name} stands more than once")
    for label, count in sorted(marks.lost.items()):
        marks.notices.append(f"{count} {label} lie outside the file or are damaged")


def _header_facts(reader: Reader) -> tuple[tuple[str, str], ...]:
    timestamp, flags = reader.unpack("IQ", 20)
    return ("created", datetime.fromtimestamp(timestamp, UTC).isoformat()), ("flags", f"{flags:#x}")


def _table_facts(tables: Tables) -> tuple[tuple[str, str], ...]:
    system = _system_facts(tables.system) if tables.system else ()
    return (
        *system,
        ("threads", str(len(tables.threads))),
        ("modules", str(len(tables.modules))),
        ("memory ranges", str(tables.listed)),
    )


def _system_facts(system: SystemInfo) -> tuple[tuple[str, str], ...]:
    platform = _PLATFORMS.get(system.platform, f"platform {system.platform:#x}")
    return (
        ("architecture", _ARCHITECTURES.get(system.architecture, f"{system.architecture:#x}")),
        ("operating system", f"{platform} {'.'.join(map(str, system.version))}"),
        ("processors", str(system.processors)),
    )


def _stream_facts(streams: tuple[Stream, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((f"stream {stream.name}", f"{len(stream.span)} bytes at {stream.span.start:#x}") for stream in streams)
