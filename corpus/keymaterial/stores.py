"""Java's key stores and secret packets of OpenPGP, laid out from their public descriptions.

JKS and JCEKS: the comments of ``sun.security.provider.JavaKeyStore`` and ``com.sun.crypto.provider.JceKeyStore``; BKS:
``BcKeyStoreSpi``; OpenPGP: RFC 4880, section 5.5.3, and RFC 9580 for EdDSA's legacy form.
"""

from __future__ import annotations

import hashlib
import struct
from random import Random

from corpus.keymaterial import der
from corpus.keymaterial.item import Item, join, private, public
from corpus.keymaterial.keys import Key
from corpus.keymaterial.structures import Items, pkcs8, point, traditional

_CREATED = 1_760_000_000
_SUN_PROTECTION = "1.3.6.1.4.1.42.2.17.1.1"
_JCE_PROTECTION = "1.3.6.1.4.1.42.2.19.1"
_PASSWORD = "changeit".encode("utf-16-be")
_SALT = 20
_JAVA_NAMES = {"rsa": "RSA", "multiprime": "RSA", "ec": "EC", "edwards": "EdDSA", "dsa": "DSA", "dh": "DH"}


def _utf(text: str) -> bytes:
    return struct.pack(">H", len(text)) + text.encode()


def _java_store(magic: bytes, entry: Item) -> Item:
    """Version 2, one private key without certificates, and a digest of it all."""
    head = struct.pack(">IIi", 2, 1, 1) + _utf("server") + struct.pack(">Q", _CREATED * 1000)
    body = join(public("magic", magic), head, struct.pack(">I", len(entry)), entry, struct.pack(">I", 0))
    return join(body, hashlib.sha1(_PASSWORD + b"Mighty Aphrodite" + body.data).digest())


def jks(key: Key, rng: Random) -> Items:
    """The key under Sun's proprietary protection: salt, the key XOR a chain of SHA-1, and a digest."""
    plain, salt = pkcs8(key).data, rng.randbytes(_SALT)
    stream, block = b"", salt
    while len(stream) < len(plain):
        block = hashlib.sha1(_PASSWORD + block).digest()
        stream += block
    hidden = bytes(a ^ b for a, b in zip(plain, stream, strict=False))
    protected = salt + hidden + hashlib.sha1(_PASSWORD + plain).digest()
    algorithm = der.sequence(der.oid(_SUN_PROTECTION), bytes((der.NULL, 0)))
    return (_java_store(b"\xfe\xed\xfe\xed", der.encrypted(algorithm, protected)),)


def jceks(key: Key, rng: Random) -> Items:
    """The key under PBEWithMD5AndTripleDES."""
    size = len(pkcs8(key))
    parameters = der.sequence(der.tlv(der.OCTETS, rng.randbytes(8)), der.number(200_000))
    algorithm = der.sequence(der.oid(_JCE_PROTECTION), parameters)
    entry = der.encrypted(algorithm, rng.randbytes(size + 8 - size % 8))
    return (_java_store(b"\xce\xce\xce\xce", entry),)


def bks(key: Key, rng: Random) -> Items:
    """Bouncy Castle's store with the key as plain as its entries of type KEY hold it."""
    return (_bks(2, join(b"\0", _utf("PKCS#8"), _utf(_JAVA_NAMES[key.family]), _sized(pkcs8(key))), rng),)


def bks_sealed(key: Key, rng: Random) -> Items:
    """The same with an entry of type SEALED: salt, iterations, ciphertext."""
    size = len(pkcs8(key)) + 40
    sealed = join(_sized(rng.randbytes(20)), struct.pack(">I", 1500), private("ciphertext", rng.randbytes(size)))
    return (_bks(4, sealed, rng),)


def _bks(kind: int, entry: Item, rng: Random) -> Item:
    head = join(public("version", struct.pack(">I", 2)), _sized(rng.randbytes(20)), struct.pack(">I", 1500))
    alias = struct.pack(">B", kind) + _utf("server") + struct.pack(">QI", _CREATED * 1000, 0)
    body = _sized(entry) if kind == 4 else entry
    return join(head, alias, body, b"\0", rng.randbytes(20))


def _sized(data: Item | bytes) -> Item:
    return join(struct.pack(">I", len(data)), data)


def _mpi(value: int, name: str, *, hidden: bool = False) -> Item:
    data = der.magnitude(value)
    return join(struct.pack(">H", value.bit_length()), private(name, data) if hidden else public(name, data))


def pgp(key: Key, _: Random) -> Items:
    """A secret-key packet of version 4 without protection; the checksum stands behind the numbers."""
    if key.family == "rsa":
        algorithm, shown = 1, [_mpi(key.public["n"], "n"), _mpi(key.public["e"], "e")]
        # OpenPGP's p is the smaller prime, so that its u is PKCS#1's coefficient.
        hidden = [_mpi(key.private[name], name, hidden=True) for name in ("d", "q", "p", "qinv")]
    elif key.family == "dsa":
        algorithm, shown = 17, [_mpi(key.public[name], name) for name in ("p", "q", "g", "y")]
        hidden = [_mpi(key.private["x"], "x", hidden=True)]
    elif key.family == "ec":
        algorithm, curve = 19, _curve(key)
        shown = [Item(curve), _mpi(int.from_bytes(point(key), "big"), "point")]
        hidden = [_mpi(key.private["d"], "d", hidden=True)]
    else:
        algorithm, curve = 22, bytes.fromhex("092b06010401da470f01")
        shown = [Item(curve), _mpi(int.from_bytes(b"\x40" + point(key), "big"), "point")]
        hidden = [_mpi(key.private["key"], "key", hidden=True)]
    secret = join(*hidden)
    head = struct.pack(">BIB", 4, _CREATED, algorithm)
    body = join(head, *shown, b"\0", secret, struct.pack(">H", sum(secret.data) & 0xFFFF))
    return (join(public("packet", b"\x95" + struct.pack(">H", len(body))), body),)


def _curve(key: Key) -> bytes:
    """The curve's OID behind its length, as SEC 1 parameters hold it."""
    data = traditional(key).data
    start = data.index(b"\x06", data.index(b"\xa0", key.size))
    return data[start + 1 : start + 2 + data[start + 1]]
