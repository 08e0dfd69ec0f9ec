"""Spans against sets of offsets."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dumpscrub.span import Span, SpanSet, in_order, part_of, total, union

bounds = st.integers(0, 60)
spans = st.tuples(bounds, bounds).map(lambda pair: Span(min(pair), max(pair)))


def offsets(*parts: Span) -> set[int]:
    """Every offset in any of ``parts``."""
    return {offset for span in parts for offset in range(span.start, span.end)}


@pytest.mark.parametrize(("start", "end"), [(-1, 0), (2, 1), (-2, -1)])
def test_what_is_no_span(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="not a span"):
        Span(start, end)


@given(spans)
def test_length_and_membership(span: Span) -> None:
    assert len(span) == len(offsets(span))
    assert bool(span) is (len(span) > 0)
    assert {offset for offset in range(-1, 62) if offset in span} == offsets(span)


@given(spans, spans)
def test_two_spans(one: Span, other: Span) -> None:
    shared = offsets(one) & offsets(other)
    if one and other:
        assert one.overlaps(other) is bool(shared)
        assert one.covers(other) is (offsets(other) <= offsets(one))
    assert offsets(one.intersection(other)) == shared


@given(spans, bounds)
def test_shift(span: Span, by: int) -> None:
    assert offsets(span.shift(by)) == {offset + by for offset in offsets(span)}


@given(st.lists(spans, max_size=12))
def test_union_is_the_sorted_disjoint_cover(parts: list[Span]) -> None:
    joined = union(parts)
    assert offsets(*joined) == offsets(*parts)
    assert all(joined)
    assert all(before.end < after.start for before, after in pairwise(joined))
    assert union(reversed(joined)) == joined
    assert total(joined) == len(offsets(*parts))
    assert total(parts) == sum(map(len, parts))


@given(st.lists(spans, max_size=12))
def test_in_order_keeps_every_byte_in_its_place(parts: list[Span]) -> None:
    joined = in_order(parts)
    assert [offset for span in joined for offset in range(span.start, span.end)] == [
        offset for span in parts for offset in range(span.start, span.end)
    ]
    assert all(joined)
    assert all(before.end != after.start for before, after in pairwise(joined))


@given(st.lists(spans, max_size=12), spans)
def test_part_of_is_a_slice_of_what_the_spans_hold(parts: list[Span], piece: Span) -> None:
    held = [offset for span in parts for offset in range(span.start, span.end)]
    found = part_of(parts, piece.start, piece.end)
    assert [offset for span in found for offset in range(span.start, span.end)] == held[piece.start : piece.end]
    assert all(found)


@given(st.lists(spans, max_size=12), spans, spans)
def test_span_sets(parts: list[Span], one: Span, other: Span) -> None:
    members = SpanSet(parts)
    outside = tuple(members.outside(one))
    assert offsets(*outside) == offsets(one) - offsets(*parts)
    assert outside == union(outside)
    assert members.covers([one, other]) is (offsets(one, other) <= offsets(*parts))


@given(st.lists(spans, max_size=12), st.lists(spans, max_size=6))
def test_span_sets_of_columns_are_the_same(parts: list[Span], asked: list[Span]) -> None:
    starts, ends = (np.array([getattr(span, edge) for span in parts], np.int64) for edge in ("start", "end"))
    members, other = SpanSet(parts), SpanSet.of_columns(starts, ends)
    assert [tuple(members.outside(span)) for span in asked] == [tuple(other.outside(span)) for span in asked]
    starts, ends = (np.array([getattr(span, edge) for span in asked], np.int64) for edge in ("start", "end"))
    assert other.covers_each(starts, ends).tolist() == [members.covers([span]) for span in asked]


@given(st.lists(spans, max_size=12), st.lists(spans.filter(bool), max_size=6))
def test_spans_that_miss_a_set_share_no_byte_with_it(parts: list[Span], asked: list[Span]) -> None:
    starts, ends = (np.array([getattr(span, edge) for span in asked], np.int64) for edge in ("start", "end"))
    expected = [not offsets(span) & offsets(*parts) for span in asked]
    assert SpanSet(parts).misses_each(starts, ends).tolist() == expected
