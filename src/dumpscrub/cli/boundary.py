"""Where every exception of a command ends: as one line on stderr and an exit code, never as a traceback.

A traceback shows source lines and messages, and a message can hold bytes of the dump. So only the messages of
dumpscrub's own errors are shown; of any other error the type and the place in the code.
"""

from __future__ import annotations

import errno
import os
import sys
import traceback
from pathlib import PurePath
from types import TracebackType

import click

from dumpscrub.errors import DumpscrubError
from dumpscrub.platform import files
from dumpscrub.printable import printable

INTERNAL = DumpscrubError.exit_code
INTERRUPTED = 130
CLOSED_PIPE = 141

_CLICKS_OWN = (click.ClickException, click.Abort, click.exceptions.Exit, SystemExit)


class Boundary:
    """A context manager; ``stage`` is what the command is doing, for the message of an internal error."""

    def __init__(self) -> None:
        self.stage = "start"

    def __enter__(self) -> Boundary:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None or isinstance(error, _CLICKS_OWN):
            return
        if _is_closed_pipe(error):
            _drop_output()
            raise click.exceptions.Exit(CLOSED_PIPE) from None
        code, line = self._explain(error)
        click.echo(f"dumpscrub: {line}", err=True)
        raise click.exceptions.Exit(code) from None

    def _explain(self, error: BaseException) -> tuple[int, str]:
        if isinstance(error, DumpscrubError):
            return error.exit_code, printable(str(error))
        if isinstance(error, KeyboardInterrupt):
            return INTERRUPTED, "interrupted"
        if isinstance(error, MemoryError):
            return INTERNAL, f"not enough memory in {self.stage}: close other programs, or try --workers 1"
        return (
            INTERNAL,
            f"internal error in {self.stage}: {type(error).__name__}{_place(error)}; please report this line",
        )


def _is_closed_pipe(error: BaseException) -> bool:
    """True where the reader of the output went away, which Windows calls an invalid argument."""
    windows = files.WINDOWS and isinstance(error, OSError) and error.errno == errno.EINVAL and error.filename is None
    return isinstance(error, BrokenPipeError) or (windows and not sys.stdout.isatty())


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f" at {PurePath(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""


def _drop_output() -> None:
    """Send what is still buffered for a closed pipe nowhere, so that Python's own exit does not complain."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)
