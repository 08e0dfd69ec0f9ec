"""Password-encrypted content of PKCS#7 (RFC 2315, RFC 7292): the certificates and keys in the parts of a PKCS#12 store.

Around it stand the store's other layers; where their beginning was overwritten, this is what is left to be found.
"""

from __future__ import annotations

from dumpscrub.detectors import asn1
from dumpscrub.detectors.keys import PASSWORD_BASED
from dumpscrub.detectors.material import Material, binary_values, secret_segments
from dumpscrub.model import Confidence

_DATA = bytes.fromhex("2a864886f70d010701")
_PRIMITIVE, _CONSTRUCTED = 0x80, asn1.context(0)


def encrypted_content(data: bytes, start: int) -> Material | None:
    """The EncryptedContentInfo whose SEQUENCE begins at ``start``: content type, algorithm, encrypted content."""
    outer = asn1.read(data, start, indefinite=True)
    if outer is None or outer.tag != asn1.SEQUENCE:
        return None
    parts = asn1.children(data, outer, 3, indefinite=True)
    if len(parts) != 3 or parts[0].contents(data) != _DATA or parts[1].tag != asn1.SEQUENCE:
        return None
    algorithm = asn1.children(data, parts[1], 1)
    if not algorithm or not algorithm[0].contents(data).startswith(PASSWORD_BASED):
        return None
    if parts[2].tag not in {_PRIMITIVE, _CONSTRUCTED}:
        return None
    segments = secret_segments(data, parts[2:])
    if not segments:
        return None
    confidence = Confidence.MEDIUM if outer.is_cut(data) else Confidence.HIGH
    return Material(start, outer.end, segments, confidence, binary_values(data, parts[2:]))
