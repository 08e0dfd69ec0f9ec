r"""Base64 as it stands in text: in lines, one line, or with its line breaks and characters escaped.

A line break may be CR, LF, both, spaces, or one of the escapes ``\n``, ``\\n``, ``\u000a``, ``%0A``, ``&#10;``. The
characters ``+``, ``/`` and ``=`` may be escaped as ``\/``, ``\u002B``, ``%2B``, ``&#43;`` and the like. All indices are
those of the text.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

_ESCAPES = {b"/": b"/", b"2b": b"+", b"2f": b"/", b"3d": b"=", b"43": b"+", b"47": b"/", b"61": b"="}
_TOKEN = re.compile(
    rb"(?P<gap>(?:[ \t\r\n]|\\+[nrt]|\\+u000[ad]|%0[ad]|%20|&\#(?:10|13|x0?[ad]);)++)"
    rb"|(?P<plain>[A-Za-z0-9+/=_-]++)"
    rb"|\\+(?P<slash>/)|(?:\\+u00|%|&\#x)(?P<hex>2b|2f|3d);?|&\#(?P<decimal>43|47|61);",
    re.IGNORECASE,
)
_PLAIN = bytes(
    byte not in b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=_-" for byte in range(256)
)
"""By character, whether it ends a run of base64: a table is six times as fast as a pattern."""
_SAMPLE, _GROWTH = 128, 8
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
GAP = rb"(?:[ \t\r\n]|\\+[nrt]|\\+u000[AaDd]|%0[AaDd]|%20|&#(?:10|13|x0?[AaDd]);)"
"""The pattern of one break between lines."""
MOST_TOKENS = 8192


@dataclass(frozen=True, slots=True)
class Line:
    """Base64 ``characters`` (escapes undone) at the text indices ``[start, end)``, without a break."""

    start: int
    end: int
    characters: bytes = field(repr=False)


def read_lines(text: bytes, start: int, most: int, *, dashes: bool = False) -> tuple[Line, ...]:
    """The lines of base64 from ``start`` on, up to the first thing that is neither base64 nor a break.

    It stops after about ``most`` characters. With ``dashes``, the alphabet of base64url counts too; without, a dash
    ends the text.
    """
    lines: list[Line] = []
    pieces: list[bytes] = []
    begin, position, count = start, start, 0
    for _ in range(MOST_TOKENS):
        if count >= most:
            break
        run = _run(text, position)
        token = None if run else _TOKEN.match(text, position)
        if not run and token is None:
            break
        if token is None or token["gap"] is None:
            piece, end = _plain(run, position, dashes) if token is None else (_escaped(token), token.end())
            if pieces or piece:
                begin = begin if pieces else position
                pieces.append(piece)
            count, position = count + len(piece), end
            if token is None and len(piece) < len(run):
                break
        else:
            if pieces:
                lines.append(Line(begin, position, b"".join(pieces)))
                pieces = []
            position = token.end()
    if pieces:
        lines.append(Line(begin, position, b"".join(pieces)))
    return tuple(line for line in lines if line.characters)


def _run(text: bytes, start: int) -> bytes:
    """The plain base64 characters from ``start`` on, of both alphabets."""
    size = _SAMPLE
    while True:
        length = text[start : start + size].translate(_PLAIN).find(1)
        if length >= 0:
            return text[start : start + length]
        if start + size >= len(text):
            return text[start:]
        size *= _GROWTH


def _plain(run: bytes, start: int, dashes: bool) -> tuple[bytes, int]:
    """The base64 characters of a ``run``, and the index behind them."""
    if dashes:
        return run.translate(_URL_SAFE), start + len(run)
    length = min((at for at in (run.find(b"-"), run.find(b"_")) if at >= 0), default=len(run))
    return run[:length], start + length


def _escaped(token: re.Match[bytes]) -> bytes:
    """The base64 character for which an escape stands."""
    return _ESCAPES[(token["slash"] or token["hex"] or token["decimal"]).lower()]


def characters(lines: Iterable[Line]) -> bytes:
    """All base64 characters of ``lines``."""
    return b"".join(line.characters for line in lines)


def decode(base64: bytes) -> bytes:
    """What ``base64`` stands for, up to its padding; characters at the end that make no whole byte are dropped."""
    base64 = base64.split(b"=", 1)[0]
    spare = len(base64) % 4
    whole = base64[: len(base64) - 1] if spare == 1 else base64
    return binascii.a2b_base64(whole + b"=" * (-len(whole) % 4))


def encoded_length(count: int) -> int:
    """Base64 characters, padding included, of ``count`` bytes."""
    return (count + 2) // 3 * 4


def cut(text: bytes, lines: Sequence[Line], count: int) -> tuple[Line, ...]:
    """The first ``count`` characters of ``lines``."""
    kept: list[Line] = []
    for line in lines:
        if count <= 0:
            break
        kept.append(line if len(line.characters) <= count else _shorten(text, line, count))
        count -= len(line.characters)
    return tuple(kept)


def _shorten(text: bytes, line: Line, count: int) -> Line:
    """The first ``count`` characters of one line; a character may be an escape."""
    if len(line.characters) == line.end - line.start:
        return Line(line.start, line.start + count, line.characters[:count])
    position, seen = line.start, 0
    while seen < count:
        token = _TOKEN.match(text, position, line.end)
        if token is None:
            break
        length = len(token["plain"]) if token["plain"] is not None else 0
        taken = min(length, count - seen)
        position = position + taken if length else token.end()
        seen += taken or 1
    return Line(line.start, position, line.characters[:count])


def regular(lines: Sequence[Line]) -> tuple[Line, ...]:
    """The lines as long as the first one, and one shorter line behind them: what can belong to one block.

    Words of text that follow a block cut short look like base64 too.
    """
    for index, line in enumerate(lines):
        if len(line.characters) != len(lines[0].characters):
            shorter = len(line.characters) < len(lines[0].characters)
            return tuple(lines[: index + shorter])
    return tuple(lines)


def regular_end(lines: Sequence[Line]) -> tuple[Line, ...]:
    """The last lines that can belong to one block: a shorter last line (and a checksum), and equal ones before it.

    The first line may be what is left of one.
    """
    backwards = list(reversed(lines))
    last = backwards[: 2 if backwards and backwards[0].characters.startswith(b"=") else 1]
    return (*reversed(regular(backwards[len(last) :])), *reversed(last))


def regular_wrapped(lines: Sequence[Line]) -> tuple[Line, ...]:
    """As :func:`regular`, for lines of which the first one may begin in the middle."""
    if len(lines) > 1 and len(lines[1].characters) > len(lines[0].characters):
        return (lines[0], *regular(lines[1:]))
    return regular(lines)
