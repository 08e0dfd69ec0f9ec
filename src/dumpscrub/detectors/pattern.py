"""The detector behind most rules: a linear-time regular expression in the window around an anchor."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from dumpscrub.detectors import adjoining
from dumpscrub.detectors.base import Anchor, Match
from dumpscrub.detectors.expression import NEAR, Expression, Expressions, Groups
from dumpscrub.detectors.validators import VALIDATORS, Validator, Verdict
from dumpscrub.errors import RuleError
from dumpscrub.model import Confidence, SecretValue
from dumpscrub.rules.schema import Boundary, Rule
from dumpscrub.search.edges import WORD
from dumpscrub.search.heapdump import begins_object
from dumpscrub.search.windows import Window

NAMES = ("pattern",)
_STANDARD = bytes.maketrans(b"-_", b"+/")
_ACCEPT = Verdict()
_REMEMBERED = 8192
"""Judgements that a detector remembers: a process keeps most of its secrets more than once."""
_SHORT = 512
"""Bytes of the longest value that is remembered."""
_MATCH, _BEFORE, _KIBI = 4, 9, 8
"""Steps (as a window counts them) of a match, of a character before a hit that may begin one, of 1,024 characters."""
_RUN = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-"
"""Characters of keys: where they stand before a hit, each may begin one."""
_TAG = 2
"""Bytes behind a counted string that may read as a part of it: the tag of the next field, and a length."""
_SHORTEST_KEY, _FEW = 8, 4
"""Bytes of a key of DES; so few different ones fill memory."""

Decoder = Callable[[bytes], SecretValue | None]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is made of a value, wherever it stands: the parts of a Match that do not depend on the place."""

    confidence: Confidence
    values: tuple[SecretValue, ...]
    suppressed: str
    size: int = 0
    """How many characters are the value, if not all."""


@dataclass(frozen=True, slots=True)
class Judge:
    """Validates and decodes the values of one rule."""

    rule: Rule
    validate: Validator
    decode: tuple[Decoder, ...]

    def __call__(self, text: bytes, plain: bytes) -> Judgement:
        """The judgement of a value that a window shows as ``text`` and that is ``plain`` in UTF-8."""
        verdict = self.validate(text)
        text, plain = (text[: verdict.size], plain[: verdict.size]) if verdict.size else (text, plain)
        confidence = verdict.confidence or self.rule.confidence
        # A value in doubt may be an everyday word: it is masked here, and its copies elsewhere stay.
        if not self.rule.propagate or verdict.confidence is Confidence.LOW:
            return Judgement(confidence, (), verdict.suppressed)
        decoded = [decode(text) for decode in self.decode]
        values = (SecretValue(plain), *(value for value in decoded if value))
        return Judgement(confidence, values, verdict.suppressed, verdict.size)


@dataclass(frozen=True, slots=True)
class JudgingDetector:
    """For detectors that find values in their own way: ``judge`` says of a value, and of it in UTF-8, what it is."""

    rule: Rule
    anchors: tuple[Anchor, ...]
    before: int
    after: int
    judge: Callable[[bytes, bytes], Judgement] = field(repr=False)


@dataclass(frozen=True, slots=True)
class PatternDetector:
    """Finds the rule's pattern where it contains the anchor. One instance serves all workers."""

    rule: Rule
    anchors: tuple[Anchor, ...]
    before: int
    after: int
    expressions: Expressions = field(repr=False)
    judge: Callable[[bytes, bytes], Judgement] = field(repr=False)
    remembered: Callable[[bytes, bytes], Judgement] = field(repr=False)
    beginnings: tuple[bytes, ...] = ()
    """The anchors as windows show them."""
    steps: int = 0
    """What a look takes beyond a quick one, by how far it may go."""

    def verify(self, window: Window) -> Sequence[Match]:
        matches: list[Match] = []
        for expression in self.expressions.compiled():
            found = expression.containing(window.text, window.anchor)
            # Both sides of a name count: once the value behind it is masked, the one before it would be found anyway.
            matches += self._matches(window, expression, found) if found else ()
        window.steps += self.steps + _MATCH * len(matches)
        if 0 < self.rule.before <= NEAR:
            head = window.text[: window.anchor]
            window.steps += _BEFORE * (len(head) - len(head.rstrip(_RUN)))
        return matches

    def _matches(self, window: Window, expression: Expression, found: list[Groups]) -> list[Match]:
        matches: list[Match] = []
        for groups in found:
            start, end = groups[expression.whole]
            places = [groups[group] for group in expression.groups]
            size, is_proven = self._size(window.text, start, end, is_bare=(start, end) in places)
            some = [
                self._match(window, first, min(last, start + size)) for first, last in places if size and first >= 0
            ]
            whole = (match for match in some if match)
            matches += whole if is_proven else map(_doubtful, whole)
        return matches

    def _size(self, text: bytes, start: int, end: int, *, is_bare: bool) -> tuple[int, bool]:
        """How much of the match ``[start, end)`` is one, 0 for none, and whether boundaries or a length say so.

        One that ``is_bare`` is nothing but the value. Formats such as Protocol Buffers, and .NET's BinaryWriter, put a
        byte with the length before a string. It may read as a letter, and so may what follows the string. Where no
        length tells, a value that looks random may have been cut, or stand behind another text.
        """
        size, head, value = end - start, text[:start], text[start:end]
        follows = self.rule.boundary in (Boundary.LEFT, Boundary.BOTH) and start > 0 and text[start - 1] in WORD
        goes_on = self.rule.boundary in (Boundary.RIGHT, Boundary.BOTH) and end < len(text) and text[end] in WORD
        if not follows and not goes_on:
            return size, True
        beginning = self._beginning(value)
        is_random = adjoining.looks_random(value, beginning, follows=follows)
        has_length = is_bare and start > 0 and 0 <= size - text[start - 1] <= _TAG
        if has_length and (is_random or not adjoining.ends_text(head)):
            return text[start - 1], True
        follows = follows and not adjoining.ends_escape(head)
        if not follows and not goes_on:
            return size, True
        is_one = not follows or (
            not self._began_before(head, beginning) and adjoining.stands_alone(head, value, beginning, goes_on=goes_on)
        )
        return (size if is_random and is_one else 0), False

    def _beginning(self, value: bytes) -> bytes:
        """The longest anchor that ``value`` begins with, or nothing."""
        return max((text for text in self.beginnings if value.startswith(text)), key=len, default=b"")

    def _began_before(self, head: bytes, beginning: bytes) -> bool:
        """True where another anchor of the rule stands further ahead, of which ``beginning`` is the end or the rest."""
        longer = (text.removesuffix(beginning) for text in self.beginnings if text.endswith(beginning))
        return head.endswith(tuple(text or beginning for text in longer))

    def _match(self, window: Window, start: int, end: int) -> Match | None:
        """The match of a group; None where it took no part or is masked already."""
        if window.unit == 1 and begins_object(window.text, end - 1):
            end -= 1
        secret = window.text[start:end]
        if not secret.strip(b"*"):
            return None
        judge = self.remembered if end - start <= _SHORT else self.judge
        judgement = judge(secret, secret if secret.isascii() else window.utf8(start, end))
        end = start + judgement.size if judgement.size else end
        return Match((window.raw(start, end),), judgement.confidence, judgement.values, judgement.suppressed)


