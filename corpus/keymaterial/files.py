"""Writes ranges of memory as a minidump and as an ELF core.

There is a thread on each range that is a stack, and one for each piece that stands in vector registers.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence

from corpus.synth.pieces import Image, Piece, join
from corpus.synth.scene import PAGE, Range

_HEADER, _ENTRY = 32, 12
_SYSTEM_INFO, _THREADS, _MODULES, _MEMORY64, _MEMORY_INFO = 7, 3, 4, 9, 16
_TYPES = {"private": 0x2_0000, "stack": 0x2_0000, "image": 0x100_0000}
_IMAGE = 0x7FF6_1234_0000
_CONTEXT, _CONTEXT_VECTORS = 1232, 0x1A0
_PRSTATUS, _FPREGSET, _PRPSINFO = 1, 2, 3
_FXSAVE, _FXSAVE_VECTORS = 512, 160
_LOAD, _NOTE = 1, 4


def minidump(ranges: Sequence[Range], vectors: Sequence[Piece] = ()) -> Image:
    """A minidump whose memory stands in a Memory64List, behind all else."""
    image = Image()
    streams = (_SYSTEM_INFO, _THREADS, _MODULES, _MEMORY_INFO, _MEMORY64)
    image.add(bytes(_HEADER + _ENTRY * len(streams)))
    bodies = {
        _SYSTEM_INFO: struct.pack("<HHHBBIIIIIHH", 9, 6, 0x5E03, 4, 1, 10, 0, 19045, 2, 0, 0x100, 0) + bytes(24),
        _THREADS: _threads(image, _stacks(ranges, vectors), vectors),
        _MODULES: _modules(image),
        _MEMORY_INFO: _memory_info(ranges),
    }
    directory = [(kind, len(body), image.add(body)) for kind, body in bodies.items()]
    size = 16 + 16 * len(ranges)
    listed = struct.pack("<QQ", len(ranges), len(image) + size)
    listed += b"".join(struct.pack("<QQ", item.address, len(item.block)) for item in ranges)
    directory.append((_MEMORY64, size, image.add(listed)))
    for item in ranges:
        image.add(item.block)
    image.patch(0, struct.pack("<4sIIIIIQ", b"MDMP", 0xA793, len(streams), _HEADER, 0, 1_760_000_000, 2))
    image.patch(_HEADER, b"".join(struct.pack("<III", *entry) for entry in directory))
    return image


def _stacks(ranges: Sequence[Range], vectors: Sequence[Piece]) -> list[Range]:
    """The stack of each thread. Those with vector registers come first, and share one."""
    stacks = [item for item in ranges if item.kind == "stack"]
    return [stacks[0] if stacks else ranges[0]] * len(vectors) + stacks


def _with_vectors(data: bytes, at: int, vectors: Sequence[Piece], number: int) -> Piece:
    """The registers of a thread; its vector registers hold the piece of that number, where there is one."""
    if number >= len(vectors):
        return Piece(data)
    return join((data[:at], vectors[number], data[at + len(vectors[number]) :]))


def _threads(image: Image, stacks: Sequence[Range], vectors: Sequence[Piece]) -> bytes:
    body = struct.pack("<I", len(stacks))
    for number, stack in enumerate(stacks):
        context = bytearray(_CONTEXT)
        struct.pack_into("<I", context, 0x30, 0x10_001F)
        struct.pack_into("<Q", context, 0x98, stack.address + 0x10)
        struct.pack_into("<Q", context, 0xF8, _IMAGE + 0x1010)
        where = image.add(_with_vectors(bytes(context), _CONTEXT_VECTORS, vectors, number))
        body += struct.pack("<IIIIQ", 1000 + number, 0, 0x20, 0, 0)
        body += struct.pack("<QIIII", stack.address, len(stack.block), 0, len(context), where)
    return body


def _modules(image: Image) -> bytes:
    """One module, 108 bytes, and its name."""
    name = "C:\\app\\app.exe".encode("utf-16-le")
    where = image.add(struct.pack("<I", len(name)) + name + b"\0\0")
    return struct.pack("<IQIIII", 1, _IMAGE, 0x40_0000, 0, 1_700_000_000, where) + bytes(84)


def _memory_info(ranges: Sequence[Range]) -> bytes:
    body = struct.pack("<IIQ", 16, 48, len(ranges))
    for item in sorted(ranges, key=lambda found: found.address):
        body += struct.pack("<QQIIQ", item.address, item.address, 4, 0, len(item.block))
        body += struct.pack("<IIII", 0x1000, 4, _TYPES[item.kind], 0)
    return body


def elf_core(ranges: Sequence[Range], vectors: Sequence[Piece] = ()) -> Image:
    """A core of x86-64: program headers, notes, segments on page boundaries."""
    image = Image()
    count = 1 + len(ranges)
    image.add(bytes(64 + 56 * count))
    notes = _notes(_stacks(ranges, vectors), vectors)
    headers = [struct.pack("<IIQQQQQQ", _NOTE, 4, image.add(notes), 0, 0, len(notes), 0, 4)]
    for item in ranges:
        image.pad(PAGE)
        where, size, flags = image.add(item.block), len(item.block), 4 if item.kind == "image" else 6
        headers.append(struct.pack("<IIQQQQQQ", _LOAD, flags, where, item.address, 0, size, size, PAGE))
    identity = b"\x7fELF" + bytes((2, 1, 1)) + bytes(9)
    image.patch(0, identity + struct.pack("<HHIQQQIHHHHHH", 4, 62, 1, 0, 64, 0, 0, 64, 56, count, 0, 0, 0))
    image.patch(64, b"".join(headers))
    return image


def _notes(stacks: Sequence[Range], vectors: Sequence[Piece]) -> Piece:
    """NT_PRSTATUS of each thread, whose registers begin at 112, its NT_FPREGSET, and NT_PRPSINFO."""
    process = Piece(bytes(40) + b"server".ljust(16, b"\0") + b"/srv/app".ljust(80, b"\0"))
    notes = []
    for number, stack in enumerate(stacks):
        status = bytearray(336)
        struct.pack_into("<I", status, 32, 1000 + number)
        struct.pack_into("<Q", status, 112 + 16 * 8, _IMAGE + 0x1010)
        struct.pack_into("<Q", status, 112 + 19 * 8, stack.address + 0x10)
        notes.append(_note(_PRSTATUS, Piece(bytes(status))))
        notes.append(_note(_FPREGSET, _with_vectors(bytes(_FXSAVE), _FXSAVE_VECTORS, vectors, number)))
    # The kernel writes the process behind the first thread's status.
    return join((*notes[:1], _note(_PRPSINFO, process), *notes[1:]))


def _note(kind: int, data: Piece) -> Piece:
    head = struct.pack("<III", 5, len(data), kind) + b"CORE".ljust(8, b"\0")
    return join((head, data, bytes(-len(data) % 4)))


WRITERS: Mapping[str, Callable[[Sequence[Range], Sequence[Piece]], Image]] = {
    "minidump": minidump,
    "ELF core": elf_core,
}
"""Format -> what writes it."""
