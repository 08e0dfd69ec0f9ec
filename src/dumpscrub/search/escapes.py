r"""How programs escape a text before they write it down, and the way back.

Each style is what a widely used encoder does by default: Python, .NET (System.Text.Json, Newtonsoft, WebUtility,
HttpUtility, SecurityElement, XmlWriter, HtmlEncoder), Java (Gson, URLEncoder), Go, PHP, JavaScript, and the quoting of
C#, SQL, ADO.NET and ODBC connection strings, shells and command lines. All write one character at a time.
"""

from __future__ import annotations

import html
import re
import urllib.parse
from collections.abc import Iterator
from functools import lru_cache

_SHORT = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_JSON_STYLES = (  # written \uXXXX, all non-ASCII so too, "/" written "\/"
    ("", False, False),  # RFC 8259, nothing more than it asks for
    ("", False, True),  # DataContractJsonSerializer
    ("", True, False),  # Python
    ("", True, True),  # PHP
    ("<>&", False, False),  # Go
    ("<>&'", False, False),  # Newtonsoft for HTML
    ("<>&'=", False, False),  # Gson
    ("\"<>&'+`", True, False),  # System.Text.Json
)
_XML_STYLES: tuple[
    tuple[str, str, dict[str, str], str], ...
] = (  # how " and ' are written, what else is, how non-ASCII is
    ('"', "'", {}, ""),
    ('"', "'", {">": "&gt;"}, ""),
    ("&quot;", "'", {}, ""),
    ("&quot;", "'", {">": "&gt;"}, ""),
    ("&quot;", "'", {">": "&gt;", "\n": "&#xA;", "\r": "&#xD;", "\t": "&#x9;"}, ""),
    ("&quot;", "&apos;", {">": "&gt;"}, ""),
    ("&quot;", "&#39;", {">": "&gt;"}, ""),
    ("&quot;", "&#39;", {">": "&gt;"}, "latin-1"),
    ("&quot;", "&#39;", {">": "&gt;"}, "decimal"),
    ("&quot;", "&#x27;", {">": "&gt;"}, ""),
    ("&#34;", "&#39;", {">": "&gt;"}, ""),
    ("&quot;", "&#x27;", {">": "&gt;", "+": "&#x2B;", "`": "&#x60;"}, "hex"),
)
_PERCENT_SAFE = (  # besides letters, digits and "-._"
    "~",  # RFC 3986
    "~/",  # Python's default
    "!*()",  # WebUtility, HttpUtility
    "*",  # Java
    "~!*'()",  # encodeURIComponent
    "~!*'();,/?:@&=+$#",  # encodeURI
)
_QUOTINGS: tuple[dict[str, str], ...] = (
    {'"': '""'},
    {"'": "''"},
    {"}": "}}"},
    {'"': '\\"'},
    {"'": "\\'"},
    {"'": "'\\''"},
    {"\\": "\\\\"},
    {"\\": "\\\\", "'": "\\'"},
)
_CHARACTERS = 4096
_SETS = 256
_JSON_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|([\"\\/'bfnrt]))")
_PERCENT_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_MEANING = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def escaped(text: str) -> dict[str, str]:
    """Each way to write ``text`` that differs from it, with a kind of escape that leads there."""
    found: dict[str, str] = {}
    for kind, table in _tables(_special(text)):
        found.setdefault(text.translate(table), kind)
    found.pop(text, None)
    return found


def in_documents(text: str) -> tuple[str, ...]:
    """``text`` as the JSON documents that programs encode in base64 hold it, where that differs: see RFC 8259, Python
    and System.Text.Json.
    """
    special = _JSON_SPECIAL.intersection(text) if text.isascii() else _special(text)
    written = (
        text.translate({ord(each): _json(each, *style) for each in special})
        for style in (("", False, False, False), ("", False, True, False), ("\"<>&'+`", True, True, False))
    )
    return tuple(dict.fromkeys(other for other in written if other != text)) if special else ()


def escaped_base64(encoded: str) -> Iterator[str]:
    """The ways to write base64 that holds ``+`` or ``/`` in a JSON document and in a URL."""
    for plus, slash in (("\\u002B", "/"), ("\\u002b", "/"), ("+", "\\/"), ("%2B", "%2F"), ("%2b", "%2f")):
        other = encoded.replace("+", plus).replace("/", slash)
        if other != encoded:
            yield other


def unescaped(text: str) -> Iterator[str]:
    """What ``text`` may stand for, one kind of escape undone at a time. May yield ``text`` itself, and a text twice."""
    if "\\" in text:
        yield _undo_json(text)
    if "&" in text and ";" in text:
        yield html.unescape(text)
    if "%" in text and _PERCENT_ESCAPE.search(text):
        yield _undo_percent(text)
        yield _undo_percent(text.replace("+", " "))
    for doubled in ('""', "''", "}}"):
        if doubled in text:
            yield text.replace(doubled, doubled[0])


def _special(text: str) -> frozenset[str]:
    """The characters of ``text`` that some style writes in another way."""
    return frozenset(text) - _PLAIN


@lru_cache(_SETS)
def _tables(special: frozenset[str]) -> tuple[tuple[str, dict[int, str]], ...]:
    """What the styles make of ``special`` characters: each way once, with the kind of the first style that does so."""
    codes = [ord(each) for each in special]
    ways = zip(*(reversed(_written(each)) for each in special), strict=True)
    # Of the styles that do the same the first one comes last, so that its kind stays.
    distinct = dict(zip(ways, reversed(_KINDS), strict=False))
    return tuple((kind, dict(zip(codes, written, strict=True))) for written, kind in reversed(distinct.items()))


@lru_cache(_CHARACTERS)
def _written(character: str) -> tuple[str, ...]:
    """``character`` in every style, in the order of :func:`_styles`."""
    return tuple(other for _, other in _styles(character))


def _styles(character: str) -> Iterator[tuple[str, str]]:
    """Pairs (kind of escape, ``character`` in one style of it)."""
    for uppercase in (True, False):
        for special, non_ascii, slash in _JSON_STYLES:
            once = _json(character, special, uppercase, non_ascii, slash)
            yield "json", once
            yield "json(json)", "".join(_json(each, special, uppercase, non_ascii, slash) for each in once)
        for safe in _PERCENT_SAFE:
            percent = _percent(character, safe, uppercase)
            yield "percent", percent
            yield "percent(percent)", _percent(percent, safe, uppercase)
            if "+" not in safe:
                yield "percent+", percent.replace("%20", "+")
    for quote, apostrophe, others, numeric in _XML_STYLES:
        yield "xml", _xml(character, {'"': quote, "'": apostrophe, "&": "&amp;", "<": "&lt;", **others}, numeric)
    for quoting in _QUOTINGS:
        yield "quoted", quoting.get(character, character)


def _json(character: str, special: str, uppercase: bool, non_ascii: bool, slash: bool) -> str:
    if character in special or character < " " or (non_ascii and character > "~"):
        return _SHORT[character] if character in "\b\f\n\r\t" else _utf16_escape(character, uppercase)
    if slash and character == "/":
        return "\\/"
    return _SHORT.get(character, character)


def _utf16_escape(character: str, uppercase: bool) -> str:
    digits = character.encode("utf-16-be").hex()
    digits = digits.upper() if uppercase else digits
    return "".join("\\u" + digits[at : at + 4] for at in range(0, len(digits), 4))


def _xml(character: str, names: dict[str, str], numeric: str) -> str:
    code = ord(character)
    if numeric == "hex" and code > 0x7E:
        return f"&#x{code:X};"
    # WebUtility leaves the characters between Latin-1 and the surrogates as they are.
    if (numeric == "decimal" and code > 0x7E) or (numeric == "latin-1" and (0xA0 <= code < 0x100 or code > 0xFFFF)):
        return f"&#{code};"
    return names.get(character, character)


def _percent(text: str, safe: str, uppercase: bool) -> str:
    quoted = urllib.parse.quote(text, safe=safe)
    if "~" not in safe:
        quoted = quoted.replace("~", "%7E")
    return quoted if uppercase else _PERCENT_ESCAPE.sub(lambda found: found[0].lower(), quoted)


_KINDS = tuple(kind for kind, _ in _styles("a"))
_JSON_SPECIAL = frozenset(map(chr, range(0x20))) | frozenset("\"\\<>&'+`\x7f")
_PLAIN = frozenset(character for character in map(chr, range(0x80)) if set(_written(character)) == {character})


def _undo_percent(text: str) -> str:
    data = urllib.parse.unquote_to_bytes(text)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _undo_json(text: str) -> str:
    def meaning(found: re.Match[str]) -> str:
        return chr(int(found[1], 16)) if found[1] else _MEANING.get(found[2], found[2])

    # Two escaped surrogates make one character; one alone is none.
    return _JSON_ESCAPE.sub(meaning, text).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
