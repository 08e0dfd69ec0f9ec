"""All classes together: what they leave of the keys of real dumps, what they take for keys, and hostile input."""

from __future__ import annotations

import lzma
import struct
from collections.abc import Container
from pathlib import Path
from random import Random

import pytest
from der_material import detector, noise
from hypothesis import given
from hypothesis import strategies as st

from dumpscrub.detectors.cng import NIST_KEYS
from dumpscrub.detectors.windows_keys import NAMES
from dumpscrub.formats import open_dump
from dumpscrub.layout import LayoutBuilder
from dumpscrub.model import Dump
from dumpscrub.scanner import Scanner
from dumpscrub.search.engines import choose_engine
from dumpscrub.search.finder import Search
from dumpscrub.source import BytesSource

CLASSES = ("bcrypt_blob", "capi_blob", "dpapi_blob", "aes_key")
COMPONENTS = ("p", "q", "dp", "dq", "qinv", "d")
SCANNER = Scanner([detector(name) for name in NAMES], Search(choose_engine("auto")))


def masked(dump: Dump, data: bytes) -> bytes:
    """``data`` with all that was found overwritten; no copy of it is looked for."""
    left = bytearray(data)
    for finding in SCANNER.scan(dump).findings:
        for span in finding.spans:
            left[span.start : span.end] = b"*" * len(span)
    return bytes(left)


def raw(data: bytes) -> Dump:
    return Dump("raw", BytesSource(data), LayoutBuilder(len(data)).build())


def planted(manifest: Path, names: Container[str], classes: Container[str] = ()) -> dict[str, bytes]:
    """The values in question by name; a manifest keeps each byte with 0x5A added (exclusive or)."""
    lines = (line.split("\t") for line in manifest.read_text("utf-8").splitlines())
    return {
        line[1]: bytes(byte ^ 0x5A for byte in bytes.fromhex(line[3]))
        for line in lines
        if line[0] in classes or line[1] in names
    }


def swapped(value: bytes) -> bytes:
    """Each word of 32 bits in the other order, as a key schedule begins."""
    return b"".join(value[at : at + 4][::-1] for at in range(0, len(value), 4))


@pytest.mark.shared
@pytest.mark.parametrize("name", ["ms-plant-heap.dmp", "ms-plant-full.dmp"])
def test_no_planted_key_of_windows_survives(shared: Path, name: str) -> None:
    data = lzma.decompress((shared / "dumps" / f"{name}.xz").read_bytes())
    names = {f"{key}.{part}" for key in ("bc", "capi") for part in COMPONENTS}
    values = planted(shared / "dumps" / "plant-windows.manifest", names, CLASSES)
    assert len(values) == 17
    assert all(value in data or value[::-1] in data for value in values.values())
    left = masked(open_dump(BytesSource(data)), data)
    forms = {key: (value, value[::-1], swapped(value)) for key, value in values.items()}
    assert [key for key, each in forms.items() if any(form in left for form in each)] == []
    assert sum(old != new for old, new in zip(data, left, strict=True)) < 8192


@pytest.mark.shared
def test_keys_behind_handles_of_a_dotnet_server_are_followed(shared: Path) -> None:
    data = lzma.decompress((shared / "dumps" / "ms-net21-heap.dmp.xz").read_bytes())
    keys = planted(
        shared / "dumps" / "net21-windows.manifest", names=("master_key_128", "session_256_only_in_transform")
    )
    findings = SCANNER.scan(open_dump(BytesSource(data))).findings
    assert {finding.rule for finding in findings} == {"key-handle"}
    assert {data[span.start : span.end] for finding in findings for span in finding.spans} == set(keys.values())


@pytest.mark.shared
@pytest.mark.parametrize("name", ["ms-net31-normal.dmp", "java-live.hprof", "python-kernel.core"])
def test_real_dumps_without_such_keys_stay_as_they_are(shared: Path, name: str) -> None:
    data = lzma.decompress((shared / "dumps" / f"{name}.xz").read_bytes())
    assert masked(open_dump(BytesSource(data)), data) == data


def test_no_anchor_is_short_or_common() -> None:
    for name in NAMES:
        for anchor in detector(name).anchors:
            assert len(anchor.data) >= 4
            assert len(set(anchor.data)) >= 3


def test_every_anchor_in_noise_is_nothing() -> None:
    random = Random(1)
    literals = {anchor.data for name in NAMES for anchor in detector(name).anchors}
    # Those of NIST curves are a whole header: random bytes behind one may be all that is left of a key.
    data = b"".join(random.randbytes(300) + literal for literal in sorted(literals - set(NIST_KEYS))) + noise(2, 300)
    assert masked(raw(data), data) == data


@pytest.mark.parametrize(
    "unit",
    [
        b"RSA2" + struct.pack("<5I", 16384, 3, 2048, 1024, 1024),
        b"RSA3" + struct.pack("<5I", 16384, 3, 2048, 1024, 1024) + b"\xff",
        b"RSA2" + struct.pack("<II", 16384, 65537),
        b"DSPV" + struct.pack("<I", 1024) + noise(1, 9),
        b"\0\0Ig" + struct.pack("<II", 1, 96) + noise(1, 4),
        b"\0\2\0\0KSSM\2\0\1\0" + noise(1, 4),
        b"\5\2\0\0\0",
    ],
    ids=["RSA2", "RSA3", "CryptoAPI", "DSPV", "gI", "KSSM", "key table"],
)
def test_headers_upon_headers_are_nearly_nothing(unit: bytes) -> None:
    data = unit * (20_000 // len(unit))
    assert sum(len(finding.spans) for finding in SCANNER.scan(raw(data)).findings) <= 8


@given(st.data())
def test_any_bytes_behind_any_anchor_are_no_failure(data: st.DataObject) -> None:
    subject = detector(data.draw(st.sampled_from(NAMES)))
    anchor = data.draw(st.sampled_from(subject.anchors)).data
    words = data.draw(st.lists(st.one_of(st.integers(0, 300), st.integers(0, 2**32 - 1)), max_size=24))
    content = data.draw(st.binary(max_size=40)) + anchor + b"".join(struct.pack("<I", word) for word in words)
    for finding in SCANNER.scan(raw(content)).findings:
        assert all(0 <= span.start < span.end <= len(content) for span in finding.spans)
