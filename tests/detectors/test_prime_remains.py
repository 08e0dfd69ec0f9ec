"""What is left of RSA keys with three primes: the third one proves itself, and what stands right before it goes too."""

from __future__ import annotations

from functools import cache
from random import Random

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from der_material import detector, find, find_all, noise

from dumpscrub.model import Confidence

NAME = "der-private-key"


def number(value: int) -> bytes:
    return element(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def element(tag: int, content: bytes) -> bytes:
    size = len(content)
    return bytes([tag]) + (bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2, "big")) + content


@cache
def parts() -> tuple[list[bytes], bytes]:
    """The elements q, dp, dq, qinv of a key, and the infos of its third prime."""
    first, other = (rsa.generate_private_key(65537, 2 * 680).private_numbers() for _ in range(2))
    r = other.p
    third = (r, pow(65537, -1, r - 1), pow(first.p * first.q, -1, r))
    infos = element(0x30, element(0x30, b"".join(map(number, third))))
    return [number(each) for each in (first.q, first.dmp1, first.dmq1, first.iqmp)], infos


def contents(elements: list[bytes]) -> tuple[bytes, ...]:
    return tuple(each[2:] for each in elements)


@pytest.mark.parametrize("left", [0, 1, 4])
def test_numbers_before_the_third_prime_go(left: int) -> None:
    numbers, infos = parts()
    numbers = numbers[4 - left :]
    data = bytes(300) + b"".join(numbers) + infos + bytes(100)
    found = find(NAME, data)
    assert found.match.confidence is Confidence.HIGH
    assert found.marked[:left] == contents(numbers)
    assert found.marked[left] == infos[10 : 10 + infos[9]]
    assert len(found.marked) == left + 3


def test_the_rest_of_a_number_goes_as_far_as_it_is_left() -> None:
    numbers, infos = parts()
    rest = numbers[0][-40:]
    pointer = bytes.fromhex("4023010030010000")
    data = noise(1, 300) + pointer + rest + b"".join(numbers[1:]) + infos + bytes(100)
    assert find(NAME, data).marked[:4] == (rest, *contents(numbers[1:]))


def test_numbers_that_prove_nothing_are_none() -> None:
    random = Random(4)
    for size in (86, 129, 171):
        three = b"".join(element(2, b"\0" + random.randbytes(size - 1)) for _ in range(3))
        assert not find_all(detector(NAME), bytes(300) + element(0x30, element(0x30, three)) + bytes(300))
    _, infos = parts()
    for end in (8, 60, 200, len(infos) - 1):
        assert not find_all(detector(NAME), bytes(300) + infos[:end])
