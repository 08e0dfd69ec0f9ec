"""What is not wrong with rules but costs time or says the same twice: frequent anchors, and rules that overlap."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from zlib import crc32

from dumpscrub.detectors import build_detectors
from dumpscrub.detectors.base import Detector, Match
from dumpscrub.layout import LayoutBuilder, RegionKind
from dumpscrub.model import Dump, Encoding, Finding
from dumpscrub.progress import Progress, silent
from dumpscrub.rules.check import Problem
from dumpscrub.rules.common import COMMON
from dumpscrub.rules.examples import expand
from dumpscrub.rules.schema import Rule, RuleSet
from dumpscrub.ruletest import anchor_at
from dumpscrub.scanner import Scanner
from dumpscrub.search.finder import Search
from dumpscrub.search.windows import Window
from dumpscrub.source import BytesSource
from dumpscrub.span import Span, SpanSet, total
from dumpscrub.verification import EachLook

FREQUENT = 100
"""Hits a megabyte from which on looking at them takes longer than a tenth of the search."""
_SHORT = 3
"""Characters of an anchor that stands everywhere unless a sign is among them."""
_FAR = 1 << 32


@dataclass(frozen=True, slots=True)
class Usage:
    """How a rule fares in a file. ``hits`` are the places of each anchor, ``size`` is in bytes of values."""

    rule: Rule
    hits: Mapping[str, int]
    findings: int
    size: int

    @property
    def all_hits(self) -> int:
        """The places of all anchors."""
        return sum(self.hits.values())


def measure(rules: RuleSet, dump: Dump, search: Search, progress: Progress = silent) -> tuple[Usage, ...]:
    """How each rule with an anchor in ``dump`` fares, those with most hits first."""
    hits: dict[str, Counter[str]] = defaultdict(Counter)

    def observe(detector: Detector, window: Window, matches: Sequence[Match]) -> None:
        del matches
        hits[detector.rule.id][anchor_at(detector, window)[0].lower()] += 1

    scan = Scanner(build_detectors(rules), search).scan(dump, progress, "measure", observer=EachLook(observe))
    findings = Counter(finding.rule for finding in scan.findings)
    sizes: Counter[str] = Counter()
    for finding in scan.findings:
        sizes[finding.rule] += total(finding.spans)
    usages = (
        Usage(rule, dict(hits[rule.id].most_common()), findings[rule.id], sizes[rule.id])
        for rule in rules.rules
        if rule.id in hits
    )
    return tuple(sorted(usages, key=lambda usage: (-usage.all_hits, usage.rule.id)))


def notes(rules: RuleSet, engine: str, *, shipped: bool = False) -> tuple[Problem, ...]:
    """What is to be noted about ``rules``: of the user's own alone, or with ``shipped`` of all."""
    chosen = [rule for rule in rules.rules if shipped or not rule.shipped]
    if not chosen:
        return ()
    overlapping = _overlaps(rules, engine)
    return tuple(
        Problem(rule.id, message)
        for rule in chosen
        for message in (*_frequent(rule), *_overlapped(overlapping.get(rule.id, ())))
    )


def _frequent(rule: Rule) -> Iterator[str]:
    for anchor in rule.anchors:
        if anchor.lower() in COMMON:
            yield f"the anchor {anchor!r} is a common word, and each place of it costs time: take a longer one"
        elif len(anchor) <= _SHORT and anchor.isalnum():
            yield f"the anchor {anchor!r} is so short that it stands everywhere: take a longer one"


def _overlapped(others: Sequence[Rule]) -> Iterator[str]:
    if others:
        yield f"all its examples are found by {', '.join(other.id for other in others)}, too: are all of them needed?"


def _overlaps(rules: RuleSet, engine: str) -> Mapping[str, list[Rule]]:
    """For each rule, those that share an anchor with it and find the whole of its examples."""
    dump, places = _arranged(rules)
    if not places:
        return {}
    findings = Scanner(build_detectors(rules), Search(engine)).scan(dump).findings
    found = _by_region(findings, [region.start for _, region, _ in places])
    finders: dict[str, set[str]] = {}
    for number, (rule, _, secrets) in enumerate(places):
        covering = {other for other, spans in found.get(number, {}).items() if spans.covers(secrets)}
        finders[rule.id] = finders[rule.id] & covering if rule.id in finders else covering
    by_id = {rule.id: rule for rule in rules.rules}
    return {
        rule_id: [by_id[other] for other in sorted(others) if _overlap(by_id[rule_id], by_id[other])]
        for rule_id, others in finders.items()
    }


def _by_region(findings: Sequence[Finding], starts: Sequence[int]) -> Mapping[int, Mapping[str, SpanSet]]:
    """What each rule found, by the number of the region that it lies in."""
    spans: dict[int, dict[str, list[Span]]] = defaultdict(lambda: defaultdict(list))
    for finding in findings:
        number = bisect_right(starts, finding.spans[0].start) - 1
        spans[number][finding.rule] += finding.spans
    return {number: {rule: SpanSet(own) for rule, own in by_rule.items()} for number, by_rule in spans.items()}


def _overlap(rule: Rule, other: Rule) -> bool:
    """True where an anchor of the one begins with one of the other."""
    if rule.id == other.id:
        return False
    ours, theirs = ([anchor.lower() for anchor in each.anchors] for each in (rule, other))
    return any(one.startswith(two) or two.startswith(one) for one in ours for two in theirs)


def _arranged(rules: RuleSet) -> tuple[Dump, list[tuple[Rule, Span, tuple[Span, ...]]]]:
    """Every example in a region of its own, as UTF-8: its rule, the region, and the secrets in it."""
    data = bytearray()
    places: list[tuple[Rule, Span, tuple[Span, ...]]] = []
    for rule in rules.rules:
        if Encoding.UTF8 not in rule.encodings:
            continue
        for number, template in enumerate(rule.examples, 1):
            example = expand(template, crc32(rule.id.encode()) + number)
            start = len(data)
            ends = [tuple(start + len(example.text[:at].encode()) for at in secret) for secret in example.secrets]
            data += example.text.encode()
            places.append((rule, Span(start, len(data)), tuple(Span(low, high) for low, high in ends)))
    builder = LayoutBuilder(len(data))
    for number, (_, region, _) in enumerate(places, 1):
        builder.add(region.start, len(region), RegionKind.MEMORY, "example", number * _FAR)
    return Dump("raw", BytesSource(bytes(data)), builder.build()), places
