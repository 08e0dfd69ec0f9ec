"""DER, written so that each component keeps its name: ITU-T X.690, and the keys of RFC 8017, 5958, 5915 and 8410."""

from __future__ import annotations

from dataclasses import replace

from corpus.keymaterial.item import Item, join, private, public

INTEGER, OCTETS, NULL, OBJECT, SEQUENCE = 0x02, 0x04, 0x05, 0x06, 0x30


def tlv(tag: int, *contents: Item | bytes) -> Item:
    """One value: tag, length in the shortest form, contents."""
    body = join(*contents)
    size = len(body)
    if size < 0x80:
        return join(bytes((tag, size)), body)
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return join(bytes((tag, 0x80 | len(length))), length, body)


def sequence(*contents: Item | bytes) -> Item:
    """A SEQUENCE."""
    return tlv(SEQUENCE, *contents)


def number(value: int, name: str = "", *, hidden: bool = False) -> Item:
    """An INTEGER; with a name, its bytes without a leading zero are a part."""
    data = magnitude(value)
    lead = b"\0" if data[0] & 0x80 else b""
    body: Item | bytes = data
    if name:
        body = private(name, data) if hidden else public(name, data)
    return tlv(INTEGER, lead, body)


def magnitude(value: int, size: int = 0) -> bytes:
    """The number, big-endian, in ``size`` bytes or as few as it takes (at least one)."""
    return value.to_bytes(size or max(1, (value.bit_length() + 7) // 8), "big")


def oid(dotted: str) -> bytes:
    """An OBJECT IDENTIFIER."""
    first, second, *rest = map(int, dotted.split("."))
    body = b"".join(map(_base128, (40 * first + second, *rest)))
    return bytes((OBJECT, len(body))) + body


def _base128(value: int) -> bytes:
    digits = [value & 0x7F]
    while value := value >> 7:
        digits.append(0x80 | value & 0x7F)
    return bytes(reversed(digits))


def pkcs8(algorithm: Item, key: Item) -> Item:
    """PrivateKeyInfo of version 0: algorithm, and the key in its own form in an OCTET STRING."""
    return sequence(number(0), algorithm, tlv(OCTETS, key))


def encrypted(algorithm: Item | bytes, ciphertext: bytes) -> Item:
    """EncryptedPrivateKeyInfo: the ciphertext must go, how it was made stands."""
    return sequence(algorithm, tlv(OCTETS, private("ciphertext", ciphertext)))


def ciphertext_of(data: bytes) -> bytes:
    """The ciphertext of an EncryptedPrivateKeyInfo: the second of the outer SEQUENCE's two values."""
    start, _ = _content(data, 0)
    _, behind_algorithm = _content(data, start)
    low, high = _content(data, behind_algorithm)
    return data[low:high]


def shrouded_key(data: bytes) -> bytes:
    """The ciphertext of the first shrouded key bag in a PKCS#12 store (RFC 7292, section 4.2.2)."""
    bag = oid("1.2.840.113549.1.12.10.1.2")
    start, _ = _content(data, data.index(bag) + len(bag))
    _, end = _content(data, start)
    return ciphertext_of(data[start:end])


def _content(data: bytes, at: int) -> tuple[int, int]:
    """Where the content of the value at ``at`` begins and ends."""
    first = data[at + 1]
    if first < 0x80:
        return at + 2, at + 2 + first
    count = first & 0x7F
    start = at + 2 + count
    return start, start + int.from_bytes(data[at + 2 : start], "big")


def unnamed(item: Item) -> Item:
    """The item without its public parts."""
    return replace(item, parts=tuple(part for part in item.parts if part.private))
