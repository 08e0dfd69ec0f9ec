r"""Private keys written out as numbers in base64: .NET's ``ToXmlString``, XML Signature, serialised ``RSAParameters``.

The elements may be in any order, with prefixes, attributes and white space, and the text may be cut at either end. In
the JSON that serialisers make of ``RSAParameters``, the same names are the members of an object. Which numbers are
private depends on the key: P and Q of an RSA key are, those of a DSA key are not.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from dumpscrub.detectors import base64_text
from dumpscrub.detectors.base import Anchor, Match
from dumpscrub.detectors.base64_text import Line
from dumpscrub.detectors.cells import REACH, Latest, cell_around
from dumpscrub.model import Confidence, SecretValue
from dumpscrub.rules.schema import TEXT_ENCODINGS, Rule
from dumpscrub.search.windows import Window

_LEAST, _MOST = 16, 2048
"""Base64 characters of a number."""
_LEAST_VALUE = 16
_TOGETHER = 64
"""Numbers that one finding holds at the most: more than any key has."""
_RSA = frozenset({b"P", b"Q", b"DP", b"DQ", b"InverseQ", b"D", b"PrivateExponent"})
_SECRETS = {
    b"RSAKeyValue": _RSA,
    b"RSAParameters": _RSA,
    b"DSAKeyValue": frozenset({b"X"}),
    b"DSAParameters": frozenset({b"X"}),
    b"ECKeyValue": frozenset({b"D", b"PrivateKey"}),
    b"ECDSAKeyValue": frozenset({b"D", b"PrivateKey"}),
    b"ECParameters": frozenset({b"D"}),
}
"""By the element that holds a key, its elements that are private."""
_TELLING = frozenset({b"DP", b"DQ", b"InverseQ"})
"""Elements that only an RSA key has."""
_NUMBERS = "P|Q|DP|DQ|InverseQ|D|X|PrivateExponent|PrivateKey|Modulus"
_PREFIX = r"(?:[A-Za-z0-9._-]{1,32}:)?"
_TOKEN = re.compile(
    rf"<(?P<close>/?){_PREFIX}(?:(?P<key>{'|'.join(name.decode() for name in _SECRETS)})|(?P<element>{_NUMBERS}))"
    rf"(?:\s[^<>\x00]{{0,256}})?>"
    rf"|\\*[\"'](?P<member>{_NUMBERS})\\*[\"']\s{{0,16}}:\s{{0,16}}\\*[\"']"
    rf"|(?P<brace>[{{}}])".encode()
)
_BASE64_END = re.compile(rb"[A-Za-z0-9+/=]{4,}+\Z")
_ANCHORS = (*(name.decode("ascii") for name in _SECRETS), "InverseQ")
_NAME = re.compile("|".join(_ANCHORS).encode())


@dataclass(frozen=True, slots=True)
class _Number:
    """A number of a key: its name, and its base64."""

    name: bytes
    lines: tuple[Line, ...]

    @property
    def content(self) -> bytes:
        return base64_text.decode(base64_text.characters(self.lines))


@dataclass(slots=True)
class _Key:
    """The numbers found between ``start`` and ``end`` of a text; ``kind`` is the element that holds them, if known."""

    start: int
    end: int
    kind: bytes = b""
    numbers: list[_Number] = field(default_factory=list)

    def secrets(self) -> list[_Number]:
        """Those of the numbers that are private."""
        kind = self.kind
        if not kind and any(number.name in _TELLING for number in self.numbers):
            kind = b"RSAKeyValue"
        private = _SECRETS.get(kind, frozenset())
        return [number for number in self.numbers if number.name in private]

    def is_proven(self) -> bool:
        """True where the primes are those of the modulus."""
        values = {number.name: int.from_bytes(number.content, "big") for number in self.numbers}
        return values.get(b"P", 0) * values.get(b"Q", 0) == values.get(b"Modulus", -1)


@dataclass(frozen=True, slots=True)
class _Found:
    """What is secret of the numbers between ``start`` and ``end`` of a text."""

    start: int
    end: int
    lines: tuple[Line, ...]
    confidence: Confidence
    values: tuple[SecretValue, ...]


@dataclass(frozen=True, slots=True)
class KeyXmlDetector:
    """Finds keys around the names of their elements."""

    rule: Rule
    anchors: tuple[Anchor, ...]
    before: int = REACH
    after: int = REACH
    find: Latest[list[_Found]] = field(default_factory=lambda: Latest(_find), repr=False)

    def verify(self, window: Window) -> Iterator[Match]:
        cell = cell_around(window)
        found = self.find(cell.text)
        # Ends are in order, too.
        for number in range(bisect_left(found, cell.anchor, key=lambda each: each.end), len(found)):
            each = found[number]
            if each.start > cell.anchor:
                break
            # The first name of a key in a cell tells all that the others there could tell.
            if _NAME.search(cell.text, max(each.start, cell.begin)).start() == cell.anchor:  # type: ignore[union-attr]
                yield self._match(window, cell.shift, each)

    @staticmethod
    def _match(window: Window, shift: int, found: _Found) -> Match:
        segments = tuple(window.raw(shift + line.start, shift + line.end) for line in found.lines)
        return Match(segments, found.confidence, found.values)


def build(rule: Rule) -> KeyXmlDetector:
    """The detector of keys in XML."""
    return KeyXmlDetector(
        rule,
        tuple(Anchor(name.encode(encoding.codec), encoding) for encoding in TEXT_ENCODINGS for name in _ANCHORS),
    )


NAMES = ("xml-key",)


def _values(numbers: Iterable[_Number]) -> Iterator[SecretValue]:
    """The numbers and their base64, as values to sweep."""
    for number in numbers:
        content = number.content.lstrip(b"\0")
        if len(content) >= _LEAST_VALUE:
            yield SecretValue(content, binary=True)
            yield SecretValue(base64_text.characters(number.lines))


def _find(text: bytes) -> list[_Found]:
    """The keys in ``text`` that hold secrets, one after the other."""
    found = []
    for key in _keys(text):
        secrets = key.secrets()
        confidence = Confidence.HIGH if secrets and key.is_proven() else Confidence.MEDIUM
        for first in range(0, len(secrets), _TOGETHER):
            some = secrets[first : first + _TOGETHER]
            lines = tuple(line for number in some for line in number.lines)
            found.append(_Found(key.start, key.end, lines, confidence, tuple(_values(some))))
    return found


def _keys(text: bytes) -> Iterator[_Key]:
    """The keys in ``text``, one after the other.

    The first may have lost its beginning, the last one its end.
    """
    key = _Key(0, 0)
    for token in _TOKEN.finditer(text):
        key.end = token.end()
        if token["brace"]:
            yield key
            key = _Key(token.start(), token.end())
        elif token["key"] and token["close"]:
            key.kind = key.kind or token["key"]
            yield key
            key = _Key(token.end(), token.end())
        elif token["key"]:
            yield key
            key = _Key(token.start(), token.end(), token["key"])
        elif token["close"]:
            key.numbers += _lost_beginning(text, token, key)
        else:
            key.numbers += _number(text, token["element"] or token["member"], token.end())
    yield key


def _number(text: bytes, name: bytes, at: int) -> list[_Number]:
    """The number called ``name`` whose base64 begins at ``at``, if it is long enough."""
    lines = base64_text.read_lines(text, at, _MOST)
    return [_Number(name, lines)] if len(base64_text.characters(lines)) >= _LEAST else []


def _lost_beginning(text: bytes, token: re.Match[bytes], key: _Key) -> list[_Number]:
    """What is left of the number that ends at ``token``, at the beginning of a text that is cut."""
    if key.kind or key.numbers or key.start:
        return []
    left = _BASE64_END.search(text, max(0, token.start() - _MOST), token.start())
    return [_Number(token["element"], (Line(left.start(), left.end(), left[0]),))] if left else []
