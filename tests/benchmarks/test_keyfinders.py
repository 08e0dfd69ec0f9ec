"""What tools made to find keys in memory find before and after; they are asked where they are installed."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from benchmarks import keyfinders
from benchmarks.keyfinders import Count

MISSING = sorted({"aeskeyfind", "rsakeyfind"} - set(keyfinders.installed()))


@pytest.mark.parametrize("tool", ["aeskeyfind", "rsakeyfind"])
def test_the_tools_find_keys_in_the_original_and_none_in_the_copy(tool: str) -> None:
    if tool in MISSING:
        warnings.warn(f"{tool} is not installed: what it would find in a redacted dump is NOT known", stacklevel=1)
        pytest.skip(f"{tool} is not installed (Debian: apt-get install {tool})")
    counts = [count for count in keyfinders.synthetic() if count.tool == tool]
    assert [count.dump for count in counts] == ["minidump-0", "elf-core-0"]
    assert all(count.before >= 2 for count in counts)
    assert [count.after for count in counts] == [0, 0]


def test_without_the_tools_the_command_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(keyfinders, "installed", lambda: {})
    assert keyfinders.main(["--synthetic"]) == 0
    assert "WARNING: aeskeyfind and rsakeyfind are not both installed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("counts", "failed"),
    [
        ([Count("a", "aeskeyfind", 2, 0)], False),
        ([Count("a", "aeskeyfind", 2, 0), Count("b", "aeskeyfind", 0, 0)], False),
        ([Count("a", "aeskeyfind", 2, 1)], True),
        ([Count("a", "aeskeyfind", 0, 0)], True),
    ],
)
def test_a_key_that_is_left_or_never_there_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, counts: list[Count], failed: bool
) -> None:
    monkeypatch.setattr(keyfinders, "installed", lambda: {"aeskeyfind": "/x"})
    assert keyfinders.failed(counts) is failed


def test_a_tool_that_crashes_has_not_found_nothing(tmp_path: Path) -> None:
    tool = tmp_path / "aeskeyfind"
    tool.write_text("#!/bin/sh\nkill -SEGV $$\n")
    tool.chmod(0o700)
    with pytest.raises(RuntimeError, match="aeskeyfind ended by signal 11"):
        keyfinders.find(str(tool), tmp_path / "x")


def _tool(path: Path, output: str) -> str:
    path.write_text(f"#!/bin/sh\ncat <<'END'\n{output}\nEND\n")
    path.chmod(0o700)
    return str(path)


def test_different_keys_and_long_moduli_are_counted(tmp_path: Path) -> None:
    assert keyfinders.find(_tool(tmp_path / "aeskeyfind", "00ff\n\n00ff\n01ff"), tmp_path / "x") == 2
    found = "".join(
        f"FOUND PRIVATE KEY AT 12\nversion = \n00 \nmodulus = \n{'ab ' * size}\npublicExponent = \n01 \n"
        for size in (2, 63, 64, 128)
    )
    assert keyfinders.find(_tool(tmp_path / "rsakeyfind", found), tmp_path / "x") == 2
