from __future__ import annotations

import warnings
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.serialization import PrivateFormat
from der_material import (
    PrivateKey,
    der,
    detector,
    dsa_key,
    ec_key,
    ed25519_key,
    encrypted,
    find,
    find_all,
    mask,
    noise,
    number_bytes,
    rsa_components,
    rsa_key,
    scalar,
    x25519_key,
)
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dumpscrub.detectors import asn1, keys
from dumpscrub.model import Confidence, SecretValue
from dumpscrub.pipeline import ROUNDS

TRADITIONAL = PrivateFormat.TraditionalOpenSSL
NAME = "der-private-key"


def secrets(found_values: tuple[SecretValue, ...]) -> list[bytes]:
    assert all(value.binary for value in found_values)
    return [value.data for value in found_values]


def numbers(marked: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """What is marked but for the header of the modulus, without zeros before it."""
    is_header = marked[0][0] == asn1.INTEGER and len(marked[0]) <= 4
    return tuple(part.lstrip(b"\0") for part in marked[is_header:])


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, TRADITIONAL])
@pytest.mark.parametrize("bits", [512, 768, 1024, 2048])
def test_rsa_marks_the_private_components_and_the_header_of_the_modulus(form: PrivateFormat, bits: int) -> None:
    key = rsa_key(3, bits)
    plain = der(key, form)
    found = find(NAME, noise(1, 300) + plain + noise(2, 300))
    assert len(found.marked) == 7
    assert plain.index(found.marked[0] + number_bytes(key.public_key().public_numbers().n).rjust(1 + bits // 8, b"\0"))
    assert numbers(found.marked) == rsa_components(key)
    assert found.match.confidence is Confidence.HIGH
    assert secrets(found.match.values) == [*rsa_components(key), plain]


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, TRADITIONAL])
@pytest.mark.parametrize("bits", [224, 256, 384, 521])
def test_elliptic_curve_marks_the_scalar_alone(form: PrivateFormat, bits: int) -> None:
    key = ec_key(bits, bits)
    plain = der(key, form)
    found = find(NAME, noise(1, 300) + plain + noise(2, 300))
    assert found.marked == (scalar(key),)
    assert found.match.confidence is Confidence.HIGH
    assert secrets(found.match.values) == [scalar(key).lstrip(b"\0"), plain]


@pytest.mark.parametrize("make", [ed25519_key, x25519_key])
def test_edwards_and_montgomery_keys(make: Callable[[int], PrivateKey]) -> None:
    key = make(5)
    found = find(NAME, noise(1, 300) + der(key) + noise(2, 300))
    assert found.marked == (noise(5, 32),)
    assert found.match.confidence is Confidence.HIGH


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, TRADITIONAL])
def test_dsa_marks_x_alone(form: PrivateFormat) -> None:
    found = find(NAME, noise(1, 300) + der(dsa_key(), form) + noise(2, 300))
    assert tuple(part.lstrip(b"\0") for part in found.marked) == (number_bytes(dsa_key().private_numbers().x),)
    assert found.match.confidence is Confidence.HIGH


@pytest.mark.parametrize("bits", [256, 384])
def test_encrypted_pkcs8_marks_the_encrypted_octets(bits: int) -> None:
    plain = encrypted(ec_key(1, bits))
    found = find("der-encrypted-key", noise(1, 99) + plain + noise(2, 99))
    assert len(found.marked) == 1
    assert plain.endswith(found.marked[0])
    assert len(plain) - len(found.marked[0]) < 110
    assert found.match.confidence is Confidence.HIGH
    assert secrets(found.match.values) == [found.marked[0].lstrip(b"\0"), plain]


@pytest.mark.parametrize(
    "plain",
    [
        der(rsa_key()),
        der(rsa_key(), TRADITIONAL),
        der(ec_key()),
        der(ec_key(), TRADITIONAL),
        der(ed25519_key()),
        der(dsa_key(), TRADITIONAL),
        encrypted(rsa_key()),
    ],
    ids=["pkcs8", "pkcs1", "ec", "sec1", "ed25519", "dsa", "encrypted"],
)
def test_nothing_is_found_a_second_time(plain: bytes) -> None:
    data = noise(1, 300) + plain + noise(2, 300)
    for name in (NAME, "der-encrypted-key"):
        found = find_all(detector(name), data)
        assert find_all(detector(name), mask(data, found)) == []


