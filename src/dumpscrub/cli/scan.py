"""``dumpscrub scan``."""

from __future__ import annotations

from pathlib import Path

import click

from dumpscrub import pipeline
from dumpscrub.cli.boundary import Boundary
from dumpscrub.cli.options import EXIT_CODES, FILE, read_known, search_options, show
from dumpscrub.cli.progress import ProgressBar


@click.command("scan", epilog=EXIT_CODES)
@click.argument("dump", type=FILE)
@search_options
@click.pass_context
def command(
    context: click.Context,
    dump: Path,
    known_files: tuple[str, ...],
    rule_files: tuple[Path, ...],
    policy: str,
    engine: str,
    workers: int | None,
    deep: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Say what sanitize would redact in DUMP, and write nothing. Exits with 1 where there is anything.

    What rule or policy merely report is counted in the summary, but not for the exit code. With --json each finding
    is listed with its place, and never with what it says.

    \b
    Examples:
      dumpscrub scan app.dmp
      dumpscrub scan app.sanitized.dmp --known passwords.txt --quiet && echo clean
      dumpscrub scan app.dmp --json > findings.json
    """  # noqa: D301
    boundary: Boundary = context.obj
    values, ignored = read_known(known_files)
    with ProgressBar(boundary, quiet=quiet) as progress:
        result = pipeline.scan(
            dump,
            known=values,
            rules=rule_files,
            policy=policy,
            engine=engine,
            workers=workers,
            deep=deep,
            progress=progress,
        )
    show(result, ignored, as_json=as_json, quiet=quiet)
    context.exit(1 if result.to_redact else 0)
