"""Bytes that look random, and bytes that do not."""

from __future__ import annotations

import hashlib
import struct
from random import Random

import pytest

from dumpscrub.search.randomness import looks_random

SIZES = (16, 20, 24, 28, 32, 48, 57, 64, 66, 72)


@pytest.mark.parametrize("size", SIZES)
def test_nearly_all_random_bytes_do(size: int) -> None:
    rng = Random(size)
    assert sum(looks_random(rng.randbytes(size)) for _ in range(2000)) >= 1990


@pytest.mark.parametrize("size", SIZES)
def test_zeros_at_one_end_belong_to_a_number(size: int) -> None:
    number = Random(-size).randbytes(size)
    for zeros in (1, 2):
        assert looks_random(bytes(zeros) + number[zeros:]) == looks_random(number[:-zeros] + bytes(zeros)) is True
    assert not looks_random(bytes(9) + number[9:])


@pytest.mark.parametrize(
    "data",
    [
        b"*" * 32,
        bytes(32),
        bytes(range(32)),
        b"correct horse battery staple 123",
        "correct horse bat".encode("utf-16-le"),
        hashlib.sha256(b"x").hexdigest().encode(),
        struct.pack("<4Q", *(0x7F3C_5E9B_1A40 + 0x9D8 * step for step in range(4))),
        struct.pack("<8I", *(0x9E37_79B1 * step & 0xFFFF for step in range(1, 9))),
        struct.pack("<8d", *(1 / step for step in range(3, 11))),
        hashlib.sha256(b"x").digest()[:4] * 8,
        b"random\x9c\xee\xf3\x81, but not all over\xd3\x91\xa7",
        b"",
        b"\x9c\xee\xf3\x81",
    ],
)
def test_what_does_not(data: bytes) -> None:
    assert not looks_random(data)


def test_one_small_word_is_enough() -> None:
    data = hashlib.sha512(b"x").digest()
    assert looks_random(data)
    assert not looks_random(data[:24] + b"\x10\x27\0\0" + data[28:])
