"""``rules list``, ``show`` and ``check``."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dumpscrub.cli import cli, rulecheck
from dumpscrub.rules.load import load_rules
from dumpscrub.rules.schema import RuleSet

OURS = r"""
[[rule]]
id = "our-ticket"
name = "Our ticket"
categories = ["token"]
anchors = ["tick_"]
pattern = '(?P<secret>tick_\d{6})'
"""


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["rules", *arguments], prog_name="dumpscrub")


def test_list_has_one_line_a_rule() -> None:
    lines = run("list").stdout.splitlines()
    assert lines[0].split() == ["ID", "CLASS", "CONFIDENCE", "ACTION", "NAME"]
    assert [line.split()[0] for line in lines[1:]] == [rule.id for rule in load_rules().rules]


def test_list_and_show_know_rules_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "ours.toml").write_text(OURS)
    for where in (tmp_path, tmp_path / "ours.toml"):
        assert "our-ticket  " in run("list", "--rules", str(where)).stdout
        shown = run("show", "our-ticket", "--rules", str(where)).stdout
        assert "pattern:     (?P<secret>tick_\\d{6})\n" in shown
        assert "from:        ours.toml, rule 1\n" in shown


def test_check_looks_at_the_shipped_rules_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    few = RuleSet(load_rules().rules[:3])
    monkeypatch.setattr(rulecheck, "load_rules", lambda _: few)
    ended = run("check")
    assert (ended.exit_code, ended.stdout, ended.stderr) == (0, "3 rules, no problems\n", "")


def test_check_lists_problems_and_ends_with_5(tmp_path: Path) -> None:
    (tmp_path / "ours.toml").write_text(OURS + "examples = ['my <<tick_\\d{6}>>', 'my <<ticket_\\d{6}>>']\n")
    ended = run("check", "--rules", str(tmp_path))
    assert ended.exit_code == 5
    assert "our-ticket: example 2 in utf-16-le, at an odd offset: not found\n" in ended.stdout
    assert "example 1" not in ended.stdout
    problems = ended.stdout.count("\n")
    assert ended.stderr == f"dumpscrub: {problems} problems in 1 rule: correct what is listed above\n"


def test_show_says_where_to_look_for_ids() -> None:
    ended = run("show", "nothing")
    assert (ended.exit_code, ended.stdout) == (5, "")
    assert ended.stderr == "dumpscrub: no rule has the id 'nothing': see 'dumpscrub rules list'\n"


def test_a_broken_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("[[rule]]\nid = 'Not Allowed'\nname = 'x'\ncategories = ['x']\n")
    ended = run("list", "--rules", str(tmp_path))
    assert ended.exit_code == 5
    assert ended.stderr.startswith("dumpscrub: bad.toml, rule 1: the id holds ")
    assert ended.stderr.count("\n") == 1


def test_list_and_show_say_what_is_off() -> None:
    (line,) = (line for line in run("list").stdout.splitlines() if line.startswith("email-address "))
    assert line.split()[:4] == ["email-address", "email", "high", "off"]
    assert "action:      off\n" in run("show", "email-address").stdout
