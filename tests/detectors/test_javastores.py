"""Stores written by the formats' descriptions: JKS, JCEKS, BKS and UBER."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from der_material import (
    certificate,
    certificate_der,
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
)

from dumpscrub.model import Confidence

NAME = "java-key-store"
CERTIFICATE = certificate_der(certificate())
DATE = bytes.fromhex("000001a207bfe6f0")


def number(value: int) -> bytes:
    return value.to_bytes(4, "big")


def text(value: bytes) -> bytes:
    return len(value).to_bytes(2, "big") + value


def block(value: bytes) -> bytes:
    return number(len(value)) + value


def chain(count: int) -> bytes:
    return number(count) + (text(b"X.509") + block(CERTIFICATE)) * count


def protected(seed: int) -> tuple[bytes, bytes]:
    """A key as the JDK protects it, and its encrypted octets."""
    octets = noise(seed, 600)
    algorithm = bytes.fromhex("300e060a2b060104012a021101010500")
    inner = algorithm + b"\x04\x82" + len(octets).to_bytes(2, "big") + octets
    return b"\x30\x82" + len(inner).to_bytes(2, "big") + inner, octets


def sealed(content: bytes) -> bytes:
    """A serialised SealedObject: classes, parameters, content, names of two algorithms."""
    classes = b"\xac\xed\0\x05sr\0\x33com.sun.crypto.provider.SealedObjectForKeyProtector" + noise(3, 8)
    classes += b"\x02\0\0xr\0\x19javax.crypto.SealedObject" + noise(4, 8) + b"\x02\0\x04[\0\x0dencodedParamst\0\x02[Bxp"
    arrays = b"ur\0\x02[B\xac\xf3\x17\xf8\x06\x08\x54\xe0\x02\0\0xp" + block(noise(5, 17))
    return (
        classes
        + arrays
        + b"uq\0\x7e\0\x05"
        + block(content)
        + b"t"
        + text(b"PBEWithMD5AndTripleDES")
        + b"q\0\x7e\0\x09"
    )


def jdk(magic: str = "feedfeed", version: int = 2) -> tuple[bytes, tuple[bytes, ...]]:
    """A store of two keys with a trusted certificate between them, and what has to be marked."""
    (first, octets), (second, others) = protected(1), protected(2)
    digest = noise(6, 20)
    certificate_ = (text(b"X.509") if version > 1 else b"") + block(CERTIFICATE)
    entries = [
        number(1) + text(b"web") + DATE + block(first) + number(2) + certificate_ * 2,
        number(2) + text(b"root") + DATE + certificate_,
        number(1) + text("schlüssel".encode()) + DATE + block(second) + number(0),
    ]
    return bytes.fromhex(magic) + number(version) + number(3) + b"".join(entries) + digest, (octets, others, digest)


@pytest.mark.parametrize(("magic", "version"), [("feedfeed", 2), ("feedfeed", 1), ("cececece", 2)])
def test_keys_and_digest_are_marked(magic: str, version: int) -> None:
    plain, expected = jdk(magic, version)
    data = noise(8, 64) + plain + noise(9, 64)
    found = find(NAME, data)
    assert found.marked == expected
    assert found.match.confidence is Confidence.HIGH
    assert [value.data for value in found.match.values] == list(expected)
    masked = mask(data, [found])
    assert b"schl\xc3\xbcssel" in masked
    assert masked.count(CERTIFICATE) == data.count(CERTIFICATE)
    assert find_all(detector(NAME), masked) == []


def test_sealed_secret_keys() -> None:
    content, digest = noise(11, 144), noise(12, 20)
    entry = number(3) + text(b"aes") + DATE + sealed(content)
    plain = bytes.fromhex("cececece") + number(2) + number(2) + entry + entry + digest
    assert find(NAME, plain + noise(1, 90)).marked == (content, content, digest)


@pytest.mark.parametrize("kept", [100, 700, 2000])
def test_a_store_cut_by_the_end_of_memory(kept: int) -> None:
    plain, expected = jdk()
    found = find(NAME, plain[:kept])
    assert expected[0].startswith(found.marked[0])
    assert found.match.confidence is Confidence.MEDIUM


def castle(version: int) -> tuple[bytes, tuple[bytes, ...]]:
    """A BKS store with a certificate, a sealed key with its chain and a secret, and what has to be marked."""
    secret, cipher, mac = noise(1, 48), noise(2, 640), noise(3, 20)
    entries = (
        b"\x01" + text(b"root") + DATE + number(0) + text(b"X.509") + block(CERTIFICATE),
        b"\x04" + text(b"web") + DATE + chain(1) + block(block(noise(4, 20)) + number(1500) + cipher),
        b"\x03" + text(b"token") + DATE + number(0) + block(secret),
    )
    head = number(version) + block(noise(5, 20)) + number(1234)
    return head + b"".join(entries) + b"\0" + mac, (cipher, secret, mac)


@pytest.mark.parametrize("version", [1, 2])
def test_stores_of_bouncy_castle(version: int) -> None:
    plain, expected = castle(version)
    data = noise(8, 64) + plain + noise(9, 64)
    found = find(NAME, data)
    assert found.marked == expected
    assert found.match.confidence is Confidence.HIGH
    assert find_all(detector(NAME), mask(data, [found])) == []


def castle_key(kind: int, form: bytes, encoded: bytes) -> tuple[bytes, bytes]:
    """A BKS store with one key that is not sealed, and the store's MAC."""
    mac = noise(3, 20)
    entry = b"\x02" + text(b"web") + DATE + chain(1) + bytes([kind]) + text(form) + text(b"RSA") + block(encoded)
    return number(2) + block(noise(5, 20)) + number(1234) + entry + b"\0" + mac, mac


