from __future__ import annotations

import struct
from random import Random

import pytest
from der_material import detector, find_all, mask

from dumpscrub.detectors import logins, tds
from dumpscrub.model import Confidence

NAME = "login-message"
USER, SECRET = b"svc_deploy", b"7Tqv-Zx81mQ4vLr"
SASL = b"\0" + USER + b"\0" + SECRET


def ber(tag: int, content: bytes, size: int = 1) -> bytes:
    length = len(content)
    if size == 1 and length < 128:
        return bytes([tag, length]) + content
    return bytes([tag, 0x80 | size]) + length.to_bytes(size, "big") + content


def ldap_bind(secret: bytes = SECRET, size: int = 1, auth: int = 0x80) -> bytes:
    name = ber(4, b"CN=svc,OU=Users,DC=example,DC=com")
    return ber(0x30, ber(2, b"\x07") + ber(0x60, ber(2, b"\3") + name + ber(auth, secret), size), size)


def string(text: bytes) -> bytes:
    return struct.pack(">H", len(text)) + text


def mqtt(*, level: int = 4, will: bool = False, user: bytes = USER, secret: bytes = SECRET) -> bytes:
    name = b"MQIsdp" if level == 3 else b"MQTT"
    properties = b"\x05\x11\0\0\0\x3c" if level == 5 else b""
    flags = 0xC2 | (4 if will else 0)
    body = string(name) + bytes([level, flags]) + b"\0\x3c" + properties + string(b"device-1")
    if will:
        body += (b"\0" if level == 5 else b"") + string(b"last/will") + string(b"\x01\x02\x03")
    body += string(user) + string(secret)
    size = len(body)
    return b"\x10" + (bytes([size]) if size < 128 else bytes([size & 0x7F | 0x80, size >> 7])) + body


def obfuscated(text: str) -> bytes:
    """[MS-TDS] 2.2.6.4: the halves of each byte swapped, then XOR 0xA5."""
    return bytes(((byte << 4 | byte >> 4) & 0xFF) ^ 0xA5 for byte in text.encode("utf-16-le"))


def login7(
    secret: str = SECRET.decode(), new: str = "", ticket: bytes = b"", version: int = 0x74000004, head: int = 94
) -> bytes:
    """The message behind its packet's header. Texts that are empty have no place, as some clients write them."""
    fields = ("WEB01", USER.decode(), secret, "app", "db01,1433", "", "SqlClient", "", "Deploy")
    table, texts = b"", b""
    for place, text in enumerate(fields):
        written = obfuscated(text) if place == 2 else text.encode("utf-16-le")
        table += struct.pack("<HH", head + len(texts) if text else 0, len(text))
        texts += written
    table += bytes(6) + struct.pack("<HHHH", head + len(texts) if ticket else 0, len(ticket), 0, 0)
    texts += ticket
    if head == 94:
        table += struct.pack("<HHI", head + len(texts) if new else 0, len(new), 0)
        texts += obfuscated(new)
    fixed = struct.pack("<IIIIIBBBBiI", version, 8000, 0x06000000, 1234, 0, 0xE0, 3, 0, 0, 0, 1033)
    message = struct.pack("<I", 4 + len(fixed) + len(table) + len(texts)) + fixed + table + texts
    return struct.pack(">BBHHBB", 0x10, 1, len(message) + 8, 0, 1, 0) + message


MESSAGES = {
    "ldap": ldap_bind(),
    "ldap-long-lengths": ldap_bind(size=4),
    "mqtt-3.1": mqtt(level=3),
    "mqtt-3.1.1": mqtt(),
    "mqtt-5": mqtt(level=5),
    "mqtt-will": mqtt(will=True),
    "mqtt-5-will": mqtt(level=5, will=True),
    "mqtt-long": mqtt(user=USER * 12),
    "mqtt-without-its-length": mqtt()[2:],
    "sasl-amqp": b"\x05PLAIN" + struct.pack(">I", len(SASL)) + SASL + b"\x05en_US",
    "sasl-amqp-1": b"\xa3\x05PLAIN\xa0" + bytes([len(SASL)]) + SASL,
    "sasl-amqp-1-long": b"\xa3\x05PLAIN\xb0" + struct.pack(">I", len(SASL)) + SASL,
    "sasl-ldap": ldap_bind(b"\x04\x05PLAIN\x04" + bytes([len(SASL)]) + SASL, auth=0xA3),
    "sasl-thrift": b"\x01\0\0\0\x05PLAIN\x05" + struct.pack(">I", len(SASL)) + SASL,
    "sasl-mongodb": b"\x02mechanism\0\x06\0\0\0PLAIN\0\x05payload\0"
    + struct.pack("<I", len(SASL))
    + b"\0"
    + SASL
    + b"\0",
    "sasl-memcached": struct.pack(">BBHBBHIIQ", 0x80, 0x21, 5, 0, 0, 0, 5 + len(SASL), 0, 0) + b"PLAIN" + SASL,
    "sasl-with-identity": b"\x05PLAIN" + struct.pack(">I", len(SASL) + 5) + b"admin" + SASL,
}


