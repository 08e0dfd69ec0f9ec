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
from dumpscrub.search.windows import Window, window_at
from dumpscrub.shadows import without_shadows
from dumpscrub.span import Span, SpanSet

LONGEST = 1 << 16
"""Code units behind a hit that are looked at where a value goes on for so long."""
_GROWTH = 8
_TRAILING = 8
"""Code units at the end of a window that a pattern may have left to what follows the value."""


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
        long: dict[tuple[str, Encoding], SpanSet] = {}
        searched = 0

        def note(stage: str, done: int, of: int) -> None:
            nonlocal searched
            searched = done
            progress(stage, done, of)

        for hits in self._finder.find(dump, stage, note):
            for offset, number in hits:
                for detector, spans, match in self._matches(dump, offset, number, long):
                    if match.suppressed:
                        suppressed[detector.rule.id, spans] = match.suppressed
                    else:
                        finding = _finding(detector, spans, self._anchors[number].encoding, match)
                        found.setdefault((finding.rule, spans, finding.encoding), finding)
        findings = without_shadows(found.values())
        return Scan(findings, dict(sorted(Counter(suppressed.values()).items())), searched)

    def _matches(
        self, dump: Dump, offset: int, number: int, long: dict[tuple[str, Encoding], SpanSet]
    ) -> Iterator[tuple[Detector, tuple[Span, ...], Match]]:
        """The matches at a hit. ``long`` holds the last values of each rule that its window was too small for."""
        encoding = self._anchors[number].encoding
        for detector in self._users[number]:
            try:
                window, matches = _verified(dump, detector, offset, encoding, long)
            except (DumpscrubError, MemoryError):
                raise
            except Exception as error:  # noqa: BLE001
                # Fail closed, and name the place and the kind of fault only: its text may hold bytes of the dump.
                kind = type(error).__name__
                raise ScanError(f"rule {detector.rule.id} failed at {offset:#x} ({kind}): report this rule") from None
            for match in matches:
                for start, end in match.segments:
                    yield detector, window.locate(start, end), match


def _verified(
    dump: Dump, detector: Detector, offset: int, encoding: Encoding, long: dict[tuple[str, Encoding], SpanSet]
) -> tuple[Window, list[Match]]:
    """The matches around a hit and the window that shows them: a larger one where a value goes on behind its end.

    A value is seldom as long as the rule's window, but a window that ends within one would leave the rest of it. Where
    a larger window shows no match, because the value never ends, the smaller one's stand. What lies wholly within the
    rule's last ``long`` value in the same encoding is part of that.
    """
    after, key = detector.after, (detector.rule.id, encoding)
    window = window_at(dump, offset, encoding, detector.before, after)
    matches = list(detector.verify(window))
    while after < LONGEST and not window.at_end and _goes_on(window, matches):
        if matches and key in long and long[key].covers(_from_first(window, matches)):
            return window, []
        after = min(after * _GROWTH, LONGEST)
        wider = window_at(dump, offset, encoding, detector.before, after)
        found = list(detector.verify(wider))
        if not found:
            break
        window, matches = wider, found
    if after > detector.after:
        whole = (window.locate(*segment) for match in matches if not match.suppressed for segment in match.segments)
        long[key] = SpanSet(span for spans in whole for span in spans)
    return window, matches


def _from_first(window: Window, matches: list[Match]) -> tuple[Span, ...]:
    """The file spans from the first byte of the matches to the end of the window."""
    return window.locate(min(start for match in matches for start, _ in match.segments), len(window.data))


def _goes_on(window: Window, matches: list[Match]) -> bool:
    """True where a match reaches the end of the window, or none was found and the text goes on up to there."""
    if not matches:
        return window.encoding is not Encoding.BINARY and window.is_text_to_end()
    last = max(end for match in matches for _, end in match.segments)
    return last + _TRAILING * window.unit > len(window.data)


def _finding(detector: Detector, spans: tuple[Span, ...], encoding: Encoding, match: Match) -> Finding:
    rule = detector.rule
    return Finding(
        rule.id, rule.category, spans, encoding, Origin.DIRECT, match.confidence, rule.action.value, match.values
    )
