"""Puts a value into a text: the escapes that a format asks for, the encodings, and the copies that programs make."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from corpus.manifest import Secret
from corpus.synth.pieces import CONTEXT, Mark, Piece, Plant

ENCODINGS = (
    ("utf8", "utf-8", 1),
    ("utf16le", "utf-16-le", 2),
    ("utf16be", "utf-16-be", 2),
    ("utf32le", "utf-32-le", 4),
)
"""Name, codec and bytes of one unit."""

_CODECS = {name: (codec, unit) for name, codec, unit in ENCODINGS}

BASIC_USER = "admin:"


def _json(value: str) -> str:
    return json.dumps(value)[1:-1]


def _base64(value: str) -> str:
    return base64.b64encode(value.encode()).decode()


ESCAPES: dict[str, Callable[[str], str]] = {
    "plain": str,
    "json": _json,
    "xml": html.escape,
    "percent": lambda value: quote(value, safe=""),
    "b64(utf8)": _base64,
    "basic": lambda value: _base64(BASIC_USER + value),
}
"""How a value is written inside a text."""


@dataclass(frozen=True, slots=True)
class Context:
    """A text with ``{}`` where the value goes, written with the escape of that name."""

    template: str
    escape: str = "plain"


def in_context(secret: Secret, context: Context, encoding: str = "utf8") -> Piece:
    """The text of ``context`` around the secret. The first mark covers the value as it is written there."""
    before, _, after = context.template.partition("{}")
    value = ESCAPES[context.escape](secret.value.decode())
    codec, unit = _CODECS[encoding]
    head, body = before.encode(codec), value.encode(codec)
    data = head + body + after.encode(codec)
    value_mark = Mark(Plant(secret, _name(context.escape, encoding)), 0, len(head), len(head) + len(body))
    return Piece(data, (value_mark, Mark(Plant(secret, CONTEXT), 0, 0, len(data))), unit)


def _name(escape: str, encoding: str) -> str:
    if escape in {"basic", "b64(utf8)"}:
        return "b64(utf8)" if encoding == "utf8" else f"b64(utf8).{encoding}"
    if escape == "plain":
        return "utf8" if encoding == "utf8" else f"plain.{encoding}" if encoding != "utf32le" else encoding
    return f"{escape}.{encoding}"


def beginning(secret: Secret, encoding: str, size: int) -> Piece:
    """The first ``size`` bytes of the value."""
    codec, unit = _CODECS[encoding]
    return _copy(secret, f"cut.{encoding}", secret.value.decode().encode(codec)[:size], unit)


def copies(secret: Secret) -> list[Piece]:
    """The value alone, once in each form that a text or a key was seen to take in memory."""
    return _text_copies(secret) if secret.text else _binary_copies(secret)


def _copy(secret: Secret, form: str, data: bytes, unit: int = 1) -> Piece:
    return Piece(data, (Mark(Plant(secret, form), 0, 0, len(data)),), unit)


_CHANGES: dict[str, Callable[[str], str]] = {
    "lower": str.lower,
    "upper": str.upper,
    "reversed": lambda value: "".join(reversed(value)),
    "percent": lambda value: quote(value, safe=""),
    "xml": html.escape,
    "json": _json,
    "json.slash": lambda value: json.dumps(value, ensure_ascii=False)[1:-1].replace("/", "\\/"),
}


def _text_copies(secret: Secret) -> list[Piece]:
    value = secret.value.decode()
    pieces = [_copy(secret, "utf8", secret.value)]
    pieces += [
        _copy(secret, name if name == "utf32le" else f"plain.{name}", value.encode(codec), unit)
        for name, codec, unit in ENCODINGS[1:]
    ]
    for change, make in _CHANGES.items():
        for name, codec, unit in ENCODINGS[:2]:
            pieces.append(_copy(secret, f"{change}.{name}", make(value).encode(codec), unit))
    for form, data in (("b64(utf8)", secret.value), ("b64(utf16)", value.encode("utf-16-le"))):
        for lead in (b"", b"x", b"xy"):
            pieces += _base64_copies(secret, form, lead, data)
    pieces += _hex_copies(secret, "hex(utf8)")
    return pieces


def _base64_copies(secret: Secret, form: str, lead: bytes, data: bytes) -> list[Piece]:
    """Base64 of a longer text that holds the value; the plant covers the characters that the value alone decides."""
    encoded = base64.b64encode(lead + data + b"zz").decode()
    first, last = -(-len(lead) * 8 // 6), (len(lead) + len(data)) * 8 // 6
    pieces = []
    for name, codec, unit in ENCODINGS[:2]:
        data = encoded.encode(codec)
        value = Mark(Plant(secret, form if name == "utf8" else f"{form}.{name}"), 0, first * unit, last * unit)
        pieces.append(Piece(data, (value, Mark(Plant(secret, CONTEXT), 0, 0, len(data))), unit))
    return pieces


def _hex_copies(secret: Secret, form: str) -> list[Piece]:
    digits = secret.value.hex()
    return [
        _copy(secret, form, digits.encode()),
        _copy(secret, form, digits.upper().encode()),
        _copy(secret, f"{form}.utf16le", digits.encode("utf-16-le"), 2),
    ]


def _binary_copies(secret: Secret) -> list[Piece]:
    pieces = [_copy(secret, "raw", secret.value), _copy(secret, "raw.reversed", secret.value[::-1])]
    for lead in (b"", b"x", b"xy"):
        pieces += _base64_copies(secret, "b64", lead, secret.value)
    return pieces + _hex_copies(secret, "hex")


def armoured(secret: Secret, label: str, encoding: str = "utf8", end: str = "\n") -> Piece:
    """A PEM block around the secret's bytes; ``end`` ends each line: LF, CRLF, or LF as an escape."""
    codec, unit = _CODECS[encoding]
    body = base64.b64encode(secret.value).decode()
    lines = end.join(body[at : at + 64] for at in range(0, len(body), 64))
    form = {"\n": "pem", "\r\n": "pem.crlf", "\\n": "pem.escaped"}[end]
    head = f"-----BEGIN {label}-----{end}".encode(codec)
    mark = Mark(Plant(secret, form if unit == 1 else f"{form}.{encoding}"), 0, len(head), len(head) + len(lines) * unit)
    return Piece(head + f"{lines}{end}-----END {label}-----{end}".encode(codec), (mark,), unit)


def in_base64(secret: Secret, template: str) -> Piece:
    """The text of ``template`` around base64 of a binary secret."""
    before, _, after = template.partition("{}")
    body = base64.b64encode(secret.value)
    mark = Mark(Plant(secret, "b64"), 0, len(before), len(before) + len(body))
    return Piece(before.encode() + body + after.encode(), (mark,))
