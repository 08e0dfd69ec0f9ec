"""Rules tried on a file: what each makes of every place where one of its anchors stands, and why. No value is told."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dumpscrub.detectors import build_detectors, process
from dumpscrub.detectors.base import Detector, Match
from dumpscrub.model import Confidence, Dump, Encoding
from dumpscrub.progress import Progress, silent
from dumpscrub.rules.schema import Rule, RuleSet
from dumpscrub.scanner import Scanner
from dumpscrub.search.finder import Search
from dumpscrub.search.windows import Window
from dumpscrub.span import total
from dumpscrub.verification import EachLook


class Verdict(enum.Enum):
    """What a rule makes of a place."""

    FOUND = "found"
    SUPPRESSED = "suppressed"
    NO_MATCH = "no match"


@dataclass(frozen=True, slots=True)
class Trial:
    """A rule at a place: ``offset`` in the file and ``length`` in bytes of the value, or of the anchor without a match.

    ``anchor`` is what was searched for. ``reason`` tells, in a few words, what led to the verdict.
    """

    rule: Rule
    verdict: Verdict
    encoding: Encoding
    offset: int
    length: int
    confidence: Confidence
    anchor: str
    reason: str


def try_rules(rules: RuleSet, dump: Dump, search: Search, progress: Progress = silent) -> tuple[Trial, ...]:
    """What ``rules`` make of ``dump``, in file order. Places where several anchors lead to one value are told once."""
    seen: dict[tuple[str, Encoding, int, int], Trial] = {}

    def observe(detector: Detector, window: Window, matches: Sequence[Match]) -> None:
        for trial in _trials(detector, window, matches):
            seen.setdefault((trial.rule.id, trial.encoding, trial.offset, trial.length), trial)

    Scanner(build_detectors(rules), search).scan(dump, progress, "test", observer=EachLook(observe))
    in_fields = _in_fields(rules, dump)
    trials = (trial for trial in (*seen.values(), *in_fields) if not _is_shadow(trial, seen))
    return tuple(sorted(trials, key=lambda trial: (trial.offset, trial.rule.id, trial.encoding.codec, trial.length)))


def _is_shadow(trial: Trial, seen: dict[tuple[str, Encoding, int, int], Trial]) -> bool:
    """True for UTF-16LE text that was also read as UTF-16BE, one byte earlier."""
    others = (Encoding.UTF16LE, trial.offset + 1, trial.length)
    return trial.encoding is Encoding.UTF16BE and (trial.rule.id, *others) in seen


def _trials(detector: Detector, window: Window, matches: Sequence[Match]) -> Iterator[Trial]:
    """What ``detector`` made of a hit."""
    rule, encoding = detector.rule, window.encoding
    anchor, size = anchor_at(detector, window)
    if not matches:
        offset = window.locate(window.hit, window.hit + size)[0].start
        reason = "the pattern does not match here" if rule.detector == "pattern" else "the structure is another one"
        yield Trial(rule, Verdict.NO_MATCH, encoding, offset, size, rule.confidence, anchor, reason)
    for match in matches:
        verdict = Verdict.SUPPRESSED if match.suppressed else Verdict.FOUND
        places = (window.locate(start, end) for start, end in match.segments)
        for spans in (*places, *match.elsewhere):
            offset, length = spans[0].start, total(spans)
            yield Trial(rule, verdict, encoding, offset, length, match.confidence, anchor, _reason(rule, match))


def _reason(rule: Rule, match: Match) -> str:
    if match.suppressed:
        return f"{match.suppressed} (validator {rule.validator})" if rule.validator else match.suppressed
    if rule.validator and match.confidence is not rule.confidence:
        return f"validator {rule.validator} sets the confidence"
    return f"validator {rule.validator} accepts it" if rule.validator else "matches"


def anchor_at(detector: Detector, window: Window) -> tuple[str, int]:
    """The longest anchor at the hit of ``window``, as text, and its bytes."""
    data = window.data[window.hit :]
    here = [
        anchor.data
        for anchor in detector.anchors
        if anchor.encoding is window.encoding
        and (data.startswith(anchor.data) or (anchor.caseless and data.lower().startswith(anchor.data.lower())))
    ]
    longest = max(here, key=len)
    if window.encoding is Encoding.BINARY or not longest.isascii():
        return longest.hex(" "), len(longest)
    return longest.decode(window.encoding.codec), len(longest)


def _in_fields(rules: RuleSet, dump: Dump) -> Iterator[Trial]:
    """What the rules for process structure find, which need no anchor."""
    for finding in process.find(dump, process.build(rules)):
        rule = rules.get(finding.rule)
        if rule:
            length = sum(map(len, finding.spans))
            place = finding.encoding, finding.spans[0].start, length
            yield Trial(rule, Verdict.FOUND, *place, finding.confidence, "", "the name of the variable or switch")
