"""The recall of the pack on generated secrets: a small run of ``make recall``, and what it counts."""

from __future__ import annotations

import pytest

from benchmarks import recall
from benchmarks.recall import CONTEXTUAL, FIXED, FORMS, LEAST, Tally, Text
from dumpscrub.rules.load import load_rules, parse
from dumpscrub.rules.schema import RuleSet

RULES = """
[[rule]]
id = "acme-key"
name = "Acme key"
categories = ["token"]
anchors = ["acme_"]
pattern = '(?P<secret>acme_[a-z]{24})'
examples = ['<<acme_[a-z]{24}>>', 'k=<<acme_[a-z]{24}>>']

[[rule]]
id = "acme-password"
name = "Acme password"
categories = ["password"]
anchors = ["acme-password"]
pattern = 'acme-password"[:=]\\s*"(?P<secret>[a-z]{16})"'
examples = ['{"acme-password":"<<[a-z]{16}>>"}']
"""


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return RuleSet(parse(RULES, "acme.toml"))


def test_a_fixed_format_is_planted_in_every_context(rules: RuleSet) -> None:
    planted = [text for text in recall.texts(rules.rules, [1, 2]) if text.rule.id == "acme-key"]
    assert [text.where for text in planted] == ["bare", *recall.NOTATIONS, "bare", *recall.NOTATIONS]
    assert {text.kind for text in planted} == {FIXED}
    assert {text.text[slice(*text.secrets[0])][:5] for text in planted} == {"acme_"}


def test_a_name_stands_beside_the_value_in_every_notation(rules: RuleSet) -> None:
    planted = [text for text in recall.texts(rules.rules, [1]) if text.rule.id == "acme-password"]
    assert [text.where for text in planted] == ["example", *recall.NOTATIONS]
    assert {text.kind for text in planted} == {CONTEXTUAL}
    assert all("acme-password" in text.text for text in planted)
    assert {text.family for text in planted} == {"acme"}


def test_what_is_found_is_counted_by_form(rules: RuleSet) -> None:
    tally = recall.measure(rules, list(recall.texts(rules.rules, [1])))
    assert {tally.share(FIXED, form) for form in FORMS} == {100.0}
    assert {tally.share(CONTEXTUAL, form) for form in FORMS} == {40.0}
    assert not tally.enough
    assert "acme-password: 18 of 30 missed" in recall.table(tally)


def test_the_pack_finds_what_it_must() -> None:
    """Secrets of every third rule, searched by all rules."""
    loaded = load_rules()
    tally = recall.measure(loaded, list(recall.texts(loaded.rules[::3], [1])))
    short = {
        (kind, form, tally.share(kind, form))
        for kind, least in LEAST.items()
        for form in FORMS
        if tally.share(kind, form) < least
    }
    assert short == set(), recall.table(tally)


def test_nothing_planted_is_nothing_missed() -> None:
    assert Tally().enough


def test_a_text_does_not_show_its_secret(rules: RuleSet) -> None:
    assert "value" not in repr(Text(rules.rules[0], FIXED, "bare", "value", ((0, 5),)))
