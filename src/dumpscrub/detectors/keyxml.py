r"""Private keys written out as numbers in base64: .NET's ``ToXmlString``, XML Signature, serialised ``RSAParameters``.

The elements may be in any order, with prefixes, attributes and white space, and the text may be cut at either end. In
the JSON that serialisers make of ``RSAParameters``, the same names are the members of an object. Which numbers are
private depends on the key: P and Q of an RSA key are, those of a DSA key are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from dumpscrub.detectors import base64_text
from dumpscrub.detectors.base import Anchor, Match
from dumpscrub.detectors.base64_text import Line
from dumpscrub.model import Confidence, SecretValue
from dumpscrub.rules.schema import TEXT_ENCODINGS, Rule
from dumpscrub.search.windows import Window

REACH = 8 * 1024
"""Code units on both sides of a hit: the private numbers of an RSA key of 8,192 bits."""
_LEAST, _MOST = 16, 2048
"""Base64 characters of a number."""
_LEAST_VALUE = 16
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
_LONGEST_PREFIX = 32 + 1
_PREFIX = r"(?:[A-Za-z0-9._-]{1,32}:)?"
_TOKEN = re.compile(
    rf"<(?P<close>/?){_PREFIX}(?:(?P<key>{'|'.join(name.decode() for name in _SECRETS)})|(?P<element>{_NUMBERS}))"
    rf"(?:\s[^<>\x00]{{0,256}})?>"
    rf"|\\*[\"'](?P<member>{_NUMBERS})\\*[\"']\s{{0,16}}:\s{{0,16}}\\*[\"']"
    rf"|(?P<brace>[{{}}])".encode()
)
_BASE64_END = re.compile(rb"[A-Za-z0-9+/=]{4,}+\Z")
_ANCHORS = (*(name.decode("ascii") for name in _SECRETS), "InverseQ")


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
class KeyXmlDetector:
    """Finds keys around the names of their elements."""

    rule: Rule
    anchors: tuple[Anchor, ...]
    before: int = REACH
    after: int = REACH

    def verify(self, window: Window) -> Iterator[Match]:
        start = window.text.rfind(b"\0", 0, window.anchor) + 1
        end = window.text.find(b"\0", window.anchor)
        text, anchor = window.text[start : end if end >= 0 else None], window.anchor - start
        for key in _keys(text, _opening(text, anchor)):
            if key.start > anchor:
                break
            if anchor <= key.end:
                secrets = key.secrets()
                lines = [line for number in secrets for line in number.lines]
                if lines:
                    segments = tuple(window.raw(start + line.start, start + line.end) for line in lines)
                    confidence = Confidence.HIGH if key.is_proven() else Confidence.MEDIUM
                    yield Match(segments, confidence, tuple(_values(secrets)))


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


def _opening(text: bytes, anchor: int) -> int:
    """Where the tag begins that opens a key and names it at ``anchor``; 0 for any other anchor.

    No key goes on over such a tag, so that nothing before it needs to be looked at.
    """
    at = text.rfind(b"<", max(0, anchor - _LONGEST_PREFIX - 1), anchor)
    token = _TOKEN.match(text, at) if at >= 0 else None
    return at if token and token["key"] and not token["close"] and anchor < token.end() else 0


def _keys(text: bytes, start: int) -> Iterator[_Key]:
    """The keys in ``text`` from ``start`` on, one after the other.

    The first may have lost its beginning, the last one its end.
    """
    key = _Key(0, 0)
    for token in _TOKEN.finditer(text, start):
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
