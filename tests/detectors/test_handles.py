from __future__ import annotations

import struct
from dataclasses import dataclass, field

import pytest
from der_material import detector, noise, number_bytes, rsa_key
from windows_material import little

from dumpscrub.layout import LayoutBuilder, RegionKind
from dumpscrub.model import Confidence, Dump, Finding
from dumpscrub.scanner import Scanner
from dumpscrub.search.engines import choose_engine
from dumpscrub.search.finder import Search
from dumpscrub.source import BytesSource

NAME = "key-handle"
FIRST = 0x1E0F000000
FIRST_32 = 0x0F000000
KEY = noise(7, 32)


@dataclass
class Heap:
    """A region per allocation, far apart in memory, in a file of noise."""

    first: int = FIRST
    data: bytearray = field(default_factory=lambda: bytearray(noise(1, 100)))
    regions: list[tuple[int, int, int]] = field(default_factory=list)

    def add(self, content: bytes) -> int:
        """The address of ``content``, which gets a region of its own."""
        address = self.first + 0x10000 * len(self.regions)
        self.regions.append((len(self.data), len(content), address))
        self.data += content + noise(len(self.data), 31)
        return address

    def dump(self) -> Dump:
        builder = LayoutBuilder(len(self.data))
        for start, length, address in self.regions:
            builder.add(start, length, RegionKind.HEAP, "heap", address)
        return Dump("raw", BytesSource(bytes(self.data)), builder.build())


def findings(heap: Heap) -> tuple[Finding, ...]:
    return tuple(Scanner([detector(NAME)], Search(choose_engine("auto"))).scan(heap.dump()).findings)


def marked(heap: Heap) -> set[bytes]:
    return {bytes(heap.data[span.start : span.end]) for each in findings(heap) for span in each.spans}


def redacted(heap: Heap) -> Heap:
    """The same with all that was found overwritten."""
    data = bytearray(heap.data)
    for each in findings(heap):
        for span in each.spans:
            data[span.start : span.end] = b"*" * len(span)
    return Heap(heap.first, data, heap.regions)


