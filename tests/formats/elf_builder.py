"""Builds small ELF cores for tests, from the field's documents and without a look at the reader's own tables."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

LOAD, NOTE = 1, 4
READ_WRITE, READ_EXECUTE, READ = 6, 5, 4
X86_64, I386, AARCH64, ARM = 62, 3, 183, 40


@dataclass(frozen=True)
class Core:
    """A finished file. ``loads`` and ``notes`` are the file offsets of segments' bytes and of notes' descs."""

    data: bytes
    loads: tuple[int, ...]
    notes: tuple[int, ...]


@dataclass
class CoreBuilder:
    """Collects segments and notes; :meth:`build` writes them as the Linux kernel orders them."""

    wide: bool = True
    big: bool = False
    machine: int = X86_64
    segments: list[tuple[int, int, bytes, int, int]] = field(default_factory=list)
    notes: list[tuple[bytes, int, bytes]] = field(default_factory=list)

    @property
    def order(self) -> str:
        return ">" if self.big else "<"

    def pack(self, form: str, *values: int) -> bytes:
        """``W`` is a word of the process, all else as in ``struct``."""
        return struct.pack(self.order + form.replace("W", "Q" if self.wide else "I"), *values)

    def load(self, address: int, data: bytes, memory: int | None = None, flags: int = READ_WRITE) -> CoreBuilder:
        self.segments.append((LOAD, address, data, len(data) if memory is None else memory, flags))
        return self

    def segment(self, kind: int, data: bytes) -> CoreBuilder:
        self.segments.append((kind, 0, data, 0, 0))
        return self

    def note(self, owner: bytes, kind: int, desc: bytes) -> CoreBuilder:
        self.notes.append((owner + b"\x00", kind, desc))
        return self

    def prstatus(self, registers: Sequence[int]) -> CoreBuilder:
        head = 112 if self.wide else 72
        desc = bytes(head) + self.pack("W" * len(registers), *registers) + bytes(8 if self.wide else 4)
        return self.note(b"CORE", 1, desc)

    def prpsinfo(self, psargs: bytes, fname: bytes = b"program", small_ids: bool = True) -> CoreBuilder:
        head = 40 if self.wide else 28 if small_ids else 32
        return self.note(b"CORE", 3, bytes(head) + fname.ljust(16, b"\x00") + psargs.ljust(80, b"\x00"))

    def auxv(self, pairs: Sequence[tuple[int, int]]) -> CoreBuilder:
        return self.note(b"CORE", 6, self.vector(pairs))

    def vector(self, pairs: Sequence[tuple[int, int]]) -> bytes:
        return b"".join(self.pack("WW", *pair) for pair in [*pairs, (0, 0)])

    def files(self, mappings: Sequence[tuple[int, int, bytes]], slack: bytes = b"") -> CoreBuilder:
        desc = self.pack("WW", len(mappings), 4096)
        desc += b"".join(self.pack("WWW", start, end, 0) for start, end, _ in mappings)
        desc += b"".join(name + b"\x00" for _, _, name in mappings)
        return self.note(b"CORE", 0x46494C45, desc + slack)

    def build(self, extended: bool = False, section: bool = True) -> Core:
        """The file; ``extended`` counts the program headers in section header 0, left out without ``section``."""
        head, entry = (64, 56) if self.wide else (52, 32)
        count = len(self.segments) + bool(self.notes)
        notes, descs = self._notes(head + count * entry)
        at = head + count * entry + len(notes)
        table, body, loads = [], [], []
        if self.notes:
            table.append(self._program_header(NOTE, 0, head + count * entry, 0, len(notes), 0))
        for kind, address, data, memory, flags in self.segments:
            table.append(self._program_header(kind, flags, at, address, len(data), memory))
            body.append(data)
            loads.append(at)
            at += len(data)
        tail = self._section(count) if extended and section else b""
        ehdr = self._elf_header(0xFFFF if extended else count, at if tail else 0, head, entry)
        return Core(ehdr + b"".join([*table, notes, *body, tail]), tuple(loads), descs)

    def _elf_header(self, phnum: int, shoff: int, head: int, entry: int) -> bytes:
        ident = b"\x7fELF" + bytes([2 if self.wide else 1, 2 if self.big else 1, 1]) + bytes(9)
        sizes = (head, entry, phnum, 64 if self.wide else 40, 1 if shoff else 0, 0)
        return ident + self.pack("HHIWWWIHHHHHH", 4, self.machine, 1, 0, head, shoff, 0, *sizes)

    def _program_header(self, kind: int, flags: int, offset: int, address: int, size: int, memory: int) -> bytes:
        if self.wide:
            return self.pack("IIQQQQQQ", kind, flags, offset, address, 0, size, memory, 1)
        return self.pack("IIIIIIII", kind, offset, address, 0, size, memory, flags, 1)

    def _section(self, count: int) -> bytes:
        if self.wide:
            return self.pack("IIQQQQIIQQ", 0, 0, 0, 0, 0, 0, 0, count, 0, 0)
        return self.pack("IIIIIIIIII", 0, 0, 0, 0, 0, 0, 0, count, 0, 0)

    def _notes(self, at: int) -> tuple[bytes, tuple[int, ...]]:
        data, descs = b"", []
        for owner, kind, desc in self.notes:
            data += self.pack("III", len(owner), len(desc), kind) + owner + bytes(-len(owner) % 4)
            descs.append(at + len(data))
            data += desc + bytes(-len(desc) % 4)
        return data, tuple(descs)


@dataclass(frozen=True)
class StackImage:
    """The top of a main stack. Addresses are virtual; ``argv`` and ``envp`` those of the first string."""

    base: int
    data: bytes
    auxv: tuple[tuple[int, int], ...]
    argv: int
    envp: int
    execfn: int


def main_stack(
    core: CoreBuilder,
    argv: Sequence[bytes],
    envp: Sequence[bytes],
    top: int = 0x7FFF_0000,
    moved: Sequence[tuple[int, int]] = (),
    below: bytes = bytes(64),
) -> StackImage:
    """What the kernel leaves at the top of the stack that ends at ``top``.

    ``moved`` are (index, address) pairs of envp entries that the process points elsewhere.
    """
    word = 8 if core.wide else 4
    tail = b"/bin/program\x00" + bytes(8)
    execfn = top - len(tail)
    environment = b"".join(string + b"\x00" for string in envp)
    arguments = b"".join(string + b"\x00" for string in argv)
    env_start = execfn - len(environment)
    arg_start = env_start - len(arguments)
    platform = arg_start - 100
    random = platform - 16
    pairs = ((3, 0x400040), (25, random), (15, platform), (31, execfn))
    pointers = _addresses(env_start, envp)
    for index, address in moved:
        pointers[index] = address
    words = [len(argv), *_addresses(arg_start, argv), 0, *pointers, 0]
    vector = core.pack("W" * len(words), *words) + core.vector(pairs)
    base = (random - len(vector) - 5) // 16 * 16 - len(below)
    data = below + vector
    data += bytes(random - base - len(data)) + bytes(range(1, 17)) + b"machine\x00"
    data += bytes(arg_start - base - len(data)) + arguments + environment + tail
    assert len(data) == top - base
    assert len(below) % word == 0
    return StackImage(base, data, pairs, arg_start, env_start, execfn)


def _addresses(start: int, strings: Sequence[bytes]) -> list[int]:
    found = []
    for string in strings:
        found.append(start)
        start += len(string) + 1
    return found
