"""Builds small minidumps for the tests. It knows the format by itself and shares no layout with the reader."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

X86, X64, ARM64 = 0, 9, 12
PRIVATE, MAPPED, IMAGE = 0x20000, 0x40000, 0x1000000
READ, READ_WRITE, EXECUTE = 2, 4, 0x20


@dataclass
class MinidumpBuilder:
    """Appends pieces to a file and registers streams; ``build`` fills in the header and the directory."""

    room: int = 24
    flags: int = 0
    data: bytearray = field(default_factory=bytearray)
    streams: list[tuple[int, int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.data += bytes(32 + 12 * self.room)

    def place(self, piece: bytes, align: int = 1) -> int:
        """Append a piece and return where it stands."""
        self.data += bytes(-len(self.data) % align)
        self.data += piece
        return len(self.data) - len(piece)

    def stream(self, kind: int, content: bytes) -> int:
        """Append a stream and return where it stands."""
        at = self.place(content)
        self.streams.append((kind, len(content), at))
        return at

    def build(self) -> bytes:
        """The file."""
        struct.pack_into(
            "<4sIIIIIQ", self.data, 0, b"MDMP", 0xA793, len(self.streams), 32, 0, 1_700_000_000, self.flags
        )
        for number, entry in enumerate(self.streams):
            struct.pack_into("<III", self.data, 32 + 12 * number, *entry)
        return bytes(self.data)

    def string(self, text: str) -> int:
        """A MINIDUMP_STRING."""
        encoded = text.encode("utf-16-le")
        return self.place(struct.pack("<I", len(encoded)) + encoded + b"\0\0")

    def utf8(self, text: bytes) -> int:
        """Crashpad's string: a length, the bytes, a NUL."""
        return self.place(struct.pack("<I", len(text)) + text + b"\0")

    def system_info(self, architecture: int, csd_version: int = 0) -> int:
        """Windows 10.0.19045 on four processors."""
        numbers = struct.pack("<HHHBBIIIIIHH", architecture, 6, 0x5E03, 4, 1, 10, 0, 19045, 2, csd_version, 256, 0)
        return self.stream(7, numbers + bytes(24))

    def threads(self, threads: Sequence[tuple[int, int, int, int, int, int, int]], padding: bytes = b"") -> int:
        """Each thread: id, TEB, stack address, stack bytes, stack offset, context bytes, context offset."""
        table = b"".join(struct.pack("<IIIIQQIIII", number, 0, 0x20, 0, teb, *rest) for number, teb, *rest in threads)
        return self.stream(3, struct.pack("<I", len(threads)) + padding + table)

    def modules(self, modules: Sequence[tuple[int, int, int, int, int]]) -> int:
        """Each module: address, bytes, offset of its name, bytes and offset of its CodeView record."""
        table = b"".join(
            struct.pack("<QIIII52xIIII16x", base, size, 0, 0, name, codeview_size, codeview, 0, 0)
            for base, size, name, codeview_size, codeview in modules
        )
        return self.stream(4, struct.pack("<I", len(modules)) + table)

    def memory_list(self, ranges: Sequence[tuple[int, int, int]]) -> int:
        """Each range: address, bytes, offset."""
        table = b"".join(struct.pack("<QII", *entry) for entry in ranges)
        return self.stream(5, struct.pack("<I", len(ranges)) + table)

    def memory64(self, ranges: Sequence[tuple[int, bytes]]) -> int:
        """The Memory64List and, right behind it, the bytes of its ranges; returns where those begin."""
        base = len(self.data) + 16 + 16 * len(ranges)
        table = b"".join(struct.pack("<QQ", address, len(content)) for address, content in ranges)
        self.stream(9, struct.pack("<QQ", len(ranges), base) + table)
        return self.place(b"".join(content for _, content in ranges))

    def memory_info(self, entries: Sequence[tuple[int, int, int, int]], record: int = 48) -> int:
        """Each entry: address, bytes, type, protection."""
        table = b"".join(
            struct.pack("<QQIIQIIII", base, base, protect, 0, size, 0x1000, protect, kind, 0).ljust(record, b"\0")
            for base, size, kind, protect in entries
        )
        return self.stream(16, struct.pack("<IIQ", 16, record, len(entries)) + table)


def x64_context() -> bytes:
    """A CONTEXT of 1,232 bytes whose every byte tells its place modulo 251."""
    return bytes(at % 251 for at in range(0x4D0))


def x86_context() -> bytes:
    """A CONTEXT of 716 bytes."""
    return bytes(at % 251 for at in range(0x2CC))


