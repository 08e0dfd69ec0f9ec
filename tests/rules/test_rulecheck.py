"""Every example of every shipped rule, in every encoding, at every place; and rules that fail the test."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from dumpscrub.rulecheck import check_rules
from dumpscrub.rules.load import load_rules, parse
from dumpscrub.rules.schema import RuleSet

OURS = r"""
[[rule]]
id = "our-token"
name = "Our token"
categories = ["token"]
anchors = ["OUR-"]
pattern = '(?P<secret>OUR-[A-Z0-9]{12})'
after = 24
examples = ['x <<OUR-[A-Z]{12}>>', '<<OUR-\d{12}>>']
negative_examples = ['OUR-<~[A-Z]{3}~>']
references = ["https://example.org/tokens"]
"""
_COUNT = re.compile(r"(<<(?:\\w|\[[^\]]+\]))\{\d+\}(.*?>>)")
_ESCAPED = re.compile(r"\\\\|u0022|&quot;|%22")
PLACES = (
    "alone in a region",
    "at the start of a region",
    "at the end of a region",
    "at an even offset",
    "at an odd offset",
    "across a chunk boundary",
)
ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le")


def problems(text: str) -> list[str]:
    return [str(problem) for problem in check_rules(RuleSet(parse(text, "ours.toml")), "hyperscan")]


@pytest.mark.parametrize(("engine", "step"), [("hyperscan", 1), ("re2", 16), ("aho-corasick", 16)])
def test_the_shipped_rules_pass(engine: str, step: int) -> None:
    """All by one engine, every sixteenth by the others: that engines find the same is what their own tests say."""
    rules = RuleSet(load_rules().rules[::step])
    assert [str(problem) for problem in check_rules(rules, engine)] == []


def _longer(example: str, length: int) -> str:
    return _COUNT.sub(rf"\1{{{length}}}\2", example) if length < 2000 or not _ESCAPED.search(example) else example


@pytest.mark.parametrize("length", [200, 1500, 20_000])
def test_what_open_rules_look_for_may_be_long(length: int) -> None:
    """With examples that are as long as that; what escaped quotes hold may have as many characters as the window."""
    rules = tuple(rule for rule in load_rules().rules if rule.open)
    assert rules
    longer = tuple(
        replace(rule, examples=tuple(_longer(example, length) for example in rule.examples)) for rule in rules
    )
    assert [str(problem) for problem in check_rules(RuleSet(longer), "hyperscan")] == []


def test_the_pack_holds_what_it_promises() -> None:
    rules = load_rules().rules
    categories = {category for rule in rules for category in rule.categories}
    assert len([rule for rule in rules if rule.detector == "pattern"]) >= 60
    assert {"octopus", "connection-string", "azure", "aws", "github", "http", "identifier"} <= categories
    assert {rule.action.value for rule in rules if rule.category == "identifier"} == {"report"}


def test_a_good_rule_passes() -> None:
    assert problems(OURS) == []


def test_the_examples_of_a_rule_that_is_off_are_tried_too() -> None:
    off = OURS.replace("after = 24", 'after = 24\naction = "off"')
    assert problems(off) == []
    assert problems(off.replace("{12})'", "{13})'"))


def test_a_missed_example_is_named_with_each_encoding_and_place() -> None:
    found = problems(OURS.replace("{12})'", "{13})'"))
    expected = [
        f"our-token: example {number} in {encoding}, {place}: not found"
        for number in (1, 2)
        for encoding in ENCODINGS
        for place in PLACES
    ]
    assert found == expected


def test_a_wrong_span_is_a_problem() -> None:
    found = problems(OURS.replace("(?P<secret>OUR-", "OUR-(?P<secret>"))
    assert (
        "our-token: example 1 in utf-8, alone in a region: not found where it stands, or found elsewhere too" in found
    )


def test_a_found_negative_example_is_a_problem() -> None:
    found = problems(OURS.replace("<~[A-Z]{3}~>", "<~[A-Z]{12}~>"))
    assert "our-token: negative example 1 in utf-16-le, at an odd offset: found, but must not be" in found


def test_a_boundary_that_forgets_nul_fails() -> None:
    found = problems(OURS.replace("{12})'", r"{12})(?:\s|$)'"))
    assert "our-token: example 1 in utf-8, at an even offset: not found" in found


def test_a_window_that_begins_too_late_fails() -> None:
    found = problems(OURS.replace("'(?P<secret>OUR-", "'x (?P<secret>OUR-"))
    assert "our-token: example 1 in utf-8, alone in a region: not found" in found


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pattern": "(?P<secret>OUR-"}, "the pattern does not compile"),
        ({"validator": "none-such"}, "unknown validator 'none-such'"),
        ({"decoders": ("none-such",)}, "unknown decoder 'none-such'"),
        ({"detector": "none-such"}, "unknown detector"),
    ],
)
def test_a_rule_that_cannot_be_built_is_a_problem(change: dict[str, object], message: str) -> None:
    (rule,) = parse(OURS, "ours.toml")
    found = check_rules(RuleSet((replace(rule, **change),)), "hyperscan")  # type: ignore[arg-type]
    assert any(message in problem.message for problem in found)
