"""``rules new``: a table that works before it is filled in."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result

from dumpscrub.cli import cli
from dumpscrub.rulecheck import check_rules
from dumpscrub.rules.load import parse
from dumpscrub.rules.schema import RuleSet


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["rules", "new", *arguments], prog_name="dumpscrub")


def test_the_table_is_a_rule_that_passes_its_check() -> None:
    ended = run("acme-ticket")
    assert (ended.exit_code, ended.stderr) == (0, "")
    (rule,) = parse(ended.stdout, "new.toml")
    assert (rule.id, rule.name, rule.anchors) == ("acme-ticket", "Acme ticket", ("acme_",))
    assert check_rules(RuleSet((rule,)), "hyperscan") == ()


def test_the_families_in_its_comments_work_too() -> None:
    comments = run("ab-key").stdout.partition("# A value that its beginning")[2].splitlines()
    lines = [line[2:] for line in comments if line.startswith("#") and not line.startswith("# So ")]
    rules = parse("\n".join(lines).replace('"ab-key"', '"ab-key-2"', 1), "new.toml")
    assert [rule.id for rule in rules] == ["ab-key-2", "ab-key"]
    assert check_rules(RuleSet(rules), "hyperscan") == ()


def test_a_file_is_written_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "ours.toml"
    ended = run("acme-ticket", "--output", str(path))
    assert (ended.exit_code, ended.stdout) == (0, f"Written: {path}\n")
    assert path.read_text("utf-8") == run("acme-ticket").stdout
    ended = run("other-ticket", "--output", str(path))
    assert (ended.exit_code, ended.stdout) == (4, "")
    assert ended.stderr == (
        f"dumpscrub: {path} cannot be written: it exists already and nothing is overwritten: "
        "remove it, or choose another name\n"
    )
    assert "acme-ticket" in path.read_text("utf-8")


def test_an_id_that_cannot_be_one_is_an_error() -> None:
    ended = run("Acme Ticket")
    assert (ended.exit_code, ended.stdout) == (5, "")
    assert ended.stderr == "dumpscrub: a new rule: the id holds small letters, digits and single hyphens only\n"
