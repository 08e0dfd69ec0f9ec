"""The Nth call to the platform fails, for N = 1, 2, ... until a run has no Nth call: nothing may be left behind."""

from __future__ import annotations

import errno
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dumpscrub import writer
from dumpscrub.errors import InputError, OutputError
from dumpscrub.model import Edit
from dumpscrub.platform import files
from dumpscrub.span import Span
from dumpscrub.writer import PrivateCopy, PrivateLog, publish

CALLS = ("open", "fstat", "ftruncate", "lseek", "copy_file_range", "pwrite", "write", "fsync", "link", "rename")
CONTENT = random.Random(2).randbytes(2 * writer.BLOCK + 777)
EDITS = [Edit(Span(start, start + 8), b"*" * 8, "mask") for start in (0, 5000, writer.BLOCK - 4, len(CONTENT) - 8)]
EXPECTED = bytearray(CONTENT)
for one in EDITS:
    EXPECTED[one.span.start : one.span.end] = one.replacement


class Faults:
    """Counts the calls of ``CALLS`` and raises ``error`` at number ``at``, or from there on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at: int, error: BaseException, lasting: bool) -> None:
        self.count = 0
        self.at = at
        self.error = error
        self.lasting = lasting
        for name in filter(os.__dict__.__contains__, CALLS):
            monkeypatch.setattr(os, name, self._wrap(getattr(os, name)))

    def _wrap(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **keywords: Any) -> Any:
            self.count += 1
            if self.count == self.at or (self.lasting and self.count > self.at):
                raise self.error
            return real(*arguments, **keywords)

        return call


def run(source: Path, folder: Path) -> None:
    """What the pipeline does with the writer."""
    with PrivateLog.make(folder / "log") as log, PrivateCopy.make(source, folder) as copy:
        copy.apply(EDITS)
        with log.writing() as stream:
            stream.write("line\n")
        publish((log, folder / "log"), (copy, folder / "copy"))


def as_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    def rename(source: Path, target: Path) -> None:
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        Path(source).replace(target)

    monkeypatch.setattr(files, "WINDOWS", True)
    monkeypatch.setattr(os, "rename", rename)


def as_macos(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "O_TMPFILE", raising=False)


def without_links(monkeypatch: pytest.MonkeyPatch) -> None:
    def link(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    as_macos(monkeypatch)
    monkeypatch.setattr(os, "link", link)


def as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing to change."""


def full_disk() -> OSError:
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("lasting", [False, True], ids=["once", "lasting"])
@pytest.mark.parametrize("error", [full_disk, KeyboardInterrupt, MemoryError])
@pytest.mark.parametrize("simulate", [as_it_is, as_macos, without_links, as_windows])
def test_nothing_is_left_behind(
    tmp_path: Path,
    simulate: Callable[[pytest.MonkeyPatch], None],
    error: Callable[[], BaseException],
    lasting: bool,
) -> None:
    source, folder = tmp_path / "app.dmp", tmp_path / "out"
    source.write_bytes(CONTENT)
    folder.mkdir()
    before = source.stat()
    for at in range(1, 1000):
        with pytest.MonkeyPatch.context() as patch:
            simulate(patch)
            faults = Faults(patch, at, error(), lasting)
            try:
                run(source, folder)
            except (InputError, OutputError, KeyboardInterrupt, MemoryError):
                failed = True
            else:
                failed = False
        if not failed and faults.count < at:
            break
        if failed:
            assert list(folder.iterdir()) == [], f"after failure {at}"
        else:
            check_and_clear(folder)
        assert source.stat().st_mtime_ns == before.st_mtime_ns
        assert source.read_bytes() == CONTENT
    assert faults.count > 10
    check_and_clear(folder)


def check_and_clear(folder: Path) -> None:
    """A run whose fault was passed over (a file system without O_TMPFILE, or without fsync) is a whole run."""
    assert sorted(path.name for path in folder.iterdir()) == ["copy", "log"]
    assert (folder / "copy").read_bytes() == EXPECTED
    assert (folder / "log").read_bytes() == b"line\n"
    for path in folder.iterdir():
        path.unlink()
