"""The private copy and the private log: what they hold, what they refuse, and that they go away."""

from __future__ import annotations

import errno
import os
import random
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from dumpscrub import writer
from dumpscrub.errors import DumpscrubError, InputError, OutputError
from dumpscrub.model import Edit
from dumpscrub.platform import files, private
from dumpscrub.span import Span
from dumpscrub.writer import PrivateCopy, PrivateLog, publish

SIZE = 3 * writer.BLOCK + 12345
PRIVATE = 0o666 if os.name == "nt" else 0o600
"""The mode of a private file: on Windows the folder's rights count, and a mode says whether it may be written."""
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs holes in files, O_TMPFILE or rlimits")


def edit(start: int, replacement: bytes) -> Edit:
    return Edit(Span(start, start + len(replacement)), replacement, "mask")


def listing(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """A platform that really refuses to write beyond ``size`` bytes of a file."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def dump(tmp_path: Path) -> Iterator[Path]:
    """A file of random bytes; afterwards it must be as it was."""
    content = random.Random(1).randbytes(SIZE)
    path = tmp_path / "app.dmp"
    path.write_bytes(content)
    before = path.stat()
    yield path
    if path.stat().st_mtime_ns == before.st_mtime_ns:
        assert path.read_bytes() == content


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the output goes."""
    path = tmp_path / "out"
    path.mkdir()
    return path


def test_a_copy_is_private_and_complete(dump: Path, folder: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    with PrivateCopy.make(dump, folder, lambda *step: seen.append(step)) as copy:
        assert copy.size == SIZE
        assert stat.S_IMODE(os.fstat(copy.descriptor).st_mode) == PRIVATE
        publish((copy, folder / "copy"))
    assert (folder / "copy").read_bytes() == dump.read_bytes()
    assert stat.S_IMODE((folder / "copy").stat().st_mode) == PRIVATE
    assert seen[0] == ("copy", 0, SIZE)
    assert seen[-1] == ("copy", SIZE, SIZE)
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)


def test_nothing_is_left_without_publishing(dump: Path, folder: Path) -> None:
    with PrivateCopy.make(dump, folder), PrivateLog.make(folder / "log"):
        pass
    assert listing(folder) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_nothing_is_left_after_an_exception(
    dump: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    monkeypatch.delattr(os, "O_TMPFILE", raising=False)

    def work() -> None:
        with PrivateCopy.make(dump, folder):
            assert len(listing(folder)) == 1
            raise error

    with pytest.raises(error):
        work()
    assert listing(folder) == []


def test_an_interrupt_while_copying_leaves_nothing(dump: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "O_TMPFILE", raising=False)

    def interrupt(stage: str, done: int, of: int) -> None:
        if done > of // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        PrivateCopy.make(dump, folder, interrupt)
    assert listing(folder) == []


@linux
def test_holes_stay_holes(tmp_path: Path, folder: Path) -> None:
    sparse = tmp_path / "sparse.core"
    with sparse.open("wb") as file:
        for offset in (0, 5 << 20, 40 << 20):
            file.seek(offset)
            file.write(random.Random(offset).randbytes(5000))
        file.truncate(64 << 20)
    if files.allocated(sparse.stat()) == 64 << 20:
        pytest.skip("this file system keeps no holes")
    with PrivateCopy.make(sparse, folder) as copy:
        assert files.allocated(os.fstat(copy.descriptor)) < 1 << 20
        publish((copy, folder / "copy"))
    assert (folder / "copy").read_bytes() == sparse.read_bytes()


def test_edits_are_written_in_any_order(dump: Path, folder: Path) -> None:
    edits = [edit(SIZE - 3, b"end"), edit(0, b"start"), edit(5, b"touches"), edit(writer.BLOCK - 2, b"across")]
    expected = bytearray(dump.read_bytes())
    for one in edits:
        expected[one.span.start : one.span.end] = one.replacement
    with PrivateCopy.make(dump, folder) as copy:
        copy.apply(edits)
        copy.apply([])
        publish((copy, folder / "copy"))
    assert (folder / "copy").read_bytes() == expected


@pytest.mark.parametrize("edits", [[edit(10, b"xx"), edit(11, b"yy")], [edit(SIZE - 1, b"xx")]])
def test_edits_that_overlap_or_leave_the_file_are_refused(dump: Path, folder: Path, edits: list[Edit]) -> None:
    with PrivateCopy.make(dump, folder) as copy, pytest.raises(DumpscrubError) as caught:
        copy.apply(edits)
    assert caught.value.exit_code == 70
    start = max(one.span.start for one in edits)
    assert str(caught.value) == f"an edit at {start:#x} overlaps another one or leaves the file"


def test_publish_does_not_overwrite(dump: Path, folder: Path) -> None:
    (folder / "copy").write_bytes(b"theirs")
    with PrivateCopy.make(dump, folder) as copy, pytest.raises(OutputError, match="nothing is overwritten") as caught:
        publish((copy, folder / "copy"))
    assert caught.value.exit_code == 4
    assert listing(folder) == ["copy"]
    assert (folder / "copy").read_bytes() == b"theirs"


@pytest.mark.parametrize("taken", ["log", "copy"])
def test_both_are_published_or_none(dump: Path, folder: Path, taken: str) -> None:
    (folder / taken).write_bytes(b"theirs")
    with PrivateLog.make(folder / "log") as log, PrivateCopy.make(dump, folder) as copy:
        with log.writing() as stream:
            stream.write("line\n")
        with pytest.raises(OutputError, match=f"{taken} cannot be written: it exists already"):
            publish((log, folder / "log"), (copy, folder / "copy"))
    assert listing(folder) == [taken]
    assert (folder / taken).read_bytes() == b"theirs"


@linux
def test_the_bytes_are_on_the_disk_before_a_name_appears(
    dump: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    real_fsync, real_link = os.fsync, os.link

    def fsync(descriptor: int) -> None:
        calls.append("sync directory" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "sync file")
        real_fsync(descriptor)

    def link(source: str, target: Path, **keywords: Any) -> None:
        calls.append(target.name)
        real_link(source, target, **keywords)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "link", link)
    with PrivateLog.make(folder / "log") as log, PrivateCopy.make(dump, folder) as copy:
        publish((log, folder / "log"), (copy, folder / "copy"))
    assert calls == ["sync file", "sync file", "log", "copy", "sync directory"]


@linux
def test_an_error_that_the_disk_told_while_the_copy_was_searched_is_not_lost(
    dump: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A file tells of a failed write once, and then takes it for told.
    errors = [OSError(errno.EIO, os.strerror(errno.EIO))]

    def fsync(_: int) -> None:
        if errors:
            raise errors.pop()

    monkeypatch.setattr(os, "fsync", fsync)
    with PrivateCopy.make(dump, folder) as copy, pytest.raises(OutputError, match="its disk reports an error"):
        publish((copy, folder / "copy"))
    assert errors == []
    assert listing(folder) == []


def test_the_log_may_stand_in_another_directory(dump: Path, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    with PrivateLog.make(tmp_path / "logs" / "log") as log, PrivateCopy.make(dump, folder) as copy:
        publish((log, tmp_path / "logs" / "log"), (copy, folder / "copy"))
    assert listing(folder) == ["copy"]
    assert listing(tmp_path / "logs") == ["log"]


def test_the_log_is_utf8_with_line_feeds(folder: Path) -> None:
    with PrivateLog.make(folder / "log") as log:
        with log.writing() as stream:
            stream.write("größer\n" * 3)
        publish((log, folder / "log"))
    assert (folder / "log").read_bytes() == "größer\n".encode() * 3
    assert stat.S_IMODE((folder / "log").stat().st_mode) == PRIVATE


@linux
def test_a_log_that_does_not_fit(folder: Path) -> None:
    limited, log = file_size_limit(10_000), PrivateLog.make(folder / "log")
    with log, limited, pytest.raises(OutputError) as caught, log.writing() as stream:
        stream.write("x" * 100_000)
    assert "does not allow a file so large" in str(caught.value)
    assert listing(folder) == []


@linux
def test_a_copy_that_does_not_fit(dump: Path, folder: Path) -> None:
    with file_size_limit(writer.BLOCK), pytest.raises(OutputError) as caught:
        PrivateCopy.make(dump, folder)
    assert "does not allow a file so large" in str(caught.value)
    assert listing(folder) == []


def test_a_disk_without_room_is_not_filled_first(dump: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = writer.shutil._ntuple_diskusage  # type: ignore[attr-defined]
    monkeypatch.setattr(writer.shutil, "disk_usage", lambda _: usage(10 << 30, 10 << 30, 2 << 20))  # type: ignore[attr-defined]
    with pytest.raises(OutputError) as caught:
        PrivateCopy.make(dump, folder)
    assert str(caught.value) == (
        f"{folder} has 2 MiB free and the copy needs 4 MiB: free some space, or choose another place"
    )
    assert listing(folder) == []


def test_a_file_system_that_does_not_tell_its_room_is_tried(
    dump: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = writer.shutil._ntuple_diskusage  # type: ignore[attr-defined]
    monkeypatch.setattr(writer.shutil, "disk_usage", lambda _: usage(0, 0, 0))  # type: ignore[attr-defined]
    with PrivateCopy.make(dump, folder) as copy:
        assert copy.size == SIZE


@pytest.mark.parametrize("in_kernel", [True, False])
def test_the_copy_is_the_input(dump: Path, folder: Path, in_kernel: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "KERNEL_BLOCK", writer.BLOCK + 5)
    if not in_kernel:
        monkeypatch.delattr(os, "copy_file_range", raising=False)
    with PrivateCopy.make(dump, folder) as copy:
        content = bytearray(SIZE + 1)
        assert files.read_at(copy.descriptor, memoryview(content), 0) == SIZE
        assert content[:SIZE] == dump.read_bytes()


@pytest.mark.parametrize("in_kernel", [True, False])
@pytest.mark.parametrize("change", ["append", "truncate", "rewrite"])
def test_an_input_that_changes_is_refused(
    dump: Path, folder: Path, change: str, in_kernel: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "KERNEL_BLOCK", writer.BLOCK)
    if not in_kernel:
        monkeypatch.delattr(os, "copy_file_range", raising=False)

    def interfere(stage: str, done: int, of: int) -> None:
        if done != writer.BLOCK:
            return
        with dump.open("r+b") as file:
            if change == "truncate":
                file.truncate(writer.BLOCK)
            else:
                file.seek(0, os.SEEK_END if change == "append" else os.SEEK_SET)
                file.write(b"more")
        os.utime(dump, ns=(0, 0))

    with pytest.raises(InputError) as caught:
        PrivateCopy.make(dump, folder, interfere)
    assert str(caught.value) == f"{dump} changed while it was read: wait until it is complete, and retry"
    assert caught.value.exit_code == 3
    assert listing(folder) == []


def test_an_input_that_is_gone(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        PrivateCopy.make(tmp_path / "gone.dmp", folder)


def test_an_input_on_a_bad_disk(dump: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> Iterator[tuple[int, int]]:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(files, "data_ranges", fail)
    with pytest.raises(InputError) as caught:
        PrivateCopy.make(dump, folder)
    assert str(caught.value).endswith(
        "app.dmp cannot be read: its disk reports an error: copy it to another disk and retry"
    )
    assert listing(folder) == []


def test_an_output_directory_that_is_gone(dump: Path, folder: Path) -> None:
    with pytest.raises(OutputError, match="its directory does not exist"):
        PrivateCopy.make(dump, folder / "gone")
    with pytest.raises(OutputError, match="its directory does not exist"):
        PrivateLog.make(folder / "gone" / "log")


def test_a_temporary_file_that_cannot_be_removed_is_reported(
    dump: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: private.PrivateFile) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    copy = PrivateCopy.make(dump, folder)
    with monkeypatch.context() as patch:
        patch.setattr(private.PrivateFile, "discard", refuse)
        with pytest.raises(OutputError, match=r"permission is denied|cannot be deleted"):
            copy.__exit__(None, None, None)
    copy.file.discard()


def test_a_temporary_file_that_stays_is_named(dump: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    copy = PrivateCopy.make(dump, folder)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", refuse)
        with pytest.raises(OutputError) as caught:
            copy.__exit__(None, None, None)
    assert str(caught.value) == f"{copy.file.name} cannot be deleted, and may hold secrets: delete it"
    copy.file.discard()
