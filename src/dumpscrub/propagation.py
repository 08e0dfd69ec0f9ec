"""Copies: every value found, and every value the user knows, swept through the dump in all the forms it may take.

Three kinds of places are searched:

- everywhere, for whole values in every form (:mod:`dumpscrub.search.forms`);
- where memory or a field is cut short, for the beginning (or, where memory begins, the end) of a value;
- in saved registers, for any piece of a value that fills one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from dumpscrub.model import Confidence, Dump, Encoding, FieldKind, Finding, Origin, SecretValue
from dumpscrub.progress import Progress, silent
from dumpscrub.search.finder import Finder, Search
from dumpscrub.search.forms import PLAIN, Form, decoded, forms, worth_sweeping
from dumpscrub.search.literals import Literal, Matcher, compile_literals
from dumpscrub.search.windows import read_spans
from dumpscrub.shadows import without_shadows
from dumpscrub.source import releasing
from dumpscrub.span import Span

SHORTEST_PIECE = 8
"""Characters of a value that count as a piece of it where it is cut short."""
STANDALONE_BELOW = 8
"""Values with fewer characters than this count only where no letter or digit touches them."""
_LONGEST_TAIL = 4096
_BETWEEN = b"\xff" * 16
_WORD = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")
KNOWN_RULE = "known-value"


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
        _plant(seeds, Seed(value, KNOWN_RULE, "known", "mask", Origin.KNOWN))
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
        self._forms = tuple(unique.values())
        self._finder = Finder([Literal(form.data, form.caseless) for _, form in self._forms], search)
        self._prefixes = _Pieces(self._forms, search.engine, at_end=True)
        self._suffixes = _Pieces(self._forms, search.engine, at_end=False)

    def sweep(self, dump: Dump, progress: Progress = silent, stage: str = "sweep") -> tuple[Finding, ...]:
        """Every copy of every value in ``dump``, in file order; one finding where several forms share the bytes."""
        found: dict[tuple[Span, ...], Finding] = {}
        for hits in self._finder.find(dump, stage, progress):
            for offset, number in hits:
                seed, form = self._forms[number]
                spans = dump.layout.forward(offset, len(form.data))
                if _stands_alone(dump, spans, form):
                    found.setdefault(spans, _copy(seed, form.encoding, spans, Confidence.HIGH))
        for finding in (*self._cut_copies(dump), *_register_pieces(dump, self._forms)):
            found.setdefault(finding.spans, finding)
        return without_shadows(found.values())

    def _cut_copies(self, dump: Dump) -> Iterator[Finding]:
        layout = dump.layout
        for end in releasing(dump.source, layout.open_ends().tolist()):
            yield from self._prefixes.find(dump, layout.tail(layout.index_at(end - 1), _LONGEST_TAIL))
        for start in releasing(dump.source, layout.open_starts().tolist()):
            yield from self._suffixes.find(dump, layout.forward(start, _LONGEST_TAIL))
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
                    yield _copy(seed, form.encoding, _slice(spans, low, high), Confidence.MEDIUM)
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
                yield _copy(seed, form.encoding, _slice(field.spans, at, at + size), Confidence.MEDIUM)


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


def _stands_alone(dump: Dump, spans: tuple[Span, ...], form: Form) -> bool:
    """True for a long value, and for a short one that no letter or digit touches."""
    if len(form.data) >= STANDALONE_BELOW * form.unit or form.encoding is Encoding.BINARY:
        return True
    layout, unit = dump.layout, form.unit
    before = read_spans(dump.source, layout.backward(spans[0].start, unit))
    last = spans[-1].end
    after = read_spans(dump.source, layout.forward(last - 1, 1 + unit))[1:]
    return not any(_is_word(neighbour, form.encoding) for neighbour in (before, after))


def _is_word(neighbour: bytes, encoding: Encoding) -> bool:
    """True where ``neighbour`` is one code unit that holds an ASCII letter, digit or underscore."""
    if len(neighbour) != encoding.unit:
        return False
    code = int.from_bytes(neighbour, "big" if encoding is Encoding.UTF16BE else "little")
    return code in _WORD


def _slice(spans: tuple[Span, ...], start: int, end: int) -> tuple[Span, ...]:
    """The part ``[start, end)`` of the text that stands at ``spans``."""
    parts: list[Span] = []
    for span in spans:
        low, high = max(start, 0), min(end, len(span))
        if low < high:
            parts.append(Span(span.start + low, span.start + high))
        start, end = start - len(span), end - len(span)
    return tuple(parts)


def _without_padding(dump: Dump, spans: tuple[Span, ...]) -> tuple[Span, ...]:
    return _slice(spans, 0, len(read_spans(dump.source, spans).rstrip(b"\0")))
