r"""Encoded text as it stands around a place in memory, decoded, with a map from its bytes back to the characters.

Base64 and hexadecimal digits are one run of their characters, with breaks between lines. Of base64, ``+`` and ``/`` may
be escaped. Text with escapes is what stands between two control characters, with percent signs one line of it. Such
texts that stand close to each other are one piece.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from dumpscrub.detectors import base64_text
from dumpscrub.search.encoded import Code, Place
from dumpscrub.search.windows import Window, Windows
from dumpscrub.span import Span

BEFORE = 1024
"""Characters before a place that are looked at."""
SHARED = 16384
"""Characters of one piece that the next one begins with, so that no secret lies across."""
_BREAK = rb"(?:(?:\\{1,8}r)?\\{1,8}n|(?:&#(?:13|x0?[Dd]);)?&#(?:10|x0?[Aa]);|(?:%0[Dd])?%0[Aa]|\r{0,2}\n)[ \t]{0,64}"
"""The end of a line, as JSON (also within JSON), XML and URLs write it, and what a line is indented by."""
_ESCAPED = rb"\\+/|\\+u002[BbFf]|%2[BbFf]|&#(?:43|47|x2[BbFf]);"
"""How JSON, URLs and XML write ``+`` and ``/``."""
_CHARACTERS = {
    Code.BASE64: rb"[A-Za-z0-9+/_-]",
    Code.HEX: rb"[0-9A-Fa-f]",
    Code.PERCENT: rb"[\t\x20-\xff]",
    Code.ENTITY: rb"[\t\r\n\x20-\xff]",
    Code.BACKSLASH: rb"[\t\r\n\x20-\xff]",
    Code.QUOTED: rb"[\t\r\n\x20-\xff]",
}
_RUN = {code: re.compile(rb"%s*+" % characters) for code, characters in _CHARACTERS.items()}
_IN_LINES = {
    Code.BASE64: re.compile(rb"(?:%s++|%s|%s(?=[A-Za-z0-9]))*+" % (_CHARACTERS[Code.BASE64], _ESCAPED, _BREAK)),
    Code.HEX: re.compile(rb"(?:%s++|%s(?=[0-9A-Fa-f]))*+" % (_CHARACTERS[Code.HEX], _BREAK)),
}
_IN_LINES_TOKEN = re.compile(rb"(?P<escape>%s)|(?P<gap>%s)|." % (_ESCAPED, _BREAK), re.DOTALL)
_ESCAPE = {
    Code.PERCENT: re.compile(rb"%([0-9A-Fa-f]{2})"),
    Code.ENTITY: re.compile(rb"&(#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|lt|gt|amp|apos|quot);"),
    Code.BACKSLASH: re.compile(rb"""\\(u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|["'/\\])"""),
    Code.QUOTED: re.compile(rb"=([0-9A-Fa-f]{2}|[\t ]{0,16}\r{0,2}\n)"),
}
_MARKS = {
    code: bytes(bool(re.match(characters, bytes((byte,)))) for byte in range(256))
    for code, characters in _CHARACTERS.items()
}
_SEPARATED = {code: bytes(byte if marks[byte] else 0 for byte in range(256)) for code, marks in _MARKS.items()}
"""Makes every character that ends a text a NUL, which ends it for every rule."""
_NEAR = 32
"""Characters behind a text with escapes within which the next one has to have one, to be decoded together with it."""
_URL_SAFE = bytes.maketrans(b"-_", b"+/")


class Map(Protocol):
    """From decoded bytes to the characters of the text that they stand for."""

    def __len__(self) -> int:
        """How many characters, or escapes, there are."""

    def text(self, start: int, end: int) -> tuple[int, int]:
        """The text indices of what holds the bytes ``[start, end)``, which are not none."""

    def start_of(self, number: int) -> int:
        """The text index of one character, or escape."""


@dataclass(frozen=True, slots=True)
class _Even:
    """Characters that hold ``bits`` each and stand at ``places`` of the text."""

    bits: int
    places: Sequence[tuple[int, int]] | range

    def __len__(self) -> int:
        return len(self.places)

    def text(self, start: int, end: int) -> tuple[int, int]:
        first, last = start * 8 // self.bits, min(len(self.places), -(-end * 8 // self.bits)) - 1
        if isinstance(self.places, range):
            return self.places[first], self.places[last] + 1
        return self.places[first][0], self.places[last][1]

    def start_of(self, number: int) -> int:
        place = self.places[number]
        return place if isinstance(place, int) else place[0]


@dataclass(frozen=True, slots=True)
class _Mixed:
    """Characters that stand for themselves, and escapes.

    Each token begins at an index of ``data`` and stands at a place of the text; every second one is an escape.
    """

    data: Sequence[int]
    places: Sequence[tuple[int, int]]

    def __len__(self) -> int:
        return self.places[-1][1] - self.places[0][0] if self.places else 0

    def text(self, start: int, end: int) -> tuple[int, int]:
        first, last = bisect_right(self.data, start) - 1, bisect_left(self.data, end) - 1
        begin = self.places[first][0] + (0 if first % 2 else start - self.data[first])
        stop = self.places[last][1] if last % 2 else self.places[last][0] + end - self.data[last]
        return begin, stop

    def start_of(self, number: int) -> int:
        return self.places[0][0] + number


