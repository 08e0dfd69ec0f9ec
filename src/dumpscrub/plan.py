"""Findings to edits: the union of all spans, each byte written once, nothing that a debugger follows touched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from dumpscrub.model import Dump, Edit, Encoding, Finding
from dumpscrub.operators import OPERATORS
from dumpscrub.operators.mask import ASTERISK
from dumpscrub.source import Source, read, releasing
from dumpscrub.span import Span, SpanSet

_BYTES_OF_MASKS = bytes(set(b"".join(ASTERISK.values())))


@dataclass(frozen=True, slots=True)
class Piece:
    """A file span of one finding. ``phase`` is how many of the finding's bytes come before it."""

    span: Span
    phase: int
    encoding: Encoding
    operator: str


def plan(dump: Dump, findings: Iterable[Finding]) -> tuple[Edit, ...]:
    """The edits for the findings whose action is an operator: in file order, disjoint, none empty.

    Where findings overlap, the one that begins first writes the shared bytes.
    """
    pieces = sorted(
        (piece for finding in findings if finding.action in OPERATORS for piece in _pieces(finding)),
        key=lambda piece: (piece.span, piece.encoding.codec, piece.phase),
    )
    return tuple(_joined(_edit(part) for part in _disjoint(pieces, SpanSet(dump.protected))))


def _pieces(finding: Finding) -> Iterator[Piece]:
    phase = 0
    for span in finding.spans:
        yield Piece(span, phase, finding.encoding, finding.action)
        phase += len(span)


def _disjoint(pieces: Iterable[Piece], protected: SpanSet) -> Iterator[Piece]:
    """What of each piece no earlier piece wrote and no structure holds."""
    written = 0
    for piece in pieces:
        start, end = piece.span.start, piece.span.end
        for free in protected.outside(Span(min(max(start, written), end), end)):
            yield Piece(free, piece.phase + free.start - start, piece.encoding, piece.operator)
        written = max(written, end)


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
    return Edit(Span(run[0].span.start, run[-1].span.end), b"".join(edit.replacement for edit in run), run[0].operator)


def changing(source: Source, edits: Iterable[Edit]) -> tuple[Edit, ...]:
    """The edits that mask a byte of ``source``: what holds nothing but asterisks and zeros, in whatever encoding and
    alignment, is masked already. So each round of a search masks something, and a second run finds nothing to do.
    """
    return tuple(
        edit
        for edit in releasing(source, edits)
        if read(source, edit.span.start, edit.span.end).translate(None, _BYTES_OF_MASKS)
    )


def overlay(under: Sequence[Edit], over: Sequence[Edit]) -> tuple[Edit, ...]:
    """What two rounds of edits leave together: all of ``over``, and of ``under`` what ``over`` did not write again."""
    rewritten = SpanSet(edit.span for edit in over)
    kept = [
        Edit(part, edit.replacement[part.start - edit.span.start : part.end - edit.span.start], edit.operator)
        for edit in under
        for part in rewritten.outside(edit.span)
    ]
    return tuple(sorted((*kept, *over), key=lambda edit: edit.span))
