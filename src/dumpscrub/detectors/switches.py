"""Secrets in the string behind the one that holds a switch, as .NET makes them when a command line is divided.

A string of .NET is a pointer to its class, its length in 32 bits, the characters in UTF-16 and a zero; the next object
begins at a multiple of eight, behind a word for its header (the runtime's ``object.h``, on 64-bit platforms). So the
length of the switch says where the next string begins, which is of the same class.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dumpscrub.detectors.base import Match
from dumpscrub.detectors.names import is_secret_name
from dumpscrub.detectors.pattern import JudgingDetector, judge_of, text_anchors
from dumpscrub.model import Encoding
from dumpscrub.rules.schema import Rule
from dumpscrub.search.windows import Window

NAMES = ("switch-string",)
_UNIT, _WORD = 2, 8
_HEADER = 12
"""Bytes of the pointer to the class and the length."""
_LONGEST_SWITCH, _LONGEST_VALUE = 48, 512
_BEFORE, _AFTER = _LONGEST_SWITCH + _HEADER, _LONGEST_SWITCH + _LONGEST_VALUE + 4 * _WORD
_SWITCH = re.compile(r"--?([A-Za-z][\w.:-]*)")
_QUOTES = "\"'"


@dataclass(frozen=True, slots=True)
class SwitchDetector(JudgingDetector):
    """Finds the string behind one that is the name of a secret with a dash before it."""

    def verify(self, window: Window) -> tuple[Match, ...]:
        data = window.data
        place = find(data, window.hit)
        if place is None:
            return ()
        text = data[slice(*place)].decode("utf-16-le", "replace")
        quotes = text[0] if len(text) > 1 and text[0] in _QUOTES and text[0] == text[-1] else ""
        secret = text.strip(quotes) if quotes else text
        if not secret.strip("*") or secret.startswith("-"):
            return ()
        aside = _UNIT * len(quotes)
        told = secret.encode("utf-8", "replace")
        judgement = self.judge(told, told)
        span = (place[0] + aside, place[1] - aside)
        return (Match((span,), judgement.confidence, judgement.values, judgement.suppressed),)


def build(rule: Rule) -> SwitchDetector:
    """The detector of ``rule``. Raises RuleError for an unknown validator or decoder, and for anchors beyond ASCII."""
    wide = tuple(anchor for anchor in text_anchors(rule) if anchor.encoding is Encoding.UTF16LE)
    return SwitchDetector(rule, wide, _BEFORE, _AFTER, judge_of(rule))


def find(data: bytes, at: int) -> tuple[int, int] | None:
    """Where the string behind the switch around index ``at`` of ``data`` stands; None where it cannot be told."""
    start = _start(data, at)
    size = _string(data, start, _LONGEST_SWITCH)
    switch = _SWITCH.fullmatch(data[start : start + size].decode("utf-16-le", "replace")) if size else None
    if switch is None or not is_secret_name(switch[1]):
        return None
    used = _HEADER + size + _UNIT
    following = start + -(-used // _WORD) * _WORD + _WORD
    if data[following - _HEADER : following - 4] != data[start - _HEADER : start - 4]:
        return None
    length = _string(data, following, _LONGEST_VALUE)
    return (following, following + length) if length else None


def _start(data: bytes, at: int) -> int:
    """Where the text around ``at`` begins: behind the upper half of its length, which is zero."""
    start = at
    while start - _UNIT >= max(0, at - _UNIT * _LONGEST_SWITCH) and data[start - _UNIT : start] != b"\0\0":
        start -= _UNIT
    return start


def _string(data: bytes, start: int, most: int) -> int:
    """The bytes of the string that begins at ``start``, of up to ``most`` characters; 0 where there is none."""
    if start < _HEADER:
        return 0
    size = _UNIT * int.from_bytes(data[start - 4 : start], "little")
    if not 0 < size <= _UNIT * most or data[start + size : start + size + _UNIT] != bytes(_UNIT):
        return 0
    has_class = any(data[start - _HEADER : start - 6]) and not any(data[start - 6 : start - 4])
    return size if has_class and "\0" not in data[start : start + size].decode("utf-16-le", "replace") else 0
