"""The forms in which one value may stand in memory, as byte strings to search for.

All were seen in real dumps: text in several encodings and cases, base64 at its three phases (whatever stands before the
value), hexadecimal, escapes, PEM; for keys also the ways in which arithmetic libraries keep large integers. A form is
left out where it is too short to be told from chance.
"""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from dumpscrub.model import Encoding, SecretValue
from dumpscrub.search.escapes import escaped, escaped_base64, in_documents, unescaped
from dumpscrub.search.everyday import EVERYDAY_WORDS
from dumpscrub.search.windows import to_utf8

SHORTEST = 4
"""Characters of a text below which nothing is searched for."""
_SHORTEST_BINARY = 6
_SHORTEST_FORM = 6
_CASELESS_FROM = 8
_SHORTEST_WORDS = 16
_SHORTEST_INTEGER = 64
_SEPARATORS = "- :"
_LONGEST_SEPARATED = 256
"""Bytes that are also looked for as hexadecimal with separators; it is fingerprints and keys that are shown so."""
_LONGEST_ESCAPED = 4096
"""Characters of base64 that are also looked for with its ``+`` and ``/`` escaped."""
_DIGITS = ((28, 4), (30, 4), (60, 8))
"""Bits and bytes of a digit of a large integer: LibTomMath (28, 60) and CPython (30)."""
_PADDING = " \t\r\n\0"
_MASK = "*"
_PLACEHOLDER = re.compile(r"(?:[$#]?\{+|\$\(|<|\[|%)[A-Za-z_.: -]+(?:\}+|\)|>|\]|%)\Z")
_TEXT = (Encoding.UTF8, Encoding.UTF16LE, Encoding.UTF16BE)

_CODE_PAGES = ("latin-1", "cp1252", "cp437", "cp850")
"""Latin-1 and what Windows uses in western countries, in windows and on consoles."""
_LAST_UNIT = 0xFFFF
PLAIN = frozenset({"utf-8", *_CODE_PAGES, "utf-16-le", "utf-16-be", "utf-32-le", "raw"})
"""Names of the forms that are the value itself, neither changed nor wrapped."""


@dataclass(frozen=True, slots=True)
class Form:
    """One way to write a value.

    ``data`` is what to search for, regardless of the case of ASCII letters where ``caseless``. ``name`` says how it
    came about, as ``base64(utf-16-le)/utf-16-be``: the value in UTF-16LE, in base64, kept as UTF-16BE text.
    """

    data: bytes = field(repr=False)
    encoding: Encoding
    name: str
    caseless: bool = False

    @property
    def unit(self) -> int:
        """Bytes of one code unit; a mask is written in such units."""
        return self.encoding.unit


def forms(value: SecretValue) -> tuple[Form, ...]:
    """Every form of ``value``, no two with the same bytes, none of zero bytes alone. Empty for a value too short.

    Spaces and line ends around a text, and zeros around a number, are not searched for. The number of forms is bounded
    (about 40, some 300 where a text needs escapes); their size grows with the value.
    """
    if value.binary:
        return _distinct(_binary_forms(value.data)) if len(value.data.strip(b"\0")) >= SHORTEST else ()
    text = _text_of(value).strip(_PADDING)
    return _distinct(_text_forms(text)) if len(text) >= SHORTEST else ()


def worth_sweeping(value: SecretValue) -> bool:
    """True where copies of ``value`` can be told from chance and from everyday words."""
    if value.binary:
        significant = value.data.strip(b"\0")
        return len(significant) >= _SHORTEST_BINARY and len(set(significant)) >= SHORTEST
    text = _text_of(value).strip(_PADDING)
    if len(text.replace(_MASK, "")) < SHORTEST or len(set(text)) == 1 or not text.strip("0-. "):
        return False
    if text.isdecimal() and len(text) < 6:
        return False
    return text.lower() not in EVERYDAY_WORDS and not _PLACEHOLDER.match(text)


