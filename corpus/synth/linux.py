"""The parts of a Linux process that a core tells about: the main stack with its arguments, and the notes."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from corpus.synth.pieces import Block, Mark, Piece, Plant, join
from corpus.synth.scene import PAGE, Range, Scene, registers

_PRSTATUS, _FPREGSET, _PRPSINFO, _AUXV, _FILE = 1, 2, 3, 6, 0x4649_4C45
_AT_PAGESZ, _AT_ENTRY, _AT_RANDOM, _AT_EXECFN = 6, 9, 25, 31

_X86_64 = 62
# Bytes of NT_PRSTATUS up to the registers, count of registers, index of the stack and of the instruction pointer.
_REGISTERS = {_X86_64: (112, 27, 19, 16), 21: (112, 48, 1, 32), 3: (72, 17, 15, 12), 20: (72, 48, 1, 32)}

PSARGS = 80
"""The kernel cuts the arguments in NT_PRPSINFO to so many bytes, the last of them a NUL."""


class MainStack:
    """The stack of the first thread: argc, argv, envp and auxv as words, the strings behind them up to the top."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.last = scene.planted("argument_cut", "--password={}")
        self.arguments: tuple[Piece | bytes, ...] = (
            b"/srv/app/server",
            b"run",
            scene.planted("argument", "--apiKey={}", category="octopus_api_key"),
            self.last,
            b"--client-secret",
            scene.planted("argument_next", "{}", category="client_secret"),
        )
        self.environment: tuple[Piece | bytes, ...] = (
            b"PATH=/usr/bin:/bin",
            scene.planted("environment_password", "DB_PASSWORD={}"),
            scene.planted("environment_aws", "AWS_SECRET_ACCESS_KEY={}", category="aws_secret_access_key"),
            scene.planted("environment_url", "DATABASE_URL=postgres://app:{}@db1/app"),
            b"LANG=C.UTF-8",
        )
        self.address = scene.stack_base + 0x80_0000
        self.vectors: bytes = b""
        self.range = Range(self.address, self._block(), "stack")

    def _block(self) -> Block:
        """Four pages; 16 random bytes below the strings, which end eight bytes below the top."""
        strings = [piece + b"\0" for piece in (*self.arguments, *self.environment)]
        program = b"/srv/app/server\0"
        size = sum(map(len, strings)) + len(program)
        block = Block(bytes(4 * PAGE - 8 - size))
        places = [self.address + block.add(string) for string in strings]
        executable = self.address + block.add(program)
        block.add(bytes(8))
        block.put(places[0] - self.address - 16, Piece(self.scene.rng.randbytes(16)))
        count = len(self.arguments)
        self.vectors = self.scene.pointers(
            *(_AT_PAGESZ, PAGE, _AT_ENTRY, self.scene.image_base + 0x1000),
            *(_AT_RANDOM, places[0] - 16, _AT_EXECFN, executable, 0, 0),
        )
        words = self.scene.pointers(count, *places[:count], 0, *places[count:], 0) + self.vectors
        block.put(2 * PAGE, Piece(words))
        return block

    def psargs(self) -> Piece:
        """The arguments with spaces between, cut to 79 bytes, filled up with NUL: the password is cut."""
        head = join((b"/srv/app/server run --log-level information --port 80 ", self.last))
        kept = head.split(PSARGS - 1)[0]
        value = kept.marks[0]
        marks = (Mark(Plant(value.plant.secret, "cut.utf8"), 0, value.start, value.end),)
        return Piece(kept.data.ljust(PSARGS, b"\0"), marks)


class Notes:
    """The notes of a core. ``machine`` decides the layout of the registers."""

    def __init__(self, scene: Scene, main: MainStack, stacks: Sequence[Range], machine: int) -> None:
        self.scene = scene
        self.main = main
        self.stacks = stacks
        self.machine = machine

    def all(self) -> Piece:
        """Process, then each thread, then the vectors and mapped files, in the kernel's order."""
        threads = [self._note(_PRSTATUS, self._status(stack, number)) for number, stack in enumerate(self.stacks)]
        return join(
            (
                threads[0],
                self._note(_PRPSINFO, self._process()),
                self._note(_AUXV, Piece(self.main.vectors)),
                self._note(_FILE, self._files()),
                *threads[1:],
                *self._vectors(),
                self._note(0x1234, self.scene.planted("unknown_note", '{"password":"{}"}'), b"VENDOR\0"),
            )
        )

    def _note(self, kind: int, body: Piece, name: bytes = b"CORE\0") -> Piece:
        """Sizes of name and body, type, then both, each padded to four bytes."""
        head = struct.pack(f"{self.scene.order}III", len(name), len(body), kind)
        return join((head, name + bytes(-len(name) % 4), body, bytes(-len(body) % 4)))

    def _status(self, stack: Range, number: int) -> Piece:
        """NT_PRSTATUS: signal, ids, times, registers."""
        start, count, sp, ip = _REGISTERS[self.machine]
        data = bytearray(start)
        struct.pack_into(f"{self.scene.order}I", data, 0, 6 if number == 0 else 0)
        struct.pack_into(f"{self.scene.order}I", data, 32 if self.scene.bits == 64 else 24, 4242 + number)
        registers = [0] * count
        registers[sp], registers[ip] = stack.address + 0x400, self.scene.image_base + 0x1010
        end = bytes(8 if self.scene.bits == 64 else 4)
        return Piece(bytes(data) + self.scene.pointers(*registers) + end)

    def _vectors(self) -> list[Piece]:
        """NT_FPREGSET of the other threads on x86-64: 512 bytes as FXSAVE writes them, vector registers from 160 on."""
        if self.machine != _X86_64:
            return []
        areas = (join((bytes(160), registers(self.scene, number), bytes(320))) for number in (1, 2))
        return [self._note(_FPREGSET, area) for area in areas]

    def _process(self) -> Piece:
        """NT_PRPSINFO: flags, ids, name of 16 bytes, arguments of 80. User ids take two bytes on i386, else four."""
        order = self.scene.order
        flags = struct.pack("4B4xQ" if order == "<" else ">4B4xQ", 0, ord("R"), 0, 0, 0)
        if self.scene.bits == 32:
            flags = struct.pack(f"{order}4BI", 0, ord("R"), 0, 0, 0)
        users = struct.pack(f"{order}HH" if self.machine == 3 else f"{order}II", 1000, 1000)
        ids = struct.pack(f"{order}IIII", 4242, 1, 4242, 4242)
        return join((flags, users, ids, b"server".ljust(16, b"\0"), self.main.psargs()))

    def _files(self) -> Piece:
        """NT_FILE: count, page size, (start, end, offset) each, then the names."""
        base = self.scene.image_base
        names = (
            b"/srv/app/server\0",
            self.scene.planted("mapped_file", "/srv/in/password={}") + b"\0",
            b"/usr/lib/libc.so.6\0",
        )
        starts = (base + number * 0x20_0000 for number in range(len(names)))
        places = [word for start in starts for word in (start, start + PAGE, 0)]
        return join((self.scene.pointers(len(names), PAGE, *places), *names))
