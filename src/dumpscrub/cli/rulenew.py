"""``dumpscrub rules new``."""

from __future__ import annotations

from pathlib import Path

import click

from dumpscrub.cli.options import EXIT_CODES, FILE
from dumpscrub.paths import shown, write_new
from dumpscrub.rules.template import new_rule


@click.command("new", epilog=EXIT_CODES)
@click.argument("rule_id", metavar="ID")
@click.option("-o", "--output", type=FILE, metavar="FILE", help="Write the file instead of standard output.")
def command(rule_id: str, output: Path | None) -> None:
    """Write the table of a rule ID to fill in, with comments that say what belongs where.

    \b
    Examples:
      dumpscrub rules new acme-ticket
      dumpscrub rules new acme-ticket --output our-rules.toml
    """  # noqa: D301
    text = new_rule(rule_id)
    if output is None:
        click.echo(text, nl=False)
    else:
        write_new(output, text)
        click.echo(f"Written: {shown(output)}")
