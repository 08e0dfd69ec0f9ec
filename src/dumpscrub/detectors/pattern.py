"""The detector behind most rules: a linear-time regular expression in the window around an anchor."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import re2

from dumpscrub.detectors.base import Anchor, Match
from dumpscrub.detectors.validators import VALIDATORS, Validator, Verdict
from dumpscrub.errors import RuleError
from dumpscrub.model import Confidence, SecretValue
from dumpscrub.rules.schema import Boundary, Rule
from dumpscrub.search.windows import Window

_WORD = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")
NAMES = ("pattern",)
_STANDARD = bytes.maketrans(b"-_", b"+/")
_ACCEPT = Verdict()

Decoder = Callable[[bytes], SecretValue | None]


@dataclass(frozen=True, slots=True)
class PatternDetector:
    """Finds the rule's pattern where it contains the anchor. One instance serves all workers."""

    rule: Rule
    anchors: tuple[Anchor, ...]
    before: int
    after: int
    expression: Any = field(repr=False)
    groups: tuple[int, ...]
    validate: Validator
    decode: tuple[Decoder, ...]

    def verify(self, window: Window) -> Iterator[Match]:
        text = window.text()
        for found in self._candidates(text, window.anchor):
            if not self._bounded(text, found):
                continue
            for group in self.groups:
                start, end = found.span(group)
                if start < end and text[start:end].strip(b"*"):
                    yield self._match(window, text, start, end)

    def _candidates(self, text: bytes, anchor: int) -> Iterator[Any]:
        """The matches that contain the anchor."""
        if not self.rule.before:
            found = self.expression.match(text, anchor)
            if found:
                yield found
            return
        for found in self.expression.finditer(text):
            if found.start() > anchor:
                return
            if found.end() > anchor:
                yield found

    def _bounded(self, text: bytes, found: Any) -> bool:
        start, end = found.span()
        boundary = self.rule.boundary
        if boundary in (Boundary.LEFT, Boundary.BOTH) and start > 0 and text[start - 1] in _WORD:
            return False
        return not (boundary in (Boundary.RIGHT, Boundary.BOTH) and end < len(text) and text[end] in _WORD)

    def _match(self, window: Window, text: bytes, start: int, end: int) -> Match:
        secret = text[start:end]
        verdict = self.validate(secret)
        decoded = [decode(secret) for decode in self.decode]
        values = [window.value(start, end), *(value for value in decoded if value)]
        return Match(
            segments=(window.raw(start, end),),
            confidence=verdict.confidence or self.rule.confidence,
            # A value in doubt may be an everyday word: it is masked here, and its copies elsewhere stay.
            values=tuple(values) if self.rule.propagate and verdict.confidence is not Confidence.LOW else (),
            suppressed=verdict.suppressed,
        )


def build(rule: Rule) -> PatternDetector:
    """The detector of a rule. Raises RuleError where the pattern does not compile or names something unknown."""
    expression = compile_pattern(rule)
    groups = tuple(index for name, index in expression.groupindex.items() if name.startswith(b"secret"))
    if not groups:
        raise RuleError(f"rule {rule.id}: the pattern has no group named secret: write (?P<secret>...)")
    if rule.validator and rule.validator not in VALIDATORS:
        raise RuleError(f"rule {rule.id}: unknown validator {rule.validator!r}: one of {', '.join(VALIDATORS)}")
    unknown = [name for name in rule.decoders if name not in DECODERS]
    if unknown:
        raise RuleError(f"rule {rule.id}: unknown decoder {unknown[0]!r}: one of {', '.join(DECODERS)}")
    # One unit more on each side shows the boundary.
    anchor = max((len(text) for text in rule.anchors), default=0)
    return PatternDetector(
        rule,
        text_anchors(rule),
        rule.before + 1,
        max(rule.after, anchor) + 1,
        expression,
        groups,
        VALIDATORS[rule.validator] if rule.validator else accept,
        tuple(DECODERS[name] for name in rule.decoders),
    )


def compile_pattern(rule: Rule) -> Any:
    """The compiled expression of a rule. Raises RuleError where RE2 refuses it."""
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    options.dot_nl = False
    try:
        return re2.compile(rule.pattern.encode("latin-1"), options)
    except re2.error as error:
        reason = error.args[0].decode("latin-1")
        raise RuleError(f"rule {rule.id}: the pattern does not compile ({reason}): it is RE2 syntax") from error
    except UnicodeEncodeError as error:
        raise RuleError(f"rule {rule.id}: the pattern holds a character beyond Latin-1: write \\xff for any") from error


def text_anchors(rule: Rule) -> tuple[Anchor, ...]:
    """Each anchor of the rule in each of its encodings. Raises RuleError for an anchor that is not ASCII."""
    if any(not text.isascii() or not text for text in rule.anchors):
        raise RuleError(f"rule {rule.id}: an anchor is ASCII text and not empty")
    return tuple(
        Anchor(text.encode(encoding.codec), encoding, rule.caseless)
        for text in rule.anchors
        for encoding in rule.encodings
    )


def accept(secret: bytes) -> Verdict:
    """The validator of a rule that names none."""
    del secret
    return _ACCEPT


def _base64_bytes(text: bytes) -> bytes | None:
    """The bytes behind base64 text, in either alphabet, with or without padding."""
    try:
        return base64.b64decode(text.translate(_STANDARD) + b"=" * (-len(text) % 4))
    except binascii.Error:
        return None


def _text(text: bytes) -> SecretValue | None:
    """The text behind base64."""
    data = _base64_bytes(text)
    return SecretValue(data) if data and _is_text(data) else None


def _key(text: bytes) -> SecretValue | None:
    """The key behind base64: plain bytes."""
    data = _base64_bytes(text)
    return SecretValue(data, binary=True) if data else None


def _password(text: bytes) -> SecretValue | None:
    """The password of HTTP Basic credentials (RFC 7617)."""
    credentials = _base64_bytes(text) or b""
    password = credentials.partition(b":")[2]
    return SecretValue(password) if password and _is_text(password) else None


def _is_text(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


DECODERS: Mapping[str, Decoder] = {"base64": _text, "base64-key": _key, "basic": _password}
"""What a found value may hide, by the names that rules give."""
