"""Memory that stands in the file more than once: no range that holds a secret's addresses keeps a piece of it."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dumpscrub.layout import Layout, LayoutBuilder, RegionKind
from dumpscrub.model import Confidence, Dump, Encoding, Finding, Origin, SecretValue
from dumpscrub.overlaps import again
from dumpscrub.plan import plan
from dumpscrub.propagation import Sweeper, seeds_of
from dumpscrub.search.finder import Search
from dumpscrub.source import BytesSource
from dumpscrub.span import Span

BASE = 0x10000


def layout(*ranges: tuple[int, int]) -> Layout:
    """Ranges (address, length) that follow each other in the file."""
    builder, at = LayoutBuilder(sum(length for _, length in ranges)), 0
    for address, length in ranges:
        builder.add(at, length, RegionKind.HEAP, "heap", address)
        at += length
    return builder.build()


def finding(*spans: Span, origin: Origin = Origin.DIRECT) -> Finding:
    return Finding("r", "c", spans, Encoding.UTF16LE, origin, Confidence.HIGH, "mask", (SecretValue(b"value"),))


def test_a_range_that_begins_within_a_secret() -> None:
    (copy,) = again(layout((BASE, 100), (BASE + 55, 100)), [finding(Span(50, 70))])
    assert copy.spans == (Span(50, 55), Span(100, 115))
    assert (copy.origin, copy.values) == (Origin.PROPAGATED, ())


def test_a_range_that_ends_within_a_secret() -> None:
    (copy,) = again(layout((BASE, 100), (BASE - 40, 101)), [finding(Span(50, 70), origin=Origin.KNOWN)])
    assert copy.spans == (Span(190, 201), Span(61, 70))
    assert copy.origin is Origin.KNOWN


def test_a_range_that_holds_the_middle_of_a_secret() -> None:
    (copy,) = again(layout((BASE, 100), (BASE + 52, 9)), [finding(Span(50, 70))])
    assert copy.spans == (Span(50, 52), Span(100, 109), Span(61, 70))


def test_what_was_found_on_both_ways_is_not_found_again() -> None:
    assert again(layout((BASE, 100), (BASE, 100)), [finding(Span(50, 70)), finding(Span(150, 170))]) == ()


def test_no_two_ranges_overlap() -> None:
    assert again(layout((BASE, 100), (BASE + 100, 100)), [finding(Span(90, 110))]) == ()


@pytest.mark.parametrize("address", [2**63, 2**64 - 5000])
def test_high_addresses_are_exact(address: int) -> None:
    (copy,) = again(layout((address, 100), (address + 52, 9)), [finding(Span(50, 70))])
    assert copy.spans[1] == Span(100, 109)


def test_ranges_that_run_past_the_end_of_the_address_space() -> None:
    (copy,) = again(layout((2**64 - 40, 100), (2**64 - 30, 60)), [finding(Span(15, 30)), finding(Span(60, 70))])
    assert copy.spans == (Span(105, 120),)


@given(seed=st.integers(0, 2**32), cuts=st.lists(st.tuples(st.integers(0, 199), st.integers(1, 60)), max_size=6))
@settings(max_examples=40, deadline=None)
@example(seed=3552, cuts=[(0, 31), (0, 1)])  # a piece whose memory goes on elsewhere was masked along the file
def test_no_piece_of_a_value_is_left_in_any_range(seed: int, cuts: Sequence[tuple[int, int]]) -> None:
    rng = random.Random(seed)
    value = "".join(rng.choices("ABCDEFGHJKLMNPQRSTUVWXYZ23456789", k=24))
    at = rng.randrange(150)
    memory = bytes(at) + value.encode("utf-16-le") + bytes(210 - at)
    ranges = [(0, len(memory)), *cuts]
    rng.shuffle(ranges)
    data = b"".join(memory[start : start + length] for start, length in ranges)
    lengths = [(BASE + start, len(memory[start : start + length])) for start, length in ranges]
    dump = Dump("test", BytesSource(data), layout(*lengths))
    seeds = seeds_of((), [SecretValue(value.encode())])
    copies = Sweeper(seeds, Search("aho-corasick")).sweep(dump)
    patched = bytearray(data)
    for edit in plan(dump, (*copies, *again(dump.layout, copies))):
        patched[edit.span.start : edit.span.end] = edit.replacement
    assert not set(value.encode()) & set(patched)