@dataclass(frozen=True, slots=True)
class Piece:
    """Decoded ``data``. ``ended`` says that the code does not go on behind it."""

    data: bytes = field(repr=False)
    code: Code
    window: Window = field(repr=False)
    map: Map = field(repr=False)
    ended: bool

    @property
    def is_plain(self) -> bool:
        """True where no break and no escape stands between the characters of a code."""
        return isinstance(self.map, _Even) and isinstance(self.map.places, range)

    def spans(self, start: int, end: int) -> tuple[Span, ...]:
        """The file spans of the characters that hold the bytes ``[start, end)`` of the data."""
        return self.window.locate(*self.window.raw(*self.map.text(start, end)))

    def rest(self) -> int:
        """The file offset of the character that the next piece begins with."""
        first = max(1, len(self.map) - SHARED) // self.code.group * self.code.group
        at = self.map.start_of(first)
        return self.window.locate(*self.window.raw(at, at + 1))[0].start

    def end_from(self, offset: int) -> int:
        """Where the code ends in the file that stands at ``offset``."""
        return next((span.end for span in self.spans(0, len(self.data)) if offset in span), offset + 1)


def read(windows: Windows, offset: int, place: Place, after: int) -> Piece | None:
    """The piece around the character at file ``offset``, up to ``after`` characters behind it; None for nothing."""
    code = place.code
    window = Window(windows.around(offset, place.encoding, BEFORE, after), BEFORE, after)
    text = window.text
    start = text[: window.anchor].translate(_MARKS[code]).rfind(0) + 1
    start += (window.anchor - start) % code.group
    end = (_IN_LINES.get(code) or _RUN[code]).match(text, start).end()  # type: ignore[union-attr]
    if code in _ESCAPE:
        end = _with_those_near(text, end, code)
    data, places = _mixed(text, start, end, code) if code in _ESCAPE else _even(text, start, end, code)
    return Piece(data, code, window, places, end < len(text) or window.at_end) if data else None


def _with_those_near(text: bytes, end: int, code: Code) -> int:
    """Where the last text ends of those that follow the one that ends at ``end``, each near to the one before.

    There may be one in every ten bytes, and to decode each for itself would take minutes.
    """
    while True:
        escape = _ESCAPE[code].search(text, end, end + _NEAR)
        if escape is None:
            return end
        end = _RUN[code].match(text, escape.start()).end()  # type: ignore[union-attr]


def _even(text: bytes, start: int, end: int, code: Code) -> tuple[bytes, Map]:
    plain = _RUN[code].match(text, start, end)
    if plain and plain.end() == end:
        return _decode(text[start:end], code), _Even(code.bits, range(start, end))
    tokens = [token for token in _IN_LINES_TOKEN.finditer(text, start, end) if token["gap"] is None]
    characters = b"".join(_plus_or_slash(token["escape"]) if token["escape"] else token[0] for token in tokens)
    return _decode(characters, code), _Even(code.bits, [token.span() for token in tokens])


def _plus_or_slash(escape: bytes) -> bytes:
    return b"+" if escape.rstrip(b";").lower().endswith((b"2b", b"43")) else b"/"


def _decode(characters: bytes, code: Code) -> bytes:
    if code is Code.HEX:
        return bytes.fromhex(characters[: len(characters) // 2 * 2].decode("ascii"))
    return base64_text.decode(characters.translate(_URL_SAFE))


def _mixed(text: bytes, start: int, end: int, code: Code) -> tuple[bytes, Map]:
    text = text[:end].translate(_SEPARATED[code])
    data = bytearray()
    begins: list[int] = []
    places: list[tuple[int, int]] = []
    for escape in _ESCAPE[code].finditer(text, start, end):
        begins += (len(data), len(data) + escape.start() - start)
        places += ((start, escape.start()), escape.span())
        data += text[start : escape.start()] + _unescape(escape[1], code)
        start = escape.end()
    if not places:
        return b"", _Mixed((), ())
    begins.append(len(data))
    places.append((start, end))
    return bytes(data + text[start:end]), _Mixed(begins, places)


def _unescape(escape: bytes, code: Code) -> bytes:
    if code in {Code.PERCENT, Code.QUOTED}:
        return bytes.fromhex(escape.decode("ascii"))  # of a broken line, nothing
    if code is Code.ENTITY:
        character = html.unescape(f"&{escape.decode('ascii')};")
    elif escape[:1] in {b"u", b"x"}:
        character = chr(int(escape[1:], 16))
    else:
        return escape
    return character.encode("utf-8", "replace")
