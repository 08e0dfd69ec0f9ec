"""Options that several commands share, and what they become."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from dumpscrub import known
from dumpscrub.errors import KnownValuesError
from dumpscrub.model import SecretValue
from dumpscrub.policy import BUILT_IN
from dumpscrub.reports import REPORTS
from dumpscrub.result import Result
from dumpscrub.search.engines import ENGINES

EXIT_CODES = """\b
Exit codes:
  0    done; scan: nothing to redact
  1    scan: something to redact was found
  2    wrong usage
  3    the input cannot be read
  4    the output or the audit log cannot be written
  5    a rule, a policy or a list of known values cannot be used
  6    part of the input could not be searched: no copy was written
  7    the redacted copy failed its checks: no copy was kept
  70   an error in dumpscrub itself, or not enough memory
  130  interrupted (143: terminated, 141: the reader of the output went away)
"""

FILE = click.Path(path_type=Path, readable=False)  # the pipeline says better what is wrong with a file

Command = Callable[..., Any]


def search_options(command: Command) -> Command:
    """The options of every command that searches a dump."""
    options = (
        click.option(
            "--known",
            "known_files",
            metavar="FILE",
            multiple=True,
            type=click.Path(allow_dash=True, readable=False),
            help="Your own secrets: one a line, NAME=value lines, or JSON; '-' reads standard input. Repeatable.",
        ),
        rules_option,
        click.option(
            "--policy",
            metavar="NAME|FILE",
            default="default",
            show_default=True,
            help=f"What to do with each category: {', '.join(BUILT_IN)}, or a TOML file.",
        ),
        engine_option,
        click.option(
            "--workers",
            metavar="N",
            type=click.IntRange(min=1),
            help="Processes (on Linux) or threads that search.  [default: all CPUs]",
        ),
        click.option(
            "--deep",
            is_flag=True,
            help="Look for private numbers that stand bare everywhere, however long it takes.",
        ),
        click.option("--json", "as_json", is_flag=True, help="Write one JSON document to standard output."),
        click.option("-q", "--quiet", is_flag=True, help="Write nothing but errors."),
    )
    return functools.reduce(lambda inner, option: option(inner), reversed(options), command)


def rules_option(command: Command) -> Command:
    """``--rules``, for every command that loads rules."""
    return click.option(
        "--rules",
        "rule_files",
        metavar="FILE|DIR",
        multiple=True,
        type=FILE,
        help="More rules: a TOML file, or a folder of them. Repeatable.",
    )(command)


def engine_option(command: Command) -> Command:
    """``--engine``, for every command that searches."""
    return click.option(
        "--engine",
        type=click.Choice(["auto", *ENGINES]),
        default="auto",
        show_default=True,
        help="The search engine. All find the same.",
    )(command)


def read_known(names: Sequence[str]) -> tuple[tuple[SecretValue, ...], int]:
    """The values of all lists, and how many entries were too short or too common to be searched for."""
    values: list[SecretValue] = []
    ignored = 0
    for name in names:
        loaded = _load(name)
        values.extend(loaded.values)
        ignored += loaded.ignored
    return tuple(values), ignored


def _load(name: str) -> known.KnownValues:
    if name == "-":
        return known.load(sys.stdin.buffer, "standard input")
    path = Path(name)
    try:
        with path.open("rb") as stream:
            return known.load(stream, path.name)
    except OSError as error:
        raise KnownValuesError(f"{name}: cannot read the known values ({error.strerror}): check --known") from error


def show(result: Result, ignored: int, *, as_json: bool, quiet: bool) -> None:
    """Write the report that was asked for to standard output; ``ignored`` entries of known values become a notice."""
    if ignored:
        entries = "entry was" if ignored == 1 else "entries were"
        notice = f"{ignored} {entries} ignored in the known values: too short, or too common to search for"
        result = replace(result, notices=(*result.notices, notice))
    wanted = "json" if as_json else "table"
    if as_json or not quiet:
        next(report for report in REPORTS if report.name == wanted).write(result, sys.stdout)
