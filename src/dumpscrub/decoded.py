r"""Secrets in text that memory holds as base64 or hexadecimal digits: a blob within a manifest, a header, an argument.

:mod:`dumpscrub.search.encoded` says where such text stands. It is decoded, in pieces, and many pieces together make a
dump that the scanner searches like any other, so that every rule finds what it would find outside, in every encoding.
What stands encoded in the decoded text is decoded once more. The characters that hold a secret's bytes are the finding,
in the encoding that memory holds them in.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate

import numpy as np

from dumpscrub.detectors import base64_text
from dumpscrub.layout import LayoutBuilder, RegionKind
from dumpscrub.model import Dump, Encoding, Finding
from dumpscrub.scanner import Scanner
from dumpscrub.search.encoded import Code, Place
from dumpscrub.search.windows import Window, Windows
from dumpscrub.source import BytesSource
from dumpscrub.span import Span

LEVELS = 2
"""How often text is decoded that was encoded more than once."""
LONGEST = 1 << 20
"""Characters that are decoded as one piece."""
_SHORT = 4096
_BEFORE = 1024
_SHARED = 16384
"""Characters of one piece that the next one begins with, so that no secret lies across."""
_BATCH = 4 << 20
"""Bytes of decoded text that are searched together."""
_BETWEEN = bytes(16)
"""What stands between two pieces, so that nothing seems to go on in the next one."""
_FAR = 1 << 32
"""Bytes of address space between two pieces: more than a piece has."""
_BITS = {Code.BASE64: 6, Code.HEX: 4}
_CHARACTERS = {Code.BASE64: rb"[A-Za-z0-9+/_-]", Code.HEX: rb"[0-9A-Fa-f]"}
_BREAK = rb"(?:\\r\\n|\\n|\r?\n)[ \t]{0,16}"
_ESCAPE = rb"\\+/|\\+u002[BbFf]|%2[BbFf]|&#(?:43|47|x2[BbFf]);"
"""How JSON, URLs and XML write ``+`` and ``/``."""
_RUN = {
    Code.BASE64: re.compile(rb"(?:%s++|%s|%s(?=[A-Za-z0-9]))*+" % (_CHARACTERS[Code.BASE64], _ESCAPE, _BREAK)),
    Code.HEX: re.compile(rb"(?:%s++|%s(?=[0-9A-Fa-f]))*+" % (_CHARACTERS[Code.HEX], _BREAK)),
}
_TOKEN = re.compile(rb"(?P<escape>%s)|(?P<gap>%s)|." % (_ESCAPE, _BREAK), re.DOTALL)
_PLAIN = {code: re.compile(rb"%s*+" % characters) for code, characters in _CHARACTERS.items()}
_MARKS = {
    code: bytes(bool(re.match(characters, bytes((byte,)))) for byte in range(256))
    for code, characters in _CHARACTERS.items()
}
_URL_SAFE = bytes.maketrans(b"-_", b"+/")


@dataclass(frozen=True, slots=True)
class Decoded:
    """What was found in encoded text, and how many candidates were not taken for secrets, by reason."""

    findings: tuple[Finding, ...]
    suppressed: dict[str, int]


@dataclass(frozen=True, slots=True)
class _Piece:
    """Decoded ``data``, and the text indices in ``window`` of the characters that it was decoded from.

    ``ended`` says that the code does not go on behind them.
    """

    data: bytes = field(repr=False)
    code: Code
    window: Window = field(repr=False)
    places: Sequence[tuple[int, int]] | range = field(repr=False)
    ended: bool

    @property
    def is_plain(self) -> bool:
        """True where no break and no escape stands between the characters."""
        return isinstance(self.places, range)

    def spans(self, start: int, end: int) -> tuple[Span, ...]:
        """The file spans of the characters that hold the bytes ``[start, end)`` of the data."""
        bits = _BITS[self.code]
        return self._locate(start * 8 // bits, min(len(self.places), -(-end * 8 // bits)))

    def rest(self) -> int:
        """The file offset of the character that the next piece begins with."""
        first = max(1, len(self.places) - _SHARED) // self.code.group * self.code.group
        return self._locate(first, first + 1)[0].start

    def end_from(self, offset: int) -> int:
        """Where the code ends in the file that stands at ``offset``."""
        return next((span.end for span in self._locate(0, len(self.places)) if offset in span), offset + 1)

    def _locate(self, first: int, last: int) -> tuple[Span, ...]:
        if isinstance(self.places, range):
            return self.window.locate(*self.window.raw(self.places[first], self.places[last - 1] + 1))
        return self.window.locate(*self.window.raw(self.places[first][0], self.places[last - 1][1]))


def find(dump: Dump, encoded: Iterable[Place], scanner: Scanner, levels: int = LEVELS) -> Decoded:
    """Every finding of ``scanner`` in the text that stands ``encoded`` in ``dump``; all in file order."""
    findings: dict[tuple[str, tuple[Span, ...]], Finding] = {}
    suppressed: Counter[str] = Counter()
    for batch in _batches(_pieces(dump, encoded)):
        inner = _as_dump(batch)
        scan = scanner.scan(inner)
        more = find(inner, scan.encoded, scanner, levels - 1) if levels > 1 else Decoded((), {})
        suppressed.update(scan.suppressed)
        suppressed.update(more.suppressed)
        for finding in _as_placed((*scan.findings, *more.findings), batch):
            findings.setdefault((finding.rule, finding.spans), finding)
    ordered = sorted(findings.values(), key=lambda finding: (finding.spans, finding.rule))
    return Decoded(tuple(ordered), dict(sorted(suppressed.items())))


def _as_placed(findings: Iterable[Finding], batch: Sequence[_Piece]) -> Iterator[Finding]:
    """The findings in the decoded pieces of ``batch`` as those in the file that hold the same bytes."""
    starts = _starts(batch)
    for finding in findings:
        number = bisect_right(starts, finding.spans[0].start) - 1
        piece, start = batch[number], starts[number]
        spans = piece.spans(finding.spans[0].start - start, finding.spans[-1].end - start)
        yield replace(finding, spans=spans, encoding=piece.window.encoding)


def _as_dump(batch: Sequence[_Piece]) -> Dump:
    """A dump of the decoded pieces, none of which goes on in another one."""
    data = b"".join(piece.data + _BETWEEN for piece in batch)
    count = len(batch)
    builder = LayoutBuilder(len(data))
    builder.add_many(
        np.array(_starts(batch), np.int64),
        np.array([len(piece.data) for piece in batch], np.int64),
        np.arange(1, count + 1, dtype=np.uint64) * np.uint64(_FAR),
        np.full(count, RegionKind.MEMORY, np.uint8),
        np.full(count, builder.label("decoded")),
    )
    return Dump("decoded", BytesSource(data), builder.build())


def _starts(batch: Sequence[_Piece]) -> list[int]:
    """Where the data of each piece begins in the dump of all."""
    return list(accumulate((len(piece.data) + len(_BETWEEN) for piece in batch[:-1]), initial=0))


def _batches(pieces: Iterable[_Piece]) -> Iterator[list[_Piece]]:
    batch: list[_Piece] = []
    size = 0
    for piece in pieces:
        batch.append(piece)
        size += len(piece.data)
        if size >= _BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _pieces(dump: Dump, encoded: Iterable[Place]) -> Iterator[_Piece]:
    """All encoded text in ``dump``, decoded. What was decoded at one place is left out at the next one."""
    windows = Windows(dump)
    done: dict[tuple[Code, Encoding, int], int] = {}
    for place in encoded:
        unit = place.encoding.unit
        size = place.code.group * unit
        phase = place.offset % size
        if place.offset < done.get((place.code, place.encoding, phase), 0):
            continue
        for piece in _pieces_at(windows, place):
            yield piece
            # Behind a break, the same groups of characters begin at other offsets.
            same = [phase] if piece.is_plain else range(phase % unit, size, unit)
            end = piece.end_from(place.offset)
            done.update(((place.code, place.encoding, phase), end) for phase in same)


def _pieces_at(windows: Windows, place: Place) -> Iterator[_Piece]:
    """The text that stands encoded around ``place``, in pieces."""
    offset: int | None = place.offset
    while offset is not None:
        piece = _read(windows, offset, place, _SHORT)
        if not piece.ended:
            piece = _read(windows, offset, place, LONGEST)
        yield piece
        following = piece.rest()
        offset = None if piece.ended or following <= offset else following


def _read(windows: Windows, offset: int, place: Place, after: int) -> _Piece:
    """The piece around the character at file ``offset``, up to ``after`` characters behind it."""
    code = place.code
    window = Window(windows.around(offset, place.encoding, _BEFORE, after), _BEFORE, after)
    text = window.text
    start = text[: window.anchor].translate(_MARKS[code]).rfind(0) + 1
    start += (window.anchor - start) % code.group
    end = _whole_run(text, start, code)
    ended = end < len(text) or window.at_end
    plain = _PLAIN[code].match(text, start, end)
    if plain and plain.end() == end:
        return _Piece(_decode(text[start:end], code), code, window, range(start, end), ended)
    tokens = [token for token in _TOKEN.finditer(text, start, end) if token["gap"] is None]
    characters = b"".join(_unescape(token["escape"]) if token["escape"] else token[0] for token in tokens)
    return _Piece(_decode(characters, code), code, window, [token.span() for token in tokens], ended)


def _whole_run(text: bytes, start: int, code: Code) -> int:
    """Where the characters of ``code`` end that begin at ``start``."""
    run = _RUN[code].match(text, start)
    return run.end() if run else start


def _unescape(escape: bytes) -> bytes:
    return b"+" if escape.rstrip(b";").lower().endswith((b"2b", b"43")) else b"/"


def _decode(characters: bytes, code: Code) -> bytes:
    if code is Code.HEX:
        return bytes.fromhex(characters[: len(characters) // 2 * 2].decode("ascii"))
    return base64_text.decode(characters.translate(_URL_SAFE))
