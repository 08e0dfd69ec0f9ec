"""The parts of a Windows process that lead to its command line and environment: TEB, PEB, process parameters.

Offsets are those of the public symbols of ntdll (``dt ntdll!_TEB`` and so on), which differ by the size of a pointer.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from corpus.synth.pieces import Block, Piece, join
from corpus.synth.scene import PAGE, Range, Scene


@dataclass(frozen=True, slots=True)
class _Offsets:
    teb_stack: int
    teb_self: int
    teb_peb: int
    peb_image: int
    peb_parameters: int
    directory: int
    image: int
    command_line: int
    environment: int
    title: int
    environment_size: int
    size: int


_OFFSETS = {
    64: _Offsets(0x08, 0x30, 0x60, 0x10, 0x20, 0x38, 0x60, 0x70, 0x80, 0xB0, 0x3F0, 0x410),
    32: _Offsets(0x04, 0x18, 0x30, 0x08, 0x10, 0x24, 0x38, 0x40, 0x48, 0x70, 0x290, 0x2A4),
}

_NORMALIZED = 1


@dataclass(frozen=True, slots=True)
class WindowsProcess:
    """Ranges that hold the structures, and the address of the TEB of each thread."""

    ranges: tuple[Range, ...]
    tebs: tuple[int, ...]


def windows_process(scene: Scene, stacks: list[Range]) -> WindowsProcess:
    """TEBs for ``stacks``, one PEB, and process parameters full of secrets."""
    base = 0x5C_2000_0000 if scene.bits == 64 else 0x7FF0_0000
    parameters = Range(base + 0x10_0000, _parameters(scene, base + 0x10_0000), "private")
    offsets = _OFFSETS[scene.bits]
    pages = Block(bytes(PAGE * (1 + 2 * len(stacks))))
    pages.put(offsets.peb_image, Piece(scene.pointers(scene.image_base)))
    pages.put(offsets.peb_parameters, Piece(scene.pointers(parameters.address)))
    tebs = []
    for number, stack in enumerate(stacks):
        at = PAGE * (1 + 2 * number)
        tebs.append(base + at)
        pages.put(at + offsets.teb_stack, Piece(scene.pointers(stack.end, stack.address)))
        pages.put(at + offsets.teb_self, Piece(scene.pointers(base + at)))
        pages.put(at + offsets.teb_peb, Piece(scene.pointers(base)))
    return WindowsProcess((Range(base, pages), parameters), tuple(tebs))


def _parameters(scene: Scene, address: int) -> Block:
    """The process parameters with their strings behind them, and the environment at the end."""
    offsets = _OFFSETS[scene.bits]
    block = Block(bytes(offsets.size))
    strings = (
        (offsets.directory, Piece("C:\\app\\".encode("utf-16-le"))),
        (offsets.image, Piece("C:\\app\\app.exe".encode("utf-16-le"))),
        (offsets.command_line, _command_line(scene)),
        (offsets.title, scene.planted("window_title", "app --password={}", "utf16le")),
    )
    for at, string in strings:
        where = address + block.add(string)
        block.add(b"\0\0")
        block.pad(8)
        sizes = struct.pack("<HH", len(string), len(string) + 2) + bytes(scene.bits // 8 - 4)
        block.put(at, Piece(sizes + scene.pointers(where)))
    environment = _environment(scene)
    where = address + block.add(environment)
    block.put(0, Piece(struct.pack("<III", len(block), len(block), _NORMALIZED)))
    block.put(offsets.environment, Piece(scene.pointers(where)))
    block.put(offsets.environment_size, Piece(scene.pointers(len(environment))))
    block.pad(PAGE)
    return block


def _command_line(scene: Scene) -> Piece:
    """Switches with ``=``, with a space, quoted; the last value ends the string."""
    return join(
        (
            scene.planted("command_line_equals", '"C:\\app\\app.exe" run --password={} --verbose', "utf16le"),
            scene.planted("command_line_space", " --apiKey {}", "utf16le", "octopus_api_key"),
            scene.planted("command_line_quoted", ' --token="{}"', "utf16le", "token"),
            scene.planted("command_line_last", " --client-secret={}", "utf16le", "client_secret"),
        )
    )


def _environment(scene: Scene) -> Piece:
    """``NAME=value`` strings, each ended by NUL, and one more NUL behind the last."""
    end = b"\0\0"
    harmless = ("=C:=C:\\app", "NUMBER_OF_PROCESSORS=8", "OS=Windows_NT")
    return join(
        (
            *(text.encode("utf-16-le") + end for text in harmless),
            scene.planted("environment_password", "DB_PASSWORD={}", "utf16le") + end,
            scene.planted("environment_key", "MY_API_KEY={}", "utf16le", "api_key") + end,
            scene.planted("environment_connection", "ConnectionStrings__Db=Server=s;User ID=u;Password={}", "utf16le")
            + end,
            "windir=C:\\Windows".encode("utf-16-le") + end,
            end,
        )
    )
