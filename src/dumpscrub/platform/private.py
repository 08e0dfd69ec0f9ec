"""Private files, and giving them their name. What differs between platforms stands in :mod:`dumpscrub.platform.files`.

All functions raise OSError as the platform does; :mod:`dumpscrub.writer` makes clear messages of them.
"""

from __future__ import annotations

import errno
import glob
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path

from dumpscrub.platform import files

_NO_TMPFILE = frozenset({errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOENT})
_NO_LINK = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})
_CLOSED = -1

_WAITS = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
"""Seconds until Windows is asked again to rename or delete a file that somebody has open."""


class PrivateFile:
    """A file, open for reading and writing, that only its owner may open and that has no final name yet.

    ``descriptor`` is its open file, ``name`` its temporary name (None where it needs none).
    """

    def __init__(self, descriptor: int, name: Path | None) -> None:
        self.descriptor = descriptor
        self.name = name
        self._published: os.stat_result | None = None

    @classmethod
    def create(cls, directory: Path, stem: str) -> PrivateFile:
        """An empty file in ``directory``; ``stem`` is part of the temporary name where it needs one."""
        descriptor = _unnamed(directory)
        if descriptor is not None:
            return cls(descriptor, None)
        while True:
            name = directory / f".{stem[:40]}.{secrets.token_hex(4)}.partial"
            try:
                return cls(os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | files.FLAGS, 0o600), name)
            except FileExistsError:
                continue
            except FileNotFoundError as error:
                raise _too_long(directory, error) from error
            except BaseException:
                name.unlink(missing_ok=True)
                raise

    def publish(self, target: Path) -> None:
        """Give the file the name ``target``, in the same directory. FileExistsError where that name is taken.

        On Windows this closes the file, and no memory map of it may be open.
        """
        self._published = os.fstat(self.descriptor)
        if files.WINDOWS:
            self._close()
            name = self._named()
            try:
                _patiently(lambda: os.rename(name, target))  # noqa: PTH104 (unlike Path.replace it never overwrites)
            except FileNotFoundError as error:
                raise _too_long(target.parent, error) from error
            self.name = None
        elif self.name is None:
            # The directory descriptor is not used for an absolute path, but makes Python follow the link.
            os.link(f"/proc/self/fd/{self.descriptor}", target, src_dir_fd=self.descriptor)
        else:
            _link_or_claim(self.name, target)
            self.name.unlink(missing_ok=True)
            self.name = None

    def withdraw(self, target: Path) -> None:
        """Take the name ``target`` away again, if it is this file's and not somebody else's."""
        try:
            found = os.lstat(target)
        except FileNotFoundError:
            return
        if self._published is not None and os.path.samestat(found, self._published):
            _patiently(lambda: target.unlink(missing_ok=True))

    def discard(self) -> None:
        """Close the file; unless it was published, nothing of it is left."""
        self._close()
        if self.name is not None:
            name = self.name
            _patiently(lambda: name.unlink(missing_ok=True))
            self.name = None

    def _close(self) -> None:
        descriptor, self.descriptor = self.descriptor, _CLOSED
        if descriptor != _CLOSED:
            os.close(descriptor)

    def _named(self) -> Path:
        if self.name is None:
            raise ValueError("the file has no temporary name")
        return self.name


def left_behind(directory: Path, stem: str) -> list[Path]:
    """Temporary files of :meth:`PrivateFile.create` for ``stem``: of runs that were killed, or that are at work."""
    pattern = glob.escape(f".{stem[:40]}.") + "?" * 8 + ".partial"
    return sorted(directory.glob(pattern))


def _patiently(step: Callable[[], None]) -> None:
    """Take ``step``. On Windows again, for some seconds, where it is refused: a virus scanner opens each new file."""
    for wait in _WAITS if files.WINDOWS else ():
        try:
            return step()
        except PermissionError:
            time.sleep(wait)
    return step()


def _too_long(directory: Path, error: FileNotFoundError) -> OSError:
    """``error``, or what it means where ``directory`` is there: Windows finds no path of 260 characters or more."""
    if not (files.WINDOWS and directory.is_dir()):
        return error
    return OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))


def _unnamed(directory: Path) -> int | None:
    """An open file without a name, None where the platform or the file system has none."""
    flag = getattr(os, "O_TMPFILE", None)
    if files.WINDOWS or flag is None:
        return None
    try:
        descriptor = os.open(directory, os.O_RDWR | flag | files.FLAGS, 0o600)
    except OSError as error:
        if error.errno in _NO_TMPFILE:
            return None
        raise
    if os.path.exists(f"/proc/self/fd/{descriptor}"):  # noqa: PTH110 (os.path never raises here)
        return descriptor
    os.close(descriptor)  # without /proc it could never be given a name
    return None


def _link_or_claim(name: Path, target: Path) -> None:
    """Give the file ``name`` a second name. FAT and some network file systems know no links: there it is renamed."""
    try:
        os.link(name, target)
    except OSError as error:
        if error.errno not in _NO_LINK:
            raise
    else:
        return
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | files.FLAGS, 0o600))
    try:
        name.replace(target)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
