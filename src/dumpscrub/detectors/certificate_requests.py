"""Certificate requests in DER (PKCS#10, RFC 2986): a name, a public key, and at times a challenge password."""

from __future__ import annotations

from dumpscrub.detectors import asn1
from dumpscrub.detectors.material import Material, secret_segments
from dumpscrub.model import Confidence

BEFORE = 2 * 1024
"""Bytes of a name and a public key, which stand before the attributes."""
ANCHORS = (
    *("06092a864886f70d01090e", "06092a864886f70d010907"),
    *(f"a000300d06092a864886f70d0101{arc}0500" for arc in ("05", "0b", "0c", "0d")),
    *(f"a000300a06082a8648ce3d04030{arc}" for arc in ("2", "3", "4")),
)
"""The attributes for extensions and for a challenge password; no attributes, and the algorithm behind them."""
_BEGINNING = (b"\x02\x01\x00\x30",)
_TAGS = [asn1.INTEGER, asn1.SEQUENCE, asn1.SEQUENCE, asn1.context(0)]
"""Version, subject, public key, attributes."""


def request(data: bytes, start: int) -> Material | None:
    """The request whose SEQUENCE begins at ``start``, or its signed part alone. As of certificates, all is marked."""
    outer = asn1.read(data, start)
    if outer is None or outer.tag != asn1.SEQUENCE:
        return None
    parts = asn1.children(data, outer, 3)
    alone = bool(parts) and parts[0].tag == asn1.INTEGER
    signed = outer if alone else parts[0] if parts else None
    if signed is None or not data.startswith(_BEGINNING, signed.body):
        return None
    fields = asn1.children(data, signed, 4)
    if [field.tag for field in fields] != _TAGS or not _is_public_key(data, fields[2]):
        return None
    segments = secret_segments(data, [signed, *parts[2:]] if not alone else [signed])
    confidence = Confidence.MEDIUM if alone or outer.is_cut(data) else Confidence.HIGH
    return Material(start, outer.end, segments, confidence)


def _is_public_key(data: bytes, field: asn1.Element) -> bool:
    """True for a SubjectPublicKeyInfo: an algorithm and a string of bits."""
    return [part.tag for part in asn1.children(data, field, 3)] == [asn1.SEQUENCE, asn1.BIT_STRING]
