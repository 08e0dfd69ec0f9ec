from __future__ import annotations

import pytest
from der_material import detector, find, find_all, mask, noise

from dumpscrub.model import Confidence

NAME = "kerberos-secret"


def tlv(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def integer(number: int) -> bytes:
    return tlv(2, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def encrypted(kind: int, cipher: bytes, version: int | None = None) -> bytes:
    """EncryptedData."""
    version_field = b"" if version is None else tlv(0xA1, integer(version))
    return tlv(0x30, tlv(0xA0, integer(kind)) + version_field + tlv(0xA2, tlv(4, cipher)))


def key(kind: int, content: bytes) -> bytes:
    """EncryptionKey."""
    return tlv(0x30, tlv(0xA0, integer(kind)) + tlv(0xA1, tlv(4, content)))


def ticket(cipher: bytes, kind: int = 18) -> bytes:
    """Ticket for a service of EXAMPLE.COM."""
    names = tlv(0x30, tlv(0x1B, b"HTTP") + tlv(0x1B, b"web01.example.com"))
    server = tlv(0x30, tlv(0xA0, integer(1)) + tlv(0xA1, names))
    fields = tlv(0xA0, integer(5)) + tlv(0xA1, tlv(0x1B, b"EXAMPLE.COM")) + tlv(0xA2, server)
    return tlv(0x61, tlv(0x30, fields + tlv(0xA3, encrypted(kind, cipher, 2))))


@pytest.mark.parametrize("kind", [17, 18, 23])
@pytest.mark.parametrize("size", [40, 200, 1100])
def test_of_a_ticket_the_cipher_is_marked(kind: int, size: int) -> None:
    cipher = noise(1, size)
    found = find(NAME, noise(2, 99) + ticket(cipher, kind) + noise(3, 99))
    assert found.marked == (cipher,)
    assert found.match.confidence is Confidence.HIGH


def test_a_request_holds_a_ticket_and_an_authenticator() -> None:
    cipher, authenticator = noise(1, 900), noise(4, 200)
    fields = tlv(0xA0, integer(5)) + tlv(0xA1, integer(14)) + tlv(0xA2, tlv(3, bytes(5)))
    request = tlv(0x6E, tlv(0x30, fields + tlv(0xA3, ticket(cipher)) + tlv(0xA4, encrypted(18, authenticator))))
    marked = sorted(each.marked for each in find_all(detector(NAME), request))
    assert marked == sorted([(cipher,), (authenticator,)])


@pytest.mark.parametrize(("kind", "size"), [(18, 32), (17, 16), (23, 16), (16, 24), (3, 8)])
def test_a_session_key_has_the_size_of_its_type(kind: int, size: int) -> None:
    content = noise(5, size)
    found = find(NAME, noise(2, 60) + key(kind, content) + noise(3, 60))
    assert found.marked == (content,)
    assert [value.data for value in found.match.values] == [content.lstrip(b"\0")]
    assert find_all(detector(NAME), key(kind, noise(5, size + 1))) == []


def test_cut_tickets_and_redacted_ones() -> None:
    data = ticket(noise(1, 300))
    secret = data.index(noise(1, 300))
    for length in range(secret + 2, len(data), 13):
        found = find(NAME, data[:length])
        assert (found.marked, found.match.confidence) == ((data[secret:length],), Confidence.MEDIUM)
        assert find_all(detector(NAME), mask(data[:length], [found])) == []


@pytest.mark.parametrize("before", [b"\x30\x05", b"\x31\x3c", b"\x30\x80", b""])
def test_the_type_alone_is_none(before: bytes) -> None:
    inner = encrypted(18, noise(1, 40), 2)[2:]
    assert find_all(detector(NAME), before + inner + noise(2, 50)) == []