def decoded(value: SecretValue) -> tuple[SecretValue, ...]:
    """What the text ``value`` stands for where it was found escaped, once or twice: one for each way to undo it."""
    if value.binary:
        return ()
    text = _text_of(value)
    once = dict.fromkeys(other for other in unescaped(text) if other and other != text)
    twice = dict.fromkeys(other for inner in once for other in unescaped(inner) if other and other != text)
    others = once | twice
    return tuple(SecretValue(other.encode("utf-8", "replace")) for other in others)


def _text_of(value: SecretValue) -> str:
    return to_utf8(value.data, Encoding.UTF8).decode("utf-8")


def _distinct(candidates: Iterable[Form]) -> tuple[Form, ...]:
    """The forms long enough, each once; a caseless one stands for all that differ from it in case only."""
    kept: list[Form] = []
    caseless: set[bytes] = set()
    exact: set[bytes] = set()
    for form in sorted(candidates, key=lambda form: not form.caseless):
        folded = form.data.lower()
        too_short = len(form.data) < _SHORTEST_FORM and form.name not in PLAIN
        if too_short or folded in caseless or form.data in exact:
            continue
        (caseless if form.caseless else exact).add(folded if form.caseless else form.data)
        kept.append(form)
    return tuple(kept)


def _text_forms(text: str) -> Iterator[Form]:
    yield from _plain_forms(text)
    yield from _written("lower", text.lower())
    yield from _written("upper", text.upper())
    yield from _written("reversed", text[::-1])
    lines = text.replace("\r\n", "\n")
    for variant in dict.fromkeys((text, lines, lines.replace("\n", "\r\n"))):
        yield from _written("lines", variant)
        for other, name in escaped(variant).items():
            yield from _written(name, other)
    for document in in_documents(text):
        yield from _base64_forms("json", document.encode("utf-8"))
    for codec, separators in (("utf-8", _SEPARATORS), ("utf-16-le", "")):
        yield from _base64_forms(codec, text.encode(codec))
        yield from _hex_forms(codec, text.encode(codec), separators)


def _plain_forms(text: str) -> Iterator[Form]:
    caseless = _foldable(text)
    for encoding in (*_TEXT, Encoding.UTF32LE):
        yield Form(text.encode(encoding.codec), encoding, encoding.codec, caseless)
    for codec in _CODE_PAGES:
        try:
            yield Form(text.encode(codec), Encoding.UTF8, codec, caseless)
        except UnicodeEncodeError:
            continue
    if not text.isascii():
        yield from _other_spellings(text)


def _other_spellings(text: str) -> Iterator[Form]:
    """Text beyond ASCII as programs normalise it, and what they see who read its UTF-8 as a code page."""
    yield from _written("nfc", unicodedata.normalize("NFC", text))
    yield from _written("nfd", unicodedata.normalize("NFD", text))
    surrogates = text.translate({ord(each): _surrogates(each) for each in set(text) if ord(each) > _LAST_UNIT})
    yield Form(surrogates.encode("utf-8", "surrogatepass"), Encoding.UTF8, "cesu-8")
    for codec in ("latin-1", "cp1252"):
        try:
            yield from _written(f"misread({codec})", text.encode("utf-8").decode(codec))
        except UnicodeDecodeError:
            continue


def _surrogates(character: str) -> str:
    """The two UTF-16 units of a character, which Java's own UTF-8 writes one by one."""
    units = character.encode("utf-16-be")
    return "".join(chr(int.from_bytes(units[at : at + 2], "big")) for at in (0, 2))


def _binary_forms(data: bytes) -> Iterator[Form]:
    significant = data.lstrip(b"\0")
    yield _number("raw", data)
    yield _number("reversed", data[::-1])
    if not _is_der(data):
        yield from _word_forms(data, significant)
        yield from _digit_forms(data)
    yield from _base64_forms("raw", significant)
    yield from _pem_forms(data)
    yield from _hex_forms("raw", significant, _SEPARATORS)


