"""The last resort: files without a structure that can be followed."""

from __future__ import annotations

import bz2
import gzip
import lzma

import pytest

from dumpscrub.errors import FormatError
from dumpscrub.formats.raw import Raw
from dumpscrub.layout import RegionKind
from dumpscrub.source import BytesSource
from dumpscrub.span import Span

AS_RAW = "the file is searched as raw bytes, so its memory addresses are not known"


@pytest.mark.parametrize("size", [1, 8, 4096])
def test_the_whole_file_is_one_region(size: int) -> None:
    dump = Raw().parse(BytesSource(b"x" * size))
    regions = list(dump.layout)
    assert [(region.span, region.kind, region.vaddr) for region in regions] == [
        (Span(0, size), RegionKind.MEMORY, None)
    ]
    assert (dump.format, dump.fields, dump.protected) == ("raw", (), ())
    assert dump.notices == (f"not a dump format that dumpscrub knows: {AS_RAW}",)


def test_everything_is_detected() -> None:
    assert Raw().detect(b"")
    assert Raw().detect(b"\x00" * 64)


@pytest.mark.parametrize(
    ("head", "notice"),
    [
        (b"PAGEDU64", "a Windows kernel or complete memory dump (64 bit): "),
        (b"PAGEDUMP", "a Windows kernel or complete memory dump (32 bit): "),
        (b"JAVA PROFILE 1.0.2\x00", "a Java heap dump (HPROF): "),
        (b"\x7fELF\x02\x01\x01", "an ELF file but no core dump: "),
    ],
)
def test_known_files_are_named(head: bytes, notice: str) -> None:
    assert Raw().parse(BytesSource(head + b"\x00" * 100)).notices == (notice + AS_RAW,)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (gzip.compress(b"dump", mtime=0), "gzip"),
        (lzma.compress(b"dump"), "xz"),
        (bz2.compress(b"dump"), "bzip2"),
        (b"PK\x03\x04" + b"\x00" * 30, "zip"),
        (b"\x28\xb5\x2f\xfd" + b"\x00" * 30, "zstd"),
        (b"Rar!\x1a\x07\x01\x00" + b"\x00" * 30, "rar"),
    ],
)
def test_compressed_files_are_refused(data: bytes, name: str) -> None:
    # A copy of one was written, with all its secrets, and the run ended well.
    message = f"the input is compressed with {name}, which hides its secrets: decompress it first"
    with pytest.raises(FormatError, match=message):
        Raw().parse(BytesSource(data))
