"""``dumpscrub rules import``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click

from dumpscrub.cli.boundary import Boundary
from dumpscrub.cli.options import EXIT_CODES, FILE
from dumpscrub.errors import RuleError
from dumpscrub.paths import shown, write_new
from dumpscrub.printable import printable
from dumpscrub.ruleimport import import_rules, summary

_SUFFIXES = (".toml", ".yaml", ".yml")
_LARGEST = 16 << 20


@click.command("import", epilog=EXIT_CODES)
@click.argument("source", metavar="FILE|DIR", type=FILE)
@click.option("-o", "--output", type=FILE, metavar="FILE", required=True, help="The rule file to write.")
@click.option("-q", "--quiet", is_flag=True, help="Show the counts alone, and not what is lost of which rule.")
@click.pass_obj
def command(boundary: Boundary, source: Path, output: Path, quiet: bool) -> None:
    """Turn rules of another scanner into a rule file, and list what cannot be carried over.

    FILE is a TOML file of gitleaks or Betterleaks, a YAML file of Nosey Parker, Titus or Kingfisher, or a folder of
    such files. Examples are left behind, for they often look like live secrets: give the rules templates of your own.

    \b
    Examples:
      dumpscrub rules import gitleaks.toml --output theirs.toml
      dumpscrub scan app.dmp --rules theirs.toml
    """  # noqa: D301
    boundary.stage = "rules import"
    imported = import_rules(_files(source))
    if not imported.rules:
        count, (reason, _) = len(imported.refused), Counter(reason for _, reason in imported.refused).most_common(1)[0]
        raise RuleError(f"{source.name}: none of its {count} rules can be used ({reason}): nothing was written")
    write_new(output, imported.text)
    for rule_id, reason in () if quiet else imported.refused:
        click.echo(printable(f"{rule_id}: not imported: {reason}"))
    for rule_id, reasons in () if quiet else imported.partial:
        click.echo(printable(f"{rule_id}: without {'; '.join(reasons)}"))
    for what, count in summary(imported).items():
        click.echo(printable(f"{count:5}  {what}"))
    total = imported.rules + len(imported.refused)
    click.echo(f"{imported.rules} of {total} rules imported, {len(imported.partial)} in part: {shown(output)}")


def _files(source: Path) -> Iterator[tuple[str, str]]:
    """The names and texts of the file or of those in the folder."""
    paths = [source]
    if source.is_dir():
        paths = sorted(path for path in source.iterdir() if path.suffix in _SUFFIXES)
        if not paths:
            raise RuleError(f"{source.name}: the folder holds no TOML or YAML file: name another one")
    for path in paths:
        try:
            if path.stat().st_size > _LARGEST:
                raise RuleError(f"{path.name}: a rule file has at most {_LARGEST >> 20} MiB: split it")
            yield path.name, path.read_text("utf-8")
        except OSError as error:
            raise RuleError(f"{path.name}: cannot read the rule file ({error.strerror}): check the path") from error
        except UnicodeDecodeError as error:
            raise RuleError(f"{path.name}: the rule file is not UTF-8: save it as UTF-8") from error