@pytest.mark.parametrize(
    ("encoded", "private"),
    [
        (der(rsa_key()), rsa_components(rsa_key())),
        (der(ec_key()), (scalar(ec_key()),)),
        (der(dsa_key()), (number_bytes(dsa_key().private_numbers().x),)),
        (der(ed25519_key()), (ed25519_key().private_bytes_raw(),)),
    ],
)
def test_public_numbers_of_a_key_that_is_not_sealed_stay(encoded: bytes, private: tuple[bytes, ...]) -> None:
    plain, mac = castle_key(0, b"PKCS#8", encoded)
    data = noise(8, 64) + plain + noise(9, 64)
    found = find(NAME, data)
    # The number of a DER INTEGER may begin with a zero byte; of a modulus the header is marked.
    marked = found.marked[len(found.marked[0]) <= 4 :]
    assert tuple(part.lstrip(b"\0") for part in marked) == (*private, mac)
    assert [value.data for value in found.match.values] == [*private, mac]
    assert find_all(detector(NAME), mask(data, [found])) == []


@pytest.mark.parametrize("encoded", [noise(1, 48), b"\x30\x2e" + noise(2, 46), der(rsa_key())[:-1]])
def test_a_key_in_another_form_goes_as_a_whole(encoded: bytes) -> None:
    plain, mac = castle_key(2, b"RAW", encoded)
    assert find(NAME, plain).marked == (encoded, mac)


def test_a_public_key_in_a_store_stays() -> None:
    shown = rsa_key().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    plain, _ = castle_key(1, b"X.509", shown)
    assert find_all(detector(NAME), plain) == []


def test_a_key_that_memory_cuts_is_marked_as_far_as_it_is_there() -> None:
    encoded, (exponent, prime, *_) = der(rsa_key()), rsa_components(rsa_key())
    plain, _ = castle_key(0, b"PKCS#8", encoded)
    found = find(NAME, plain[: plain.index(prime) + 20])
    assert found.marked[1].lstrip(b"\0") == exponent
    assert found.marked[-1].lstrip(b"\0") == prime[:20]
    assert [value.data for value in found.match.values] == [exponent]


def test_encrypted_stores_of_bouncy_castle() -> None:
    cipher = noise(14, 960)
    data = number(1) + block(noise(5, 20)) + number(1999) + cipher + bytes(100)
    found = find(NAME, data)
    assert found.marked == (cipher,)
    assert found.match.confidence is Confidence.MEDIUM


def test_what_only_looks_like_a_store() -> None:
    for data in (
        bytes.fromhex("feedfeed00000002ffffffff") + noise(1, 900),
        bytes.fromhex("feedfeed0000000200000001") + bytes(900),
        bytes.fromhex("cececece000000020000000100000003") + text(b"x") + DATE + noise(2, 900),
        bytes.fromhex("0000000100000014") * 400,
        number(2) + block(bytes(20)) + number(1100) + noise(3, 900),
        number(2) + block(noise(4, 20)) + number(77) + noise(3, 900),
        number(2) + block(noise(4, 20)) + number(1100) + b"text, and more of it" * 50,
    ):
        assert find_all(detector(NAME), data) == []


def test_huge_counts_read_no_more_than_there_is() -> None:
    entry = number(2) + text(b"a") + DATE + text(b"X.509") + block(b"")
    assert find_all(detector(NAME), bytes.fromhex("feedfeed00000002") + number(4096) + entry * 2000) == []
    chains = number(1) + text(b"a") + DATE + block(noise(1, 50)) + number(0xFFFFFFFF)
    assert len(find(NAME, bytes.fromhex("feedfeed0000000200000001") + chains + noise(1, 500)).marked) == 1


def test_keys_that_pkcs8_encryption_protects_are_found_by_their_own_structure() -> None:
    for key in (rsa_key(), ec_key()):
        inner = encrypted(key)
        entry = number(1) + text(b"k") + DATE + block(inner) + number(0)
        plain = bytes.fromhex("feedfeed0000000200000001") + entry + noise(6, 20)
        assert inner.endswith(find(NAME, plain).marked[0])
