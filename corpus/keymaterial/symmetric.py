"""Symmetric keys as ciphers keep them (FIPS 197, RFC 8439), and messages that hold Kerberos and NTLM secrets."""

from __future__ import annotations

import struct
from random import Random

from corpus.keymaterial import der
from corpus.keymaterial.item import Item, join, private, public
from corpus.keymaterial.keys import Key
from corpus.keymaterial.structures import Items


def _double(value: int) -> int:
    """Multiply by x in AES' field."""
    return value << 1 ^ (0x11B if value & 0x80 else 0)


def _multiply(a: int, b: int) -> int:
    product = 0
    while b:
        product ^= a if b & 1 else 0
        a, b = _double(a), b >> 1
    return product


def _sbox() -> bytes:
    """Inverse in the field, then an affine map."""
    table = bytearray(256)
    for value in range(256):
        inverse = next((other for other in range(256) if _multiply(value, other) == 1), 0)
        bits = inverse | inverse << 8
        table[value] = 0x63 ^ (bits ^ bits >> 4 ^ bits >> 5 ^ bits >> 6 ^ bits >> 7) & 0xFF
    return bytes(table)


_SBOX = _sbox()


def expand(key: bytes) -> bytes:
    """The round keys of an AES key, 16 bytes a round, which begin with the key."""
    words, constant = [key[at : at + 4] for at in range(0, len(key), 4)], 1
    each = len(words)
    for index in range(each, 4 * (each + 7)):
        word = words[-1]
        if index % each == 0:
            word = bytes(_SBOX[byte] for byte in word[1:] + word[:1])
            word = bytes((word[0] ^ constant,)) + word[1:]
            constant = _double(constant)
        elif each > 6 and index % each == 4:
            word = bytes(_SBOX[byte] for byte in word)
        words.append(bytes(a ^ b for a, b in zip(word, words[-each], strict=True)))
    return b"".join(words)


def invert(schedule: bytes) -> bytes:
    """The round keys of the equivalent inverse cipher: last round first, the inner ones through InvMixColumns."""
    rounds = [schedule[at : at + 16] for at in range(0, len(schedule), 16)][::-1]
    inner = (b"".join(_unmix(key[at : at + 4]) for at in range(0, 16, 4)) for key in rounds[1:-1])
    return b"".join((rounds[0], *inner, rounds[-1]))


def _unmix(column: bytes) -> bytes:
    factors = (14, 11, 13, 9)
    rows = range(4)
    values = []
    for row in rows:
        value = 0
        for at in rows:
            value ^= _multiply(column[at], factors[(at - row) % 4])
        values.append(value)
    return bytes(values)


def _swapped(data: bytes) -> bytes:
    """Each 32-bit word with its bytes the other way round, as ciphers in C keep it on little-endian machines."""
    return b"".join(data[at : at + 4][::-1] for at in range(0, len(data), 4))


def _schedule(key: Key, data: bytes, *, backward: bool = False) -> Items:
    """The schedule, then the number of rounds. The key itself is the beginning or, inverted, the end."""
    size = key.size
    if backward:
        # The last of the inverted round keys is the first half of a key of 256 bits, and so on.
        parts = (private("round keys", data[:-16]), private("key", data[-16:]))
    else:
        parts = (private("key", data[:size]), private("round keys", data[size:]))
    return (join(*parts, struct.pack("<I", size // 4 + 6)),)


def schedule(key: Key, _: Random) -> Items:
    return _schedule(key, expand(key.raw))


def schedule_swapped(key: Key, _: Random) -> Items:
    return _schedule(key, _swapped(expand(key.raw)))


def schedule_inverse(key: Key, _: Random) -> Items:
    return _schedule(key, invert(expand(key.raw)), backward=True)


def schedule_inverse_swapped(key: Key, _: Random) -> Items:
    return _schedule(key, _swapped(invert(expand(key.raw))), backward=True)


def _rotated(key: Key) -> bytes:
    """Java's order of the inverse round keys: the last one before all others."""
    inverse = invert(expand(key.raw))
    return inverse[-16:] + inverse[:-16]


def _java_schedule(data: bytes) -> Items:
    # The first round key, or for 128 bits the whole key, stands first; the others follow from it.
    return (join(private("key", data[:16]), private("round keys", data[16:])),)


def schedule_rotated(key: Key, _: Random) -> Items:
    return _java_schedule(_rotated(key))


def schedule_rotated_swapped(key: Key, _: Random) -> Items:
    return _java_schedule(_swapped(_rotated(key)))


def chacha_state(key: Key, rng: Random) -> Items:
    """Sixteen words: constants, key, counter, nonce."""
    constants = public("constants", b"expand 32-byte k")
    return (join(constants, private("key", key.raw), struct.pack("<I", 7), rng.randbytes(12)),)


def kerberos(key: Key, rng: Random) -> Items:
    """KRB-CRED (RFC 4120, section 5.8) with a ticket, and the session key in the clear as exported caches hold it."""
    session, ticket = key.raw[:32], private("ticket", rng.randbytes(len(key.raw) * 8))
    realm = der.tlv(0x1B, b"CORP.EXAMPLE")
    name = der.sequence(
        der.tlv(0xA0, der.number(2)), der.tlv(0xA1, der.sequence(der.tlv(0x1B, b"krbtgt"), der.tlv(0x1B, b"CORP")))
    )
    sealed = _encrypted_data(18, ticket)
    fields = (der.number(5), realm, name, sealed)
    tickets = der.sequence(der.tlv(0x61, der.sequence(*_numbered(fields))))
    info = der.tlv(0xA0, der.sequence(*_numbered((der.number(18), der.tlv(der.OCTETS, private("key", session))))))
    part = der.tlv(0x7D, der.sequence(der.tlv(0xA0, der.sequence(der.sequence(info)))))
    return (
        der.tlv(0x76, der.sequence(*_numbered((der.number(5), der.number(22), tickets, _encrypted_data(0, part))))),
    )


def _encrypted_data(kind: int, data: Item) -> Item:
    return der.sequence(der.tlv(0xA0, der.number(kind)), der.tlv(0xA2, der.tlv(der.OCTETS, data)))


def _numbered(values: tuple[Item, ...]) -> list[Item]:
    return [der.tlv(0xA0 + number, value) for number, value in enumerate(values)]


def ntlm(key: Key, rng: Random) -> Items:
    """An AUTHENTICATE_MESSAGE (MS-NLMP, section 2.2.1.3) with an NTLMv2 response and an encrypted session key."""
    response = key.raw[:16] + b"\1\1" + bytes(6) + rng.randbytes(16) + bytes(4) + key.raw[16:64] + bytes(4)
    fields: tuple[tuple[str, bytes], ...] = (
        ("", bytes(24)),
        ("response", response),
        ("", "CORP".encode("utf-16-le")),
        ("", "svc".encode("utf-16-le")),
        ("", "WEB01".encode("utf-16-le")),
        ("session key", rng.randbytes(16)),
    )
    table, payload, at = b"", list[Item | bytes](), 8 + 4 + 8 * len(fields) + 4 + 8 + 16
    for name, data in fields:
        table += struct.pack("<HHI", len(data), len(data), at)
        payload.append(private(name, data) if name else data)
        at += len(data)
    head = public("header", b"NTLMSSP\0" + struct.pack("<I", 3))
    return (join(head, table, struct.pack("<I", 0xE288_8215), rng.randbytes(24), *payload),)
