"""Writing: the private copy that is patched, the private log beside it, and publishing both under their names.

Nothing is ever overwritten. Until :func:`publish` nothing stands under a final name, and after a failure at any point
nothing is left, neither a file nor a part of one.
"""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from dumpscrub.errors import DumpscrubError, InputError, OutputError
from dumpscrub.model import Edit
from dumpscrub.paths import input_errors, output_errors, shown
from dumpscrub.platform import files, private
from dumpscrub.progress import Progress, silent

BLOCK = 1 << 20
"""Bytes that are copied at a time: enough that system calls do not count, few enough for the processor's cache."""
KERNEL_BLOCK = 16 << 20
"""Bytes that the kernel copies at a time; between two such, the progress is shown and Ctrl+C is heard."""
_NAMED = 5
"""Temporary files of earlier runs that are named at the most."""


class _Private:
    """A file that disappears at the end of its ``with`` block unless :func:`publish` gave it a name."""

    def __init__(self, file: private.PrivateFile, directory: Path) -> None:
        self.file = file
        self.directory = directory

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _discard(self.file, self.directory)

    @property
    def descriptor(self) -> int:
        """The open file, for reading and writing by position."""
        return self.file.descriptor

    def sync(self) -> None:
        """Return only when the file's bytes are on the disk. Raises OSError."""
        files.sync(self.descriptor)


class PrivateCopy(_Private):
    """A copy of the input that nobody else can open or truncate: it is searched, patched and verified, then published.

    ``size`` is in bytes. What is a hole in the input is a hole in the copy.
    """

    def __init__(self, file: private.PrivateFile, directory: Path, size: int) -> None:
        super().__init__(file, directory)
        self.size = size
        files.start_sync(file.descriptor)  # the disk works while the copy is searched

    @classmethod
    def make(cls, path: Path, directory: Path, progress: Progress = silent) -> Self:
        """Copy the file ``path`` into ``directory``.

        Raises InputError where the input cannot be read or changes meanwhile, OutputError where there is no room.
        """
        with input_errors(path), path.open("rb", buffering=0) as source:
            before = os.fstat(source.fileno())
            with output_errors(directory):
                _check_room(before, directory)
                file = private.PrivateFile.create(directory, path.name)
            try:
                _copy(source, before, path, file.descriptor, directory, progress)
            except BaseException:
                _discard(file, directory)
                raise
        return cls(file, directory, before.st_size)

    def apply(self, edits: Iterable[Edit]) -> None:
        """Write each edit's replacement over its span. Edits come in any order, lie in the file and never overlap."""
        position = 0
        with output_errors(self.directory):
            for edit in sorted(edits, key=lambda edit: edit.span):
                if edit.span.start < position or edit.span.end > self.size:
                    raise DumpscrubError(f"an edit at {edit.span.start:#x} overlaps another one or leaves the file")
                files.write_at(self.descriptor, edit.replacement, edit.span.start)
                position = edit.span.end


class PrivateLog(_Private):
    """A text file that is written privately and then published, as :class:`PrivateCopy` is."""

    @classmethod
    def make(cls, target: Path) -> Self:
        """An empty log that will have the name ``target``. Raises OutputError."""
        with output_errors(target):
            return cls(private.PrivateFile.create(target.parent, target.name), target.parent)

    @contextmanager
    def writing(self) -> Iterator[IO[str]]:
        """A stream of UTF-8 text with line feeds, all of it written at the end of the block. Raises OutputError."""
        with output_errors(self.directory), _text(self.descriptor) as stream:
            yield stream


def _discard(file: private.PrivateFile, directory: Path) -> None:
    """Close ``file`` and delete it, unless it was published. Raises OutputError, with what the user has to do."""
    with output_errors(directory):
        try:
            file.discard()
        except OSError as error:
            if file.name is None:
                raise
            raise OutputError(f"{shown(file.name)} cannot be deleted, and may hold secrets: delete it") from error


def _text(descriptor: int) -> io.TextIOWrapper:
    return open(descriptor, "w", encoding="utf-8", newline="\n", closefd=False)


def left_behind(path: Path, output: Path, audit: Path) -> list[str]:
    """What to tell of temporary files of earlier runs of ``path`` into the same folders; no more than some of them."""
    with output_errors(output.parent):
        found = private.left_behind(output.parent, path.name)
    with output_errors(audit.parent):
        found += private.left_behind(audit.parent, audit.name)
    return [
        f"{shown(file)} is of a run that was killed, or is still at work: it may hold secrets, delete it when none is"
        for file in found[:_NAMED]
    ]


def publish(*pairs: tuple[_Private, Path]) -> None:
    """Give each file its final name: all of them, or none where one fails. Raises OutputError.

    The bytes are on the disk before the first name appears, so name the log before the dump: then no dump is ever
    without its log. Each target is in the directory that its file was made in. Close memory maps of the files first:
    Windows does not rename a mapped file. Afterwards the files may be closed.
    """
    try:
        for file, target in pairs:
            with output_errors(target):
                file.sync()
        for file, target in pairs:
            with output_errors(target):
                file.file.publish(target)
        for directory in {target.parent for _, target in pairs}:
            with output_errors(directory):
                files.sync_directory(directory)
    except BaseException:
        for file, target in pairs:
            with suppress(OSError):
                file.file.withdraw(target)
        raise


def _check_room(status: os.stat_result, directory: Path) -> None:
    """Refuse before a large copy fills a disk that others need. File systems that do not tell are tried."""
    usage = shutil.disk_usage(directory)
    needed = files.allocated(status)
    if usage.total and usage.free < needed:
        raise OutputError(
            f"{shown(directory)} has {usage.free >> 20:,} MiB free and the copy needs {-(-needed >> 20):,} MiB: "
            "free some space, or choose another place"
        )


def _copy(
    source: io.FileIO, before: os.stat_result, path: Path, target: int, directory: Path, progress: Progress
) -> None:
    """Copy all data of ``source``, and make sure that it is as it was ``before``."""
    size = before.st_size
    buffer = memoryview(bytearray(BLOCK))
    with output_errors(directory):
        files.extend(target, size)
    progress("copy", 0, size)
    for start, end in files.data_ranges(source.fileno(), size):
        position = start
        while position < end:
            count = files.copy_some(source.fileno(), target, position, min(KERNEL_BLOCK, end - position))
            if not count:
                source.seek(position)
                count = source.readinto(buffer[: end - position])
                with output_errors(directory):
                    files.write_at(target, buffer[:count], position)
            if not count:
                raise _changed(path)
            position += count
            progress("copy", position, size)
    after = os.fstat(source.fileno())
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise _changed(path)
    progress("copy", size, size)


def _changed(path: Path) -> InputError:
    return InputError(f"{shown(path)} changed while it was read: wait until it is complete, and retry")
