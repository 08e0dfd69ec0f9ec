"""Settled hits are left out of a second look exactly where nothing around them has changed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dumpscrub import settled as module
from dumpscrub.settled import NOTHING_SETTLED, SettledHits
from dumpscrub.span import Span, union

NEEDLES = 7
spans = st.builds(lambda start, size: Span(start, start + size), st.integers(0, 200), st.integers(1, 20))


@given(
    hits=st.lists(st.tuples(st.integers(0, 200), st.integers(0, NEEDLES - 1), spans), max_size=30),
    edits=st.lists(spans, max_size=8).map(union),
    later=st.lists(st.tuples(st.integers(0, 200), st.integers(0, NEEDLES - 1)), max_size=30),
)
def test_a_hit_is_settled_where_no_edit_overlaps_what_was_looked_at(
    hits: list[tuple[int, int, Span]], edits: tuple[Span, ...], later: list[tuple[int, int]]
) -> None:
    first = SettledHits(NEEDLES)
    for offset, number, looked_at in hits:
        first.add((offset, number), looked_at)
    quiet = {(offset, number) for offset, number, span in hits if not any(map(span.overlaps, edits))}
    again = sorted({*later, *((offset, number) for offset, number, _ in hits)})
    assert list(first.untouched(edits).others(again)) == [hit for hit in again if hit not in quiet]


def test_before_a_first_search_nothing_is_settled() -> None:
    assert list(NOTHING_SETTLED.others([(0, 0), (5, 3)])) == [(0, 0), (5, 3)]


def test_more_hits_than_are_remembered_are_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    first = SettledHits(NEEDLES)
    monkeypatch.setattr(module, "MOST", 2)
    for offset in range(4):
        first.add((offset, 0), Span(offset, offset + 1))
    assert list(first.untouched([]).others([(offset, 0) for offset in range(4)])) == [(2, 0), (3, 0)]