def test_a_key_cut_by_the_end_of_memory() -> None:
    key = rsa_key(3, 1024)
    plain = der(key)
    private = plain.index(number_bytes(key.private_numbers().d))
    for length in range(private + 4, len(plain), 7):
        data = noise(1, 100) + plain[:length]
        found = find(NAME, data)
        assert found.match.confidence is Confidence.MEDIUM
        assert data[100 + private :][:4] in b"".join(found.marked)
        assert data.endswith(found.marked[-1]) or length - len(plain) < 8
        assert find_all(detector(NAME), mask(data, [found])) == []
        whole = {value.data for value in found.match.values}
        assert whole <= set(rsa_components(key))


@pytest.mark.parametrize("lost", [16, 24, 64, 120])
@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, TRADITIONAL])
def test_a_key_whose_beginning_was_overwritten(form: PrivateFormat, lost: int) -> None:
    key = rsa_key(3, 1024)
    plain = der(key, form)
    data = noise(1, 40) + bytes(lost) + plain[lost:] + noise(2, 40)
    found = find(NAME, data)
    assert numbers(found.marked) == rsa_components(key)
    assert found.match.confidence is Confidence.HIGH
    assert set(rsa_components(key)) <= set(secrets(found.match.values))
    assert find_all(detector(NAME), mask(data, [found])) == []


def test_a_key_overwritten_in_the_middle_is_still_marked() -> None:
    key = rsa_key(3, 1024)
    plain = bytearray(der(key, TRADITIONAL))
    prime = plain.index(number_bytes(key.private_numbers().p))
    plain[prime : prime + 8] = bytes(8)
    found = find(NAME, bytes(plain))
    assert len(numbers(found.marked)) == 6


def test_what_only_looks_like_a_key() -> None:
    public = der(rsa_key(), TRADITIONAL)[:160]
    for data in (
        bytes.fromhex("30820275020100028181") + bytes(700),  # a structure of zeros
        bytes.fromhex("302e020100300506032b656e04220420") + b"\0" * 16 + noise(1, 16),  # a prefix in a program
        bytes.fromhex("302e020100300506032b657004220420") + b"The quick brown fox jumps over a",
        bytes.fromhex("30770201010420") + bytes(200),
        bytes.fromhex("3082027502010002820101") + noise(3, 900),  # a modulus and nothing more
        public[: public.index(bytes.fromhex("0203010001"))],
        noise(9, 40_000),
    ):
        assert find_all(detector(NAME), data) == []


def test_hostile_lengths_and_nesting_are_cheap() -> None:
    for data in (
        bytes.fromhex("3084ffffffff0201000284ffffffff") * 2000,
        bytes.fromhex("30820201000282ffff") * 4000,
        b"\x30\x82\xff\xff" * 4000 + bytes.fromhex("0201000282ffff") + noise(1, 20_000),
        bytes.fromhex("02030100010282") + b"\xff" * 30_000,
        bytes.fromhex("0203010001028203ff") * 3000,
        b"\x30" * 20_000 + bytes.fromhex("0201010420") + b"\x30" * 20_000,
    ):
        find_all(detector(NAME), data)


@given(st.integers(0, 700), st.integers(0, 255))
@settings(max_examples=60, deadline=None)
@example(23, 1)
def test_a_key_with_one_changed_byte_is_masked_within_the_rounds_of_a_run(at: int, value: int) -> None:
    plain = bytearray(der(rsa_key(3, 1024)))
    plain[at % len(plain)] = value
    data = bytes(plain)
    for name in (NAME, "der-encrypted-key", "der-pkcs12"):
        rounds, left = 0, data
        while found := find_all(detector(name), left):
            rounds, left = rounds + 1, mask(left, found)
            assert rounds <= ROUNDS


def test_no_warning_is_shown_for_odd_keys() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert find(NAME, der(rsa_key(4, 512))).match.confidence is Confidence.HIGH


def test_values_of_unknown_key_objects() -> None:
    assert keys.numbers_of(object()) == ()
    assert [value.data for value in keys.numbers_of(ed25519_key(5))] == [noise(5, 32)]
    assert [value.data for value in keys.numbers_of(rsa_key())] == list(rsa_components(rsa_key()))
