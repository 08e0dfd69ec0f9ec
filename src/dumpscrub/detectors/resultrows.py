"""Secrets in the rows that a database answers with, where the columns' names alone tell that they are.

PostgreSQL (protocol 3.0, "Message Formats"): RowDescription has for each column its name and 18 bytes; DataRow ``D``,
its length, the number of columns, of each a length (-1 for NULL) and the text. MySQL and MariaDB ("COM_QUERY
Response"): packets of a length of three bytes and a number; a definition of each column, whose fifth text is its name,
perhaps an end, and rows of texts. Both hold for each side of the connection.

The next answer overwrites the beginning of the one before. So columns are counted from the last one: each row has to
fill its message.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from dumpscrub.detectors.base import Anchor, Match
from dumpscrub.detectors.names import is_secret_name
from dumpscrub.detectors.pattern import Judgement, judge_of, text_anchors
from dumpscrub.model import Encoding
from dumpscrub.rules.schema import Rule
from dumpscrub.search.windows import Window

NAMES = ("result-rows",)
Part = tuple[int, int]
"""Start and end of a value in the text."""

_BEFORE, _AFTER = 512, 16 * 1024
_MOST_COLUMNS, _MOST_ROWS = 64, 256
_NAME_BYTES = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_ -."
_POSTGRES_COLUMN = re.compile(rb"(?s)[\x20-\x7e\x80-\xff]{1,63}\x00.{16}\x00[\x00\x01]")
"""A name; its table, column, type, its size, a modifier, and the format."""
_NULL, _MYSQL_NULL = 0xFFFFFFFF, 0xFB
_MYSQL_COLUMN = b"\x03def"
_MYSQL_ABOUT = 0x0C
"""Bytes behind the names of a column."""
_MYSQL_ENDS = {0xFE, 0xFF}
_HEAD = 4
_TWO, _THREE = 0xFC, 0xFD


@dataclass(frozen=True, slots=True)
class RowDetector:
    """Finds the values in the columns whose names say that they are secret."""

    rule: Rule
    anchors: tuple[Anchor, ...]
    before: int
    after: int
    judge: Callable[[bytes, bytes], Judgement] = field(repr=False)

    def verify(self, window: Window) -> Iterator[Match]:
        for start, end in find(window.text, window.anchor):
            secret = window.text[start:end]
            if secret.strip(b"*"):
                judgement = self.judge(secret, secret)
                yield Match((window.raw(start, end),), judgement.confidence, judgement.values, judgement.suppressed)


def build(rule: Rule) -> RowDetector:
    """The detector of ``rule``. Raises RuleError for an unknown validator or decoder, and for anchors beyond ASCII."""
    plain = tuple(anchor for anchor in text_anchors(rule) if anchor.encoding is Encoding.UTF8)
    return RowDetector(rule, plain, _BEFORE, _AFTER, judge_of(rule))


def find(text: bytes, at: int) -> Iterator[Part]:
    """The values of the column in whose name index ``at`` of ``text`` lies."""
    yield from _postgres(text, at)
    yield from _mysql(text, at)


def _postgres(text: bytes, at: int) -> Iterator[Part]:
    head = text[max(0, at - 63) : at]
    name = at - len(head) + len(head.rstrip(_NAME_BYTES))
    behind, columns = name, 0
    while columns < _MOST_COLUMNS and (column := _POSTGRES_COLUMN.match(text, behind)):
        behind, columns = column.end(), columns + 1
    if not columns or text[behind : behind + 1] != b"D" or not _tells(text[name : text.index(b"\0", name)]):
        return
    for _ in range(_MOST_ROWS):
        row = _postgres_row(text, behind)
        if row is None or len(row) < columns:
            return
        part = row[-columns]
        if part[0] < part[1]:
            yield part
        behind += 1 + int.from_bytes(text[behind + 1 : behind + 5], "big")


def _postgres_row(text: bytes, at: int) -> list[Part] | None:
    """The values of the DataRow at ``at``; None where there is none, and where it is not whole."""
    if text[at : at + 1] != b"D":
        return None
    end = at + 1 + int.from_bytes(text[at + 1 : at + 5], "big")
    count, at = int.from_bytes(text[at + 5 : at + 7], "big"), at + 7
    parts: list[Part] = []
    while len(parts) < min(count, _MOST_COLUMNS) and at + 4 <= min(end, len(text)):
        size = int.from_bytes(text[at : at + 4], "big")
        at += 4
        parts.append((at, at if size == _NULL else at + size))
        at = parts[-1][1]
    return parts if at == end <= len(text) and len(parts) == count else None


def _mysql(text: bytes, at: int) -> Iterator[Part]:
    begin = text.rfind(_MYSQL_COLUMN, 0, at)
    behind = begin - _HEAD
    columns = 0
    while begin >= _HEAD and columns < _MOST_COLUMNS and (column := _mysql_column(text, behind)):
        if not columns and not (column[0] <= at < column[1] and _tells(text[column[0] : column[1]])):
            return
        behind, columns = column[2], columns + 1
    if columns and text[behind + _HEAD : behind + _HEAD + 1] == b"\xfe" and _packet_end(text, behind) - behind < 13:
        behind = _packet_end(text, behind)
    for _ in range(_MOST_ROWS if columns else 0):
        row = _mysql_row(text, behind)
        if row is None or len(row) < columns:
            return
        part = row[-columns]
        if part[0] < part[1]:
            yield part
        behind = _packet_end(text, behind)


def _mysql_column(text: bytes, at: int) -> tuple[int, int, int] | None:
    """Where a column's name begins and ends, and its definition, which stands at ``at``; None where there is none."""
    end = _packet_end(text, at)
    at += _HEAD
    if not text.startswith(_MYSQL_COLUMN, at):
        return None
    parts: list[Part] = []
    for _ in range(6):
        size, at = _counted(text, at)
        parts.append((at, at + size))
        at += size
    fits = text[at : at + 1] == bytes((_MYSQL_ABOUT,)) and at + 1 + _MYSQL_ABOUT == end
    return (*parts[4], end) if fits else None


def _mysql_row(text: bytes, at: int) -> list[Part] | None:
    """The values of the row whose packet is at ``at``; None where there is none, and where it is not whole."""
    end = _packet_end(text, at)
    at += _HEAD
    if not at < end <= len(text) or text[at] in _MYSQL_ENDS:
        return None
    parts: list[Part] = []
    while at < end and len(parts) < _MOST_COLUMNS:
        is_null = text[at] == _MYSQL_NULL
        size, at = (0, at + 1) if is_null else _counted(text, at)
        parts.append((at, at + size))
        at += size
    return parts if at == end else None


def _tells(name: bytes) -> bool:
    return is_secret_name(name.decode("latin-1"))


def _packet_end(text: bytes, at: int) -> int:
    return at + _HEAD + int.from_bytes(text[at : at + 3], "little")


def _counted(text: bytes, at: int) -> tuple[int, int]:
    """A length of one, three or four bytes, and where what it counts begins."""
    first = text[at] if at < len(text) else 0
    width = {_TWO: 2, _THREE: 3}.get(first, 0)
    return (int.from_bytes(text[at + 1 : at + 1 + width], "little") if width else first), at + 1 + width
