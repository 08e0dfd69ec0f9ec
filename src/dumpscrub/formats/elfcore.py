"""Linux ELF core dumps: 32 and 64 bit, either byte order, from the kernel, gcore, createdump and others."""

from __future__ import annotations

import numpy as np

from dumpscrub.errors import FormatError
from dumpscrub.formats.base import Reader
from dumpscrub.formats.elfcore_headers import (
    Header,
    ProgramHeaders,
    Segments,
    followed_sections,
    read_header,
    read_program_headers,
    section_headers,
)
from dumpscrub.formats.elfcore_notes import Notes, auxiliary, read_notes
from dumpscrub.formats.elfcore_regions import LABELS, classify
from dumpscrub.formats.elfcore_registers import MACHINES
from dumpscrub.formats.elfcore_stack import AT_EXECFN, AT_RANDOM, AT_SYSINFO_EHDR, stack_fields
from dumpscrub.formats.minidump_memory import Intervals
from dumpscrub.formats.raw import raw_layout
from dumpscrub.layout import LayoutBuilder, RegionKind
from dumpscrub.links import NO_ADDRESS
from dumpscrub.model import Dump
from dumpscrub.source import Source
from dumpscrub.span import Span, union

_MAGIC = b"\x7fELF"
_ET_CORE = 4
_AS_RAW = "the file is searched as raw bytes"


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
            headers = read_program_headers(reader, header, notices)
        except FormatError as error:
            return Dump(self.name, source, raw_layout(source.size), notices=(*notices, f"{error}; {_AS_RAW}"))
        notes = read_notes(reader, header, union(headers.notes), notices)
        sections = section_headers(reader, header)
        facts = _facts(header, headers, notes)
        builder = LayoutBuilder(source.size)
        _claim(builder, source, header, headers, notes, sections)
        numbers = [Span(0, header.size), *headers.followed, *notes.protected]
        numbers += followed_sections(reader, header, sections)
        protected = _outside(headers.loads, numbers)
        del headers  # millions of segments need not stand twice
        layout = builder.build()
        fields = stack_fields(source, layout, notes.auxv, header.word, notes.stack_pointers)
        return Dump(
            self.name,
            source,
            layout,
            (*notes.fields, *fields),
            protected,
            tuple(dict.fromkeys(notices)),
            facts,
        )


def _outside(loads: Segments, spans: list[Span]) -> tuple[Span, ...]:
    """What ``spans`` cover outside of memory, so that no header or note can shield a secret in memory."""
    memory = Intervals.union(loads.offsets.view(np.uint64), loads.sizes.view(np.uint64))
    wanted = union(spans)
    starts = np.array([span.start for span in wanted], np.uint64)
    ends = np.array([span.end for span in wanted], np.uint64)
    left = zip(*(column.tolist() for column in memory.subtracted_from(starts, ends)), strict=True)
    return tuple(Span(start, end) for start, end in left)


def _claim(
    builder: LayoutBuilder, source: Source, header: Header, headers: ProgramHeaders, notes: Notes, sections: Span
) -> None:
    """Claim what stands in the file."""
    fixed = [("elf header", Span(0, header.size)), ("program headers", headers.table), ("section headers", sections)]
    for label, span in fixed:
        builder.add(span.start, len(span), RegionKind.METADATA, label)
    _add_notes(builder, notes)
    for span in headers.tags:
        builder.add(span.start, len(span), RegionKind.METADATA, "memory tags")
    auxv = auxiliary(notes.auxv, header.word)
    stacks = [*notes.stack_pointers, auxv.get(AT_EXECFN, 0), auxv.get(AT_RANDOM, 0)]
    loads = headers.loads
    kinds = classify(source, loads, notes.files, stacks, auxv.get(AT_SYSINFO_EHDR, 0))
    ids = np.zeros(max(RegionKind) + 1, np.int16)
    for kind, label in LABELS.items():
        ids[kind] = builder.label(label)
    builder.add_many(loads.offsets, loads.sizes, loads.addresses, kinds, ids[kinds])


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


def _facts(header: Header, headers: ProgramHeaders, notes: Notes) -> tuple[tuple[str, str], ...]:
    counts = notes.counts()
    return (
        ("machine", MACHINES.get(header.machine, f"unknown ({header.machine})")),
        ("class", "64 bit" if header.wide else "32 bit"),
        ("byte order", "little-endian" if header.order == "<" else "big-endian"),
        ("threads", str(counts["PRSTATUS"])),
        ("segments", str(len(headers.loads))),
        ("notes", ", ".join(f"{kind} {count}" for kind, count in sorted(counts.items()))),
    )
