"""Edits in columns are the edits that went in, in file order."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from dumpscrub.edits import NO_EDITS, Edits
from dumpscrub.model import Edit
from dumpscrub.span import Span, SpanSet, union

spans = st.builds(lambda start, size: Span(start, start + size), st.integers(0, 60), st.integers(1, 12))
disjoint = st.lists(spans, max_size=9).map(union)
edits = disjoint.map(lambda places: [Edit(span, b"*" * len(span), "mask") for span in places])


@given(edits, st.randoms(use_true_random=False))
def test_they_come_out_in_order(made: list[Edit], random: Random) -> None:
    shuffled = random.sample(made, len(made))
    assert Edits.collect(shuffled) == made
    assert list(Edits.collect(iter(shuffled))) == made
    assert Edits.collect(Edits.collect(made)) == made


@given(edits, spans)
def test_those_that_write_within_a_span(made: list[Edit], span: Span) -> None:
    assert Edits.collect(made).within(span) == [edit for edit in made if edit.span.overlaps(span)]


@given(edits)
def test_what_they_write_over(made: list[Edit]) -> None:
    written = Edits.collect(made).bytes()
    assert list(written.outside(Span(0, 90))) == list(SpanSet(edit.span for edit in made).outside(Span(0, 90)))


def test_equal_replacements_are_kept_once() -> None:
    made = Edits.collect(Edit(Span(8 * place, 8 * place + 4), b"*" * 4, "mask") for place in range(5000))
    assert (len(made), made.of, repr(made)) == (5000, ((b"****", "mask"),), "Edits(5000)")
    assert made[-1] == Edit(Span(39_992, 39_996), b"****", "mask")
    assert len(NO_EDITS) == 0