def _doubtful(match: Match) -> Match:
    """``match`` as one that is masked where it stands, and not looked for elsewhere."""
    return match if match.suppressed else match._replace(confidence=Confidence.LOW, values=())


def build(rule: Rule) -> PatternDetector:
    """The detector of a rule. Raises RuleError where the pattern does not compile or names something unknown."""
    expressions = Expressions(rule)
    judge = judge_of(rule)
    # One unit more on each side shows the boundary; before a token that begins with its anchor, what it stands in.
    has_left = rule.boundary in (Boundary.LEFT, Boundary.BOTH)
    before = adjoining.REACH if has_left and not rule.before else rule.before + 1
    anchor = max((len(text) for text in rule.anchors), default=0)
    return PatternDetector(
        rule,
        text_anchors(rule),
        before,
        max(rule.after, anchor) + 1,
        expressions,
        judge,
        lru_cache(_REMEMBERED)(judge),
        tuple(text.encode("latin-1", "replace") for text in rule.anchors),
        _steps(rule),
    )


def _steps(rule: Rule) -> int:
    """What a look for ``rule`` takes: behind the hit little, before it more, where each place may be a beginning."""
    return (rule.before + rule.after) // 1024 * _KIBI


def judge_of(rule: Rule) -> Judge:
    """What validates and decodes the values of ``rule``. Raises RuleError for an unknown validator or decoder."""
    if rule.validator and rule.validator not in VALIDATORS:
        raise RuleError(f"rule {rule.id}: unknown validator {rule.validator!r}: one of {', '.join(VALIDATORS)}")
    unknown = [name for name in rule.decoders if name not in DECODERS]
    if unknown:
        raise RuleError(f"rule {rule.id}: unknown decoder {unknown[0]!r}: one of {', '.join(DECODERS)}")
    validate = VALIDATORS[rule.validator] if rule.validator else accept
    return Judge(rule, validate, tuple(DECODERS[name] for name in rule.decoders))


def text_anchors(rule: Rule) -> tuple[Anchor, ...]:
    """Each anchor of the rule in each of its encodings.

    Raises RuleError for an anchor that is empty, or that is not ASCII and yet to be found in any case.
    """
    if any(not text or (rule.caseless and not text.isascii()) for text in rule.anchors):
        raise RuleError(f"rule {rule.id}: an anchor is not empty, and ASCII text unless caseless = false")
    edge = rule.boundary in (Boundary.LEFT, Boundary.BOTH) and not rule.before and rule.detector == "pattern"
    return tuple(
        Anchor(text.encode(encoding.codec), encoding, rule.caseless, edge)
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


def _hex_key(text: bytes) -> SecretValue | None:
    """The key behind hexadecimal digits, two for each byte; None where these are no key: a number, a filling."""
    try:
        data = binascii.unhexlify(text.removeprefix(b"0x"))
    except binascii.Error:
        return None
    return SecretValue(data, binary=True) if len(data) >= _SHORTEST_KEY and len(set(data)) > _FEW else None


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


DECODERS: Mapping[str, Decoder] = {"base64": _text, "base64-key": _key, "hex-key": _hex_key, "basic": _password}
"""What a found value may hide, by the names that rules give."""
