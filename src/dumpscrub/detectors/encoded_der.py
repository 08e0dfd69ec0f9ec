r"""Keys, certificates and stores as base64 of DER without a PEM header: in JSON, XML, settings, query strings.

The first bytes of DER fix the first characters of its base64 (``MII`` for ``30 82``). The header says how many
characters belong to it; they are decoded and read by the same readers as binary material.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from dumpscrub.detectors import asn1, base64_text, keys, pkcs12
from dumpscrub.detectors.base import Anchor, Match
from dumpscrub.detectors.certificates import Certificates
from dumpscrub.detectors.material import Recogniser
from dumpscrub.detectors.pem_blocks import is_body_start
from dumpscrub.model import SecretValue
from dumpscrub.rules.schema import TEXT_ENCODINGS, Rule
from dumpscrub.search.windows import Window

REACH = 96 * 1024
"""Code units from a hit on that are looked at: 64 KiB of base64 with its line breaks."""
_BEFORE = 128
_FIRST = 12
_LEAST, _MOST = 32, 64 * 1024
"""Base64 characters of the shortest and the longest material."""

_REMEMBERED = 64
_PER_LINE = 64
"""To read a line takes as long as so many characters."""

_LONG = ("MII",)
_SHORT = ("MIG", "MIH")
# Keys of less than 128 bytes: SEC 1 of 160 to 256 bits; PKCS#8 of elliptic curves of up to 224 bits, of P-256 without
# its public key, and of RFC 8410 keys, also with their public key.
_SHORTEST = (
    *("MFECAQEE", "MF8CAQEE", "MGgCAQEE", "MHQCAQEE", "MHcCAQEE", "MHgCAQEE"),
    *("MG8CAQAw", "MHgCAQAw", "MEECAQAw"),
    *("MC4CAQAw", "MEYCAQAw", "MEcCAQAw", "MFECAQEw"),
)
_INDEFINITE = ("MIACAQMw",)
"""How a PKCS#12 store begins whose writer used indefinite lengths."""


@dataclass(frozen=True, slots=True)
class EncodedDetector:
    """Finds base64 of one class of material."""

    rule: Rule
    anchors: tuple[Anchor, ...]
    recognise: Recogniser
    before: int = _BEFORE
    after: int = REACH

    def verify(self, window: Window) -> Iterator[Match]:
        unit = window.unit
        needed = _needed(window.text[window.anchor : window.anchor + _LEAST * 2])
        if not needed or _is_in_block(window):
            return
        window.spent += needed
        text = window.text[window.anchor : window.anchor + needed * 2]
        lines = base64_text.cut(text, base64_text.read_lines(text, 0, needed, dashes=True), needed)
        window.spent += _PER_LINE * len(lines)
        material = self.recognise(base64_text.decode(base64_text.characters(lines)), 0)
        if material is None or not material.segments:
            return
        lines = base64_text.cut(text, lines, base64_text.encoded_length(material.end))
        base64 = base64_text.characters(lines)
        segments = tuple((window.hit + line.start * unit, window.hit + line.end * unit) for line in lines)
        if material.suppressed:
            segments = ((segments[0][0], segments[-1][1]),)
        values = (*material.values, SecretValue(base64, structure=True)) if material.values else ()
        yield Match(segments, material.confidence, values, material.suppressed)


def build(rule: Rule) -> EncodedDetector:
    """The detector that ``rule.detector``, one of :data:`NAMES`, names. KeyError for any other."""
    return _BUILDERS[rule.detector](rule)


def _detector(rule: Rule, literals: tuple[str, ...], recognise: Recogniser) -> EncodedDetector:
    anchors = tuple(
        Anchor(literal.encode(encoding.codec), encoding) for encoding in TEXT_ENCODINGS for literal in literals
    )
    return EncodedDetector(rule, anchors, recognise)


_BUILDERS = {
    "base64-private-key": lambda rule: _detector(rule, (*_LONG, *_SHORT, *_SHORTEST), keys.private_key),
    "base64-encrypted-key": lambda rule: _detector(rule, (*_LONG, *_SHORT), keys.encrypted_key),
    "base64-pkcs12": lambda rule: _detector(rule, (*_LONG, *_INDEFINITE), pkcs12.pfx),
    "base64-certificate": lambda rule: _detector(rule, _LONG, Certificates.of(rule)),
}
NAMES = tuple(_BUILDERS)


def _needed(text: bytes) -> int:
    """Base64 characters of the element that ``text`` begins with, as its header claims; 0 where it can be none."""
    lines = base64_text.read_lines(text, 0, _FIRST, dashes=True)
    return _claimed(base64_text.characters(lines)[:_FIRST])


@lru_cache(_REMEMBERED)
def _claimed(base64: bytes) -> int:
    """As :func:`_needed`, for the first characters without breaks: several detectors ask for the same ones in turn."""
    start = base64_text.decode(base64)
    element = asn1.read(start, 0)
    if element is None:
        return _MOST if start.startswith(b"\x30\x80\x02\x01\x03\x30") else 0
    inner = asn1.read(start, element.body)
    if inner is None or inner.tag not in {asn1.INTEGER, asn1.SEQUENCE} or inner.end > element.end:
        return 0
    length = base64_text.encoded_length(element.end)
    return length if _LEAST <= length <= _MOST else 0


def _is_in_block(window: Window) -> bool:
    """True where the hit is the beginning of a PEM block's body, which is not this detector's to report."""
    return is_body_start(window.text[: window.anchor])
