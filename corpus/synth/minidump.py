"""Writes a minidump of a scene. The structures are laid out here field by field, from their public documentation."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from corpus.synth.keys import KeySet
from corpus.synth.minidump_metadata import Metadata
from corpus.synth.pieces import Image, Piece, join
from corpus.synth.scene import Range, Scene, build, stack
from corpus.synth.windows import WindowsProcess, windows_process

_HEADER, _ENTRY = 32, 12
_FULL_MEMORY = 0x2
_GAP = 24


@dataclass(frozen=True, slots=True)
class MinidumpShape:
    """``memory`` is ``list`` (MemoryList), ``list64`` (Memory64List) or ``both``; ``unknown`` adds unknown streams."""

    bits: int = 64
    memory: str = "list64"
    unknown: bool = True

    @property
    def name(self) -> str:
        """The file's name."""
        return f"minidump-{self.bits}-{self.memory}{'' if self.unknown else '-known'}.dmp"


def build_minidump(shape: MinidumpShape, seed: int, keys: KeySet) -> tuple[Image, Scene]:
    """The file and the scene with its secrets. Same shape, seed and keys: same bytes."""
    scene = Scene(Random(f"{seed}/{shape.name}"), shape.bits)
    build(scene, keys)
    stacks = [stack(scene, number, encoding) for number, encoding in enumerate(("utf8", "utf16le", "utf8"))]
    process = windows_process(scene, stacks)
    scene.ranges += [*stacks, *process.ranges]
    return _Writer(shape, scene, process, stacks).write(), scene


class _Writer:
    """One file under construction."""

    def __init__(self, shape: MinidumpShape, scene: Scene, process: WindowsProcess, stacks: list[Range]) -> None:
        self.shape = shape
        self.scene = scene
        self.image = Image()
        self.directory: list[tuple[int, int, int]] = []
        self.metadata = Metadata(scene, process, stacks)
        far = shape.memory == "list64"
        near = shape.memory == "list"
        chosen = scene.ranges[::2] if shape.memory == "both" else scene.ranges
        # In a small dump the stacks' bytes are those of MemoryList; in a full one the thread knows no file offset.
        self.near = [] if far else [*chosen] + [item for item in stacks if item not in chosen]
        self.far = [] if near else [item for item in scene.ranges if item not in self.near]
        self.offsets: dict[int, int] = {}

    def write(self) -> Image:
        """Header, room for the directory, metadata with gaps between, memory, a tail behind it."""
        streams = 10 + 4 * self.shape.unknown + 4
        self.image.add(bytes(_HEADER + _ENTRY * streams))
        self._near_memory()
        metadata = self.metadata
        writers: list[tuple[int, Callable[[Image], bytes | Piece]]] = [
            (7, metadata.system_info),
            (3, lambda image: metadata.threads(image, self.offsets)),
            (4, metadata.modules),
            (14, metadata.unloaded_modules),
            (24, metadata.thread_names),
            (10, metadata.comment_a),
            (11, metadata.comment_w),
            (12, metadata.handles),
            (16, metadata.memory_info),
            (15, metadata.misc_info),
        ]
        if self.shape.unknown:
            writers += [(0xFFF0, metadata.unknown), (0x4767_0006, metadata.breakpad_command_line)]
            writers += [(0x4767_0007, metadata.breakpad_environment), (0x4D7A_0001, metadata.unknown_wide)]
        for number, (kind, make) in enumerate(writers):
            self._gap(number)
            body = make(self.image)
            self.directory.append((kind, len(body), self.image.add(body)))
        self._memory_lists()
        self.image.add(join((bytes(3), self.scene.planted("tail", "password={}\n"), bytes(5))))
        self._header()
        return self.image

    def _gap(self, number: int) -> None:
        """Bytes that no stream claims: zeros, at an offset of either parity, and in some a secret."""
        self.image.add(bytes(_GAP + number % 2))
        if number in {2, 5}:
            encoding = "utf8" if number == 2 else "utf16le"
            self.image.add(join((self.scene.planted(f"gap_{number}", "Pwd={};", encoding), bytes(8))))

    def _near_memory(self) -> None:
        for item in self.near:
            self.offsets[item.address] = self.image.add(item.block)
            self.image.add(bytes(1))  # so that ranges come at odd file offsets as well

    def _memory_lists(self) -> None:
        if self.near:
            body = struct.pack("<I", len(self.near)) + b"".join(
                struct.pack("<QII", item.address, len(item.block), self.offsets[item.address]) for item in self.near
            )
            self.directory.append((5, len(body), self.image.add(body)))
        if self.far:
            size = 16 + 16 * len(self.far)
            base = len(self.image) + size + 7
            body = struct.pack("<QQ", len(self.far), base) + b"".join(
                struct.pack("<QQ", item.address, len(item.block)) for item in self.far
            )
            self.directory.append((9, size, self.image.add(body)))
            self.image.add(bytes(7))
            for item in self.far:
                self.image.add(item.block)

    def _header(self) -> None:
        flags = _FULL_MEMORY if self.far else 0
        header = struct.pack("<4sIIIIIQ", b"MDMP", 0xA793, len(self.directory), _HEADER, 0, 1_700_000_000, flags)
        self.image.patch(0, header)
        self.image.patch(_HEADER, b"".join(struct.pack("<III", *entry) for entry in self.directory))
