"""Key blobs of Windows: CryptoAPI's (wincrypt.h), CNG's (bcrypt.h), and a DPAPI blob."""

from __future__ import annotations

import struct
from random import Random

from corpus.keymaterial.der import magnitude
from corpus.keymaterial.item import Item, join, private, public
from corpus.keymaterial.keys import Key
from corpus.keymaterial.structures import Items

_ECDSA = {"p256": b"ECS2", "p384": b"ECS4", "p521": b"ECS6"}
_ECDH = {"p256": b"ECK2", "p384": b"ECK4", "p521": b"ECK6"}
_AES = {16: 0x660E, 24: 0x660F, 32: 0x6610}
_HMAC = 0x8009
_Q = 20


def capi(key: Key, _: Random) -> Items:
    """PRIVATEKEYBLOB of RSA or DSS; all numbers are little-endian."""
    if key.family == "dsa":
        return (_capi_dss(key),)
    half = key.size // 2
    sizes = {"p": half, "q": half, "dp": half, "dq": half, "qinv": half, "d": key.size}
    head = struct.pack("<BBHI4sII", 7, 2, 0, 0xA400, b"RSA2", 8 * key.size, key.public["e"])
    hidden = (private(name, key.hidden(name, size)[::-1]) for name, size in sizes.items())
    return (join(public("header", head), public("n", magnitude(key.public["n"], key.size)[::-1]), *hidden),)


def _capi_dss(key: Key) -> Item:
    head = struct.pack("<BBHI4sI", 7, 2, 0, 0x2200, b"DSS2", 8 * key.size)
    shown = [public(name, magnitude(key.public[name], key.size if name != "q" else _Q)[::-1]) for name in "pqg"]
    return join(public("header", head), *shown, private("x", key.hidden("x", _Q)[::-1]), b"\xff" * 4, bytes(_Q))


def capi_plain(key: Key, _: Random) -> Items:
    """PLAINTEXTKEYBLOB."""
    algorithm = _AES[key.size] if key.family == "aes" else _HMAC
    head = struct.pack("<BBHII", 8, 2, 0, algorithm, key.size)
    return (join(public("header", head), private("key", key.raw)),)


def cng_rsa2(key: Key, _: Random) -> Items:
    """BCRYPT_RSAPRIVATE_BLOB: exponent, modulus, both primes."""
    return (_cng_rsa(b"RSA2", key, ("p", "q")),)


def cng_rsa3(key: Key, _: Random) -> Items:
    """BCRYPT_RSAFULLPRIVATE_BLOB: all eight numbers."""
    return (_cng_rsa(b"RSA3", key, ("p", "q", "dp", "dq", "qinv", "d")),)


def _cng_rsa(magic: bytes, key: Key, names: tuple[str, ...]) -> Item:
    half = key.size // 2
    exponent = magnitude(key.public["e"])
    head = magic + struct.pack("<IIIII", 8 * key.size, len(exponent), key.size, half, half)
    hidden = (private(name, key.hidden(name, key.size if name == "d" else half)) for name in names)
    return join(public("header", head), exponent, public("n", magnitude(key.public["n"], key.size)), *hidden)


def cng_ecdsa(key: Key, _: Random) -> Items:
    return (_cng_ec(_ECDSA[key.kind], key),)


def cng_ecdh(key: Key, _: Random) -> Items:
    return (_cng_ec(_ECDH[key.kind], key),)


def _cng_ec(magic: bytes, key: Key) -> Item:
    shown = (public(name, magnitude(key.public[name], key.size)) for name in ("x", "y"))
    head = public("header", magic + struct.pack("<I", key.size))
    return join(head, *shown, private("d", key.hidden("d", key.size)))


def cng_dsa(key: Key, rng: Random) -> Items:
    """BCRYPT_DSA_KEY_BLOB of the first version: count, seed and q in the header, then p, g, y, x."""
    q = public("q", magnitude(key.public["q"], _Q))
    head = public("header", b"DSPV" + struct.pack("<I", key.size))
    shown = (public(name, magnitude(key.public[name], key.size)) for name in ("p", "g", "y"))
    return (join(head, struct.pack(">I", 77), rng.randbytes(_Q), q, *shown, private("x", key.hidden("x", _Q))),)


def cng_dh(key: Key, _: Random) -> Items:
    """BCRYPT_DH_KEY_BLOB: p, g, y, x, each as long as p."""
    shown = (public(name, magnitude(key.public[name], key.size)) for name in ("p", "g", "y"))
    secret = key.hidden("x")
    head = public("header", b"DHPV" + struct.pack("<I", key.size))
    return (join(head, *shown, bytes(key.size - len(secret)), private("x", secret)),)


def kdbm(key: Key, _: Random) -> Items:
    """BCRYPT_KEY_DATA_BLOB_HEADER and the key."""
    return (join(public("header", b"KDBM" + struct.pack("<II", 1, key.size)), private("key", key.raw)),)


def dpapi(key: Key, rng: Random) -> Items:
    """What CryptProtectData returns: provider, master key, description, salt, data, signature."""
    provider = bytes.fromhex("d08c9ddf0115d1118c7a00c04fc297eb")
    description = "Web Password\0".encode("utf-16-le")
    head = struct.pack("<I", 1) + provider + struct.pack("<I", 1)
    named = struct.pack("<II", 0, len(description)) + description
    salt = struct.pack("<III", 0x6610, 256, 32) + rng.randbytes(32) + struct.pack("<I", 0)
    digest = struct.pack("<III", 0x800E, 512, 32) + rng.randbytes(32)
    hidden = private("ciphertext", key.raw)
    sign = private("signature", rng.randbytes(64))
    before = join(public("header", head), rng.randbytes(16), named, salt, digest)
    return (join(before, struct.pack("<I", len(key.raw)), hidden, struct.pack("<I", 64), sign),)
