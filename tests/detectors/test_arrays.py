"""Arrays of random bytes behind every header that is read, and what is none."""

from __future__ import annotations

import struct
from collections.abc import Callable
from random import Random

import pytest

from dumpscrub.detectors.arrays import BEFORE, BEHIND, Array, read
from dumpscrub.layout import LayoutBuilder, RegionKind
from dumpscrub.search.memory import Memory
from dumpscrub.search.numbers import Order
from dumpscrub.source import BytesSource

TYPE = 0x7FFA_1C2A_4400
KEY = Random("key").randbytes(32)
NUMBER = int.from_bytes(KEY, "big") | 1 << 255
NOTHING = Memory()


def written(number: int, order: Order) -> bytes:
    """``number`` as programs keep it."""
    count = -(-number.bit_length() // order.bits)
    digits = [(number >> place * order.bits) & (1 << order.bits) - 1 for place in range(count)]
    return b"".join(digit.to_bytes(order.size, "little") for digit in (digits[::-1] if order.highest_first else digits))


def net(data: bytes, count: int = 0) -> tuple[bytes, bytes]:
    return struct.pack("<QQ", TYPE, count or len(data)), data


def java(data: bytes, count: int = 0) -> tuple[bytes, bytes]:
    return struct.pack("<QII", 1, 0xC30, count or len(data)), data


def python_bytes(data: bytes) -> tuple[bytes, bytes]:
    return struct.pack("<QQQ", 1, TYPE, len(data)), struct.pack("<q", -1) + data


def python_int(number: int, tag: Callable[[int], int] = lambda count: count) -> tuple[bytes, bytes]:
    data = written(number, Order.DIGITS30)
    return struct.pack("<QQQ", 1, TYPE, tag(len(data) // 4)), data


def block(data: bytes, size: int = 0) -> tuple[bytes, bytes]:
    size = size or (len(data) + 8 + 15) // 16 * 16
    return struct.pack("<QQ", 0, size | 1), data.ljust(size - 8, b"\0") + struct.pack("<Q", 0x41)


def found(header: bytes, behind: bytes, memory: Memory = NOTHING) -> tuple[Array, bytes] | None:
    """The array and its value, with other bytes around it."""
    before = header[:-8].rjust(BEFORE, b"\0")
    behind = behind.ljust(BEHIND, b"\0")
    array = read(before, int.from_bytes(header[-8:], "little"), behind, memory)
    return (array, array.value(behind[array.start : array.end])) if array else None


@pytest.mark.parametrize("make", [net, java, python_bytes, block])
@pytest.mark.parametrize("size", [32, 48, 56, 57, 64, 66, 72])
def test_keys_of_every_length(make: Callable[[bytes], tuple[bytes, bytes]], size: int) -> None:
    data = Random(size).randbytes(size - 1) + b"\x81"
    result = found(*make(data))
    assert result is not None
    array, value = result
    assert value == data
    assert array.start == (8 if make is python_bytes else 0)
    assert array.end - array.start == size


@pytest.mark.parametrize("bits", [160, 256, 384, 448, 512, 521])
def test_numbers_of_every_length(bits: int) -> None:
    number = Random(bits).getrandbits(bits - 1) | 1 << bits - 1 | 1
    count = -(-bits // 32)
    value = number.to_bytes((bits + 7) // 8, "big")
    for header, behind, order in (
        (*net(written(number, Order.LITTLE), count), Order.LITTLE),
        (*java(written(number, Order.WORDS), count), Order.WORDS),
        (*python_int(number), Order.DIGITS30),
        (*python_int(number, lambda count: count << 3), Order.DIGITS30),
        (*python_int(number, lambda count: count << 3 | 2), Order.DIGITS30),
    ):
        result = found(header, behind)
        assert result is not None, order
        assert (result[0].order, result[1]) == (order, value)


def test_java_without_compressed_types_is_as_net() -> None:
    assert found(struct.pack("<QQQ", 1, TYPE, 32), KEY) == (Array("net bytes", 0, 32), KEY)


@pytest.mark.parametrize("size", [33, 49])
def test_one_byte_more_is_a_sign(size: int) -> None:
    number = Random(size).randbytes(size - 1)
    for data in (b"\0" + number, number + b"\0"):
        assert found(*net(data)) == (Array("net bytes", 0, size), data)
    for first in (b"\2", b"\3"):
        assert found(*net(first + number)) is None


@pytest.mark.parametrize(
    ("header", "behind"),
    [
        net(b"*" * 32),
        net(b"correct horse battery staple 123"),
        (struct.pack("<QQ", TYPE + 4, 32), KEY),
        (struct.pack("<QQ", 0x1000, 32), KEY),
        (struct.pack("<QQ", 1 << 48, 32), KEY),
        (struct.pack("<QII", 2, 0xC30, 32), KEY),
        (struct.pack("<QII", 1, 0, 32), KEY),
        (struct.pack("<QQQ", 0, 0, 32), bytes(8) + KEY),
        (struct.pack("<QQ", 0, 0x31), KEY),
        (struct.pack("<QQ", 0, 0x33), block(KEY)[1]),
        block(KEY[:20]),
        block(bytes.fromhex("30168014") + KEY[:20] + b"1.2.3.45"),
        net(bytes.fromhex("0414") + KEY[:30]),
        # Arrays of 32 and 16 words, of which the first bytes are as many as there are words.
        net(Random(1).randbytes(128), 32),
        java(Random(2).randbytes(128), 32),
        # Numbers of 233 bits, and one that is a multiple of a power of two.
        java(written(NUMBER >> 23, Order.WORDS), 8),
        java(written(NUMBER >> 32 << 32, Order.WORDS), 8),
    ],
)
def test_what_is_no_key(header: bytes, behind: bytes) -> None:
    assert found(header, behind) is None


def test_a_hash_may_stand_before_the_next_object_of_net() -> None:
    header, data = net(KEY)
    assert found(header, data + struct.pack("<II", 0, 0x0C12_3456)) is not None
    assert found(header, data + struct.pack("<II", 1, 0x0C12_3456)) is None


def test_the_rest_of_a_block_may_be_what_it_held_before() -> None:
    header, _ = block(KEY)
    for rest in (bytes(8), struct.pack("<Q", 0x7F50_0EE8_A950), Random(3).randbytes(8)):
        assert found(header, KEY + rest + struct.pack("<Q", 0x41)) == (Array("block", 0, 32), KEY)


@pytest.mark.parametrize("size", [32, 48, 57, 64, 73])
@pytest.mark.parametrize("links", [(0x1F2_0000_0A10, 0x1F2_0000_0010), (0, 0x1F2_0000_0010), (0x7F48_28FF_D760, 0)])
def test_the_rest_of_a_freed_block(size: int, links: tuple[int, int]) -> None:
    header, data = block(Random(size).randbytes(size - 1) + b"\x81")
    array, value = found(header, struct.pack("<QQ", *links) + data[16:]) or (None, b"")
    assert array == Array("freed block", 16, size)
    assert value == data[16:size]


def test_mallocs_own_number_in_a_freed_block_is_no_key() -> None:
    header, data = block(KEY)
    array, _ = found(header, struct.pack("<Q", 0x7F48_28FF_D760) + Random(4).randbytes(8) + data[16:]) or (None, b"")
    assert array == Array("freed block", 16, 32)


@pytest.mark.parametrize("size", [32, 57])
def test_what_is_no_freed_block(size: int) -> None:
    header, data = block(Random(size).randbytes(size - 1) + b"\x81")
    for first in (b"text" * 4, struct.pack("<QQ", 0x31, 0x1F2_0000_0010)):
        assert found(header, first + data[16:]) is None
    links = struct.pack("<QQ", 0x1F2_0000_0A10, 0x1F2_0000_0010)
    assert found(header, links + bytes(len(data) - 24) + data[-8:]) is None
    unused = struct.pack("<QQ", 0, len(data) & ~15)
    assert found(unused, links + data[16:]) is None


@pytest.mark.parametrize(
    "entries",
    [
        "8000d80f138c7ea004a408a824ac28b044b448d01f3dd00f3dd0083d80008000",
        "f88000dd0f169074985ad10f28d40f28a813d40f2dd0082d",
    ],
)
def test_tables_of_locations_are_no_keys(entries: str) -> None:
    header, behind = python_bytes(bytes.fromhex(entries))
    assert found(header, behind) is None


def with_type(of_type: int) -> Memory:
    """Memory with an object at :data:`TYPE`, whose type is ``of_type``; the one behind it is its own type."""
    data = struct.pack("<4Q", 1, of_type, 1, TYPE + 16)
    builder = LayoutBuilder(len(data))
    builder.add(0, len(data), RegionKind.MEMORY, "types", TYPE)
    return Memory(BytesSource(data), builder.build())


def test_types_that_the_dump_holds_tell_runtimes_apart() -> None:
    python, other = with_type(TYPE + 16), with_type(0x20)
    for make, memory in ((python_bytes, python), (net, other)):
        assert found(*make(KEY), memory) is not None
    for make, memory in ((python_bytes, other), (net, python)):
        assert found(*make(KEY), memory) is None


def test_memory_that_ends() -> None:
    header, behind = net(KEY)
    before = header[:8]
    assert read(b"", 32, behind, NOTHING) is None
    for size in range(len(behind)):
        assert read(before, 32, behind[:size], NOTHING) is None
    assert read(before, 32, behind, NOTHING) == Array("net bytes", 0, 32)
