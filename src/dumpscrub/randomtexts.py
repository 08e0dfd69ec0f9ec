"""Random letters and digits in a text of its own: generated passwords and tokens.

Nothing names them; that they are random and that a program keeps them as a text tells that a program made them up, or
was given them. Identifiers of sessions and digests in base64 are such texts, too, so what is found is a possible
secret. A text of its own has its length before it (``search/counted.py``). In memory that is no program's image a zero
behind it is enough: on stacks, in Windows' heap, whose headers are encoded, and in data of programs. In images names of
functions look random, too; and of what ends with a line, certificates are made.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from dumpscrub.layout import RegionKind
from dumpscrub.model import Confidence, Dump, Encoding, Finding, Origin, SecretValue
from dumpscrub.publics import Found
from dumpscrub.rules.schema import Action, Rule
from dumpscrub.search.counted import HPROF_BYTES, HPROF_CHARS
from dumpscrub.search.lengths import LengthList
from dumpscrub.search.randomparts import SHORTEST, SURELY, is_random, random_parts
from dumpscrub.search.randomtexts import LONGEST, at_seams
from dumpscrub.search.windows import Window, Windows
from dumpscrub.source import read_spans, releasing
from dumpscrub.span import SpanSet

_MOST = 1_000_000
"""Places that are looked at, each in some tens of microseconds."""
_MOST_VALUES = 256
"""Different texts whose copies are looked for."""
_WORDS = ((4, 4), (8, 8), (16, 8), (24, 8), (32, 8))
"""How many bytes before a text its length may stand, and of how many bytes it is."""
_HEAD = 32
_BLOCK = 8
"""Bytes of the word before a block of malloc, and of what the next block lends it."""
_ALIGNED = 16
_FLAGS = 7
_SHOWN = re.compile(rb"[^\0]+")
_LINE_ENDS = b"\t\n\r"
_PRINTABLE = bytes(range(0x20, 0x7F))


def find(dump: Dump, places: LengthList, given: Iterable[Finding], rule: Rule, *, deep: bool) -> Found:
    """The random texts in ``dump`` at these ``places``, in file order, but for what the ``given`` findings mask.

    ``deep`` is for looking everywhere.
    """
    masked = SpanSet(span for each in given if each.action != Action.REPORT.value for span in each.spans)
    windows = Windows(dump)
    swept: dict[bytes, None] = {}
    found: dict[Finding, None] = {}
    all_places = sorted({*places, *at_seams(dump.source, dump.layout)})
    for offset in releasing(dump.source, islice(all_places, None if deep else _MOST)):
        parts = (part for whole in _parts(dump, windows, offset) for part in _not_in(masked, *whole))
        for window, start, end in parts:
            spans = window.locate(*window.raw(start, end))
            value = window.text[start:end]
            if len(value) >= SURELY and len(swept) < _MOST_VALUES:
                swept[value] = None
            values = (SecretValue(value),) if value in swept and rule.propagate else ()
            kind = (Origin.DIRECT, Confidence.LOW, rule.action.value)
            found[Finding(rule.id, rule.category, spans, window.encoding, *kind, values=values)] = None
    return Found(tuple(sorted(found, key=lambda each: each.spans)), everywhere=deep or len(all_places) <= _MOST)


def _not_in(masked: SpanSet, window: Window, start: int, end: int) -> Iterator[tuple[Window, int, int]]:
    """What is random of the ``window``'s text indices ``[start, end)`` and not ``masked``: of a URL its password is."""
    spans = window.locate(*window.raw(start, end))
    if masked.covers(spans):
        return
    stays = [not masked.covers(window.locate(*window.raw(index, index + 1))) for index in range(start, end)]
    if all(stays):
        yield window, start, end
        return
    shown = bytes(code if kept else 0 for code, kept in zip(window.text[start:end], stays, strict=True))
    for piece in _SHOWN.finditer(shown):
        if is_random(piece[0]):
            yield window, start + piece.start(), start + piece.end()


def _parts(dump: Dump, windows: Windows, offset: int) -> Iterator[tuple[Window, int, int]]:
    """Where random parts stand of the text at file ``offset``, if its length stands before that, by a window's text."""
    wide = read_spans(dump.source, dump.layout.forward(offset, 2))[1:] == b"\0"
    # Text in UTF-16BE is seen at the second byte of its characters.
    readings = ((offset, Encoding.UTF16LE), (max(0, offset - 1), Encoding.UTF16BE))
    for at, encoding in readings if wide else ((offset, Encoding.UTF8),):
        window = Window(windows.around(at, encoding, LONGEST + 1, LONGEST + 2), LONGEST + 1, LONGEST + 2)
        start, end = _extent(window.text, window.anchor)
        size, least = _size(dump, window, start, end) if start else (0, 0)
        for first, last in random_parts(window.text[start : start + size], least):
            yield window, start + first, start + last


def _extent(text: bytes, at: int) -> tuple[int, int]:
    """Where the printable text around the index ``at`` begins and ends."""
    return len(text[:at].rstrip(_PRINTABLE)), len(text) - len(text[at:].lstrip(_PRINTABLE))


def _size(dump: Dump, window: Window, start: int, end: int) -> tuple[int, int]:
    """How many characters from the ``window``'s ``start`` on are a text of its own, and of how many a part counts.

    ``end`` is where what is printable ends. No characters for no such text, or a long one.
    """
    count, offset = end - start, window.locate(*window.raw(start, start + 1))[0].start
    head = read_spans(dump.source, dump.layout.backward(offset, _HEAD)).rjust(_HEAD, b"\0")
    in_heap_dump = _size_in_heap_dump(head, window.encoding)
    if 0 < in_heap_dump <= min(count, LONGEST):
        return in_heap_dump, SHORTEST
    if count > LONGEST or window.encoding is Encoding.UTF16BE:
        return 0, 0
    address = dump.layout.address_of(offset)
    aligned = address is not None and address % _ALIGNED == 0
    if _is_length(head, count, window.unit) or (aligned and _is_block(head, count, window.unit)):
        return count, SHORTEST
    alone = window.text[end : end + 1] == b"\0" and window.text[start - 1] not in _LINE_ENDS
    in_memory = address is not None and dump.layout.region_at(offset).kind is not RegionKind.IMAGE
    return (count, SURELY) if alone and in_memory else (0, 0)


def _is_length(head: bytes, count: int, unit: int) -> bool:
    """True where the bytes ``head`` say that ``count`` characters of ``unit`` bytes stand behind them."""
    words = (int.from_bytes(head[_HEAD - before :][:width], "little") for before, width in _WORDS)
    return any(word in (count, count * unit) for word in words)


def _is_block(head: bytes, count: int, unit: int) -> bool:
    """True where a block of malloc begins behind the bytes ``head`` that is as large as such a text needs."""
    sizes = (count * unit + more + _BLOCK for more in (0, unit))
    needed = {max(2 * _ALIGNED, -(-size // _ALIGNED) * _ALIGNED) for size in sizes}
    return int.from_bytes(head[-_BLOCK:], "little") & ~_FLAGS in needed


def _size_in_heap_dump(head: bytes, encoding: Encoding) -> int:
    """The characters of an array of HPROF of which ``head`` is the header; 0 for another one.

    The header of the next object stands behind it, and may read as a character more.
    """
    kind = HPROF_CHARS if encoding is Encoding.UTF16BE else HPROF_BYTES
    is_one = head[-1] == kind and encoding is not Encoding.UTF16LE
    return int.from_bytes(head[-5:-1], "big") if is_one else 0
