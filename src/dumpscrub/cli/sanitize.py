"""``dumpscrub sanitize``."""

from __future__ import annotations

from pathlib import Path

import click

from dumpscrub import pipeline
from dumpscrub.cli.boundary import Boundary
from dumpscrub.cli.options import EXIT_CODES, FILE, read_known, search_options, show
from dumpscrub.cli.progress import ProgressBar


@click.command("sanitize", epilog=EXIT_CODES)
@click.argument("dump", type=FILE)
@click.option("-o", "--output", metavar="FILE", type=FILE, help="The redacted copy.  [default: NAME.sanitized.EXT]")
@click.option("--audit", metavar="FILE", type=FILE, help="The private audit log.  [default: NAME.audit.jsonl]")
@search_options
@click.pass_obj
def command(
    boundary: Boundary,
    dump: Path,
    output: Path | None,
    audit: Path | None,
    known_files: tuple[str, ...],
    rule_files: tuple[Path, ...],
    policy: str,
    engine: str,
    workers: int | None,
    deep: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Write a redacted copy of DUMP that is safer to share. DUMP itself is never changed.

    The copy has the same size and opens in the same debuggers. It is written only after it has been searched again
    and compared with DUMP; a file that exists is never overwritten.

    \b
    Examples:
      dumpscrub sanitize app.dmp
      dumpscrub sanitize app.dmp --output share/app.dmp --audit private/app.jsonl
      dumpscrub sanitize app.dmp --known passwords.txt
      dumpscrub sanitize app.dmp --known - < .env
      dumpscrub sanitize core.1234 --rules our-rules.toml --json
    """  # noqa: D301
    values, ignored = read_known(known_files)
    with ProgressBar(boundary, quiet=quiet) as progress:
        result = pipeline.sanitize(
            dump,
            output,
            audit=audit,
            known=values,
            rules=rule_files,
            policy=policy,
            engine=engine,
            workers=workers,
            deep=deep,
            progress=progress,
        )
    show(result, ignored, as_json=as_json, quiet=quiet)
