"""The user's own secrets: a list of values to search for, in whatever way it was written down.

The content decides what a list is:

- JSON: every string value, however deep. Where objects say ``IsSensitive`` (exports of Octopus variables), the values
  of the sensitive ones only.
- ``.env``: nothing but ``NAME=value`` lines, quotes and comments as usual. The values count, the names do not.
- anything else: one secret a line. Where a line reads ``name=value`` or ``name: value``, the value counts too, and
  where quotes stand around it, so does what they hold.

``hex:...`` and ``base64:...`` stand for binary values. No message of an error holds what a line says.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from dumpscrub.detectors.names import is_secret_name
from dumpscrub.errors import KnownValuesError
from dumpscrub.model import SecretValue
from dumpscrub.search.forms import worth_sweeping

LARGEST = 64 << 20
"""Bytes of the largest list."""
LONGEST = 64 << 10
"""Characters of the longest value."""

_ASSIGNMENT = re.compile(r"(?:(?:export|set)\s+)?([A-Za-z_][\w.:-]*)\s*=\s*(.*)\Z", re.DOTALL)
_PROPERTY = re.compile(r"[\w.: -]+?(?:=|:\s)\s*(\S.*)\Z", re.DOTALL)
_CONSTANT_NAME = re.compile(r"[A-Z]{2,}(?:_[A-Z0-9]+)*\Z")
_LINE_END = re.compile(r"\r\n|\r|\n")
_COMMENT = re.compile(r"\s#")
_COMMENT_LINE = re.compile(r"#(?![A-Za-z0-9_])")
_JSON_START = re.compile(r"[\[{]\s*(?:[\"\[{\]}]|\Z|\r?\n)")
_ARMOUR = re.compile(r"-----(?:BEGIN|END) [A-Z0-9 ]+-----\Z")
_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_QUOTES = ('"', "'", "`")
_BINARY = ("hex:", "base64:")

Object = tuple[tuple[str, Any], ...]
"""A JSON object as its members in order: one may have the same name twice."""


@dataclass(frozen=True, slots=True)
class KnownValues:
    """Distinct values in the order of the list, and how many entries were too short or too common to search for."""

    values: tuple[SecretValue, ...] = field(repr=False)
    ignored: int


@dataclass(frozen=True, slots=True, repr=False)
class _Entry:
    """One secret of a list and the ways to read it. ``line`` is 0 where it has none."""

    line: int
    readings: tuple[str, ...]


def load(stream: BinaryIO, name: str) -> KnownValues:
    """Read the list ``name`` from ``stream``: UTF-8, with or without a byte order mark, or UTF-16 with one.

    Raises KnownValuesError where the list cannot be read, is empty or too large, or holds a line that makes no sense.
    """
    data = stream.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise KnownValuesError(f"{name}: the list has more than {LARGEST >> 20} MiB: split it")
    text = _text(data, name)
    entries = _json_entries(text, name) if _JSON_START.match(text.lstrip()) else _line_entries(text, name)
    values: dict[SecretValue, None] = {}
    ignored = count = 0
    for entry in entries:
        count += 1
        if any(len(reading) > LONGEST for reading in entry.readings):
            raise KnownValuesError(_at(name, entry.line) + f"a value has at most {LONGEST} characters: shorten it")
        worth = [value for reading in entry.readings for value in _values(reading) if worth_sweeping(value)]
        values.update(dict.fromkeys(worth))
        ignored += not worth
    if not count:
        raise KnownValuesError(f"{name}: the list holds no values: write one secret a line")
    return KnownValues(tuple(values), ignored)


def _at(name: str, line: int) -> str:
    return f"{name}, line {line}: " if line else f"{name}: "


def _text(data: bytes, name: str) -> str:
    mark = next((mark for mark in _MARKS if data.startswith(mark)), b"")
    data, codec = data[len(mark) :], _MARKS.get(mark, "utf-8")
    try:
        text = data.decode(codec)
        bad = text.find("\0")
    except UnicodeDecodeError as error:
        text = data[: error.start].decode(codec, "replace")
        bad = len(text)
    if bad >= 0:
        line = text.count("\n", 0, bad) + 1
        raise KnownValuesError(_at(name, line) + f"this is no {codec} text: save the list as UTF-8")
    return text


def _values(reading: str) -> Iterator[SecretValue]:
    """What a secret written as ``reading`` is: text, bytes, or text in base64."""
    yield SecretValue(reading.encode("utf-8", "replace"))
    data = _binary(reading)
    if data:
        yield SecretValue(data, binary=True)
        if data.isascii() and data.decode("ascii").isprintable():
            yield SecretValue(data)


def _binary(reading: str) -> bytes | None:
    """The bytes that ``hex:`` or ``base64:`` stands for; None for anything else."""
    kind, _, digits = reading.partition(":")
    digits = "".join(digits.split())
    try:
        if kind == "hex":
            return bytes.fromhex(digits.replace("-", "").replace(":", ""))
        if kind == "base64":
            padded = digits.rstrip("=") + "=" * (-len(digits.rstrip("=")) % 4)
            return base64.b64decode(padded.replace("-", "+").replace("_", "/"), validate=True)
    except (ValueError, binascii.Error):
        pass
    return None


def _line_entries(text: str, name: str) -> Iterator[_Entry]:
    lines = [line.strip() for line in _LINE_END.split(text)]
    return _env_entries(lines) if _is_env(lines) else _plain_entries(lines, name)


def _plain_entries(lines: Sequence[str], name: str) -> Iterator[_Entry]:
    """One secret a line; ``#`` and a space begin a comment, the frame of a PEM block is no secret."""
    for number, line in enumerate(lines, 1):
        if not line or line.startswith("# ") or _ARMOUR.match(line):
            continue
        if line.startswith(_BINARY):
            if not _binary(line):
                kind = line.partition(":")[0]
                raise KnownValuesError(_at(name, number) + f"{kind}: is followed by no valid {kind}: correct the line")
            yield _Entry(number, (line,))
            continue
        found = _PROPERTY.match(line)
        value = found[1] if found and found[1].strip("=") else ""
        yield _Entry(number, (*_readings(line), *(_readings(value) if value else ())))


