"""Numbers as runtimes and libraries keep them, and as XML and JSON write them: each component for itself."""

from __future__ import annotations

import base64
import struct
from dataclasses import replace
from random import Random

from corpus.keymaterial.der import magnitude
from corpus.keymaterial.item import Item, join, private, public
from corpus.keymaterial.keys import Key
from corpus.keymaterial.structures import Items

_METHOD_TABLE = 0x7FFA_1C2A_4400
_HALVES = ("p", "q", "dp", "dq", "qinv")
_XML = {"p": "P", "q": "Q", "dp": "DP", "dq": "DQ", "qinv": "InverseQ", "d": "D"}
_JWK = {"d": "d", "p": "p", "q": "q", "dp": "dp", "dq": "dq", "qinv": "qi"}
_CURVES = {"p256": "P-256", "p384": "P-384", "p521": "P-521", "secp256k1": "secp256k1"}
_EDWARDS = {"ed25519": "Ed25519", "x25519": "X25519", "ed448": "Ed448"}


def _size(key: Key, name: str) -> int:
    """Bytes in which runtimes write the component of that name."""
    if key.family == "rsa":
        return key.size // 2 if name in _HALVES else key.size
    return key.size if key.family in {"ec", "edwards"} else 0


def net_arrays(key: Key, _: Random) -> Items:
    """.NET's RSAParameters, ECParameters and DSAParameters: an array of bytes for each number."""
    shown = (_net_array(public(name, magnitude(value))) for name, value in key.public.items())
    hidden = (_net_array(private(name, key.hidden(name, _size(key, name)))) for name in key.private)
    return (*shown, *hidden)


def _net_array(data: Item, count: int = 0) -> Item:
    """Method table, length with padding, elements."""
    item = join(struct.pack("<QQ", _METHOD_TABLE, count or len(data)), data)
    return replace(item, headed=True)


def limbs64(key: Key, _: Random) -> Items:
    """OpenSSL's BIGNUM on 64 bits: little-endian words of eight bytes, an allocation each."""
    return _little(key, 8)


def limbs32(key: Key, _: Random) -> Items:
    """The same on 32 bits."""
    return _little(key, 4)


def _little(key: Key, word: int) -> Items:
    return tuple(private(name, _words(value, word)) for name, value in key.private.items())


def _words(value: int, word: int) -> bytes:
    size = -(-value.bit_length() // (8 * word)) * word
    return value.to_bytes(size, "little")


def net_integers(key: Key, _: Random) -> Items:
    """.NET's BigInteger: an array of 32-bit words, the least significant first."""
    arrays = ((name, _words(value, 4)) for name, value in key.private.items())
    return tuple(_net_array(private(name, data), len(data) // 4) for name, data in arrays)


def java_integers(key: Key, _: Random) -> Items:
    """Java's BigInteger: an array of 32-bit words, the most significant first, each in the machine's order."""
    return tuple(_java_array(name, value) for name, value in key.private.items())


def _java_array(name: str, value: int) -> Item:
    data = _words(value, 4)
    words = b"".join(data[at : at + 4] for at in range(len(data) - 4, -1, -4))
    head = struct.pack("<QII", 1, 0x0000_0C30, len(words) // 4)
    return replace(join(head, private(name, words)), headed=True)


def python_integers(key: Key, _: Random) -> Items:
    """CPython's int: reference count, type, count of digits, digits of 30 bits."""
    return tuple(_python_integer(name, value) for name, value in key.private.items())


def _python_integer(name: str, value: int) -> Item:
    digits = [value >> at & (1 << 30) - 1 for at in range(0, value.bit_length(), 30)]
    head = struct.pack("<QQQ", 1, 0x7F3C_5E9B_1A40, len(digits))
    return replace(join(head, private(name, struct.pack(f"<{len(digits)}I", *digits))), headed=True)


def xml(key: Key, _: Random) -> Items:
    """RSAKeyValue as .NET's ToXmlString(true) writes it."""
    modulus = _element("Modulus", magnitude(key.public["n"], key.size), "")
    exponent = _element("Exponent", magnitude(key.public["e"]), "")
    hidden = (_element(tag, key.hidden(name, _size(key, name)), name) for name, tag in _XML.items())
    return (_text(join(b"<RSAKeyValue>", modulus, exponent, *hidden, b"</RSAKeyValue>")),)


def _element(tag: str, data: bytes, hidden: str) -> Item:
    text = base64.b64encode(data)
    body = private(hidden, text) if hidden else public(tag, text)
    return join(f"<{tag}>".encode(), body, f"</{tag}>".encode())


def jwk(key: Key, _: Random) -> Items:
    """A JSON Web Key (RFC 7517, 7518 and 8037)."""
    if key.family in {"aes", "chacha", "hmac"}:
        return (_json({"kty": "oct"}, {}, {"k": ("key", key.raw)}),)
    if key.family == "rsa":
        shown = {"n": magnitude(key.public["n"]), "e": magnitude(key.public["e"])}
        hidden = {label: (name, key.hidden(name, _size(key, name))) for name, label in _JWK.items()}
        return (_json({"kty": "RSA", "kid": "signing-1"}, shown, hidden),)
    if key.family == "edwards":
        names = {"kty": "OKP", "crv": _EDWARDS[key.kind]}
        return (_json(names, {"x": magnitude(key.public["point"], key.size)}, {"d": ("key", key.raw)}),)
    shown = {name: magnitude(key.public[name], key.size) for name in ("x", "y")}
    hidden = {"d": ("d", key.hidden("d", key.size))}
    return (_json({"kty": "EC", "crv": _CURVES[key.kind]}, shown, hidden),)


def _json(names: dict[str, str], shown: dict[str, bytes], hidden: dict[str, tuple[str, bytes]]) -> Item:
    fields = [_field(label, text.encode()) for label, text in names.items()]
    fields += [_field(label, public(label, _url(data))) for label, data in shown.items()]
    fields += [_field(label, private(name, _url(data))) for label, (name, data) in hidden.items()]
    commas = [part for field in fields for part in (b",", field)][1:]
    return _text(join(b"{", *commas, b"}"))


def _field(label: str, value: Item | bytes) -> Item:
    return join(f'"{label}":"'.encode(), value, b'"')


def _url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _text(item: Item) -> Item:
    return Item(item.data, item.parts, text=1)


def raw(key: Key, _: Random) -> Items:
    """The components' bytes, big-endian, with nothing around them: what a structure elsewhere must prove."""
    sizes = {name: key.size if name == "key" else _size(key, name) for name in key.private}
    return tuple(private(name, key.hidden(name, size)) for name, size in sizes.items())
