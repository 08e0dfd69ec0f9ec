"""What a detector is: anchors that the literal search looks for, and a check of the window around each hit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from dumpscrub.model import Confidence, Encoding, SecretValue
from dumpscrub.rules.schema import Rule
from dumpscrub.search.windows import Window
from dumpscrub.span import Span


@dataclass(frozen=True, slots=True)
class Anchor:
    """A literal in one encoding, as the bytes to search for.

    With ``edge`` two letters, digits or ``_`` before it make it a part of a word, unless what begins there mixes
    letters and digits: most hits of a short literal fail there already.
    """

    data: bytes
    encoding: Encoding
    caseless: bool = False
    edge: bool = False


class Match(NamedTuple):
    """What a detector makes of a hit.

    ``segments`` are raw index pairs of the window (several where a structure holds several secrets). ``values`` are the
    secrets to sweep for elsewhere: plain values, also those that had to be decoded. ``suppressed`` names the reason why
    a candidate is counted but not redacted ("" for a finding). ``elsewhere`` are secrets outside the window, to which
    what stands in it points: file spans, in memory order, one tuple for each.
    """

    segments: tuple[tuple[int, int], ...]
    confidence: Confidence
    values: tuple[SecretValue, ...] = ()
    suppressed: str = ""
    elsewhere: tuple[tuple[Span, ...], ...] = ()


class Detector(Protocol):
    """Verifies hits for one rule. Stateless: one serves all hits of any number of dumps."""

    @property
    def rule(self) -> Rule:
        """The rule that the findings belong to."""

    @property
    def anchors(self) -> tuple[Anchor, ...]:
        """What to search for; one of them stands in every match."""

    @property
    def before(self) -> int:
        """Code units to show before the hit."""

    @property
    def after(self) -> int:
        """Code units to show from the hit on."""

    def verify(self, window: Window) -> Iterable[Match]:
        """The matches that contain the hit of ``window``; linear in the window's size."""
