"""Which files a run reads and writes: their default names, whether they can be used, and clear errors where not."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dumpscrub.errors import InputError, OutputError
from dumpscrub.printable import printable

_SANITIZED = ".sanitized"
_LONGEST = 255
"""Characters of a name at the most. Windows does not say so before a file is to get the name."""

_ADVICE_IN = {
    errno.ENOENT: "it does not exist: check the path",
    errno.ENOTDIR: "it does not exist: check the path",
    errno.EACCES: "permission is denied: run as a user who may read it, and close the program that wrote it",
    errno.EPERM: "permission is denied: run as a user who may read it, and close the program that wrote it",
    errno.EIO: "its disk reports an error: copy it to another disk and retry",
}
_ADVICE_OUT = {
    errno.ENOSPC: "no space is left on its disk: free some, or choose another place",
    errno.EDQUOT: "the disk quota is used up: free some space, or choose another place",
    errno.EFBIG: "its file system, or a limit, does not allow a file so large: choose another place",
    errno.EROFS: "its file system is read-only: choose another place",
    errno.EACCES: "permission is denied: choose another place, or run as a user who may write there",
    errno.EPERM: "its file system does not allow that: choose another place",
    errno.EEXIST: "it exists already and nothing is overwritten: remove it, or choose another name",
    errno.ENOENT: "its directory does not exist: create it, or choose another place",
    errno.ENOTDIR: "its directory does not exist: create it, or choose another place",
    errno.ENAMETOOLONG: "its name is too long: choose a shorter one",
    errno.EIO: "its disk reports an error: choose another place",
}


@contextmanager
def input_errors(path: Path) -> Iterator[None]:
    """Turn an OSError of the block into an InputError about ``path``."""
    try:
        yield
    except OSError as error:
        advice = _advice(error, _ADVICE_IN, "check the path")
        raise InputError(f"{shown(path)} cannot be read: {advice}") from error


@contextmanager
def output_errors(path: Path) -> Iterator[None]:
    """Turn an OSError of the block into an OutputError about ``path``."""
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"{shown(path)} cannot be written: {_advice(error, _ADVICE_OUT, 'choose another place')}"
        ) from error


def _advice(error: OSError, advice: dict[int, str], otherwise: str) -> str:
    return advice.get(error.errno or 0) or f"{error.strerror or 'unknown error'}: {otherwise}"


def write_new(path: Path, text: str) -> None:
    """Write ``text`` into a new file at ``path``; nothing is overwritten. Raises OutputError."""
    with output_errors(path), path.open("x", encoding="utf-8") as file:
        file.write(text)


def shown(path: Path) -> str:
    """A path as it stands in a message: on one line."""
    return printable(str(path))


def default_output(path: Path) -> Path:
    """``NAME.sanitized.EXT`` beside the input ``NAME.EXT``. Digits are no extension: ``core.4711`` is a whole name."""
    stem, extension = _split(path)
    return path.with_name(f"{stem}{_SANITIZED}{extension}") if path.name else path


def default_audit(output: Path) -> Path:
    """``NAME.audit.jsonl`` beside the output ``NAME.sanitized.EXT`` (or ``NAME.EXT``)."""
    stem, _ = _split(output)
    return output.with_name(f"{stem.removesuffix(_SANITIZED)}.audit.jsonl") if output.name else output


def _split(path: Path) -> tuple[str, str]:
    extension = "" if path.suffix[1:].isdigit() else path.suffix
    return path.name.removesuffix(extension), extension


def check_paths(path: Path, output: Path, audit: Path) -> None:
    """Check, before any work is done, that ``path`` can be read and that ``output`` and ``audit`` can be created.

    Raises InputError or OutputError. What changes afterwards is noticed when the files are used.
    """
    check_input(path)
    _check_new(output, "--output", {"the input itself": path})
    _check_new(audit, "--audit", {"the input itself": path, "the output too": output})


def check_input(path: Path) -> None:
    """Check that ``path`` is a file with something in it that may be read. Raises InputError."""
    with input_errors(path):
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise InputError(f"{shown(path)} is a directory: name the dump file in it")
        if not stat.S_ISREG(status.st_mode):
            raise InputError(f"{shown(path)} is a pipe or a device: save the dump as a file and name that")
        if status.st_size == 0:
            raise InputError(f"{shown(path)} is empty: nothing was written to it, create the dump again")
        path.open("rb").close()


def _check_new(path: Path, option: str, taken: dict[str, Path]) -> None:
    """Check that ``path`` is a free name in a directory that may be written; ``taken`` are files of the same run."""
    for what, other in taken.items():
        if _same(path, other):
            raise OutputError(f"{shown(path)} is {what}: choose another name with {option}")
    with output_errors(path):
        if len(path.name) > _LONGEST:
            raise OSError(errno.ENAMETOOLONG, "")
        if _exists(path):
            if path.is_dir():
                raise OutputError(f"{shown(path)} is a directory: name a new file with {option}")
            raise FileExistsError(errno.EEXIST, "")
        if not path.parent.is_dir():
            raise FileNotFoundError(errno.ENOENT, "")
        if not os.access(path.parent, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "")


def _exists(path: Path) -> bool:
    """True where the name is taken, by a dangling symbolic link too."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _same(path: Path, other: Path) -> bool:
    """True where both name one file, by a symbolic or a hard link too, or would once they are created."""
    try:
        return path.samefile(other)
    except OSError:
        same_name = os.path.normcase(path.name) == os.path.normcase(other.name)
    try:
        return same_name and path.parent.samefile(other.parent)
    except OSError:
        return False
