"""Detectors: what a hit in a window means. A new one is one module and one line in ``DETECTORS``."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dumpscrub.detectors import pattern
from dumpscrub.detectors.base import Detector
from dumpscrub.errors import RuleError
from dumpscrub.rules.schema import Rule, RuleSet

DETECTORS: Mapping[str, Callable[[Rule], Detector]] = {
    "pattern": pattern.build,
}


def build_detectors(rules: RuleSet) -> tuple[Detector, ...]:
    """The detectors of ``rules``. Raises RuleError for a rule that names none of ``DETECTORS`` or does not compile."""
    unknown = [rule for rule in rules.rules if rule.detector not in DETECTORS]
    if unknown:
        raise RuleError(f"{unknown[0].source}: unknown detector: one of {', '.join(DETECTORS)}")
    return tuple(DETECTORS[rule.detector](rule) for rule in rules.rules)
