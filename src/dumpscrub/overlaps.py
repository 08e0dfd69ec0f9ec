"""Memory that a file holds more than once: what is secret at an address is so in every range that holds the address.

A dump may list the same memory in several ranges, each with bytes of its own, and one may begin or end within a secret.
Windows and copies follow one way through memory; this module finds the same addresses on all others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from dumpscrub.layout import Layout
from dumpscrub.links import NO_ADDRESS, Addresses, Column, Index
from dumpscrub.model import Finding, Origin
from dumpscrub.span import Span, SpanSet, part_of, total


@dataclass(frozen=True, slots=True)
class _Place:
    """Addresses ``[start, end)`` that hold the bytes of ``finding`` from its byte ``at`` on."""

    start: int
    end: int
    finding: Finding
    at: int


def again(layout: Layout, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """``findings`` once more for each other range that holds some of their addresses.

    Each has the spans of the whole secret, read along that range. Costs nothing where no two ranges overlap.
    """
    shared = _shared(layout)
    if not len(shared):
        return ()
    findings = tuple(findings)
    found = SpanSet(span for finding in findings for span in finding.spans)
    places = _disjoint(place for finding in findings for place in _places(layout, finding))
    low, high = _within(layout, shared, places)
    copies: list[Finding] = []
    for which in np.flatnonzero(low < high).tolist():
        region = layout.region(int(shared[which]))
        held = places[int(low[which]) : int(high[which])]
        copies += (_copy(place, region.span, region.vaddr or 0) for place in held)
    return tuple(copy for copy in copies if not found.covers(copy.spans))


def _shared(layout: Layout) -> Index:
    """The indices of the regions that share an address with another one, in the order of their addresses."""
    placed = layout.links.by_address
    if not layout.links.overlapping:
        return placed[:0]
    first, last = _addresses(layout, placed)
    shared = np.zeros(len(placed), bool)
    shared[1:] = first[1:] < np.maximum.accumulate(last)[:-1]
    shared[:-1] |= first[1:] < last[:-1]
    return placed[shared]


def _addresses(layout: Layout, regions: Index) -> tuple[Addresses, Addresses]:
    """The first addresses of ``regions`` and those behind them."""
    first = layout.addresses[regions]
    last = first + (layout.ends[regions] - layout.starts[regions]).astype(np.uint64)
    return first, np.where(last < first, np.uint64(NO_ADDRESS), last)


def _within(layout: Layout, regions: Index, places: list[_Place]) -> tuple[Column, Column]:
    """For each region which of ``places``, which are in order, it shares addresses with: from the first to the last."""
    first, last = _addresses(layout, regions)
    starts = np.array([min(place.start, NO_ADDRESS) for place in places], np.uint64)
    ends = np.array([min(place.end, NO_ADDRESS) for place in places], np.uint64)
    return np.searchsorted(ends, first, "right"), np.searchsorted(starts, last, "left")


def _places(layout: Layout, finding: Finding) -> Iterator[_Place]:
    """The addresses of a finding, region by region."""
    at = 0
    for span in finding.spans:
        start = span.start
        while start < span.end:
            region = layout.region_at(start)
            end = min(span.end, region.span.end)
            if region.vaddr is not None:
                address = region.vaddr + start - region.span.start
                yield _Place(address, address + end - start, finding, at)
            at, start = at + end - start, end


def _disjoint(places: Iterable[_Place]) -> list[_Place]:
    """The same addresses in order, each once."""
    kept: list[_Place] = []
    for place in sorted(places, key=lambda place: (place.start, -place.end)):
        taken = max(0, kept[-1].end - place.start) if kept else 0
        if place.start + taken < place.end:
            kept.append(_Place(place.start + taken, place.end, place.finding, place.at + taken))
    return kept


def _copy(place: _Place, span: Span, address: int) -> Finding:
    """The finding of ``place``, read along the region at ``span``, which begins at ``address``."""
    start, end = max(place.start, address), min(place.end, address + len(span))
    at, finding = place.at + start - place.start, place.finding
    here = Span(span.start + start - address, span.start + end - address)
    behind = part_of(finding.spans, at + end - start, total(finding.spans))
    origin = Origin.KNOWN if finding.origin is Origin.KNOWN else Origin.PROPAGATED
    return replace(finding, spans=(*part_of(finding.spans, 0, at), here, *behind), origin=origin, values=())
