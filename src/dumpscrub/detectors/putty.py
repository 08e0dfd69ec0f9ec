r"""PuTTY's key files, versions 2 and 3, as text: the lines behind ``Private-Lines`` and the MAC.

Line breaks may be escaped, as in JSON. What an unencrypted file keeps are numbers behind their lengths, by the type of
the key: they are looked for elsewhere, too, because the decoded file is all that memory holds after it was read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dumpscrub.detectors import base64_text
from dumpscrub.detectors.base import Anchor, Match
from dumpscrub.detectors.base64_text import Line
from dumpscrub.detectors.material import MOST_VALUE, values_of
from dumpscrub.detectors.wire import Cursor, Field
from dumpscrub.model import Confidence, SecretValue
from dumpscrub.rules.schema import TEXT_ENCODINGS, Rule
from dumpscrub.search.windows import Window

_BEFORE = 4 * 1024
"""Code units of the header and the public key, which stand before."""
_AFTER = 12 * 1024
_LEAST, _MOST = 16, 8 * 1024
"""Base64 characters of a private part."""
_MOST_NUMBERS = 4
_LONGEST_NUMBER = 2049
_COUNT = re.compile(rb"Private-Lines: ?(\d{1,3})(?=" + base64_text.GAP + rb")")
_MAC = re.compile(base64_text.GAP + rb"*+Private-(?:MAC|Hash): ?([0-9a-fA-F]{40,64})")
_LINE = 64
"""Base64 characters of each line but the last one."""
_PLAIN = re.compile(rb"Encryption: ?none")


@dataclass(frozen=True, slots=True)
class PuttyDetector:
    """Finds the private part of key files."""

    rule: Rule
    anchors: tuple[Anchor, ...]
    before: int = _BEFORE
    after: int = _AFTER

    def verify(self, window: Window) -> Iterator[Match]:
        text = window.text
        count = _COUNT.match(text, window.anchor)
        if count is None:
            return
        lines = base64_text.read_lines(text, count.end(), min(_MOST, int(count[1]) * _LINE))[: int(count[1])]
        if len(base64_text.characters(lines)) < _LEAST:
            return
        mac = _MAC.match(text, lines[-1].end)
        places = [(line.start, line.end) for line in lines] + ([mac.span(1)] if mac else [])
        header = text[: window.anchor].rfind(b"PuTTY-User-Key-File-")
        is_plain = header >= 0 and _PLAIN.search(text, header, window.anchor) is not None
        confidence = Confidence.HIGH if mac else Confidence.MEDIUM
        yield Match(tuple(window.raw(*place) for place in places), confidence, tuple(_values(lines, is_plain=is_plain)))


def build(rule: Rule) -> PuttyDetector:
    """The detector of PuTTY's key files."""
    literals = (("Private-Lines: ".encode(encoding.codec), encoding) for encoding in TEXT_ENCODINGS)
    return PuttyDetector(rule, tuple(Anchor(literal, encoding) for literal, encoding in literals))


NAMES = ("putty-key",)


def _values(lines: tuple[Line, ...], *, is_plain: bool) -> Iterator[SecretValue]:
    """The base64, what it stands for, and the numbers in that."""
    base64 = base64_text.characters(lines)
    data = base64_text.decode(base64)
    if len(base64) > MOST_VALUE:
        return
    yield SecretValue(base64)
    yield SecretValue(data, binary=True)
    if is_plain:
        yield from values_of(data, _numbers(data))


def _numbers(data: bytes) -> list[Field]:
    """RSA: d, p, q and the coefficient. Others: one private number."""
    cursor = Cursor(data, 0)
    fields = (cursor.string(most=_LONGEST_NUMBER) for _ in range(_MOST_NUMBERS))
    return [part for part in fields if part is not None]
