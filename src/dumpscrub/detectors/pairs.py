"""Texts that are the name of a secret and nothing else: what points to them stands beside what points to the value.

The detector finds names. Their values are no matter of a window: see :mod:`dumpscrub.pairs`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dumpscrub.detectors.base import Match
from dumpscrub.detectors.names import is_secret_name, telling_words
from dumpscrub.detectors.pattern import JudgingDetector, judge_of, text_anchors
from dumpscrub.rules.schema import Rule
from dumpscrub.search.windows import Window

NAMES = ("pointed-value",)
LONGEST = 96
"""Characters that no name has."""
_PRINTABLE = bytes(range(0x20, 0x7F))
_NAME = re.compile(rb"[-/$@]{0,2}[A-Za-z_][\w.:/\[\]()@*#-]+(?: [\w.:/\[\]()@*#-]+){0,4}")
_LAST = frozenset(("pass", "pw", "auth", "pin", "cookie", "sas", "base64"))
_ENDS_OF_NAMES = """
password passwd passphrase passcode pwd secret token key credential connectionstring connstr
"""
_ENDS = tuple(_ENDS_OF_NAMES.split())
_ENDED = (b"\0", b"\1", b"\5", b"\t", b"\x11", b"\x19")
"""A NUL; in Java an object may follow, which begins with its marks: young, and neither locked nor hashed."""
_STRING = frozenset(("string", "str"))
_SECTION = re.compile(r"(?i)(?:connection_?strings?|secrets|passwords|tokens|credentials)(?:[.:/]|__)(?=\w)")


@dataclass(frozen=True, slots=True)
class PairDetector(JudgingDetector):
    """Finds names; :attr:`judge` says what a value of them is."""

    def verify(self, window: Window) -> tuple[Match, ...]:
        """Nothing: no value stands in the window."""
        del window
        return ()

    def place(self, window: Window) -> tuple[int, int] | None:
        """Where the text stands around the hit, if it is short and ended: text indices of the window."""
        text, at = window.text, window.anchor
        end = len(text) - len(text[at:].lstrip(_PRINTABLE))
        start = len(text[:at].rstrip(_PRINTABLE))
        return (start, end) if end - start < LONGEST and text[end : end + 1] in _ENDED else None


def build(rule: Rule) -> PairDetector:
    """The detector of ``rule``. Raises RuleError for an unknown validator or decoder."""
    return PairDetector(rule, text_anchors(rule), LONGEST, LONGEST + 1, judge_of(rule))


def is_name(text: bytes) -> bool:
    """True for the name of a secret."""
    return bool(_NAME.fullmatch(text)) and is_secret_name(_plain(text))


def tells(name: bytes) -> bool:
    """True for a name that ends with what it is, or stands in a section of such: others may say something about it."""
    plain = _plain(name)
    parts = telling_words(plain)
    last = parts[-1] if parts else ""
    is_string = last in _STRING and parts[-2:-1] in (["connection"], ["conn"])
    return last.removesuffix("s").endswith(_ENDS) or last in _LAST or is_string or bool(_SECTION.search(plain))


def _plain(name: bytes) -> str:
    return name.decode("ascii").lstrip("-/$@")
