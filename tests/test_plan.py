"""Edits never overlap, keep the length, and leave alone what a debugger follows."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dumpscrub.layout import LayoutBuilder
from dumpscrub.model import Confidence, Dump, Edit, Encoding, Finding, Origin
from dumpscrub.plan import changing, overlay, plan
from dumpscrub.source import BytesSource
from dumpscrub.span import Span

SIZE = 200


def dump(protected: tuple[Span, ...] = ()) -> Dump:
    return Dump("raw", BytesSource(bytes(SIZE)), LayoutBuilder(SIZE).build(), protected=protected)


def finding(*spans: Span, encoding: Encoding = Encoding.UTF8, action: str = "mask") -> Finding:
    return Finding("rule", "class", spans, encoding, Origin.DIRECT, Confidence.HIGH, action)


def edits(*findings: Finding, protected: tuple[Span, ...] = ()) -> list[tuple[int, bytes]]:
    return [(edit.span.start, edit.replacement) for edit in plan(dump(protected), findings)]


def test_masks_read_as_stars_in_their_encoding() -> None:
    assert edits(finding(Span(3, 6))) == [(3, b"***")]
    assert edits(finding(Span(3, 7), encoding=Encoding.UTF16LE)) == [(3, b"*\0*\0")]
    assert edits(finding(Span(3, 7), encoding=Encoding.UTF16BE)) == [(3, b"\0*\0*")]


def test_a_unit_split_in_the_file_keeps_its_phase() -> None:
    assert edits(finding(Span(10, 13), Span(50, 53), encoding=Encoding.UTF16LE)) == [(10, b"*\0*"), (50, b"\0*\0")]


def test_overlapping_findings_become_one_edit() -> None:
    assert edits(finding(Span(5, 9)), finding(Span(7, 12)), finding(Span(12, 14))) == [(5, b"*" * 9)]
    assert edits(finding(Span(5, 20)), finding(Span(7, 12))) == [(5, b"*" * 15)]


def test_utf_16_be_and_le_readings_of_the_same_text_write_the_same() -> None:
    both = finding(Span(9, 15), encoding=Encoding.UTF16BE), finding(Span(10, 16), encoding=Encoding.UTF16LE)
    assert edits(*both) == [(9, b"\0*\0*\0*\0")]


def test_reported_and_protected_findings_are_not_edited() -> None:
    assert edits(finding(Span(5, 9), action="report"), finding(Span(5, 9), action="protected")) == []


def test_headers_of_objects_behind_text_in_a_java_heap_dump_stay() -> None:
    header = bytes.fromhex("00000000d5f2a1b8 00000001 0000001c")
    for head, size in ((b"JAVA PROFILE 1.0.2\0", 8), (b"something else.....", 9)):
        data = head + b"hunter12!" + header
        memory = Dump("raw", BytesSource(data), LayoutBuilder(len(data)).build())
        whole, tag = Span(len(head), len(head) + 9), Span(len(head) + 8, len(head) + 9)
        made = plan(memory, [finding(whole), finding(tag)])
        assert [(edit.span.start, edit.replacement) for edit in made] == [(len(head), b"*" * size)]


def test_protected_bytes_stay() -> None:
    protected = (Span(2, 4), Span(6, 8), Span(40, 60))
    assert edits(finding(Span(3, 12)), finding(Span(41, 50)), protected=protected) == [(4, b"**"), (8, b"****")]


spans = st.builds(lambda start, length: Span(start, start + length), st.integers(0, 150), st.integers(1, 40))
findings = st.builds(finding, spans, encoding=st.sampled_from([Encoding.UTF8, Encoding.UTF16LE, Encoding.BINARY]))


@given(st.lists(findings, max_size=12), st.lists(spans, max_size=4))
def test_edits_are_the_union_less_the_protected_bytes(found: list[Finding], protected: list[Span]) -> None:
    made = plan(dump(tuple(sorted(protected))), found)
    wanted = {byte for f in found for span in f.spans for byte in range(span.start, span.end)}
    wanted -= {byte for span in protected for byte in range(span.start, span.end)}
    written = [byte for edit in made for byte in range(edit.span.start, edit.span.end)]
    assert sorted(wanted) == written
    assert all(len(edit.replacement) == len(edit.span) for edit in made)


@given(st.lists(findings, max_size=8), st.lists(findings, max_size=8))
def test_overlay_is_what_two_rounds_of_writes_leave(first: list[Finding], second: list[Finding]) -> None:
    under, over = plan(dump(), first), plan(dump(), second)
    expected, got = bytearray(SIZE), bytearray(SIZE)
    for edit in (*under, *over):
        expected[edit.span.start : edit.span.end] = edit.replacement
    both = overlay(under, over)
    for edit in both:
        got[edit.span.start : edit.span.end] = edit.replacement
    assert got == expected
    assert all(left.span.end <= right.span.start for left, right in itertools.pairwise(both))


def test_an_edit_that_changes_nothing_is_no_work() -> None:
    source = BytesSource(b"abc***xyz")
    masked, open_text = Edit(Span(3, 6), b"***", "mask"), Edit(Span(6, 9), b"***", "mask")
    assert changing(source, (masked, open_text)) == (open_text,)


@pytest.mark.parametrize("masked", [b"\0*\0*\0*", b"*\0*\0*\0", b"**\0*\0\0", b"*\0\0\0**"])
def test_masks_that_overlap_in_several_alignments_are_no_work(masked: bytes) -> None:
    edit = Edit(Span(0, 6), b"*\0*\0*\0", "mask")
    assert changing(BytesSource(masked), (edit,)) == ()
    assert changing(BytesSource(masked[:-1] + b"x"), (edit,)) == (edit,)
