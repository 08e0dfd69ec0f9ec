"""Linux ELF core dumps: 32 and 64 bit, either byte order, from the kernel, gcore, createdump and others."""

from __future__ import annotations

import numpy as np

from dumpscrub.errors import FormatError
from dumpscrub.formats.base import Reader
from dumpscrub.formats.elfcore_headers import (
    PT_LOAD,
    PT_NOTE,
    Header,
    Segments,
    read_header,
    read_segments,
    section_headers,
)
from dumpscrub.formats.elfcore_notes import Notes, auxiliary, read_notes
from dumpscrub.formats.elfcore_regions import LABELS, Kinds, classify
from dumpscrub.formats.elfcore_registers import MACHINES
from dumpscrub.formats.elfcore_stack import AT_EXECFN, AT_RANDOM, AT_SYSINFO_EHDR, stack_fields
from dumpscrub.formats.minidump_memory import Intervals
from dumpscrub.formats.raw import raw_layout
from dumpscrub.layout import Layout, LayoutBuilder, RegionKind
from dumpscrub.links import NO_ADDRESS
from dumpscrub.model import Dump
from dumpscrub.source import Source
from dumpscrub.span import Span, union

_MAGIC = b"\x7fELF"
_ET_CORE = 4
_AS_RAW = "the file is searched as raw bytes"
_MAX_NOTE_SEGMENTS = 1024  # writers use one


class ElfCore:
    """An ELF file of type ET_CORE. One that cannot be followed is searched as raw bytes, with a notice."""

    name = "elf-core"

    def detect(self, head: bytes) -> bool:
        """True for the ELF magic and the type "core" in either byte order."""
        return head.startswith(_MAGIC) and _ET_CORE in (
            int.from_bytes(head[16:18], "little"),
            int.from_bytes(head[16:18], "big"),
        )

    def parse(self, source: Source) -> Dump:
        """Read headers, notes and the strings on the main stack; the rest of the file is not touched."""
        notices: list[str] = []
        try:
            header = read_header(source)
            reader = Reader(source, header.order)
            segments, table = read_segments(reader, header, notices)
        except FormatError as error:
            return Dump(self.name, source, raw_layout(source.size), notices=(*notices, f"{error}; {_AS_RAW}"))
        notes = read_notes(reader, header, _note_segments(segments, notices), notices)
        sections = section_headers(reader, header)
        fixed = [("elf header", Span(0, header.size)), ("program headers", table), ("section headers", sections)]
        layout = _layout(source, header, segments, notes, fixed)
        fields = stack_fields(source, layout, notes.auxv, header.word, notes.stack_pointers)
        protected = union([Span(0, header.size), table, *_outside(segments, [sections, *notes.protected])])
        return Dump(
            self.name,
            source,
            layout,
            (*notes.fields, *fields),
            protected,
            tuple(dict.fromkeys(notices)),
            _facts(header, segments, notes),
        )


def _outside(segments: Segments, spans: list[Span]) -> list[Span]:
    """What ``spans`` cover outside of memory, so that no note or section header can shield a secret."""
    loads = segments.loads()
    memory = Intervals.union(loads.offsets, loads.sizes)
    wanted = union(spans)
    starts = np.array([span.start for span in wanted], np.uint64)
    ends = np.array([span.end for span in wanted], np.uint64)
    left = zip(*(column.tolist() for column in memory.subtracted_from(starts, ends)), strict=True)
    return [Span(start, end) for start, end in left]


def _note_segments(segments: Segments, notices: list[str]) -> tuple[Span, ...]:
    """The file spans of segments of notes, disjoint."""
    which = np.flatnonzero(segments.types == PT_NOTE)
    if len(which) > _MAX_NOTE_SEGMENTS:
        notices.append(f"there are {len(which)} segments of notes: {_MAX_NOTE_SEGMENTS} of them are followed")
    notes = segments.take(which[:_MAX_NOTE_SEGMENTS])
    ends = notes.offsets + notes.sizes
    return union(Span(start, end) for start, end in zip(notes.offsets.tolist(), ends.tolist(), strict=True))


def _layout(source: Source, header: Header, segments: Segments, notes: Notes, fixed: list[tuple[str, Span]]) -> Layout:
    builder = LayoutBuilder(source.size)
    for label, span in fixed:
        builder.add(span.start, len(span), RegionKind.METADATA, label)
    _add_notes(builder, notes)
    others = segments.take((segments.types != PT_NOTE) & (segments.types != PT_LOAD))
    _add_segments(
        builder, others, np.full(len(others), RegionKind.METADATA, np.uint8), {RegionKind.METADATA: "other segment"}
    )
    auxv = auxiliary(notes.auxv, header.word)
    stacks = [*notes.stack_pointers, auxv.get(AT_EXECFN, 0), auxv.get(AT_RANDOM, 0)]
    loads = segments.loads()
    kinds = classify(source, loads, notes.files, stacks, auxv.get(AT_SYSINFO_EHDR, 0))
    _add_segments(builder, loads, kinds, LABELS)
    return builder.build()


def _add_segments(builder: LayoutBuilder, segments: Segments, kinds: Kinds, labels: dict[RegionKind, str]) -> None:
    """A region for each segment; only memory has addresses."""
    ids = np.zeros(max(RegionKind) + 1, np.int32)
    for kind, label in labels.items():
        ids[kind] = builder.label(label)
    addresses = np.where(kinds >= RegionKind.MEMORY, segments.addresses, np.uint64(NO_ADDRESS))
    builder.add_many(segments.offsets, segments.sizes, addresses, kinds, ids[kinds])


def _add_notes(builder: LayoutBuilder, notes: Notes) -> None:
    """A region for each note."""
    count = len(notes.spans)
    builder.add_many(
        np.array([span.start for _, span in notes.spans], np.int64),
        np.array([len(span) for _, span in notes.spans], np.int64),
        np.full(count, NO_ADDRESS, np.uint64),
        np.full(count, RegionKind.METADATA, np.uint8),
        np.array([builder.label(f"note {kind}") for kind, _ in notes.spans], np.int32),
    )
    for rest in notes.rest:
        builder.add(rest.start, len(rest), RegionKind.METADATA, "notes")


def _facts(header: Header, segments: Segments, notes: Notes) -> tuple[tuple[str, str], ...]:
    counts = notes.counts()
    return (
        ("machine", MACHINES.get(header.machine, f"unknown ({header.machine})")),
        ("class", "64 bit" if header.wide else "32 bit"),
        ("byte order", "little-endian" if header.order == "<" else "big-endian"),
        ("threads", str(counts["PRSTATUS"])),
        ("segments", str(int(np.count_nonzero(segments.types == PT_LOAD)))),
        ("notes", ", ".join(f"{kind} {count}" for kind, count in sorted(counts.items()))),
    )
