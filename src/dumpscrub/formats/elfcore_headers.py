"""The fixed parts of an ELF core: the file header and the program headers.

Layouts: System V ABI (gABI), chapters "ELF Header" and "Program Header"; the escape for more than 65,534 program
headers (PN_XNUM) is described in elf(5).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dumpscrub.errors import FormatError
from dumpscrub.formats.base import Reader, Records, record_spans
from dumpscrub.links import NO_ADDRESS, Addresses, Column, blocks, is_sorted
from dumpscrub.source import Source
from dumpscrub.span import Span

PT_LOAD = 1
PT_NOTE = 4
PT_MEMORY_TAGS = 0x70000002
"""What AArch64 writes for memory with tags."""
PF_X, PF_W, PF_R = 1, 2, 4

_PN_XNUM = 0xFFFF
_MAX_SEGMENTS = 1 << 23  # more than any process maps; bounds the memory that the columns take
MAX_OTHERS = 1024
"""Segments of notes, and of memory tags, that are followed. Writers use one."""
_UNLINKED = "the core's program headers cannot be followed"


@dataclass(frozen=True, slots=True)
class Header:
    """The ELF header. ``order`` is ``<`` or ``>``; ``wide`` means 64 bit; offsets and sizes are bytes."""

    order: str
    wide: bool
    machine: int
    size: int
    phoff: int
    phentsize: int
    phnum: int
    shoff: int
    shentsize: int
    shnum: int

    @property
    def word(self) -> np.dtype[np.unsignedinteger]:
        """An address in the process's own width and byte order."""
        return np.dtype(f"{self.order}u{8 if self.wide else 4}")


@dataclass(frozen=True, slots=True, eq=False)
class Segments:
    """Segments of memory as columns of equal length, by address.

    ``offsets`` and ``sizes`` are the bytes that the file really holds; ``memory`` is the size in memory, which is
    larger where the writer left pages out. ``addresses`` are virtual. ``flags`` are the lowest three.
    """

    flags: npt.NDArray[np.uint8]
    offsets: Column
    sizes: Column
    addresses: Addresses
    memory: Addresses

    def __len__(self) -> int:
        return len(self.offsets)

    def take(self, which: npt.NDArray[np.intp] | slice) -> Segments:
        """The segments ``which``."""
        return Segments(
            self.flags[which], self.offsets[which], self.sizes[which], self.addresses[which], self.memory[which]
        )

    def index_at(self, addresses: Addresses) -> npt.NDArray[np.intp]:
        """For each address the index of the segment whose memory holds it, or -1; the segments are sorted."""
        if not len(self):
            return np.full(len(addresses), -1, np.intp)
        at = np.searchsorted(self.addresses, addresses, "right") - 1
        held = (at >= 0) & (addresses - self.addresses[at] < self.memory[at])
        return np.where(held, at, -1)


@dataclass(frozen=True, slots=True, eq=False)
class ProgramHeaders:
    """What the program headers say: segments of memory, and where notes and memory tags stand, the first of each.

    ``table`` is the span of the headers, ``followed`` the parts of it that a debugger follows.
    """

    loads: Segments
    notes: tuple[Span, ...]
    tags: tuple[Span, ...]
    table: Span
    followed: tuple[Span, ...]


def read_header(source: Source) -> Header:
    """The ELF header of ``source``; FormatError where it is cut off or of an unknown class or byte order."""
    identity = Reader(source).bytes(0, 16)
    if identity[4] not in (1, 2) or identity[5] not in (1, 2):
        raise FormatError("the core's ELF header is damaged")
    wide, order = identity[4] == 2, "<" if identity[5] == 1 else ">"
    layout = "HHIQQQIHHHHHH" if wide else "HHIIIIIHHHHHH"
    fields = Reader(source, order).unpack(layout, 16)
    _, machine, _, _, phoff, shoff, _, _, phentsize, phnum, shentsize, shnum, _ = fields
    return Header(order, wide, machine, 64 if wide else 52, phoff, phentsize, phnum, shoff, shentsize, shnum)


