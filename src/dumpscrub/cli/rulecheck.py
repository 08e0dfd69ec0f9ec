"""``dumpscrub rules check``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from dumpscrub import pipeline
from dumpscrub.cli.boundary import Boundary
from dumpscrub.cli.options import EXIT_CODES, FILE, engine_option, rules_option
from dumpscrub.cli.progress import ProgressBar
from dumpscrub.errors import RuleError
from dumpscrub.paths import check_input
from dumpscrub.platform.limits import usable_cpus
from dumpscrub.printable import printable
from dumpscrub.rulecheck import check_rules
from dumpscrub.rulenotes import FREQUENT, Usage, measure, notes
from dumpscrub.rules.load import load_rules
from dumpscrub.rules.schema import RuleSet
from dumpscrub.search.engines import choose_engine
from dumpscrub.search.finder import Search

_ANCHORS = 3
"""Anchors of a rule that are shown with their hits."""


@click.command("check", epilog=EXIT_CODES)
@rules_option
@engine_option
@click.option("--notes", "all_notes", is_flag=True, help="Note what is costly or twofold in the shipped rules, too.")
@click.option("--against", metavar="FILE", type=FILE, help="Count hits and findings of all rules in this file.")
@click.pass_obj
def command(
    boundary: Boundary, rule_files: tuple[Path, ...], engine: str, all_notes: bool, against: Path | None
) -> None:
    """Check that rules can be used and that their examples are found, wherever they stand in memory.

    Each example is tried in every encoding of its rule, at even and odd offsets, at the start and the end of a region,
    between NULs, and across the edge of a chunk. Exits with 5 where something is wrong. With --rules, your own rules
    are checked and no others. It is also noted where an anchor of theirs is too frequent, or another rule finds all the
    examples; that is no error. With --against, a file shows how often anchors stand in it and what the rules find: take
    one without secrets, such as the dump of a program that has none.

    \b
    Examples:
      dumpscrub rules check --rules our-rules.toml
      dumpscrub rules check --rules our-rules.toml --against app.dmp
    """  # noqa: D301
    boundary.stage = "rules check"
    if against:
        check_input(against)
    rules = load_rules(rule_files)
    engine = choose_engine(engine)
    checked = rules.own() if rule_files else rules
    problems = check_rules(checked, engine)
    for problem in problems:
        click.echo(printable(str(problem)))
    if problems:
        raise RuleError(
            f"{_count(problems, 'problem')} in {_count(checked.rules, 'rule')}: correct what is listed above"
        )
    for note in notes(rules, engine, shipped=all_notes):
        click.echo(printable(f"note: {note}"))
    if against:
        _show_usage(boundary, rules, against, engine)
    click.echo(f"{_count(checked.rules, 'rule')}, no problems")


def _count(things: Sequence[object], name: str) -> str:
    return f"{len(things)} {name}{'' if len(things) == 1 else 's'}"


def _show_usage(boundary: Boundary, rules: RuleSet, file: Path, engine: str) -> None:
    with pipeline.inspect(file) as dump, ProgressBar(boundary) as progress:
        usages = measure(rules.tried_out(), dump, Search(engine, usable_cpus()), progress)
        megabytes = dump.layout.size / 1e6
    rows = [("HITS/MB", "FINDINGS/MB", "BYTES/MB", "RULE", "ANCHORS"), *(_row(usage, megabytes) for usage in usages)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo(printable("  ".join(map(str.ljust, row, widths)).rstrip()))
    for line in _frequent(usages, megabytes):
        click.echo(printable(line))


def _row(usage: Usage, megabytes: float) -> tuple[str, ...]:
    anchors = [f"{anchor} {hits / megabytes:.1f}" for anchor, hits in list(usage.hits.items())[:_ANCHORS]]
    more = ["..."] if len(usage.hits) > _ANCHORS else []
    numbers = (usage.all_hits, usage.findings, usage.size)
    return (*(f"{number / megabytes:.1f}" for number in numbers), usage.rule.id, ", ".join([*anchors, *more]))


def _frequent(usages: Sequence[Usage], megabytes: float) -> Iterator[str]:
    """The anchors that are found too often there, each once."""
    frequent = {
        anchor: hits / megabytes
        for usage in usages
        for anchor, hits in usage.hits.items()
        if hits >= FREQUENT * megabytes
    }
    for anchor, rate in sorted(frequent.items(), key=lambda item: -item[1]):
        yield f"note: the anchor {anchor!r} stands there {rate:.0f} times a MB: take a longer one"
