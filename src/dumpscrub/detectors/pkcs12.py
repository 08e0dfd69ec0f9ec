"""PKCS#12 stores (RFC 7292): the PFX files of certificates with their private keys."""

from __future__ import annotations

import re

from dumpscrub.detectors import asn1
from dumpscrub.detectors.asn1 import Element
from dumpscrub.detectors.material import Material, binary_values, secret_segments
from dumpscrub.model import Confidence

_DATA = bytes.fromhex("2a864886f70d010701")
_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
_CONTENT_TYPE = b"\x06\x09" + _DATA[:-1]
"""How the object identifier of any PKCS#7 content begins: each part of an authenticated safe has one."""
_LENGTH = rb"(?:\x80|\x81.|\x82..|\x83...)"
_BEGINNING = re.compile(rb"\x30" + _LENGTH + rb"\x02\x01\x03\x30" + _LENGTH + re.escape(_CONTENT_TYPE), re.DOTALL)
"""A SEQUENCE with version 3, then one with a content type: told before any end is looked for, which takes long."""
_FIRST_PART = 64
"""Bytes of the authenticated safe in which the first part's content type stands."""


def pfx(data: bytes, start: int) -> Material | None:
    """The PFX whose SEQUENCE begins at ``start``: version 3, authenticated safe, and often a MAC.

    The contents of the safe and the MAC's digest are marked. Writers of BER (indefinite lengths, octets in chunks) are
    understood too.
    """
    if not _BEGINNING.match(data, start):
        return None
    outer = asn1.read(data, start, indefinite=True)
    if outer is None or outer.tag != asn1.SEQUENCE:
        return None
    parts = asn1.children(data, outer, 3, indefinite=True)
    if [part.tag for part in parts[:2]] != [asn1.INTEGER, asn1.SEQUENCE] or parts[0].contents(data) != b"\x03":
        return None
    safe = _safe(data, parts[1])
    if safe is None:
        return None
    segments = secret_segments(data, [safe, *_digest(data, parts[2:])])
    confidence = Confidence.MEDIUM if outer.is_cut(data) else Confidence.HIGH
    return Material(start, outer.end, segments, confidence, binary_values(data, [safe], outer))


def _safe(data: bytes, info: Element) -> Element | None:
    """The octets of the authenticated safe in the ContentInfo ``info``; None where they do not begin like one."""
    content = asn1.children(data, info, 2, indefinite=True)
    if [part.tag for part in content] != [asn1.OBJECT_IDENTIFIER, asn1.context(0)]:
        return None
    kind = content[0].contents(data)
    if kind == _SIGNED_DATA:
        octets: Element | None = content[1]
    elif kind == _DATA:
        octets = asn1.read(data, content[1].body, indefinite=True)
    else:
        return None
    if octets is None or _CONTENT_TYPE not in octets.contents(data)[:_FIRST_PART]:
        return None
    return octets


def _digest(data: bytes, rest: list[Element]) -> list[Element]:
    """The digest in the MacData, if there is one."""
    if not rest or rest[0].tag != asn1.SEQUENCE:
        return []
    info = asn1.children(data, rest[0], 1, indefinite=True)
    parts = asn1.children(data, info[0], 2, indefinite=True) if info else []
    return [part for part in parts if part.tag == asn1.OCTET_STRING]
