"""Policies: what is done about each category of findings.

A policy is a small TOML file, or the name of a built-in one::

    name = "ours"
    [categories]                 # category = "mask", "report" or "off"; others keep the action of their rule
    certificate = "report"
    identifier = "mask"
    email = "mask"
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import tomli

from dumpscrub.errors import PolicyError
from dumpscrub.findings import Findings
from dumpscrub.rules.schema import Action, RuleSet

_LARGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class Policy:
    """Actions by category. A category that is not named keeps the action that its rule gives."""

    name: str
    categories: Mapping[str, Action] = field(default_factory=dict)

    def decide(self, rules: RuleSet) -> dict[str, str]:
        """For each rule id, the action of its findings. The first of a rule's categories that is named decides."""
        return {rule.id: self._action(rule.categories, rule.action).value for rule in rules.rules}

    def searched(self, rules: RuleSet) -> RuleSet:
        """The rules that are searched for, each with its action under this policy: all that are not off."""
        decided = (rule.with_action(self._action(rule.categories, rule.action)) for rule in rules.rules)
        return RuleSet(tuple(rule for rule in decided if rule.action is not Action.OFF))

    def switched_off(self, rules: RuleSet) -> tuple[str, ...]:
        """The ids of the rules that would be searched for without this policy."""
        on = {rule.id for rule in self.searched(rules).rules}
        return tuple(rule.id for rule in rules.rules if rule.action is not Action.OFF and rule.id not in on)

    def _action(self, categories: tuple[str, ...], otherwise: Action) -> Action:
        return next((self.categories[name] for name in categories if name in self.categories), otherwise)


BUILT_IN: Mapping[str, Policy] = {
    policy.name: policy
    for policy in (
        Policy("default"),
        Policy("identifiers", {"identifier": Action.MASK}),
        Policy("keep-certificates", {"certificate": Action.REPORT}),
        Policy("all-certificates", {"public-certificate": Action.MASK}),
        Policy("personal", {"personal": Action.MASK}),
    )
}


def load_policy(name: str, rules: RuleSet) -> Policy:
    """The built-in policy of that name, or the one in the file of that path.

    Raises PolicyError where there is neither, or where the file names a category that no rule has.
    """
    if name in BUILT_IN:
        return BUILT_IN[name]
    path = Path(name)
    if not path.is_file():
        raise PolicyError(f"unknown policy {path.name!r}: name a TOML file or one of {', '.join(BUILT_IN)}")
    try:
        if path.stat().st_size > _LARGEST:
            raise PolicyError(f"{path.name}: a policy has at most {_LARGEST >> 20} MiB")
        document = tomli.loads(path.read_text("utf-8"))
    except OSError as error:
        raise PolicyError(f"{path.name}: cannot read the policy ({error.strerror}): check --policy") from error
    except (tomli.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PolicyError(f"{path.name}: the policy is not valid TOML in UTF-8: correct the file") from error
    return _parse(document, path.name, {category for rule in rules.rules for category in rule.categories})


def _parse(document: dict[str, Any], where: str, known: set[str]) -> Policy:
    unknown = sorted(set(document) - {"name", "categories"})
    if unknown:
        raise PolicyError(f"{where}: unknown key {unknown[0]!r}: a policy has a name and [categories]")
    categories = document.get("categories", {})
    if not isinstance(categories, dict) or not isinstance(document.get("name", ""), str):
        raise PolicyError(f'{where}: write name = "..." and a [categories] table')
    actions = {action.value: action for action in Action}
    for category, action in categories.items():
        if category not in known:
            raise PolicyError(f"{where}: no rule has the category {category!r}: see 'dumpscrub rules list'")
        if action not in actions:
            raise PolicyError(f"{where}, {category}: one of {', '.join(actions)} is expected")
    return Policy(document.get("name", where), {name: actions[action] for name, action in categories.items()})


def apply(actions: Mapping[str, str], findings: Findings) -> Findings:
    """``findings`` with the action that the policy decided; findings of no rule (known values) keep theirs."""
    return findings.changed(lambda kind: replace(kind, action=actions.get(kind.rule, kind.action)))
