"""Policies: which action each rule gets, and what a file may say."""

from __future__ import annotations

from pathlib import Path

import pytest

from dumpscrub.errors import PolicyError
from dumpscrub.findings import Findings
from dumpscrub.model import Confidence, Encoding, Finding, Origin
from dumpscrub.policy import BUILT_IN, apply, load_policy
from dumpscrub.rules.load import load_rules
from dumpscrub.rules.schema import Action, Rule, RuleSet
from dumpscrub.span import Span

RULES = RuleSet(
    (
        Rule("key", "A key", ("private-key", "ours")),
        Rule("certificate", "A certificate", ("certificate", "ours")),
        Rule("thumbprint", "A thumbprint", ("identifier",), action=Action.REPORT),
        Rule("mail", "An e-mail address", ("email", "personal"), action=Action.OFF),
        Rule("phone", "A telephone number", ("phone", "personal"), action=Action.OFF),
    )
)


def decided(name: str) -> dict[str, str]:
    """The actions of all rules that are not off."""
    return {rule: action for rule, action in load_policy(name, RULES).decide(RULES).items() if action != "off"}


def test_by_default_each_rule_decides() -> None:
    assert decided("default") == {"key": "mask", "certificate": "mask", "thumbprint": "report"}


def test_identifiers_are_masked_where_the_policy_says_so() -> None:
    assert decided("identifiers") == {"key": "mask", "certificate": "mask", "thumbprint": "mask"}


def test_certificates_are_kept_where_the_policy_says_so() -> None:
    assert decided("keep-certificates") == {"key": "mask", "certificate": "report", "thumbprint": "report"}


def test_what_is_off_is_searched_for_where_the_policy_says_so(tmp_path: Path) -> None:
    path = tmp_path / "ours.toml"
    for text, expected in (
        ('personal = "mask"', {"mail": "mask", "phone": "mask"}),
        ('email = "report"', {"mail": "report"}),
        ('personal = "mask"\nemail = "off"', {"phone": "mask"}),
        ('personal = "off"', {}),
    ):
        path.write_text(f"[categories]\n{text}\n")
        assert decided(str(path)) == {**decided("default"), **expected}
    assert decided("personal") == {**decided("default"), "mail": "mask", "phone": "mask"}


def test_searched_are_the_rules_that_are_on_with_the_action_of_the_policy(tmp_path: Path) -> None:
    path = tmp_path / "ours.toml"
    path.write_text('[categories]\nours = "off"\nemail = "mask"\nidentifier = "mask"\n')
    policy = load_policy(str(path), RULES)
    searched = {rule.id: rule.action for rule in policy.searched(RULES).rules}
    assert searched == {"thumbprint": Action.MASK, "mail": Action.MASK}
    assert policy.switched_off(RULES) == ("key", "certificate")
    default = BUILT_IN["default"]
    assert default.searched(RULES).rules == RULES.rules[:3]
    assert default.switched_off(RULES) == ()


def test_built_in_policies_name_categories_that_shipped_rules_have() -> None:
    known = {category for rule in load_rules().rules for category in rule.categories}
    assert {category for policy in BUILT_IN.values() for category in policy.categories} <= known


def test_the_first_category_of_a_rule_that_is_named_decides(tmp_path: Path) -> None:
    path = tmp_path / "ours.toml"
    path.write_text('[categories]\nours = "report"\ncertificate = "mask"\n')
    policy = load_policy(str(path), RULES)
    assert policy.name == "ours.toml"
    assert decided(str(path)) == {"key": "report", "certificate": "mask", "thumbprint": "report"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("categories = 3", r'write name = "..." and a \[categories\] table'),
        ("name = 3", r'write name = "..." and a \[categories\] table'),
        ("rules = 3", "unknown key 'rules'"),
        ('[categories]\nhats = "mask"', "no rule has the category 'hats'"),
        ('[categories]\nours = "keep"', "ours: one of mask, report, off is expected"),
        ("[categories", "not valid TOML"),
    ],
)
def test_what_is_no_policy(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "ours.toml"
    path.write_text(text)
    with pytest.raises(PolicyError, match=says):
        load_policy(str(path), RULES)


def test_an_unknown_name_lists_those_that_there_are() -> None:
    with pytest.raises(PolicyError, match="default, identifiers, keep-certificates, all-certificates, personal"):
        load_policy("lenient", RULES)


def test_findings_get_the_action_of_their_rule_and_those_of_no_rule_keep_theirs() -> None:
    findings = [
        Finding(rule, "x", (Span(0, 8),), Encoding.UTF8, Origin.DIRECT, Confidence.HIGH, "mask")
        for rule in ("certificate", "known-value")
    ]
    applied = apply(decided("keep-certificates"), Findings.collect(findings))
    assert [finding.action for finding in applied] == [
        "report",
        "mask",
    ]
