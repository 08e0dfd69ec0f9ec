"""Copies: every value found, and every value the user knows, swept through the dump in all the forms it may take.

Four kinds of places are searched:

- everywhere, for whole values in every form (:mod:`dumpscrub.search.forms`);
- everywhere, for what is left of a long value that was partly overwritten (:mod:`dumpscrub.search.fragments`);
- where memory or a field is cut short, for the beginning (or, where memory begins, the end) of a value;
- in saved registers, for any piece of a value that fills one.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate, chain

from dumpscrub.findings import Collector, Findings
from dumpscrub.model import Confidence, Dump, Encoding, FieldKind, Finding, Origin, SecretValue
from dumpscrub.progress import Progress, silent
from dumpscrub.rules.schema import Action
from dumpscrub.search.copies import FewCopies, Member, Piece
from dumpscrub.search.edges import WORD
from dumpscrub.search.finder import CORE, Hit, Search
from dumpscrub.search.forms import Form, decoded, whole, worth_sweeping
from dumpscrub.search.fragments import rest
from dumpscrub.search.halves import REACH, parts
from dumpscrub.search.repeats import thinned
from dumpscrub.search.wanted import Wanted
from dumpscrub.search.windows import squeeze
from dumpscrub.shadows import without_shadows
from dumpscrub.source import read_spans
from dumpscrub.span import Span, in_order, part_of, total
from dumpscrub.walks import Texts, before_ends, behind_starts, nearby, with_data

_BETWEEN = b"\xff" * 16
_ESCAPE = re.compile(rb"(?:\\(?:u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|[bfnrt])|%[0-9A-Fa-f]{2})\Z")
_LONGEST_ESCAPE = 6
_JOINED_BEFORE = re.compile(rb"[A-Za-z0-9](?:[-.$/]|::)\Z")
_JOINED_BEHIND = re.compile(rb"(?:[-.$/]|::)[A-Za-z0-9]")
_LONGEST_JOINT = 3
_EDGE = 64
"""Bytes next to where memory is cut. No value has so many zeros in a row."""
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
    """The distinct values worth sweeping: ``earlier`` ones, the user's own, then those found; also without escapes.

    Where there are ``earlier`` ones, the user's own are among them already.
    """
    seeds: dict[tuple[bytes, bool], Seed] = {(seed.value.data, seed.value.binary): seed for seed in earlier}
    for value in () if seeds else known:
        _plant(seeds, Seed(value, KNOWN_RULE, "known", Action.MASK.value, Origin.KNOWN))
    for finding in findings:
        for value in finding.values:
            _plant(seeds, Seed(value, finding.rule, finding.category, finding.action, Origin.PROPAGATED))
    return tuple(seeds.values())


def _plant(seeds: dict[tuple[bytes, bool], Seed], seed: Seed) -> None:
    if worth_sweeping(seed.value):
        seeds.setdefault((seed.value.data, seed.value.binary), seed)
    for value in decoded(seed.value):
        if worth_sweeping(value):
            seeds.setdefault((value.data, value.binary), replace(seed, value=value))


class Sweeper:
    """A search for copies of ``seeds``. Use it for any number of dumps.

    An ``earlier`` one for the same seeds, by another engine, saves the time to prepare them again.
    """

    def __init__(self, seeds: Sequence[Seed], search: Search, earlier: Sweeper | None = None) -> None:
        self.seeds = tuple(seeds)
        self._wanted: Wanted = (
            earlier._wanted if earlier and earlier.seeds == self.seeds else Wanted([seed.value for seed in seeds])
        )
        self._finder = self._wanted.finder(search)

    def sweep(self, dump: Dump, progress: Progress = silent, stage: str = "sweep") -> Findings:
        """Every copy of every value in ``dump``, in file order, without those that stand within a longer one."""
        found, rests = _Copies(self.seeds), _Copies(self.seeds)
        outer, is_one_text = Span(0, 0), True
        hits = self._outermost(dump, chain.from_iterable(self._finder.find(dump, stage, progress)))
        for offset, number in thinned(hits, partial(self._size_in_a_row, dump)):
            member = self._finder.member(number)
            if is_one_text and outer.start <= offset and offset + len(member[1].data) <= outer.end:
                continue
            if member[1].at is not None:
                for spans in (self._parts if member[1].is_half else self._rest)(dump, offset, member):
                    rests.add(member, spans, Confidence.MEDIUM)
                continue
            for spans in _places(dump, offset, member[1]):
                if all(map(outer.covers, spans)) or not self._stands_alone(dump, spans, member):
                    continue
                found.add(member, spans, Confidence.HIGH)
                if len(spans) == 1:
                    outer, is_one_text = spans[0], dump.layout.contiguous(spans[0].start, spans[0].end)
        for spans, member in (*self._cut_copies(dump), *_register_pieces(dump, self._finder)):
            found.add(member, spans, Confidence.MEDIUM)
        copies, rest = found.findings(), rests.findings()
        return without_shadows(Findings.joined(copies, rest.where(~rest.within(copies.bytes()))))

    def _stands_alone(self, dump: Dump, spans: tuple[Span, ...], member: Member) -> bool:
        """True but for a short value that belongs to a longer word or name; the user's own may be part of a name."""
        owner, form = member
        return _stands_alone(dump, spans, form, in_names=self.seeds[owner].origin is Origin.KNOWN)

    def _outermost(self, dump: Dump, hits: Iterable[Hit]) -> Iterator[Hit]:
        """``hits``, in order, without those that stand within a whole value: a finder may leave these out, or not."""
        reach = 0
        for offset, number in hits:
            form = self._finder.member(number)[1]
            end = offset + len(form.data)
            if end > reach:
                yield offset, number
                if form.counts_anywhere and dump.layout.contiguous(offset, end):
                    reach = end

    def _size_in_a_row(self, dump: Dump, hit: Hit) -> int:
        """The bytes of a whole long value, if they follow each other in memory; else 0."""
        form = self._finder.member(hit[1])[1]
        size = len(form.data)
        return size if size >= CORE and form.at is None and dump.layout.contiguous(hit[0], hit[0] + size) else 0

    def _rest(self, dump: Dump, offset: int, member: Member) -> Iterator[tuple[Span, ...]]:
        """Where all that is left of a value stands around the piece of it at file ``offset``, in whole characters."""
        owner, piece = member
        text = whole(self.seeds[owner].value, piece)
        at, size = piece.at or 0, len(piece.data)
        if not dump.layout.contiguous(offset, offset + size):
            yield from _places(dump, offset, piece)
            return
        left = dump.layout.backward(offset, at)
        right = dump.layout.forward(offset, len(text) - at)
        before, behind = rest(text, at, size, read_spans(dump.source, left), read_spans(dump.source, right)[size:])
        before, behind = before - before % piece.unit, behind - behind % piece.unit
        first = total(left)
        yield part_of(in_order((*left, *right)), first - before, first + size + behind)

    def _parts(self, dump: Dump, offset: int, member: Member) -> Iterator[tuple[Span, ...]]:
        """Where the value stands in parts, of which the one at file ``offset`` holds its first or last characters."""
        owner, piece = member
        text, at, size = whole(self.seeds[owner].value, piece), piece.at or 0, len(piece.data)
        left = dump.layout.backward(offset, REACH)
        spans = in_order((*left, *dump.layout.forward(offset, size + REACH)))
        memory, first = read_spans(dump.source, spans), total(left)
        before, behind = rest(text, at, size, memory[:first], memory[first + size :])
        low, high = first - before + before % piece.unit, first + size + behind - behind % piece.unit
        start = at - before + before % piece.unit
        if high - low < len(text):
            yield from (part_of(spans, *part) for part in parts(memory, (low, high), text, start, piece.unit))

    def _cut_copies(self, dump: Dump) -> Iterator[Piece]:
        layout, longest = dump.layout, self._finder.longest
        if not longest:
            return
        last, first = layout.open_ends(), layout.open_starts()
        last = with_data(dump.source, last, layout.ends[last] - _EDGE, layout.ends[last])
        first = with_data(dump.source, first, layout.starts[first], layout.starts[first] + _EDGE)
        for regions in nearby(layout, last):
            yield from self._finder.pieces(dump, before_ends(layout, regions, longest), at_end=True)
        for regions in nearby(layout, first):
            yield from self._finder.pieces(dump, behind_starts(layout, regions, longest), at_end=False)
        for field in dump.fields:
            if field.cut:
                texts = Texts.one(_without_padding(dump, field.spans))
                yield from self._finder.pieces(dump, texts, at_end=True)


