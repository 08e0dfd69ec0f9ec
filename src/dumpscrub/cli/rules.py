"""``dumpscrub rules``: list and show; the other commands have modules of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from dumpscrub.cli import rulecheck, ruleimport, rulenew, ruletest
from dumpscrub.cli.options import EXIT_CODES, rules_option
from dumpscrub.errors import RuleError
from dumpscrub.printable import printable
from dumpscrub.rules.load import load_rules
from dumpscrub.rules.schema import Rule


@click.group("rules", epilog=EXIT_CODES)
def command() -> None:
    """List, show, check, try out and import rules: the shipped ones and your own.

    \b
    Examples:
      dumpscrub rules list
      dumpscrub rules show octopus-api-key
      dumpscrub rules check --rules our-rules.toml
      dumpscrub rules test sample.txt --rules our-rules.toml
      dumpscrub rules new acme-ticket --output our-rules.toml
      dumpscrub rules import gitleaks.toml --output theirs.toml
    """  # noqa: D301


command.add_command(rulecheck.command)
command.add_command(ruletest.command)
command.add_command(rulenew.command)
command.add_command(ruleimport.command)


@command.command("list")
@rules_option
def list_rules(rule_files: tuple[Path, ...]) -> None:
    """List all rules, one a line."""
    rows = [("ID", "CLASS", "CONFIDENCE", "ACTION", "NAME")]
    for rule in load_rules(rule_files).rules:
        rows.append((rule.id, rule.category, rule.confidence.name.lower(), rule.action.value, rule.name))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo(printable("  ".join(map(str.ljust, row, widths)).rstrip()))


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
            click.echo(printable(f"{name + ':':<13}{value}"))


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
