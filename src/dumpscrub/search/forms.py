"""The forms in which one value may stand in memory, as byte strings to search for.

All were seen in real dumps: every spelling of a text in several encodings; for keys the ways in which arithmetic
libraries keep large integers. A form is left out where it is too short to be told from chance.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from dumpscrub.model import Encoding, SecretValue
from dumpscrub.search import fragments, spellings
from dumpscrub.search.escapes import unescaped
from dumpscrub.search.everyday import EVERYDAY_WORDS
from dumpscrub.search.obfuscated import LONGEST, obfuscated
from dumpscrub.search.spellings import Spelling
from dumpscrub.search.windows import to_utf8

SHORTEST = 4
"""Characters of a text below which nothing is searched for."""
STANDALONE_BELOW = 8
"""Values with fewer characters than this count only where no letter or digit touches them."""
_SHORTEST_BINARY = 6
_SHORTEST_FORM = 6
_SHORTEST_WORDS = 16
_SHORTEST_INTEGER = 64
_DIGITS = ((28, 4), (30, 4), (60, 8))
"""Bits and bytes of a digit of a large integer: LibTomMath (28, 60) and CPython (30)."""
_PADDING = " \t\r\n\0"
_MASK = "*"
SENT = "tds"
"""Name of the form that :func:`sent` makes."""
_PIECE, _PIECE_REVERSED = "piece(raw)", "piece(reversed)"
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
    came about, as ``base64(utf-16-le)/utf-16-be``: the value in UTF-16LE, in base64, kept as UTF-16BE text. For a piece
    of the value, ``at`` is where in :func:`whole` it stands, in bytes.
    """

    data: bytes = field(repr=False)
    encoding: Encoding
    name: str
    caseless: bool = False
    at: int | None = None

    @property
    def unit(self) -> int:
        """Bytes of one code unit; a mask is written in such units."""
        return self.encoding.unit

    @property
    def is_unchanged(self) -> bool:
        """True for the value itself, whatever its encoding."""
        return self.name in PLAIN

    @property
    def is_half(self) -> bool:
        """True for a piece that counts only where the other parts of the value stand next to it."""
        return self.name.partition("/")[0] == spellings.HALF

    @property
    def counts_anywhere(self) -> bool:
        """True for a whole value, neither a piece nor so short that it may be a part of another word."""
        is_short = len(self.data) < STANDALONE_BELOW * self.unit and self.encoding is not Encoding.BINARY
        return self.at is None and not is_short

    def equals(self, text: bytes) -> bool:
        """True where ``text`` is this form, no more and no less."""
        return text.lower() == self.data.lower() if self.caseless else text == self.data

    def is_cut_to(self, text: bytes, *, at_end: bool) -> bool:
        """True where ``text`` is this form without its end, or (not ``at_end``) without its beginning."""
        size = len(text)
        whole = self.data[:size] if at_end else self.data[-size:]
        return 0 < size < len(self.data) and (text.lower() == whole.lower() if self.caseless else text == whole)


def forms(value: SecretValue) -> tuple[Form, ...]:
    """Every form of ``value``, no two with the same bytes, none of zero bytes alone. Empty for a value too short.

    Spaces and line ends around a text, and zeros around a number, are not searched for. The number of forms is bounded
    (about 40, some 300 where a text needs escapes, and pieces of a long value); their size grows with the value.
    """
    texts = (form for spelling in spelled(value) for form in written(spelling))
    return _distinct((*texts, *unspelled(value), *sent(value)))


def spelled(value: SecretValue) -> tuple[Spelling, ...]:
    """The texts that stand for ``value``; :func:`written` makes forms of each. Empty for a value too short."""
    if value.binary:
        return spellings.of_bytes(value.data) if len(value.data.strip(b"\0")) >= SHORTEST else ()
    text = _text_of(value)
    if len(text) < SHORTEST:
        return ()
    return (*spellings.of_text(text), *spellings.pieces(text, structure=value.structure))


def spelling_of(value: SecretValue, number: int) -> Spelling:
    """``spelled(value)[number]``; in no time where it is the value itself, which is the one that is asked for most."""
    return spelled(value)[number] if number or value.binary else spellings.itself(_text_of(value))


def written(spelling: Spelling) -> Iterator[Form]:
    """The forms of a text: in UTF-8 and UTF-16, the value itself also in UTF-32."""
    plain = spelling.name == spellings.PLAIN
    for encoding in (*_TEXT, Encoding.UTF32LE) if plain else _TEXT:
        data = spelling.text.encode(encoding.codec)
        suffix = "" if encoding is Encoding.UTF8 else f"/{encoding.codec}"
        if plain or len(data) >= _SHORTEST_FORM:
            name = encoding.codec if plain else spelling.name + suffix
            yield Form(data, encoding, name, spelling.caseless, spelling.offset(encoding))


