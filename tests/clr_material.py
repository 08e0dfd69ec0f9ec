"""A process of .NET as far as fields need it: metadata (ECMA-335, II.24), descriptions of fields, types and objects.

Written from the specification and the runtime's headers, and sharing nothing with the code that reads it.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

from dumpscrub.layout import LayoutBuilder, RegionKind
from dumpscrub.model import Dump
from dumpscrub.source import BytesSource

IMAGE, TYPES, HEAP = 0x7F10_0000_0000, 0x7F20_0000_0000, 0x7F30_0000_0000
PRIVATE, PUBLIC, STATIC, LITERAL = 1, 6, 0x10, 0x40
STRING, OBJECT, INT, VARIABLE = b"\x0e", b"\x1c", b"\x08", b"\x13\x00"
CLASS, VALUE = 0x12, 0x11


def structure(row: int) -> bytes:
    """The signature of a structure that is the type at ``row`` of the same module."""
    return bytes((VALUE, row << 2))


@dataclass(frozen=True)
class Field:
    """A field as metadata name it, and where the runtime puts it in an object; -1 for none."""

    name: str
    signature: bytes = STRING
    offset: int = 0
    flags: int = PRIVATE


@dataclass
class Metadata:
    """Types with their fields; the first type of a module is none."""

    types: list[Sequence[Field]] = field(default_factory=lambda: [()])
    wide: bool = False
    padding: int = 0

    def build(self) -> bytes:
        """The metadata, with ``padding`` more names; ``wide`` for heaps whose indices take four bytes."""
        names, blobs = bytearray(1), bytearray(1)
        fields: list[tuple[int, int, int]] = []
        firsts: list[int] = []
        for type_fields in self.types:
            firsts.append(len(fields) + 1)
            for each in type_fields:
                fields.append((each.flags, len(names), len(blobs)))
                names += each.name.encode() + b"\0"
                blobs += bytes((len(each.signature) + 1, 6)) + each.signature
        names += b"n\0" * self.padding
        index = "I" if self.wide else "H"
        tables = struct.pack(f"<H{index}HHH" if not self.wide else "<HIIII", 0, 0, 0, 0, 0)
        for first in firsts:
            tables += struct.pack(f"<I{index}{index}HHH", 0, 0, 0, 0, first, 1)
        for flags, name, blob in fields:
            tables += struct.pack(f"<H{index}{index}", flags, name, blob)
        head = struct.pack("<IBBBBQQ", 0, 2, 0, 7 if self.wide else 0, 1, 0b10101, 0)
        rows = struct.pack("<III", 1, len(firsts), len(fields))
        return self._streams(((b"#~", head + rows + tables), (b"#Strings", bytes(names)), (b"#Blob", bytes(blobs))))

    @staticmethod
    def _streams(streams: Sequence[tuple[bytes, bytes]]) -> bytes:
        version = b"v4.0.30319\0\0"
        root = b"BSJB" + struct.pack("<HHII", 1, 1, 0, len(version)) + version + struct.pack("<HH", 0, len(streams))
        padded = [(name + bytes(4 - len(name) % 4), data + bytes(-len(data) % 4)) for name, data in streams]
        at = len(root) + sum(8 + len(name) for name, _ in padded)
        body = b""
        for name, data in padded:
            root += struct.pack("<II", at + len(body), len(data)) + name
            body += data
        return root + body


@dataclass
class Process:
    """Memory in three regions: an image with metadata, what the runtime makes, and objects.

    ``recent`` types have their row in three bytes and mark what stands for them by 1; ``relative`` descriptions say how
    far their type is.
    """

    metadata: Metadata = field(default_factory=Metadata)
    recent: bool = False
    relative: bool = False
    types: bytearray = field(default_factory=lambda: bytearray(64))
    heap: bytearray = field(default_factory=lambda: bytearray(64))
    string: int = 0

    def __post_init__(self) -> None:
        self.string = self._add(struct.pack("<IIIHHQQQQQ", 0x80000002, 22, 0, 0, 0, 0, 0, 0, TYPES, 0))

    def _add(self, data: bytes) -> int:
        address = TYPES + len(self.types)
        self.types += data + bytes(-len(data) % 8)
        return address

    def declare(self, *fields: Field) -> int:
        """The row of a new type with ``fields`` in the metadata."""
        self.metadata.types.append(fields)
        return len(self.metadata.types)

    def load(self, row: int, size: int, *, parent: int = 0, describe: bool = True) -> int:
        """The address of the type at ``row``, whose objects are ``size`` bytes long with all that is before them."""
        owner = self.table(row, size, parent=parent)
        if describe:
            self._add(bytes(16) + b"".join(self._descriptions(row, owner)) + bytes(16))
        return owner

    def table(self, row: int, size: int, *, parent: int = 0, stands_for: int = 0) -> int:
        """The address of a type without descriptions; of one that another one ``stands_for``."""
        mark = (1 if self.recent else 2) if stands_for else 0
        rows = struct.pack("<I", row << 8 | 3) if self.recent else struct.pack("<HH", 3, row)
        last = (stands_for or TYPES) + mark
        return self._add(struct.pack("<II", 0, size) + rows + struct.pack("<HHQQQQQ", 4, 0, parent, 0, 0, last, 0))

    def arrays(self, element: int, step: int) -> int:
        """The address of the type of arrays of structures of ``step`` bytes."""
        return self._add(struct.pack("<IIIHHQQQQQ", 0x80000000 | step, 24, 0, 0, 0, 0, 0, 0, TYPES, element))

    def _descriptions(self, row: int, owner: int) -> list[bytes]:
        before = sum(len(fields) for fields in self.metadata.types[: row - 1])
        place = TYPES + len(self.types) + 16
        found: list[bytes] = []
        for number, each in enumerate(self.metadata.types[row - 1], before + 1):
            if each.flags & STATIC:
                continue
            kind = {VALUE: VALUE, INT[0]: INT[0]}.get(each.signature[0], CLASS)
            address = (owner - place - 16 * len(found)) % (1 << 64) if self.relative else owner
            low = number | 0x55 << 17 | (each.flags & 7) << 27
            found.append(struct.pack("<QII", address, low, kind << 27 | each.offset))
        return found

    def text(self, value: str, kind: int | None = None) -> int:
        """The address of a string."""
        content = struct.pack("<QI", kind or self.string, len(value)) + value.encode("utf-16-le") + bytes(2)
        return self.object(content)

    def object(self, content: bytes) -> int:
        """The address of an object."""
        address = HEAP + len(self.heap)
        self.heap += content + bytes(-len(content) % 8 + 8)
        return address

    def instance(self, kind: int, *words: int) -> int:
        """The address of an object with these words."""
        return self.object(struct.pack(f"<{1 + len(words)}Q", kind, *words))

    def dump(self) -> Dump:
        """The memory as a file, its regions in another order than their addresses."""
        parts = (
            (bytes(self.heap), RegionKind.HEAP, HEAP),
            (bytes(self.types), RegionKind.HEAP, TYPES),
            (self.metadata.build(), RegionKind.IMAGE, IMAGE),
        )
        data = b"".join(part for part, _, _ in parts)
        builder, at = LayoutBuilder(len(data)), 0
        for part, kind, address in parts:
            builder.add(at, len(part), kind, "memory", address)
            at += len(part)
        return Dump("raw", BytesSource(data), builder.build())
