"""Secret keys of OpenPGP, written by RFC 9580 and RFC 4880."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from der_material import (
    detector,
    dsa_key,
    ec_key,
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

NAME = "pgp-secret-key"
TIME = bytes.fromhex("6553f100")
P256 = bytes.fromhex("082a8648ce3d030107")
ED25519 = bytes.fromhex("092b06010401da470f01")
CV25519 = bytes.fromhex("0a2b060104019755010501")


def number(content: bytes) -> bytes:
    bits = int.from_bytes(content, "big").bit_length()
    return bits.to_bytes(2, "big") + content.lstrip(b"\0")


def packet(body: bytes, tag: int = 5, *, new: bool = False) -> bytes:
    if not new:
        return bytes([0x81 | tag << 2]) + len(body).to_bytes(2, "big") + body
    length = len(body)
    header = bytes([length]) if length < 192 else bytes([(length - 192 >> 8) + 192, length - 192 & 0xFF])
    return bytes([0xC0 | tag]) + header + body


def summed(numbers: bytes) -> bytes:
    return numbers + (sum(numbers) & 0xFFFF).to_bytes(2, "big")


def rsa_public(bits: int = 2048) -> bytes:
    modulus = rsa_key(3, bits).private_numbers().public_numbers.n
    return b"\x04" + TIME + b"\x01" + number(number_bytes(modulus)) + number(b"\1\0\1")


def rsa_secrets(bits: int = 2048) -> tuple[bytes, ...]:
    d, p, q, _, _, u = rsa_components(rsa_key(3, bits))
    return d, p, q, u


@pytest.mark.parametrize("new", [False, True])
@pytest.mark.parametrize("bits", [1024, 2048])
@pytest.mark.parametrize("tag", [5, 7])
def test_unprotected_rsa(bits: int, tag: int, new: bool) -> None:
    secrets = rsa_secrets(bits)
    plain = packet(rsa_public(bits) + b"\0" + summed(b"".join(map(number, secrets))), tag, new=new)
    data = noise(1, 99) + plain + noise(2, 99)
    found = find(NAME, data)
    assert found.marked == secrets
    assert found.match.confidence is Confidence.HIGH
    assert [value.data for value in found.match.values] == list(secrets)
    assert find_all(detector(NAME), mask(data, [found])) == []


@pytest.mark.parametrize(
    ("algorithm", "curve", "behind"),
    [(19, P256, b""), (18, P256, b"\x03\x01\x08\x07"), (22, ED25519, b""), (18, CV25519, b"\x03\x01\x0a\x09")],
)
def test_unprotected_curves(algorithm: int, curve: bytes, behind: bytes) -> None:
    key = ec_key(5, 256)
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    public = (
        b"\x04"
        + TIME
        + bytes([algorithm])
        + curve
        + number(point if curve == P256 else b"\x40" + noise(1, 32))
        + behind
    )
    secret = scalar(key)
    data = noise(1, 99) + packet(public + b"\0" + summed(number(secret))) + noise(2, 99)
    found = find(NAME, data)
    assert found.marked == (secret,)
    assert found.match.confidence is Confidence.HIGH


@pytest.mark.parametrize(
    "parameters",
    [
        b"\xfe\x07\x03\x02" + noise(3, 8) + b"\xff" + noise(4, 16),
        b"\xff\x03\x01\x08" + noise(3, 8) + noise(4, 8),
        b"\xfd\x09\x02\x03\x08" + noise(3, 8) + b"\xff" + noise(4, 15),
    ],
    ids=["sha1", "checksum", "aead"],
)
def test_protected_keys(parameters: bytes) -> None:
    cipher = noise(7, 660)
    data = noise(1, 99) + packet(rsa_public() + parameters + cipher) + noise(2, 2000)
    found = find(NAME, data)
    assert found.marked == (cipher,)
    assert found.match.confidence is Confidence.HIGH
    assert find_all(detector(NAME), mask(data, [found])) == []


@pytest.mark.parametrize(("algorithm", "size"), [(25, 32), (26, 56), (27, 32), (28, 57)])
def test_version_6(algorithm: int, size: int) -> None:
    public = b"\x06" + TIME + bytes([algorithm]) + size.to_bytes(4, "big") + noise(1, size)
    secret = noise(2, size)
    assert find(NAME, packet(public + b"\0" + secret, new=True) + noise(3, 50)).marked == (secret,)
    parameters = b"\x09\x02\x04" + noise(4, 19) + noise(5, 15)
    data = packet(public + b"\xfd" + bytes([len(parameters)]) + parameters + secret, new=True) + noise(3, 50)
    assert find(NAME, data).marked == (secret,)


def group_public(algorithm: int) -> bytes:
    """The public part of a DSA key (17), or of an ElGamal key (16) over the same prime."""
    public = dsa_key().private_numbers().public_numbers
    group = public.parameter_numbers
    numbers = (group.p, group.q, group.g, public.y) if algorithm == 17 else (group.p, group.g, public.y)
    return b"\x04" + TIME + bytes([algorithm]) + b"".join(number(number_bytes(each)) for each in numbers)


def group_secret() -> bytes:
    return number_bytes(dsa_key().private_numbers().x)


@pytest.mark.parametrize("algorithm", [16, 17])
@pytest.mark.parametrize("tag", [5, 7])
def test_unprotected_dsa_and_elgamal(algorithm: int, tag: int) -> None:
    public, secret = group_public(algorithm), group_secret()
    plain = packet(public + b"\0" + summed(number(secret)), tag)
    data = noise(1, 99) + plain + noise(2, 99)
    found = find(NAME, data)
    assert found.marked == (secret,)
    assert found.match.confidence is Confidence.HIGH
    assert [value.data for value in found.match.values] == [secret]
    masked = mask(data, [found])
    assert public in masked
    assert find_all(detector(NAME), masked) == []
    # The header of the packet may be gone, and then the sum tells.
    headless = find(NAME, bytes(8) + plain[3:] + noise(3, 50))
    assert headless.marked == (secret,)
    assert headless.match.confidence is Confidence.HIGH
    # A sum that is wrong leaves the structure.
    assert find(NAME, bytes(8) + plain[3:-2] + b"\0\0" + noise(3, 50)).match.confidence is Confidence.MEDIUM


@pytest.mark.parametrize("algorithm", [16, 17])
def test_protected_dsa_and_elgamal(algorithm: int) -> None:
    cipher = noise(7, 42)
    parameters = b"\xfe\x07\x03\x02" + noise(3, 8) + b"\xff" + noise(4, 16)
    data = noise(1, 99) + packet(group_public(algorithm) + parameters + cipher) + noise(2, 200)
    assert find(NAME, data).marked == (cipher,)


@pytest.mark.parametrize("algorithm", [16, 17])
def test_a_group_in_memory_that_ends(algorithm: int) -> None:
    public, secret = group_public(algorithm), group_secret()
    plain = packet(public + b"\0" + summed(number(secret)))
    at = plain.rindex(secret)
    for kept in range(at + 1):
        assert find_all(detector(NAME), plain[:kept]) == []
    # A few bytes may be no more than a filling.
    for kept in range(at + 16, len(plain)):
        assert find(NAME, plain[:kept]).marked == (secret[: kept - at],)


@pytest.mark.parametrize("algorithm", [16, 17])
def test_groups_whose_numbers_are_shorter_than_they_say(algorithm: int) -> None:
    public, secret = group_public(algorithm), group_secret()
    behind = b"\0" + summed(number(secret))
    for at in (6, 6 + 2 + 128):
        wrong = public[: at + 1] + bytes([public[at + 1] ^ 1]) + public[at + 2 :]
        assert find_all(detector(NAME), packet(wrong + behind)) == []
    huge = public[: 6 + 2 + 128] + b"\xff\xff" + noise(5, 5000)
    assert find_all(detector(NAME), huge) == []
    assert find_all(detector(NAME), packet(public, 6) + b"\xb4\x05alice" + noise(1, 900)) == []
    assert find_all(detector(NAME), bytes([4, 0x65, 0, 0, 0, algorithm, 4, 0, 0x80]) * 300) == []


def test_a_beginning_that_a_free_list_overwrote() -> None:
    secrets = rsa_secrets()
    plain = packet(rsa_public() + b"\0" + summed(b"".join(map(number, secrets))))
    assert find_all(detector(NAME), bytes(4) + plain[3:])[0].marked == secrets


def test_a_key_without_its_end() -> None:
    secrets = rsa_secrets()
    plain = packet(rsa_public() + b"\0" + summed(b"".join(map(number, secrets))))
    at = plain.index(secrets[2]) + 20
    found = find(NAME, plain[:at])
    assert found.marked == (*secrets[:2], secrets[2][:20])
    assert found.match.confidence is Confidence.MEDIUM


def test_what_holds_no_secret() -> None:
    public = rsa_public()
    for data in (
        packet(public, 6) + bytes(3000),
        packet(public, 6) + b"\xb4\x05alice" + noise(1, 900),
        packet(public + b"\xff\x07\x65GNU\x01") + noise(1, 900),
        public[6:] + b"\0" + noise(2, 900),
        bytes.fromhex("0011010001") * 2000,
        b"\x06" + TIME + bytes.fromhex("1b00000020") + bytes(200),
    ):
        assert find_all(detector(NAME), data) == []
