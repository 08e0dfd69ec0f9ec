"""The command ``dumpscrub`` on a Python that lacks what Windows lacks, and refuses what Windows refuses.

Run as a program, with the arguments of the command. It imports everything first: which modules the standard library
takes is decided by then. What it imitates:

- no calls, flags, signals and modules of POSIX: pread, fork, O_TMPFILE, SEEK_DATA, SIGHUP, fcntl, resource ...;
- maps of memory take a file and an access, not an empty file, and give no advice to the system;
- a file that is open or mapped is neither renamed nor deleted, a rename never overwrites, a directory is not opened;
- a file must be opened as binary, and no path leads to /proc.

Not imitated: paths, which stay those of this system, the child process of the independent reader, and what the
standard library of this system calls itself (statvfs, WNOHANG, SIGKILL).
"""

from __future__ import annotations

import errno
import mmap
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

BINARY = 1 << 30
"""Stands for O_BINARY: no flag of this system."""

CALLS = (
    *("pread", "preadv", "pwrite", "pwritev", "posix_fallocate", "posix_fadvise", "copy_file_range", "sendfile"),
    *("fork", "forkpty", "fchmod", "fchown", "chown", "mkfifo", "sysconf", "getuid", "geteuid", "getgid", "uname"),
    *("sched_getaffinity", "killpg", "setsid", "SEEK_DATA", "SEEK_HOLE", "O_TMPFILE"),
    *("O_NOFOLLOW", "O_DIRECTORY", "O_CLOEXEC", "O_NONBLOCK", "O_SYNC"),
)
SIGNALS = ("SIGHUP", "SIGALRM", "SIGCHLD", "SIGSTOP", "SIGUSR1", "SIGPIPE", "pthread_sigmask", "setitimer")
MODULES = ("fcntl", "resource", "termios", "pty", "pwd", "grp")


class Map(mmap.mmap):
    """A map as Windows has them."""

    def __new__(cls, fileno: int, length: int, *, access: int, offset: int = 0) -> Map:
        if os.fstat(fileno).st_size == 0:
            raise ValueError("cannot mmap an empty file")
        return super().__new__(cls, fileno, length, access=access, offset=offset)

    def __getattribute__(self, name: str) -> Any:
        if name == "madvise":
            raise AttributeError(name)
        return super().__getattribute__(name)


def main() -> None:
    """Import the command, take away what Windows has not, and run it."""
    os.O_BINARY = BINARY  # type: ignore[attr-defined]
    import dumpscrub.cli
    from dumpscrub.platform import files
    from dumpscrub.search import engines

    if "NO_HYPERSCAN" in os.environ:
        sys.modules["hyperscan"] = None  # type: ignore[assignment]
        assert engines.choose_engine("auto") == "re2"
    files.WINDOWS = True
    files.FLAGS = BINARY
    _take_away()
    _refuse()
    _interrupt()
    dumpscrub.cli.main()


def _take_away() -> None:
    for name in CALLS:
        if hasattr(os, name):
            delattr(os, name)
    for name in SIGNALS:
        delattr(signal, name)
    for name in MODULES:
        sys.modules[name] = None  # type: ignore[assignment]
    for name in [name for name in dir(mmap) if name.startswith(("MADV_", "MAP_", "PROT_"))]:
        delattr(mmap, name)
    vars(mmap).update(mmap=Map)
    sys.platform = "win32"


def _refuse() -> None:
    unlink = _if_unused(os.unlink)
    real_rename, real_open = _if_unused(os.rename), os.open

    def rename(source: Any, target: Any) -> None:
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        real_rename(source, target)

    def open_binary(path: Any, flags: int, mode: int = 0o777) -> int:
        if str(path) == os.devnull:
            return real_open(path, flags, mode)
        assert flags & BINARY, "not opened as binary"
        if str(path).startswith("/proc"):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        if Path(path).is_dir():
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return real_open(path, flags & ~BINARY, mode)

    replace = _if_unused(os.replace)
    vars(os).update(unlink=unlink, remove=unlink, rename=rename, replace=replace, open=open_binary)


def _if_unused(call: Callable[..., None]) -> Callable[..., None]:
    def checked(path: Any, *others: Any) -> None:
        if _is_in_use(path):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        call(path, *others)

    return checked


def _is_in_use(path: Any) -> bool:
    """True where this process has the file open or mapped."""
    status = os.lstat(path)
    for opened in Path("/proc/self/fd").iterdir():
        try:
            if os.path.samestat(os.fstat(int(opened.name)), status):
                return True
        except OSError:
            continue  # the descriptor of the listing itself
    maps = Path("/proc/self/maps").read_text("utf-8").splitlines()
    return any(line.split()[4] == str(status.st_ino) for line in maps)


def _interrupt() -> None:
    """Raise KeyboardInterrupt in the stage that the environment names, from within a function that holds a view."""
    stage = os.environ.get("INTERRUPT")
    if not stage:
        return
    import numpy as np

    from dumpscrub import source

    real = source.MappedSource.view
    looks = iter(range(int(stage)))

    def view(self: source.MappedSource, start: int, end: int) -> memoryview:
        data = real(self, start, end)
        held = np.frombuffer(data, np.uint8)
        if next(looks, None) is None:
            raise KeyboardInterrupt(len(held))
        return data

    source.MappedSource.view = view  # type: ignore[method-assign]


if __name__ == "__main__":
    main()
