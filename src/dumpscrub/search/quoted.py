r"""The escapes by which text is known of which some characters are written otherwise: ``%3D``, ``&lt;``, ``=3D``.

They are literals, and are searched for with all others: those that stand for what programs put around values (quotes,
brackets, colons, equals signs) and for the beginnings of other escapes. ``\"`` and ``\/`` are too frequent, and rules
know them. Reports that browsers and Windows write (MHTML) are quoted-printable, where a line may also be broken; the
sign of that stands at the end of PEM, too, and tells nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from dumpscrub.model import Encoding
from dumpscrub.search.encoded import Code
from dumpscrub.search.literals import Literal

ESCAPES: Mapping[Code, tuple[str, ...]] = {
    Code.PERCENT: (
        *("%22", "%25", "%26", "%2F", "%3A", "%3B", "%3C", "%3D", "%40", "%7B"),
        *("%2f", "%3a", "%3b", "%3c", "%3d", "%7b"),
    ),
    Code.ENTITY: ("&amp;", "&apos;", "&lt;", "&quot;", "&#x", "&#3", "&#4", "&#6"),
    Code.BACKSLASH: (r"\u002", r"\u003", r"\u004", r"\u005", r"\u006", r"\u007", r"\x22", r"\x3"),
    Code.QUOTED: ("=3D", "=3d"),
}
_ENCODINGS = (Encoding.UTF8, Encoding.UTF16LE)

ESCAPE_MARKS: tuple[tuple[Literal, Code, Encoding], ...] = tuple(
    (Literal(escape.encode(encoding.codec)), code, encoding)
    for code, escapes in ESCAPES.items()
    for escape in escapes
    for encoding in _ENCODINGS
)
"""What to search for, and what a hit of it says."""


ENDS: Mapping[Code, re.Pattern[bytes]] = {
    Code.PERCENT: re.compile(rb"[\x00-\x08\n-\x1f]"),
    Code.ENTITY: re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]"),
    Code.BACKSLASH: re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]"),
    Code.QUOTED: re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]"),
}
"""Characters that no text with such escapes holds; one with percent signs is one line."""
