"""The command line: one click command a file. A new command is one module and one line in ``COMMANDS``."""

from __future__ import annotations

import signal
import sys
from types import FrameType

import click

from dumpscrub.cli import completion, inspect, rules, sanitize, scan
from dumpscrub.cli.boundary import Boundary
from dumpscrub.cli.options import EXIT_CODES
from dumpscrub.platform.console import end_with_console
from dumpscrub.platform.limits import harden_process
from dumpscrub.version import __version__

COMMANDS: tuple[click.Command, ...] = (
    sanitize.command,
    scan.command,
    inspect.command,
    rules.command,
    completion.command,
)


class Commands(click.Group):
    """A group in which every error of every command ends as one line and an exit code."""

    def invoke(self, ctx: click.Context) -> object:
        with Boundary() as ctx.obj:
            result = super().invoke(ctx)
            sys.stdout.flush()  # here, where a closed pipe is still an error like any other
            return result


@click.group(
    cls=Commands,
    commands=list(COMMANDS),
    epilog=EXIT_CODES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, message="%(prog)s %(version)s")
def cli() -> None:
    """Find secrets in process dumps and write redacted copies that still open in a debugger.

    \b
    Examples:
      dumpscrub sanitize app.dmp             write app.sanitized.dmp and app.audit.jsonl
      dumpscrub scan app.dmp                 only say what would be redacted
      dumpscrub inspect app.dmp              show what the dump holds
    """  # noqa: D301


def main() -> None:
    """The entry point of the ``dumpscrub`` command."""
    harden_process()
    signal.signal(signal.SIGTERM, _terminate)
    closing = end_with_console(_terminate)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a console without UTF-8 is no reason to fail
    try:
        cli(prog_name="dumpscrub")
    finally:
        del closing  # Windows may call it until here


def _terminate(number: int, frame: FrameType | None) -> None:
    """Leave through the same cleaning up as any error, so that a private copy does not stay behind."""
    raise SystemExit(128 + signal.SIGTERM)
