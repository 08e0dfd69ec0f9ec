"""What stands before the memory of a full minidump: header, streams, and the list of memory ranges.

Layouts follow minidumpapiset.h: little-endian, packed to 4 bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from io import BytesIO
from typing import BinaryIO

import numpy as np

from benchmarks.ranges import Column, memory_ranges

THREADS, MODULES = 24, 80
_IMAGES = 0x7FFA_3C00_0000  # where modules begin
_MODULE = 1 << 20  # bytes of each
_STACK = 64 << 10  # bytes of a stack that are in use
_FEW = 100_000  # of more ranges there is no MemoryInfoList: those that the system knows are fewer
_FULL_MEMORY = 0x2
_MEMORY_INFO = np.dtype(
    [
        *((name, "<u8") for name in ("base", "allocation", "first_protect", "size")),
        *((name, "<u4") for name in ("state", "protect", "type", "padding")),
    ]
)


def write_headers(file: BinaryIO, size: int, ranges: int, seed: int) -> None:
    """Write all that comes before ``size`` bytes of memory in ``ranges`` ranges, whose bytes the caller writes next."""
    addresses, sizes = memory_ranges(size, ranges, seed)
    body, directory = BytesIO(), list[tuple[int, int, int]]()
    writers: list[tuple[int, Callable[[], bytes]]] = [
        (7, lambda: _system_info(body)),
        (15, _misc_info),
        (3, lambda: _threads(body, addresses)),
        (4, lambda: _modules(body)),
    ]
    if ranges <= _FEW:
        writers.append((16, lambda: _memory_info(addresses, sizes)))
    _add(body, bytes(32 + 12 * (len(writers) + 1)))
    for kind, make in writers:
        data = make()
        directory.append((kind, len(data), _add(body, data)))
    listed = np.column_stack((addresses, sizes)).astype("<u8").tobytes()
    start = body.tell() + 16
    directory.append((9, 16 + len(listed), body.tell()))
    _add(body, struct.pack("<QQ", ranges, start + len(listed)) + listed)
    body.seek(0)
    body.write(struct.pack("<4sIIIIIQ", b"MDMP", 0xA793, len(directory), 32, 0, 1_770_000_000, _FULL_MEMORY))
    body.write(b"".join(struct.pack("<III", *entry) for entry in directory))
    file.write(body.getbuffer())


def _add(body: BytesIO, data: bytes) -> int:
    """Add data; returns its file offset."""
    where = body.tell()
    body.write(data)
    return where


def _string(body: BytesIO, text: str) -> int:
    """Add a MINIDUMP_STRING: its bytes without the NUL, UTF-16LE, NUL. Returns its file offset."""
    data = text.encode("utf-16-le")
    return _add(body, struct.pack("<I", len(data)) + data + b"\0\0")


def _system_info(body: BytesIO) -> bytes:
    """SystemInfo, 56 bytes: AMD64, Windows 10."""
    service_pack = _string(body, "")
    return struct.pack("<HHHBBIIIIIHH", 9, 6, 0x5E03, 8, 1, 10, 0, 19045, 2, service_pack, 0x100, 0) + bytes(24)


def _misc_info() -> bytes:
    """MiscInfo in its first version."""
    return struct.pack("<IIIIII", 24, 3, 4242, 1_770_000_000, 1, 1)


def _threads(body: BytesIO, addresses: Column) -> bytes:
    """ThreadList: 48 bytes a thread. Each stack begins one of the ranges, and has no file offset of its own."""
    threads = struct.pack("<I", THREADS)
    for number in range(THREADS):
        stack = int(addresses[number % len(addresses)])
        context = bytearray(1232)
        struct.pack_into("<I", context, 0x30, 0x10_001F)
        struct.pack_into("<Q", context, 0x98, stack + 0x80)  # RSP
        struct.pack_into("<Q", context, 0xF8, _IMAGES + 0x1000 + number)  # RIP
        where = _add(body, bytes(context))
        threads += struct.pack("<IIIIQ", 1000 + number, 0, 0x20, 0, 0)
        threads += struct.pack("<QIIII", stack, _STACK, 0, len(context), where)
    return threads


def _modules(body: BytesIO) -> bytes:
    """ModuleList: 108 bytes a module, with its name and a CodeView record."""
    modules = struct.pack("<I", MODULES)
    for number in range(MODULES):
        name = _string(body, f"C:\\Program Files\\Contoso\\Contoso.Module{number}.dll")
        pdb = b"RSDS" + number.to_bytes(16, "little") + struct.pack("<I", 1) + b"Contoso.Module.pdb\0"
        codeview = struct.pack("<II", len(pdb), _add(body, pdb))
        modules += struct.pack("<QIIII", _IMAGES + 2 * _MODULE * number, _MODULE, 0, 1_700_000_000, name)
        modules += bytes(52) + codeview + bytes(24)
    return modules


def _memory_info(addresses: Column, sizes: Column) -> bytes:
    """MemoryInfoList: 48 bytes a range, all private and writable."""
    table = np.zeros(len(sizes), _MEMORY_INFO)
    table["base"], table["allocation"], table["size"] = addresses, addresses, sizes
    table["first_protect"] = table["protect"] = 0x04
    table["state"], table["type"] = 0x1000, 0x2_0000
    return struct.pack("<IIQ", 16, 48, len(sizes)) + table.tobytes()
