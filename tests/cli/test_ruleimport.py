"""``rules import``: made-up rule files of other scanners, and what is said of their rules."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner, Result

from dumpscrub.cli import cli
from dumpscrub.rules.examples import generate
from dumpscrub.rules.load import parse

GITLEAKS = r"""
title = "made up"
[allowlist]
paths = ['x']

[[rules]]
id = "acme_key"
description = "An Acme key."
regex = '''(?i)[\w.-]{0,50}?(?:acmecloud)[\w.-]{0,20}[\s'"]{0,3}(?:=|:)[\s'"]{0,5}([a-z0-9]{20})(?:[\x60'"\s;]|$)'''
keywords = ["acmecloud"]
tags = ["Cloud Key"]
entropy = 3.5
[[rules.allowlists]]
regexes = ['x']

[[rules]]
id = "second-group"
description = "The second group."
regex = '''bolt_([a-z]+)_([0-9]{8})'''
secretGroup = 2
keywords = ["bolt_"]

[[rules]]
id = "only-a-path"
description = "x"
path = '''\.p12$'''

[[rules]]
id = "no-anchor"
description = "x"
regex = '''[a-z]{32}'''
keywords = []

[[rules]]
id = "filtered"
description = "x"
regex = '''flt_[a-z]{10}'''
keywords = ["flt_"]
filter = 'entropy(finding["secret"]) <= 2.0'
validate = 'x'
required = [{ id = "acme_key" }]
"""
NOSEYPARKER = r"""
rules:
- name: Acme token
  id: np.acme.1
  pattern: |
    (?x)(?i)
    \b acme               # the word
    (?:.|[\n\r]){0,16}?
    (?P<TOKEN> [a-f0-9]{32} )
    \b
  min_entropy: 3.5
  confidence: Medium
  categories: [api, secret]
  references: [https://example.org/acme]
  examples: ['none of it is carried over']
  validation: {type: Http}
- name: Look-ahead
  id: np.acme.2
  pattern: 'acme(?=x)'
- name: Same id
  id: NP.ACME.1
  pattern: 'acme_(x)'
- name: No pattern
  id: np.acme.3
- id: np.acme.4
  name: Depends
  pattern: 'dep_(\w{12})["'']'
  visible: false
  depends_on_rule: [{rule_id: np.acme.1, variable: X}]
  pattern_requirements: {min_digits: 2}
"""


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["rules", *arguments], prog_name="dumpscrub")


@pytest.fixture
def gitleaks(tmp_path: Path) -> Path:
    (tmp_path / "theirs.toml").write_text(GITLEAKS)
    return tmp_path / "theirs.toml"


@pytest.fixture
def noseyparker(tmp_path: Path) -> Path:
    (tmp_path / "theirs.yml").write_text(NOSEYPARKER)
    return tmp_path / "theirs.yml"


def test_gitleaks_rules_are_imported_and_losses_told(gitleaks: Path, tmp_path: Path) -> None:
    output = tmp_path / "ours.toml"
    ended = run("import", str(gitleaks), "--output", str(output))
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert ended.stdout.splitlines() == [
        "only-a-path: not imported: it has no regular expression but a path",
        "no-anchor: not imported: no text of 3 characters stands in every match: nothing can be its anchor",
        "acme_key: without entropy 3.5; allowlists",
        "filtered: without the filter expression; the validation request; the other rules that have to match",
        "    1  not imported: it has no regular expression but a path",
        "    1  not imported: no text of 3 characters stands in every match: nothing can be its anchor",
        "    1  without allowlists",
        "    1  without an entropy threshold",
        "    1  without the filter expression",
        "    1  without the other rules that have to match",
        "    1  without the validation request",
        f"3 of 5 rules imported, 2 in part: {output}",
    ]
    rules = {rule.id: rule for rule in parse(output.read_text("utf-8"), "ours.toml")}
    assert rules["acme-key"].anchors == ("acmecloud",)
    assert rules["acme-key"].categories == ("imported", "cloud-key")
    assert rules["second-group"].pattern == "bolt_(?:[a-z]+)_(?P<secret>[0-9]{8})"
    assert rules["filtered"].validator == "generic"


def test_yaml_rules_are_imported_and_losses_told(noseyparker: Path, tmp_path: Path) -> None:
    output = tmp_path / "ours.toml"
    ended = run("import", str(noseyparker), "--output", str(output))
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert ended.stdout.splitlines()[:5] == [
        "np.acme.2: not imported: look-around is not supported",
        "NP.ACME.1: not imported: another rule has its id already",
        "np.acme.3: not imported: it has no pattern",
        "np.acme.1: without entropy 3.5; the validation request",
        "np.acme.4: without the requirements on the characters; the rules that it depends on; "
        "that it is not reported by itself",
    ]
    first, second = parse(output.read_text("utf-8"), "ours.toml")
    assert (first.id, first.name, first.anchors) == ("np-acme-1", "Acme token", ("acme",))
    assert (first.confidence.name, first.references) == ("MEDIUM", ("https://example.org/acme",))
    assert second.pattern == r'dep_(?P<secret>[0-9A-Z_a-z]{12})(?:[\x00"\x27]|$)'


def test_imported_rules_find_values_that_end_with_their_string(
    gitleaks: Path, noseyparker: Path, tmp_path: Path
) -> None:
    output = tmp_path / "ours.toml"
    assert run("import", str(tmp_path), "--output", str(output), "--quiet").exit_code == 0
    values = [generate(expression, Random(2)) for expression in (r"[a-z0-9]{20}", r"[a-f0-9]{32}", r"\d{8}")]
    texts = f"ACMECLOUD_KEY = {values[0]}\0acme:{values[1]}\0bolt_x_{values[2]}\0"
    sample = tmp_path / "sample.dmp"
    sample.write_bytes(b"\0" * 16 + texts.encode("utf-16-le") + b"\0" * 16)
    for rule, value in zip(("acme-key", "np-acme-1", "second-group"), values, strict=True):
        at = sample.read_bytes().index(value.encode("utf-16-le"))
        shown = run("test", str(sample), "--rules", str(output), "--rule", rule).stdout
        assert [f"{at:#x}", rule, "found", "utf-16-le", str(2 * len(value))] in [
            line.split()[:5] for line in shown.splitlines()
        ]


def test_quiet_shows_the_counts_alone(gitleaks: Path, tmp_path: Path) -> None:
    shown = run("import", str(gitleaks), "--output", str(tmp_path / "ours.toml"), "--quiet").stdout
    assert "acme_key" not in shown
    assert "    1  without an entropy threshold" in shown


def test_nothing_is_overwritten(gitleaks: Path) -> None:
    ended = run("import", str(gitleaks), "--output", str(gitleaks))
    assert (ended.exit_code, ended.stdout) == (4, "")
    assert "it exists already and nothing is overwritten" in ended.stderr
    assert gitleaks.read_text() == GITLEAKS


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a: [", "x.yml: no rule file that can be imported: it has none of the formats gitleaks, noseyparker"),
        ("[[rule]]\nid = 'x'", "x.yml: no rule file that can be imported: it has none of the formats gitleaks,"),
        ("rules: [3]", "x.yml: no rule file that can be imported"),
        ("rules:\n- id: a\n  pattern: [x]\n", "x.yml: none of its 1 rules can be used (pattern is not text): nothing"),
        ("rules:\n- id: a\n  pattern: !!python/object/apply:os.getcwd []\n", "x.yml: no rule file that can be"),
    ],
)
def test_a_file_that_holds_no_rules_is_an_error(content: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "x.yml").write_text(content)
    ended = run("import", str(tmp_path / "x.yml"), "--output", str(tmp_path / "ours.toml"))
    assert (ended.exit_code, ended.stdout) == (5, "")
    assert ended.stderr.startswith(f"dumpscrub: {message}")
    assert not (tmp_path / "ours.toml").exists()


def test_rules_without_an_id_are_called_by_their_description(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text("[[rules]]\ndescription = 'Acme Deploy Key'\nregex = '''acmd_[a-z0-9]{20}'''\n")
    ended = run("import", str(tmp_path / "x.toml"), "--output", str(tmp_path / "ours.toml"))
    assert ended.exit_code == 0, ended.stderr
    (rule,) = parse((tmp_path / "ours.toml").read_text(), "ours.toml")
    assert (rule.id, rule.name) == ("acme-deploy-key", "Acme Deploy Key")


def test_a_missing_file_and_an_empty_folder_are_errors(tmp_path: Path) -> None:
    output = str(tmp_path / "ours.toml")
    ended = run("import", str(tmp_path / "none.toml"), "--output", output)
    assert ended.exit_code == 5
    assert ended.stderr == (
        "dumpscrub: none.toml: cannot read the rule file (No such file or directory): check the path\n"
    )
    ended = run("import", str(tmp_path), "--output", output)
    assert ended.exit_code == 5
    assert ended.stderr.endswith(": the folder holds no TOML or YAML file: name another one\n")
