r"""Secrets in the columns of tables whose head alone names them: CSV, and ``INSERT INTO t (name, ...) VALUES (...)``.

A head of CSV is a line of names between commas, semicolons, tabs or bars; the lines behind it have as many fields
(RFC 4180: fields may stand in double quotes, and a quote in one is doubled). In SQL the values stand in the order of
the names, in single quotes (``''`` and ``\'`` stand for a quote in it). Which names tell of a secret,
:mod:`dumpscrub.detectors.names` says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dumpscrub.detectors.base import Anchor, Match
from dumpscrub.detectors.names import is_secret_name
from dumpscrub.detectors.validators import generic
from dumpscrub.model import Confidence, Encoding, SecretValue
from dumpscrub.rules.schema import Rule
from dumpscrub.search.windows import Window

NAMES = ("secret-column",)
Part = tuple[int, int]
"""Start and end of a field in the text."""

_BEFORE, _AFTER = 512, 16 * 1024
_MOST_COLUMNS, _MOST_ROWS = 64, 256
_LITERALS = (
    *(separator + name for name in ("passw", "secret") for separator in (",", ";", ',"', ';"', "|", "\t")),
    *(name + end for name in ("password", "passwd") for end in (",", '",', '";', ";", '"\n', '"\r')),
    "insert into ",
)
"""The beginning or the end of a name in a head, and of a statement."""
_SEPARATORS = b",;\t|"
_LINE_END = re.compile(rb"[\r\n\x00]")
_NAME = re.compile(rb"""["'`\[ ]{0,2}([A-Za-z_][\w .:-]{0,63}?)["'`\] ]{0,2}""")
_CELL = re.compile(rb'[ ]?"((?:[^"\x00]|"")*+)"[ ]?|([^"\x00\r\n,;\t|]*+)')
_STATEMENT = re.compile(
    rb"(?i)insert\s{1,4}into\s{1,4}[\w.\[\]`\"$-]{1,128}\s{0,8}\(([^()\x00]{3,4096})\)\s{0,8}values\s{0,8}"
)
_VALUE = re.compile(
    rb"\s{0,24}(?:[Nn]?'((?:[^'\\\x00]|''|\\[^\x00])*+)'|([^'(),\x00]*+(?:\([^'()\x00]{0,256}\))?))\s{0,24}"
)
_NEXT_ROW = re.compile(rb"\)\s{0,8},\s{0,8}(?=\()")


@dataclass(frozen=True, slots=True)
class ColumnDetector:
    """Finds the values in the columns whose names say that they are secret."""

    rule: Rule
    anchors: tuple[Anchor, ...]
    before: int = _BEFORE
    after: int = _AFTER

    def verify(self, window: Window) -> Iterator[Match]:
        statement = _STATEMENT.match(window.text, window.anchor)
        parts = _inserted(window.text, statement) if statement else _cells(window.text, window.anchor)
        for start, end in parts:
            secret = window.text[start:end]
            if not secret.strip(b"*"):
                continue
            verdict = generic(secret)
            sure = self.rule.propagate and verdict.confidence is not Confidence.LOW
            values = (SecretValue(window.utf8(start, end)),) if sure else ()
            confidence = verdict.confidence or self.rule.confidence
            yield Match((window.raw(start, end),), confidence, values, verdict.suppressed)


def build(rule: Rule) -> ColumnDetector:
    """The detector of tables."""
    anchors = (
        Anchor(literal.encode(encoding.codec), encoding, caseless=True)
        for literal in _LITERALS
        for encoding in (Encoding.UTF8, Encoding.UTF16LE)
    )
    return ColumnDetector(rule, tuple(anchors))


def _cells(text: bytes, at: int) -> Iterator[Part]:
    """The fields of secret columns in the lines behind the head that index ``at`` lies in."""
    start = max(text.rfind(end, 0, at) for end in (b"\n", b"\r", b"\0")) + 1
    end = _LINE_END.search(text, at)
    if end is None or text[end.start()] == 0:
        return
    head = text[start : end.start()]
    separator = next((bytes((sign,)) for sign in _SEPARATORS if sign in head), b"")
    columns = _secret_columns(head.split(separator)) if separator else ()
    if not columns:
        return
    position, count = _next_line(text, end.start()), head.count(separator) + 1
    for _ in range(_MOST_ROWS):
        row = _row(text, position, separator, count)
        if row is None:
            return
        yield from (row[column] for column in columns)
        position = _next_line(text, row[-1][1] + (text[row[-1][1] : row[-1][1] + 1] == b'"'))


def _secret_columns(names: Sequence[bytes]) -> tuple[int, ...]:
    """Which columns are secret; none where one of ``names`` is no name: then the line is no head."""
    matches = [_NAME.fullmatch(name) for name in names[: _MOST_COLUMNS + 1]]
    if not all(matches) or not 1 < len(matches) <= _MOST_COLUMNS:
        return ()
    return tuple(column for column, match in enumerate(matches) if match and is_secret_name(match[1].decode("latin-1")))


def _row(text: bytes, at: int, separator: bytes, count: int) -> list[Part] | None:
    """The ``count`` fields of the line at index ``at``; None where it has another number of them."""
    fields: list[Part] = []
    for column in range(count):
        cell = _CELL.match(text, at)
        if cell is None:
            return None
        fields.append(cell.span(1) if cell[1] is not None else cell.span(2))
        at = cell.end()
        if column < count - 1:
            if text[at : at + 1] != separator:
                return None
            at += 1
    ended = text[at : at + 1] in {b"\r", b"\n", b"\0", b""}
    return fields if ended and fields[0] != fields[-1] else None


def _next_line(text: bytes, at: int) -> int:
    """The index behind the line break at ``at``."""
    return at + (text[at : at + 1] == b"\r") + (text[at : at + 2].lstrip(b"\r")[:1] == b"\n")


def _inserted(text: bytes, statement: re.Match[bytes]) -> Iterator[Part]:
    """The quoted values of secret columns in the rows of an INSERT."""
    names = [name.strip() for name in statement[1].split(b",")]
    columns = _secret_columns(names)
    at = statement.end()
    for _ in range(_MOST_ROWS if columns else 0):
        if text[at : at + 1] != b"(":
            return
        for column in range(len(names)):
            value = _VALUE.match(text, at + 1)
            if value is None:
                return
            if column in columns and value[1] is not None:
                yield value.span(1)
            at = value.end()
            if text[at : at + 1] != (b"," if column < len(names) - 1 else b")"):
                return
        following = _NEXT_ROW.match(text, at)
        if following is None:
            return
        at = following.end()
