"""Key files of SSH clients: OpenSSH's own format (PROTOCOL.key), and PuTTY's versions 2 and 3 (its appendix C)."""

from __future__ import annotations

import hashlib
import hmac
import struct
from random import Random

from corpus.keymaterial import der
from corpus.keymaterial.item import Item, as_base64, join, pem, private, public
from corpus.keymaterial.keys import Key
from corpus.keymaterial.structures import Items, point

_MAGIC = b"openssh-key-v1\0"
_NAMES = {
    "rsa": "ssh-rsa",
    "dsa": "ssh-dss",
    "p256": "ecdsa-sha2-nistp256",
    "p384": "ecdsa-sha2-nistp384",
    "p521": "ecdsa-sha2-nistp521",
    "ed25519": "ssh-ed25519",
}


def known(key: Key) -> bool:
    """True for the types that SSH has a name for."""
    return key.kind in _NAMES or key.family in _NAMES


def _name(key: Key) -> bytes:
    return _NAMES[key.kind if key.kind in _NAMES else key.family].encode()


def _string(data: Item | bytes) -> Item:
    return join(struct.pack(">I", len(data)), data)


def _number(value: int, name: str, *, hidden: bool = False) -> Item:
    data = der.magnitude(value)
    lead = b"\0" if data[0] & 0x80 else b""
    return _string(join(lead, private(name, data) if hidden else public(name, data)))


def _hidden(key: Key, *names: str) -> list[Item]:
    return [_number(key.private[name], name, hidden=True) for name in names]


def _public_fields(key: Key) -> list[Item]:
    if key.family == "rsa":
        return [_number(key.public["e"], "e"), _number(key.public["n"], "n")]
    if key.family == "dsa":
        return [_number(key.public[name], name) for name in ("p", "q", "g", "y")]
    if key.family == "ec":
        return [_string(_name(key)[-8:]), _string(public("point", point(key)))]
    return [_string(public("point", point(key)))]


def _blob(key: Key) -> Item:
    return join(_string(_name(key)), *_public_fields(key))


def _section(key: Key, rng: Random) -> Item:
    """The private section: a check number twice, the key, a comment, padding 1, 2, 3 ..."""
    if key.family == "rsa":
        fields = [_number(key.public["n"], "n"), _number(key.public["e"], "e"), *_hidden(key, "d", "qinv", "p", "q")]
    elif key.family == "edwards":
        both = join(private("key", key.raw), point(key))
        fields = [*_public_fields(key), _string(both)]
    else:
        fields = [*_public_fields(key), *_hidden(key, "d" if key.family == "ec" else "x")]
    check = rng.randbytes(4)
    body = join(check, check, _string(_name(key)), *fields, _string(b"deploy@web01"))
    return join(body, bytes(range(1, 1 + -len(body) % 8)))


def openssh(key: Key, rng: Random) -> Items:
    head = (public("magic", _MAGIC), _string(b"none"), _string(b"none"), _string(b""), struct.pack(">I", 1))
    return (join(*head, _string(_blob(key)), _string(_section(key, rng))),)


def openssh_pem(key: Key, rng: Random) -> Items:
    return tuple(pem("OPENSSH PRIVATE KEY", item) for item in openssh(key, rng))


def openssh_encrypted(key: Key, rng: Random) -> Items:
    """As with a passphrase: what stands for the section is as good as random."""
    size = len(_section(key, rng))
    derivation = _string(rng.randbytes(16)).data + struct.pack(">I", 16)
    head = (public("magic", _MAGIC), _string(b"aes256-ctr"), _string(b"bcrypt"), _string(derivation))
    section = private("ciphertext", rng.randbytes(size + -size % 16))
    return (join(*head, struct.pack(">I", 1), _string(_blob(key)), _string(section)),)


def openssh_encrypted_pem(key: Key, rng: Random) -> Items:
    return tuple(pem("OPENSSH PRIVATE KEY", item) for item in openssh_encrypted(key, rng))


def _putty_private(key: Key) -> Item:
    if key.family == "rsa":
        return join(*_hidden(key, "d", "p", "q", "qinv"))
    if key.family == "edwards":
        return _string(private("key", key.raw[::-1]))
    return join(*_hidden(key, "d" if key.family == "ec" else "x"))


def _putty(key: Key, version: int) -> Item:
    blob, hidden = _blob(key), _putty_private(key)
    name, comment = _name(key), b"deploy@web01"
    signed = b"".join(_string(part).data for part in (name, b"none", comment, blob.data, hidden.data))
    if version == 2:
        mac = hmac.new(hashlib.sha1(b"putty-private-key-file-mac-key").digest(), signed, "sha1").hexdigest()
    else:
        mac = hmac.new(b"", signed, "sha256").hexdigest()
    lines: list[Item | bytes] = [public("header", f"PuTTY-User-Key-File-{version}: ".encode()), name, b"\r\n"]
    lines += [b"Encryption: none\r\nComment: ", comment, b"\r\n"]
    for label, body in ((b"Public", blob), (b"Private", hidden)):
        text = as_base64(Item(body.data, tuple(part for part in body.parts if part.private)), line=64, end="\r\n")
        count = str(-(-len(text) // 66)).encode()
        lines += [label + b"-Lines: " + count + b"\r\n", text, b"\r\n"]
    whole = join(*lines, b"Private-MAC: ", mac.encode(), b"\r\n")
    return Item(whole.data, whole.parts, text=1)


def putty2(key: Key, _: Random) -> Items:
    return (_putty(key, 2),)


def putty3(key: Key, _: Random) -> Items:
    return (_putty(key, 3),)
