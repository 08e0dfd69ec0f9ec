"""Needles that begin in a row: found at the same places as by comparing each place, in few comparisons."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dumpscrub.layout import LayoutBuilder, RegionKind
from dumpscrub.model import Dump, SecretValue
from dumpscrub.progress import silent
from dumpscrub.search import repeats
from dumpscrub.search.copies import FewCopies
from dumpscrub.search.finder import Finder, Search
from dumpscrub.search.forms import forms
from dumpscrub.search.literals import Literal
from dumpscrub.search.repeats import Hit, Repeats, thinned
from dumpscrub.source import BytesSource
from dumpscrub.span import Span, union
from dumpscrub.walks import Texts


def dump(data: bytes) -> Dump:
    builder = LayoutBuilder(len(data))
    builder.add(0, len(data), RegionKind.HEAP, "heap", 0x1000)
    return Dump("test", BytesSource(data), builder.build())


def covered(data: bytes, needles: list[bytes], hits: list[Hit]) -> tuple[Span, ...]:
    assert all(data.startswith(needles[number], at) for at, number in hits)
    return union(Span(at, at + len(needles[number])) for at, number in hits)


def everywhere(data: bytes, needles: list[bytes]) -> list[Hit]:
    return [(at, n) for n, needle in enumerate(needles) for at in range(len(data)) if data.startswith(needle, at)]


@pytest.mark.parametrize("seed", range(12))
def test_the_bytes_found_are_those_that_brute_force_finds(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeats, "MANY", seed % 3)
    monkeypatch.setattr(repeats, "_AHEAD", 128)
    rng = Random(seed)
    period = rng.choice((b"a", b"ab", b"pwd=", b"abc"))
    row = period * 80
    tails = [row[: rng.randrange(20, 200)] + rng.choice((b"", b"", b"x", b"ab")) for _ in range(6)]
    needles = sorted(dict.fromkeys(tails), key=len, reverse=True)
    data = b"".join(rng.choice((row[: rng.randrange(240)], b"x", b"\0\0", *needles)) for _ in range(40)) + b"\0"
    finder = Finder(
        [Literal(needle) for needle in needles], Search("hyperscan", 1, rng.choice((300, 4096))), copies=True
    )
    hits = [hit for some in finder.find(dump(data), "", silent) for hit in some]
    assert covered(data, needles, hits) == covered(data, needles, everywhere(data, needles))


def test_values_of_one_period_are_compared_a_few_times(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[int] = []
    begin, is_at = Finder._begin, Repeats._is_at

    def begins(self: Finder, *rest: Any) -> int | None:
        compared.append(1)
        return begin(self, *rest)

    def stands(self: Repeats, *rest: Any) -> bool:
        compared.append(1)
        return is_at(self, *rest)

    monkeypatch.setattr(Finder, "_begin", begins)
    monkeypatch.setattr(Repeats, "_is_at", stands)
    needles = [b"ab" * (20 + number) + b"c" * (number % 2) for number in range(100)][::-1]
    finder = Finder([Literal(needle) for needle in needles], Search("hyperscan"), copies=True)
    data = dump(b"ab" * 50_000)
    hits = [hit for some in finder.find(data, "", silent) for hit in some]
    assert union(Span(at, at + len(needles[number])) for at, number in hits) == (Span(0, 100_000),)
    assert len(compared) < 30_000, "it was each of 50,000 places with each of 100 values"


def test_where_memory_is_cut_the_longest_piece_of_a_period_counts() -> None:
    members = [(0, form) for form in forms(SecretValue(b"pwd=" * 500))]
    finder = FewCopies(members, Search("hyperscan"))
    data = bytes(8) + b"pwd=" * 300
    found = list(finder.pieces(dump(data), Texts.one((Span(0, len(data)),)), at_end=True))
    assert [spans for spans, _ in found][:1] == [(Span(8, len(data)),)]
    assert len(found) < 10


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 1)), max_size=30))
def test_hits_within_others_of_the_same_needle_are_left_out(places: list[Hit]) -> None:
    sizes = (6, 4)
    hits = sorted(places)
    kept = list(thinned(hits, lambda hit: sizes[hit[1]]))
    assert set(kept) <= set(hits)
    whole = union(Span(at, at + sizes[number]) for at, number in hits)
    assert union(Span(at, at + sizes[number]) for at, number in kept) == whole
    assert list(thinned(hits, lambda hit: 0)) == hits


def test_of_a_row_only_so_many_hits_stay_as_cover_it() -> None:
    kept = list(thinned([(at, 0) for at in range(0, 1000, 2)], lambda hit: 100))
    assert len(kept) < 25
    assert union(Span(at, at + 100) for at, _ in kept) == (Span(0, 1098),)
