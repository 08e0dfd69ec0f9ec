"""Copies: every value found, and every value the user knows, swept through the dump in all the forms it may take.

Three kinds of places are searched:

- everywhere, for whole values in every form (:mod:`dumpscrub.search.forms`);
- where memory or a field is cut short, for the beginning (or, where memory begins, the end) of a value;
- in saved registers, for any piece of a value that fills one.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from dumpscrub.model import Confidence, Dump, Encoding, FieldKind, Finding, Origin, SecretValue
from dumpscrub.progress import Progress, silent
from dumpscrub.rules.schema import Action
from dumpscrub.search.finder import Finder, Search
from dumpscrub.search.forms import PLAIN, Form, decoded, forms, worth_sweeping
from dumpscrub.search.literals import Literal, Matcher, compile_literals
from dumpscrub.search.windows import squeeze
from dumpscrub.shadows import without_shadows
from dumpscrub.source import read_spans, releasing
from dumpscrub.span import Span, part_of

SHORTEST_PIECE = 8
"""Characters of a value that count as a piece of it where it is cut short."""
STANDALONE_BELOW = 8
"""Values with fewer characters than this count only where no letter or digit touches them."""
_BETWEEN = b"\xff" * 16
_WORD = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")
_ESCAPE = re.compile(rb"(?:\\(?:u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|[bfnrt])|%[0-9A-Fa-f]{2})\Z")
_LONGEST_ESCAPE = 6
KNOWN_RULE = "known-value"
"""The rule id of copies of the user's own values."""


@dataclass(frozen=True, slots=True)
class Seed:
    """A value to sweep for, and what a copy of it is reported as."""

    value: SecretValue
    rule: str
    category: str
    action: str
    origin: Origin


def seeds_of(
    findings: Iterable[Finding], known: Iterable[SecretValue] = (), earlier: Iterable[Seed] = ()
) -> tuple[Seed, ...]:
    """The distinct values worth sweeping: ``earlier`` ones, the user's own, then those found; also without escapes."""
    seeds: dict[tuple[bytes, bool], Seed] = {(seed.value.data, seed.value.binary): seed for seed in earlier}
    for value in known:
        _plant(seeds, Seed(value, KNOWN_RULE, "known", Action.MASK.value, Origin.KNOWN))
    for finding in findings:
        for value in finding.values:
            _plant(seeds, Seed(value, finding.rule, finding.category, finding.action, Origin.PROPAGATED))
    return tuple(seeds.values())


def _plant(seeds: dict[tuple[bytes, bool], Seed], seed: Seed) -> None:
    for value in (seed.value, *decoded(seed.value)):
        if worth_sweeping(value):
            key = value.data, value.binary
            seeds.setdefault(key, Seed(value, seed.rule, seed.category, seed.action, seed.origin))


class Sweeper:
    """The forms of ``seeds``, compiled for one engine. Use it for any number of dumps."""

    def __init__(self, seeds: Sequence[Seed], search: Search) -> None:
        unique: dict[tuple[bytes, bool], tuple[Seed, Form]] = {}
        for seed in seeds:
            for form in forms(seed.value):
                unique.setdefault((form.data, form.caseless), (seed, form))
        # The longest first: what stands within another copy needs no second look.
        self._forms = tuple(sorted(unique.values(), key=lambda member: -len(member[1].data)))
        self._longest = len(self._forms[0][1].data) if self._forms else 0
        self._finder = Finder([Literal(form.data, form.caseless) for _, form in self._forms], search, copies=True)
        self._prefixes = _Pieces(self._forms, search.engine, at_end=True)
        self._suffixes = _Pieces(self._forms, search.engine, at_end=False)

    def sweep(self, dump: Dump, progress: Progress = silent, stage: str = "sweep") -> tuple[Finding, ...]:
        """Every copy of every value in ``dump``, in file order, without those that stand within a longer one."""
        found: dict[tuple[Span, ...], Finding] = {}
        outer = Span(0, 0)
        for hits in self._finder.find(dump, stage, progress):
            for offset, number in hits:
                seed, form = self._forms[number]
                for spans in _places(dump, offset, form):
                    if all(map(outer.covers, spans)) or not _stands_alone(dump, spans, form):
                        continue
                    found.setdefault(spans, _copy(seed, form.encoding, spans, Confidence.HIGH))
                    outer = spans[0] if len(spans) == 1 else outer
        for finding in (*self._cut_copies(dump), *_register_pieces(dump, self._forms)):
            found.setdefault(finding.spans, finding)
        return without_shadows(found.values())

    def _cut_copies(self, dump: Dump) -> Iterator[Finding]:
        layout = dump.layout
        for end in releasing(dump.source, layout.open_ends().tolist()):
            yield from self._prefixes.find(dump, layout.tail(layout.index_at(end - 1), self._longest))
        for start in releasing(dump.source, layout.open_starts().tolist()):
            yield from self._suffixes.find(dump, layout.forward(start, self._longest))
        for field in dump.fields:
            if field.cut:
                yield from self._prefixes.find(dump, _without_padding(dump, field.spans))


