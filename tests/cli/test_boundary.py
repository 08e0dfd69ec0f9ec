"""Every exception ends as one line and an exit code, and no line holds what the exception said unless it is ours."""

from __future__ import annotations

import errno
import subprocess
import sys

import click
import pytest

from dumpscrub import errors
from dumpscrub.cli import boundary
from dumpscrub.cli.boundary import Boundary
from dumpscrub.platform import files

OURS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.DumpscrubError)]


def ending(error: BaseException, stage: str = "scan") -> int:
    """The exit code that ``error`` ends with."""
    edge = Boundary()
    edge.stage = stage
    with pytest.raises(click.exceptions.Exit) as ended, edge:
        raise error
    assert ended.value.__suppress_context__
    return ended.value.exit_code


@pytest.mark.parametrize("kind", OURS)
def test_an_error_of_dumpscrub_is_its_line_and_its_exit_code(
    kind: type[errors.DumpscrubError], capsys: pytest.CaptureFixture[str]
) -> None:
    assert ending(kind("it failed: try again")) == kind.exit_code
    assert capsys.readouterr().err == "dumpscrub: it failed: try again\n"


def test_the_documented_exit_codes_are_those_of_the_tree() -> None:
    assert {kind.__name__: kind.exit_code for kind in OURS} == {
        "DumpscrubError": 70,
        "InputError": 3,
        "FormatError": 3,
        "OutputError": 4,
        "ConfigError": 5,
        "RuleError": 5,
        "PolicyError": 5,
        "KnownValuesError": 5,
        "ScanError": 6,
        "VerificationError": 7,
    }


def test_a_message_stays_on_one_line_without_terminal_escapes(capsys: pytest.CaptureFixture[str]) -> None:
    ending(errors.InputError("a\x1b[31m\nb"))
    assert capsys.readouterr().err == "dumpscrub: a\\x1b[31m\\nb\n"


@pytest.mark.parametrize("kind", [ValueError, KeyError, OSError, UnicodeEncodeError, RecursionError, AssertionError])
def test_an_unexpected_error_tells_its_type_and_place_but_not_its_text(
    kind: type[Exception], capsys: pytest.CaptureFixture[str]
) -> None:
    text = "bytes-of-the-dump"
    error = UnicodeEncodeError("ascii", text, 0, 1, text) if kind is UnicodeEncodeError else kind(text)
    assert ending(error, "verify") == 70
    line = capsys.readouterr().err
    assert line.startswith(f"dumpscrub: internal error in verify: {kind.__name__} at test_boundary.py:")
    assert line.count("\n") == 1
    assert text not in line


def test_too_little_memory_and_interrupts_have_their_own_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert ending(MemoryError("x")) == 70
    assert capsys.readouterr().err.startswith("dumpscrub: not enough memory in scan: ")
    assert ending(KeyboardInterrupt()) == 130
    assert capsys.readouterr().err == "dumpscrub: interrupted\n"


@pytest.mark.parametrize("error", [click.UsageError("x"), click.exceptions.Exit(1), SystemExit(3)])
def test_clicks_own_endings_pass(error: BaseException) -> None:
    with pytest.raises(type(error)) as ended, Boundary():
        raise error
    assert ended.value is error


def test_a_closed_pipe_ends_quietly() -> None:
    script = (
        "import sys, click\n"
        "from dumpscrub.cli import Commands\n"
        "@click.group(cls=Commands)\n"
        "def cli(): pass\n"
        "@cli.command()\n"
        "def flood():\n"
        "    for _ in range(100_000): print('x' * 100)\n"
        "cli(['flood'])\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(100)
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(30) == 141


@pytest.mark.parametrize(
    ("windows", "error", "code"),
    [
        (True, OSError(errno.EINVAL, "Invalid argument"), 141),
        (True, OSError(errno.EINVAL, "Invalid argument", "app.dmp"), 70),
        (True, OSError(errno.EIO, "Input/output error"), 70),
        (False, OSError(errno.EINVAL, "Invalid argument"), 70),
    ],
)
def test_windows_calls_a_closed_pipe_an_invalid_argument(
    monkeypatch: pytest.MonkeyPatch, windows: bool, error: OSError, code: int
) -> None:
    monkeypatch.setattr(files, "WINDOWS", windows)
    monkeypatch.setattr(boundary, "_drop_output", lambda: None)
    assert ending(error) == code
