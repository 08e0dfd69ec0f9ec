"""Private exponents without a prime beside them: found by the upper half that the modulus gives away."""

from __future__ import annotations

import math
import struct
from functools import cache
from random import Random
from typing import Literal

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from test_factors import key, public, sanitized

from dumpscrub import exponents
from dumpscrub.columns import Offsets
from dumpscrub.haystack import nearest
from dumpscrub.layout import LayoutBuilder
from dumpscrub.model import Dump
from dumpscrub.source import BytesSource
from dumpscrub.span import Span

Order = Literal["little", "big"]
USUAL = (2048, 65537)
POINTERS = struct.pack("<4Q", 0x1F3_0001_2340, 0x7FF6_1234_1010, 0x7C_0010_0040, 0x1F3_0001_2380)


@cache
def private_exponents(bits: int, exponent: int) -> tuple[int, ...]:
    """Modulo phi and, in 98 keys of 100, modulo the least common multiple: both are in use."""
    numbers = key(bits, exponent)
    phi, shared = (numbers.p - 1) * (numbers.q - 1), math.gcd(numbers.p - 1, numbers.q - 1)
    return tuple(pow(exponent, -1, phi // divisor) for divisor in (1, shared) if exponents._SHARED % divisor == 0)


@pytest.mark.parametrize("exponent", [3, 65537])
@pytest.mark.parametrize("bits", [1024, 2048, 4096])
def test_an_exponent_gives_a_prime(bits: int, exponent: int) -> None:
    numbers = key(bits, exponent)
    modulus = numbers.public_numbers.n
    for private in private_exponents(bits, exponent):
        assert exponents.prime_of(modulus, exponent, private) in {numbers.p, numbers.q}
        for other in (0, 1, private + 2, private ^ 1 << 9, private - 1, modulus, modulus * modulus):
            assert exponents.prime_of(modulus, exponent, other) == 0


@pytest.mark.parametrize("order", ["little", "big"])
@pytest.mark.parametrize("behind", [bytes(64), POINTERS + bytes(64)])
def test_the_last_half_of_a_blob_goes(order: Order, behind: bytes) -> None:
    # CryptoAPI's blob and CNG's end in dq, qinv and d; the modulus and the primes stood in the first half.
    numbers = key(*USUAL)
    for number in private_exponents(*USUAL):
        parts = [each.to_bytes(size, order) for each, size in ((numbers.dmq1, 128), (numbers.iqmp, 128), (number, 256))]
        for lost in (586, 591, 600):
            before = public(numbers) + bytes(5_000) + Random(lost).randbytes(lost)
            left = sanitized(before + b"".join(parts) + behind)
            assert left == before + b"*" * 512 + behind


def test_an_exponent_behind_its_length_goes() -> None:
    # As .NET's D, of which P and Q were collected; the words of Java's BigInteger, the highest first.
    numbers = key(*USUAL)
    private = private_exponents(*USUAL)[-1]
    words = struct.unpack(">64I", private.to_bytes(256, "big"))
    for written in (private.to_bytes(256, "big"), struct.pack("<64I", *words)):
        data = public(numbers) + bytes(999) + (256).to_bytes(8, "little") + written + Random(5).randbytes(100)
        assert sanitized(data) == data.replace(written, b"*" * 256)


def test_the_exponent_of_another_key_stays() -> None:
    other = rsa.generate_private_key(65537, 2048).private_numbers()
    data = public(key(*USUAL)) + bytes(2_000) + other.d.to_bytes(256, "big") + bytes(100)
    assert sanitized(data) == data


def test_made_up_numbers_with_the_upper_half_of_an_exponent_have_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    modulus = key(*USUAL).public_numbers.n
    random = Random(6)
    top = private_exponents(*USUAL)[-1].to_bytes(256, "big")[:16]
    data = bytes(512) + b"".join(top + random.randbytes(240) + bytes(64) for _ in range(50))
    asked: list[int] = []

    def refuse(modulus: int, exponent: int, private: int) -> int:
        asked.append(private)
        return 0

    monkeypatch.setattr(exponents, "prime_of", refuse)
    monkeypatch.setattr(exponents, "_MOST_CHECKS", 20)
    assert not list(exponents.find(*_looked_at(data), [0], {modulus: 65537}))
    assert len(asked) == 20


def test_stretches_close_to_the_key_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = key(*USUAL)
    private = private_exponents(*USUAL)[-1].to_bytes(256, "big")
    data = b"".join(bytes(4096) + private for _ in range(10)) + bytes(100)
    monkeypatch.setattr(exponents, "_MOST_SAMPLES", 4)
    third = 3 * 4096 + 2 * 256
    found = list(exponents.find(*_looked_at(data), [third], {numbers.public_numbers.n: 65537}))
    assert [each.span for each in found] == [Span(third, third + 256)]


def _looked_at(data: bytes) -> tuple[Dump, Offsets]:
    dump = Dump("raw", BytesSource(data), LayoutBuilder(len(data)).build())
    return dump, nearest(dump, [], 1000).elsewhere
