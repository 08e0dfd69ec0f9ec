"""Private keys, certificates and PFX files, made afresh: the only part of a corpus that no seed decides."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

from corpus.manifest import Secret

_VALID = datetime.timedelta(days=365)


@dataclass(frozen=True, slots=True)
class KeySet:
    """Secrets with the structure of real keys. ``whole`` pairs each with its PEM label ("" for PFX)."""

    whole: tuple[tuple[Secret, str], ...]
    numbers: tuple[Secret, ...]

    def __iter__(self) -> Iterator[Secret]:
        yield from (secret for secret, _ in self.whole)
        yield from self.numbers


def make_keys() -> KeySet:
    """Two RSA keys, an EC key, a certificate and a PFX file. Takes a few tenths of a second."""
    first, second = (rsa.generate_private_key(65537, 2048) for _ in range(2))
    curve = ec.generate_private_key(ec.SECP256R1())
    certificate = _certificate(second)
    encrypted = second.private_bytes(Encoding.DER, PrivateFormat.PKCS8, BestAvailableEncryption(b"unused here"))
    pfx = pkcs12.serialize_key_and_certificates(b"app", second, certificate, None, BestAvailableEncryption(b"unused"))
    whole = (
        (_der("pkcs1_der", "rsa", first, PrivateFormat.TraditionalOpenSSL), "RSA PRIVATE KEY"),
        (_der("pkcs8_der", "rsa", second, PrivateFormat.PKCS8), "PRIVATE KEY"),
        (_der("ec_der", "p256", curve, PrivateFormat.TraditionalOpenSSL), "EC PRIVATE KEY"),
        (_der("pkcs8_der", "p256", curve, PrivateFormat.PKCS8), "PRIVATE KEY"),
        (_secret("pkcs8_der", "encrypted", encrypted), "ENCRYPTED PRIVATE KEY"),
        (_secret("x509_der", "server", certificate.public_bytes(Encoding.DER)), "CERTIFICATE"),
        (_secret("pfx", "server", pfx), ""),
    )
    return KeySet(whole, (*_numbers("pkcs1", first), *_numbers("pkcs8", second)))


def _secret(category: str, name: str, value: bytes) -> Secret:
    return Secret(category, name, False, value, True)


def _der(
    category: str, name: str, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, layout: PrivateFormat
) -> Secret:
    return _secret(category, name, key.private_bytes(Encoding.DER, layout, NoEncryption()))


def _numbers(name: str, key: rsa.RSAPrivateKey) -> list[Secret]:
    """The private exponent and the primes, big-endian."""
    numbers = key.private_numbers()
    values = {"d": (numbers.d, 256), "p": (numbers.p, 128), "q": (numbers.q, 128)}
    return [_secret("rsa_private", f"{name}.{part}", n.to_bytes(size, "big")) for part, (n, size) in values.items()]


def _certificate(key: rsa.RSAPrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "app.corp.local")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now).not_valid_after(now + _VALID)
    return builder.sign(key, hashes.SHA256())
