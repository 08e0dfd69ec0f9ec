"""``dumpscrub rules test``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from dumpscrub import pipeline
from dumpscrub.cli.boundary import Boundary
from dumpscrub.cli.options import EXIT_CODES, FILE, engine_option, rules_option
from dumpscrub.cli.progress import ProgressBar
from dumpscrub.errors import RuleError
from dumpscrub.platform.limits import usable_cpus
from dumpscrub.printable import printable
from dumpscrub.rules.load import load_rules
from dumpscrub.rules.schema import RuleSet
from dumpscrub.ruletest import Trial, Verdict, try_rules
from dumpscrub.search.engines import choose_engine
from dumpscrub.search.finder import Search

_HEADINGS = ("OFFSET", "RULE", "RESULT", "ENCODING", "BYTES", "CONFIDENCE", "ANCHOR", "WHY")
_PLACES = 5
"""Offsets that are listed of an anchor without a match."""


@click.command("test", epilog=EXIT_CODES)
@click.argument("file", type=FILE)
@click.option("--rule", "rule_ids", metavar="ID", multiple=True, help="Only this rule, even if it is off. Repeatable.")
@rules_option
@engine_option
@click.pass_obj
def command(
    boundary: Boundary, file: Path, rule_ids: tuple[str, ...], rule_files: tuple[Path, ...], engine: str
) -> None:
    """Show what the rules make of FILE, a dump or any other file, and why.

    Each place is one line; what stands there is never shown. With --rule, anchors around which the pattern does not
    match are listed as well. Nothing is written.

    \b
    Examples:
      dumpscrub rules test sample.txt
      dumpscrub rules test sample.txt --rules our-rules.toml --rule our-token
    """  # noqa: D301
    boundary.stage = "rules test"
    rules = _chosen(load_rules(rule_files), rule_ids)
    search = Search(choose_engine(engine), usable_cpus())
    with pipeline.inspect(file) as dump, ProgressBar(boundary) as progress:
        trials = try_rules(rules, dump, search, progress)
    told = [trial for trial in trials if trial.verdict is not Verdict.NO_MATCH]
    for line in _table(told):
        click.echo(line)
    if rule_ids:
        for line in _unmatched(rules, trials):
            click.echo(line)
    found = sum(trial.verdict is Verdict.FOUND for trial in told)
    click.echo(f"{found} found and {len(told) - found} suppressed by {len(rules)} rules in {dump.layout.size:,} bytes")


def _chosen(rules: RuleSet, ids: Sequence[str]) -> RuleSet:
    for rule_id in ids:
        if rules.get(rule_id) is None:
            raise RuleError(f"no rule has the id {rule_id!r}: see 'dumpscrub rules list'")
    # What is named is tried even if it is off.
    return RuleSet(tuple(rule.switched_on() for rule in rules.rules if rule.id in ids)) if ids else rules.tried_out()


def _table(trials: Sequence[Trial]) -> Iterator[str]:
    """One line a place, in columns; nothing where there is none."""
    rows = [_HEADINGS, *map(_row, trials)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows if trials else ():
        yield printable("  ".join(map(str.ljust, row, widths)).rstrip())


def _row(trial: Trial) -> tuple[str, ...]:
    return (
        f"{trial.offset:#x}",
        trial.rule.id,
        trial.verdict.value,
        trial.encoding.codec,
        str(trial.length),
        trial.confidence.name.lower(),
        trial.anchor,
        trial.reason,
    )


def _unmatched(rules: RuleSet, trials: Sequence[Trial]) -> Iterator[str]:
    """For each rule the anchors around which nothing matches, or that there is no anchor at all."""
    for rule in rules.rules:
        mine = [trial for trial in trials if trial.rule.id == rule.id]
        if not mine:
            yield f"{rule.id}: none of its anchors stands here"
        missed: dict[tuple[str, str, str], list[str]] = {}
        for trial in mine:
            if trial.verdict is Verdict.NO_MATCH:
                key = trial.anchor, trial.encoding.codec, trial.reason
                missed.setdefault(key, []).append(f"{trial.offset:#x}")
        for (anchor, codec, reason), offsets in missed.items():
            more = f" and {len(offsets) - _PLACES} more" if len(offsets) > _PLACES else ""
            yield printable(f"{rule.id}: {anchor!r} ({codec}) at {', '.join(offsets[:_PLACES])}{more}: {reason}")
