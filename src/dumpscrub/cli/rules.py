"""``dumpscrub rules``: list, show and check."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click
from rich import box
from rich.table import Table
from rich.text import Text

from dumpscrub.cli.options import EXIT_CODES, rules_option
from dumpscrub.errors import RuleError
from dumpscrub.reports.table import PlainConsole
from dumpscrub.rules.load import load_rules
from dumpscrub.rules.schema import Rule


@click.group("rules", epilog=EXIT_CODES)
def command() -> None:
    """List, show and check rules: the shipped ones and your own.

    \b
    Examples:
      dumpscrub rules list
      dumpscrub rules show octopus-api-key
      dumpscrub rules check --rules our-rules.toml
    """  # noqa: D301


@command.command("list")
@rules_option
def list_rules(rule_files: tuple[Path, ...]) -> None:
    """List all rules, one a line."""
    table = Table(box=box.SIMPLE)
    for heading in ("id", "class", "confidence", "action", "name"):
        table.add_column(heading)
    for rule in load_rules(rule_files).rules:
        cells = (rule.id, rule.category, rule.confidence.name.lower(), rule.action.value, rule.name)
        table.add_row(*map(Text, cells))
    PlainConsole(sys.stdout).print(table)


@command.command("show")
@click.argument("rule_id", metavar="ID")
@rules_option
def show_rule(rule_id: str, rule_files: tuple[Path, ...]) -> None:
    """Show one rule: what it looks for, and what happens to what it finds."""
    rule = load_rules(rule_files).get(rule_id)
    if rule is None:
        raise RuleError(f"no rule has the id {rule_id!r}: see 'dumpscrub rules list'")
    for name, value in _facts(rule):
        if value:
            click.echo(f"{name + ':':<13}{value}")


def _facts(rule: Rule) -> Iterator[tuple[str, str]]:
    yield "id", rule.id
    yield "name", rule.name
    yield "categories", ", ".join(rule.categories)
    yield "anchors", ", ".join(rule.anchors)
    yield "pattern", rule.pattern
    yield "detector", rule.detector
    yield "encodings", ", ".join(encoding.codec for encoding in rule.encodings)
    yield "boundary", rule.boundary.value
    yield "window", f"{rule.before} before, {rule.after} after the anchor (code units)"
    yield "validator", rule.validator
    yield "decoders", ", ".join(rule.decoders)
    yield "confidence", rule.confidence.name.lower()
    yield "action", rule.action.value
    yield "propagate", "copies are looked for" if rule.propagate else "no"
    for example in rule.examples:
        yield "example", example
    for example in rule.negative_examples:
        yield "not found", example
    for reference in rule.references:
        yield "reference", reference
    yield "from", rule.source
