"""Metadata of .NET modules: they name the fields of types, and objects hold values without any name.

The detector finds the metadata. The values are no matter of a window: see :mod:`dumpscrub.dotnetfields`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dumpscrub.detectors.base import Match
from dumpscrub.detectors.names import is_secret_name
from dumpscrub.detectors.pattern import JudgingDetector, judge_of, text_anchors
from dumpscrub.rules.schema import Rule
from dumpscrub.search.climetadata import ROOT
from dumpscrub.search.windows import Window

PASSWORDS = "dotnet-password-field"
NAMES = (PASSWORDS, "dotnet-secret-field")
_MADE_BY_COMPILER = re.compile(r"<(\w+)>\w*\Z")
"""Fields behind properties, of closures, iterators and anonymous types: what they are named after."""
_PREFIX = re.compile(r"\A(?:[msgt]?_+)+")
_PASSWORD = re.compile(r"(?i)pass|pwd|pw\Z|pin\Z")


@dataclass(frozen=True, slots=True)
class FieldDetector(JudgingDetector):
    """Finds metadata; :attr:`judge` says what a value of a field is."""

    def verify(self, window: Window) -> tuple[Match, ...]:
        """Nothing: no value stands in the window."""
        del window
        return ()

    def is_root(self, window: Window) -> bool:
        """True where metadata begin at the hit."""
        return window.text.startswith(ROOT, window.anchor)

    def takes(self, name: str) -> bool:
        """True for a field whose values are this rule's: it is called ``name`` without what compilers add."""
        return is_secret_name(name) and bool(_PASSWORD.search(name)) == (self.rule.detector == PASSWORDS)


def build(rule: Rule) -> FieldDetector:
    """The detector of ``rule``. Raises RuleError for an unknown validator or decoder."""
    return FieldDetector(rule, text_anchors(rule), 0, len(ROOT), judge_of(rule))


def plain_name(field: str) -> str:
    """The name of a field as people say it, without the marks of compilers and of those who write code."""
    made = _MADE_BY_COMPILER.match(field)
    return _PREFIX.sub("", made[1] if made else field.rstrip("@"))
