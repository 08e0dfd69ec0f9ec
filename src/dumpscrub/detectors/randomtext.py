"""Random texts of their own: a rule for them has no anchors, and :mod:`dumpscrub.randomtexts` finds them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dumpscrub.detectors.base import Anchor, Match
from dumpscrub.rules.schema import Rule
from dumpscrub.search.windows import Window

NAMES = ("random-text",)


@dataclass(frozen=True, slots=True)
class RandomTextDetector:
    """Stands for such texts among the detectors: no literal announces them."""

    rule: Rule
    anchors: tuple[Anchor, ...] = ()
    before: int = 0
    after: int = 0

    def verify(self, window: Window) -> Iterable[Match]:
        """Nothing: there are no hits."""
        return ()


def build(rule: Rule) -> RandomTextDetector:
    """The detector for a rule of random texts."""
    return RandomTextDetector(rule)
