"""Foreign rules to tables of ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dumpscrub.errors import RuleError
from dumpscrub.rules.common import COMMON
from dumpscrub.rules.imports import literals, syntax
from dumpscrub.rules.imports.base import Foreign, own_id
from dumpscrub.rules.imports.nodes import (
    Assertion,
    Capture,
    Chars,
    Choice,
    Node,
    Repeat,
    Sequence,
    captures,
    children,
    longest,
)
from dumpscrub.rules.imports.render import MOST, render
from dumpscrub.rules.imports.rewrite import for_memory

_BEFORE = 512
_AFTER = 1024
"""Characters of a window where the pattern sets no limit."""
_WIDEST = 4096
_NAMES = ("secret", "token", "key", "password", "value", "credential")
"""Names of groups that hold a secret, the surest first."""


@dataclass(frozen=True, slots=True)
class Converted:
    """The table of a rule, and what it lacks of the foreign one."""

    table: Mapping[str, Any]
    left_out: tuple[str, ...]


def convert(foreign: Foreign) -> Converted:
    """Our table for a rule. Raises RuleError, with the reason alone, where there can be none."""
    if not own_id(foreign.id):
        raise RuleError("it has no id")
    tree = syntax.read(foreign.pattern)
    tree, secrets = _with_secrets(tree, foreign.group)
    tree = for_memory(_without_lead(tree), frozenset(secrets))
    anchors, lead = _anchors(tree, foreign.keywords)
    left_out = [*foreign.left_out]
    whole = longest(tree)
    if lead > _BEFORE:
        left_out.append(f"what begins more than {_BEFORE} characters before an anchor")
    if _has_large_counts(tree):
        left_out.append(f"counts above {MOST}, which are open")
    table: dict[str, Any] = {
        "id": own_id(foreign.id),
        "name": " ".join(foreign.name.split()) or foreign.id,
        "categories": ["imported", *(filter(None, map(own_id, foreign.categories)))],
        "anchors": sorted(anchors),
        "pattern": render(tree, secrets),
        "before": min(lead, _BEFORE),
        "after": min(whole, _WIDEST) + 1 if whole <= _WIDEST else _AFTER,
        "grows": whole > _WIDEST,
    }
    if foreign.has_threshold:
        table["validator"] = "generic"
    if foreign.confidence:
        table["confidence"] = foreign.confidence
    if foreign.references:
        table["references"] = list(foreign.references)
    return Converted(table, tuple(left_out))


def _anchors(tree: Node, keywords: tuple[str, ...]) -> tuple[frozenset[str], int]:
    """The anchors for ``tree``, and how many characters a match may begin before one."""
    found = literals.required(tree, COMMON)
    if found:
        return found.texts, found.lead
    usable = frozenset(word.lower() for word in keywords if len(word) >= literals.SHORTEST and word.isascii())
    if usable and len(usable) == len(keywords):
        return usable, longest(tree)
    raise RuleError(f"no text of {literals.SHORTEST} characters stands in every match: nothing can be its anchor")


def _with_secrets(tree: Node, group: int) -> tuple[Node, dict[int, str]]:
    """``tree``, and the names of the groups in it that are redacted, by their numbers."""
    groups = list(captures(tree))
    if not groups:
        return _wrapped(tree), {1: "secret"}
    numbers = {each.number for each in groups}
    if group:
        if group not in numbers:
            raise RuleError(f"it has no group {group}")
        return tree, {group: "secret"}
    for name in _NAMES:
        for each in groups:
            if each.name.lower() == name:
                return tree, {each.number: "secret"}
    first = groups[0].number
    if _is_certain(tree, first):
        return tree, {first: "secret"}
    # Each branch of a choice has a group of its own.
    return tree, {number: "secret" if number == first else f"secret{number}" for number in sorted(numbers)}


def _is_certain(node: Node, number: int) -> bool:
    """True where the group of that number takes part in every match."""
    match node:
        case Capture(inner, own):
            return own == number or _is_certain(inner, number)
        case Sequence(parts):
            return any(_is_certain(part, number) for part in parts)
        case Choice(branches):
            return all(_is_certain(branch, number) for branch in branches)
        case Repeat(inner, low):
            return low > 0 and _is_certain(inner, number)
        case _:
            return False


def _wrapped(tree: Node) -> Node:
    """``tree`` as a group, less the boundaries at its ends."""
    parts = list(tree.parts) if isinstance(tree, Sequence) else [tree]
    start, end = 0, len(parts)
    while start < end - 1 and _is_boundary(parts[start]):
        start += 1
    while end > start + 1 and _is_boundary(parts[end - 1]):
        end -= 1
    return Sequence((*parts[:start], Capture(Sequence(tuple(parts[start:end])), 1), *parts[end:]))


def _without_lead(tree: Node) -> Node:
    """``tree`` without what may stand in front of it, or not: that only tells where a match begins."""
    parts = tree.parts if isinstance(tree, Sequence) else (tree,)
    while len(parts) > 1 and isinstance(parts[0], Repeat) and not parts[0].low and not any(captures(parts[0])):
        parts = parts[1:]
    return Sequence(parts)


def _is_boundary(node: Node) -> bool:
    """True for an assertion, and for a choice between one and a character."""
    if isinstance(node, Assertion):
        return True
    return (
        isinstance(node, Choice)
        and all(isinstance(branch, (Assertion, Chars)) for branch in node.branches)
        and any(isinstance(branch, Assertion) for branch in node.branches)
    )


def _has_large_counts(node: Node) -> bool:
    if isinstance(node, Repeat) and (node.low > MOST or MOST < node.high < 1 << 30):
        return True
    return any(map(_has_large_counts, children(node)))