@pytest.mark.parametrize("name", MESSAGES)
def test_the_password_is_marked_alone(name: str) -> None:
    (found,) = find_all(detector(NAME), Random(4).randbytes(77) + MESSAGES[name] + b"\xff" * 9)
    assert found.marked == (SECRET,)
    assert [value.data for value in found.match.values] == [SECRET]
    assert found.match.confidence is Confidence.HIGH


@pytest.mark.parametrize("name", MESSAGES)
def test_redacted_messages_are_none_and_cut_ones_never_mark_more(name: str) -> None:
    data = MESSAGES[name]
    assert find_all(detector(NAME), mask(data, find_all(detector(NAME), data))) == []
    start = data.index(SECRET)
    for end in range(len(data)):
        marked = [part for found in find_all(detector(NAME), data[:end]) for part in found.marked]
        assert marked in ([], [data[start : min(end, start + len(SECRET))]])


@pytest.mark.parametrize("name", MESSAGES)
def test_lengths_that_lie_find_nothing_or_the_password(name: str) -> None:
    """Each byte before the password, one higher: no other bytes than the password's are marked as a result."""
    data = MESSAGES[name]
    start = data.index(SECRET)
    for at in range(start):
        other = data[:at] + bytes([data[at] + 1 & 0xFF]) + data[at + 1 :]
        for found in find_all(detector(NAME), other):
            assert all(begin >= start for begin, _ in found.spans)


@pytest.mark.parametrize(
    "data",
    [
        ldap_bind(b""),
        ldap_bind()[:-1].replace(b"\x80\x0f", b"\x80\x0e"),
        b"\x30\x20\x02\x01\x03\x04" + bytes(40),
        mqtt().replace(b"\x04\xc2", b"\x04\x82"),
        b"\0\x04MQTT\x04\xff\0\0" + bytes(80),
        b"\x05PLAINTEXT and a \0word\0 behind",
        b"\x05PLAIN" + struct.pack(">I", 60) + SASL[:20].replace(b"\0", b" ") + bytes(60),
        login7(secret=""),
        login7().replace(struct.pack("<I", 0x74000004), struct.pack("<I", 0x74000005)),
        bytes(2) + tds.VERSIONS[-1] + bytes(200),
        bytes(2) + tds.VERSIONS[-1] + b"\xff" * 200,
    ],
)
def test_other_structures_are_none(data: bytes) -> None:
    assert find_all(detector(NAME), data) == []


@pytest.mark.parametrize(
    ("version", "head"), [(0x71000001, 86), (0x72090002, 94), (0x730A0003, 94), (0x730B0003, 94), (0x74000004, 94)]
)
def test_a_password_of_tds_is_marked_as_it_stands_and_swept_for_as_it_is(version: int, head: int) -> None:
    data = Random(5).randbytes(50) + login7(secret="Zß7€-x", version=version, head=head) + bytes(40)
    (found,) = find_all(detector(NAME), data)
    assert found.marked == (obfuscated("Zß7€-x"),)
    assert [value.data.decode() for value in found.match.values] == ["Zß7€-x"]
    assert find_all(detector(NAME), mask(data, [found])) == []


def test_new_passwords_and_tickets_of_tds_are_marked_too() -> None:
    ticket = b"\x60\x81\x96\x06\x06" + Random(6).randbytes(150)
    (found,) = find_all(detector(NAME), login7(new="Next-9xq", ticket=ticket))
    assert found.marked == (obfuscated(SECRET.decode()), obfuscated("Next-9xq"), ticket)
    (negotiation,) = find_all(detector(NAME), login7(ticket=b"NTLMSSP\0\1\0\0\0" + Random(7).randbytes(28)))
    assert negotiation.marked == (obfuscated(SECRET.decode()),)


def test_a_login_that_memory_cuts_within_its_password() -> None:
    data = login7()
    start = data.index(obfuscated(SECRET.decode()))
    (found,) = find_all(detector(NAME), data[: start + 12])
    assert found.marked == (data[start : start + 12],)
    assert found.match.values == ()


@pytest.mark.parametrize("literal", [*tds.VERSIONS, logins.LDAP_BIND, *logins.MQTT_CONNECT, *logins.SASL_PLAIN])
def test_repetition_ends(literal: bytes) -> None:
    for filler in (b"", b"\0", b"\x60\x7f", b"\0\0\0\x40", b"a" * 9):
        assert find_all(detector(NAME), (literal + filler) * 500) == []