def _is_env(lines: Sequence[str]) -> bool:
    """True where each line assigns to what is clearly a name, so that no line can be a secret as a whole."""
    assignments = [(_ASSIGNMENT.match(line), line) for _, line in _logical_lines(lines)]
    return any(found and found[2].strip("=") for found, _ in assignments) and all(
        found and (line.startswith(("export ", "set ")) or _CONSTANT_NAME.match(found[1]) or is_secret_name(found[1]))
        for found, line in assignments
    )


def _env_entries(lines: Sequence[str]) -> Iterator[_Entry]:
    for number, line in _logical_lines(lines):
        found = _ASSIGNMENT.match(line)
        if found and found[2]:
            # "NAME==" in a list of keys: base64 that happens to look like a name.
            yield _Entry(number, tuple(_readings(found[2])) if found[2].strip("=") else (line,))


def _logical_lines(lines: Sequence[str]) -> list[tuple[int, str]]:
    """Numbered lines without comments and empty ones; a quoted value may go on over several.

    An assignment that was commented out counts: old secrets live long.
    """
    logical: list[tuple[int, str]] = []
    at = 0
    while at < len(lines):
        end = _end_of_quoted(lines, at)
        line = "\n".join(lines[at : end + 1])
        if line and not _COMMENT_LINE.match(line):
            logical.append((at + 1, line.removeprefix("#")))
        at = end + 1
    return logical


def _end_of_quoted(lines: Sequence[str], at: int) -> int:
    """The line in which a quoted value that begins in line ``at`` ends; ``at`` itself unless it clearly goes on."""
    found = _ASSIGNMENT.match(lines[at])
    value = found[2] if found else ""
    quote = value[:1]
    if quote not in _QUOTES or not quote or quote in value[1:]:
        return at
    for end in range(at + 1, len(lines)):
        if quote in lines[end]:
            return end
        other = _ASSIGNMENT.match(lines[end])
        if other and other[2].strip("="):
            break
    return at


def _readings(value: str) -> Iterator[str]:
    """What ``value`` may mean: programs differ about quotes and comments."""
    yield value
    quote = value[:1]
    if quote in _QUOTES and quote:
        close = value.rfind(quote)
        yield value[1:close] if close > 0 else value[1:]
        first = value.find(quote, 1)
        if 0 < first < close:
            yield value[1:first]
        return
    comment = _COMMENT.search(value)
    if comment:
        yield value[: comment.start()].rstrip()


def _json_entries(text: str, name: str) -> Iterator[_Entry]:
    """The string values of one JSON document, or of several one after the other."""
    decoder = json.JSONDecoder(object_pairs_hook=tuple)
    documents: list[Any] = []
    position, failed = 0, -1
    while failed < 0 and (position := _skip_space(text, position)) < len(text):
        try:
            document, position = decoder.raw_decode(text, position)
            documents.append(document)
        except json.JSONDecodeError as error:
            failed = error.pos
        except RecursionError:
            failed = position
    if failed >= 0:
        line = text.count("\n", 0, failed) + 1
        raise KnownValuesError(_at(name, line) + "not valid JSON: correct it, or write one secret a line")
    return _sensitive(documents) if any(map(_says_sensitive, _objects(documents))) else _strings(documents)


def _skip_space(text: str, position: int) -> int:
    while position < len(text) and text[position] in " \t\r\n":
        position += 1
    return position


def _walk(document: Any) -> Iterator[Any]:
    """Every value in ``document``, itself included, in order."""
    waiting = [document]
    while waiting:
        value = waiting.pop()
        yield value
        if isinstance(value, tuple):
            waiting.extend(member for _, member in reversed(value))
        elif isinstance(value, list):
            waiting.extend(reversed(value))


def _objects(document: Any) -> Iterator[Object]:
    return (value for value in _walk(document) if isinstance(value, tuple))


def _strings(document: Any) -> Iterator[_Entry]:
    return (_Entry(0, (value,)) for value in _walk(document) if isinstance(value, str) and value)


def _says_sensitive(members: Object) -> bool:
    return any(name == "IsSensitive" for name, _ in members)


def _sensitive(documents: Iterable[Any]) -> Iterator[_Entry]:
    for members in _objects(list(documents)):
        if ("IsSensitive", True) in members:
            for name, value in members:
                if name in ("Value", "SensitiveValue", "NewValue"):
                    yield from _strings(value)
