from __future__ import annotations

import struct

import pytest
from der_material import detector, find, find_all, mask, noise

from dumpscrub.model import Confidence

NAME = "windows-symmetric-key"
KEY = noise(7, 32)
LAYOUTS = ["7", "8 x64", "8 x86", "8.1 x64", "8.1 x86", "11 x64", "11 x86"]


def cng(layout: str, key: bytes, kind: int = 0x10002) -> bytes:
    """The key behind a handle of BCryptGenerateSymmetricKey in a version of Windows, with a block of AES as its IV."""
    head = struct.pack("<III", 0x28A, 0x4D53534B, kind)
    bits = 8 * len(key)
    pointer = pack_pointer(layout) if " " in layout else b""
    version = layout.partition(" ")[0]
    if version == "7":
        head += struct.pack("<III", 2, 16, bits)
    elif version == "8":
        head += struct.pack("<IIII", 2, 16, 16, bits)
    else:
        head += struct.pack("<IIIII", 2, 16, 16, bits, 0)
    if "x64" in layout:
        head += bytes(-len(head) % 8)
    head += pointer
    if version not in {"7", "8"}:
        head += noise(9, 16) + (bytes(4) if version == "11" else b"")
    return head + struct.pack("<I", len(key)) + key + noise(2, 200)


def pack_pointer(layout: str) -> bytes:
    return struct.pack("<Q", 0x1E0F00AA30) if "x64" in layout else struct.pack("<I", 0x0F00AA30)


@pytest.mark.parametrize("size", [16, 24, 32])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_key_of_cng_in_each_version_of_windows(layout: str, size: int) -> None:
    data = noise(1, 64) + cng(layout, KEY[:size]) + noise(3, 64)
    found = find(NAME, data)
    assert found.marked == (KEY[:size],)
    assert found.match.confidence is Confidence.HIGH
    assert [value.data for value in found.match.values] == [KEY[:size]]
    assert find_all(detector(NAME), mask(data, [found])) == []


def test_a_hash_and_other_structures_with_the_tag_are_none() -> None:
    assert find_all(detector(NAME), cng("8.1 x64", KEY, kind=0x20004)) == []
    assert find_all(detector(NAME), b"\0\0\0\0KSSM" + noise(1, 300)) == []
    assert find_all(detector(NAME), cng("8.1 x64", bytes(32))) == []
    assert find_all(detector(NAME), cng("8.1 x64", KEY)[:50]) == []


@pytest.mark.parametrize("wide", [True, False], ids=["64-bit", "32-bit"])
def test_a_key_of_wine_goes_with_its_round_keys(wide: bool) -> None:
    rounds = noise(4, 240)
    fields = struct.pack("<QIIQ" if wide else "<III", 0x7B001000, 0x6610, *((0, 1) if wide else (1,)))
    head = struct.pack("<II", 0x73620457, 1) + fields
    head += struct.pack("<8I", 1, 0, 0x3B, 32, 0, 0, 16, 1)
    data = noise(1, 32) + head + rounds + bytes(768 - 240) + KEY + bytes(96)
    found = find(NAME, data)
    assert found.marked == (rounds, KEY)
    assert [value.data for value in found.match.values] == [rounds, KEY]
    assert find_all(detector(NAME), mask(data, [found])) == []


def test_wines_other_keys_are_none() -> None:
    head = struct.pack("<IIQIIQ", 0x73620457, 1, 0x7B001000, 0xA400, 0, 1) + struct.pack(
        "<8I", 0, 0, 0x3F, 256, 0, 0, 256, 1
    )
    assert find_all(detector(NAME), head + noise(1, 900)) == []
    assert find_all(detector(NAME), head[:4] + noise(2, 900)) == []
