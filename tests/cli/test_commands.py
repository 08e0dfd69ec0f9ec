"""What the commands pass on, and what they show: with a pipeline that does nothing but remember."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from click.testing import Result as Ended

from dumpscrub import pipeline
from dumpscrub.cli import cli
from dumpscrub.errors import VerificationError
from dumpscrub.findings import Findings
from dumpscrub.result import Result


class FakePipeline:
    """Stands for ``sanitize`` and ``scan``: remembers its arguments and returns or raises ``answer``."""

    def __init__(self, answer: Result | BaseException) -> None:
        self.answer = answer
        self.arguments: tuple[Any, ...] = ()
        self.options: dict[str, Any] = {}

    def __call__(self, *arguments: Any, **options: Any) -> Result:
        self.arguments, self.options = arguments, options
        options["progress"]("scan", 1, 2)
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, result: Result) -> FakePipeline:
    fake = FakePipeline(result)
    monkeypatch.setattr(pipeline, "sanitize", fake)
    monkeypatch.setattr(pipeline, "scan", fake)
    return fake


def run(*arguments: str, stdin: str | bytes = "") -> Ended:
    return CliRunner().invoke(cli, arguments, input=stdin, prog_name="dumpscrub")


def test_sanitize_passes_its_options_on(fake: FakePipeline) -> None:
    ended = run(
        "sanitize", "a.dmp", "-o", "b.dmp", "--audit", "c.jsonl", "--rules", "r1.toml", "--rules", "more",
        "--policy", "ours.toml", "--engine", "aho-corasick", "--workers", "3", "--deep",
    )  # fmt: skip
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert fake.arguments == (Path("a.dmp"), Path("b.dmp"))
    del fake.options["progress"]
    assert fake.options == {
        "audit": Path("c.jsonl"),
        "deep": True,
        "known": (),
        "rules": (Path("r1.toml"), Path("more")),
        "policy": "ours.toml",
        "engine": "aho-corasick",
        "workers": 3,
    }


def test_defaults_are_those_of_the_api(fake: FakePipeline) -> None:
    run("sanitize", "a.dmp")
    assert fake.arguments == (Path("a.dmp"), None)
    assert (fake.options["audit"], fake.options["policy"], fake.options["engine"]) == (None, "default", "auto")
    assert fake.options["workers"] is None


def test_scan_ends_with_1_where_anything_is_found_and_else_with_0(fake: FakePipeline, result: Result) -> None:
    assert run("scan", "a.dmp").exit_code == 1
    fake.answer = replace(result, findings=Findings.collect(()))
    assert run("scan", "a.dmp").exit_code == 0


def test_sanitize_ends_with_0_whatever_it_found(fake: FakePipeline) -> None:
    assert run("sanitize", "a.dmp").exit_code == 0


def test_the_summary_goes_to_standard_output_and_nothing_to_standard_error(fake: FakePipeline) -> None:
    ended = run("sanitize", "a.dmp")
    assert "api-key" in ended.stdout
    assert "\x1b" not in ended.stdout
    assert ended.stderr == ""


def test_quiet_shows_nothing(fake: FakePipeline) -> None:
    ended = run("scan", "a.dmp", "--quiet")
    assert (ended.exit_code, ended.stdout, ended.stderr) == (1, "", "")


@pytest.mark.parametrize("more", [[], ["--quiet"]])
def test_json_is_one_document(fake: FakePipeline, more: list[str]) -> None:
    document = json.loads(run("scan", "a.dmp", "--json", *more).stdout)
    assert document["totals"]["findings"] == len(document["findings"]) == 3


def test_an_error_leaves_standard_output_empty(fake: FakePipeline) -> None:
    fake.answer = VerificationError("it failed: try again")
    ended = run("sanitize", "a.dmp", "--json")
    assert (ended.exit_code, ended.stdout, ended.stderr) == (7, "", "dumpscrub: it failed: try again\n")


def test_an_internal_error_names_the_stage_that_progress_told(fake: FakePipeline) -> None:
    fake.answer = ValueError("bytes-of-the-dump")
    ended = run("sanitize", "a.dmp")
    assert ended.exit_code == 70
    assert ended.stderr.startswith("dumpscrub: internal error in scan: ValueError at ")
    assert "bytes-of-the-dump" not in ended.stderr


def test_known_values_come_from_files_and_standard_input(fake: FakePipeline, tmp_path: Path) -> None:
    listed = tmp_path / "known.txt"
    listed.write_text("violet-harbour-41\n")
    assert run("scan", "a.dmp", "--known", str(listed), "--known", "-", stdin="amber-lantern-77\n").exit_code == 1
    assert [value.data for value in fake.options["known"]] == [b"violet-harbour-41", b"amber-lantern-77"]


def test_a_known_value_that_is_too_short_is_told(fake: FakePipeline) -> None:
    ended = run("sanitize", "a.dmp", "--known", "-", stdin="violet-harbour-41\nab\n")
    assert "Note: 1 entry was ignored in the known values" in ended.stdout
    document = json.loads(run("sanitize", "a.dmp", "--known", "-", "--json", stdin="ab\nvw\n").stdout)
    assert document["notices"][-1].startswith("2 entries were ignored in the known values")


def test_a_missing_list_of_known_values_ends_with_5(fake: FakePipeline, tmp_path: Path) -> None:
    ended = run("scan", "a.dmp", "--known", str(tmp_path / "none.txt"))
    assert ended.exit_code == 5
    assert ended.stderr.startswith("dumpscrub: ")
    assert ended.stderr.endswith("none.txt: cannot read the known values (No such file or directory): check --known\n")
    assert fake.arguments == ()
