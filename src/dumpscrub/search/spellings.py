"""The texts that stand for a value: itself and what programs make of it when they escape or encode it.

All were seen in real dumps: other cases, escapes, base64 at its three phases (whatever stands before the value),
hexadecimal, PEM. Each may stand in memory in any of several encodings; see :mod:`dumpscrub.search.forms`.
"""

from __future__ import annotations

import unicodedata
from binascii import b2a_base64
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from dumpscrub.model import Encoding
from dumpscrub.search import fragments
from dumpscrub.search.escapes import escaped, escaped_base64, in_documents

PLAIN = ""
"""The name of the text itself."""
PIECE, HALF = "piece", "half"
"""What tells where a rest of a text stands, alone, or together with the other part of the text."""
_CASELESS_FROM = 8
_SHORTEST_BASE64 = 6
_SEPARATORS = "- :"
_LONGEST_SEPARATED = 256
"""Bytes that are also looked for as hexadecimal with separators; it is fingerprints and keys that are shown so."""
_LONGEST_ESCAPED = 4096
"""Characters of base64 that are also looked for with its ``+`` and ``/`` escaped."""
_PEM_WIDTHS = (64, 76)
_PEM_ENDS = ("\n", "\r\n", "\\n", "\\r\\n")


class Spelling(NamedTuple):
    """A text that stands for a value, regardless of the case of ASCII letters where ``caseless``.

    ``name`` says how it came about, as ``base64(utf-16-le)``: the value in UTF-16LE, in base64. For a piece of the
    text, ``at`` is its index, and ``wide`` how many bytes more than one each UTF-8 has for the characters before it.
    """

    name: str
    text: str
    caseless: bool
    at: int | None = None
    wide: int = 0

    def offset(self, encoding: Encoding) -> int | None:
        """Where the piece begins in the whole text, in bytes of ``encoding``; None for what is no piece."""
        if self.at is None:
            return None
        return self.at * encoding.unit + (self.wide if encoding is Encoding.UTF8 else 0)

    def __repr__(self) -> str:
        return f"Spelling({self.name}, {len(self.text)} characters)"


def itself(text: str) -> Spelling:
    """The first spelling of ``text``."""
    return Spelling(PLAIN, text, is_caseless(text))


def of_text(text: str) -> tuple[Spelling, ...]:
    """The spellings of ``text``, itself first."""
    return (*_distinct(_readable(text)), *_encoded(text))


def pieces(text: str, *, structure: bool) -> tuple[Spelling, ...]:
    """Those pieces of ``text`` that tell where a rest of it stands."""
    found = [(PIECE, *each) for each in fragments.of_text(text, structure=structure)]
    if not structure:
        found += [(HALF, *each) for each in fragments.of_halves(text) if (PIECE, *each) not in found]
    return tuple(Spelling(name, piece, False, at, _wide(text, at)) for name, at, piece in found)


def _wide(text: str, at: int) -> int:
    return 0 if text.isascii() else len(text[:at].encode("utf-8")) - at


def of_bytes(data: bytes) -> tuple[Spelling, ...]:
    """The spellings of binary ``data``; zeros before a number are left out where they change the others."""
    significant = data.lstrip(b"\0")
    return (*_base64("raw", significant), *_pem(data), *_hex("raw", significant, _SEPARATORS))


def _distinct(candidates: Iterable[Spelling]) -> tuple[Spelling, ...]:
    """In the same order, each once; a caseless one stands for all behind it that differ from it in case only."""
    kept: list[Spelling] = []
    caseless: set[str] = set()
    exact: set[str] = set()
    for spelling in candidates:
        text, is_folded = spelling.text, spelling.caseless
        folded = text.lower() if text.isascii() else text
        if folded in caseless or (text in exact and not is_folded):
            continue
        (caseless if is_folded else exact).add(folded if is_folded else text)
        kept.append(spelling)
    return tuple(kept)


def _readable(text: str) -> Iterator[Spelling]:
    first = itself(text)
    yield first
    if not text.isascii():
        yield from _other_characters(text)
    if not first.caseless:
        yield _spelling("lower", text.lower())
        yield _spelling("upper", text.upper())
    yield _spelling("reversed", text[::-1])
    for variant in _line_ends(text):
        if variant != text:
            yield _spelling("lines", variant)
        for other, kind in escaped(variant).items():
            yield _spelling(kind, other)


def _encoded(text: str) -> Iterator[Spelling]:
    for document in in_documents(text):
        yield from _base64("json", document.encode("utf-8"))
    for codec, separators in (("utf-8", _SEPARATORS), ("utf-16-le", "")):
        data = text.encode(codec)
        yield from _base64(codec, data)
        yield from _hex(codec, data, separators)


def _other_characters(text: str) -> Iterator[Spelling]:
    """Text beyond ASCII as programs normalise it, and what they see who read its UTF-8 as a code page."""
    yield _spelling("nfc", unicodedata.normalize("NFC", text))
    yield _spelling("nfd", unicodedata.normalize("NFD", text))
    for codec in ("latin-1", "cp1252"):
        try:
            yield _spelling(f"misread({codec})", text.encode("utf-8").decode(codec))
        except UnicodeDecodeError:
            continue


def _line_ends(text: str) -> Iterable[str]:
    if "\n" not in text:
        return (text,)
    lines = text.replace("\r\n", "\n")
    return dict.fromkeys((text, lines, lines.replace("\n", "\r\n")))


def _base64(what: str, data: bytes) -> Iterator[Spelling]:
    """Base64 at each phase, without the characters that share bits with what stands before or after the value."""
    for before in range(3):
        encoded = b2a_base64(bytes(before) + data, newline=False).decode("ascii")
        core = encoded[-(-8 * before // 6) : 8 * (before + len(data)) // 6]
        if len(core) >= _SHORTEST_BASE64:
            yield Spelling(f"base64({what})", core, False)
            if "+" in core or "/" in core:
                yield Spelling(f"base64url({what})", core.replace("+", "-").replace("/", "_"), False)
                for other in escaped_base64(core) if len(core) <= _LONGEST_ESCAPED else ():
                    yield Spelling(f"escaped base64({what})", other, False)


def _hex(what: str, data: bytes, separators: str) -> Iterator[Spelling]:
    yield _spelling(f"hex({what})", data.hex())
    for separator in separators if len(data) <= _LONGEST_SEPARATED else "":
        yield _spelling(f"hex({what})", data.hex(separator))


def _pem(data: bytes) -> Iterator[Spelling]:
    """The body of a PEM block, in lines of 64 or 76 characters, with each kind of line end, escaped ones too."""
    encoded = b2a_base64(data, newline=False).decode("ascii")
    for width in _PEM_WIDTHS:
        lines = [encoded[at : at + width] for at in range(0, len(encoded), width)]
        if len(lines) > 1:
            for end in _PEM_ENDS:
                yield Spelling("pem", end.join(lines), False)


def _spelling(name: str, text: str) -> Spelling:
    return Spelling(name, text, is_caseless(text))


def is_caseless(text: str) -> bool:
    """True for ASCII text with letters, long enough that its copies in another case cannot be chance.

    Base64 is no such text: it says something else in another case.
    """
    return text.isascii() and len(text) >= _CASELESS_FROM and text.lower() != text.upper()
