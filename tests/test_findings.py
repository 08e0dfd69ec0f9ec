"""Findings in columns are the findings that went in."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dumpscrub.findings import Findings
from dumpscrub.model import Confidence, Encoding, Finding, Origin, SecretValue
from dumpscrub.shadows import without_shadows
from dumpscrub.span import Span, SpanSet, total

spans = st.builds(lambda start, size: Span(start, start + size), st.integers(0, 60), st.integers(1, 12))
findings = st.lists(
    st.builds(
        Finding,
        st.sampled_from(["one", "two"]),
        st.sampled_from(["class", "other"]),
        st.lists(spans, min_size=1, max_size=3).map(tuple),
        st.sampled_from([Encoding.UTF8, Encoding.UTF16LE, Encoding.UTF16BE]),
        st.sampled_from(list(Origin)),
        st.sampled_from(list(Confidence)),
        st.sampled_from(["mask", "report"]),
        st.lists(st.sampled_from([SecretValue(b"a"), SecretValue(b"b", True)]), max_size=2).map(tuple),
    ),
    max_size=9,
)


def order(finding: Finding) -> tuple[tuple[Span, ...], str, str]:
    return finding.spans, finding.rule, finding.encoding.codec


@given(findings, st.data())
def test_what_goes_in_comes_out(found: list[Finding], data: st.DataObject) -> None:
    table = Findings.collect(found)
    assert list(table) == found
    assert table == found
    assert table != [*found, None]
    assert [finding.values for finding in table] == [finding.values for finding in found]
    assert [table[row] for row in range(-len(found), len(found))] == found * 2
    first, last = data.draw(st.integers(-10, 10)), data.draw(st.integers(-10, 10))
    assert table[first:last] == found[first:last]
    with pytest.raises(IndexError):
        table[len(found)]


@given(findings, findings)
def test_tables_are_joined_and_divided(left: list[Finding], right: list[Finding]) -> None:
    both = Findings.joined(Findings.collect(left), Findings.collect(right))
    assert both == [*left, *right]
    masked = both.are(lambda kind: kind.action == "mask")
    assert both.where(masked) == [finding for finding in (*left, *right) if finding.action == "mask"]
    assert [finding.values for finding in both] == [finding.values for finding in (*left, *right)]


@given(findings)
def test_a_change_is_made_to_all_of_a_kind_and_values_can_be_left_behind(found: list[Finding]) -> None:
    table = Findings.collect(found)
    changed = table.changed(lambda kind: replace(kind, action=kind.rule))
    assert changed == [replace(finding, action=finding.rule) for finding in found]
    assert table.without_values() == found
    assert not any(finding.values for finding in table.without_values())


@given(findings)
def test_in_order_is_as_sorted(found: list[Finding]) -> None:
    ordered = sorted(found, key=order)
    table = Findings.collect(found)
    assert table.in_order() == ordered
    assert table.distinct() == [next(group) for _, group in itertools.groupby(ordered, order)]
    by_place = sorted(found, key=lambda finding: finding.spans)
    first = [next(group) for _, group in itertools.groupby(by_place, lambda finding: finding.spans)]
    assert table.one_for_each_place() == first


@given(findings)
def test_the_first_finding_of_each_kind_and_values(found: list[Finding]) -> None:
    first: dict[object, Finding] = {}
    for finding in found:
        first.setdefault((replace(finding, spans=(), values=()), finding.values), finding)
    assert Findings.collect(found).one_for_each_value() == list(first.values())


@given(findings, st.lists(spans, max_size=4))
def test_bytes_and_lengths(found: list[Finding], others: list[Span]) -> None:
    table, members = Findings.collect(found), SpanSet(others)
    every = [span for finding in found for span in finding.spans]
    assert table.lengths().tolist() == [total(finding.spans) for finding in found]
    assert table.within(members).tolist() == [members.covers(finding.spans) for finding in found]
    assert list(table.bytes().outside(Span(0, 90))) == list(SpanSet(every).outside(Span(0, 90)))
    pieces = sorted(table.pieces(), key=lambda piece: (piece[0], piece[3]))
    assert [Span(start, end) for _, start, end, _ in pieces] == every
    phases = [phase for finding in found for phase in itertools.accumulate(map(len, finding.spans[:-1]), initial=0)]
    assert [phase for *_, phase in pieces] == phases


@given(findings)
def test_a_reading_is_a_shadow_where_the_rule_found_its_low_bytes(found: list[Finding]) -> None:
    def is_shadow(finding: Finding) -> bool:
        little = [other.spans for other in found if other.rule == finding.rule and other.encoding is Encoding.UTF16LE]
        first, *others = finding.spans
        low = Span(first.start + 1, first.end), *others
        return bool(little) and SpanSet(itertools.chain(*little)).covers(low)

    kept = [finding for finding in found if finding.encoding is not Encoding.UTF16BE or not is_shadow(finding)]
    assert without_shadows(found) == sorted(kept, key=order)


def test_a_table_tells_how_many_and_no_more() -> None:
    kind = Finding("r", "c", (Span(0, 4),), Encoding.UTF8, Origin.DIRECT, Confidence.HIGH, "mask", (SecretValue(b"x"),))
    table = Findings.collect([kind] * 5000)
    assert repr(table) == "Findings(5000)"
    assert sum(1 for _ in table) == 5000
    assert table.starts.nbytes + table.ends.nbytes + table.kinds.nbytes + table.values.nbytes == 24 * 5000
    assert len(table.of) == len(table.secrets) == 1
    assert table.take(np.array([4999, 0])) == [kind, kind]


@given(findings, st.lists(spans, max_size=6))
def test_findings_touch_what_they_share_a_byte_with(found: list[Finding], others: list[Span]) -> None:
    expected = [any(one.overlaps(other) for one in each.spans for other in others) for each in found]
    assert Findings.collect(found).touching(SpanSet(others)).tolist() == expected
