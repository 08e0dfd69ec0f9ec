"""The fixed parts of an ELF core: the file header and the program headers.

Layouts: System V ABI (gABI), chapters "ELF Header" and "Program Header"; the escape for more than 65,534 program
headers (PN_XNUM) is described in elf(5).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dumpscrub.errors import FormatError
from dumpscrub.formats.base import Reader
from dumpscrub.links import NO_ADDRESS, Addresses, Column
from dumpscrub.source import Source
from dumpscrub.span import Span

PT_LOAD = 1
PT_NOTE = 4
PF_X, PF_W = 1, 2

_PN_XNUM = 0xFFFF
_MAX_SEGMENTS = 1 << 22  # more than any process maps; bounds the memory that the columns take
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
    """Program headers as columns of equal length.

    ``offsets`` and ``sizes`` are the bytes that the file really holds; ``memory`` is the size in memory, which is
    larger where the writer left pages out. ``addresses`` are virtual.
    """

    types: npt.NDArray[np.uint32]
    flags: npt.NDArray[np.uint32]
    offsets: Column
    sizes: Column
    addresses: Addresses
    memory: Addresses

    def __len__(self) -> int:
        return len(self.types)

    def take(self, which: npt.NDArray[np.intp] | npt.NDArray[np.bool_]) -> Segments:
        """The segments at the indices, or under the mask, ``which``."""
        return Segments(
            self.types[which],
            self.flags[which],
            self.offsets[which],
            self.sizes[which],
            self.addresses[which],
            self.memory[which],
        )

    def loads(self) -> Segments:
        """The segments of memory, by address."""
        loads = self.take(self.types == PT_LOAD)
        return loads.take(np.argsort(loads.addresses, kind="stable"))

    def index_at(self, addresses: Addresses) -> npt.NDArray[np.intp]:
        """For each address the index of the segment whose memory holds it, or -1; the segments are sorted."""
        if not len(self):
            return np.full(len(addresses), -1, np.intp)
        at = np.searchsorted(self.addresses, addresses, "right") - 1
        held = (at >= 0) & (addresses - self.addresses[at] < self.memory[at])
        return np.where(held, at, -1)


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


def read_segments(reader: Reader, header: Header, notices: list[str]) -> tuple[Segments, Span]:
    """All program headers and the span of their table. FormatError where there is no table to follow."""
    dtype = _program_header(header)
    if header.phentsize < dtype.itemsize:
        raise FormatError(_UNLINKED)
    dtype = _program_header(header, header.phentsize)
    claimed = _count(reader, header, notices)
    count = min(_MAX_SEGMENTS, reader.fits(claimed, dtype.itemsize, header.phoff))
    table = reader.records(dtype, count, header.phoff) if count > 0 else np.empty(0, dtype)
    table = table[: _room_before_data(table, header)]
    if not len(table):
        raise FormatError(_UNLINKED)
    if len(table) < claimed:
        notices.append(
            f"{claimed - len(table)} of {claimed} program headers are missing: their memory has no addresses"
        )
    return _columns(table, reader.size, notices), Span(header.phoff, header.phoff + table.nbytes)


def _room_before_data(table: npt.NDArray[np.void], header: Header) -> int:
    """How many program headers there are at most: what a segment holds is no program header, whatever the count."""
    offsets = table["offset"][(table["filesz"] > 0) & np.isin(table["type"], (PT_LOAD, PT_NOTE))]
    behind = offsets[offsets > header.phoff]
    return (int(behind.min()) - header.phoff) // header.phentsize if len(behind) else len(table)


def section_headers(reader: Reader, header: Header) -> Span:
    """The span of the section headers; empty where there are none."""
    smallest = 64 if header.wide else 40
    if not header.shoff or header.shentsize < smallest:
        return Span(0, 0)
    count = reader.fits(max(1, header.shnum), header.shentsize, header.shoff)
    return Span(header.shoff, header.shoff + count * header.shentsize) if count else Span(0, 0)


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


def _columns(table: npt.NDArray[np.void], size: int, notices: list[str]) -> Segments:
    """Clip what the table claims to the ``size`` bytes of the file and to the address space."""
    offsets = np.minimum(table["offset"].astype(np.uint64), np.uint64(size))
    claimed = table["filesz"].astype(np.uint64)
    sizes = np.minimum(claimed, np.uint64(size) - offsets)
    addresses = table["address"].astype(np.uint64)
    room = np.uint64(NO_ADDRESS) - addresses
    memory = np.minimum(np.maximum(table["memsz"].astype(np.uint64), claimed), room)
    short = int(np.count_nonzero(sizes < claimed))
    if short:
        notices.append(f"the core is truncated: {short} of {len(table)} segments are incomplete")
    return Segments(
        table["type"].astype(np.uint32),
        table["flags"].astype(np.uint32),
        offsets.astype(np.int64),
        sizes.astype(np.int64),
        np.where(sizes > room, np.uint64(NO_ADDRESS), addresses),
        memory,
    )
