"""What format readers share: the spans of records in a table."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dumpscrub.formats import base
from dumpscrub.formats.base import record_spans
from dumpscrub.span import Span


@given(st.integers(0, 100), st.integers(1, 9), st.integers(0, 5), st.lists(st.booleans(), max_size=30))
def test_record_spans_hold_exactly_the_records(start: int, size: int, more: int, which: list[bool]) -> None:
    step = size + more
    found = record_spans(start, step, size, np.array(which, np.bool_))
    expected = {start + row * step + at for row, wanted in enumerate(which) if wanted for at in range(size)}
    assert [offset for span in found for offset in range(span.start, span.end)] == sorted(expected)


def test_neighbours_are_joined() -> None:
    assert record_spans(8, 4, 4, np.array([1, 1, 0, 1], np.bool_)) == [Span(8, 16), Span(20, 24)]


@pytest.mark.parametrize(("step", "spans"), [(4, [Span(0, 4), Span(8, 12)]), (6, [Span(0, 4), Span(12, 16)])])
def test_no_more_than_some_spans(monkeypatch: pytest.MonkeyPatch, step: int, spans: list[Span]) -> None:
    monkeypatch.setattr(base, "MAX_PIECES", 2)
    assert record_spans(0, step, 4, np.array([1, 0, 1, 0, 1], np.bool_)) == spans
