"""Classes of characters that have a name or a letter in regular expressions."""

from __future__ import annotations

from collections.abc import Mapping

from dumpscrub.rules.imports.nodes import ALL, DIGITS, LOWER, SPACE, UPPER, WORD

CLASSES: Mapping[str, frozenset[int]] = {
    "d": DIGITS,
    "w": WORD,
    "s": SPACE,
    "h": frozenset(b"\t "),
    "D": ALL - DIGITS,
    "W": ALL - WORD,
    "S": ALL - SPACE,
    "N": ALL - frozenset(b"\n"),
}
"""By the letter behind the backslash."""
POSIX: Mapping[str, frozenset[int]] = {
    "alnum": DIGITS | LOWER | UPPER,
    "alpha": LOWER | UPPER,
    "digit": DIGITS,
    "lower": LOWER,
    "upper": UPPER,
    "punct": frozenset(range(0x21, 0x7F)) - DIGITS - LOWER - UPPER,
    "space": SPACE,
    "blank": frozenset(b"\t "),
    "word": WORD,
    "xdigit": DIGITS | frozenset(b"abcdefABCDEF"),
    "print": frozenset(range(0x20, 0x7F)),
    "graph": frozenset(range(0x21, 0x7F)),
    "cntrl": frozenset(range(0x20)) | {0x7F},
    "ascii": frozenset(range(0x80)),
}
"""By the name between ``[:`` and ``:]``."""
