"""Key stores of Java: JKS and JCEKS of the JDK, BKS and UBER of Bouncy Castle.

What is marked are the protected keys and the store's digest, from which the password can be guessed. Aliases, dates and
certificates stay; the latter have a detector of their own.

* JKS and JCEKS: magic, version, number of entries; each entry has a type, an alias, a date, and a key with its chain of
  certificates (as EncryptedPrivateKeyInfo of RFC 5958), a certificate, or a secret key in a serialised
  ``SealedObject``; then a digest of 20 bytes.
* BKS: version, salt, iterations; entries with a type, an alias, a date, a chain and what they keep; a zero and a MAC of
  20 bytes. A sealed key begins with its own salt and iterations; one that is not sealed with its kind, the names of its
  form and algorithm.
* UBER: version, salt, iterations, and the same entries encrypted as a whole. Nothing tells how long that is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dumpscrub.detectors import asn1
from dumpscrub.detectors.base import Anchor, Match
from dumpscrub.detectors.keys import private_key
from dumpscrub.detectors.material import Material, is_blank, values_of
from dumpscrub.detectors.wire import Cursor, Field
from dumpscrub.model import Confidence, Encoding
from dumpscrub.rules.schema import Rule
from dumpscrub.search.windows import Window

REACH = 64 * 1024
"""Bytes of a store that are looked at. Keys beyond are found one by one."""
_JDK = (bytes.fromhex("feedfeed00000001"), bytes.fromhex("feedfeed00000002"), bytes.fromhex("cececece00000002"))
_SALT = 20
_CASTLE = tuple(version.to_bytes(4, "big") + _SALT.to_bytes(4, "big") for version in (1, 2))
_ITERATIONS = range(1024, 2048)
"""Bouncy Castle draws their number from these."""
_DIGEST = 20
_KEY, _CERTIFICATE, _SECRET = 1, 2, 3
"""Types of entries of the JDK."""
_CASTLE_CERTIFICATE, _CASTLE_KEY, _CASTLE_SECRET, _CASTLE_SEALED = 1, 2, 3, 4
_CASTLE_PUBLIC = 1
"""The kind of a key in an entry of type key that is none to hide; 0 is a private one, 2 a secret one."""
_SEALED_HEAD = 4 + _SALT + 4
_MOST_ENTRIES, _MOST_CHAIN = 4096, 32
_LONGEST_NAME = 1024
_BYTES_CLASS = b"\x02[B\xac\xf3\x17\xf8\x06\x08\x54\xe0\x02\x00\x00xp"
"""How a serialised array of bytes begins, the first in its stream: the rest of its class, and its end."""
_NEXT_BYTES = b"uq\0\x7e\0"
"""How the next one begins, but for the last byte of the number of that class."""
_CLASSES = 512
"""Bytes that the names of a sealed object's classes and fields take at most."""
_BLOCK = 16
_LEAST_BLOCKS, _VARIED, _ZEROS = 4, 10, 2
"""Of a block of ciphertext, more bytes differ, and fewer are zero, but for one in 30,000."""


def store(data: bytes, start: int) -> Material | None:
    """The store whose magic, or version and salt's length, stands at ``start``, as far as ``data`` holds it."""
    cursor = Cursor(data, start + 4)
    is_castle = data[start : start + 8] in _CASTLE
    secrets = _castle(cursor) if is_castle else _jdk(cursor)
    digest = cursor.take(_DIGEST) if secrets and not cursor.failed else None
    parts = [part for part in (*secrets, digest) if part is not None and not is_blank(part.contents(data))]
    if not secrets or not parts:
        return None
    segments = tuple((part.start, min(part.end, len(data))) for part in parts)
    whole = digest is not None and not digest.is_cut(data)
    return Material(start, cursor.at, segments, Confidence.HIGH if whole else Confidence.MEDIUM, values_of(data, parts))


def _jdk(cursor: Cursor) -> list[Field]:
    """The protected keys behind the magic of a JKS or JCEKS store."""
    version, count = cursor.number(4), cursor.number(4)
    found: list[Field] = []
    if version is None or count is None or not 0 < count <= _MOST_ENTRIES:
        return found
    for _ in range(count):
        kind = cursor.number(4)
        alias, _ = cursor.string(2, _LONGEST_NAME), cursor.take(8)
        if kind not in {_KEY, _CERTIFICATE, _SECRET} or alias is None:
            cursor.failed = True
            break
        if kind == _KEY:
            found += _octets(cursor.data, cursor.string())
            _chain(cursor, typed=version > 1)
        elif kind == _SECRET:
            found += _sealed(cursor)
        else:
            _certificate(cursor, typed=version > 1)
        if cursor.ended:
            break
    return found


def _octets(data: bytes, field: Field | None) -> list[Field]:
    """The encrypted octets of the EncryptedPrivateKeyInfo in ``field``; all of it where that is no such structure."""
    if field is None:
        return []
    outer = asn1.read(data, field.start)
    parts = asn1.children(data, outer, 2) if outer is not None and outer.end == field.end else []
    if [part.tag for part in parts] == [asn1.SEQUENCE, asn1.OCTET_STRING]:
        return [Field(parts[1].body, parts[1].end)]
    return [field]


