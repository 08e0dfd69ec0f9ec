"""The DER structures of each family of keys, private and public, and the text and containers made of them."""

from __future__ import annotations

import datetime
from random import Random

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    pkcs12,
)

from corpus.keymaterial import der
from corpus.keymaterial.der import number, oid, sequence, tlv
from corpus.keymaterial.item import Item, as_base64, join, located, pem, private, public, wide
from corpus.keymaterial.keys import Key

_CURVE_OIDS = {
    "p256": "1.2.840.10045.3.1.7",
    "p384": "1.3.132.0.34",
    "p521": "1.3.132.0.35",
    "secp256k1": "1.3.132.0.10",
}
_EDWARDS_OIDS = {"x25519": "1.3.101.110", "ed25519": "1.3.101.112", "ed448": "1.3.101.113"}
_LABELS = {"rsa": "RSA PRIVATE KEY", "multiprime": "RSA PRIVATE KEY", "ec": "EC PRIVATE KEY", "dsa": "DSA PRIVATE KEY"}
_PASSWORD = b"of no use here"
_BEGIN = datetime.datetime(2025, 1, 1, tzinfo=datetime.UTC)
Items = tuple[Item, ...]


def point(key: Key) -> bytes:
    """An uncompressed point of a curve of Weierstrass form, or the public bytes of one of Edwards form."""
    if key.family == "edwards":
        return der.magnitude(key.public["point"], key.size)
    return b"\4" + b"".join(der.magnitude(key.public[name], key.size) for name in ("x", "y"))


def traditional(key: Key) -> Item:
    """PKCS#1, SEC 1, or the structure of OpenSSL for DSA."""
    if key.family in {"rsa", "multiprime"}:
        return _pkcs1(key)
    if key.family == "ec":
        return _sec1(key, tlv(0xA0, oid(_CURVE_OIDS[key.kind])))
    numbers = [number(key.public[name], name) for name in ("p", "q", "g", "y")]
    return sequence(number(0), *numbers, number(key.private["x"], "x", hidden=True))


def _pkcs1(key: Key) -> Item:
    hidden = [number(key.private[name], name, hidden=True) for name in ("d", "p", "q", "dp", "dq", "qinv")]
    more: tuple[Item, ...] = ()
    if key.family == "multiprime":
        third = (number(key.private[name], name, hidden=True) for name in ("r", "dr", "rinv"))
        more = (sequence(sequence(*third)),)
    return sequence(number(len(more)), number(key.public["n"], "n"), number(key.public["e"]), *hidden, *more)


def _sec1(key: Key, parameters: Item | bytes) -> Item:
    scalar = tlv(der.OCTETS, private("d", key.hidden("d", key.size)))
    return sequence(number(1), scalar, parameters, tlv(0xA1, tlv(0x03, b"\0", public("point", point(key)))))


def _algorithm(key: Key) -> Item:
    if key.family in {"rsa", "multiprime"}:
        return sequence(oid("1.2.840.113549.1.1.1"), bytes((der.NULL, 0)))
    if key.family == "ec":
        return sequence(oid("1.2.840.10045.2.1"), oid(_CURVE_OIDS[key.kind]))
    if key.family == "edwards":
        return sequence(oid(_EDWARDS_OIDS[key.kind]))
    if key.family == "dsa":
        return sequence(oid("1.2.840.10040.4.1"), sequence(*(number(key.public[name], name) for name in "pqg")))
    return sequence(oid("1.2.840.113549.1.3.1"), sequence(*(number(key.public[name], name) for name in "pg")))


def pkcs8(key: Key) -> Item:
    """PrivateKeyInfo."""
    if key.family in {"rsa", "multiprime"}:
        inner = _pkcs1(key)
    elif key.family == "ec":
        inner = _sec1(key, b"")
    elif key.family == "edwards":
        inner = tlv(der.OCTETS, private("key", key.raw))
    else:
        inner = number(key.private["x"], "x", hidden=True)
    return der.pkcs8(_algorithm(key), inner)


def spki(key: Key) -> Item:
    """SubjectPublicKeyInfo."""
    if key.family in {"rsa", "multiprime"}:
        body = sequence(number(key.public["n"], "n"), number(key.public["e"]))
    elif key.family in {"ec", "edwards"}:
        body = public("point", point(key))
    else:
        body = number(key.public["y"], "y")
    return sequence(_algorithm(key), tlv(0x03, b"\0", body))


def certificate(key: Key) -> bytes:
    """A certificate of the key, signed by itself."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "app.corp.local")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.object.public_key())
    builder = builder.serial_number(0x1234_5678_9ABC).not_valid_before(_BEGIN)
    builder = builder.not_valid_after(_BEGIN + datetime.timedelta(days=900))
    digest = None if key.family == "edwards" else hashes.SHA256()
    return builder.sign(key.object, digest).public_bytes(Encoding.DER)


def traditional_der(key: Key, _: Random) -> Items:
    return (traditional(key),)


def pkcs8_der(key: Key, _: Random) -> Items:
    return (pkcs8(key),)


def pkcs8_base64(key: Key, _: Random) -> Items:
    return (as_base64(pkcs8(key)),)


def pkcs8_base64_wide(key: Key, _: Random) -> Items:
    return (wide(as_base64(pkcs8(key))),)


def traditional_pem(key: Key, _: Random) -> Items:
    return (pem(_LABELS[key.family], traditional(key)),)


def pkcs8_pem(key: Key, _: Random) -> Items:
    return (pem("PRIVATE KEY", pkcs8(key)),)


def pkcs8_pem_wide(key: Key, _: Random) -> Items:
    return (wide(pem("PRIVATE KEY", pkcs8(key), "\r\n")),)


def pkcs8_pem_escaped(key: Key, _: Random) -> Items:
    text = join(b'{"id":7,"key":"', pem("PRIVATE KEY", pkcs8(key), "\\n"), b'"}')
    return (Item(text.data, text.parts, text=1),)


def _encrypted(key: Key) -> Item:
    layout = PrivateFormat.PKCS8
    data: bytes = key.object.private_bytes(Encoding.DER, layout, BestAvailableEncryption(_PASSWORD))
    return located(data, [("ciphertext", der.ciphertext_of(data))], [])


def encrypted_der(key: Key, _: Random) -> Items:
    return (_encrypted(key),)


def encrypted_pem(key: Key, _: Random) -> Items:
    return (pem("ENCRYPTED PRIVATE KEY", _encrypted(key)),)


def store(key: Key, _: Random) -> Items:
    """PKCS#12 with the key alone."""
    encryption = BestAvailableEncryption(_PASSWORD)
    data = pkcs12.serialize_key_and_certificates(b"app", key.object, None, None, encryption)
    return (located(data, [("ciphertext", der.shrouded_key(data))], [("header", data[:7])]),)


def store_base64(key: Key, rng: Random) -> Items:
    return tuple(as_base64(item) for item in store(key, rng))
