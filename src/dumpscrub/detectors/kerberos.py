"""Kerberos (RFC 4120): encrypted parts of tickets and messages, and session keys.

Everything encrypted is an ``EncryptedData`` and every key an ``EncryptionKey``; both begin with the type of encryption,
and for a key this says how long it is. So they are found by themselves, in tickets, requests, KRB-CRED and caches
alike. Realms and names of principals stay. Ciphertext under a password's key allows to guess the password offline.
"""

from __future__ import annotations

from dumpscrub.detectors import asn1
from dumpscrub.detectors.asn1 import Element
from dumpscrub.detectors.binary import Piece, secrets
from dumpscrub.detectors.material import Material

KEY_BYTES = {1: 8, 3: 8, 16: 24, 17: 16, 18: 32, 19: 16, 20: 32, 23: 16, 24: 16, 25: 16, 26: 32}
"""Bytes of a key by type of encryption (RFC 3961, 3962, 4757, 6803, 8009)."""
ENCRYPTED = tuple(bytes((0xA0, 3, 2, 1, kind, tag)) for kind in KEY_BYTES for tag in (0xA1, 0xA2))
"""The type of encryption and the tag of what follows: a key or version [1], or encrypted octets [2]."""

BEFORE = 6
"""Bytes before the type of encryption: the header of the SEQUENCE that it begins."""
_LEAST_CIPHER = 24
_LONGEST_CIPHER = 1 << 16


def encrypted(data: bytes, hit: int) -> Material | None:
    """The EncryptionKey or EncryptedData whose first field, the type of encryption, is at ``hit``."""
    outer = _sequence_of(data, hit)
    if outer is None:
        return None
    fields = asn1.children(data, outer, 3)
    if [field.tag for field in fields] == [asn1.context(0), asn1.context(1)]:
        return _key(data, outer, fields)
    if not fields or fields[-1].tag != asn1.context(2) or fields[-1].end != outer.end:
        return None
    octets = _inner(data, fields[-1], asn1.OCTET_STRING)
    if octets is None or not _LEAST_CIPHER <= octets.length <= _LONGEST_CIPHER:
        return None
    return secrets(data, outer.start, [Piece(octets.body, octets.stop)], proven=True)


def _sequence_of(data: bytes, first: int) -> Element | None:
    """The SEQUENCE whose contents begin at ``first``."""
    for size in (2, 3, 4, 5):
        outer = asn1.read(data, first - size) if first >= size else None
        if outer is not None and outer.tag == asn1.SEQUENCE and outer.body == first:
            return outer
    return None


def _inner(data: bytes, field: Element, tag: int) -> Element | None:
    """The only element in ``field``, where it has this tag."""
    inner = asn1.read(data, field.body)
    return inner if inner is not None and inner.tag == tag and inner.end == field.end else None


def _key(data: bytes, outer: Element, fields: list[Element]) -> Material | None:
    """The EncryptionKey of these fields: its type says how long it is."""
    octets = _inner(data, fields[1], asn1.OCTET_STRING)
    kind = data[fields[0].end - 1]
    if octets is None or octets.length != KEY_BYTES.get(kind) or fields[1].end != outer.end:
        return None
    return secrets(data, outer.start, [Piece(octets.body, octets.stop)], proven=True)