@dataclass(frozen=True)
class Process:
    """A thread environment block and what it leads to, as memory ranges.

    TEB at ``teb``, PEB 4 KiB above, parameters 8 KiB above, the command line 12 KiB above, the environment 16 KiB.
    """

    wide: bool
    teb: int
    command_line: str
    environment: bytes
    declared: int | None = None
    stack: tuple[int, int] = (0, 0)

    @property
    def command_line_at(self) -> int:
        return self.teb + 0x3000

    @property
    def environment_at(self) -> int:
        return self.teb + 0x4000

    def pages(self) -> list[tuple[int, bytes]]:
        """The ranges, each at its address; the parameters are as long as a modern Windows makes them."""
        pointer, width = ("<Q", 8) if self.wide else ("<I", 4)

        def fill(size: int, values: dict[int, int]) -> bytes:
            page = bytearray(size)
            for at, value in values.items():
                struct.pack_into(pointer, page, at, value)
            return bytes(page)

        base, limit = self.stack
        text = self.command_line.encode("utf-16-le")
        # Every offset for 64 and for 32 bits.
        at = dict(zip(_OFFSETS, _WIDE if self.wide else _NARROW, strict=True))
        teb = fill(0x100, {at["base"]: base, at["limit"]: limit, at["peb"]: self.teb + 0x1000})
        peb = fill(0x100, {at["parameters"]: self.teb + 0x2000})
        declared = 0 if self.declared is None else self.declared
        parameters = bytearray(
            fill(
                0x410,
                {
                    at["command"] + width: self.command_line_at,
                    at["environment"]: self.environment_at,
                    at["size"]: declared,
                },
            )
        )
        struct.pack_into("<II", parameters, 0, 0x410, 0x410 if self.declared is not None else at["size"])
        struct.pack_into("<HH", parameters, at["command"], len(text), len(text) + 2)
        return [
            (self.teb, teb),
            (self.teb + 0x1000, peb),
            (self.teb + 0x2000, bytes(parameters)),
            (self.command_line_at, text + b"\0\0"),
            (self.environment_at, self.environment),
        ]


_OFFSETS = ("base", "limit", "peb", "parameters", "command", "environment", "size")
_WIDE = (8, 16, 96, 32, 112, 128, 1008)
_NARROW = (4, 8, 48, 16, 64, 72, 656)


def block(*variables: str) -> bytes:
    """An environment block."""
    return "".join(f"{variable}\0" for variable in variables).encode("utf-16-le") + b"\0\0"


def everything(wide: bool) -> bytes:
    """A dump with each stream that the reader follows, for tests that damage it."""
    builder = MinidumpBuilder(flags=0x1826)
    context = builder.place(x64_context() if wide else x86_context())
    name, version = builder.string("C:\\app\\server.exe"), builder.string("Service Pack 1")
    codeview = builder.place(b"RSDS" + bytes(range(20)) + b"C:\\build\\server.pdb\0")
    builder.system_info(X64 if wide else X86, version)
    process = Process(
        wide, 0x7E000, "server.exe --password hunter2", block("A=1", "DB_PASSWORD=x"), 0, (0x30000, 0x20000)
    )
    builder.threads([(7, 0x7E000, 0x2F000, 0x100, 0, 0x4D0 if wide else 0x2CC, context)])
    builder.modules([(0x400000, 0x2000, name, 24 + 20, codeview)])
    builder.memory_info([(0x10000, 0x1000, PRIVATE, READ_WRITE), (0x400000, 0x2000, IMAGE, EXECUTE)])
    loose = builder.place(b"loose memory " * 10)
    builder.memory_list([(0x10FC0, 130, loose), (0x2F000, 64, loose + 64)])
    builder.stream(14, struct.pack("<III", 12, 24, 1) + struct.pack("<QIIII", 0x500000, 0x1000, 0, 0, name))
    builder.stream(12, struct.pack("<IIII", 16, 40, 1, 0) + struct.pack("<QIIIIIIII", 4, name, name, 0, 0, 1, 1, 0, 0))
    builder.stream(24, struct.pack("<I", 1) + struct.pack("<IQ", 7, name))
    builder.stream(6, struct.pack("<II152xII", 7, 0, 0x4D0 if wide else 0x2CC, context))
    builder.stream(10, b"procdump -ma server\0")
    builder.stream(15, bytes(232))
    builder.stream(0xFFF0, b"who knows")
    key = builder.utf8(b"key")
    pairs = struct.pack("<III", 1, key, key)
    pairs_at = builder.place(pairs)
    builder.stream(0x43500001, struct.pack("<I32xIIII", 1, len(pairs), pairs_at, 0, 0))
    builder.memory64([*process.pages(), (0x400000, b"MZ" * 64), (0x20000, b"stack" * 20)])
    return builder.build()
