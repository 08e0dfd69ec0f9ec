"""Private files on every platform: the branches that this machine does not take are simulated."""

from __future__ import annotations

import errno
import os
import secrets
import stat
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dumpscrub.platform import files, private
from dumpscrub.platform.private import PrivateFile

PRIVATE = 0o666 if os.name == "nt" else 0o600
"""The mode of a private file: on Windows the folder's rights count, and a mode says whether it may be written."""
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs O_TMPFILE, SEEK_DATA and /proc")


def listing(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def refusing_rename(source: Path, target: Path) -> None:
    """os.rename as it behaves on Windows."""
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
    Path(source).replace(target)


def without_tmpfile(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    """A file system that answers O_TMPFILE with an error."""
    real = os.open

    def refuse(path: str | Path, flags: int, *rest: int) -> int:
        if flags & os.O_TMPFILE == os.O_TMPFILE:
            raise OSError(code, os.strerror(code))
        return real(path, flags, *rest)

    monkeypatch.setattr(os, "open", refuse)


def as_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "WINDOWS", True)
    monkeypatch.setattr(os, "rename", refusing_rename)


def as_macos(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "O_TMPFILE", raising=False)


def without_links(monkeypatch: pytest.MonkeyPatch) -> None:
    as_macos(monkeypatch)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)