def read_program_headers(reader: Reader, header: Header, notices: list[str]) -> ProgramHeaders:
    """All program headers. FormatError where there is no table to follow."""
    dtype = _program_header(header)
    if header.phentsize < dtype.itemsize:
        raise FormatError(_UNLINKED)
    size = dtype.itemsize
    dtype = _program_header(header, header.phentsize)
    claimed = _count(reader, header, notices)
    count = min(_MAX_SEGMENTS, reader.fits(claimed, dtype.itemsize, header.phoff))
    count = min(count, _room_before_data(reader, dtype, count, header))
    if count <= 0:
        raise FormatError(_UNLINKED)
    if count < claimed:
        notices.append(f"{claimed - count} of {claimed} program headers are missing: their memory has no addresses")
    columns, followed, incomplete = _Columns(count), np.zeros(count, np.bool_), 0
    for rows, table in _tables(reader, dtype, count, header):
        followed[rows] = np.isin(table["type"], (PT_LOAD, PT_NOTE, PT_MEMORY_TAGS)) & (table["offset"] <= reader.size)
        incomplete += columns.add(table, reader.size)
    if incomplete:
        notices.append(f"the core is truncated: {incomplete} of {count} segments are incomplete")
    if columns.counts[PT_NOTE] > MAX_OTHERS:
        notices.append(f"there are {columns.counts[PT_NOTE]} segments of notes: {MAX_OTHERS} of them are followed")
    return ProgramHeaders(
        columns.loads(),
        tuple(columns.others[PT_NOTE]),
        tuple(columns.others[PT_MEMORY_TAGS]),
        Span(header.phoff, header.phoff + count * dtype.itemsize),
        tuple(record_spans(header.phoff, dtype.itemsize, size, followed)),
    )


def _tables(reader: Reader, dtype: np.dtype[np.void], count: int, header: Header) -> Iterator[tuple[slice, Records]]:
    """The program headers, a block at a time, with their numbers."""
    for rows in blocks(count):
        yield rows, reader.records(dtype, rows.stop - rows.start, header.phoff + rows.start * dtype.itemsize)


def _room_before_data(reader: Reader, dtype: np.dtype[np.void], count: int, header: Header) -> int:
    """How many program headers there are at most: what a segment holds is no program header, whatever the count."""
    nearest = reader.size
    for _, table in _tables(reader, dtype, count, header):
        offsets = table["offset"][(table["filesz"] > 0) & np.isin(table["type"], (PT_LOAD, PT_NOTE))]
        nearest = min(nearest, int(offsets[offsets > header.phoff].min(initial=nearest)))
    return (nearest - header.phoff) // header.phentsize


class _Columns:
    """Collects segments: those of memory in columns, and the first spans of notes and of memory tags."""

    def __init__(self, count: int) -> None:
        self._count = 0
        self._loads = Segments(
            np.empty(count, np.uint8),
            np.empty(count, np.int64),
            np.empty(count, np.int64),
            np.empty(count, np.uint64),
            np.empty(count, np.uint64),
        )
        self.others: dict[int, list[Span]] = {PT_NOTE: [], PT_MEMORY_TAGS: []}
        self.counts: Counter[int] = Counter()

    def add(self, table: Records, size: int) -> int:
        """Clip what the table claims to the ``size`` bytes of the file and to the address space.

        Returns how many segments the file does not hold whole.
        """
        offsets = np.minimum(table["offset"].astype(np.uint64), np.uint64(size))
        claimed = table["filesz"].astype(np.uint64)
        sizes = np.minimum(claimed, np.uint64(size) - offsets)
        for kind, spans in self.others.items():
            which = np.flatnonzero(table["type"] == kind)
            self.counts[kind] += len(which)
            which = which[: MAX_OTHERS - len(spans)]
            ends = (offsets[which] + sizes[which]).tolist()
            spans.extend(Span(*span) for span in zip(offsets[which].tolist(), ends, strict=True))
        loads = table["type"] == PT_LOAD
        self._add_loads(table[loads], offsets[loads], sizes[loads], claimed[loads])
        return int(np.count_nonzero(sizes < claimed))

    def _add_loads(self, table: Records, offsets: Addresses, sizes: Addresses, claimed: Addresses) -> None:
        columns, rows = self._loads, slice(self._count, self._count + len(table))
        addresses = table["address"].astype(np.uint64)
        room = np.uint64(NO_ADDRESS) - addresses
        columns.flags[rows] = table["flags"] & (PF_X | PF_W | PF_R)
        columns.offsets[rows] = offsets
        columns.sizes[rows] = sizes
        columns.addresses[rows] = np.where(sizes > room, np.uint64(NO_ADDRESS), addresses)
        columns.memory[rows] = np.minimum(np.maximum(table["memsz"].astype(np.uint64), claimed), room)
        self._count = rows.stop

    def loads(self) -> Segments:
        """The segments of memory, by address."""
        columns = self._loads.take(slice(self._count))
        if is_sorted(columns.addresses):
            return columns
        return columns.take(np.argsort(columns.addresses, kind="stable"))


