"""The documents: what they tell a reader to type works, and what they name exists."""

from __future__ import annotations

import lzma
import re
import shlex
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from dumpscrub import errors
from dumpscrub.cli import cli
from dumpscrub.detectors import DETECTORS, process
from dumpscrub.detectors.pattern import DECODERS
from dumpscrub.detectors.validators import VALIDATORS
from dumpscrub.policy import BUILT_IN, load_policy
from dumpscrub.rulecheck import check_rules
from dumpscrub.rules.examples import GENERATORS
from dumpscrub.rules.load import load_rules, parse
from dumpscrub.rules.schema import Rule, RuleSet

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
SECURITY = (ROOT / "SECURITY.md").read_text("utf-8")
RULES = (ROOT / "docs" / "rules.md").read_text("utf-8")
CONTEXT = b"Server=db1;User ID=app;Password=violet-Harbour-41x;\0"


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def commands() -> list[str]:
    """Every line of the documents that calls dumpscrub, without redirections."""
    found = re.findall(
        r"^(?:\S*/|scrub\\Scripts\\)?(dumpscrub .*)$", "".join(blocks(README + RULES, r"\w+")), re.MULTILINE
    )
    return sorted({re.split(r" [<>|&]", line)[0] for line in found})


@pytest.mark.parametrize("line", commands())
def test_every_command_in_the_documents_is_understood(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(click.Command, "invoke", lambda command, context: None)
    ended = CliRunner().invoke(cli, shlex.split(line)[1:], prog_name="dumpscrub")
    assert ended.exit_code == 0, ended.output


def test_the_python_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app.dmp").write_bytes(CONTEXT * 20)
    for block in blocks(README, "python"):
        exec(compile(block, "README.md", "exec"), {})
    assert b"violet" not in (tmp_path / "share.dmp").read_bytes()
    assert (tmp_path / "private.jsonl").exists()


def shape(text: str) -> set[str]:
    """The lines of an output without its numbers and the rows of its tables."""
    text = re.sub(r"[kMG]?B/s", "B/s", re.sub(r"[\d.,]+", "0", text))
    return {" ".join(line.split()) for line in text.splitlines() if re.search(r"[a-z] [a-z]", line)}


def test_the_output_that_is_shown_is_what_the_command_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    archive = ROOT / "corpus" / "real" / "ms-plant-heap.dmp.xz"
    Path("app.dmp").write_bytes(lzma.decompress(archive.read_bytes()))
    shown = next(block for block in blocks(README, "text") if "Redacted copy" in block)
    ended = CliRunner().invoke(cli, ["sanitize", "app.dmp"], prog_name="dumpscrub")
    assert shape(shown) == shape(ended.stdout)


def test_exit_codes_are_those_of_the_errors() -> None:
    listed = {int(code) for code in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)}
    kinds = [
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.DumpscrubError)
    ]
    assert listed == {0, 1, 2, 130} | {kind.exit_code for kind in kinds}


def test_every_make_target_that_is_named_exists() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in re.findall(r"^make (\S+)$", README, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


@pytest.mark.parametrize("name", ["README.md", "SECURITY.md", "docs/rules.md", "docs/audit.md", "docs/architecture.md"])
def test_every_link_into_the_repository_leads_somewhere(name: str) -> None:
    document = ROOT / name
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text("utf-8")):
        assert (document.parent / target).exists(), target


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(tests/[^`]+)`", SECURITY))))
def test_every_promise_names_a_test_that_exists(name: str) -> None:
    path, _, test = name.partition("::")
    assert f"def {test or 'test_'}" in (ROOT / path).read_text("utf-8")


def test_the_example_of_a_rule_is_one() -> None:
    (rule,) = (rule for block in blocks(RULES, "toml") if "[[rule]]" in block for rule in parse(block, "docs/rules.md"))
    assert rule.id == "acme-ticket"
    assert check_rules(RuleSet((rule,)), "hyperscan") == ()


def test_the_example_of_families_is_one() -> None:
    (text,) = (block for block in blocks(RULES, "toml") if "[[family]]" in block)
    rules = parse(text, "docs/rules.md")
    assert [rule.id for rule in rules] == ["acme-ticket", "acme-deploy-key", "bolt-key", "bolt-secret"]
    assert check_rules(RuleSet(rules), "hyperscan") == ()


def test_every_name_that_a_rule_may_give_is_described() -> None:
    keys = set(re.findall(r"`@?([a-z0-9-]+)(?::[^`]+)?`", RULES))
    assert {*DETECTORS, *process.KINDS, *VALIDATORS, *DECODERS, *GENERATORS, *BUILT_IN} <= keys


def test_the_example_of_a_policy_is_one(tmp_path: Path) -> None:
    (text,) = (block for block in blocks(RULES, "toml") if "[categories]" in block)
    path = tmp_path / "ours.toml"
    path.write_text(text, "utf-8")
    assert load_policy(str(path), load_rules()).name == "ours"


def test_every_key_of_a_rule_is_described() -> None:
    keys = set(Rule.__dataclass_fields__) - {"source", "shipped"}
    table = RULES.partition("## All keys")[2].partition("## Examples")[0]
    assert keys <= set(re.findall(r"`(\w+)`", table))
