"""What a rule file must hold beyond its syntax. Rules are put to the test in :mod:`dumpscrub.rulecheck`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from dumpscrub.errors import RuleError
from dumpscrub.rules.examples import expand
from dumpscrub.rules.schema import Rule, RuleSet

SHORTEST_ANCHOR = 3
"""Bytes of UTF-8. Shorter literals stand everywhere in memory, and each hit costs a look at its window."""
FEWEST_EXAMPLES = 2
FEWEST_NEGATIVE_EXAMPLES = 1


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a rule, for its author. It shows as one line."""

    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.message}"


def check(rules: RuleSet) -> tuple[Problem, ...]:
    """Everything wrong with the tables of ``rules``, in their order."""
    return tuple(Problem(rule.id, message) for rule in rules.rules for message in _complaints(rule, rules))


def _complaints(rule: Rule, rules: RuleSet) -> Iterator[str]:
    if Counter(other.id for other in rules.rules)[rule.id] > 1:
        yield "another rule has this id: give one of them another"
    if not rule.name.strip():
        yield "the name is empty"
    if rule.detector == "pattern":
        yield from _pattern_complaints(rule)
    if not rule.references:
        yield "name at least one reference: where the format is described"


def _pattern_complaints(rule: Rule) -> Iterator[str]:
    for anchor in rule.anchors:
        if rule.caseless and not anchor.isascii():
            yield f"the anchor {anchor!r} is not ASCII: write caseless = false"
        if len(anchor.encode()) < SHORTEST_ANCHOR:
            yield f"the anchor {anchor!r} is shorter than {SHORTEST_ANCHOR} bytes"
    if len(set(rule.anchors)) < len(rule.anchors):
        yield "an anchor stands twice"
    if "(?P<secret" not in rule.pattern:
        yield "the pattern has no group named secret: write (?P<secret>...)"
    if len(rule.examples) < FEWEST_EXAMPLES:
        yield f"give at least {FEWEST_EXAMPLES} examples"
    if len(rule.negative_examples) < FEWEST_NEGATIVE_EXAMPLES:
        yield f"give at least {FEWEST_NEGATIVE_EXAMPLES} negative example"
    yield from _example_complaints(rule)


def _example_complaints(rule: Rule) -> Iterator[str]:
    for kind, templates in (("example", rule.examples), ("negative example", rule.negative_examples)):
        for number, template in enumerate(templates, 1):
            try:
                example = expand(template, seed=number)
            except RuleError as error:
                yield f"{kind} {number}: {error}"
                continue
            if bool(example.secrets) != (kind == "example"):
                wanted = "marks no secret: write <<...>>" if kind == "example" else "marks a secret: write <~...~>"
                yield f"{kind} {number} {wanted}"
