"""What differs between platforms about files. :mod:`dumpscrub.platform.private` makes private ones with it.

======================  ==========================  =============================  =================================
                        Linux                       macOS, and where Linux cannot  Windows
======================  ==========================  =============================  =================================
a private file          O_TMPFILE: it has no name   ``.NAME.XXXXXXXX.partial``     the same; the directory's ACL
                                                    of mode 0600                   decides who may read it
its final name,         link /proc/self/fd/N        link, then unlink              rename, which fails where the
never overwriting                                                                  name is taken; it closes the file
without hard links      -                           claim the name, then rename    -
sync of a directory     fsync                       fsync                          not needed
room for a file         ftruncate                   ftruncate                      as it is written: the C library
                                                                                   would write zeros first
a file that is in use   -                           -                              cannot be renamed or deleted:
                                                                                   tried again for some seconds
sync of a file          fsync                       F_FULLFSYNC                    _commit, as os.fsync does
holes of a file         SEEK_DATA, SEEK_HOLE        the same                       read as zeros
copy within the kernel  copy_file_range             -                              -
read at an offset       preadv                      preadv                         lseek, read
write at an offset      pwrite                      pwrite                         lseek, write
======================  ==========================  =============================  =================================

All functions raise OSError as the platform does; :mod:`dumpscrub.writer` makes clear messages of them.
"""

from __future__ import annotations

import ctypes
import errno
import importlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

WINDOWS = os.name == "nt"
"""Whether names and open files behave as on Windows. Tests set it to see that branch run."""

FLAGS = getattr(os, "O_BINARY", 0) | getattr(os, "O_NOINHERIT", 0) | getattr(os, "O_CLOEXEC", 0)
"""What every file is opened with: its bytes as they are, and not for child processes."""

_NO_DIRECTORY_SYNC = frozenset({errno.EINVAL, errno.EOPNOTSUPP, errno.EBADF})
_POSITION = threading.Lock()
"""Held while a file's position is set and then used."""

_SYNC_FILE_RANGE_WRITE = 2


def open_again(descriptor: int) -> int:
    """A second descriptor of the same file; read-only and with its own position where the platform can do that."""
    if WINDOWS:
        return os.dup(descriptor)  # a path that begins with / would be one of the current drive, and anybody's file
    try:
        return os.open(f"/proc/self/fd/{descriptor}", os.O_RDONLY | FLAGS)
    except OSError:
        return os.dup(descriptor)


def extend(descriptor: int, size: int) -> None:
    """Make an empty file ``size`` bytes long where that costs nothing; on Windows it grows as it is written."""
    if not WINDOWS:
        os.ftruncate(descriptor, size)


def sync(descriptor: int) -> None:
    """Return only when the file's bytes are on the disk."""
    try:
        fcntl = importlib.import_module("fcntl")
        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)  # macOS: there fsync leaves the bytes in the drive's cache
    except (ImportError, AttributeError, OSError):
        os.fsync(descriptor)  # also where a network file system does not know F_FULLFSYNC


def start_sync(descriptor: int) -> None:
    """Let the disk begin with the file's bytes, where the system can be asked to (Linux).

    Whether they arrive, :func:`sync` says: this call neither waits nor takes a word of a failure away from it.
    """
    start = getattr(ctypes.CDLL(None), "sync_file_range", None) if os.name == "posix" else None
    if start is not None:
        start(descriptor, ctypes.c_int64(0), ctypes.c_int64(0), _SYNC_FILE_RANGE_WRITE)


def sync_directory(directory: Path) -> None:
    """Return only when the names in ``directory`` are on the disk, where the platform lets a program ask for that."""
    if WINDOWS:
        return
    try:
        descriptor = os.open(directory, os.O_RDONLY | FLAGS)
    except PermissionError:
        return  # a directory that may be written but not listed
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_DIRECTORY_SYNC:
            raise
    finally:
        os.close(descriptor)


def read_at(descriptor: int, buffer: memoryview, offset: int) -> int:
    """Fill ``buffer`` from file ``offset`` on. Returns how many bytes there were: fewer only where the file ends.

    On Windows it moves the file's position, so threads take turns.
    """
    got = 0
    while got < len(buffer):
        count = _read_some(descriptor, buffer[got:], offset + got)
        if not count:
            break
        got += count
    return got


def _read_some(descriptor: int, buffer: memoryview, offset: int) -> int:
    if not WINDOWS:
        return os.preadv(descriptor, [buffer], offset)
    with _POSITION:
        os.lseek(descriptor, offset, os.SEEK_SET)
        data = os.read(descriptor, len(buffer))
    buffer[: len(data)] = data
    return len(data)


def write_at(descriptor: int, data: bytes | memoryview, offset: int) -> None:
    """Write all of ``data`` at file ``offset``."""
    rest = memoryview(data)
    while rest:
        written = _write_some(descriptor, rest, offset)
        if written <= 0:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        rest = rest[written:]
        offset += written


def _write_some(descriptor: int, data: memoryview, offset: int) -> int:
    if not WINDOWS:
        return os.pwrite(descriptor, data, offset)
    with _POSITION:
        os.lseek(descriptor, offset, os.SEEK_SET)
        return os.write(descriptor, data)


def copy_some(source: int, target: int, offset: int, length: int) -> int:
    """Copy up to ``length`` bytes at ``offset`` within the kernel, which may even share them. Returns how many.

    0 where that is not possible here, or not for these files; reading and writing then tells why.
    """
    if not hasattr(os, "copy_file_range"):
        return 0
    try:
        return os.copy_file_range(source, target, length, offset, offset)
    except OSError:
        return 0


def data_ranges(descriptor: int, size: int) -> Iterator[tuple[int, int]]:
    """Pairs (start, end) of the bytes of a file that may be other than zero, in order: what is not a hole."""
    end = 0
    while end < size:
        start, end = _next_data(descriptor, end, size)
        if start < end:
            yield start, end


def _next_data(descriptor: int, offset: int, size: int) -> tuple[int, int]:
    """The first data at or after ``offset``; everything up to ``size`` where the file system knows no holes."""
    if WINDOWS or not hasattr(os, "SEEK_DATA"):
        return offset, size
    try:
        start = os.lseek(descriptor, offset, os.SEEK_DATA)
        end = os.lseek(descriptor, start, os.SEEK_HOLE)
    except OSError as error:
        if error.errno == errno.ENXIO:
            return size, size  # a hole up to the end
        if error.errno in {errno.EINVAL, errno.EOPNOTSUPP}:
            return offset, size
        raise
    if end <= offset:
        return offset, size  # the file changes under us: read it all, the caller will notice
    return min(start, size), min(end, size)


def allocated(status: os.stat_result) -> int:
    """Bytes that a file takes on its disk: fewer than its size where it has holes."""
    blocks = getattr(status, "st_blocks", None)
    return status.st_size if blocks is None else min(status.st_size, int(blocks) * 512)
