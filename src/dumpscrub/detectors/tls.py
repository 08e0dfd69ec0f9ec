"""Secrets of TLS as OpenSSL holds them while it runs: of sessions, and of connections of TLS 1.3.

A session begins with its version and the length of its secret, which is the master secret up to TLS 1.2 and a
pre-shared key from 1.3 on. Caches keep sessions in DER, too. (Layouts: ``ssl_session_st`` in ``ssl/ssl_local.h`` of https://github.com/openssl/openssl,
``ssl/ssl_locl.h`` before 1.1.1.) A connection of TLS 1.3 keeps all its secrets in a row, in 64 bytes each. The first is
made of nothing where no key was shared before (RFC 8446, section 7.1), and so it is the same for everybody.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator

from dumpscrub.detectors import asn1
from dumpscrub.detectors.base import Detector
from dumpscrub.detectors.binary import ABSENT, BinaryDetector, Piece, Readers, anchors, each, secrets, u32
from dumpscrub.detectors.material import Material
from dumpscrub.rules.schema import Rule
from dumpscrub.search.randomness import looks_random

NAMES = ("openssl-tls-secrets",)

_VERSIONS = (0x300, 0x301, 0x302, 0x303, 0x304, 0xFEFD, 0xFEFF)
"""SSL 3, TLS 1.0 to 1.3, DTLS 1.2 and 1.0."""
_MASTER = 48
_LENGTHS = (_MASTER, 32)
"""Bytes of a secret: master secrets and SHA-384, SHA-256."""
_FIELD = 64
"""Bytes of the field of a secret in OpenSSL 1.1.1 and later, and of the least that a session's secret has."""
_LONGEST_ID = 32
"""Bytes of a session's id."""
_CONNECTION = 12
"""Secrets of a connection in OpenSSL 1.1.1 and 3.0; later versions have fewer."""
_HASHES = ("sha256", "sha384")
_DER = tuple(bytes.fromhex("0201010202") + version.to_bytes(2, "big") + b"\4\2" for version in _VERSIONS)
"""How a session in DER begins: that structure's version, the protocol's, the header of the cipher."""
_LEAST = 16
"""Bytes of a secret that memory cuts, from which on it can be told from other things."""
_WIDE, _NARROW, _OLD, _SHORT = 16, 8, 20, 8
"""Bytes of version and length, with what is between them: OpenSSL 1.1.1 and later (64 and 32 bits), 1.0, 1.1.0."""


def build(rule: Rule) -> Detector:
    """The detector of a rule for these secrets."""
    heads = [_head(version, length) for version in _VERSIONS for length in _LENGTHS]
    old = [_number(version) + bytes(_OLD - 8) + _number(_MASTER) for version in _VERSIONS]
    short = [_number(version) + _number(length) for version in _VERSIONS for length in _LENGTHS]
    readers = Readers(
        (
            *each(_session, *heads),
            *each(_old_session, *old),
            *each(_short_session, *short),
            *each(_connection, *_early_secrets()),
            *each(_der_session, *_DER),
        )
    )
    literals = anchors(*(literal for literal, _ in readers.by_literal))
    return BinaryDetector(rule, literals, 0, (_CONNECTION + 1) * _FIELD, readers)


def _head(version: int, length: int) -> bytes:
    return _number(version) + bytes(4) + _number(length) + bytes(4)


def _number(number: int) -> bytes:
    return number.to_bytes(4, "little")


def _early_secrets() -> Iterator[bytes]:
    """The secret that a connection begins with, for each hash, in its field."""
    for name in _HASHES:
        nothing = bytes(hashlib.new(name).digest_size)
        yield hmac.new(nothing, nothing, name).digest().ljust(_FIELD, b"\0")


def _session(data: bytes, at: int) -> Material | None:
    """A session of OpenSSL 1.1.1 or later in a process of 64 bits."""
    return _in_fields(data, at, at + _WIDE, u32(data, at + 8))


def _old_session(data: bytes, at: int) -> Material | None:
    """A session of OpenSSL 1.0: an empty field for keys of SSL 2 before the length, the session's id behind it."""
    return _before_id(data, at, at + _OLD)


def _short_session(data: bytes, at: int) -> Material | None:
    """A session of OpenSSL 1.1.0 or LibreSSL, or of a later OpenSSL in a process of 32 bits."""
    length = u32(data, at + 4)
    found = _before_id(data, at, at + _SHORT) if length == _MASTER else None
    return found or _in_fields(data, at, at + _NARROW, length)


def _before_id(data: bytes, at: int, start: int) -> Material | None:
    """The session at ``at`` whose master secret begins at ``start``, with the length of an id behind it."""
    length = u32(data, start + _MASTER)
    if length > _LONGEST_ID or not _is_secret(data[start : start + _MASTER]):
        return None
    return secrets(data, at, [Piece(start, start + _MASTER)], proven=length != ABSENT)


def _in_fields(data: bytes, at: int, start: int, length: int) -> Material | None:
    """The session at ``at`` whose early secret has its field at ``start``, before the one of its own secret.

    A field is longer than a secret, and the rest of it empty.
    """
    early, own = (Piece(begin, begin + length) for begin in (start, start + _FIELD))
    rest = data[own.end : own.start + _FIELD]
    has_early = any(early.content(data))
    if any(data[early.end : own.start]) or any(rest) or not _is_secret(own.content(data)):
        return None
    if has_early and not _is_secret(early.content(data)):
        return None
    return secrets(data, at, [early, own] if has_early else [own], proven=len(rest) > 0)


def _connection(data: bytes, at: int) -> Material | None:
    """The secrets of the connection whose early secret is at ``at``: as many fields as hold one, or nothing."""
    size = len(data[at : at + _FIELD].rstrip(b"\0"))
    size = min(length for length in _LENGTHS if length >= size)
    found = []
    for start in range(at + _FIELD, at + (_CONNECTION + 1) * _FIELD, _FIELD):
        secret, rest = data[start : start + size], data[start + size : start + _FIELD]
        if any(rest) or (any(secret) and not _is_secret(secret)):
            break
        if any(secret):
            found.append(Piece(start, start + size))
    return secrets(data, at, found, proven=True) if found else None


def _der_session(data: bytes, at: int) -> Material | None:
    """The session in DER whose version is at ``at``: cipher, id, secret."""
    identity = asn1.read(data, at + len(_DER[0]) + 2)
    if identity is None or identity.tag != asn1.OCTET_STRING or identity.length > _LONGEST_ID:
        return None
    own = asn1.read(data, identity.end)
    if own is None or own.tag != asn1.OCTET_STRING or own.length not in _LENGTHS:
        return None
    return secrets(data, at, [Piece(own.body, own.end)], proven=True) if _is_secret(own.contents(data)) else None


def _is_secret(content: bytes) -> bool:
    """True for random bytes, also for some of which memory holds no more."""
    return len(content) >= _LEAST and looks_random(content)
