r"""How programs escape a text before they write it down, and the way back.

Each style is what a widely used encoder does by default: Python, .NET (System.Text.Json, Newtonsoft, WebUtility,
HttpUtility, SecurityElement, XmlWriter, HtmlEncoder), Java (Gson, URLEncoder), Go, PHP, JavaScript, and the quoting of
C#, SQL, ADO.NET and ODBC connection strings, shells and command lines.
"""

from __future__ import annotations

import html
import re
import urllib.parse
from collections.abc import Callable, Iterator

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
_QUOTINGS: tuple[tuple[tuple[str, str], ...], ...] = (
    (('"', '""'),),
    (("'", "''"),),
    (("}", "}}"),),
    (('"', '\\"'),),
    (("'", "\\'"),),
    (("'", "'\\''"),),
    (("\\", "\\\\"),),
    (("\\", "\\\\"), ("'", "\\'")),
)
_JSON_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|([\"\\/'bfnrt]))")
_PERCENT_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_MEANING = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def escaped(text: str) -> dict[str, str]:
    """Each way to write ``text`` that differs from it, with the kind of escape that leads there first."""
    found: dict[str, str] = {}
    if not (text.isascii() and text.isalnum()):
        for kind, other in _styles(text):
            found.setdefault(other, kind)
    found.pop(text, None)
    return found


def _styles(text: str) -> Iterator[tuple[str, str]]:
    for uppercase in (True, False):
        for special, non_ascii, slash in _JSON_STYLES:
            once = _json(text, special, uppercase, non_ascii=non_ascii, slash=slash)
            yield "json", once
            yield "json(json)", _json(once, special, uppercase, non_ascii=non_ascii, slash=slash)
        for safe in _PERCENT_SAFE:
            percent = _percent(text, safe, uppercase)
            yield "percent", percent
            yield "percent(percent)", _percent(percent, safe, uppercase)
            if "+" not in safe:
                yield "percent+", percent.replace("%20", "+")
    for quote, apostrophe, others, numeric in _XML_STYLES:
        yield "xml", _xml(text, {'"': quote, "'": apostrophe, **others}, numeric)
    for quoting in _QUOTINGS:
        quoted = text
        for old, new in quoting:
            quoted = quoted.replace(old, new)
        yield "quoted", quoted


def in_documents(text: str) -> tuple[str, ...]:
    """``text`` as the JSON documents that programs encode in base64 hold it, where that differs: see RFC 8259, Python
    and System.Text.Json.
    """
    written = (
        _json(text, "", uppercase=False, non_ascii=False, slash=False),
        _json(text, "", uppercase=False, non_ascii=True, slash=False),
        _json(text, "\"<>&'+`", uppercase=True, non_ascii=True, slash=False),
    )
    return tuple(dict.fromkeys(other for other in written if other != text))


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
    if _PERCENT_ESCAPE.search(text):
        yield _undo_percent(text)
        yield _undo_percent(text.replace("+", " "))
    for doubled in ('""', "''", "}}"):
        yield text.replace(doubled, doubled[0])


def _json(text: str, special: str, uppercase: bool, *, non_ascii: bool, slash: bool) -> str:
    def escape(character: str) -> str:
        if character in special or character < " " or (non_ascii and character > "~"):
            return _SHORT[character] if character in "\b\f\n\r\t" else _utf16_escape(character, uppercase)
        if slash and character == "/":
            return "\\/"
        return _SHORT.get(character, character)

    return _map(text, escape)


def _utf16_escape(character: str, uppercase: bool) -> str:
    digits = character.encode("utf-16-be").hex()
    digits = digits.upper() if uppercase else digits
    return "".join("\\u" + digits[at : at + 4] for at in range(0, len(digits), 4))


def _xml(text: str, names: dict[str, str], numeric: str) -> str:
    def escape(character: str) -> str:
        code = ord(character)
        if numeric == "hex" and code > 0x7E:
            return f"&#x{code:X};"
        # WebUtility leaves the characters between Latin-1 and the surrogates as they are.
        if (numeric == "decimal" and code > 0x7E) or (numeric == "latin-1" and (0xA0 <= code < 0x100 or code > 0xFFFF)):
            return f"&#{code};"
        return names.get(character, character)

    names = {"&": "&amp;", "<": "&lt;", **names}
    return _map(text, escape)


def _percent(text: str, safe: str, uppercase: bool) -> str:
    quoted = urllib.parse.quote(text, safe=safe)
    if "~" not in safe:
        quoted = quoted.replace("~", "%7E")
    return quoted if uppercase else _PERCENT_ESCAPE.sub(lambda found: found[0].lower(), quoted)


def _map(text: str, escape: Callable[[str], str]) -> str:
    """``text`` with each character replaced; every distinct character is looked at once."""
    return text.translate({ord(character): escape(character) for character in set(text)})


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