class _Copies:
    """Takes copies of ``seeds`` one by one."""

    def __init__(self, seeds: Sequence[Seed]) -> None:
        self._seeds = seeds
        self._found = Collector()
        self._kinds: dict[tuple[str, str, str, Encoding, Confidence], int] = {}

    def add(self, member: Member, spans: tuple[Span, ...], confidence: Confidence) -> None:
        """A copy of the value of ``member`` at ``spans``."""
        owner, form = member
        seed = self._seeds[owner]
        key = (seed.rule, seed.category, seed.action, form.encoding, confidence)
        kind = self._kinds.get(key)
        if kind is None:
            made = Finding(seed.rule, seed.category, (), form.encoding, seed.origin, confidence, seed.action)
            kind = self._kinds[key] = self._found.kind(made)
        self._found.add(kind, spans)

    def findings(self) -> Findings:
        """The copies in file order, of those at one place the one that was added first."""
        return self._found.findings().one_for_each_place()


def _register_pieces(dump: Dump, finder: FewCopies) -> Iterator[Piece]:
    """Register-sized pieces of plain text: 16 bytes of a vector register, or 8 bytes of either half."""
    fields = [field for field in dump.fields if field.kind is FieldKind.REGISTERS]
    alphabet = finder.alphabet() if fields else frozenset()
    areas = [(field.spans, read_spans(dump.source, field.spans)) for field in fields]
    if not any(alphabet.issuperset(text[at : at + size]) for _, text in areas for at, size in _lanes(text)):
        return
    unchanged = finder.unchanged()
    text_of_all = b"".join(form.data + _BETWEEN for _, form in unchanged)
    ends = list(accumulate(len(form.data) + len(_BETWEEN) for _, form in unchanged))
    for spans, text in areas:
        taken = 0
        for at, size in _lanes(text):
            lane = text[at : at + size]
            place = text_of_all.find(lane) if at >= taken and alphabet.issuperset(lane) else -1
            if place >= 0:
                taken = at + size
                yield part_of(spans, at, at + size), unchanged[bisect_right(ends, place)]


