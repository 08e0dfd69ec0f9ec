"""The forms in which one value was seen to stand in memory, written from the formats and apart from the package."""

from __future__ import annotations

import base64
import html
import json
import urllib.parse
from collections.abc import Callable, Iterator

SHORTEST = 8
"""Forms of fewer bytes than this are not counted: they turn up by chance."""

NUMBER_FORMS = frozenset({"raw.words32", "raw.words64", "limbs30", "limbs28", "limbs60"})
"""How arithmetic libraries keep numbers: neither text, PEM nor DER. They are counted and shown, but nothing is required
of them."""

Form = tuple[str, bytes]


def forms(value: bytes, text: bool) -> dict[bytes, str]:
    """Every form of ``value`` of at least :data:`SHORTEST` bytes, with its first name."""
    found: dict[bytes, str] = {}
    for name, data in _text_forms(value.decode("utf-8")) if text else _binary_forms(value):
        if len(data) >= SHORTEST:
            found.setdefault(data, name)
    return found


def _text_forms(value: str) -> Iterator[Form]:
    plain = value.encode()
    yield "utf8", plain
    yield from _wide("plain", value)
    yield "utf32le", value.encode("utf-32-le")
    if all(ord(character) < 256 for character in value):
        yield "latin1", value.encode("latin-1")
    for name, transform in TRANSFORMS:
        changed = transform(value)
        yield f"{name}.utf8", changed.encode()
        yield from _wide(name, changed)
    for name, data in (("b64(utf8)", plain), ("b64(utf16)", value.encode("utf-16-le"))):
        yield from _base64_forms(name, data)
    yield from _hex_forms("hex(utf8)", plain)


def _binary_forms(value: bytes) -> Iterator[Form]:
    yield "raw", value
    yield "raw.reversed", value[::-1]
    for size in (4, 8):
        if len(value) >= 16 and len(value) % size == 0:
            words = (value[at : at + size][::-1] for at in range(0, len(value), size))
            yield f"raw.words{size * 8}", b"".join(words)
    if len(value) >= 64:
        yield from _limbs(int.from_bytes(value, "big"))
    yield from _base64_forms("b64", value)
    if len(value) > 60:
        yield from _pem_forms(value)
    yield from _hex_forms("hex", value)


def _wide(name: str, text: str) -> Iterator[Form]:
    yield f"{name}.utf16le", text.encode("utf-16-le")
    yield f"{name}.utf16be", text.encode("utf-16-be")


def _both(name: str, text: bytes) -> Iterator[Form]:
    """ASCII text as it is and as UTF-16LE."""
    yield name, text
    yield f"{name}.utf16le", text.decode("ascii").encode("utf-16-le")


def _base64_forms(name: str, data: bytes) -> Iterator[Form]:
    """Base64 at its three phases, without the characters that also hold bits of what stands beside the value."""
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + data)
        first, last = -(-8 * before // 6), 8 * (before + len(data)) // 6
        whole = encoded[first:last]
        yield from _both(name, whole)
        yield from _both(f"{name}.url", whole.replace(b"+", b"-").replace(b"/", b"_"))


def _hex_forms(name: str, data: bytes) -> Iterator[Form]:
    for digits in (data.hex(), data.hex().upper()):
        yield from _both(name, digits.encode())


def _pem_forms(data: bytes) -> Iterator[Form]:
    """The body of a PEM block: base64 in lines of 64, for each way to end a line."""
    encoded = base64.b64encode(data)
    lines = [encoded[at : at + 64] for at in range(0, len(encoded), 64)]
    for name, end in (("pem", b"\n"), ("pem.crlf", b"\r\n"), ("pem.escaped", b"\\n"), ("pem.escaped.crlf", b"\\r\\n")):
        yield from _both(name, end.join(lines))


def _limbs(number: int) -> Iterator[Form]:
    """Little-endian digits of 30 (CPython), 28 and 60 bits (LibTomMath); the last one may be incomplete and is left."""
    for bits, size in ((30, 4), (28, 4), (60, 8)):
        whole = range(0, number.bit_length() - bits, bits)
        digits = ((number >> at & (1 << bits) - 1).to_bytes(size, "little") for at in whole)
        yield f"limbs{bits}", b"".join(digits)


def _json(text: str) -> str:
    return json.dumps(text)[1:-1]


def _json_unicode(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _json_html_safe(text: str) -> str:
    """As System.Text.Json writes it: whatever HTML could mistake, and all non-ASCII, by number."""
    return "".join(map(_escape_html_safe, text))


def _escape_html_safe(character: str) -> str:
    if character == "\\":
        return "\\\\"
    if character.isascii() and character not in "\"&'+<>`":
        return character
    units = character.encode("utf-16-be").hex().upper()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


TRANSFORMS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("lower", str.lower),
    ("upper", str.upper),
    ("reversed", lambda text: text[::-1]),
    ("percent", lambda text: urllib.parse.quote(text, safe="")),
    ("percent+", urllib.parse.quote_plus),
    ("xml", html.escape),
    ("json", _json),
    ("json.unicode", _json_unicode),
    ("json.slash", lambda text: _json_unicode(text).replace("/", "\\/")),
    ("json.html", _json_html_safe),
)
"""What programs make of a text before they keep it."""
