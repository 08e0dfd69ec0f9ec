"""Public keys as every format writes them, and what only looks like one."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Callable, Iterator
from random import Random

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa, x448
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat, PublicFormat
from der_material import (
    certificate,
    certificate_der,
    der,
    dsa_key,
    ec_key,
    ed25519_key,
    noise,
    number_bytes,
    rsa_components,
    rsa_key,
    x25519_key,
)
from hypothesis import given
from hypothesis import strategies as st

from dumpscrub.detectors import arrays, public_keys
from dumpscrub.detectors.public_keys import PublicKey, PublicKeyDetector
from dumpscrub.layout import LayoutBuilder
from dumpscrub.model import Dump
from dumpscrub.rules.schema import Rule
from dumpscrub.search.windows import window_at
from dumpscrub.source import BytesSource

RSA, EC, GROUP, ARRAY = "rsa-private-numbers", "ec-private-scalar", "group-private-number", "random-array"
BEFORE, BEHIND = noise(90, 1100), noise(91, 100)
BITS = (512, 1024, 2048)
E = b"\1\0\1"


def detector(name: str) -> PublicKeyDetector:
    build = arrays.build if name == ARRAY else public_keys.build
    return build(Rule(id=name, name=name, categories=(name,), detector=name))


def read(name: str, data: bytes) -> Iterator[tuple[PublicKey, int]]:
    """The keys around all anchors in ``data``, each with the offset of what shows it."""
    subject = detector(name)
    dump = Dump("raw", BytesSource(data), LayoutBuilder(len(data)).build())
    for anchor in subject.anchors:
        at = data.find(anchor.data)
        while at != -1:
            window = window_at(dump, at, anchor.encoding, subject.before, subject.after)
            assert list(subject.verify(window)) == []
            key = subject.read(window)
            if key:
                yield key, window.locate(key.start, key.start + 1)[0].start
            at = data.find(anchor.data, at + 1)


def numbers(key: rsa.RSAPrivateKey) -> PublicKey:
    public = key.private_numbers().public_numbers
    return PublicKey("rsa", modulus=public.n, exponent=public.e)


def modulus(key: rsa.RSAPrivateKey) -> bytes:
    return number_bytes(numbers(key).modulus)


def spki(key: rsa.RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def assert_read(name: str, data: bytes, key: PublicKey, shown: bytes) -> None:
    """Alone and between other bytes, ``data`` shows ``key`` and no other, where ``shown`` stands."""
    for whole in (data + BEHIND, BEFORE + data + BEHIND, BEFORE + data):
        found = set(read(name, whole))
        assert {each for each, _ in found} == {key}
        # A zero byte may stand before the number.
        assert {whole[at:].removeprefix(b"\0").startswith(shown) for _, at in found} == {True}


@pytest.mark.parametrize("bits", BITS)
def test_subject_public_key_info(bits: int) -> None:
    key = rsa_key(3, bits)
    assert_read(RSA, spki(key), numbers(key), modulus(key))


@pytest.mark.parametrize("exponent", [3, 17, 257, (1 << 32) + 15])
def test_other_exponents_in_subject_public_key_info(exponent: int) -> None:
    key = rsa_key(4, 1024, exponent)
    assert numbers(key).exponent == exponent
    assert_read(RSA, spki(key), numbers(key), modulus(key))


@pytest.mark.parametrize("bits", BITS)
def test_pkcs1_public_and_private(bits: int) -> None:
    key = rsa_key(5, bits)
    for data in (
        key.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1),
        der(key, PrivateFormat.TraditionalOpenSSL),
        der(key),
    ):
        assert_read(RSA, data, numbers(key), modulus(key))


def test_certificates_show_their_keys() -> None:
    key = rsa_key(6, 2048)
    assert_read(RSA, certificate_der(certificate(key=key)), numbers(key), modulus(key))
    curve = ec_key(6)
    point = curve.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    assert_read(EC, certificate_der(certificate(key=curve)), PublicKey("secp256r1", point=point), point)


def older(key: rsa.RSAPrivateKey, magic: bytes) -> bytes:
    """RSAPUBKEY of wincrypt.h: length in bits, exponent, modulus, all little-endian; in RSA2 the private numbers."""
    plain = modulus(key)
    head = magic + struct.pack("<II", 8 * len(plain), numbers(key).exponent)
    private = b"".join(part[::-1] for part in rsa_components(key)) if magic == b"RSA2" else b""
    return head + plain[::-1] + private


def newer(key: rsa.RSAPrivateKey, magic: bytes) -> bytes:
    """BCRYPT_RSAKEY_BLOB: bits, and lengths of exponent, modulus and primes; then these, big-endian."""
    exponent, plain = number_bytes(numbers(key).exponent), modulus(key)
    _, p, q, *others = rsa_components(key)
    secrets = {b"RSA1": (), b"RSA2": (p, q), b"RSA3": (p, q, *others)}[magic]
    primes = (len(p), len(q)) if secrets else (0, 0)
    head = magic + struct.pack("<5I", 8 * len(plain), len(exponent), len(plain), *primes)
    return head + exponent + plain + b"".join(secrets)


@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize("magic", [b"RSA1", b"RSA2"])
def test_blobs_of_the_older_interface(bits: int, magic: bytes) -> None:
    for exponent in (65537, 17):
        key = rsa_key(7, bits, exponent)
        assert_read(RSA, older(key, magic), numbers(key), modulus(key)[::-1])


@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize("magic", [b"RSA1", b"RSA2", b"RSA3"])
def test_blobs_of_the_newer_interface(bits: int, magic: bytes) -> None:
    for exponent in (65537, 17):
        key = rsa_key(7, bits, exponent)
        assert_read(RSA, newer(key, magic), numbers(key), modulus(key))


@pytest.mark.parametrize("build", [older, newer])
def test_blobs_that_memory_cuts_show_no_key(build: Callable[[rsa.RSAPrivateKey, bytes], bytes]) -> None:
    key = rsa_key(7, 1024)
    plain = build(key, b"RSA1")
    for kept in range(len(plain)):
        assert list(read(RSA, BEFORE + plain[:kept])) == []


@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le"])
@pytest.mark.parametrize("bits", BITS)
def test_xml(bits: int, codec: str) -> None:
    key = rsa_key(8, bits)
    digits = base64.b64encode(modulus(key)).decode()
    text = f"<RSAKeyValue><Modulus>{digits}</Modulus><Exponent>AQAB</Exponent></RSAKeyValue>"
    assert_read(RSA, text.encode(codec), numbers(key), digits.encode(codec))


@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le"])
@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
@pytest.mark.parametrize("bits", BITS)
def test_json_web_keys(bits: int, separators: tuple[str, str], codec: str) -> None:
    key = rsa_key(8, bits)
    digits = base64.urlsafe_b64encode(modulus(key)).decode().rstrip("=")
    text = json.dumps({"kty": "RSA", "n": digits, "e": "AQAB"}, separators=separators)
    assert_read(RSA, text.encode(codec), numbers(key), digits.encode(codec))


def test_text_that_holds_no_modulus() -> None:
    odd, digits = noise(1, 127) + b"\1", base64.b64encode(modulus(rsa_key(8, 1024))).rstrip(b"=")
    for value in (
        digits[:80],
        base64.b64encode(odd[:-1] + b"\2"),
        base64.b64encode(odd * 9),
        base64.b64encode(odd)[:-3],
        b"A" * 172,
        b"",
    ):
        for text in (b"<Modulus>" + value + b"</Modulus>", b'"n":"' + value + b'"', b'"n": "' + value + b'"'):
            assert list(read(RSA, text)) == [], value
    # Memory that ends within it leaves the beginning of a modulus.
    for kept in range(len(digits) + 1):
        assert list(read(RSA, b"<Modulus>" + digits[:kept])) == []


@pytest.mark.parametrize(("bits", "curve"), [(256, "secp256r1"), (384, "secp384r1"), (521, "secp521r1")])
def test_points(bits: int, curve: str) -> None:
    key = ec_key(9, bits)
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    shown = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    for data in (shown, der(key, PrivateFormat.TraditionalOpenSSL), der(key)):
        assert_read(EC, data, PublicKey(curve, point=point), point)
    compressed = key.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    assert list(read(EC, shown.replace(point, compressed) + BEHIND)) == []
    for kept in range(len(shown)):
        assert list(read(EC, BEFORE + shown[:kept])) == []


@pytest.mark.parametrize(("key", "curve"), [(ed25519_key(), "ed25519"), (x25519_key(), "x25519")])
def test_points_that_are_strings(key: Ed25519PrivateKey | X25519PrivateKey, curve: str) -> None:
    shown = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    point = key.public_key().public_bytes_raw()
    assert_read(EC, shown, PublicKey(curve, point=point), point)
    assert list(read(EC, shown[:-1])) == []


def test_hostile_lengths_in_der() -> None:
    key = rsa_key(3, 1024)
    plain = spki(key)
    header = plain.index(b"\x02\x81\x81")
    bits = plain.index(b"\x03\x81\x8d")
    for at, forged in (
        (header, b"\x02\x81\xff"),
        (header, b"\x02\x81\x05"),
        (header, b"\x02\x84\xff\xff\xff\xff"),
        (header, b"\x02\x80\x81"),
        (header, b"\x04\x81\x81"),
        (bits, b"\x03\x84\xff\xff\xff\xff"),
        (bits, b"\x03\x00\x00"),
    ):
        broken = plain[:at] + forged + plain[at + len(forged) :]
        for each, _ in read(RSA, broken + BEHIND):
            # The other anchor may still tell; a wrong key is none.
            assert each == numbers(key)
    for kept in range(plain.index(E) - 2):
        assert list(read(RSA, BEFORE + plain[:kept])) == []


def element(content: bytes) -> bytes:
    return (
        b"\x02" + (b"\x82" + struct.pack(">H", len(content)) if len(content) > 127 else bytes([len(content)])) + content
    )


@pytest.mark.parametrize(
    ("number", "exponent"),
    [
        (bytes(1) + noise(1, 127) + b"\2", E),
        (bytes(129), E),
        (noise(1, 62) + b"\1", E),
        (noise(1, 1039) + b"\1", E),
        (b"\0\xc1" + noise(1, 126) + b"\1", b"\1"),
        (b"\0\xc1" + noise(1, 126) + b"\1", b"\4"),
        (b"\0\xc1" + noise(1, 126) + b"\1", b"\1" + bytes(7) + b"\1"),
        (b"\0\xc1" + noise(1, 126) + b"\1", b"\1" * 200),
    ],
)
def test_numbers_that_are_no_key(number: bytes, exponent: bytes) -> None:
    inner = element(number) + element(exponent)
    outer = b"\x30\x82" + struct.pack(">H", len(inner)) + inner
    string = b"\x03\x82" + struct.pack(">H", len(outer) + 1) + b"\0" + outer
    algorithm = bytes.fromhex("300d06092a864886f70d0101010500")
    assert list(read(RSA, algorithm + string + BEHIND)) == []


@pytest.mark.parametrize("magic", [b"RSA1", b"RSA2", b"RSA3"])
def test_hostile_lengths_in_blobs(magic: bytes) -> None:
    for bits in (0, 1, 504, 8 * 1024 + 1, 0xFFFFFFFF):
        for exponent in (0, 3, 65537, 0xFFFFFFFF):
            for size in (0, 128, (bits + 7) // 8, 0xFFFFFFFF):
                blob = magic + struct.pack("<5I", bits, exponent, size, 0, 0) + noise(1, 1200)
                assert list(read(RSA, blob)) == []


ANCHORS = [(name, anchor.data) for name in (RSA, EC) for anchor in detector(name).anchors]


@given(st.sampled_from(ANCHORS), st.binary(max_size=300), st.binary(max_size=300))
def test_any_surroundings_are_read_within_bounds(anchor: tuple[str, bytes], before: bytes, behind: bytes) -> None:
    name, literal = anchor
    data = before + literal + behind
    for key, at in read(name, data):
        assert 0 <= at < len(data)
        assert key.modulus.bit_length() > 504 or len(key.point) in {32, 56, 57, 65, 97, 133}


def test_points_of_other_curves() -> None:
    single = ec.derive_private_key(Random(9).getrandbits(255), ec.SECP256K1()).public_key()
    point = single.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    x, y = (int.from_bytes(part, "big") for part in (point[1:33], point[33:]))
    key = PublicKey("secp256k1", point=point)
    assert_read(EC, info(single), key, point)
    assert {x, y} < set(key.all())
    for public, kind in (
        (ed448.Ed448PrivateKey.from_private_bytes(noise(9, 57)).public_key(), "ed448"),
        (x448.X448PrivateKey.from_private_bytes(noise(9, 56)).public_key(), "x448"),
    ):
        raw = public.public_bytes_raw()
        assert_read(EC, info(public), PublicKey(kind, point=raw), raw)
        assert PublicKey(kind, point=raw).all() == (int.from_bytes(raw, "big"),)


def info(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def test_dsa_and_its_group_beside_private_keys() -> None:
    key = dsa_key()
    public = key.private_numbers().public_numbers
    p, q, g = (public.parameter_numbers.p, public.parameter_numbers.q, public.parameter_numbers.g)
    for data, power in ((info(key.public_key()), public.y), (der(key), 0)):
        for name in (GROUP, ARRAY):
            found = {each for each, _ in read(name, BEFORE + data + BEHIND)}
            assert found == {PublicKey("dsa", numbers=(p, q, g), group=(p, g, q), power=power)}
            assert {p, q, g, power} <= set(found.pop().all())


def test_diffie_hellman() -> None:
    prime, point = (int.from_bytes(noise(seed, 256), "big") | 1 << 2047 | 1 for seed in (10, 11))
    p, y = (struct.pack(">BBHB", 2, 0x82, 257, 0) + number_bytes(number) for number in (prime, point))
    parameters = p + b"\2\1\2"
    data = bytes.fromhex("06092a864886f70d01030130") + struct.pack(">BH", 0x82, len(parameters)) + parameters
    data += struct.pack(">BBHB", 3, 0x82, len(y) + 1, 0) + y
    assert {each for each, _ in read(GROUP, data)} == {
        PublicKey("dh", numbers=(prime, 2), group=(prime, 2, 0), power=point)
    }
    for size in range(len(data)):
        assert {each.kind for each, _ in read(GROUP, data[:size])} <= {"dh"}


@pytest.mark.parametrize(("third", "order"), [(160, 0), (1 << 255 | 1, 1 << 255 | 1)])
def test_a_count_of_bits_is_no_order_of_a_group(third: int, order: int) -> None:
    # PKCS#3 ends in the bits of private numbers, X9.42 goes on with the order.
    prime = int.from_bytes(noise(12, 128), "big") | 1 << 1023 | 1
    parameters = b"".join(asn1_integer(number) for number in (prime, 2, third))
    identifier = bytes.fromhex("06072a8648ce3e0201" if order else "06092a864886f70d010301")
    public = b"\0" + asn1_integer(5)
    data = identifier + struct.pack(">BBH", 0x30, 0x82, len(parameters)) + parameters + bytes((3, len(public))) + public
    [(key, _)] = read(GROUP, data)
    assert (key.group, key.power) == ((prime, 2, order), 5)


def asn1_integer(number: int) -> bytes:
    content = number.to_bytes(number.bit_length() // 8 + 1, "big")
    header = struct.pack(">BBH", 2, 0x82, len(content)) if len(content) > 127 else bytes((2, len(content)))
    return header + content