def _number(name: str, data: bytes) -> Form:
    """A binary form, without the zeros around it: how many stand there depends on who keeps the number."""
    return Form(data.strip(b"\0"), Encoding.BINARY, name)


def _is_der(data: bytes) -> bool:
    """True for an ASN.1 SEQUENCE of just this length: a structure and no number."""
    size = data[1] - 0x80 if len(data) > 2 and data[0] == 0x30 and 0x81 <= data[1] <= 0x84 else 0
    return size > 0 and int.from_bytes(data[2 : 2 + size], "big") == len(data) - 2 - size


def _word_forms(data: bytes, significant: bytes) -> Iterator[Form]:
    """Each word byte-swapped, as keys and big-endian sequences of little-endian words stand."""
    if len(data) < _SHORTEST_WORDS:
        return
    for size in (4, 8):
        padded = significant.rjust(-(-len(significant) // size) * size, b"\0")
        for whole in (data, padded) if len(data) % 4 == 0 else (padded,):
            words = (whole[at : at + size][::-1] for at in range(0, len(whole), size))
            yield _number(f"words{8 * size}", b"".join(words))


def _digit_forms(data: bytes) -> Iterator[Form]:
    """Little-endian digits of a large integer. The highest one is left out: it may share its word with other bits."""
    if len(data) < _SHORTEST_INTEGER:
        return
    bits_of_all = f"{int.from_bytes(data, 'big'):b}"
    for bits, size in _DIGITS:
        ends = range(len(bits_of_all), bits, -bits)
        digits = (int(bits_of_all[end - bits : end], 2).to_bytes(size, "little") for end in ends)
        yield _number(f"digits{bits}", b"".join(digits))


def _base64_forms(what: str, data: bytes) -> Iterator[Form]:
    """Base64 at each phase, without the characters that share bits with what stands before or after the value."""
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + data).decode("ascii")
        core = encoded[-(-8 * before // 6) : 8 * (before + len(data)) // 6]
        if len(core) >= _SHORTEST_FORM:
            for other in escaped_base64(core) if len(core) <= _LONGEST_ESCAPED else ():
                yield from _written(f"escaped base64({what})", other, foldable=False)
            yield from _written(f"base64({what})", core, foldable=False)
            yield from _written(f"base64url({what})", core.replace("+", "-").replace("/", "_"), foldable=False)


def _hex_forms(what: str, data: bytes, separators: str) -> Iterator[Form]:
    yield from _written(f"hex({what})", data.hex())
    for separator in separators if len(data) <= _LONGEST_SEPARATED else "":
        yield from _written(f"hex({what})", data.hex(separator))


def _pem_forms(data: bytes) -> Iterator[Form]:
    """The body of a PEM block, in lines of 64 or 76 characters, with each kind of line end, escaped ones too."""
    encoded = base64.b64encode(data).decode("ascii")
    for width in (64, 76):
        lines = [encoded[at : at + width] for at in range(0, len(encoded), width)]
        if len(lines) > 1:
            for end in ("\n", "\r\n", "\\n", "\\r\\n"):
                yield from _written("pem", end.join(lines), foldable=False)


def _written(name: str, text: str, *, foldable: bool = True) -> Iterator[Form]:
    """``text`` as UTF-8 and UTF-16, caseless where it may be (base64 says something else in another case)."""
    caseless = foldable and _foldable(text)
    for encoding in _TEXT:
        suffix = "" if encoding is Encoding.UTF8 else f"/{encoding.codec}"
        yield Form(text.encode(encoding.codec), encoding, name + suffix, caseless)


def _foldable(text: str) -> bool:
    """True for ASCII text with letters, long enough that its copies in another case cannot be chance."""
    return text.isascii() and len(text) >= _CASELESS_FROM and text.lower() != text.upper()
