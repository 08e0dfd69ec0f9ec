"""Patterns read and written again match what they matched; compared with Python's own expressions."""

from __future__ import annotations

import re

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from dumpscrub.errors import RuleError
from dumpscrub.rules.imports.nodes import UNBOUNDED, captures, longest
from dumpscrub.rules.imports.render import render
from dumpscrub.rules.imports.syntax import read

PATTERNS = (
    "abc",
    "(?i)abC|d",
    "a(?i)b|c",
    "(?i:a)b",
    "(?i-s:a.)b",
    "[a-c]{2,3}?x*",
    "[^ab]+b?",
    r"[\]\-^a]",
    "[]a]",
    "[-a]b|[a-]c",
    r"\bab\b|\Bc",
    "^a|b$",
    "(?m)^a$",
    "(?s)a.b",
    "a.b",
    "(a|b)(?P<named>c)?",
    "(?:a|b|(?:c|ab))+",
    r"\d\w\s|\x61\n",
    r"\D\W\S",
    r"a{2}|b{1,}|c{0,2}",
    r"a{x}|{2",
    "(a|)b",
    r"\(\.\[\{",
)


def rendered(pattern: str) -> str:
    tree = read(pattern)
    return render(tree, {each.number: f"g{each.number}" for each in captures(tree)})


def compiled(pattern: str) -> re2._Regexp:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    return re2.compile(pattern.encode("latin-1"), options)


def python(pattern: str) -> re.Pattern[bytes]:
    """The same for Python, which wants flags first and escapes otherwise."""
    return re.compile({"a(?i)b|c": "a(?i:b|c)", "a{x}|{2": r"a\{x\}|\{2"}.get(pattern, pattern).encode("latin-1"))


@given(st.sampled_from([p for p in PATTERNS if p != "a(?i)b|c"]), st.text("abcABCdx1 \n.-]^({2[", max_size=10))
def test_a_pattern_means_what_it_meant(pattern: str, text: str) -> None:
    data = text.encode()
    theirs = python(pattern).search(data)
    ours = compiled(rendered(pattern)).search(data)
    assert (ours and [ours.span(n) for n in range(ours.re.groups + 1)]) == (
        theirs and [theirs.span(n) for n in range(theirs.re.groups + 1)]
    )


@pytest.mark.parametrize(
    ("pattern", "written"),
    [
        ("(?i)abc-1", "(?i:abc-1)"),
        ("a(?i)b|c", "(?:a(?i:b)|(?i:c))"),
        ("(?i)(?:ab|cd)", "(?i:ab|cd)"),
        ("(?xi) a # remark\n [ b] (?# another ) \\ c", "(?i:ab c)"),
        ("(?:.|[\\n\\r]){0,8}?", r"[\x00-\xff]{0,8}?"),
        ("(?<one>a)(?P<two>b)", "(?P<g1>a)(?P<g2>b)"),
        ("[[:alnum:]_][[:^digit:]]", r"[0-9A-Z_a-z][^0-9]"),
        (r"\h\x{1F600}\u00e9", "[\\x09 ]\\xff\\xe9"),
        ("a++b*+c?+", "a+b*c?"),
        ("(?U)a+b+?", "a+?b+"),
        ("a{0,2000}b{1500}", "a*b{1000,}"),
        ("(?:a{20}b){0,60}", "(?:a{20}b)*"),
        (r"\A'a'\z", r"^\x27a\x27$"),
        ("(?m:^a$)", "(?m:^)a(?m:$)"),
    ],
)
def test_what_python_does_not_know(pattern: str, written: str) -> None:
    assert rendered(pattern) == written
    compiled(written)


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("a(?=b)", "look-around is not supported"),
        ("(?<!a)b", "look-around is not supported"),
        ("(?>a)", "(?> is not supported"),
        (r"(a)\1", "back-references are not supported"),
        (r"\p{L}", r"\p is not supported"),
        ("(a", "an opening bracket has no closing one"),
        ("a)", "a closing bracket has no opening one"),
        ("[a", "a class has no end"),
        ("[b-a]", "a range of a class ends before its beginning"),
        ("[a-z&&b]", "operations on classes are not supported"),
        ("*a", "* repeats nothing"),
        ("a{3,2}", "a count ends below its beginning"),
        ("(?q)a", "the flag q is not supported"),
        ("(" * 100 + ")" * 100, "groups are nested too deeply"),
    ],
)
def test_what_cannot_be_carried_over_has_a_reason(pattern: str, reason: str) -> None:
    with pytest.raises(RuleError) as caught:
        read(pattern)
    assert str(caught.value) == reason


@given(st.text("abx()[]{}|?*+\\.^$-,:#12<>=!iP \n", max_size=30))
def test_any_text_is_read_or_refused(pattern: str) -> None:
    try:
        tree = read(pattern)
    except RuleError:
        return
    assert longest(tree) <= UNBOUNDED


@pytest.mark.parametrize(("pattern", "most"), [("a[bc]?", 2), ("(?:ab|c){2,3}", 6), ("a*", UNBOUNDED), (r"\b$", 0)])
def test_the_longest_match_is_known(pattern: str, most: int) -> None:
    assert longest(read(pattern)) == most
