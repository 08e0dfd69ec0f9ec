"""Numbers that everybody knows: curves against a library, initial values against the functions' own."""

from __future__ import annotations

import hashlib
from random import Random

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from dumpscrub.search.constants import CURVES, constants, points

LIBRARY: tuple[ec.EllipticCurve, ...] = (
    *(ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1(), ec.SECP256K1()),
    *(ec.BrainpoolP256R1(), ec.BrainpoolP384R1(), ec.BrainpoolP512R1()),
)


def point(curve: ec.EllipticCurve, scalar: int) -> tuple[int, int]:
    numbers = ec.derive_private_key(scalar, curve).public_key().public_numbers()
    return numbers.x, numbers.y


@pytest.mark.parametrize("curve", LIBRARY, ids=lambda curve: curve.name)
def test_base_points_and_other_points(curve: ec.EllipticCurve) -> None:
    assert constants() >= {*point(curve, 1)}
    scalar = Random(curve.name).getrandbits(curve.key_size - 1)
    x, y = point(curve, scalar)
    assert points([scalar, y, x, 7]) == {x, y}
    assert points([scalar, x]) == points([y]) == points([]) == set()


def test_curves_are_sound() -> None:
    for curve in CURVES:
        number = list(curve.numbers())
        assert curve.p % 4 == 3
        assert number[4] ** 2 % curve.p == curve.square(curve.x)
        assert pow(3, curve.p - 1, curve.p) == pow(3, curve.n - 1, curve.n) == 1


def test_random_numbers_are_no_points() -> None:
    rng = Random(1)
    assert points(rng.getrandbits(256) for _ in range(500)) == set()


def rotated(word: int, by: int) -> int:
    return (word >> by | word << 32 - by) & 0xFFFF_FFFF


def test_sha256_begins_with_what_is_known() -> None:
    """The digest of nothing, computed from the constants of the table that are as long as a state."""
    nothing = int.from_bytes(hashlib.sha256().digest(), "big")
    states = [number for number in constants() if number.bit_length() in range(225, 257)]
    assert nothing in states
    assert any(compressed(state) == nothing for state in states)


def compressed(state: int) -> int:
    """One block of SHA-256 (FIPS 180-4), that of the empty message, from ``state`` on."""
    primes = [n for n in range(2, 312) if all(n % d for d in range(2, n))]
    table = [int(n ** (1 / 3) % 1 * 2**32) for n in primes]
    first = [state >> shift & 0xFFFF_FFFF for shift in range(224, -1, -32)]
    words = [1 << 31] + [0] * 15
    for at in range(16, 64):
        low, high = words[at - 15], words[at - 2]
        low = rotated(low, 7) ^ rotated(low, 18) ^ low >> 3
        high = rotated(high, 17) ^ rotated(high, 19) ^ high >> 10
        words.append(words[at - 16] + low + words[at - 7] + high & 0xFFFF_FFFF)
    a, b, c, d, e, f, g, h = first
    for constant, word in zip(table, words, strict=True):
        one = h + (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) + (e & f ^ ~e & g) + constant + word
        two = (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) + (a & b ^ a & c ^ b & c)
        a, b, c, d, e, f, g, h = one + two & 0xFFFF_FFFF, a, b, c, d + one & 0xFFFF_FFFF, e, f, g
    result = 0
    for before, after in zip(first, (a, b, c, d, e, f, g, h), strict=True):
        result = result << 32 | before + after & 0xFFFF_FFFF
    return result


def test_powers_of_five() -> None:
    assert {5**97, 5**152, 5**224} <= constants()
    assert 5**97 + 1 not in constants()
