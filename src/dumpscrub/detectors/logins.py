"""Messages with which a client logs in, where a password stands as such: LDAP, MQTT, SASL PLAIN, TDS.

Each tells its lengths more than once, and they have to agree. User names, mechanisms and flags stay.
"""

from __future__ import annotations

from dumpscrub.detectors import asn1, tds
from dumpscrub.detectors.binary import BinaryDetector, Readers, anchors, each, u32
from dumpscrub.detectors.material import Material
from dumpscrub.detectors.wire import Cursor, Field
from dumpscrub.model import Confidence, SecretValue
from dumpscrub.rules.schema import Rule

LDAP_BIND = b"\x02\x01\x03\x04"
"""Version 3 and the tag of the name."""
MQTT_CONNECT = (b"\0\x04MQTT", b"\0\x06MQIsdp")
"""The name of the protocol, from 3.1.1 on and before."""
SASL_PLAIN = (b"\x05PLAIN", b"\0\0\0PLAIN")
"""The mechanism behind its length, in MongoDB's ``saslStart`` and as the key of memcached's request."""

NAMES = ("login-message",)
_BEFORE, _AFTER = 32, 2048
_LDAP_BIND_REQUEST, _SIMPLE = 0x60, 0x80
_HEADERS = (2, 3, 4, 6)
"""Bytes of an ASN.1 header: tag and length."""
_MQTT_5 = 5
_CONNECT = 0x10
_RESERVED, _WILL, _PASSWORD, _USER = 0x01, 0x04, 0x40, 0x80
_MEMCACHED_AUTH = b"\x80\x21\0\x05"
_MEMCACHED_HEAD = 24
_MECHANISM = b"PLAIN"
_PARTS = 3
_MOST = 1024
"""Bytes of the longest name and password."""


def build(rule: Rule) -> BinaryDetector:
    """The detector of ``rule`` for all messages."""
    readers = Readers(
        (
            *each(tds.login, *tds.VERSIONS),
            *each(ldap_bind, LDAP_BIND),
            *each(mqtt_connect, *MQTT_CONNECT),
            *each(sasl_plain, *SASL_PLAIN),
        )
    )
    return BinaryDetector(rule, anchors(*(literal for literal, _ in readers.by_literal)), _BEFORE, _AFTER, readers)


def ldap_bind(data: bytes, hit: int) -> Material | None:
    """The simple bind request (RFC 4511, 4.2) whose version is at ``hit``: version, name and password fill it."""
    for size in _HEADERS:
        request = asn1.read(data, hit - size) if hit >= size else None
        if request is None or request.tag != _LDAP_BIND_REQUEST or request.body != hit:
            continue
        name = asn1.read(data, hit + 3)
        secret = asn1.read(data, name.end) if name and not name.is_cut(data) else None
        if secret and secret.tag == _SIMPLE and secret.end == request.end and secret.length <= _MOST:
            return _password(data, hit, Field(secret.body, secret.stop))
    return None


def mqtt_connect(data: bytes, hit: int) -> Material | None:
    """The CONNECT packet (MQTT 3.1.1 and 5.0, 3.1) whose protocol name is at ``hit``.

    The length in front of the name has to end the packet with the password. Where that is overwritten, all strings have
    to be text.
    """
    cursor = Cursor(data, hit)
    cursor.string(2)
    level, flags = cursor.number(1) or 0, cursor.number(1) or 0
    if not flags & _PASSWORD or flags & _RESERVED:
        return None
    cursor.take(2)
    _skip_properties(cursor, level)
    named = [cursor.string(2, _MOST)]
    if flags & _WILL:
        _skip_properties(cursor, level)
        named += [cursor.string(2, _MOST)]
        cursor.string(2)
    named += [cursor.string(2, _MOST)] if flags & _USER else []
    secret = cursor.string(2, _MOST)
    if secret is None or cursor.failed:
        return None
    plain = all(field is None or _is_text(field.contents(data)) for field in (*named, secret))
    return _password(data, hit, secret) if _ends_at(data, hit, secret.end) or plain else None


def _skip_properties(cursor: Cursor, level: int) -> None:
    """Version 5 puts properties behind a length of seven bits a byte; none that a program sets takes three bytes."""
    if level != _MQTT_5:
        return
    low = cursor.number(1) or 0
    high = (cursor.number(1) or 0) if low & 0x80 else 0
    cursor.take(low & 0x7F | high << 7)


def _ends_at(data: bytes, start: int, end: int) -> bool:
    """True where the fixed header before ``start`` says that the packet ends at ``end``."""
    for size in (1, 2):
        head = data[max(0, start - size - 1) : start]
        if len(head) == size + 1 and head[0] == _CONNECT:
            length = sum((byte & 0x7F) << (7 * place) for place, byte in enumerate(head[1:]))
            if start + length == end:
                return True
    return False


def sasl_plain(data: bytes, hit: int) -> Material | None:
    """The response of SASL PLAIN (RFC 4616) behind the mechanism's name: ``[identity] NUL user NUL password``."""
    at = data.find(_MECHANISM, hit, hit + 8) + len(_MECHANISM)
    for start, size in (*_counted(data, at), *_memcached(data, at)):
        content = data[start : start + size]
        parts = content.split(b"\0")
        if size > _MOST or len(parts) != _PARTS or not parts[1] or not all(map(_is_text, filter(None, parts))):
            continue
        return _password(data, hit, Field(start + len(content) - len(parts[2]), start + size))
    return None


def _counted(data: bytes, at: int) -> list[tuple[int, int]]:
    """Where a response may begin behind the mechanism that ends at ``at``, and its stated length.

    In the order of the list: AMQP 0-9-1, AMQP 1.0 (twice), LDAP, Hadoop's and Hive's status bytes, MongoDB.
    """
    big = [(at, b"", 4), (at, b"\xa0", 1), (at, b"\xb0", 4), (at, b"\x04", 1), (at, b"\x02", 4), (at, b"\x05", 4)]
    found = []
    for place, tag, width in big:
        begin = place + len(tag)
        if data.startswith(tag, place):
            found.append((begin + width, int.from_bytes(data[begin : begin + width], "big")))
    payload = b"\0\x05payload\0"
    if data.startswith(payload, at):
        begin = at + len(payload)
        found.append((begin + 5, u32(data, begin)))
    return found


def _memcached(data: bytes, at: int) -> list[tuple[int, int]]:
    """The same for memcached's binary protocol, whose header states the length of key and value."""
    head = at - len(_MECHANISM) - _MEMCACHED_HEAD
    if head < 0 or not data.startswith(_MEMCACHED_AUTH, head):
        return []
    return [(at, int.from_bytes(data[head + 8 : head + 12], "big") - len(_MECHANISM))]


def _password(data: bytes, start: int, secret: Field) -> Material | None:
    """The password in ``secret``, as far as ``data`` holds it; None for none, and for one that is masked."""
    content = secret.contents(data)
    if not content.strip(b"*"):
        return None
    end = min(secret.end, len(data))
    if secret.is_cut(data):
        return Material(start, secret.end, ((secret.start, end),), Confidence.MEDIUM)
    value = SecretValue(content, binary=not _is_text(content))
    return Material(start, secret.end, ((secret.start, end),), Confidence.HIGH, (value,))


def _is_text(content: bytes) -> bool:
    """True for UTF-8 without control characters."""
    try:
        return content.decode("utf-8").isprintable()
    except UnicodeDecodeError:
        return False