def unspelled(value: SecretValue) -> tuple[Form, ...]:
    """The forms of ``value`` that are no text in UTF: in code pages, in a dialect of UTF-8, numbers."""
    if value.structure and value.binary:
        return ()
    if value.binary:
        return tuple(_binary_forms(value.data)) if len(value.data.strip(b"\0")) >= SHORTEST else ()
    text = _text_of(value)
    return () if len(text) < SHORTEST or text.isascii() else tuple(_code_page_forms(text))


def sent(value: SecretValue) -> tuple[Form, ...]:
    """The form in which SQL Server's clients send the text ``value``. Very many values are not searched for in it."""
    text = "" if value.binary else _text_of(value)
    return (Form(obfuscated(text), Encoding.BINARY, SENT),) if SHORTEST <= len(text) <= LONGEST else ()


def whole(value: SecretValue, piece: Form) -> bytes:
    """The bytes of ``value`` in the form that ``piece`` is a piece of."""
    if not value.binary:
        return _text_of(value).encode(piece.encoding.codec)
    return value.data[::-1] if piece.name == _PIECE_REVERSED else value.data


def unchanged(value: SecretValue) -> tuple[Form, ...]:
    """Those of the :func:`forms` that are ``value`` itself, whatever their encoding."""
    plain = [form for spelling in spelled(value)[:1] for form in written(spelling)]
    return _distinct(form for form in (*plain, *unspelled(value)) if form.is_unchanged)


def worth_sweeping(value: SecretValue) -> bool:
    """True where copies of ``value`` can be told from chance and from everyday words."""
    if value.binary:
        significant = value.data.strip(b"\0")
        return len(significant) >= _SHORTEST_BINARY and len(set(significant)) >= SHORTEST
    text = _text_of(value)
    if len(text.replace(_MASK, "")) < SHORTEST or len(set(text)) == 1 or not text.strip("0-. "):
        return False
    if text.isdecimal() and len(text) < 6:
        return False
    return text.lower() not in EVERYDAY_WORDS and not _PLACEHOLDER.match(text)


def decoded(value: SecretValue) -> tuple[SecretValue, ...]:
    """What the text ``value`` stands for where it was found escaped, once or twice: one for each way to undo it."""
    if value.binary:
        return ()
    text = _read(value)
    once = dict.fromkeys(other for other in unescaped(text) if other and other != text)
    twice = (other for inner in once for other in unescaped(inner) if other and other != text)
    return tuple(
        SecretValue(other.encode("utf-8", "replace")) for other in (once | dict.fromkeys(twice) if once else ())
    )


def _text_of(value: SecretValue) -> str:
    """The text ``value`` without the spaces and line ends around it."""
    return _read(value).strip(_PADDING)


def _read(value: SecretValue) -> str:
    try:
        return value.data.decode("utf-8")
    except UnicodeDecodeError:
        return to_utf8(value.data, Encoding.UTF8).decode("utf-8")


def _distinct(candidates: Iterable[Form]) -> tuple[Form, ...]:
    """Each form once; a caseless one stands for all that differ from it in case only."""
    kept: list[Form] = []
    caseless: set[bytes] = set()
    exact: set[bytes] = set()
    for form in sorted(candidates, key=lambda form: not form.caseless):
        folded = form.data.lower()
        if len(form.data) < SHORTEST or folded in caseless or form.data in exact:
            continue
        (caseless if form.caseless else exact).add(folded if form.caseless else form.data)
        kept.append(form)
    return tuple(kept)


def _code_page_forms(text: str) -> Iterator[Form]:
    for codec in _CODE_PAGES:
        try:
            yield Form(text.encode(codec), Encoding.UTF8, codec)
        except UnicodeEncodeError:
            continue
    surrogates = text.translate({ord(each): _surrogates(each) for each in set(text) if ord(each) > _LAST_UNIT})
    yield Form(surrogates.encode("utf-8", "surrogatepass"), Encoding.UTF8, "cesu-8")


def _surrogates(character: str) -> str:
    """The two UTF-16 units of a character, which Java's own UTF-8 writes one by one."""
    units = character.encode("utf-16-be")
    return "".join(chr(int.from_bytes(units[at : at + 2], "big")) for at in (0, 2))


def _binary_forms(data: bytes) -> Iterator[Form]:
    numbers = [_number("raw", data), _number("reversed", data[::-1])]
    if not _is_der(data):
        numbers += (*_word_forms(data, data.lstrip(b"\0")), *_digit_forms(data))
        for name, whole in ((_PIECE, data), (_PIECE_REVERSED, data[::-1])):
            numbers += (Form(piece, Encoding.BINARY, name, False, at) for at, piece in fragments.of_bytes(whole))
    return (form for form in numbers if len(form.data) >= _SHORTEST_FORM or form.name in PLAIN)


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
