"""All engines find every occurrence of every literal, and the same ones."""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from dumpscrub.errors import ConfigError, ScanError
from dumpscrub.search.engines import ENGINES, choose_engine, compile_literals, second_opinion
from dumpscrub.search.literals import Hits, Literal


def brute_force(needles: Sequence[Literal], buffer: bytes) -> Hits:
    hits = []
    for number, needle in enumerate(needles):
        data, text = (needle.data.lower(), buffer.lower()) if needle.caseless else (needle.data, buffer)
        hits += [(at, number) for at in range(len(buffer) - len(data) + 1) if text.startswith(data, at)]
    return sorted(hits)


def find(engine: str, needles: Sequence[Literal], buffer: bytes) -> Hits:
    return compile_literals(needles, engine).find(memoryview(buffer))


@pytest.mark.parametrize("engine", ENGINES)
@given(
    needles=st.lists(
        st.builds(Literal, st.binary(min_size=1, max_size=4).filter(any), st.booleans()),
        min_size=1,
        max_size=8,
        unique=True,
    ),
    pieces=st.lists(st.one_of(st.binary(max_size=3), st.sampled_from([b"ab", b"Ab\0", b"\0\0", b"\xff"])), max_size=30),
)
@settings(max_examples=150, deadline=None)
def test_engine_agrees_with_brute_force(engine: str, needles: list[Literal], pieces: list[bytes]) -> None:
    buffer = b"".join(pieces)
    assert find(engine, needles, buffer) == brute_force(needles, buffer)


@pytest.mark.parametrize("engine", ENGINES)
@given(
    texts=st.lists(st.text("ab", min_size=2, max_size=4), min_size=1, max_size=4, unique=True),
    caseless=st.booleans(),
    pieces=st.lists(st.text("abAB\0", max_size=4), max_size=8),
    shift=st.booleans(),
)
@settings(max_examples=100, deadline=None)
def test_literals_that_differ_by_zeros_at_their_ends(
    engine: str, texts: list[str], caseless: bool, pieces: list[str], shift: bool
) -> None:
    codecs = ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le")
    needles = [Literal(text.encode(codec), caseless) for text in texts for codec in codecs]
    buffer = b"\0" * shift + b"".join(piece.encode(codec) for piece, codec in zip(pieces, codecs * 2, strict=False))
    assert find(engine, needles, buffer) == brute_force(needles, buffer)


@pytest.mark.parametrize("engine", ENGINES)
def test_literals_with_nul_and_metacharacters(engine: str) -> None:
    needles = [Literal(b"p\0a\0", True), Literal(b"a.b*"), Literal(b"\\x41"), Literal(b"\xff\xfe\\")]
    buffer = b"..P\0A\0..a.b*..aXbb..\\x41A..\xff\xfe\\"
    assert find(engine, needles, buffer) == [(2, 0), (8, 1), (20, 2), (27, 3)]


@pytest.mark.parametrize("engine", ENGINES)
def test_caseless_covers_ascii_letters_only(engine: str) -> None:
    needles = [Literal(text.encode("latin-1"), True) for text in ("é!", "É!b", "ks")]
    assert find(engine, needles, "é! É!B É! é!B KS".encode("latin-1")) == [(0, 0), (3, 1), (10, 0), (14, 2)]


@pytest.mark.parametrize("engine", ENGINES)
def test_hits_at_the_edges_of_zero_blocks(engine: str) -> None:
    buffer = bytearray(64 * 4096)
    needle = b"\0\0secret\0\0"
    places = [0, 4096 - 5, 4096 * 9 - len(needle), 4096 * 20, 4096 * 40 + 4090, len(buffer) - len(needle)]
    for place in places:
        buffer[place : place + len(needle)] = needle
    assert find(engine, [Literal(needle)], bytes(buffer)) == [(place, 0) for place in places]


def test_engines_agree_on_many_literals() -> None:
    rng = random.Random(5)
    needles = [Literal(rng.randbytes(rng.randint(3, 32)), rng.random() < 0.5) for _ in range(2000)]
    buffer = b"".join(rng.choice(needles).data + rng.randbytes(rng.randint(0, 9)) for _ in range(5000))
    hits = {engine: find(engine, needles, buffer) for engine in ENGINES}
    assert hits["hyperscan"] == hits["re2"] == hits["aho-corasick"]
    assert len(hits["hyperscan"]) >= 5000


def test_re2_finds_what_stands_behind_a_head_that_was_cut() -> None:
    # So many that only their beginnings are searched, and some begin alike.
    rng = random.Random(6)
    needles = [
        Literal(f"shared head {number % 50} {rng.randbytes(9).hex()}".encode(), True) for number in range(12_000)
    ]
    needles += [Literal(b"Shared", False), Literal(b"shared head", True), Literal(b"X" * 12, False)]
    buffer = b" ".join([needles[7].data.upper(), b"Shared HEAD", b"X" * 13, needles[11_999].data])
    assert find("re2", needles, buffer) == find("hyperscan", needles, buffer)
    assert {7, 11_999, 12_000, 12_001, 12_002} <= {number for _, number in find("re2", needles, buffer)}


@pytest.mark.parametrize("engine", ENGINES)
def test_no_literals_no_hits(engine: str) -> None:
    assert find(engine, [], b"anything") == []


def test_a_literal_of_zeros_is_refused() -> None:
    with pytest.raises(ScanError, match="nothing but zero bytes"):
        compile_literals([Literal(b"\0\0")], "hyperscan")


def test_unknown_engine_names_the_choices() -> None:
    with pytest.raises(ConfigError, match="unknown engine 'grep': choose auto, hyperscan, re2, aho-corasick"):
        choose_engine("grep")


def test_without_hyperscan_another_engine_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hyperscan", None)  # its import then fails
    assert choose_engine("auto") == "re2"
    with pytest.raises(ConfigError, match="use --engine re2"):
        choose_engine("hyperscan")


@pytest.mark.parametrize("engine", ENGINES)
def test_the_second_opinion_is_another_engine(engine: str) -> None:
    assert second_opinion(engine) in set(ENGINES) - {engine, "hyperscan"}


def test_the_expression_is_not_kept_by_the_module() -> None:
    # It may hold values, and large sets of them are large.
    value = b"a value that is nowhere else"
    compile_literals([Literal(value)], "re2")
    assert re2._Regexp._make.cache_info().currsize == 0
