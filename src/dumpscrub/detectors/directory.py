"""Passwords in messages of LDAP besides those that log in: attributes of entries, and the change of a password.

An attribute (RFC 4511, 4.1.7) is its name and a SET of values, each behind tag and length; entries are added, modified
and found so. The request that changes a password (RFC 3062) names the user, the old and the new one. OpenLDAP ends each
string with a NUL in the place of the tag that follows it.
"""

from __future__ import annotations

from collections.abc import Iterator

from dumpscrub.detectors.binary import BinaryDetector, Readers, anchors, each
from dumpscrub.detectors.material import Material
from dumpscrub.detectors.wire import Field
from dumpscrub.model import Confidence, SecretValue
from dumpscrub.rules.schema import Rule

NAMES = ("directory-password",)
ATTRIBUTES = (b"userPassword", b"userpassword", b"unicodePwd", b"sambaNTPassword", b"sambaLMPassword", b"olcRootPW")
PASSWORD_MODIFY = b".1.4203.1.11.1"
"""The end of 1.3.6.1.4.1.4203.1.11.1: of what is freed, the beginning is overwritten."""
_BEFORE, _AFTER = 8, 2048
_NONE, _OCTETS, _SEQUENCE, _SET = 0x00, 0x04, 0x30, 0x31
_REQUEST, _USER, _OLD, _NEW = 0x81, 0x80, 0x81, 0x82
_LONG, _MOST_WIDTH = 0x80, 4
_MOST, _MOST_VALUES = 1024, 16


def build(rule: Rule) -> BinaryDetector:
    """The detector of ``rule`` for attributes and changes of passwords."""
    readers = Readers((*each(attribute, *ATTRIBUTES), *each(password_modify, PASSWORD_MODIFY)))
    return BinaryDetector(rule, anchors(*ATTRIBUTES, PASSWORD_MODIFY), _BEFORE, _AFTER, readers)


def attribute(data: bytes, hit: int) -> Material | None:
    """The values of the attribute whose name is at ``hit``, with its length before it."""
    name = next(name for name in ATTRIBUTES if data.startswith(name, hit))
    values = _element(data, hit + len(name), _SET)
    if values is None or not hit or data[hit - 1] != len(name):
        return None
    return _material(data, hit, [value for _, value in _inside(data, values, (_OCTETS,))])


def password_modify(data: bytes, hit: int) -> Material | None:
    """The old and the new password of the request whose name is at ``hit``."""
    request = _element(data, hit + len(PASSWORD_MODIFY), _REQUEST)
    fields = _element(data, request.start, _SEQUENCE) if request else None
    if fields is None:
        return None
    found = list(_inside(data, fields, (_USER, _OLD, _NEW)))
    # The tag of the first one stands, as what precedes it is no string.
    return _material(data, hit, [value for tag, value in found if tag != _USER])


def _element(data: bytes, at: int, *tags: int) -> Field | None:
    """The contents of the element at ``at`` if it has one of these tags, or a NUL in the place of it."""
    if at + 2 > len(data) or data[at] not in (*tags, _NONE):
        return None
    length, at = data[at + 1], at + 2
    if length >= _LONG:
        width = length - _LONG
        if not 0 < width <= _MOST_WIDTH:
            return None
        length, at = int.from_bytes(data[at : at + width], "big"), at + width
    return Field(at, at + length) if 0 < length <= _MOST else None


def _inside(data: bytes, outer: Field, tags: tuple[int, ...]) -> Iterator[tuple[int, Field]]:
    """Tags and contents of the elements that fill ``outer``; none where they do not."""
    found: list[tuple[int, Field]] = []
    at = outer.start
    while at < outer.end and len(found) < _MOST_VALUES:
        inner = _element(data, at, *tags)
        if inner is None or inner.end > outer.end:
            return
        found.append((data[at], inner))
        at = inner.end
    yield from found


def _material(data: bytes, start: int, places: list[Field]) -> Material | None:
    """The passwords at ``places``, as far as ``data`` holds them; None for none, and for those that are masked."""
    segments = [(place.start, min(place.end, len(data))) for place in places if place.start < len(data)]
    segments = [segment for segment in segments if data[slice(*segment)].strip(b"*\0")]
    if not segments:
        return None
    values = (_value(place.contents(data)) for place in places if not place.is_cut(data))
    return Material(
        start, places[-1].end, tuple(segments), Confidence.HIGH, tuple(value for value in values if value is not None)
    )


def _value(content: bytes) -> SecretValue | None:
    """The password that ``content`` is; Active Directory takes one in UTF-16 and in quotes."""
    if content[::2].isascii() and not any(content[1::2]) and content.startswith(b'"\0'):
        return SecretValue(content.decode("utf-16-le").strip('"').encode())
    try:
        text = content.decode("utf-8").isprintable()
    except UnicodeDecodeError:
        text = False
    return SecretValue(content, binary=not text)
