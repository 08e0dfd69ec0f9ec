"""The streams of a minidump that are not memory."""

from __future__ import annotations

import struct
from collections.abc import Mapping

from corpus.synth.pieces import Image, Piece, join
from corpus.synth.scene import PAGE, Range, Scene, registers
from corpus.synth.windows import WindowsProcess

_THREAD_ID = 0x1000
_MODULE_SIZE = 2 * PAGE
_TYPES = {"private": 0x2_0000, "stack": 0x2_0000, "mapped": 0x4_0000, "image": 0x100_0000}
_COMMIT, _READ_WRITE = 0x1000, 0x04


def string(image: Image, text: Piece | str) -> int:
    """Add a MINIDUMP_STRING: its bytes without the NUL, UTF-16LE, NUL. Returns its file offset."""
    body = text if isinstance(text, Piece) else Piece(text.encode("utf-16-le"))
    image.pad(4)
    return image.add(join((struct.pack("<I", len(body)), body, b"\0\0")))


class Metadata:
    """One method a stream. Each adds what the stream points at to the image and returns the stream itself."""

    def __init__(self, scene: Scene, process: WindowsProcess, stacks: list[Range]) -> None:
        self.scene = scene
        self.process = process
        self.stacks = stacks

    def system_info(self, image: Image) -> bytes:
        """SystemInfo, 56 bytes: AMD64 or x86, Windows 10."""
        service_pack = string(image, "")
        architecture = 9 if self.scene.bits == 64 else 0
        fixed = struct.pack("<HHHBBIIIIIHH", architecture, 6, 0x5E03, 4, 1, 10, 0, 19045, 2, service_pack, 0x100, 0)
        return fixed + bytes(24)

    def threads(self, image: Image, offsets: Mapping[int, int]) -> bytes:
        """ThreadList: 48 bytes a thread; the stack's file offset is 0 where it is in Memory64List."""
        body = struct.pack("<I", len(self.stacks))
        for number, (stack, teb) in enumerate(zip(self.stacks, self.process.tebs, strict=True)):
            image.pad(16)
            context = self._context(stack, number)
            where = image.add(context)
            body += struct.pack("<IIIIQ", _THREAD_ID + number, 0, 0x20, 0, teb)
            body += struct.pack("<QII", stack.address, len(stack.block), offsets.get(stack.address, 0))
            body += struct.pack("<II", len(context), where)
        return body

    def _context(self, stack: Range, number: int) -> Piece:
        """A CONTEXT with its instruction, stack and frame pointers; text in vector registers where it has 64 bits."""
        ip, sp, fp = self.scene.image_base + 0x1010, stack.address + 0x380, stack.address + 0x800
        if self.scene.bits == 32:
            data = bytearray(716)
            struct.pack_into("<I", data, 0, 0x1_003F)
            struct.pack_into("<I", data, 0xB4, fp)
            struct.pack_into("<I", data, 0xB8, ip)
            struct.pack_into("<I", data, 0xC4, sp)
            return Piece(bytes(data))
        data = bytearray(1232)
        struct.pack_into("<I", data, 0x30, 0x10_001F)
        struct.pack_into("<QQ", data, 0x98, sp, fp)
        struct.pack_into("<Q", data, 0xF8, ip)
        xmm0, xmm2 = 0x1A0, 0x1C0
        return join((bytes(data[:xmm0]), registers(self.scene, number), bytes(data[xmm2:])))

    def modules(self, image: Image) -> bytes:
        """ModuleList: 108 bytes a module, names as strings, one CodeView record each."""
        scene = self.scene
        names: tuple[tuple[int, Piece | str], ...] = (
            (scene.image_base, "C:\\app\\app.exe"),
            (scene.image_base + 0x100_0000, "C:\\Windows\\System32\\ntdll.dll"),
            (scene.image_base + 0x200_0000, self._plugin("module_name", "C:\\x\\{}\\y.dll")),
        )
        body = struct.pack("<I", len(names))
        for base, name in names:
            where = string(image, name)
            pdb = join((self._pdb(base), b"\0"))
            image.pad(4)
            codeview = struct.pack("<II", len(pdb), image.add(pdb)) + bytes(24)
            body += struct.pack("<QIIII", base, _MODULE_SIZE, 0, 1_600_000_000, where) + bytes(52) + codeview
        return body

    def _plugin(self, name: str, path: str) -> Piece:
        """A path with a token in it."""
        return self.scene.planted(name, path, "utf16le", "octopus_api_key")

    def _pdb(self, base: int) -> Piece:
        """An RSDS record: signature, GUID, age, path."""
        head = b"RSDS" + self.scene.rng.randbytes(16) + struct.pack("<I", 1)
        if base == self.scene.image_base:
            return Piece(head) + self.scene.planted("pdb_path", "C:\\build\\password={}\\app.pdb")
        return Piece(head + b"ntdll.pdb")

    def unloaded_modules(self, image: Image) -> bytes:
        """UnloadedModuleList: a header of 12 bytes, 24 bytes a module."""
        name = self._plugin("unloaded_module", "C:\\x\\{}.dll")
        base = self.scene.image_base + 0x300_0000
        return struct.pack("<III", 12, 24, 1) + struct.pack("<QIIII", base, PAGE, 0, 0, string(image, name))

    def thread_names(self, image: Image) -> bytes:
        """ThreadNames: 12 bytes a thread, the offset of the name has 64 bits."""
        poller = self.scene.planted("thread_name", "poller password={}", "utf16le")
        names: tuple[Piece | str, ...] = ("Main", poller, ".NET Finalizer")
        entries = (struct.pack("<IQ", _THREAD_ID + number, string(image, name)) for number, name in enumerate(names))
        return struct.pack("<I", len(names)) + b"".join(entries)

    def comment_a(self, image: Image) -> Piece:
        """CommentStreamA: as dump tools leave their command line there."""
        return self.scene.planted("comment_a", "*** dumper -ma app.exe --password={}") + b"\n\0"

    def comment_w(self, image: Image) -> Piece:
        """CommentStreamW."""
        return self.scene.planted("comment_w", "*** Server=s;User ID=u;Password={};", "utf16le") + b"\0\0"

    def handles(self, image: Image) -> bytes:
        """HandleData: a header of 16 bytes, 40 bytes a handle, type and object names as strings."""
        objects: tuple[tuple[str, Piece | str], ...] = (
            ("Event", "\\BaseNamedObjects\\ready"),
            ("File", self.scene.planted("handle", "\\Device\\Mup\\files\\in?password={}&x=1", "utf16le")),
        )
        body = struct.pack("<IIII", 16, 40, len(objects), 0)
        for number, (kind, name) in enumerate(objects):
            body += struct.pack("<QII", 4 + 4 * number, string(image, kind), string(image, name))
            body += struct.pack("<IIIIII", 0, 0x1F_0003, 1, 1, 0, 0)
        return body

    def memory_info(self, image: Image) -> bytes:
        """MemoryInfoList: a header of 16 bytes, 48 bytes a range."""
        ranges = sorted(self.scene.ranges, key=lambda item: item.address)
        body = struct.pack("<IIQ", 16, 48, len(ranges))
        for item in ranges:
            body += struct.pack("<QQIIQ", item.address, item.address, _READ_WRITE, 0, len(item.block))
            body += struct.pack("<IIII", _COMMIT, _READ_WRITE, _TYPES[item.kind], 0)
        return body

    def misc_info(self, image: Image) -> bytes:
        """MiscInfo in its first version, 24 bytes."""
        return struct.pack("<IIIIII", 24, 3, 4242, 1_700_000_000, 1, 1)

    def unknown(self, image: Image) -> Piece:
        """A stream of no known type, as some writers add."""
        return self.scene.planted("unknown_stream", '\x01\x02{"apiKey":"{}"}', category="api_key") + bytes(3)

    def unknown_wide(self, image: Image) -> Piece:
        """Another one, with UTF-16 at an odd offset of the stream."""
        return Piece(b"\7") + self.scene.planted("unknown_stream_wide", "password={};", "utf16le") + bytes(4)

    def breakpad_command_line(self, image: Image) -> Piece:
        """Breakpad's copy of /proc/PID/cmdline: arguments ended by NUL."""
        return Piece(b"app\0") + self.scene.planted("breakpad_command_line", "--password={}") + b"\0"

    def breakpad_environment(self, image: Image) -> Piece:
        """Breakpad's copy of /proc/PID/environ: strings ended by NUL."""
        return Piece(b"HOME=/srv\0") + self.scene.planted("breakpad_environment", "DB_PASSWORD={}") + b"\0"