def as_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing to change."""


PLATFORMS = [
    pytest.param(as_linux, marks=linux, id="linux"),
    pytest.param(as_macos, id="macos"),
    pytest.param(without_links, id="without-links"),
    pytest.param(as_windows, id="windows"),
]
Simulation = Callable[[pytest.MonkeyPatch], None]


@linux
def test_on_linux_the_file_has_no_name(tmp_path: Path) -> None:
    file = PrivateFile.create(tmp_path, "app.dmp")
    assert file.name is None
    assert listing(tmp_path) == []
    assert stat.S_IMODE(os.fstat(file.descriptor).st_mode) == PRIVATE
    file.discard()


@linux
@pytest.mark.parametrize("code", [errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL])
def test_without_o_tmpfile_it_has_a_hidden_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    without_tmpfile(monkeypatch, code)
    file = PrivateFile.create(tmp_path, "app.dmp")
    (name,) = listing(tmp_path)
    assert name.startswith(".app.dmp.")
    assert name.endswith(".partial")
    assert stat.S_IMODE((tmp_path / name).stat().st_mode) == PRIVATE
    file.discard()
    assert listing(tmp_path) == []


@linux
def test_another_error_of_o_tmpfile_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_tmpfile(monkeypatch, errno.ENOSPC)
    with pytest.raises(OSError, match="No space left"):
        PrivateFile.create(tmp_path, "app.dmp")
    assert listing(tmp_path) == []


@linux
def test_without_proc_it_has_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = set(Path("/proc/self/fd").iterdir())
    with monkeypatch.context() as patch:
        patch.setattr(os.path, "exists", lambda _: False)
        file = PrivateFile.create(tmp_path, "app.dmp")
    assert file.name is not None
    file.discard()
    assert set(Path("/proc/self/fd").iterdir()) == before


def test_a_temporary_name_that_is_taken_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_macos(monkeypatch)
    tokens = iter(["aaaa", "bbbb"])
    monkeypatch.setattr(secrets, "token_hex", lambda _: next(tokens))
    (tmp_path / ".app.aaaa.partial").write_bytes(b"someone else's")
    file = PrivateFile.create(tmp_path, "app")
    assert file.name == tmp_path / ".app.bbbb.partial"
    file.discard()
    assert listing(tmp_path) == [".app.aaaa.partial"]


def test_a_long_name_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_macos(monkeypatch)
    file = PrivateFile.create(tmp_path, "\N{GRINNING FACE}" * 63)
    assert len(listing(tmp_path)) == 1
    file.discard()


@pytest.mark.parametrize("simulate", PLATFORMS)
def test_publish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, simulate: Simulation) -> None:
    simulate(monkeypatch)
    file = PrivateFile.create(tmp_path, "app.dmp")
    files.write_at(file.descriptor, b"content", 0)
    file.publish(tmp_path / "app.sanitized.dmp")
    file.discard()
    assert listing(tmp_path) == ["app.sanitized.dmp"]
    assert (tmp_path / "app.sanitized.dmp").read_bytes() == b"content"
    assert stat.S_IMODE((tmp_path / "app.sanitized.dmp").stat().st_mode) == PRIVATE


@pytest.mark.parametrize("simulate", PLATFORMS)
def test_publish_never_overwrites(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, simulate: Simulation) -> None:
    simulate(monkeypatch)
    (tmp_path / "taken").write_bytes(b"theirs")
    file = PrivateFile.create(tmp_path, "app.dmp")
    with pytest.raises(FileExistsError):
        file.publish(tmp_path / "taken")
    file.withdraw(tmp_path / "taken")
    file.discard()
    assert listing(tmp_path) == ["taken"]
    assert (tmp_path / "taken").read_bytes() == b"theirs"


@pytest.mark.parametrize("simulate", PLATFORMS)
def test_withdraw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, simulate: Simulation) -> None:
    simulate(monkeypatch)
    file = PrivateFile.create(tmp_path, "app.dmp")
    file.withdraw(tmp_path / "out")
    file.publish(tmp_path / "out")
    file.withdraw(tmp_path / "out")
    file.discard()
    file.discard()
    assert listing(tmp_path) == []


def test_windows_closes_the_file_before_it_renames_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_windows(monkeypatch)
    file = PrivateFile.create(tmp_path, "app.dmp")
    descriptor = file.descriptor
    file.publish(tmp_path / "out")
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def refusing(monkeypatch: pytest.MonkeyPatch, times: int) -> list[float]:
    """Windows, where the next renamings and deletions are refused so many times. Returns the seconds waited."""
    left = iter(range(times))
    waited: list[float] = []
    as_windows(monkeypatch)

    def sometimes(call: Callable[..., None]) -> Callable[..., None]:
        def refused(*arguments: object) -> None:
            if next(left, None) is not None:
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
            call(*arguments)

        return refused

    monkeypatch.setattr(os, "rename", sometimes(os.rename))
    monkeypatch.setattr(os, "unlink", sometimes(os.unlink))
    monkeypatch.setattr(time, "sleep", waited.append)
    return waited


def test_windows_waits_for_whoever_has_the_file_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waited = refusing(monkeypatch, 3)
    file = PrivateFile.create(tmp_path, "app.dmp")
    file.publish(tmp_path / "out")
    assert listing(tmp_path) == ["out"]
    assert waited == [0.05, 0.1, 0.2]


def test_windows_waits_to_delete_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waited = refusing(monkeypatch, 2)
    PrivateFile.create(tmp_path, "app.dmp").discard()
    assert listing(tmp_path) == []
    assert waited == [0.05, 0.1]


def test_patience_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = PrivateFile.create(tmp_path, "app.dmp") if files.WINDOWS else None
    waited = refusing(monkeypatch, 100)
    file = file or PrivateFile.create(tmp_path, "app.dmp")
    with pytest.raises(PermissionError):
        file.publish(tmp_path / "out")
    assert 1 < sum(waited) < 5
    assert file.name is not None  # so that whoever discards it can say what is left


def test_windows_finds_no_path_that_is_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_windows(monkeypatch)

    def fail(*_: object) -> int:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", fail)
        with pytest.raises(OSError, match=os.strerror(errno.ENAMETOOLONG)):
            PrivateFile.create(tmp_path, "app.dmp")
        with pytest.raises(FileNotFoundError):
            PrivateFile.create(tmp_path / "nowhere", "app.dmp")
    file = PrivateFile.create(tmp_path, "app.dmp")
    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", fail)
        with pytest.raises(OSError, match=os.strerror(errno.ENAMETOOLONG)):
            file.publish(tmp_path / "out")
    file.discard()


def test_on_windows_a_file_grows_as_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for simulate, size in ((as_macos, 1000), (as_windows, 0)):
        with monkeypatch.context() as patch:
            simulate(patch)
            file = PrivateFile.create(tmp_path, "app.dmp")
            files.extend(file.descriptor, 1000)
            assert os.fstat(file.descriptor).st_size == size
            file.discard()


def test_what_is_left_behind_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_macos(monkeypatch)
    names = [".app[1].dmp.0123abcd.partial", ".app1.dmp.0123abcd.partial", ".app[1].dmp.partial", "app[1].dmp"]
    for name in names:
        (tmp_path / name).touch()
    assert private.left_behind(tmp_path, "app[1].dmp") == [tmp_path / names[0]]
    file = PrivateFile.create(tmp_path, "x" * 100)
    assert private.left_behind(tmp_path, "x" * 100) == [file.name]
    file.discard()


def test_a_claimed_name_is_given_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_links(monkeypatch)
    file = PrivateFile.create(tmp_path, "app.dmp")

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", interrupt)
        with pytest.raises(KeyboardInterrupt):
            file.publish(tmp_path / "out")
    file.discard()
    assert listing(tmp_path) == []


def test_other_errors_of_link_are_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_macos(monkeypatch)
    file = PrivateFile.create(tmp_path, "app.dmp")

    def fail(*_: object) -> None:
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))

    monkeypatch.setattr(os, "link", fail)
    with pytest.raises(OSError, match=os.strerror(errno.EDQUOT)):
        file.publish(tmp_path / "out")
    file.discard()
    assert listing(tmp_path) == []


@linux
def test_the_second_descriptor_is_read_only(tmp_path: Path) -> None:
    file = PrivateFile.create(tmp_path, "app.dmp")
    files.write_at(file.descriptor, b"content", 0)
    again = files.open_again(file.descriptor)
    assert os.read(again, 7) == b"content"
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.write(again, b"x")
    os.close(again)
    file.discard()


def test_on_windows_no_path_is_taken_for_proc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_windows(monkeypatch)
    file = PrivateFile.create(tmp_path, "app.dmp")
    opened: list[object] = []
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", lambda *arguments: opened.append(arguments))
        again = files.open_again(file.descriptor)
    assert opened == []
    assert os.path.samestat(os.fstat(again), os.fstat(file.descriptor))
    os.close(again)
    file.discard()


def test_the_second_descriptor_without_proc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_macos(monkeypatch)
    file = PrivateFile.create(tmp_path, "app.dmp")

    def no_proc(*_: object) -> int:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", no_proc)
        again = files.open_again(file.descriptor)
    assert os.path.samestat(os.fstat(again), os.fstat(file.descriptor))
    os.close(again)
    file.discard()


@pytest.mark.parametrize("windows", [False, True])
def test_short_writes_are_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, windows: bool) -> None:
    as_macos(monkeypatch)
    monkeypatch.setattr(files, "WINDOWS", windows)
    real_pwrite, real_write = os.pwrite, os.write
    monkeypatch.setattr(os, "pwrite", lambda fd, data, offset: real_pwrite(fd, data[:3], offset))
    monkeypatch.setattr(os, "write", lambda fd, data: real_write(fd, data[:3]))
    file = PrivateFile.create(tmp_path, "app.dmp")
    files.write_at(file.descriptor, b"0123456789", 2)
    assert os.pread(file.descriptor, 20, 0) == b"\0\x000123456789"
    file.discard()


def test_a_write_that_makes_no_progress_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = PrivateFile.create(tmp_path, "app.dmp")
    monkeypatch.setattr(os, "pwrite", lambda *_: 0)
    with pytest.raises(OSError, match=os.strerror(errno.EIO)):
        files.write_at(file.descriptor, b"x", 0)
    file.discard()


@linux
def test_holes_are_not_data(tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.seek(1 << 20)
        file.write(b"x" * 4096)
        file.truncate(4 << 20)
    if path.stat().st_blocks * 512 >= 4 << 20:
        pytest.skip("this file system keeps no holes")
    with path.open("rb") as file:
        assert list(files.data_ranges(file.fileno(), 4 << 20)) == [(1 << 20, (1 << 20) + 4096)]
    assert files.allocated(path.stat()) < 1 << 20


@pytest.mark.parametrize("code", [errno.EINVAL, errno.EOPNOTSUPP])
def test_where_holes_are_unknown_everything_is_data(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    def fail(*_: int) -> int:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "lseek", fail)
    assert list(files.data_ranges(0, 100)) == [(0, 100)]


def test_windows_knows_no_holes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "WINDOWS", True)
    assert list(files.data_ranges(0, 100)) == [(0, 100)]
    assert list(files.data_ranges(0, 0)) == []


@linux
def test_a_file_that_changes_while_its_holes_are_read_ends_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "lseek", lambda _, offset, __: offset)
    assert list(files.data_ranges(0, 100)) == [(0, 100)]


@linux
def test_another_error_of_seek_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: int) -> int:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "lseek", fail)
    with pytest.raises(OSError, match=os.strerror(errno.EIO)):
        list(files.data_ranges(0, 100))


def test_without_blocks_the_size_counts() -> None:
    class Status:
        st_size = 5

    assert files.allocated(Status()) == 5  # type: ignore[arg-type]


def test_macos_syncs_through_the_drives_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fcntl = pytest.importorskip("fcntl")
    calls: list[tuple[int, int]] = []
    monkeypatch.setattr(fcntl, "F_FULLFSYNC", 51, raising=False)
    monkeypatch.setattr(fcntl, "fcntl", lambda descriptor, request: calls.append((descriptor, request)))
    files.sync(7)
    assert calls == [(7, 51)]


def test_sync_where_the_file_system_has_no_full_sync(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: int) -> None:
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))

    fcntl = pytest.importorskip("fcntl")
    synced: list[int] = []
    monkeypatch.setattr(fcntl, "F_FULLFSYNC", 51, raising=False)
    monkeypatch.setattr(fcntl, "fcntl", refuse)
    monkeypatch.setattr(os, "fsync", synced.append)
    files.sync(7)
    assert synced == [7]


def test_windows_does_not_sync_directories(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "WINDOWS", True)
    files.sync_directory(Path("does-not-exist"))


def test_a_directory_that_cannot_be_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    codes = iter([errno.EINVAL, errno.EIO])

    def fail(_: int) -> None:
        code = next(codes)
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fail)
    files.sync_directory(tmp_path)
    with pytest.raises(OSError, match=os.strerror(errno.EIO)):
        files.sync_directory(tmp_path)


def test_a_directory_that_cannot_be_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(os, "open", refuse)
    files.sync_directory(tmp_path)
