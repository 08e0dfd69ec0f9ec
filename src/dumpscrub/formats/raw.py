"""The last resort: a file without a structure that dumpscrub can follow, searched as raw bytes."""

from __future__ import annotations

from dumpscrub.errors import FormatError
from dumpscrub.formats.base import HEAD
from dumpscrub.layout import Layout, LayoutBuilder, RegionKind
from dumpscrub.model import Dump
from dumpscrub.source import Source, read

_AS_RAW = "the file is searched as raw bytes, so its memory addresses are not known"

_HEADS = (
    (b"PAGEDU64", f"a Windows kernel or complete memory dump (64 bit): {_AS_RAW}"),
    (b"PAGEDUMP", f"a Windows kernel or complete memory dump (32 bit): {_AS_RAW}"),
    (b"KDUMP   ", f"a compressed Linux kernel dump: {_AS_RAW}; secrets inside compressed pages are not found"),
    (b"JAVA PROFILE ", f"a Java heap dump (HPROF): {_AS_RAW}"),
    (b"\x7fELF", f"an ELF file but no core dump: {_AS_RAW}"),
)
_COMPRESSED = (
    (b"\x1f\x8b", "gzip"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"BZh", "bzip2"),
    (b"PK\x03\x04", "zip"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"MSCF\x00\x00\x00\x00", "cab"),
    (b"Rar!\x1a\x07", "rar"),
)


class Raw:
    """Takes every file but compressed ones. One region of memory without addresses, and a notice that says so."""

    name = "raw"

    def detect(self, head: bytes) -> bool:
        """Always true: this format comes last."""
        return True

    def parse(self, source: Source) -> Dump:
        """The whole file as one region. Raises FormatError for a compressed one, in which a search finds nothing."""
        return Dump(self.name, source, raw_layout(source.size), notices=(_notice(read(source, 0, HEAD)),))


def raw_layout(size: int) -> Layout:
    """The partition of a file of ``size`` bytes into one region of memory."""
    builder = LayoutBuilder(size)
    builder.add(0, size, RegionKind.MEMORY, "raw bytes")
    return builder.build()


def _notice(head: bytes) -> str:
    for magic, name in _COMPRESSED:
        if head.startswith(magic):
            raise FormatError(f"the input is compressed with {name}, which hides its secrets: decompress it first")
    for magic, notice in _HEADS:
        if head.startswith(magic):
            return notice
    return f"not a dump format that dumpscrub knows: {_AS_RAW}"
