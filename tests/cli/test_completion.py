"""Shell completion: a script for each shell, and what the scripts ask for."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from dumpscrub.cli import cli


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_each_shell_gets_a_script_for_dumpscrub(shell: str) -> None:
    result = CliRunner().invoke(cli, ["completion", shell], prog_name="dumpscrub")
    assert result.exit_code == 0
    assert "_DUMPSCRUB_COMPLETE" in result.stdout
    assert f"{shell}_complete" in result.stdout


def test_another_shell_is_wrong_usage() -> None:
    assert CliRunner().invoke(cli, ["completion", "cmd"], prog_name="dumpscrub").exit_code == 2


def completed(words: str, word: str) -> list[list[str]]:
    """What the PowerShell script gets: words by line feeds, and the word to complete (Windows drops an empty one)."""
    asked = {"_DUMPSCRUB_COMPLETE": "powershell_complete", "COMP_WORDS": words} | ({"COMP_WORD": word} if word else {})
    script = "import sys; sys.argv[0] = 'dumpscrub'; from dumpscrub.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", script], env=os.environ | asked, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return [line.split("\t") for line in done.stdout.splitlines()]


def test_powershell_completes_commands_options_and_files() -> None:
    assert [line[:2] for line in completed("dumpscrub\nsc", "sc")] == [["plain", "scan"]]
    assert {line[1] for line in completed("dumpscrub", "")} == {"sanitize", "scan", "inspect", "rules", "completion"}
    assert ["plain", "--engine"] in [line[:2] for line in completed("dumpscrub\nscan\n--e", "--e")]
    assert [line[0] for line in completed("dumpscrub\nscan\napp", "app")] == ["file"]


def test_every_powershell_result_has_a_tooltip() -> None:
    for line in completed("dumpscrub\nscan\na.dmp\n--", "--"):
        assert len(line) == 3
        assert line[2]
