"""Bad input of every kind, as a user meets it: one line that says what to do, an exit code, no traceback, no litter.

Each run has a folder of its own. Runs that fail early share the process of the tests, the others get their own.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from dumpscrub.cli import cli

TEXT = b"Server=db1;User ID=app;Password=violet-Harbour-41x;\n" * 40


def dumpscrub(folder: Path, *arguments: str, launcher: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
    command = [*launcher, sys.executable, "-m", "dumpscrub", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", check=False, timeout=120)


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def fails(folder: Path, *arguments: str, code: int, says: str) -> None:
    """The run ends with ``code`` and one line that begins with ``says``, and the folder is as it was before."""
    before = files(folder)
    with contextlib.chdir(folder):
        done = CliRunner().invoke(cli, arguments, prog_name="dumpscrub")
    assert done.stderr.startswith(f"dumpscrub: {says}")
    assert done.stderr.count("\n") == 1
    assert (done.exit_code, done.stdout) == (code, "")
    assert isinstance(done.exception, SystemExit)
    assert files(folder) == before


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    """A file that is no dump, so that it is searched as raw bytes."""
    path = tmp_path / "app.txt"
    path.write_bytes(TEXT)
    return path


COMMANDS = pytest.mark.parametrize("command", ["sanitize", "scan", "inspect"])


@COMMANDS
def test_an_empty_file(tmp_path: Path, command: str) -> None:
    (tmp_path / "empty.dmp").touch()
    fails(tmp_path, command, "empty.dmp", code=3, says="empty.dmp is empty: ")


@COMMANDS
def test_a_missing_file(tmp_path: Path, command: str) -> None:
    fails(tmp_path, command, "none.dmp", code=3, says="none.dmp cannot be read: it does not exist: ")


@COMMANDS
def test_a_directory(tmp_path: Path, command: str) -> None:
    (tmp_path / "folder").mkdir()
    fails(tmp_path, command, "folder", code=3, says="folder is a directory: ")


@COMMANDS
def test_an_unreadable_file(dump: Path, command: str) -> None:
    dump.chmod(0)
    done = dumpscrub(dump.parent, command, dump.name, launcher=_bound_by_permissions())
    dump.chmod(0o600)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("dumpscrub: app.txt cannot be read: permission is denied: ")
    assert done.stderr.count("\n") == 1
    assert files(dump.parent) == {"app.txt": TEXT}


def _bound_by_permissions() -> list[str]:
    """What makes a command obey file permissions also where the tests run as root."""
    if not hasattr(os, "geteuid"):
        pytest.skip("NOT RUN: Windows knows no file modes")
    if os.geteuid():
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("NOT RUN: root may read everything, and there is no setpriv here")
    return ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--"]


def test_the_output_exists(dump: Path) -> None:
    (dump.parent / "app.sanitized.txt").write_text("mine")
    fails(dump.parent, "sanitize", "app.txt", code=4, says="app.sanitized.txt cannot be written: it exists already")


def test_the_audit_log_exists(dump: Path) -> None:
    (dump.parent / "app.audit.jsonl").write_text("mine")
    fails(dump.parent, "sanitize", "app.txt", code=4, says="app.audit.jsonl cannot be written: it exists already")


def test_the_output_is_the_input(dump: Path) -> None:
    fails(dump.parent, "sanitize", "app.txt", "-o", "app.txt", code=4, says="app.txt is the input itself: ")
    (dump.parent / "hard.txt").hardlink_to(dump)
    fails(dump.parent, "sanitize", "app.txt", "-o", "hard.txt", code=4, says="hard.txt is the input itself: ")


def test_the_folder_of_the_output_is_missing(dump: Path) -> None:
    says = f"{Path('none/out.txt')} cannot be written: its directory does not exist: "
    fails(dump.parent, "sanitize", "app.txt", "-o", "none/out.txt", code=4, says=says)


@pytest.mark.skipif(os.name == "nt", reason="NOT RUN: Windows has no limit on the size of files")
def test_no_room_for_the_copy(dump: Path) -> None:
    done = dumpscrub(dump.parent, "sanitize", "app.txt", launcher=["sh", "-c", 'ulimit -f 1; exec "$@"', "sh"])
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.startswith(
        "dumpscrub: . cannot be written: its file system, or a limit, does not allow a file so"
    )
    assert done.stderr.count("\n") == 1
    assert files(dump.parent) == {"app.txt": TEXT}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[rule]\n", "bad.toml: not valid TOML"),
        ("[[rule]]\nid = 'a'\n", "bad.toml, rule 1: the key 'name' is missing"),
        (
            "[[rule]]\nid='a'\nname='a'\ncategories=['a']\nanchors=['abc']\npattern='('\n",
            "rule a: the pattern does not",
        ),
        (
            "[[rule]]\nid='a'\nname='a'\ncategories=['a']\nanchors=['abc']\npattern='abc'\n",
            "rule a: the pattern has no",
        ),
        ("[[rule]]\nid='a'\nname='a'\ncategories=['a']\ncolour='red'\n", "bad.toml, rule 1: unknown key 'colour'"),
    ],
)
def test_a_broken_rule_file(dump: Path, text: str, says: str) -> None:
    (dump.parent / "bad.toml").write_text(text)
    fails(dump.parent, "sanitize", "app.txt", "--rules", "bad.toml", code=5, says=says)
    fails(dump.parent, "scan", "app.txt", "--rules", "bad.toml", code=5, says=says)


def test_a_missing_rule_file(dump: Path) -> None:
    fails(dump.parent, "scan", "app.txt", "--rules", "none.toml", code=5, says="none.toml: cannot read the rule file")


def test_an_unknown_policy(dump: Path) -> None:
    fails(dump.parent, "sanitize", "app.txt", "--policy", "lenient", code=5, says="unknown policy 'lenient': ")


def test_unusable_known_values(dump: Path) -> None:
    (dump.parent / "known.txt").touch()
    (dump.parent / "binary.txt").write_bytes(b"\xff\x00\xff")
    fails(dump.parent, "scan", "app.txt", "--known", "known.txt", code=5, says="known.txt: the list holds no values: ")
    fails(dump.parent, "scan", "app.txt", "--known", "binary.txt", code=5, says="binary.txt, line 1: ")
    fails(dump.parent, "scan", "app.txt", "--known", "none.txt", code=5, says="none.txt: cannot read the known values")
    fails(dump.parent, "scan", "app.txt", "--known", ".", code=5, says=".: cannot read the known values")


def test_a_text_file_is_searched_as_raw_bytes(dump: Path) -> None:
    done = dumpscrub(dump.parent, "sanitize", "app.txt")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Note: " in done.stdout
    copy = (dump.parent / "app.sanitized.txt").read_bytes()
    assert len(copy) == len(TEXT)
    assert b"violet" not in copy
    assert copy.startswith(b"Server=db1;User ID=app;Password=******************;")
    assert dump.read_bytes() == TEXT


def test_a_truncated_minidump_is_searched_all_the_same(tmp_path: Path) -> None:
    stream = struct.pack("<III", 3, 48, 4096)  # a thread list that lies behind the end of the file
    (tmp_path / "cut.dmp").write_bytes(struct.pack("<IIIIIIQ", 0x504D444D, 0xA793, 1, 32, 0, 0, 0) + stream + TEXT)
    done = dumpscrub(tmp_path, "sanitize", "cut.dmp")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Note: " in done.stdout
    assert b"violet" not in (tmp_path / "cut.sanitized.dmp").read_bytes()


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"MDMP\x93\xa7\x00\x00" + bytes(56), id="minidump"),
        pytest.param(b"\x7fELF\x02\x01\x01" + b"\xff" * 57, id="core"),
        pytest.param(b"PAGEDU64" + b"\xff" * 56, id="kernel"),
    ],
)
def test_a_dump_that_makes_no_sense_ends_without_a_traceback(tmp_path: Path, head: bytes) -> None:
    (tmp_path / "odd.dmp").write_bytes(head + TEXT)
    done = dumpscrub(tmp_path, "sanitize", "odd.dmp")
    assert "Traceback" not in done.stderr
    if done.returncode:
        assert (done.returncode, done.stderr.count("\n")) == (3, 1)
        assert set(files(tmp_path)) == {"odd.dmp"}
    else:
        assert b"violet" not in (tmp_path / "odd.sanitized.dmp").read_bytes()


@pytest.mark.skipif(os.name == "nt", reason="NOT RUN: Windows allows no control characters in file names")
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(b"a\x1b]0;owned\x07\n.dmp", id="title"),
        pytest.param(b"a\x1b[31m\xff\xfe.dmp", id="colour and bytes"),
        pytest.param("a\u202egpj.dmp".encode(), id="right to left"),
    ],
)
def test_a_hostile_file_name_reaches_no_terminal_unescaped(tmp_path: Path, name: bytes) -> None:
    path = tmp_path / os.fsdecode(name)
    for command in ("scan", "sanitize", "inspect"):
        missing = dumpscrub(tmp_path, command, path.name)
        assert missing.returncode == 3
        assert missing.stderr.endswith("\n")
        assert missing.stderr[:-1].isprintable()
    path.write_bytes(TEXT)
    for arguments in (("scan", "--json"), ("inspect", "--json"), ("inspect",), ("sanitize",)):
        done = dumpscrub(tmp_path, *arguments, path.name)
        assert done.returncode in (0, 1)
        assert done.stderr == ""
        assert done.stdout.replace("\n", "").isprintable()
    log = tmp_path / os.fsdecode(name.replace(b".dmp", b".audit.jsonl"))
    assert log.read_text("ascii").replace("\n", "").isprintable()
