"""Default names, and one clear line for every path that cannot be used."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from dumpscrub.errors import InputError, OutputError
from dumpscrub.paths import check_input, check_paths, default_audit, default_output, input_errors, output_errors


@pytest.mark.parametrize(
    ("name", "output", "audit"),
    [
        ("app.dmp", "app.sanitized.dmp", "app.audit.jsonl"),
        ("app.1.2.DMP", "app.1.2.sanitized.DMP", "app.1.2.audit.jsonl"),
        ("core", "core.sanitized", "core.audit.jsonl"),
        ("core.4711", "core.4711.sanitized", "core.4711.audit.jsonl"),
        (".dump", ".dump.sanitized", ".dump.audit.jsonl"),
        ("app.sanitized.dmp", "app.sanitized.sanitized.dmp", "app.sanitized.audit.jsonl"),
    ],
)
def test_default_names(name: str, output: str, audit: str) -> None:
    assert default_output(Path("folder") / name) == Path("folder") / output
    assert default_audit(Path("folder") / output) == Path("folder") / audit


def test_the_audit_of_an_output_named_by_the_user() -> None:
    assert default_audit(Path("out/clean.dmp")) == Path("out/clean.audit.jsonl")


@pytest.mark.parametrize("path", [Path("/"), Path()])
def test_a_path_without_a_name_has_no_default(path: Path) -> None:
    assert default_output(path) == path
    assert default_audit(path) == path
    with pytest.raises(InputError, match="is a directory"):
        check_paths(path, default_output(path), default_audit(path))


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    path = tmp_path / "app.dmp"
    path.write_bytes(b"MDMP")
    return path


def refused(dump: Path, output: Path | None = None, audit: Path | None = None) -> str:
    """The one line with which the output or the log is refused; the directory stays as it was."""
    output = output or default_output(dump)
    before = sorted(dump.parent.rglob("*"))
    with pytest.raises(OutputError) as caught:
        check_paths(dump, output, audit or dump.parent / "app.audit.jsonl")
    assert caught.value.exit_code == 4
    assert "\n" not in str(caught.value)
    assert sorted(dump.parent.rglob("*")) == before
    return str(caught.value).replace(f"{dump.parent}{os.sep}", "")


def test_good_paths(dump: Path) -> None:
    check_paths(dump, default_output(dump), default_audit(default_output(dump)))


def unreadable(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        check_input(path)
    assert caught.value.exit_code == 3
    return str(caught.value).replace(f"{path.parent}{os.sep}", "")


def test_missing(tmp_path: Path) -> None:
    assert unreadable(tmp_path / "app.dmp") == "app.dmp cannot be read: it does not exist: check the path"


def test_below_a_file(dump: Path) -> None:
    assert unreadable(dump / "app.dmp") == "app.dmp cannot be read: it does not exist: check the path"


def test_a_dangling_symbolic_link(tmp_path: Path) -> None:
    (tmp_path / "app.dmp").symlink_to("gone")
    assert unreadable(tmp_path / "app.dmp") == "app.dmp cannot be read: it does not exist: check the path"


def test_a_circle_of_symbolic_links(tmp_path: Path) -> None:
    (tmp_path / "app.dmp").symlink_to("app.dmp")
    expected = f"app.dmp cannot be read: {os.strerror(errno.ELOOP)}: check the path"
    assert unreadable(tmp_path / "app.dmp") == expected


def test_a_directory(tmp_path: Path) -> None:
    (tmp_path / "dumps").mkdir()
    assert unreadable(tmp_path / "dumps") == "dumps is a directory: name the dump file in it"


def test_empty(tmp_path: Path) -> None:
    (tmp_path / "app.dmp").touch()
    assert unreadable(tmp_path / "app.dmp") == "app.dmp is empty: nothing was written to it, create the dump again"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert unreadable(tmp_path / "pipe") == "pipe is a pipe or a device: save the dump as a file and name that"


@pytest.mark.skipif(not Path(os.devnull).exists(), reason="needs device files")
def test_a_device() -> None:
    assert unreadable(Path("/dev/null")) == "null is a pipe or a device: save the dump as a file and name that"


def test_no_permission_to_read(dump: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "open", refuse)
    assert unreadable(dump) == (
        "app.dmp cannot be read: permission is denied: "
        "run as a user who may read it, and close the program that wrote it"
    )


def test_a_line_break_in_a_name_does_not_break_the_line(tmp_path: Path) -> None:
    assert unreadable(tmp_path / "a\nb\x1b[31m") == ("a\\nb\\x1b[31m cannot be read: it does not exist: check the path")


def test_output_exists(dump: Path) -> None:
    (dump.parent / "app.sanitized.dmp").write_bytes(b"theirs")
    assert refused(dump) == (
        "app.sanitized.dmp cannot be written: it exists already and nothing is overwritten: "
        "remove it, or choose another name"
    )
    assert (dump.parent / "app.sanitized.dmp").read_bytes() == b"theirs"


def test_output_is_a_dangling_symbolic_link(dump: Path) -> None:
    (dump.parent / "out").symlink_to("gone")
    assert "it exists already" in refused(dump, dump.parent / "out")


def test_output_is_a_directory(dump: Path) -> None:
    (dump.parent / "out").mkdir()
    assert refused(dump, dump.parent / "out") == "out is a directory: name a new file with --output"


def test_output_is_the_input(dump: Path) -> None:
    assert refused(dump, dump) == "app.dmp is the input itself: choose another name with --output"
    around = dump.parent / ".." / dump.parent.name / "app.dmp"
    assert "is the input itself" in refused(dump, around)


def test_output_is_the_input_by_a_symbolic_link(dump: Path) -> None:
    (dump.parent / "out").symlink_to("app.dmp")
    assert refused(dump, dump.parent / "out") == "out is the input itself: choose another name with --output"


def test_output_is_the_input_by_a_hard_link(dump: Path) -> None:
    (dump.parent / "out").hardlink_to(dump)
    assert refused(dump, dump.parent / "out") == "out is the input itself: choose another name with --output"


def test_output_in_a_directory_that_does_not_exist(dump: Path) -> None:
    assert refused(dump, dump.parent / "gone" / "out").endswith(
        "out cannot be written: its directory does not exist: create it, or choose another place"
    )
    assert "its directory does not exist" in refused(dump, dump / "out")


def test_output_in_a_directory_that_may_not_be_written(dump: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert refused(dump) == (
        "app.sanitized.dmp cannot be written: permission is denied: "
        "choose another place, or run as a user who may write there"
    )


def test_output_with_a_name_that_is_too_long(dump: Path) -> None:
    assert refused(dump, dump.parent / ("a" * 300)).endswith(
        "cannot be written: its name is too long: choose a shorter one"
    )


def test_audit_exists(dump: Path) -> None:
    (dump.parent / "app.audit.jsonl").write_bytes(b"theirs")
    assert refused(dump).startswith("app.audit.jsonl cannot be written: it exists already")


def test_audit_is_the_input_or_the_output(dump: Path) -> None:
    output = default_output(dump)
    assert refused(dump, audit=dump) == "app.dmp is the input itself: choose another name with --audit"
    assert refused(dump, audit=output) == "app.sanitized.dmp is the output too: choose another name with --audit"
    (dump.parent / "other").symlink_to(dump.parent, target_is_directory=True)
    through = dump.parent / "other" / output.name
    assert refused(dump, audit=through).endswith("is the output too: choose another name with --audit")


def test_audit_in_a_directory_that_does_not_exist(dump: Path) -> None:
    assert "its directory does not exist" in refused(dump, audit=dump.parent / "gone" / "log")


@pytest.mark.parametrize(
    ("code", "line"),
    [
        (errno.ENOSPC, "no space is left on its disk: free some, or choose another place"),
        (errno.EDQUOT, "the disk quota is used up: free some space, or choose another place"),
        (errno.EFBIG, "its file system, or a limit, does not allow a file so large: choose another place"),
        (errno.EROFS, "its file system is read-only: choose another place"),
        (errno.EACCES, "permission is denied: choose another place, or run as a user who may write there"),
        (errno.EIO, "its disk reports an error: choose another place"),
        (errno.EXDEV, f"{os.strerror(errno.EXDEV)}: choose another place"),
    ],
)
def test_every_error_of_the_platform_says_what_to_do(code: int, line: str) -> None:
    with pytest.raises(OutputError) as caught, output_errors(Path("out")):
        raise OSError(code, os.strerror(code))
    assert str(caught.value) == f"out cannot be written: {line}"


def test_an_error_without_a_number() -> None:
    with pytest.raises(InputError) as caught, input_errors(Path("app.dmp")):
        raise OSError
    assert str(caught.value) == "app.dmp cannot be read: unknown error: check the path"


def test_checking_leaves_the_input_alone(dump: Path) -> None:
    before = dump.stat()
    check_paths(dump, default_output(dump), default_audit(dump))
    after = dump.stat()
    assert stat.S_IMODE(after.st_mode) == stat.S_IMODE(before.st_mode)
    assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
