"""Keys of which the beginning was overwritten, as free lists and new owners of the memory do."""

from __future__ import annotations

import struct

import pytest
from cryptography.hazmat.primitives.serialization import PrivateFormat
from der_material import (
    der,
    detector,
    dsa_key,
    ec_key,
    find,
    find_all,
    mask,
    noise,
    rsa_components,
    rsa_key,
    scalar,
    store,
)

from dumpscrub.detectors import asn1
from dumpscrub.detectors.der import NAMES as DER
from dumpscrub.model import Confidence

NAME = "der-private-key"
TRADITIONAL = PrivateFormat.TraditionalOpenSSL
POINTERS = struct.pack("<4Q", 0x7F3A12345670, 0x55D012345680, 0x7F3A12345690, 0x55D0123456A0)


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, TRADITIONAL])
@pytest.mark.parametrize("bits", [224, 256, 384, 521])
@pytest.mark.parametrize("lost", [16, 32])
def test_scalars_before_their_point(bits: int, form: PrivateFormat, lost: int) -> None:
    key = ec_key(bits, bits)
    plain = der(key, form)
    data = bytes(64) + POINTERS[:lost] + plain[lost:] + bytes(40)
    start = 64 + plain.index(scalar(key))
    left = data[max(start, 64 + lost) : start + len(scalar(key))]
    found = find_all(detector(NAME), data)
    if len(left) < 8:
        assert found == []
        return
    assert [each.marked for each in found] == [(left,)]
    masked = mask(data, found)
    assert masked[: 64 + lost] == data[: 64 + lost]
    assert find_all(detector(NAME), masked) == []


def test_a_whole_scalar_is_proven_by_its_point() -> None:
    key = ec_key(3, 256)
    data = bytes(64) + POINTERS + der(key)[32:]
    found = find(NAME, data)
    assert found.match.confidence is Confidence.HIGH
    assert [value.data for value in found.match.values] == [scalar(key)]


def test_no_scalar_stands_before_any_bytes() -> None:
    plain = der(ec_key(3, 256))
    point = plain.index(bytes.fromhex("a14403420004"))
    garbled = plain[: point + 30] + noise(1, 41)
    assert find_all(detector(NAME), bytes(64) + POINTERS[:16] + garbled[33:]) == []
    assert find_all(detector(NAME), bytes.fromhex("a14403420004") * 2000) == []


@pytest.mark.parametrize("bits", [2048, 3072])
def test_primes_behind_an_overwritten_exponent(bits: int) -> None:
    key = rsa_key(3, bits)
    d, p, q, dp, dq, u = rsa_components(key)
    plain = der(key, TRADITIONAL)
    before = plain.index(p) - 5
    data = noise(1, 40) + noise(2, before) + plain[before:] + noise(3, 40)
    found = find_all(detector(NAME), data)
    assert tuple(part.lstrip(b"\0") for part in found[0].marked) == (p, q, dp, dq, u)
    assert found[0].match.confidence is Confidence.HIGH
    assert d not in data
    masked = mask(data, found)
    assert not any(part in masked for part in (p, q, dp, dq, u))
    assert find_all(detector(NAME), masked) == []


def test_numbers_of_the_size_of_longer_primes() -> None:
    numbers = [b"\0" + noise(seed, 256) for seed in range(4)]
    found = find_all(detector(NAME), noise(9, 30) + b"".join(b"\x02\x82\x01\x01" + each for each in numbers) + bytes(9))
    assert found[0].marked == tuple(numbers)
    assert found[0].match.confidence is Confidence.MEDIUM


@pytest.mark.parametrize("exponent", [3, 17, 65537])
def test_every_exponent_in_use(exponent: int) -> None:
    key = rsa_key(5, 1024, exponent)
    plain = der(key, TRADITIONAL)
    found = find(NAME, bytes(64) + plain[64:])
    assert tuple(part.lstrip(b"\0") for part in found.marked) == rsa_components(key)


def test_a_private_exponent_alone() -> None:
    key = rsa_key(5, 2048)
    plain = der(key, TRADITIONAL)
    prime = plain.index(rsa_components(key)[1]) - 4
    found = find(NAME, bytes(64) + plain[64:prime] + noise(1, 700))
    assert found.marked[0].lstrip(b"\0") == rsa_components(key)[0]


def test_parameters_of_other_keys_are_no_primes() -> None:
    plain = der(dsa_key(), TRADITIONAL)
    assert len(find_all(detector(NAME), plain)) == 1
    number = b"\x02\x81\x81\x00" + noise(1, 128)
    for data in (number * 2 + noise(2, 300), number * 2, b"\x02\x81\x81\x00" * 3000, number + bytes(3000)):
        assert find_all(detector(NAME), data) == []


def test_other_primes_are_marked_one_by_one() -> None:
    """Three primes (RFC 8017, A.1.2). Their product is not checked here, the places are."""

    def element(tag: int, content: bytes) -> bytes:
        return bytes([tag, 0x82]) + len(content).to_bytes(2, "big") + content

    numbers = [noise(seed, 86) for seed in range(8)]
    body = b"\2\1\1" + element(2, b"\0" + noise(9, 256)) + b"\2\3\1\0\1" + element(2, noise(10, 256))
    body += b"".join(element(2, each) for each in numbers[:5])
    body += element(0x30, element(0x30, b"".join(element(2, each) for each in numbers[5:])))
    found = find(NAME, noise(11, 40) + element(0x30, body))
    assert found.marked == (b"\2\x82\1\1", noise(10, 256), *numbers)


def test_encrypted_certificates_of_a_store_without_its_beginning() -> None:
    plain = store()
    found = find_all(detector("der-encrypted-key"), bytes(16) + plain[16:])
    assert [each.match.confidence for each in found] == [Confidence.HIGH] * 2
    assert all(part in plain for each in found for part in each.marked)
    assert sum(len(part) for each in found for part in each.marked) > 1000


HOSTILE = (
    "3082ffff0201000282ffff",
    "308002010330800201000282",
    "30840fffffff02010002820101",
    "02818100",
    "0203010001028202",
    "308006092a864886f70d01050d",
    "3080020103308006092a864886f70d010701a080",
    "3082ffff300d06092a864886f70d01010b050030",
    "3084ffffffffa000300a06082a8648ce3d040302",
)


@pytest.mark.parametrize("name", DER)
@pytest.mark.parametrize("unit", HOSTILE)
def test_hostile_structures_read_few_elements(name: str, unit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hit among thousands costs a bounded number of headers, however deep the nesting and large the lengths."""
    read, count = asn1.read, 0

    def counting(data: bytes, at: int, *, indefinite: bool = False) -> object:
        nonlocal count
        count += 1
        return read(data, at, indefinite=indefinite)

    subject = detector(name)
    monkeypatch.setattr(asn1, "read", counting)
    data = bytes.fromhex(unit) * (6_000 // len(bytes.fromhex(unit)))
    hits = sum(data.count(each.data) for each in subject.anchors)
    find_all(subject, data)
    assert count <= hits * 5_000
