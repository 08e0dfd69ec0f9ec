"""Which literals stand in every match of a pattern."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dumpscrub.rules.imports.literals import required
from dumpscrub.rules.imports.nodes import UNBOUNDED
from dumpscrub.rules.imports.syntax import read


@pytest.mark.parametrize(
    ("pattern", "texts", "lead"),
    [
        ("abc_[a-z]{3}", {"abc_"}, 0),
        ("(?i)ABC", {"abc"}, 0),
        (r"\b(?:foo|barbaz)[0-9]", {"foo", "barbaz"}, 0),
        ("[a-z]{0,20}acme", {"acme"}, 20),
        ("x+acme", {"acme"}, UNBOUNDED),
        ("key[_-]?id", {"key_id", "key-id", "keyid"}, 0),
        ("(?:ab){2}[0-9]", {"abab"}, 0),
        ("(?:abcd)+", {"abcd"}, 0),
        ("(?:abc|abcd)[0-9]", {"abc"}, 0),
        ("(?:abc)?defg", {"defg"}, 3),
        ("(?:aaaa|bcd)", {"aaaa", "bcd"}, 0),
        ("(?:one|two)[0-9]{5}(?:longer)", {"longer"}, 8),
        ("aaaaaa[0-9]xyz", {"xyz"}, 7),
        ('["x]?name', {"name"}, 1),
    ],
)
def test_the_best_literals(pattern: str, texts: set[str], lead: int) -> None:
    found = required(read(pattern))
    assert found is not None
    assert (set(found.texts), found.lead) == (texts, lead)


@pytest.mark.parametrize("pattern", ["[a-z]{20}", "ab[0-9]cd", "(?:abc|[a-z]{3})", "(?:abc)*", "", "(?:abc|)d"])
def test_some_patterns_have_none(pattern: str) -> None:
    assert required(read(pattern)) is None


def test_common_words_are_the_last_resort() -> None:
    found = required(read("(?:secret|token)[0-9]{2}acm"), ["secret", "token"])
    assert found is not None
    assert found.texts == {"acm"}
    only = required(read("(?:secret|token)[0-9]{2}"), ["secret", "token"])
    assert only is not None
    assert only.texts == {"secret", "token"}


PATTERN = st.recursive(
    st.sampled_from(["abc", "cab", "a", "[ab]", "[a-c]", "bca?"]),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: f"(?:{'|'.join(parts)})"),
        st.tuples(inner, st.sampled_from(["?", "{2}", "{1,2}", "*"])).map(lambda pair: f"(?:{pair[0]}){pair[1]}"),
    ),
    max_leaves=8,
)


@given(PATTERN, st.data())
def test_one_stands_in_every_match_no_further_behind_than_said(pattern: str, data: st.DataObject) -> None:
    found = required(read(pattern))
    if not found:
        return
    text = data.draw(st.from_regex(re.compile(pattern), fullmatch=True, alphabet=st.sampled_from("abc")))
    places = [text.find(each) for each in found.texts if each in text]
    assert places
    assert min(places) <= found.lead
