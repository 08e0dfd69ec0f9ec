"""Secrets in serialised objects and binary protocols, where nothing but lengths stands between a name and its value."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from dumpscrub.detectors.base import Match
from dumpscrub.detectors.binary import is_filler
from dumpscrub.detectors.cbor import BEFORE
from dumpscrub.detectors.names import is_secret_name, words
from dumpscrub.detectors.notations import ANY, ANY_INSIDE, TEXTS, TEXTS_INSIDE, Endings, Notation
from dumpscrub.detectors.pattern import JudgingDetector, judge_of, text_anchors
from dumpscrub.detectors.stated import LONGEST_NAME, SHORTEST_NAME, Value
from dumpscrub.model import Confidence, SecretValue
from dumpscrub.rules.schema import Rule
from dumpscrub.search.windows import Window

NAMES = ("serialised",)
_AFTER = 2048
_STEPS = 6
"""What each character before an anchor takes, as a window counts: it may be a length, and that of several notations."""
_NAME_BYTES = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.:/$"
_NAME = re.compile(rb"[A-Za-z_$][A-Za-z0-9_\-.:/$]*[A-Za-z0-9_]")
_TEXT = re.compile(rb"[\t\r\n\x20-\x7e\x80-\xff]+")
_SCHEME = re.compile(rb"(?i:basic|bearer|digest|negotiate|ntlm|token|apikey|key|aws4-hmac-sha256) +")
"""How the value of a header for credentials begins: it stays."""
_CHARACTERS, _WHITE = range(0x20, 0x7F), b"\t\r\n"
_SHORTEST_BINARY = 8
_LONGEST_CHARACTER = 4


class Found(NamedTuple):
    """Where a value stands in a text, whether it is bytes rather than text, and whether the text ends before it does.

    ``is_doubtful`` says that it may be the next word of a list.
    """

    start: int
    end: int
    is_binary: bool
    is_cut: bool
    is_doubtful: bool = False


@dataclass(frozen=True, slots=True)
class SerialisedDetector(JudgingDetector):
    """Finds the value behind a name that tells of a secret, where the lengths of both are stated."""

    def verify(self, window: Window) -> tuple[Match, ...]:
        head = window.text[max(0, window.anchor - LONGEST_NAME) : window.anchor]
        window.steps += _STEPS * (len(head) - len(head.rstrip(_NAME_BYTES)))
        found = find(window.text, window.anchor, is_plain=window.unit == 1)
        match = self._match(window, found) if found else None
        return (match,) if match else ()

    def _match(self, window: Window, found: Found) -> Match | None:
        """The match of a value; None for one that is masked already."""
        secret = window.text[found.start : found.end]
        if not secret.strip(b"*"):
            return None
        place = (window.raw(found.start, found.end),)
        if found.is_binary:
            values = () if found.is_cut else (SecretValue(secret, binary=True),)
            return Match(place, self.rule.confidence, values)
        judgement = self.judge(secret, window.utf8(found.start, found.end))
        if found.is_doubtful:
            return Match(place, Confidence.LOW, (), judgement.suppressed)
        return Match(place, judgement.confidence, () if found.is_cut else judgement.values, judgement.suppressed)


def build(rule: Rule) -> SerialisedDetector:
    """The detector of ``rule``. Raises RuleError for an unknown validator or decoder, and for anchors beyond ASCII."""
    return SerialisedDetector(rule, text_anchors(rule), BEFORE, max(rule.after, _AFTER), judge_of(rule))


def find(text: bytes, at: int, *, is_plain: bool = True) -> Found | None:
    """The value behind the name around index ``at`` of ``text``; None where no notation writes both there.

    What is not ``is_plain`` shows code units of several bytes: only notations that are text stand so.
    """
    head = text[max(0, at - LONGEST_NAME) : at]
    start = at - len(head) + len(head.rstrip(_NAME_BYTES))
    tail = text[at : at + LONGEST_NAME]
    end = at + len(tail) - len(tail.lstrip(_NAME_BYTES))
    outer = ANY if is_plain else TEXTS
    fits = start and outer.fit(text[start - 1], at - start + SHORTEST_NAME, end - start)
    found = _named(text, start, at, end, outer) if fits else None
    inside = ANY_INSIDE if is_plain else TEXTS_INSIDE
    for begin in range(at, start, -1) if found is None else ():
        # Most characters of a word are no length, or one of a name that would begin or end elsewhere.
        if inside.fit(text[begin - 1], at - begin + SHORTEST_NAME, end - begin):
            found = _named(text, begin, at, end, inside)
            if found:
                break
    return found


def _named(text: bytes, begin: int, at: int, end: int, endings: Endings) -> Found | None:
    """The value of the name that begins at ``begin``, holds the anchor at ``at`` and ends by ``end``.

    One that is whole counts for more than one that the end of ``text`` cuts.
    """
    last, cut = text[begin - 1], None
    for length, notation in endings.lengths.get(last, ()):
        size = length.name(text, begin)
        if not at - begin + SHORTEST_NAME <= size <= end - begin:
            continue
        if notation.is_bare and _reads_as_text(last, text[begin + size : begin + size + 1]):
            continue
        if not _tells(text[begin : begin + size]):
            continue
        found = _value(text, begin, begin + size, notation)
        if found and not found.is_cut:
            return found
        cut = cut or found
    return cut


def _reads_as_text(last: int, following: bytes) -> bool:
    """True where a length that ends with the byte ``last`` may be a character, like that ``following`` the name."""
    return last in _CHARACTERS or (last in _WHITE and bool(_TEXT.fullmatch(following)))


def _value(text: bytes, start: int, end: int, notation: Notation) -> Found | None:
    """The value behind the name at ``[start, end)``, if ``notation`` writes it there."""
    between = notation.between.match(text, end)
    if between is None or (notation.step and text[between.end() - 1] != end - start + notation.step):
        return None
    for length in notation.values:
        value = length.value(text, between.end())
        if value is None or not value.size or value.start >= len(text):
            continue
        if notation.is_nested and text[between.end() - 2] != value.start + value.size - between.end() + 1:
            continue
        found = _checked(text, value, notation.ending)
        if found and _is_meant(text, start, end, found, notation):
            return found._replace(is_doubtful=notation.is_bare and text[found.start : found.end].isalpha())
    return None


def _is_meant(text: bytes, start: int, end: int, found: Found, notation: Notation) -> bool:
    """True where ``notation`` has proof enough that the value of the name at ``[start, end)`` is one."""
    if notation.is_bare and found.is_cut:
        return False
    return notation.proof is None or notation.proof(text, start, text[found.start : found.end])


@lru_cache(1024)
def _tells(name: bytes) -> bool:
    """True for the name of a secret. A connection string is divided by the rules for those."""
    if not _NAME.fullmatch(name):
        return False
    called = name.decode("ascii")
    return is_secret_name(called) and "connectionstring" not in "".join(words(called))


def _checked(text: bytes, value: Value, ending: bytes) -> Found | None:
    """The value as far as ``text`` holds it; None where it is no text, or does not end as it has to."""
    end = value.start + value.size
    is_cut = end > len(text)
    content = text[value.start : end]
    if ending and not is_cut and end < len(text) and not text.startswith(ending[: len(text) - end], end):
        return None
    if _is_text(content, is_cut=is_cut):
        scheme = _SCHEME.match(content)
        return Found(value.start + (scheme.end() if scheme else 0), min(end, len(text)), False, is_cut)
    if value.binary and len(content) >= _SHORTEST_BINARY and not is_filler(content):
        return Found(value.start, min(end, len(text)), True, is_cut)
    return None


def _is_text(content: bytes, *, is_cut: bool) -> bool:
    """True for UTF-8 without control characters, the last of which may be incomplete where it ``is_cut``."""
    if not _TEXT.fullmatch(content):
        return False
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        return is_cut and error.start > len(content) - _LONGEST_CHARACTER
    return True
