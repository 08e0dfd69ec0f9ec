"""The matches that contain an anchor are those that a search through the whole text would come upon."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from dumpscrub.detectors import build_detectors
from dumpscrub.detectors.expression import Expression, Expressions, Groups
from dumpscrub.errors import RuleError
from dumpscrub.layout import LayoutBuilder, RegionKind
from dumpscrub.model import Dump
from dumpscrub.rules.schema import Rule, RuleSet
from dumpscrub.scanner import Scanner
from dumpscrub.search.finder import Search
from dumpscrub.source import BytesSource

PATTERNS = (
    "(?P<secret>a+)",
    "(?P<secret>a*?)b",
    "^(?P<secret>.)k",
    "(?:^|[^y])k(?P<secret>[ab]+)(?:$|;)",
    r"\bk(?P<secret>a|b+)\b",
    "(?P<secret>[abk]{2,4}?)(?P<secret2>k)?",
    "a|k(?P<secret>b*)",
    r"(?i)\Qk\E(?P<secret>A?)",
)


def rule(pattern: str, before: int) -> Rule:
    return Rule("mine", "Mine", ("x",), anchors=("k",), pattern=pattern, before=before)


def searched(pattern: str, before: int, text: bytes, anchor: int) -> list[list[tuple[int, int]]]:
    """The same by RE2's own search from the first byte on: slow and plain."""
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    expression = re2.compile(pattern.encode(), options)
    every = expression.finditer(text) if before else [found for found in [expression.match(text, anchor)] if found]
    return [
        [found.span(group) for group in range(expression.groups + 1)]
        for found in every
        if found.start() <= anchor < found.end()
    ]


def shown(expression: Expression, found: list[Groups]) -> list[list[tuple[int, int]]]:
    return [groups[expression.whole :] for groups in found]


@given(
    st.sampled_from(PATTERNS),
    st.sampled_from([0, 1, 3, 70]),
    st.text("abky;A", min_size=1, max_size=12).map(str.encode),
    st.data(),
)
def test_the_matches_are_those_of_a_search(pattern: str, before: int, text: bytes, data: st.DataObject) -> None:
    anchor = data.draw(st.integers(0, min(len(text) - 1, before + 1)))
    expression = Expression.of(rule(pattern, before), pattern, before)
    assert shown(expression, expression.containing(text, anchor)) == searched(pattern, before, text, anchor)


@pytest.mark.parametrize("before", [0, 1, 70])
def test_a_pattern_that_brackets_around_it_would_balance_does_not_compile(before: int) -> None:
    with pytest.raises(RuleError, match="rule mine: the pattern does not compile"):
        Expressions(rule("(?P<secret>k))|(?:k", before))


def test_the_patterns_of_the_pack_are_compiled_when_they_are_needed() -> None:
    broken = replace(rule("(?P<secret>k", 0), shipped=True)
    expressions = Expressions(broken)
    with pytest.raises(RuleError, match="rule mine: the pattern does not compile"):
        expressions.compiled()


def test_a_pattern_that_does_not_compile_fails_the_run_even_then() -> None:
    detectors = build_detectors(RuleSet((replace(rule("(?P<secret>k", 0), shipped=True),)))
    data = b"a k and a lock"
    builder = LayoutBuilder(len(data))
    builder.add(0, len(data), RegionKind.MEMORY, "text", 1 << 32)
    with pytest.raises(RuleError, match="rule mine: the pattern does not compile"):
        Scanner(detectors, Search("re2")).scan(Dump("raw", BytesSource(data), builder.build()))


def test_threads_may_compile_at_once() -> None:
    expressions = Expressions(replace(rule("(?P<secret>k)", 0), shipped=True))
    with ThreadPoolExecutor(4) as threads:
        compiled = set(threads.map(lambda _: id(expressions.compiled()), range(32)))
    assert len(compiled) == 1


def test_the_reverse_is_tried_where_the_pattern_finds_nothing() -> None:
    both = replace(rule("key=(?P<secret>[0-9]+)", 9), reverse="(?P<secret>[0-9]+)=key", anchors=("key",))
    pattern, reverse = Expressions(both).compiled()
    assert pattern.containing(b"12=key=34", 3) == [[(3, 9), (7, 9)]]
    assert pattern.containing(b"12=key", 3) == []
    assert shown(reverse, reverse.containing(b"12=key", 3)) == [[(0, 6), (0, 2)]]