def _lanes(text: bytes) -> Iterator[tuple[int, int]]:
    """Pairs (start, size) of the parts of a register area that may hold text: not all zeros, not one byte repeated."""
    for at in range(0, len(text) - 7, 8):
        for size in (16, 8):
            lane = text[at : at + size]
            if len(lane) == size and len(set(lane) - {0}) >= size // 4 + 2:
                yield at, size


def _places(dump: Dump, offset: int, form: Form) -> Iterator[tuple[Span, ...]]:
    """Where the whole form stands from ``offset`` on: along memory, and along the file where that is something else."""
    along_file = Span(offset, offset + len(form.data))
    if along_file.end <= dump.source.size and dump.layout.contiguous(along_file.start, along_file.end):
        yield (along_file,)
        return
    for spans in (dump.layout.forward(offset, len(form.data)), (along_file,)):
        if form.equals(read_spans(dump.source, spans)):
            yield spans


def _stands_alone(dump: Dump, spans: tuple[Span, ...], form: Form, in_names: bool) -> bool:
    r"""True for a long value, and for a short one that no letter or digit touches.

    The letters and digits of an escape (``\u0022``, ``%22``, ``\n``) before it are a character of another kind. A value
    of letters alone is no part of a name, unless it counts ``in_names``: of the thread ``vault-worker``, of the type
    ``com.acme.vault.Client``, which have to stay.
    """
    if form.counts_anywhere:
        return True
    layout, unit = dump.layout, form.unit
    before = read_spans(dump.source, layout.backward(spans[0].start, _LONGEST_ESCAPE * unit))
    before = squeeze(before[len(before) % unit :], form.encoding)
    last = spans[-1].end - 1
    after = squeeze(read_spans(dump.source, layout.forward(last, 1 + _LONGEST_JOINT * unit))[1:], form.encoding)
    touched = before[-1:] and before[-1] in WORD and not _ESCAPE.search(before)
    if touched or (after and after[0] in WORD):
        return False
    is_word = not in_names and squeeze(form.data, form.encoding).isalpha()
    return not (is_word and (_JOINED_BEFORE.search(before) or _JOINED_BEHIND.match(after)))


def _without_padding(dump: Dump, spans: tuple[Span, ...]) -> tuple[Span, ...]:
    return part_of(spans, 0, len(read_spans(dump.source, spans).rstrip(b"\0")))
