r"""PEM blocks (RFC 7468, RFC 1421) in text with one byte a code unit: where the base64 of each stands.

Three shapes: a whole block, a block cut behind its beginning, and the end of one whose beginning is gone. All indices
are those of the text.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

from dumpscrub.detectors.base64_text import GAP, Line, read_lines, regular, regular_end

MOST = 64 * 1024
"""Base64 characters of the longest body."""
_LEAST = 16
"""Base64 characters that a body cut short must have; less than that is an example in some text."""
_LEAST_LINE = 32
"""Base64 characters in a line of a body whose beginning is gone."""

_BEGIN_MARKERS = (b"-----BEGIN", b"---- BEGIN")
_END_MARKERS = (b"-----END", b"---- END")
_SPACE = rb"(?:[ +_]|%20)"
_LABEL = rb"[A-Za-z0-9](?:[A-Za-z0-9 #.+_-]|%20){0,60}?"
_BEGIN = re.compile(rb"-----BEGIN" + _SPACE + rb"(" + _LABEL + rb")-----|---- BEGIN (SSH2 [A-Z ]{1,40}?) ----")
_END = re.compile(rb"-----END" + _SPACE + rb"(" + _LABEL + rb")-----|---- END (SSH2 [A-Z ]{1,40}?) ----")
_END_FOLLOWS = re.compile(GAP + rb"*+(?=-----END|---- END)")
_HEADERS = re.compile(
    rb"(?:" + GAP + rb"*+(?:"
    rb"Proc-Type(?::|%3A)(?:[ +]|%20)?4(?:,|%2C)[A-Z-]+"
    rb"|DEK-Info(?::|%3A)(?:[ +]|%20)?[A-Z0-9-]+(?:(?:,|%2C)[0-9A-Fa-f]+)?"
    rb"|[A-Za-z][A-Za-z0-9-]{0,40}: [^\r\n\\%&\x00]{0,200}(?=[\r\n\\%&])"
    rb")){0,16}+" + GAP + rb"*+"
)
_BODY_REVERSED = re.compile(rb"(?:[nr]\\++|[A-Za-z0-9+/= \t\r\n])*+")


class Kind(enum.Enum):
    """What a block holds, as far as its label says so."""

    PRIVATE_KEY = enum.auto()
    ENCRYPTED_KEY = enum.auto()
    CERTIFICATE = enum.auto()
    STORE = enum.auto()
    OTHER = enum.auto()


_WORDS = (
    ("PUBLIC", Kind.OTHER),
    ("ENCRYPTED PRIVATE KEY", Kind.ENCRYPTED_KEY),
    ("PRIVATE KEY", Kind.PRIVATE_KEY),
    ("SECRET KEY", Kind.PRIVATE_KEY),
    ("OPENVPN", Kind.PRIVATE_KEY),
    ("SESSION PARAMETERS", Kind.PRIVATE_KEY),
    ("PKCS12", Kind.STORE),
    ("PKCS #12", Kind.STORE),
    ("PFX", Kind.STORE),
    ("CERTIFICATE", Kind.CERTIFICATE),
    ("PKCS7", Kind.CERTIFICATE),
    ("PKCS #7", Kind.CERTIFICATE),
    ("CMS", Kind.CERTIFICATE),
)
"""What a label contains, the first that applies; a TLS session holds the connection's master secret."""


@dataclass(frozen=True, slots=True)
class Block:
    """The body of a block, and the index of the END line that follows it; None where it, or the BEGIN line, is gone."""

    kind: Kind
    lines: tuple[Line, ...]
    end: int | None = None

    @property
    def whole(self) -> bool:
        """True where both the BEGIN and the END line are there."""
        return self.end is not None


def begin_kind(text: bytes, at: int) -> Kind:
    """The kind of the block whose BEGIN line stands at ``at``; OTHER where there is none."""
    return _kind(_BEGIN.match(text, at))


def read_block(text: bytes, at: int) -> Block | None:
    """The block whose BEGIN line stands at ``at``; None where none begins or its body is empty."""
    begin = _BEGIN.match(text, at)
    if begin is None:
        return None
    lines = read_lines(text, _body_start(text, begin.end()), MOST)
    if not lines:
        return None
    end = _END_FOLLOWS.match(text, lines[-1].end)
    if end is not None:
        return Block(_kind(begin), lines, end.end())
    if len(lines[0].characters) < _LEAST:
        return None
    return Block(_kind(begin), regular(lines))


def read_block_end(text: bytes, at: int) -> Block | None:
    """The last lines of the block whose END line stands at ``at``, where nothing whole begins it."""
    end = _END.match(text, at)
    if end is None or _is_headed(text, at):
        return None
    # No body holds a dash, so that what stands before the last one need not be turned round.
    first = text.rfind(b"-", 0, at) + 1
    body = _BODY_REVERSED.match(text[first:at][::-1])
    lines = regular_end(read_lines(text[:at], at - body.end(), MOST)) if body else ()
    if max((len(line.characters) for line in lines), default=0) < _LEAST_LINE:
        return None
    return Block(_kind(end), lines)


def is_body_start(text: bytes) -> bool:
    """True where the body of a block of a known kind begins right behind ``text``."""
    at = max(text.rfind(marker) for marker in _BEGIN_MARKERS)
    begin = _BEGIN.match(text, at) if at != -1 else None
    return begin is not None and _kind(begin) is not Kind.OTHER and _body_start(text, begin.end()) == len(text)


def _kind(line: re.Match[bytes] | None) -> Kind:
    if line is None:
        return Kind.OTHER
    label = (line[1] or line[2]).decode("ascii").replace("%20", " ").replace("+", " ").replace("_", " ").upper()
    return next((kind for word, kind in _WORDS if word in label), Kind.OTHER)


def _body_start(text: bytes, at: int) -> int:
    """The index behind the headers and breaks that follow a BEGIN line."""
    headers = _HEADERS.match(text, at)
    return headers.end() if headers else at


def _is_headed(text: bytes, end: int) -> bool:
    """True where the END line at ``end`` closes a whole block."""
    begin = max(text.rfind(marker, 0, end) for marker in _BEGIN_MARKERS)
    if begin == -1 or any(text.find(marker, begin, end) != -1 for marker in _END_MARKERS):
        return False
    block = read_block(text, begin)
    return block is not None and block.end == end
