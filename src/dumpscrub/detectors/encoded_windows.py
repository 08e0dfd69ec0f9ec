"""Keys in the binary forms of Windows as base64, as settings and code hold them.

What such a key begins with fixes the first characters of its base64. They and all that follow up to the end of the key
are marked, as for base64 of DER.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass

from dumpscrub.detectors import base64_text, capi, cng
from dumpscrub.detectors.base import Anchor, Match
from dumpscrub.detectors.binary import Find
from dumpscrub.model import SecretValue
from dumpscrub.rules.schema import TEXT_ENCODINGS, Rule
from dumpscrub.search.windows import Window, squeeze

NAMES = ("base64-windows-key",)
_REACH = 24 * 1024
"""Code units from a hit on that are looked at: 16 KiB of base64 with its line breaks."""
_MOST = 16 * 1024
_PRIVATE = b"\x07\x02\0\0"

_BEGINNINGS: tuple[tuple[bytes, int, Find], ...] = (
    *((_PRIVATE + algorithm + capi.RSA, 8, capi.rsa) for algorithm in capi.RSA_ALGORITHMS),
    (_PRIVATE + capi.DSS, 4, capi.dss),
    (cng.RSA_FULL + b"\0", 0, cng.rsa),
    (capi.RSA + b"\0", 0, cng.rsa),
    *((literal, 0, cng.nist_key) for literal in cng.NIST_KEYS),
    (cng.PLAIN, 0, cng.plain_key),
    *((literal, 0, capi.plain_key) for literal in capi.PLAIN_KEYS),
)
"""What keys begin with, the index at which their reader starts, and the reader."""


@dataclass(frozen=True, slots=True)
class EncodedWindowsDetector:
    """Finds base64 of a key that CryptoAPI or CNG exported."""

    rule: Rule
    anchors: tuple[Anchor, ...]
    before: int = 0
    after: int = _REACH

    def verify(self, window: Window) -> tuple[Match, ...]:
        unit = window.unit
        text = squeeze(window.data[window.hit :], window.encoding)
        lines = base64_text.read_lines(text, 0, _MOST, dashes=True)
        data = base64_text.decode(base64_text.characters(lines))
        for beginning, hit, find in _BEGINNINGS:
            material = find(data, hit) if data.startswith(beginning) else None
            if material is None or not material.segments:
                continue
            lines = base64_text.cut(text, lines, base64_text.encoded_length(material.end))
            segments = tuple((window.hit + line.start * unit, window.hit + line.end * unit) for line in lines)
            values = (*material.values, SecretValue(base64_text.characters(lines), structure=True))
            return (Match(segments, material.confidence, values),)
        return ()


def build(rule: Rule) -> EncodedWindowsDetector:
    """The detector of :data:`NAMES`."""
    literals = dict.fromkeys(_characters(beginning) for beginning, _, _ in _BEGINNINGS)
    anchors = (Anchor(literal.encode(each.codec), each) for each in TEXT_ENCODINGS for literal in literals)
    return EncodedWindowsDetector(rule, tuple(anchors))


def _characters(beginning: bytes) -> str:
    """The base64 characters that ``beginning`` fixes."""
    return base64.b64encode(beginning).decode("ascii")[: 8 * len(beginning) // 6]
