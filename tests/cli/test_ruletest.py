"""``rules test``: which rule makes what of which place, without what stands there."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner, Result

from dumpscrub.cli import cli
from dumpscrub.rules.examples import generate

OURS = r"""
[[rule]]
id = "our-ticket"
name = "Our ticket"
categories = ["token"]
anchors = ["tick_", "ticket_"]
pattern = '(?P<secret>tick_\w{12})'
validator = "crc-base62"

[[rule]]
id = "our-name"
name = "Our name"
categories = ["password"]
anchors = ["our_pass"]
pattern = '(?i)our_pass=(?P<secret>[^\s\x00;]+)'
validator = "generic"
"""
TICKET = generate(r"tick_[a-z]{11}\d", Random(3))
WORD = generate(r"[a-z]{3}\d{3}[A-Z]{3}", Random(3))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["rules", "test", *arguments], prog_name="dumpscrub")


@pytest.fixture
def ours(tmp_path: Path) -> list[str]:
    (tmp_path / "ours.toml").write_text(OURS)
    return ["--rules", str(tmp_path / "ours.toml")]


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    path = tmp_path / "sample.txt"
    path.write_bytes(
        f"a {TICKET} tick_x".encode() + b"\0" * 8 + f"OUR_PASS={WORD};our_pass={{0}};".encode("utf-16-le") + b"\0" * 8
    )
    return path


def test_each_place_is_a_line(ours: list[str], sample: Path) -> None:
    ended = run(str(sample), "--rule", "our-ticket", "--rule", "our-name", *ours)
    assert (ended.exit_code, ended.stderr) == (0, "")
    heading, *lines = ended.stdout.splitlines()
    assert heading.split() == ["OFFSET", "RULE", "RESULT", "ENCODING", "BYTES", "CONFIDENCE", "ANCHOR", "WHY"]
    at = sample.read_bytes().index(WORD.encode("utf-16-le"))
    placeholder = sample.read_bytes().index("{0}".encode("utf-16-le"))
    assert [" ".join(line.split()) for line in lines] == [
        "0x2 our-ticket found utf-8 17 medium tick_ validator crc-base62 accepts it",
        f"{at:#x} our-name found utf-16-le 18 medium our_pass validator generic accepts it",
        f"{placeholder:#x} our-name suppressed utf-16-le 6 medium our_pass placeholder (validator generic)",
        "our-ticket: 'tick_' (utf-8) at 0x14: the pattern does not match here",
        "2 found and 1 suppressed by 2 rules in 106 bytes",
    ]


def test_what_stands_there_is_not_shown(ours: list[str], sample: Path) -> None:
    shown = run(str(sample), *ours).stdout
    assert TICKET not in shown
    assert WORD not in shown


def test_without_a_rule_only_matches_are_listed(ours: list[str], sample: Path) -> None:
    ended = run(str(sample), *ours)
    assert "does not match" not in ended.stdout
    assert ["0x2", "our-ticket", "found"] in [line.split()[:3] for line in ended.stdout.splitlines()]


def test_a_rule_without_an_anchor_in_the_file_is_told(ours: list[str], tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("nothing here")
    ended = run(str(tmp_path / "empty.txt"), "--rule", "our-name", *ours)
    assert ended.exit_code == 0
    assert ended.stdout == (
        "our-name: none of its anchors stands here\n0 found and 0 suppressed by 1 rules in 12 bytes\n"
    )


def test_many_places_without_a_match_are_counted(ours: list[str], tmp_path: Path) -> None:
    (tmp_path / "many.txt").write_text("our_pass: " * 9)
    ended = run(str(tmp_path / "many.txt"), "--rule", "our-name", *ours)
    assert "our-name: 'our_pass' (utf-8) at 0x0, 0xa, 0x14, 0x1e, 0x28 and 4 more: the pattern does not" in ended.stdout


@pytest.mark.parametrize("engine", ["hyperscan", "re2", "aho-corasick"])
def test_all_engines_tell_the_same(ours: list[str], sample: Path, engine: str) -> None:
    assert run(str(sample), "--engine", engine, *ours).stdout == run(str(sample), *ours).stdout


def test_an_unknown_rule_and_a_missing_file_are_errors(sample: Path, tmp_path: Path) -> None:
    ended = run(str(sample), "--rule", "nothing")
    assert (ended.exit_code, ended.stdout) == (5, "")
    assert ended.stderr == "dumpscrub: no rule has the id 'nothing': see 'dumpscrub rules list'\n"
    ended = run(str(tmp_path / "none.txt"))
    assert ended.exit_code == 3
    assert ended.stderr.endswith("none.txt cannot be read: it does not exist: check the path\n")


def test_a_rule_that_is_off_is_tried_where_it_is_named_or_ones_own(tmp_path: Path) -> None:
    sample = tmp_path / "sample.txt"
    sample.write_text("from ann.lee@corp.example.com")
    named, unnamed = run(str(sample), "--rule", "email-address"), run(str(sample))
    assert (named.stdout.count(" email-address "), unnamed.stdout.count(" email-address ")) == (1, 0)
    path = tmp_path / "ours.toml"
    path.write_text(OURS.replace("[[rule]]", '[[rule]]\naction = "off"'))
    sample.write_text(f"our_pass={WORD};")
    assert run(str(sample), "--rules", str(path)).stdout.count(" our-name ") == 1
