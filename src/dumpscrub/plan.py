"""Findings to edits: the union of all spans, each byte written once, nothing that a debugger follows touched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache

import numpy as np

from dumpscrub.edits import Edits
from dumpscrub.findings import Findings, Pieces
from dumpscrub.model import Dump, Edit, Encoding, Finding
from dumpscrub.operators import OPERATORS
from dumpscrub.operators.mask import ASTERISK
from dumpscrub.search import heapdump
from dumpscrub.source import Source, read, releasing
from dumpscrub.span import Span, SpanSet

_REMEMBERED = 1024
"""Replacements that are made once: most are of few lengths, and then share their memory."""
_BYTES_OF_MASKS = bytes(set(b"".join(ASTERISK.values())))


def plan(dump: Dump, findings: Iterable[Finding]) -> Edits:
    """The edits for the findings whose action is an operator: in file order, disjoint, none empty.

    Where findings overlap, the one that begins first writes the shared bytes.
    """
    found = Findings.collect(findings)
    edited = found.where(found.are(lambda kind: kind.action in OPERATORS))
    pieces = _free(_disjoint(edited), SpanSet(dump.protected))
    return Edits.collect(_edits(_before_objects(dump.source, pieces), edited))


def _disjoint(findings: Findings) -> Pieces:
    """What of each piece no earlier piece writes, in file order."""
    pieces = findings.pieces()
    codecs = [kind.encoding.codec for kind in findings.of]
    ranks = np.array([sorted(codecs).index(codec) for codec in codecs], np.int32)[findings.kinds]
    pieces = pieces.take(np.lexsort((pieces.phases, ranks[pieces.rows], pieces.ends, pieces.starts)))
    written = np.maximum.accumulate(np.append(0, pieces.ends))[:-1]
    starts = np.maximum(pieces.starts, written)
    left = replace(pieces, starts=starts, phases=pieces.phases + starts - pieces.starts)
    return left.take(np.flatnonzero(starts < pieces.ends))


def _free(pieces: Pieces, protected: SpanSet) -> Pieces:
    """What of the disjoint ``pieces`` no structure holds."""
    clear = protected.misses_each(pieces.starts, pieces.ends)
    if clear.all():
        return pieces
    parts = [
        (row, free.start, free.end, phase + free.start - start)
        for row, start, end, phase in pieces.take(np.flatnonzero(~clear))
        for free in protected.outside(Span(start, end))
    ]
    free = Pieces.joined(pieces.take(np.flatnonzero(clear)), Pieces.of(parts))
    return free.take(np.argsort(free.starts))


def _before_objects(source: Source, pieces: Pieces) -> Pieces:
    """The ``pieces`` without the headers of objects behind them, where ``source`` is a heap dump of Java."""
    if not heapdump.is_heap_dump(source):
        return pieces
    headers = np.array([heapdump.belongs_behind(source, end) for end in releasing(source, pieces.ends.tolist())], int)
    left = replace(pieces, ends=pieces.ends - headers)
    return left.take(np.flatnonzero(left.starts < left.ends))


def _edits(pieces: Pieces, findings: Findings) -> Iterator[Edit]:
    """One edit for all pieces that touch and have the same operator: fewer writes, and the same bytes."""
    replacement = lru_cache(_REMEMBERED)(_replacement)
    start = end = 0
    operator, written = "", b""
    for row, first, last, phase in pieces:
        kind = findings.of[findings.kinds[row]]
        if written and (first != end or kind.action != operator):
            yield Edit(Span(start, end), written, operator)
            written = b""
        if not written:
            start, operator = first, kind.action
        written += replacement(operator, last - first, kind.encoding, phase)
        end = last
    if written:
        yield Edit(Span(start, end), written, operator)


def _replacement(operator: str, length: int, encoding: Encoding, phase: int) -> bytes:
    return OPERATORS[operator].replacement(length, encoding, phase)


def changing(source: Source, edits: Iterable[Edit]) -> Edits:
    """The edits that mask a byte of ``source``: what holds nothing but asterisks and zeros, in whatever encoding and
    alignment, is masked already. So each round of a search masks something, and a second run finds nothing to do.
    """
    made = Edits.collect(edits)
    return made.where(np.array([_is_open(source, edit) for edit in releasing(source, made)], bool))


def _is_open(source: Source, edit: Edit) -> bool:
    return bool(read(source, edit.span.start, edit.span.end).translate(None, _BYTES_OF_MASKS))


def overlay(under: Edits, over: Edits) -> Edits:
    """What two rounds of edits leave together: all of ``over``, and of ``under`` what ``over`` did not write again."""
    rewritten = over.bytes()
    kept = (
        Edit(part, edit.replacement[part.start - edit.span.start : part.end - edit.span.start], edit.operator)
        for edit in under
        for part in rewritten.outside(edit.span)
    )
    return Edits.collect((*kept, *over))
