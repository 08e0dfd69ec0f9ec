"""Writes an ELF core of a scene, of either class and byte order, as the kernel and dump tools lay them out."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from random import Random

from corpus.synth.keys import KeySet
from corpus.synth.linux import MainStack, Notes
from corpus.synth.pieces import Image, join
from corpus.synth.scene import PAGE, Range, Scene, build, stack

_CORE, _LOAD, _NOTE = 4, 1, 4
_READ_WRITE, _READ_EXECUTE = 6, 5
_MANY = 0xFFFF
"""e_phnum where the real count is in the sh_info of the first section header (PN_XNUM)."""

# x86-64, PowerPC 64, i386, PowerPC: one machine for each class and byte order.
_MACHINES = {(64, "<"): 62, (64, ">"): 21, (32, "<"): 3, (32, ">"): 20}


@dataclass(frozen=True, slots=True)
class ElfShape:
    """``order`` is ``<`` or ``>``; ``many`` writes the count of program headers the PN_XNUM way."""

    bits: int = 64
    order: str = "<"
    many: bool = False

    @property
    def name(self) -> str:
        """The file's name."""
        return f"elf-{self.bits}-{'little' if self.order == '<' else 'big'}{'-many' if self.many else ''}.core"


def build_elf_core(shape: ElfShape, seed: int, keys: KeySet) -> tuple[Image, Scene]:
    """The file and the scene with its secrets. Same shape, seed and keys: same bytes."""
    scene = Scene(Random(f"{seed}/{shape.name}"), shape.bits, shape.order)
    build(scene, keys)
    stacks = [stack(scene, number, encoding) for number, encoding in enumerate(("utf16le", "utf8"), 1)]
    main = MainStack(scene)
    scene.ranges += [*stacks, main.range]
    return _Writer(shape, scene, main, stacks).write(), scene


class _Writer:
    """One file under construction."""

    def __init__(self, shape: ElfShape, scene: Scene, main: MainStack, stacks: list[Range]) -> None:
        self.shape = shape
        self.scene = scene
        self.image = Image()
        self.notes = Notes(scene, main, [main.range, *stacks], _MACHINES[shape.bits, shape.order])
        self.wide = shape.bits == 64

    def write(self) -> Image:
        """ELF header, program headers, notes, a gap, the segments, a tail, and a section header where needed."""
        image, ranges = self.image, self.scene.ranges
        header = 64 if self.wide else 52
        each = 56 if self.wide else 32
        count = len(ranges) + 2
        image.add(bytes(header + each * count))
        notes = self.notes.all()
        segments = [self._program_header(_NOTE, image.add(notes), 0, len(notes), 0, 4)]
        # A mapped file that the writer left out: memory without bytes in the file.
        segments.append(self._program_header(_LOAD, len(image), self.scene.image_base + 0x50_0000, 0, 4 * PAGE, PAGE))
        image.add(join((bytes(9), self.scene.planted("gap", "user=svc\npassword={}\n"), bytes(7))))
        image.add(join((bytes(3), self.scene.planted("gap_wide", "Pwd={};", "utf16le"), bytes(6))))
        image.pad(PAGE)
        for item in ranges:
            offset = image.add(item.block)
            flags = _READ_EXECUTE if item.kind == "image" else _READ_WRITE
            size = len(item.block)
            # An image is longer in memory than in the file, as where its last pages were never touched.
            memory = size + PAGE if item.kind == "image" else size
            segments.append(self._program_header(_LOAD, offset, item.address, size, memory, PAGE, flags))
        image.add(join((bytes(5), self.scene.planted("tail", "password={}\n"), bytes(4))))
        sections = self._section_header(count) if self.shape.many else 0
        image.patch(0, self._header(count, sections))
        image.patch(header, b"".join(segments))
        return image

    def _pack(self, wide: str, narrow: str, *numbers: int) -> bytes:
        return struct.pack(self.shape.order + (wide if self.wide else narrow), *numbers)

    def _program_header(
        self, kind: int, offset: int, address: int, size: int, memory: int, align: int, flags: int = 4
    ) -> bytes:
        if self.wide:
            return self._pack("IIQQQQQQ", "", kind, flags, offset, address, 0, size, memory, align)
        return self._pack("", "IIIIIIII", kind, offset, address, 0, size, memory, flags, align)

    def _header(self, count: int, sections: int) -> bytes:
        identity = b"\x7fELF" + bytes((2 if self.wide else 1, 1 if self.shape.order == "<" else 2, 1)) + bytes(9)
        size, each, section = (64, 56, 64) if self.wide else (52, 32, 40)
        machine = _MACHINES[self.shape.bits, self.shape.order]
        return identity + self._pack(
            "HHIQQQIHHHHHH",
            "HHIIIIIHHHHHH",
            *(_CORE, machine, 1, 0, size, sections, 0, size, each),
            *(_MANY if self.shape.many else count, section if sections else 0, int(bool(sections)), 0),
        )

    def _section_header(self, count: int) -> int:
        """The null section whose sh_info is the count of program headers. Returns its offset."""
        self.image.pad(8)
        return self.image.add(self._pack("IIQQQQIIQQ", "IIIIIIIIII", 0, 0, 0, 0, 0, 0, 0, count, 0, 0))
