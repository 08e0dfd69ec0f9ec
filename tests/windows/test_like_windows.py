"""The whole command as on Windows: the same copy and the same log as here, and nothing left where it fails."""

from __future__ import annotations

import json
import lzma
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc to see what is open")

PROGRAM = Path(__file__).with_name("like_windows.py")
REAL = Path(__file__).parents[2] / "corpus" / "real" / "wine-plant-normal.dmp.xz"


def run(
    folder: Path, *arguments: str, given: bytes = b"", variables: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, str(PROGRAM), *arguments],
        cwd=folder,
        input=given,
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0", **(variables or {})},
    )


def content(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def log(path: Path) -> list[dict[str, Any]]:
    """The log of a run without what may differ."""
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [{key: line[key] for key in line if key not in {"time", "elapsed", "engine"}} for line in lines]


@pytest.fixture(scope="module")
def dump(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real dump with secrets, sanitised as on this system."""
    folder = tmp_path_factory.mktemp("here")
    data = lzma.decompress(REAL.read_bytes())
    (folder / "app.dmp").write_bytes(data + b"\0Password=violet-Harbour-41x;\0" * 40)
    command = [sys.executable, "-m", "dumpscrub", "sanitize", "app.dmp"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder / "app.dmp"


@pytest.mark.parametrize("environment", [{}, {"NO_HYPERSCAN": "1"}], ids=["hyperscan", "without hyperscan"])
@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_same_copy_and_log(tmp_path: Path, dump: Path, workers: str, environment: dict[str, str]) -> None:
    (tmp_path / "app.dmp").write_bytes(dump.read_bytes())
    ended = run(tmp_path, "sanitize", "app.dmp", "--workers", workers, variables=environment)
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert content(tmp_path) == ["app.audit.jsonl", "app.dmp", "app.sanitized.dmp"]
    assert (tmp_path / "app.dmp").read_bytes() == dump.read_bytes()
    assert (tmp_path / "app.sanitized.dmp").read_bytes() == dump.with_name("app.sanitized.dmp").read_bytes()
    assert log(tmp_path / "app.audit.jsonl") == log(dump.with_name("app.audit.jsonl"))
    assert run(tmp_path, "scan", "app.sanitized.dmp", "-q").returncode == 0


def test_a_console_without_the_characters(tmp_path: Path) -> None:
    (tmp_path / "\N{CHECK MARK} \N{LATIN SMALL LETTER U WITH DIAERESIS}.log").write_bytes(
        b"Password=violet-Harbour-41;"
    )
    ended = run(tmp_path, "sanitize", "\N{CHECK MARK} \N{LATIN SMALL LETTER U WITH DIAERESIS}.log")
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert rb"\u2713 " + b"\xfc.sanitized.log" in ended.stdout
    assert b"| password |" in ended.stdout  # lines of a table that every console shows


def test_known_values_and_policies(tmp_path: Path) -> None:
    (tmp_path / "app.log").write_bytes(b"a quiet Zebra-crossing-77 stands here")
    (tmp_path / "our.toml").write_bytes(b'[categories]\r\npassword = "report"\r\n')
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):  # as editors and consoles of Windows write it
        given = "Zebra-crossing-77\r\n".encode(encoding)
        assert run(tmp_path, "scan", "app.log", "-q", "--known", "-", given=given).returncode == 1
    assert run(tmp_path, "scan", "app.log", "-q", "--policy", str(tmp_path / "our.toml")).returncode == 0


@pytest.mark.parametrize("looks", ["1", "20", "200"])
def test_an_interrupt_leaves_nothing_behind(tmp_path: Path, dump: Path, looks: str) -> None:
    """Whatever holds a view of the map is let go of: a file that is mapped cannot be deleted."""
    (tmp_path / "app.dmp").write_bytes(dump.read_bytes())
    ended = run(tmp_path, "sanitize", "app.dmp", "--workers", "1", variables={"INTERRUPT": looks})
    assert (ended.returncode, ended.stderr.strip()) == (130, b"dumpscrub: interrupted")
    assert content(tmp_path) == ["app.dmp"]


def test_what_a_killed_run_left_is_named(tmp_path: Path) -> None:
    (tmp_path / "app.log").write_bytes(b"Password=violet-Harbour-41;")
    (tmp_path / ".app.log.0a1b2c3d.partial").write_bytes(b"Password=violet-Harbour-41;")
    (tmp_path / ".other.log.0a1b2c3d.partial").write_bytes(b"")
    ended = run(tmp_path, "sanitize", "app.log")
    assert ended.returncode == 0
    notes = [line for line in ended.stdout.decode("cp1252").splitlines() if "of a run that was killed" in line]
    assert [note.split()[1] for note in notes] == [".app.log.0a1b2c3d.partial"]
    assert (tmp_path / ".app.log.0a1b2c3d.partial").exists()
