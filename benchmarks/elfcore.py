"""What stands before the memory of an ELF core: header, program headers and notes, as the Linux kernel writes them."""

from __future__ import annotations

import struct
from typing import BinaryIO

import numpy as np

from benchmarks.content import PAGE
from benchmarks.ranges import memory_ranges

MOST_RANGES = 60_000  # program headers, of which the header can count 65,534
_THREADS = 24
_LOAD, _NOTE = 1, 4
_PRSTATUS, _PRPSINFO, _AUXV = 1, 3, 6
_SEGMENT = np.dtype(
    [
        *((name, "<u4") for name in ("type", "flags")),
        *((name, "<u8") for name in ("offset", "address", "physical", "file_size", "memory_size", "align")),
    ]
)


def write_headers(file: BinaryIO, size: int, ranges: int, seed: int) -> None:
    """Write all that comes before ``size`` bytes of memory in ``ranges`` ranges, whose bytes the caller writes next."""
    count = min(ranges, MOST_RANGES)
    addresses, sizes = memory_ranges(size, count, seed)
    notes = _notes(int(addresses[0]))
    start = 64 + (1 + count) * _SEGMENT.itemsize
    memory = -(-(start + len(notes)) // PAGE) * PAGE
    segments = np.zeros(1 + count, _SEGMENT)
    segments["type"][1:], segments["flags"][1:], segments["align"][1:] = _LOAD, 6, PAGE
    segments["offset"][1:] = np.uint64(memory) + np.cumsum(sizes) - sizes
    segments["address"][1:] = addresses
    segments["file_size"][1:] = segments["memory_size"][1:] = sizes
    segments[0] = (_NOTE, 4, start, 0, 0, len(notes), 0, 4)
    identity = b"\x7fELF" + bytes((2, 1, 1)) + bytes(9)
    file.write(identity + struct.pack("<HHIQQQIHHHHHH", 4, 62, 1, 0, 64, 0, 0, 64, 56, 1 + count, 0, 0, 0))
    file.write(segments.tobytes() + notes)
    file.write(bytes(memory - file.tell()))


def _notes(stack: int) -> bytes:
    """NT_PRSTATUS of each thread (its registers begin at 112), NT_PRPSINFO, NT_AUXV."""
    notes = b""
    for number in range(_THREADS):
        status = bytearray(336)
        struct.pack_into("<I", status, 32, 1000 + number)
        struct.pack_into("<Q", status, 112 + 16 * 8, 0x7F10_0000_1000)
        struct.pack_into("<Q", status, 112 + 19 * 8, stack + 0x80)
        notes += _note(_PRSTATUS, bytes(status))
    notes += _note(_PRPSINFO, bytes(40) + b"server".ljust(16, b"\0") + b"/opt/server --port 8080".ljust(80, b"\0"))
    return notes + _note(_AUXV, struct.pack("<QQQQ", 6, PAGE, 0, 0))


def _note(kind: int, data: bytes) -> bytes:
    return struct.pack("<III", 5, len(data), kind) + b"CORE".ljust(8, b"\0") + data + bytes(-len(data) % 4)
