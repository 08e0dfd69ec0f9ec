"""The planted keys, blocks and stores of real dumps: found by these detectors alone, without any sweep for copies."""

from __future__ import annotations

import base64
import lzma
from pathlib import Path

import pytest
from der_material import detector

from dumpscrub.detectors import der, encoded_der, pem
from dumpscrub.layout import LayoutBuilder
from dumpscrub.model import Dump
from dumpscrub.scanner import Scanner
from dumpscrub.search.engines import choose_engine
from dumpscrub.search.finder import Search
from dumpscrub.source import BytesSource

CLASSES = ("pem", "pkcs1_der", "pkcs8_der", "pfx")
DUMPS = [
    ("ms-plant-heap.dmp", "plant-windows", 1),
    ("ms-net21-heap.dmp", "net21-windows", 2),
    ("net2.1-withheap.core", "net2.1-linux", 3),
    ("python-kernel.core", "python", 1),
    ("java-live.hprof", "java", 1),
]


def planted(manifest: Path) -> list[bytes]:
    """The values of the classes in question; a manifest keeps each byte with 0x5A added (exclusive or)."""
    lines = (line.split("\t") for line in manifest.read_text("utf-8").splitlines())
    return [bytes(byte ^ 0x5A for byte in bytes.fromhex(line[3])) for line in lines if line[0] in CLASSES]


def present(data: bytes, value: bytes) -> list[str]:
    """In which of its plain forms ``value`` stands in ``data``."""
    encoded = base64.b64encode(value)
    plain = {"raw": value, "base64": encoded}
    forms = plain | {f"{name} as UTF-16": form.decode("latin-1").encode("utf-16-le") for name, form in plain.items()}
    return [name for name, form in forms.items() if form in data]


@pytest.mark.shared
@pytest.mark.parametrize(("name", "manifest", "expected"), DUMPS)
def test_no_planted_structure_survives(shared: Path, name: str, manifest: str, expected: int) -> None:
    data = lzma.decompress((shared / "dumps" / f"{name}.xz").read_bytes())
    values = planted(shared / "dumps" / f"{manifest}.manifest")
    assert sum(bool(present(data, value)) for value in values) == expected
    detectors = [detector(each) for each in (*der.NAMES, *pem.NAMES, *encoded_der.NAMES)]
    dump = Dump("raw", BytesSource(data), LayoutBuilder(len(data)).build())
    masked = bytearray(data)
    for finding in Scanner(detectors, Search(choose_engine("auto"))).scan(dump).findings:
        for span in finding.spans:
            masked[span.start : span.end] = b"*" * len(span)
    left = bytes(masked)
    assert [present(left, value) for value in values] == [[]] * len(values)
    assert left.count(b"*") - data.count(b"*") < len(data) // 1000
