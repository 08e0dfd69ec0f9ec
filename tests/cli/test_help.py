"""Help texts: each command has examples, and the exit codes are where a user looks for them."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from dumpscrub.cli import COMMANDS, cli
from dumpscrub.version import __version__


def help_of(*command: str) -> str:
    result = CliRunner().invoke(cli, [*command, "--help"], prog_name="dumpscrub")
    assert result.exit_code == 0
    return result.stdout


def test_the_commands_are_those_that_the_issue_of_a_dump_needs() -> None:
    assert [command.name for command in COMMANDS] == ["sanitize", "scan", "inspect", "rules", "completion"]


@pytest.mark.parametrize("command", [None, *(str(command.name) for command in COMMANDS)])
def test_every_help_text_has_examples(command: str | None) -> None:
    text = help_of(*([command] if command else []))
    assert "Examples:\n" in text
    assert f"\n    dumpscrub {command or 'sanitize'} " in text


@pytest.mark.parametrize("command", [(), ("sanitize",), ("scan",), ("inspect",), ("rules",)])
def test_exit_codes_are_listed_one_a_line(command: tuple[str, ...]) -> None:
    text = help_of(*command)
    for code in (0, 1, 2, 3, 4, 5, 6, 7, 70, 130):
        assert f"\n    {code:<4} " in text


def test_no_option_takes_a_secret_as_its_value() -> None:
    assert "--known FILE" in help_of("sanitize")
    assert "--known FILE" in help_of("scan")


def test_the_version_is_the_installed_one() -> None:
    result = CliRunner().invoke(cli, ["--version"], prog_name="dumpscrub")
    assert (result.exit_code, result.stdout) == (0, f"dumpscrub {__version__}\n")


@pytest.mark.parametrize(
    "arguments",
    [["sanitize"], ["scan", "a", "b"], ["nothing"], ["scan", "a", "--engine", "grep"], ["scan", "a", "--workers", "0"]],
)
def test_wrong_usage_ends_with_2(arguments: list[str]) -> None:
    result = CliRunner().invoke(cli, arguments, prog_name="dumpscrub")
    assert result.exit_code == 2
    assert "Try 'dumpscrub" in result.stderr
