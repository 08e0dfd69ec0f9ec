r"""What a rule is: the syntax of one TOML table, before anything is compiled.

::

    [[rule]]
    id = "octopus-api-key"              # unique; letters, digits and hyphens
    name = "Octopus API key"
    categories = ["api-key", "octopus"] # the first one is the class that reports count by
    anchors = ["API-"]                  # literals; one of them stands in every match
    pattern = '(?P<secret>API-[A-Z0-9]{25,34})'
    boundary = "left"                   # where no word character may touch the match: none, left, right, both
    ...

``pattern`` is RE2 syntax over a window of text with one character a code unit; a code unit above 0xFF reads as
``\xff``. A NUL ends a string in memory, so a value's class must exclude ``\x00``. Every group whose name begins with
``secret`` is redacted. The match must contain the anchor. A pattern may be written over several lines, with comments
and with named fragments; see :func:`dumpscrub.rules.load.expand_pattern`.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace

from dumpscrub.model import Confidence, Encoding

TEXT_ENCODINGS = (Encoding.UTF8, Encoding.UTF16LE, Encoding.UTF16BE, Encoding.UTF32LE)


class Boundary(enum.Enum):
    """Where a word character ``[A-Za-z0-9_]`` next to the match puts it in doubt. Start and end of memory never do."""

    NONE = "none"
    LEFT = "left"
    RIGHT = "right"
    BOTH = "both"


class Action(enum.Enum):
    """What happens to a finding unless the policy says otherwise. What is off is not even searched for."""

    MASK = "mask"
    REPORT = "report"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Rule:
    """One table of a rule file.

    ``before`` and ``after`` are code units around the anchor's first unit that the pattern may look at. ``grows`` says
    that the window grows where a text goes on behind it, ``open`` that it need not where the pattern matches nothing: a
    value that the window cuts does match. ``reverse`` is a second pattern beside ``pattern``, which then
    begins with the anchor: for a value that stands before its name.
    ``detector`` names the detector that verifies a hit (``pattern`` unless a structure decides, as for DER).
    ``validator`` names a check that sets the confidence, or suppresses a placeholder. ``decoders`` names the decodings
    of a found value whose results are secrets too (``base64``, ``base64-key``, ``hex-key``, ``basic``).
    ``shipped`` rules are tested with each release, so their patterns are compiled when they are first needed.
    Examples are templates: ``<<expression>>`` stands for a generated secret and marks the span expected to be found,
    ``<~expression~>`` for generated text that is not a secret; see :mod:`dumpscrub.rules.examples`.
    """

    id: str
    name: str
    categories: tuple[str, ...]
    anchors: tuple[str, ...] = ()
    pattern: str = ""
    reverse: str = ""
    detector: str = "pattern"
    encodings: tuple[Encoding, ...] = TEXT_ENCODINGS
    caseless: bool = True
    boundary: Boundary = Boundary.NONE
    before: int = 0
    after: int = 512
    grows: bool = True
    open: bool = False
    validator: str = ""
    decoders: tuple[str, ...] = ()
    confidence: Confidence = Confidence.MEDIUM
    action: Action = Action.MASK
    propagate: bool = True
    examples: tuple[str, ...] = ()
    negative_examples: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    source: str = ""
    shipped: bool = False

    @property
    def category(self) -> str:
        """The class that reports count this rule's findings by."""
        return self.categories[0]

    def with_action(self, action: Action) -> Rule:
        """The same rule with that action."""
        return self if action is self.action else replace(self, action=action)

    def switched_on(self) -> Rule:
        """The same rule, searched for in any case."""
        return self.with_action(Action.REPORT) if self.action is Action.OFF else self


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Rules in a fixed order, ids unique."""

    rules: tuple[Rule, ...]

    def __len__(self) -> int:
        return len(self.rules)

    def tried_out(self) -> RuleSet:
        """The rules to try out: all but the shipped ones that are off."""
        tried = (rule if rule.shipped else rule.switched_on() for rule in self.rules)
        return RuleSet(tuple(rule for rule in tried if rule.action is not Action.OFF))

    def own(self) -> RuleSet:
        """The user's rules: all but the shipped ones."""
        return RuleSet(tuple(rule for rule in self.rules if not rule.shipped))

    def get(self, rule_id: str) -> Rule | None:
        """The rule with that id, or None."""
        return next((rule for rule in self.rules if rule.id == rule_id), None)
