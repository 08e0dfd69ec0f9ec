"""What is wrong with a table is said in one line."""

from __future__ import annotations

import pytest

from dumpscrub.rules.check import Problem, check
from dumpscrub.rules.load import load_rules, parse
from dumpscrub.rules.schema import RuleSet

GOOD = r"""
[[rule]]
id = "our-token"
name = "Our token"
categories = ["token"]
anchors = ["OUR-"]
pattern = '(?P<secret>OUR-[A-Z0-9]{12})'
examples = ['x <<OUR-[A-Z]{12}>>', '<<OUR-\d{12}>>']
negative_examples = ['OUR-<~[A-Z]{3}~>']
references = ["https://example.org/tokens"]
"""


def messages(text: str) -> list[str]:
    return [str(problem) for problem in check(RuleSet(parse(text, "ours.toml")))]


def test_a_good_rule_has_no_problem() -> None:
    assert messages(GOOD) == []


def test_the_shipped_rules_have_no_problem() -> None:
    assert check(load_rules()) == ()


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('["OUR-"]', '["OU"]', "the anchor 'OU' is shorter than 3 bytes"),
        ('["OUR-"]', '["Oür-"]', "the anchor 'Oür-' is not ASCII: write caseless = false"),
        ('["OUR-"]', '["OUR-", "OUR-"]', "an anchor stands twice"),
        ("?P<secret>", "?P<value>", "the pattern has no group named secret: write (?P<secret>...)"),
        (r", '<<OUR-\d{12}>>'", "", "give at least 2 examples"),
        ("['OUR-<~[A-Z]{3}~>']", "[]", "give at least 1 negative example"),
        (r"'<<OUR-\d{12}>>'", r"'OUR-123'", "example 2 marks no secret: write <<...>>"),
        ("<~[A-Z]{3}~>", "<<[A-Z]{3}>>", "negative example 1 marks a secret: write <~...~>"),
        (r"\d{12}>>", r"[\d>>", "example 2: an example holds an expression that cannot be read"),
        ('["https://example.org/tokens"]', "[]", "name at least one reference: where the format is described"),
        ('name = "Our token"', 'name = " "', "the name is empty"),
    ],
)
def test_each_problem_is_named(old: str, new: str, problem: str) -> None:
    assert old in GOOD
    found = messages(GOOD.replace(old, new))
    assert len(found) == 1
    assert found[0].startswith(f"our-token: {problem}")


def test_an_id_stands_once() -> None:
    (rule,) = parse(GOOD, "ours.toml")
    problem = Problem("our-token", "another rule has this id: give one of them another")
    assert check(RuleSet((rule, rule))) == (problem, problem)


def test_an_anchor_in_another_script_has_its_case() -> None:
    other = GOOD.replace('["OUR-"]', '["密码"]')
    assert messages(other) == ["our-token: the anchor '密码' is not ASCII: write caseless = false"]
    assert messages(other.replace("pattern =", "caseless = false\npattern =")) == []
