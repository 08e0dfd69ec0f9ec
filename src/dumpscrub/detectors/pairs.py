"""Texts that are the name of a secret and nothing else: what points to them stands beside what points to the value.

The detector finds names. Their values are no matter of a window: see :mod:`dumpscrub.pairs`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from dumpscrub.detectors.base import Anchor, Match
from dumpscrub.detectors.names import is_secret_name, words
from dumpscrub.detectors.pattern import Judgement, judge_of, text_anchors
from dumpscrub.rules.schema import Rule
from dumpscrub.search.windows import Window

NAMES = ("pointed-value",)
_LONGEST = 96
_PRINTABLE = bytes(range(0x20, 0x7F))
_NAME = re.compile(rb"[-/$@]{0,2}[A-Za-z_][\w.:/\[\]()@*#-]+(?: [\w.:/\[\]()@*#-]+){0,4}")
_LAST = frozenset(("pass", "pw", "auth", "pin", "cookie", "sas", "base64"))
_ENDS = (
    *("password", "passwd", "passphrase", "passcode", "pwd", "secret", "token", "key", "credential", "connectionstring"),
    "connstr",
)
_QUALIFIERS = frozenset(("old", "new", "value", "text", "base", "prod", "test", "dev", "primary", "secondary"))
_STRING = frozenset(("string", "str"))
_SECTION = re.compile(r"(?i)(?:connection_?strings?|secrets|passwords|tokens|credentials)(?:[.:/]|__)(?=\w)")
_ALIGNED = 8


@dataclass(frozen=True, slots=True)
class PairDetector:
    """Finds names; :attr:`judge` says what a value of them is."""

    rule: Rule
    anchors: tuple[Anchor, ...]
    before: int
    after: int
    judge: Callable[[bytes, bytes], Judgement] = field(repr=False)

    def verify(self, window: Window) -> tuple[Match, ...]:
        """Nothing: no value stands in the window."""
        del window
        return ()

    def names(self, window: Window) -> Iterator[tuple[int, int]]:
        """Where the name may stand whose text ends with the one around the hit: text indices of the window.

        What stands before a text may read as text: then the name begins at one of the next few characters.
        """
        text, at = window.text, window.anchor
        end = at + len(text[at:]) - len(text[at:].lstrip(_PRINTABLE))
        if end - at >= _LONGEST or text[end : end + 1] != b"\0":
            return
        start = len(text[:at].rstrip(_PRINTABLE))
        for first in range(start, min(start + _ALIGNED, at) + 1) if window.unit == 1 else (start,):
            if end - first < _LONGEST and is_name(text[first:end]):
                yield first, end


def build(rule: Rule) -> PairDetector:
    """The detector of ``rule``. Raises RuleError for an unknown validator or decoder."""
    return PairDetector(rule, text_anchors(rule), _LONGEST, _LONGEST + 1, judge_of(rule))


def is_name(text: bytes) -> bool:
    """True for the name of a secret that ends with what it is, or that stands in a section of such: others say more."""
    if not _NAME.fullmatch(text):
        return False
    name = text.decode("ascii").lstrip("-/$@")
    if not is_secret_name(name):
        return False
    parts = [word for word in words(name) if not word.isdigit() and word not in _QUALIFIERS]
    last = parts[-1] if parts else ""
    is_string = last in _STRING and parts[-2:-1] in (["connection"], ["conn"])
    return last.removesuffix("s").endswith(_ENDS) or last in _LAST or is_string or bool(_SECTION.search(name))