def _sealed(cursor: Cursor) -> list[Field]:
    """The encrypted content of the serialised ``SealedObject`` at the cursor, which has no length of its own.

    Behind the names of classes and fields stand the cipher's parameters and the content, two arrays of bytes, and two
    names: a string, a reference to one or null each.
    """
    data = cursor.data
    first = data.find(_BYTES_CLASS, cursor.at, cursor.at + _CLASSES)
    if first == -1:
        cursor.failed = cursor.ended = True
        return []
    cursor.at = first + len(_BYTES_CLASS)
    cursor.string()
    head = cursor.take(len(_NEXT_BYTES) + 1)
    content = cursor.string()
    if head is None or content is None or not head.contents(data).startswith(_NEXT_BYTES):
        cursor.failed = cursor.ended = True
        return []
    for _ in range(2):
        mark = cursor.take(1)
        kind = mark.contents(data) if mark is not None else b""
        if kind == b"t":
            cursor.string(2, _LONGEST_NAME)
        elif kind == b"q":
            cursor.take(4)
    return [content]


def _chain(cursor: Cursor, *, typed: bool) -> None:
    """Goes over the certificates of an entry."""
    count = cursor.number(4)
    if count is not None and count > _MOST_CHAIN:
        cursor.failed = cursor.ended = True
        return
    for _ in range(count or 0):
        _certificate(cursor, typed=typed)


def _certificate(cursor: Cursor, *, typed: bool) -> None:
    """Goes over a certificate, with the name of its type before it."""
    if typed:
        cursor.string(2, _LONGEST_NAME)
    cursor.string()


def _castle(cursor: Cursor) -> list[Field]:
    """The protected keys behind the version of a BKS store, or all that follows the head of an UBER store."""
    salt, iterations = cursor.string(most=_SALT), cursor.number(4)
    if salt is None or iterations not in _ITERATIONS or is_blank(salt.contents(cursor.data)):
        return []
    begin = cursor.at
    found = _castle_entries(cursor)
    if found or not cursor.failed:
        return found
    end = _random_end(cursor.data, begin)
    return [Field(begin, end)] if end - begin >= _LEAST_BLOCKS * _BLOCK else []


def _castle_entries(cursor: Cursor) -> list[Field]:
    found: list[Field] = []
    for _ in range(_MOST_ENTRIES):
        kind = cursor.number(1)
        if not kind:
            break
        alias, date = cursor.string(2, _LONGEST_NAME), cursor.take(8)
        if alias is None or date is None or kind > _CASTLE_SEALED or date.contents(cursor.data)[:1] != b"\0":
            cursor.failed = cursor.ended = True
            break
        _chain(cursor, typed=True)
        found += _castle_entry(cursor, kind)
        if cursor.ended:
            break
    return found


def _castle_entry(cursor: Cursor, kind: int) -> list[Field]:
    """What an entry keeps, behind its chain, if that is a secret."""
    if kind == _CASTLE_CERTIFICATE:
        _certificate(cursor, typed=True)
        return []
    if kind == _CASTLE_KEY:
        return _castle_key(cursor)
    field = cursor.string()
    if field is None:
        return []
    head = _SEALED_HEAD if kind == _CASTLE_SEALED and len(field) > _SEALED_HEAD else 0
    return [Field(field.start + head, field.end)]


def _castle_key(cursor: Cursor) -> list[Field]:
    """The secrets of a key that is not sealed: of PKCS#8 the private components, of any other form all of it."""
    data, kind = cursor.data, cursor.number(1)
    cursor.string(2, _LONGEST_NAME)
    cursor.string(2, _LONGEST_NAME)
    field = cursor.string()
    if field is None or kind == _CASTLE_PUBLIC:
        return []
    outer = asn1.read(data, field.start)
    parts = asn1.children(data, outer, 3) if outer is not None and outer.end == field.end else []
    if [part.tag for part in parts] != [asn1.INTEGER, asn1.SEQUENCE, asn1.OCTET_STRING]:
        return [field]
    key = private_key(data, field.start)
    # No key stands there once its components are masked. One that memory cuts ends with the field at the latest.
    return [Field(start, field.end if end == len(data) else end) for start, end in key.segments] if key else []


def _random_end(data: bytes, at: int) -> int:
    """Where the blocks end, from ``at`` on, that look like ciphertext."""
    while at + _BLOCK <= len(data):
        block = data[at : at + _BLOCK]
        if len(set(block)) < _VARIED or block.count(0) > _ZEROS or block.isascii():
            break
        at += _BLOCK
    return at


@dataclass(frozen=True, slots=True)
class JavaStoreDetector:
    """Finds stores by their first eight bytes."""

    rule: Rule
    anchors: tuple[Anchor, ...]
    find: Callable[[bytes, int], Material | None] = store
    before: int = 0
    after: int = REACH

    def verify(self, window: Window) -> Iterator[Match]:
        material = self.find(window.data, window.hit)
        if material is not None:
            yield material.match()


def build(rule: Rule) -> JavaStoreDetector:
    """The detector of Java's key stores."""
    return JavaStoreDetector(rule, tuple(Anchor(literal, Encoding.BINARY) for literal in (*_JDK, *_CASTLE)))


NAMES = ("java-key-store",)
