"""Random letters and digits that are a text of their own, with its length before it: generated passwords and tokens.

Nothing names them; that they are random and that a program keeps them as a text tells that a program made them up, or
was given them. Identifiers of sessions and digests in base64 are such texts, too, so what is found is a possible
secret. What stands in a program's image, where names of functions may look random, is none: no length stands there.

A length of characters or bytes stands before a text: of .NET (and in a BSTR) four bytes before it, as in arrays of
HotSpot and V8; of PHP and Ruby eight; of CPython 16 before bytes, 24 or 32 before a str. Before a block of glibc's
malloc its size stands, and before an array of bytes in Java's heap dumps its length and what its elements are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from dumpscrub.model import Confidence, Dump, Encoding, Finding, Origin, SecretValue
from dumpscrub.publics import Found
from dumpscrub.rules.schema import Action, Rule
from dumpscrub.search.lengths import LengthList
from dumpscrub.search.randomtexts import LONGEST, random_parts
from dumpscrub.search.windows import Window, Windows
from dumpscrub.source import read, read_spans, releasing
from dumpscrub.span import SpanSet

_MOST = 1_000_000
"""Places that are looked at, each in some tens of microseconds."""
_MOST_VALUES = 256
"""Different texts whose copies are looked for."""
_SURELY = 16
"""Characters of a text whose copies are looked for."""
_WORDS = ((4, 4), (8, 8), (16, 8), (24, 8), (32, 8))
"""How many bytes before a text its length may stand, and of how many bytes it is."""
_HEAD = 32
_HPROF_BYTES = 8
"""The code of arrays of bytes in the HPROF format, behind their length in four bytes, big-endian."""
_BLOCK = 8
"""Bytes of the word before a block of malloc, and of what the next block lends it."""
_ALIGNED = 16
_FLAGS = 7
_FIRST, _LAST = 0x21, 0x7E


def find(dump: Dump, places: LengthList, given: Iterable[Finding], rule: Rule, *, deep: bool) -> Found:
    """The random texts in ``dump`` at these ``places``, in file order, but for what the ``given`` findings mask.

    ``deep`` is for looking everywhere.
    """
    masked = SpanSet(span for each in given if each.action != Action.REPORT.value for span in each.spans)
    windows = Windows(dump)
    swept: dict[bytes, None] = {}
    found: dict[Finding, None] = {}
    for offset in releasing(dump.source, islice(places, None if deep else _MOST)):
        window = _window(dump, windows, offset)
        for start, end in _random(dump, window):
            spans = window.locate(*window.raw(start, end))
            if masked.covers(spans):
                continue
            value = window.text[start:end]
            if len(value) >= _SURELY and len(swept) < _MOST_VALUES:
                swept[value] = None
            values = (SecretValue(value),) if value in swept and rule.propagate else ()
            kind = (Origin.DIRECT, Confidence.LOW, rule.action.value)
            found[Finding(rule.id, rule.category, spans, window.encoding, *kind, values=values)] = None
    return Found(tuple(sorted(found, key=lambda each: each.spans)), everywhere=deep or len(places) <= _MOST)


def _window(dump: Dump, windows: Windows, offset: int) -> Window:
    """What stands around the character at file ``offset``, as far as a text may go on."""
    wide = read(dump.source, offset + 1, min(offset + 2, dump.source.size)) == b"\0"
    encoding = Encoding.UTF16LE if wide else Encoding.UTF8
    return Window(windows.around(offset, encoding, LONGEST + 1, LONGEST + 1), LONGEST + 1, LONGEST + 1)


def _random(dump: Dump, window: Window) -> Iterator[tuple[int, int]]:
    """Where in the ``window`` random parts of the text at its anchor stand, if a length stands before that."""
    start, end = _extent(window.text, window.anchor)
    if start == 0 or end - start > LONGEST:
        return
    parts = list(random_parts(window.text[start:end]))
    if parts and _has_length(dump, window.locate(*window.raw(start, start + 1))[0].start, end - start, window.unit):
        yield from ((start + first, start + last) for first, last in parts)


def _extent(text: bytes, at: int) -> tuple[int, int]:
    """Where the printable text around the index ``at`` begins and ends; spaces end it."""
    start = end = at
    while start > 0 and _FIRST <= text[start - 1] <= _LAST:
        start -= 1
    while end < len(text) and _FIRST <= text[end] <= _LAST:
        end += 1
    return start, end


def _has_length(dump: Dump, offset: int, count: int, unit: int) -> bool:
    """True where before file ``offset`` stands how long the text there is: ``count`` characters of ``unit`` bytes."""
    head = read_spans(dump.source, dump.layout.backward(offset, _HEAD)).rjust(_HEAD, b"\0")
    size = count * unit
    for before, width in _WORDS:
        if int.from_bytes(head[_HEAD - before :][:width], "little") in (count, size):
            return True
    if head[-1] == _HPROF_BYTES and int.from_bytes(head[-5:-1], "big") == size:
        return True
    block = int.from_bytes(head[-_BLOCK:], "little") & ~_FLAGS
    needed = {max(2 * _ALIGNED, -(-(size + more + _BLOCK) // _ALIGNED) * _ALIGNED) for more in (0, unit)}
    return block in needed and (dump.layout.address_of(offset) or 0) % _ALIGNED == 0
