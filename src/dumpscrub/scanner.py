"""Anchors to hits, hits to findings: the direct part of a scan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dumpscrub.detectors.base import Anchor, Detector, Match
from dumpscrub.errors import DumpscrubError, ScanError
from dumpscrub.model import Dump, Encoding, Finding, Origin
from dumpscrub.progress import Progress, silent
from dumpscrub.search.finder import Finder, Search
from dumpscrub.search.literals import Literal
from dumpscrub.search.windows import window_at
from dumpscrub.shadows import without_shadows
from dumpscrub.span import Span


@dataclass(frozen=True, slots=True)
class Scan:
    """Findings in file order, how many candidates were not taken for secrets, by reason, and the bytes searched."""

    findings: tuple[Finding, ...]
    suppressed: dict[str, int]
    searched: int


class Scanner:
    """Detectors compiled for one engine. Use it for any number of dumps."""

    def __init__(self, detectors: Sequence[Detector], search: Search) -> None:
        users: dict[Anchor, list[Detector]] = {}
        for detector in detectors:
            for anchor in detector.anchors:
                users.setdefault(anchor, []).append(detector)
        self._anchors = tuple(users)
        self._users = tuple(tuple(group) for group in users.values())
        self._finder = Finder([Literal(anchor.data, anchor.caseless) for anchor in self._anchors], search)

    def scan(self, dump: Dump, progress: Progress = silent, stage: str = "scan") -> Scan:
        """Every finding of every detector. Raises ScanError, naming the rule, where a detector fails."""
        found: dict[tuple[str, tuple[Span, ...], Encoding], Finding] = {}
        suppressed: dict[tuple[str, tuple[Span, ...]], str] = {}
        searched = 0

        def note(stage: str, done: int, of: int) -> None:
            nonlocal searched
            searched = done
            progress(stage, done, of)

        for hits in self._finder.find(dump, stage, note):
            for offset, number in hits:
                for detector, spans, match in self._matches(dump, offset, number):
                    if match.suppressed:
                        suppressed[detector.rule.id, spans] = match.suppressed
                    else:
                        finding = _finding(detector, spans, self._anchors[number].encoding, match)
                        found.setdefault((finding.rule, spans, finding.encoding), finding)
        findings = without_shadows(found.values())
        return Scan(findings, dict(sorted(Counter(suppressed.values()).items())), searched)

    def _matches(self, dump: Dump, offset: int, number: int) -> Iterator[tuple[Detector, tuple[Span, ...], Match]]:
        encoding = self._anchors[number].encoding
        for detector in self._users[number]:
            window = window_at(dump, offset, encoding, detector.before, detector.after)
            try:
                for match in detector.verify(window):
                    for start, end in match.segments:
                        yield detector, window.locate(start, end), match
            except DumpscrubError:
                raise
            except Exception as error:  # noqa: BLE001
                # Fail closed, and name the place and the kind of fault only: its text may hold bytes of the dump.
                kind = type(error).__name__
                raise ScanError(f"rule {detector.rule.id} failed at {offset:#x} ({kind}): report this rule") from None


def _finding(detector: Detector, spans: tuple[Span, ...], encoding: Encoding, match: Match) -> Finding:
    rule = detector.rule
    return Finding(
        rule.id, rule.category, spans, encoding, Origin.DIRECT, match.confidence, rule.action.value, match.values
    )