class _Pieces:
    """Beginnings (``at_end``) or ends of forms, looked for where a text is cut short."""

    def __init__(self, members: Sequence[tuple[Seed, Form]], engine: str, *, at_end: bool) -> None:
        self._at_end = at_end
        self._members: dict[Literal, list[tuple[Seed, Form]]] = {}
        for seed, form in members:
            size = SHORTEST_PIECE * form.unit
            if len(form.data) > size:
                piece = form.data[:size] if at_end else form.data[-size:]
                literal = Literal(piece.lower() if form.caseless else piece, form.caseless)
                self._members.setdefault(literal, []).append((seed, form))
        self._literals = tuple(self._members)
        self._matcher: Matcher = compile_literals(self._literals, engine)

    def find(self, dump: Dump, spans: tuple[Span, ...]) -> Iterator[Finding]:
        """Pieces that reach the cut side of the text at ``spans``."""
        text = read_spans(dump.source, spans)
        for at, number in self._matcher.find(memoryview(text)):
            literal = self._literals[number]
            low, high = (at, len(text)) if self._at_end else (0, at + len(literal.data))
            for seed, form in self._members[literal]:
                whole = form.data[: high - low] if self._at_end else form.data[low - high :]
                if len(whole) == high - low < len(form.data) and _same(text[low:high], whole, form):
                    yield _copy(seed, form.encoding, part_of(spans, low, high), Confidence.MEDIUM)
                    break


def _register_pieces(dump: Dump, members: Sequence[tuple[Seed, Form]]) -> Iterator[Finding]:
    """Register-sized pieces of plain text: 16 bytes of a vector register, or 8 bytes of either half."""
    plain = [(seed, form) for seed, form in members if form.name in PLAIN]
    text_of_all = b"".join(form.data + _BETWEEN for _, form in plain)
    ends = list(accumulate(len(form.data) + len(_BETWEEN) for _, form in plain))
    for field in dump.fields:
        if field.kind is not FieldKind.REGISTERS:
            continue
        text = read_spans(dump.source, field.spans)
        taken = 0
        for at, size in _lanes(text):
            place = text_of_all.find(text[at : at + size]) if at >= taken else -1
            if place >= 0:
                taken = at + size
                seed, form = plain[bisect_right(ends, place)]
                yield _copy(seed, form.encoding, part_of(field.spans, at, at + size), Confidence.MEDIUM)


def _lanes(text: bytes) -> Iterator[tuple[int, int]]:
    """Pairs (start, size) of the parts of a register area that may hold text: not all zeros, not one byte repeated."""
    for at in range(0, len(text) - 7, 8):
        for size in (16, 8):
            lane = text[at : at + size]
            if len(lane) == size and len(set(lane) - {0}) >= size // 4 + 2:
                yield at, size


def _copy(seed: Seed, encoding: Encoding, spans: tuple[Span, ...], confidence: Confidence) -> Finding:
    return Finding(seed.rule, seed.category, spans, encoding, seed.origin, confidence, seed.action)


def _same(text: bytes, whole: bytes, form: Form) -> bool:
    return text.lower() == whole.lower() if form.caseless else text == whole


def _places(dump: Dump, offset: int, form: Form) -> Iterator[tuple[Span, ...]]:
    """Where the whole form stands from ``offset`` on: along memory, and along the file where that is something else."""
    along_file = (Span(offset, min(offset + len(form.data), dump.source.size)),)
    if dump.layout.contiguous(offset, along_file[0].end):
        yield along_file
        return
    for spans in (dump.layout.forward(offset, len(form.data)), along_file):
        if _same(read_spans(dump.source, spans), form.data, form):
            yield spans


def _stands_alone(dump: Dump, spans: tuple[Span, ...], form: Form) -> bool:
    r"""True for a long value, and for a short one that no letter or digit touches.

    The letters and digits of an escape (``\u0022``, ``%22``, ``\n``) before it are a character of another kind.
    """
    if len(form.data) >= STANDALONE_BELOW * form.unit or form.encoding is Encoding.BINARY:
        return True
    layout, unit = dump.layout, form.unit
    before = read_spans(dump.source, layout.backward(spans[0].start, _LONGEST_ESCAPE * unit))
    before = squeeze(before[len(before) % unit :], form.encoding)
    last = spans[-1].end - 1
    after = squeeze(read_spans(dump.source, layout.forward(last, 1 + unit))[1:], form.encoding)
    touched = before[-1:] and before[-1] in _WORD and not _ESCAPE.search(before)
    return not touched and not (after and after[0] in _WORD)


def _without_padding(dump: Dump, spans: tuple[Span, ...]) -> tuple[Span, ...]:
    return part_of(spans, 0, len(read_spans(dump.source, spans).rstrip(b"\0")))