def rsa_structure(heap: Heap, *, wide: bool, late: bool, bits: int = 1024) -> list[bytes]:
    """Add an RSA key of CNG as before late Windows 10; the numbers that are private, as they stand."""
    numbers = rsa_key(2, bits).private_numbers()
    word, size = (8, bits // 8) if wide else (4, bits // 8)
    private = [numbers.dmp1, numbers.dmq1, numbers.iqmp, numbers.p, numbers.q]
    secrets = [little(number, size // 2) for number in private]
    modulus = heap.add(little(numbers.public_numbers.n, size))
    places = [heap.add(secret) for secret in secrets]
    address = "<Q" if wide else "<I"
    block = bytearray(noise(3, 400))
    struct.pack_into("<4sII", block, 4, b"KRSM", 0x30001, bits)
    struct.pack_into("<III", block, 40 if wide else 32, size // word, size // 2 // word, size // 2 // word)
    first, step = (176, 128 if late else 112) if wide else (112, 68 if late else 60)
    for place, target in zip((80, 88, 96, 104) if wide else (60, 64, 68, 72), [modulus, *places[:3]], strict=True):
        struct.pack_into(address, block, place, target)
    struct.pack_into(address, block, first, places[3])
    struct.pack_into(address, block, first + step, places[4])
    heap.add(bytes(block))
    return secrets


@pytest.mark.parametrize("late", [True, False])
@pytest.mark.parametrize("wide", [True, False], ids=["64-bit", "32-bit"])
def test_the_primes_of_a_handle_are_followed_and_proven(wide: bool, late: bool) -> None:
    heap = Heap(FIRST if wide else FIRST_32)
    secrets = rsa_structure(heap, wide=wide, late=late)
    found = findings(heap)
    assert marked(heap) == set(secrets)
    assert {each.confidence for each in found} == {Confidence.HIGH}
    numbers = rsa_key(2).private_numbers()
    assert {value.data for each in found for value in each.values} >= {number_bytes(numbers.p), number_bytes(numbers.q)}
    assert findings(redacted(heap)) == ()


def test_a_handle_with_other_primes_is_none() -> None:
    heap = Heap()
    secrets = rsa_structure(heap, wide=True, late=True)
    at = bytes(heap.data).index(secrets[3])
    heap.data[at] ^= 2
    assert findings(heap) == ()


@pytest.mark.parametrize("flag", [0, 1])
@pytest.mark.parametrize(("algorithm", "size"), [(0x6610, 32), (0x660E, 16), (0x6603, 24)])
@pytest.mark.parametrize("wide", [True, False], ids=["64-bit", "32-bit"])
def test_a_raw_key_of_cryptoapi(wide: bool, algorithm: int, size: int, flag: int) -> None:
    heap = Heap(FIRST if wide else FIRST_32)
    address = heap.add(KEY[:size])
    head = struct.pack("<III", algorithm, flag, size)
    heap.add(
        noise(4, 8) + head + (struct.pack("<IQ", 0, address) if wide else struct.pack("<I", address)) + noise(5, 90)
    )
    assert marked(heap) == {KEY[:size]}
    assert [value.data for value in findings(heap)[0].values] == [KEY[:size]]
    assert findings(redacted(heap)) == ()


@pytest.mark.parametrize(
    "name", [b"Advanced Encryption Standard 256", "AES 256 bit key".encode("utf-16-le") + bytes(2)]
)
def test_a_table_of_algorithms_that_points_to_names_is_none(name: bytes) -> None:
    heap = Heap()
    heap.add(noise(4, 8) + struct.pack("<IIIIQ", 0x6610, 1, 32, 0, heap.add(name)) + noise(5, 90))
    assert findings(heap) == ()


@pytest.mark.parametrize("vector", [0, 16])
@pytest.mark.parametrize("wide", [True, False], ids=["64-bit", "32-bit"])
def test_a_key_of_wine(wide: bool, vector: int) -> None:
    heap = Heap(FIRST if wide else FIRST_32)
    address = heap.add(KEY)
    head = struct.pack("<4sIQQII", b"0YEK", 1, 0x7B001000, 0, 1, 16)
    pointers = struct.pack("<QQQQ" if wide else "<IIII", 0, vector, address, len(KEY))
    heap.add(head + pointers + bytes(60))
    assert marked(heap) == {KEY}
    assert findings(redacted(heap)) == ()


def test_a_key_that_the_dump_splits_is_one_finding() -> None:
    heap = Heap()
    address = heap.add(KEY[:10])
    heap.regions.append((len(heap.data), 22, address + 10))
    heap.data += KEY[10:] + noise(9, 5)
    heap.add(struct.pack("<4sIQQII", b"0YEK", 1, 0, 0, 1, 16) + struct.pack("<QQQQ", 0, 16, address, 32) + bytes(60))
    (found,) = findings(heap)
    assert [len(span) for span in found.spans] == [10, 22]


@pytest.mark.parametrize("target", [0, 1, FIRST - 1, 1 << 63, (1 << 64) - 1])
def test_pointers_that_lead_nowhere_are_nothing(target: int) -> None:
    heap = Heap()
    words = struct.pack("<Q", target) * 60
    for literal in (b"0YEK", b"\x10\x66\0\0\1\0\0\0\x20\0\0\0\0\0\0\0", b"KRSM"):
        heap.add(literal + words)
        heap.add(literal + struct.pack("<IQQII", 1, 0, 0, 1, 16) + struct.pack("<QQQQ", 0, 16, target, 32))
    assert findings(heap) == ()


def test_structures_that_point_to_themselves_end() -> None:
    heap = Heap()
    own = FIRST
    block = bytearray(noise(3, 400))
    struct.pack_into("<4s", block, 4, b"KRSM")
    struct.pack_into("<III", block, 40, 16, 8, 8)
    for place in (80, 88, 96, 104, 176, 288, 304):
        struct.pack_into("<Q", block, place, own)
    heap.add(bytes(block))
    assert findings(heap) == ()
