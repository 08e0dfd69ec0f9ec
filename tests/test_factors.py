"""Bare RSA numbers: found by their public key or by each other, in every form, and nothing else taken for them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import gcd
from pathlib import Path
from random import Random

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, x25519
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

import dumpscrub
from corpus.keymaterial.keys import prime
from dumpscrub import factors, scalars
from dumpscrub.bare import BOUNDED
from dumpscrub.detectors.public_keys import NAMES
from dumpscrub.layout import LayoutBuilder
from dumpscrub.model import Dump
from dumpscrub.plan import plan
from dumpscrub.policy import Policy
from dumpscrub.redaction import Redaction
from dumpscrub.rules.load import load_rules
from dumpscrub.rules.schema import RuleSet
from dumpscrub.search.finder import Search
from dumpscrub.search.numbers import Order
from dumpscrub.source import BytesSource

HEADER = (128).to_bytes(8, "little")


@cache
def key(bits: int = 2048, exponent: int = 65537) -> rsa.RSAPrivateNumbers:
    """A key of which no number has a digit that looks like a length; one in a hundred has, and hides by chance.

    One of up to 2,048 bits is always the same: where a number is cut, too, chance hides one in some hundred.
    """
    random = Random(bits)
    while True:
        seeded = bits <= 2048
        numbers = (
            _seeded(random, bits, exponent) if seeded else rsa.generate_private_key(exponent, bits).private_numbers()
        )
        digits = (
            int.from_bytes(data[at : at + 4], "little")
            for number in (numbers.p, numbers.q)
            for order in Order
            for data in [written(number, order)[: -Order.DIGITS60.size]]
            for at in range(0, len(data) // 4 * 4, 4)
        )
        if all(digit >> 16 for digit in digits):
            return numbers


def _seeded(random: Random, bits: int, exponent: int) -> rsa.RSAPrivateNumbers:
    """A key of two primes that follow from the state of ``random``."""
    while True:
        p, q = prime(random, bits // 2), prime(random, bits // 2)
        phi = (p - 1) * (q - 1)
        if p != q and gcd(exponent, phi) == 1:
            d = pow(exponent, -1, phi)
            known = rsa.RSAPublicNumbers(exponent, p * q)
            return rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), known)


def public(numbers: rsa.RSAPrivateNumbers) -> bytes:
    """The public key as a certificate holds it."""
    return _info(numbers.public_numbers.public_key())


def _info(public_key: PublicKeyTypes) -> bytes:
    return public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def written(number: int, order: Order) -> bytes:
    """``number`` as programs keep it."""
    count = -(-number.bit_length() // order.bits)
    digits = [(number >> place * order.bits) & (1 << order.bits) - 1 for place in range(count)]
    ordered = reversed(digits) if order.highest_first else digits
    return b"".join(digit.to_bytes(order.size, "little") for digit in ordered)


@cache
def redaction(deep: bool) -> Redaction:
    rules = [rule for rule in load_rules().rules if rule.detector in NAMES]
    return Redaction(RuleSet(tuple(rules)), Policy("default"), Search("re2"), deep=deep)


def sanitized(data: bytes, *, deep: bool = False) -> bytes:
    """``data`` after a search by the rules for numbers alone."""
    dump = Dump("raw", BytesSource(data), LayoutBuilder(len(data)).build())
    left = bytearray(data)
    for edit in plan(dump, redaction(deep).search(dump).findings):
        left[edit.span.start : edit.span.end] = edit.replacement
    return bytes(left)


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("name", ["p", "q"])
def test_a_prime_goes_wherever_and_however_it_stands(order: Order, name: str) -> None:
    bare = written(getattr(key(), name), order)
    for offset in (10_000, 10_004, 10_008, 10_037, 10_056):
        data = public(key()).ljust(offset, b"\0") + HEADER + bare + bytes(100)
        left = sanitized(data)
        start = offset + len(HEADER)
        assert left == data[:start] + b"*" * len(bare) + bytes(100)


@pytest.mark.parametrize("bits", [1024, 3072, 4096])
def test_keys_of_other_sizes(bits: int) -> None:
    bare = written(key(bits).p, Order.LITTLE)
    left = sanitized(public(key(bits)) + bytes(20_000) + HEADER + bare + bytes(100))
    assert bare not in left
    assert public(key(bits)) in left


def test_one_prime_tells_all_other_numbers() -> None:
    numbers = key()
    secrets = (numbers.q, numbers.d, numbers.dmp1, numbers.dmq1, numbers.iqmp, numbers.p - 1)
    parts = [b"\xff" * 8 + written(number, Order.BIG) + b"\xff" * 8 for number in secrets]
    data = public(numbers) + bytes(10_000) + HEADER + written(numbers.p, Order.LITTLE) + bytes(64) + b"".join(parts)
    left = sanitized(data)
    assert not [number for number in secrets if written(number, Order.BIG) in left]
    assert left.count(b"\xff" * 8) == 2 * len(secrets)


def test_bare_moduli_are_known_by_their_primes() -> None:
    numbers = key()
    modulus, p, q = (
        HEADER + written(number, Order.LITTLE) + bytes(32)
        for number in (numbers.public_numbers.n, numbers.p, numbers.q)
    )
    for others in ([p], [q], [bytes(1 << 14), p, bytes(1 << 14), q]):
        left = sanitized(bytes(512) + modulus + b"".join(others))
        assert modulus in left
        assert p not in left
        assert q not in left


def test_behind_its_modulus_a_prime_needs_no_header() -> None:
    # As in the blobs of Windows, where numbers follow each other.
    numbers = key()
    blob = b"RSA2" + (2048).to_bytes(4, "little") + b"\1\0\1\0" + written(numbers.public_numbers.n, Order.LITTLE)
    left = sanitized(bytes(100) + blob + written(numbers.p, Order.LITTLE) + written(numbers.q, Order.LITTLE))
    assert blob in left
    assert written(numbers.p, Order.LITTLE) not in left
    assert written(numbers.q, Order.LITTLE) not in left


def test_a_prime_by_its_public_key_goes_though_others_stand_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    # Numbers within a mebibyte of the key used all that may be looked at, for they stand first in the file.
    monkeypatch.setattr(factors, "_MOST_NUMBERS", 60)
    numbers, random = key(), Random(8)
    others = b"".join(HEADER + random.randbytes(1 << 10) + bytes(64) for _ in range(300))
    bare = written(numbers.p, Order.LITTLE)
    data = others + bytes(200_000) + public(numbers) + bytes(20_000) + HEADER + bare + bytes(100)
    assert sanitized(data) == data.replace(bare, b"*" * len(bare))


def test_deep_finds_what_nothing_announces() -> None:
    random = Random(3)
    noise = random.randbytes(1 << 15)
    bare = written(key().p, Order.BIG)
    data = public(key()) + bytes(10_000) + noise + bare + noise
    assert bare in sanitized(data)
    assert bare not in sanitized(data, deep=True)


def test_the_public_key_of_nobody_finds_nothing() -> None:
    other = rsa.generate_private_key(65537, 2048).private_numbers()
    random = Random(4)
    data = public(key()) + bytes(10_000) + HEADER + written(other.p, Order.LITTLE) + bytes(64) + random.randbytes(65536)
    assert sanitized(data) == data


@pytest.mark.parametrize("claimed", [0, 1, 511, 1 << 31, 0xFFFFFFFF])
def test_blobs_that_lie_do_no_harm(claimed: int) -> None:
    data = b"".join(
        magic + claimed.to_bytes(4, "little") * 4 + bytes(range(256)) for magic in (b"RSA1", b"RSA2", b"RSA3")
    )
    assert sanitized(data) == data


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()])
@pytest.mark.parametrize("order", ["big", "little"])
def test_a_scalar_near_its_point_goes(curve: ec.EllipticCurve, order: str) -> None:
    private = ec.generate_private_key(curve)
    while private.private_numbers().private_value.bit_length() < curve.key_size - 7:
        private = ec.generate_private_key(curve)
    size = (curve.key_size + 7) // 8
    scalar = private.private_numbers().private_value.to_bytes(size, "big" if order == "big" else "little")
    info = _info(private.public_key())
    data = bytes(100) + info + bytes(300) + HEADER + scalar + bytes(100)
    left = sanitized(data)
    assert left == data.replace(scalar, b"*" * size)


@pytest.mark.parametrize("make", [ed25519.Ed25519PrivateKey.generate, x25519.X25519PrivateKey.generate])
def test_a_seed_near_its_point_goes(make: Callable[[], ed25519.Ed25519PrivateKey | x25519.X25519PrivateKey]) -> None:
    private = make()
    seed = private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    data = bytes(100) + _info(private.public_key()) + bytes(300) + HEADER + seed + bytes(100)
    assert sanitized(data) == data.replace(seed, b"*" * 32)


def test_the_copy_is_searched_for_numbers_too(tmp_path: Path) -> None:
    bare = written(key().p, Order.LITTLE)
    path = tmp_path / "app.bin"
    path.write_bytes(public(key()) + bytes(10_000) + HEADER + bare + bytes(64))
    result = dumpscrub.sanitize(path, workers=1)
    assert result.output is not None
    assert result.audit is not None
    assert bare not in result.output.read_bytes()
    assert bare.hex() not in result.audit.read_text("utf-8")
    assert not dumpscrub.scan(result.output, workers=1).to_redact


@pytest.mark.parametrize("order", [Order.LITTLE, Order.BIG])
def test_behind_a_modulus_whose_header_was_overwritten(order: Order) -> None:
    # CryptoAPI's blob and CNG's, from the exponent on: n, p and q follow each other.
    numbers = key()
    exponent = b"\1\0\1\0" if order is Order.LITTLE else b"\0\1\0\1"[1:]
    parts = [written(number, order) for number in (numbers.public_numbers.n, numbers.p, numbers.q, numbers.dmp1)]
    left = sanitized(public(numbers) + bytes(5_000) + bytes(8) + exponent + b"".join(parts) + bytes(100))
    assert parts[0] in left
    assert not [part for part in parts[1:] if part in left]


def test_a_scalar_behind_other_random_bytes_goes() -> None:
    # As in a blob of Windows whose header was overwritten: what is left of the point, and the scalar.
    private = ec.generate_private_key(ec.SECP256R1())
    numbers = private.private_numbers()
    scalar = numbers.private_value.to_bytes(32, "big")
    data = _info(private.public_key()) + bytes(1000) + Random(9).randbytes(56) + scalar + bytes(100)
    assert scalar not in sanitized(data)


def test_what_is_not_looked_at_everywhere_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    random = Random(10)
    data = _info(private.public_key()) + b"".join(bytes(8) + random.randbytes(32) for _ in range(100))
    dump = Dump("raw", BytesSource(data), LayoutBuilder(len(data)).build())
    assert redaction(False).search(dump).notices == ()
    monkeypatch.setattr(scalars, "_MOST", 5_000)
    assert redaction(False).search(dump).notices == (BOUNDED,)


@pytest.mark.parametrize("other", ["the same", "a multiple"])
def test_made_up_moduli_of_equal_factors_do_no_harm(other: str) -> None:
    prime = key().p
    modulus = prime * prime if other == "the same" else 3**1292
    factor = prime if other == "the same" else 3**646
    public_part = b"\2\x82" + (256 + 1).to_bytes(2, "big") + modulus.to_bytes(257, "big") + b"\2\3\1\0\1"
    little, big = (factor.to_bytes(128, order).ljust(128, b"\0") for order in ("little", "big"))
    data = bytes(64) + public_part + b"".join(bytes(64) + part for part in (little, big) * 20)
    assert len(sanitized(data)) == len(data)


def test_more_moduli_than_are_looked_at_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    data = b"".join(public(key(bits)) + bytes(100) for bits in (1024, 2048))
    dump = Dump("raw", BytesSource(data), LayoutBuilder(len(data)).build())
    assert redaction(False).search(dump).notices == ()
    monkeypatch.setattr(factors, "_MOST_MODULI", 1)
    assert redaction(False).search(dump).notices == (BOUNDED,)
