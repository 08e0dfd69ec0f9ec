r"""Secrets in text that memory holds encoded or compressed: a blob within a manifest, a header, an answer of a server.

:mod:`dumpscrub.search.encoded` says where such text stands. It is decoded, in pieces, and many pieces together make a
dump that the scanner searches like any other, so that every rule finds what it would find outside, in every encoding.
What stands encoded in the decoded text is decoded once more. The characters that hold a secret's bytes are the finding,
in the encoding that memory holds them in.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, chain

import numpy as np

from dumpscrub import inflated, pieces
from dumpscrub.crowds import STRETCH
from dumpscrub.inflated import TOO_LONG, Budget
from dumpscrub.layout import LayoutBuilder, RegionKind
from dumpscrub.model import Dump, Encoding, Finding
from dumpscrub.pieces import Piece
from dumpscrub.scanner import Scanner
from dumpscrub.search.compressed import begins_with_zlib
from dumpscrub.search.encoded import Code, Place
from dumpscrub.search.places import leading_to_compressed
from dumpscrub.search.windows import Windows
from dumpscrub.source import BytesSource, read, releasing
from dumpscrub.span import Span, SpanSet
from dumpscrub.verification import CROWDED, crowded_text

LEVELS = 3
"""How often text is decoded that was encoded more than once: some charts of Helm are base64 of base64 of gzip."""
_EXPANDED, _EXPANDED_MORE = 2, 256 << 20
"""Compressed data may expand to so many times the size of the dump, and so many bytes more."""
_CROWDS = 4
"""Stretches of decoded text, besides one for each of the dump, that may be too much to look at: the rest is masked."""
LONGEST = 1 << 20
"""Characters that are decoded as one piece."""
_SHORT = 4096
_BATCH = 4 << 20
"""Bytes of decoded text that are searched together."""
_BETWEEN = bytes(16)
"""What stands between two pieces, so that nothing seems to go on in the next one."""
_FAR = 1 << 32
"""Bytes of address space between two pieces: more than a piece has."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """What was found in encoded text, and how many candidates were not taken for secrets, by reason.

    ``crowded`` counts what was masked as a whole, as that of a scan. ``nested`` is the encoded text in which something
    stands encoded or compressed once more, however deep.
    """

    findings: tuple[Finding, ...]
    suppressed: dict[str, int]
    crowded: int = 0
    nested: tuple[Place, ...] = ()


def find(dump: Dump, encoded: Iterable[Place], scanner: Scanner) -> Decoded:
    """Every finding of ``scanner`` in the text that stands ``encoded`` in ``dump``; all in file order."""
    budget = _budget(dump)
    found = _find(dump, encoded, scanner, budget, LEVELS)
    return replace(found, suppressed={**found.suppressed, TOO_LONG: budget.exceeded}) if budget.exceeded else found


def copies(
    dump: Dump, encoded: Iterable[Place], inside: Decoded, sweep: Callable[[Dump], Iterable[Finding]]
) -> Iterator[Finding]:
    """What ``sweep`` finds in text that stands ``encoded`` in ``dump``, as :func:`find` gives it.

    ``inside`` is what that found there; what is masked as a whole is not looked at. Nor is text that is encoded without
    a break, unless something stands encoded in it again: copies there need no decoding, they are forms of a value.
    """
    masked = SpanSet(span for finding in inside.findings if finding.rule == CROWDED for span in finding.spans)
    encoded, nested = list(encoded), frozenset(inside.nested)
    places = sorted({*_deflated(encoded), *nested}, key=lambda place: place.offset)
    budget = _budget(dump)
    others = (place for place in encoded if place.code is not Code.DEFLATE and place not in nested)
    broken = (piece for piece in _pieces(dump, others, budget) if not piece.is_plain)
    some = (piece for piece in chain(_pieces(dump, places, budget), broken) if not _is_in(masked, piece))
    # Groups of characters may begin at several offsets of the same text.
    return iter(dict.fromkeys(_copies(some, budget, sweep, LEVELS)))


def _copies(
    found: Iterable[Piece], budget: Budget, sweep: Callable[[Dump], Iterable[Finding]], levels: int
) -> Iterator[Finding]:
    for batch in _batches(found):
        inner = _as_dump(batch)
        yield from _as_placed(sweep(inner), batch)
        if levels > 1:
            more = (*_zlib(batch), *leading_to_compressed(read(inner.source, 0, inner.source.size)))
            yield from _as_placed(_copies(_pieces(inner, more, budget), budget, sweep, levels - 1), batch)


def _is_in(masked: SpanSet, piece: Piece) -> bool:
    return bool(masked) and masked.covers(piece.spans(0, len(piece.data)))


def _zlib(batch: Sequence[Piece]) -> Iterator[Place]:
    """The pieces of ``batch`` that begin with the header of zlib: elsewhere its two bytes tell little."""
    for piece, start in zip(batch, _starts(batch), strict=True):
        if piece.code is Code.BASE64 and begins_with_zlib(piece.data):
            yield Place(start, Code.DEFLATE, Encoding.BINARY)


def _deflated(places: Iterable[Place]) -> Iterator[Place]:
    return (place for place in places if place.code is Code.DEFLATE)


def _budget(dump: Dump) -> Budget:
    return Budget(_EXPANDED * dump.source.size + _EXPANDED_MORE, _CROWDS + dump.source.size // STRETCH)


def _find(dump: Dump, encoded: Iterable[Place], scanner: Scanner, budget: Budget, levels: int) -> Decoded:
    findings: dict[tuple[str, tuple[Span, ...]], Finding] = {}
    suppressed: Counter[str] = Counter()
    nested: set[Place] = set()
    crowded = 0
    for batch in _batches(_pieces(dump, encoded, budget)):
        if budget.crowds < 0:
            crowded += 1
            found = (crowded_text(piece.spans(0, len(piece.data)), piece.window.encoding) for piece in batch)
            findings.update(((finding.rule, finding.spans), finding) for finding in found)
            continue
        inner = _as_dump(batch)
        scan = scanner.scan(inner, most_crowded=budget.crowds)
        budget.crowds -= scan.crowded
        places = scan.seen.sights.places
        places.add(_zlib(batch))
        more = _find(inner, places, scanner, budget, levels - 1) if levels > 1 else Decoded((), {})
        suppressed.update(scan.suppressed)
        suppressed.update(more.suppressed)
        crowded += scan.crowded + more.crowded
        nested.update(_holders((*places, *more.nested), batch))
        for finding in _as_placed((*scan.findings, *more.findings), batch):
            findings.setdefault((finding.rule, finding.spans), finding)
    ordered = sorted(findings.values(), key=lambda finding: (finding.spans, finding.rule))
    return Decoded(tuple(ordered), dict(sorted(suppressed.items())), crowded, tuple(nested))


def _holders(places: Iterable[Place], batch: Sequence[Piece]) -> Iterator[Place]:
    """Where the pieces of ``batch`` stand encoded that hold ``places`` once they are decoded."""
    starts = _starts(batch)
    for number in {bisect_right(starts, place.offset) - 1 for place in places}:
        piece = batch[number]
        yield Place(piece.spans(0, 1)[0].start, piece.code, piece.window.encoding)


def _as_placed(findings: Iterable[Finding], batch: Sequence[Piece]) -> Iterator[Finding]:
    """The findings in the decoded pieces of ``batch`` as those in the file that hold the same bytes."""
    starts = _starts(batch)
    for finding in findings:
        number = bisect_right(starts, finding.spans[0].start) - 1
        piece, start = batch[number], starts[number]
        spans = piece.spans(finding.spans[0].start - start, finding.spans[-1].end - start)
        yield replace(finding, spans=spans, encoding=piece.window.encoding)


def _as_dump(batch: Sequence[Piece]) -> Dump:
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


def _starts(batch: Sequence[Piece]) -> list[int]:
    """Where the data of each piece begins in the dump of all."""
    return list(accumulate((len(piece.data) + len(_BETWEEN) for piece in batch[:-1]), initial=0))


def _batches(pieces: Iterable[Piece]) -> Iterator[list[Piece]]:
    batch: list[Piece] = []
    size = 0
    for piece in pieces:
        batch.append(piece)
        size += len(piece.data)
        if size >= _BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _pieces(dump: Dump, encoded: Iterable[Place], budget: Budget) -> Iterator[Piece]:
    """All encoded text in ``dump``, decoded. What was decoded at one place is left out at the next one."""
    windows = Windows(dump)
    done: dict[tuple[Code, Encoding, int], int] = {}
    for place in releasing(dump.source, encoded):
        unit = place.encoding.unit
        size = place.code.group * unit
        phase = place.offset % size
        if place.offset < done.get((place.code, place.encoding, phase), 0):
            continue
        is_compressed = place.code is Code.DEFLATE
        found = inflated.pieces(windows, place, budget) if is_compressed else _pieces_at(windows, place)
        for offset, piece in found:
            yield piece
            # Behind a break, the same groups of characters begin at other offsets.
            same = [phase] if piece.is_plain else range(phase % unit, size, unit)
            end = piece.end_from(offset)
            done.update(((place.code, place.encoding, phase), end) for phase in same)


def _pieces_at(windows: Windows, place: Place) -> Iterator[tuple[int, Piece]]:
    """The text that stands encoded around ``place``, in pieces, each with a file offset that it was read around."""
    offset: int | None = place.offset
    while offset is not None:
        piece = pieces.read(windows, offset, place, _SHORT)
        if piece and not piece.ended:
            piece = pieces.read(windows, offset, place, LONGEST)
        if piece is None:
            return
        yield offset, piece
        following = offset if piece.ended else piece.rest()
        offset = following if following > offset else None
