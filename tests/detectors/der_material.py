"""Keys, certificates and stores made from a seed, and a stand-in for the scanner: anchors by ``bytes.find``."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa, x25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID

from dumpscrub.detectors import DETECTORS
from dumpscrub.detectors.base import Detector, Match
from dumpscrub.layout import LayoutBuilder
from dumpscrub.model import Dump
from dumpscrub.model import Encoding as TextEncoding
from dumpscrub.rules.schema import Rule
from dumpscrub.search.windows import window_at
from dumpscrub.source import BytesSource

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | x25519.X25519PrivateKey
CURVES: dict[int, ec.EllipticCurve] = {
    224: ec.SECP224R1(),
    256: ec.SECP256R1(),
    384: ec.SECP384R1(),
    521: ec.SECP521R1(),
}
PASSWORD = b"correct horse"


@dataclass(frozen=True)
class Found:
    """A match, the bytes it marks in the whole file, and where they stand."""

    match: Match
    encoding: TextEncoding
    spans: tuple[tuple[int, int], ...]
    marked: tuple[bytes, ...]


def detector(name: str) -> Detector:
    return DETECTORS[name](Rule(id=name, name=name, categories=(name,), detector=name))


def find_all(subject: Detector, data: bytes) -> list[Found]:
    """What ``subject`` finds in ``data``, from each place where one of its anchors stands."""
    dump = Dump("raw", BytesSource(data), LayoutBuilder(len(data)).build())
    found = []
    for anchor in subject.anchors:
        for offset in _places(data, anchor.data):
            window = window_at(dump, offset, anchor.encoding, subject.before, subject.after)
            for match in subject.verify(window):
                spans = tuple((s.start, s.end) for pair in match.segments for s in window.locate(*pair))
                found.append(Found(match, anchor.encoding, spans, tuple(data[start:end] for start, end in spans)))
    return found


def find(name: str, data: bytes) -> Found:
    """The one thing that the detector ``name`` finds, in whatever encoding."""
    found = find_all(detector(name), data)
    assert len(found) == 1, [(each.match.confidence, each.encoding, each.spans) for each in found]
    return found[0]


def mask(data: bytes, found: Sequence[Found]) -> bytes:
    """``data`` with all that was found (and not suppressed) overwritten, as the mask operator does."""
    masked = bytearray(data)
    for each in found:
        if not each.match.suppressed:
            star = "*".encode(each.encoding.codec) if each.encoding is not TextEncoding.BINARY else b"*"
            for start, end in each.spans:
                masked[start:end] = (star * (end - start))[: end - start]
    return bytes(masked)


def _places(data: bytes, literal: bytes) -> Iterator[int]:
    at = data.find(literal)
    while at != -1:
        yield at
        at = data.find(literal, at + 1)


def noise(seed: int, length: int) -> bytes:
    return Random(seed).randbytes(length)


def number_bytes(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


@cache
def rsa_key(seed: int = 1, bits: int = 1024, exponent: int = 65537) -> rsa.RSAPrivateKey:
    random = Random(seed)
    while True:
        p, q = (_prime(random, bits // 2) for _ in range(2))
        if p == q or (p - 1) * (q - 1) % exponent == 0 or (p * q).bit_length() != bits:
            continue
        d = pow(exponent, -1, (p - 1) * (q - 1))
        public = rsa.RSAPublicNumbers(exponent, p * q)
        numbers = rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), public)
        return numbers.private_key(unsafe_skip_rsa_key_validation=True)


def rsa_components(key: rsa.RSAPrivateKey) -> tuple[bytes, ...]:
    """d, p, q, dp, dq, qinv, big-endian."""
    numbers = key.private_numbers()
    return tuple(
        number_bytes(number) for number in (numbers.d, numbers.p, numbers.q, numbers.dmp1, numbers.dmq1, numbers.iqmp)
    )


def _prime(random: Random, bits: int) -> int:
    while True:
        candidate = random.getrandbits(bits) | 3 << (bits - 2) | 1
        if all(candidate % small for small in (3, 5, 7, 11, 13, 17)) and pow(2, candidate - 1, candidate) == 1:
            return candidate


def ec_key(seed: int = 1, bits: int = 256) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(Random(seed).getrandbits(bits - 1) | 1 << (bits - 2), CURVES[bits])


def scalar(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_numbers().private_value.to_bytes((key.key_size + 7) // 8, "big")


def ed25519_key(seed: int = 1) -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.from_private_bytes(noise(seed, 32))


def x25519_key(seed: int = 1) -> x25519.X25519PrivateKey:
    return x25519.X25519PrivateKey.from_private_bytes(noise(seed, 32))


@cache
def dsa_key() -> dsa.DSAPrivateKey:
    return dsa.generate_private_key(1024)


def der(key: PrivateKey | dsa.DSAPrivateKey, form: PrivateFormat = PrivateFormat.PKCS8) -> bytes:
    return key.private_bytes(Encoding.DER, form, NoEncryption())


def pem(key: PrivateKey | dsa.DSAPrivateKey, form: PrivateFormat = PrivateFormat.PKCS8) -> bytes:
    return key.private_bytes(Encoding.PEM, form, NoEncryption())


def encrypted(key: PrivateKey, form: PrivateFormat = PrivateFormat.PKCS8, encoding: Encoding = Encoding.DER) -> bytes:
    return key.private_bytes(encoding, form, BestAvailableEncryption(PASSWORD))


def certificate(
    names: dict[x509.ObjectIdentifier, str] | None = None,
    extensions: Sequence[tuple[x509.ExtensionType, bool]] = (),
    serial: int = 1234567890123,
    key: PrivateKey | None = None,
) -> x509.Certificate:
    """A self-signed certificate."""
    key = key or ec_key(7)
    assert not isinstance(key, x25519.X25519PrivateKey)
    name = x509.Name([x509.NameAttribute(oid, value) for oid, value in (names or {NameOID.COMMON_NAME: "srv"}).items()])
    now = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), serial, now, now + datetime.timedelta(days=365))
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256())


AUTHORITY = {
    NameOID.COUNTRY_NAME: "XX",
    NameOID.ORGANIZATION_NAME: "Example Trust",
    NameOID.COMMON_NAME: "Example Root CA",
}


def authority_extensions(*, sign: bool = True) -> list[tuple[x509.ExtensionType, bool]]:
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=sign,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    return [(x509.BasicConstraints(ca=True, path_length=None), True), (usage, True)]


def certificate_der(subject: x509.Certificate) -> bytes:
    return subject.public_bytes(Encoding.DER)


def certificate_pem(subject: x509.Certificate) -> bytes:
    return subject.public_bytes(Encoding.PEM)


def store(key: PrivateKey | None = None, encryption: KeySerializationEncryption | None = None) -> bytes:
    """A PFX with a key and its certificate."""
    key = key or rsa_key()
    assert not isinstance(key, x25519.X25519PrivateKey)
    return pkcs12.serialize_key_and_certificates(
        b"srv", key, certificate(key=key), None, encryption or BestAvailableEncryption(PASSWORD)
    )
