"""Findings to edits: the union of all spans, each byte written once, nothing that a debugger follows touched."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from dumpscrub.model import Dump, Edit, Encoding, Finding
from dumpscrub.operators import OPERATORS
from dumpscrub.rules.schema import Action
from dumpscrub.span import Span


@dataclass(frozen=True, slots=True)
class Piece:
    """A file span of one finding. ``phase`` is how many of the finding's bytes come before it."""

    span: Span
    phase: int
    encoding: Encoding
    operator: str


def plan(dump: Dump, findings: Iterable[Finding]) -> tuple[Edit, ...]:
    """The edits for the findings whose action is not ``report``: in file order, disjoint, none empty.

    Where findings overlap, the one that begins first writes the shared bytes.
    """
    pieces = sorted(
        (piece for finding in findings if finding.action != Action.REPORT.value for piece in _pieces(finding)),
        key=lambda piece: (piece.span, piece.encoding.codec, piece.phase),
    )
    return tuple(_joined(_edit(part) for part in _disjoint(pieces, dump.protected)))


def _pieces(finding: Finding) -> Iterator[Piece]:
    phase = 0
    for span in finding.spans:
        yield Piece(span, phase, finding.encoding, finding.action)
        phase += len(span)


def _disjoint(pieces: Iterable[Piece], protected: Sequence[Span]) -> Iterator[Piece]:
    """What of each piece no earlier piece wrote and no structure holds."""
    written = 0
    starts = [span.start for span in protected]
    for piece in pieces:
        for free in _outside(Span(max(piece.span.start, min(written, piece.span.end)), piece.span.end), protected, starts):
            yield Piece(free, piece.phase + free.start - piece.span.start, piece.encoding, piece.operator)
        written = max(written, piece.span.end)


def _outside(span: Span, protected: Sequence[Span], starts: Sequence[int]) -> Iterator[Span]:
    """The parts of ``span`` outside the sorted, disjoint spans ``protected`` that begin at ``starts``."""
    position = span.start
    for index in range(max(0, bisect_right(starts, span.start) - 1), bisect_left(starts, span.end)):
        other = protected[index]
        if position < other.start:
            yield Span(position, other.start)
        position = max(position, other.end)
    if position < span.end:
        yield Span(position, span.end)


def _edit(piece: Piece) -> Edit:
    operator = OPERATORS[piece.operator]
    return Edit(piece.span, operator.replacement(len(piece.span), piece.encoding, piece.phase), piece.operator)


def _joined(edits: Iterable[Edit]) -> Iterator[Edit]:
    """Edits that touch as one: fewer writes, and the same bytes."""
    run: list[Edit] = []
    for edit in edits:
        if run and (run[-1].span.end != edit.span.start or run[-1].operator != edit.operator):
            yield _one(run)
            run = []
        run.append(edit)
    if run:
        yield _one(run)


def _one(run: list[Edit]) -> Edit:
    return Edit(
        Span(run[0].span.start, run[-1].span.end), b"".join(edit.replacement for edit in run), run[0].operator
    )


def overlay(under: Sequence[Edit], over: Sequence[Edit]) -> tuple[Edit, ...]:
    """What two rounds of edits leave together: all of ``over``, and of ``under`` what ``over`` did not write again."""
    spans = [edit.span for edit in over]
    starts = [span.start for span in spans]
    kept = [
        Edit(part, edit.replacement[part.start - edit.span.start : part.end - edit.span.start], edit.operator)
        for edit in under
        for part in _outside(edit.span, spans, starts)
    ]
    return tuple(sorted((*kept, *over), key=lambda edit: edit.span))


def wholly_protected(finding: Finding, protected: Sequence[Span]) -> bool:
    """True where every byte of the finding is one that a debugger follows, so that it cannot be edited."""
    starts = [span.start for span in protected]
    return not any(part for span in finding.spans for part in _outside(span, protected, starts))