def section_headers(reader: Reader, header: Header) -> Span:
    """The span of the section headers; empty where there are none."""
    smallest = 64 if header.wide else 40
    if not header.shoff or header.shentsize < smallest:
        return Span(0, 0)
    count = reader.fits(max(1, header.shnum), header.shentsize, header.shoff)
    return Span(header.shoff, header.shoff + count * header.shentsize) if count else Span(0, 0)


def followed_sections(reader: Reader, header: Header, table: Span) -> list[Span]:
    """The section headers in ``table`` that may be what they claim to be: those of bytes that lie in the file."""
    word = "u8" if header.wide else "u4"
    at, size = ((24, 32), 64) if header.wide else ((16, 20), 40)
    formats = [header.order + word] * 2
    itemsize = max(size, header.shentsize)
    dtype = np.dtype({"names": ["offset", "size"], "formats": formats, "offsets": list(at), "itemsize": itemsize})
    rows: Records = reader.records(dtype, len(table) // itemsize, table.start)
    credible = (rows["offset"] <= reader.size) & (rows["size"] <= reader.size)
    return record_spans(table.start, itemsize, size, credible)


def _program_header(header: Header, itemsize: int = 0) -> np.dtype[np.void]:
    if header.wide:
        names = ["type", "flags", "offset", "address", "physical", "filesz", "memsz", "align"]
        formats, offsets = ["u4", "u4", *["u8"] * 6], [0, 4, 8, 16, 24, 32, 40, 48]
    else:
        names = ["type", "offset", "address", "physical", "filesz", "memsz", "flags", "align"]
        formats, offsets = ["u4"] * 8, list(range(0, 32, 4))
    formats = [header.order + form for form in formats]
    size = itemsize or (56 if header.wide else 32)
    return np.dtype({"names": names, "formats": formats, "offsets": offsets, "itemsize": size})


def _count(reader: Reader, header: Header, notices: list[str]) -> int:
    """The number of program headers; from section header 0 where the ELF header's 16 bits do not hold it."""
    if header.phnum != _PN_XNUM:
        return header.phnum
    info = header.shoff + (44 if header.wide else 28)
    if header.shoff and reader.fits(1, 4, info):
        count = reader.unpack("I", info)[0]
        if count:
            return count
    notices.append("the section header that counts the program headers is missing: those before the notes are taken")
    return _room_before_notes(reader, header)


def _room_before_notes(reader: Reader, header: Header) -> int:
    """How many program headers stand before the notes, which Linux writes right behind the table."""
    dtype = _program_header(header)
    if not reader.fits(1, dtype.itemsize, header.phoff):
        return 0
    first = reader.records(dtype, 1, header.phoff)[0]
    room = int(first["offset"]) - header.phoff
    return room // header.phentsize if first["type"] == PT_NOTE and room > 0 else 0
