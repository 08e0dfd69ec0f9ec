"""Findings by the million: columns of places, and once for many what they have in common.

An object for each finding takes some 400 bytes, and each step of a run would make them anew. In columns a finding takes
24: its place, and the numbers of its values and of its *kind*, which is a finding without place and values. What a step
decides, it decides for kinds.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate

import numpy as np

from dumpscrub.columns import BLOCK, Mask, Numbers, Offsets, Rows, Table
from dumpscrub.model import Finding, SecretValue
from dumpscrub.span import Span, SpanSet, total

Values = tuple[SecretValue, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """Columns of file spans ``[starts, ends)``, each with the row of its finding and the bytes of that before it."""

    rows: Rows
    starts: Offsets
    ends: Offsets
    phases: Offsets

    @classmethod
    def of(cls, pieces: Sequence[tuple[int, int, int, int]]) -> Pieces:
        """The same from tuples of row, start, end and phase."""
        return cls(*np.array(pieces, np.int64).reshape(-1, 4).T)

    @classmethod
    def joined(cls, *parts: Pieces) -> Pieces:
        """All pieces of ``parts``, one part behind the other."""
        columns = ("rows", "starts", "ends", "phases")
        return cls(*(np.concatenate([getattr(part, column) for part in parts]) for column in columns))

    def __iter__(self) -> Iterator[tuple[int, int, int, int]]:
        for first in range(0, len(self.rows), BLOCK):
            columns = (self.rows, self.starts, self.ends, self.phases)
            yield from zip(*(column[first : first + BLOCK].tolist() for column in columns), strict=True)

    def take(self, order: Rows) -> Pieces:
        """Those pieces, in that order."""
        return Pieces(self.rows[order], self.starts[order], self.ends[order], self.phases[order])


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Findings(Table[Finding]):
    """Finding ``i``: of the kind ``of[kinds[i]]``, with ``secrets[values[i]]``, at the bytes ``[starts[i], ends[i])``.

    ``split`` has all spans of those that the file splits; for them the columns hold the first one. A kind is a finding
    with no spans and no values. Several kinds, and several secrets, may be equal.
    """

    starts: Offsets
    ends: Offsets
    kinds: Numbers
    values: Numbers
    of: tuple[Finding, ...]
    secrets: tuple[Values, ...] = field(repr=False)
    split: Mapping[int, tuple[Span, ...]]

    @classmethod
    def collect(cls, findings: Iterable[Finding]) -> Findings:
        """``findings`` in the order given."""
        if isinstance(findings, Findings):
            return findings
        collector = Collector()
        for finding in findings:
            collector.add(collector.kind(finding), finding.spans, finding.values)
        return collector.findings()

    def __len__(self) -> int:
        return len(self.kinds)

    def made(self, first: int, last: int) -> Iterator[Finding]:
        columns = (column[first:last].tolist() for column in (self.starts, self.ends, self.kinds, self.values))
        for row, (start, end, kind_number, value_number) in enumerate(zip(*columns, strict=True), first):
            kind = self.of[kind_number]
            spans = self.split.get(row) or (Span(start, end),)
            yield Finding(
                *(kind.rule, kind.category, spans, kind.encoding, kind.origin, kind.confidence, kind.action),
                values=self.secrets[value_number],
            )

    def take(self, rows: Rows) -> Findings:
        moved = np.flatnonzero(np.isin(rows, list(self.split))) if self.split else rows[:0]
        split = {row: self.split[old] for row, old in zip(moved.tolist(), rows[moved].tolist(), strict=True)}
        columns = self.starts[rows], self.ends[rows], self.kinds[rows], self.values[rows]
        return Findings(*columns, self.of, self.secrets, split)

    def are(self, test: Callable[[Finding], bool]) -> Mask:
        """For each finding, whether ``test`` holds for its kind."""
        return np.array([test(kind) for kind in self.of], bool)[self.kinds]

    def changed(self, change: Callable[[Finding], Finding]) -> Findings:
        """The findings as ``change`` makes them; it is asked once for each kind, and places stay."""
        return replace(self, of=tuple(map(change, self.of)))

    def without_values(self) -> Findings:
        """The same findings, which do not tell what was found."""
        return replace(self, values=np.zeros_like(self.values), secrets=((),))

    def one_for_each_value(self) -> Findings:
        """The first finding of each kind and values."""
        pairs = self.kinds * np.int64(len(self.secrets)) + self.values
        return self.take(np.sort(np.unique(pairs, return_index=True)[1]))

    @classmethod
    def joined(cls, *parts: Findings) -> Findings:
        """All findings of ``parts``, one part behind the other."""
        rows = np.cumsum([0, *map(len, parts)]).tolist()
        kinds = np.cumsum([0, *(len(part.of) for part in parts)], dtype=np.int32)
        values = np.cumsum([0, *(len(part.secrets) for part in parts)], dtype=np.int32)
        return cls(
            np.concatenate([part.starts for part in parts]),
            np.concatenate([part.ends for part in parts]),
            np.concatenate([part.kinds + first for part, first in zip(parts, kinds, strict=False)]),
            np.concatenate([part.values + first for part, first in zip(parts, values, strict=False)]),
            tuple(kind for part in parts for kind in part.of),
            tuple(secret for part in parts for secret in part.secrets),
            {first + row: spans for part, first in zip(parts, rows, strict=False) for row, spans in part.split.items()},
        )

    def pieces(self) -> Pieces:
        """First the first spans of all findings, row by row, then the others of those that the file splits."""
        firsts = Pieces(np.arange(len(self)), self.starts, self.ends, np.zeros(len(self), np.int64))
        others = [
            (row, span.start, span.end, phase)
            for row, spans in self.split.items()
            for span, phase in zip(spans[1:], accumulate(map(len, spans)), strict=False)
        ]
        return Pieces.joined(firsts, Pieces.of(others)) if others else firsts

    def lengths(self) -> Offsets:
        """How many bytes each finding has."""
        lengths = self.ends - self.starts
        for row, spans in self.split.items():
            lengths[row] = total(spans)
        return lengths

    def bytes(self) -> SpanSet:
        """The bytes of all findings."""
        pieces = self.pieces()
        return SpanSet.of_columns(pieces.starts, pieces.ends)

    def within(self, spans: SpanSet) -> Mask:
        """For each finding, whether all its bytes are in ``spans``."""
        pieces = self.pieces()
        within = np.ones(len(self), bool)
        within[pieces.rows[~spans.covers_each(pieces.starts, pieces.ends)]] = False
        return within

    def touching(self, spans: SpanSet) -> Mask:
        """For each finding, whether any of its bytes is in ``spans``."""
        pieces = self.pieces()
        touching = np.zeros(len(self), bool)
        touching[pieces.rows[~spans.misses_each(pieces.starts, pieces.ends)]] = True
        return touching

    def in_order(self) -> Findings:
        """The findings by their spans, then by rule and encoding; equal ones stay as they are."""
        return self.take(np.lexsort(self._keys()))

    def distinct(self) -> Findings:
        """The findings in order, and of those with equal spans, rule and encoding the first one only."""
        return self._first_of_equal(*self._keys())

    def one_for_each_place(self) -> Findings:
        """The findings in order, and of those with equal spans the first one only."""
        return self._first_of_equal(*self._keys()[1:])

    def _first_of_equal(self, *keys: Numbers | Offsets) -> Findings:
        order = np.lexsort(keys)
        changes = np.zeros(len(order), bool)
        for key in keys:
            changes[1:] |= np.diff(key[order]) != 0
        changes[:1] = True
        return self.take(order[changes])

    def _keys(self) -> tuple[Numbers, Numbers, Offsets, Offsets]:
        """Columns that order the findings, the most important one last."""
        names = [(kind.rule, kind.encoding.codec) for kind in self.of]
        ranks = {name: rank for rank, name in enumerate(sorted(set(names)))}
        tails = {spans: rank for rank, spans in enumerate(sorted({spans[1:] for spans in self.split.values()}), 1)}
        tail = np.zeros(len(self), np.int32)
        for row, spans in self.split.items():
            tail[row] = tails[spans[1:]]
        return np.array([ranks[name] for name in names], np.int32)[self.kinds], tail, self.ends, self.starts


class Collector:
    """Takes findings one by one."""

    def __init__(self) -> None:
        self._starts, self._ends = array("q"), array("q")
        self._kinds, self._values = array("i"), array("i")
        self._numbers: dict[tuple[str | int, ...], int] = {}
        self._of: list[Finding] = []
        self._secrets: dict[Values, int] = {}
        self._split: dict[int, tuple[Span, ...]] = {}

    def kind(self, finding: Finding) -> int:
        """The number of the kind of ``finding``."""
        key = (
            finding.rule,
            finding.category,
            finding.encoding.codec,
            finding.origin.value,
            finding.confidence,
            finding.action,
        )
        number = self._numbers.setdefault(key, len(self._of))
        if number == len(self._of):
            self._of.append(replace(finding, spans=(), values=()))
        return number

    def add(self, kind: int, spans: tuple[Span, ...], values: Values = ()) -> bool:
        """A finding of that kind at ``spans``, of which there is at least one. True where no other has its values."""
        if len(spans) > 1:
            self._split[len(self._kinds)] = spans
        self._starts.append(spans[0].start)
        self._ends.append(spans[0].end)
        self._kinds.append(kind)
        before = len(self._secrets)
        self._values.append(self._secrets.setdefault(values, before))
        return len(self._secrets) > before

    def extend(self, findings: Findings) -> None:
        """All of ``findings``, in their order."""
        kinds = np.array([self.kind(kind) for kind in findings.of], np.int32)
        values = np.array([self._secrets.setdefault(each, len(self._secrets)) for each in findings.secrets], np.int32)
        first = len(self._kinds)
        self._split.update((first + row, spans) for row, spans in findings.split.items())
        self._starts.frombytes(findings.starts.tobytes())
        self._ends.frombytes(findings.ends.tobytes())
        self._kinds.frombytes(kinds[findings.kinds].tobytes())
        self._values.frombytes(values[findings.values].tobytes())

    def findings(self) -> Findings:
        """All that were added, in that order."""
        places = np.frombuffer(self._starts, np.int64), np.frombuffer(self._ends, np.int64)
        numbers = np.frombuffer(self._kinds, np.int32), np.frombuffer(self._values, np.int32)
        return Findings(*places, *numbers, tuple(self._of), tuple(self._secrets), self._split)
