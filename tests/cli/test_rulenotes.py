"""``rules check``: what it notes of rules that work, and how they fare in a file."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner, Result

from dumpscrub.cli import cli
from dumpscrub.rules.examples import generate

FAMILY = r"""
[[family]]
kind = "prefixed"
categories = ["token"]
references = ["https://example.org/tokens"]
members = [
  { id = "our-token", name = "Our token", value = 'ourtok_[a-f0-9]{24}' },
  { id = "our-wider-token", name = "Our token, any length", value = 'ourtok_[\w]{8,40}' },
  { id = "our-short", name = "Short", value = 'q9z[a-f0-9]{24}' },
]
[[family]]
kind = "named"
categories = ["token"]
references = ["https://example.org/tokens"]
members = [{ id = "our-login", name = "Our login", words = ["login"], value = '[a-f0-9]{24}' }]
"""
NOTES = [
    "note: our-token: all its examples are found by our-wider-token, too: are all of them needed?",
    "note: our-short: the anchor 'q9z' is so short that it stands everywhere: take a longer one",
    "note: our-login: the anchor 'login' is a common word, and each place of it costs time: take a longer one",
]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["rules", "check", *arguments], prog_name="dumpscrub")


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    path = tmp_path / "ours.toml"
    path.write_text(FAMILY)
    return path


@pytest.mark.parametrize("engine", ["hyperscan", "re2"])
def test_frequent_anchors_and_overlaps_of_ones_own_rules_are_noted(ours: Path, engine: str) -> None:
    ended = run("--rules", str(ours), "--engine", engine)
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert ended.stdout.splitlines() == [*NOTES, "4 rules, no problems"]


def test_notes_on_the_shipped_rules_are_asked_for(ours: Path) -> None:
    shown = run("--rules", str(ours), "--notes").stdout.splitlines()
    assert shown[-4:-1] == NOTES
    assert any(line.startswith("note: ado-net-password: the anchor 'pwd' is so short") for line in shown)
    assert shown[-1] == "4 rules, no problems"


def test_a_file_shows_how_often_anchors_stand_and_what_is_found(ours: Path, tmp_path: Path) -> None:
    token = generate("ourtok_[a-f0-9]{24}", Random(1)).encode()
    sample = tmp_path / "sample.bin"
    sample.write_bytes((token + b" ourtok_ ").ljust(1000, b"\0") + (b"q9z " * 60).ljust(499_000, b"\0"))
    ended = run("--rules", str(ours), "--against", str(sample))
    assert (ended.exit_code, ended.stderr) == (0, "")
    lines = [line.split() for line in ended.stdout.splitlines()[3:]]
    assert lines[0] == ["HITS/MB", "FINDINGS/MB", "BYTES/MB", "RULE", "ANCHORS"]
    assert lines[1:5] == [
        ["120.0", "0.0", "0.0", "our-short", "q9z", "120.0"],
        ["4.0", "2.0", "62.0", "our-token", "ourtok_", "4.0"],
        ["4.0", "2.0", "62.0", "our-wider-token", "ourtok_", "4.0"],
        [
            "note:",
            "the",
            "anchor",
            "'q9z'",
            "stands",
            "there",
            "120",
            "times",
            "a",
            "MB:",
            "take",
            "a",
            "longer",
            "one",
        ],
    ]


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    ended = run("--against", str(tmp_path / "none.dmp"))
    assert ended.exit_code == 3
    assert ended.stderr.endswith("none.dmp cannot be read: it does not exist: check the path\n")
