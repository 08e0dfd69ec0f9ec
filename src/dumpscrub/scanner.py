"""Anchors to hits, hits to findings: the direct part of a scan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from copy import copy
from dataclasses import dataclass

from dumpscrub.crowds import Crowds
from dumpscrub.detectors.base import Anchor, Detector, Match
from dumpscrub.errors import DumpscrubError, ScanError
from dumpscrub.findings import Collector, Findings
from dumpscrub.longvalues import LongValues
from dumpscrub.longvalues import Seen as LongView
from dumpscrub.model import Confidence, Dump, Encoding, Finding, Origin
from dumpscrub.progress import Progress, silent
from dumpscrub.rules.schema import Action, Rule
from dumpscrub.search.finder import Finder, Search
from dumpscrub.search.literals import Literal
from dumpscrub.search.places import MARKS
from dumpscrub.search.sights import SightList
from dumpscrub.search.windows import Window, Windows
from dumpscrub.settled import NOTHING_SETTLED, Seen, SettledHits
from dumpscrub.shadows import without_shadows
from dumpscrub.span import Span

CROWDED = "crowded-text"
"""The rule id, and the category, of text that is masked because too many names of secrets stand in it."""

Observer = Callable[[Detector, Window, Sequence[Match]], None]
"""Told of a hit's window, and of the matches in it, by each detector of the anchor."""


def both(one: Observer, other: Observer) -> Observer:
    """An observer that tells both."""

    def observe(detector: Detector, window: Window, matches: Sequence[Match]) -> None:
        one(detector, window, matches)
        other(detector, window, matches)

    return observe


@dataclass(frozen=True, slots=True)
class Scan:
    """Findings in file order, how many candidates were not taken for secrets, by reason, and the bytes searched.

    ``seen`` is what a later search of the same dump need not look at again. ``crowded`` counts the stretches of text
    that were masked as a whole, because it would have taken too long to look at each value in them.
    """

    findings: Findings
    suppressed: dict[str, int]
    searched: int
    seen: Seen
    crowded: int


@dataclass(frozen=True, slots=True)
class _Users:
    """The detectors of an anchor. ``before`` and ``after`` are the code units that are read around a hit for all.

    With ``edge`` no two word characters may stand before it, unless a token may begin there. ``twin`` says that the
    same detectors look for the same text in UTF-16LE, while this is UTF-16BE.
    """

    encoding: Encoding
    detectors: tuple[Detector, ...]
    before: int
    after: int
    edge: bool
    twin: bool


class Scanner:
    """Detectors compiled for one engine. Use it for any number of dumps."""

    def __init__(self, detectors: Sequence[Detector], search: Search) -> None:
        users: dict[Anchor, list[Detector]] = {}
        for detector in detectors:
            for anchor in detector.anchors:
                users.setdefault(anchor, []).append(detector)
        self._users = tuple(_with_reach(users))
        # Bytes in a row are no characters of UTF-16: there windows tell.
        edges = ((anchor, anchor.edge and anchor.encoding.unit == 1) for anchor in users)
        anchors = (Literal(anchor.data, anchor.caseless, edge, token=edge) for anchor, edge in edges)
        self._literals = (*anchors, *(literal for literal, _, _ in MARKS))
        self._finder = Finder(self._literals, search)

    def by_engine(self, search: Search) -> Scanner:
        """The same scanner for another search."""
        other = copy(self)
        other._finder = Finder(self._literals, search)
        return other

    def scan(
        self,
        dump: Dump,
        progress: Progress = silent,
        stage: str = "scan",
        observer: Observer | None = None,
        earlier: Seen | None = None,
        edits: Sequence[Span] = (),
        most_crowded: int | None = None,
    ) -> Scan:
        """Every finding of every detector, but at hits that an ``earlier`` search settled.

        Since that one ``edits`` were made, in order and disjoint. Calls ``observer`` for each of the other hits. Behind
        ``most_crowded`` stretches of text that are masked as a whole, all text with hits in it is. Raises ScanError,
        naming the rule, where a detector fails.
        """
        searched = 0

        def note(stage: str, done: int, of: int) -> None:
            nonlocal searched
            searched = done
            progress(stage, done, of)

        settled = earlier.hits.untouched(edits) if earlier else NOTHING_SETTLED
        sights = SightList(dump, earlier.sights if earlier else None, edits)
        verification = _Verification(dump, observer, most_crowded)
        nothing = SettledHits(len(self._literals))
        with closing(self._finder.find(dump, stage, note, sights)) as chunks:
            for hits in chunks:
                for hit in settled.others(hits):
                    if hit[1] >= len(self._users):
                        sights.places.add_mark(hit[0], hit[1] - len(self._users))
                        continue
                    users = self._users[hit[1]]
                    if verification.is_needless(hit[0], users):
                        continue
                    looked_at = verification.verify(hit[0], users)
                    if looked_at:
                        nothing.add(hit, looked_at)
        findings = without_shadows(verification.findings())
        suppressed = dict(sorted(Counter(verification.suppressed.values()).items()))
        return Scan(findings, suppressed, searched, Seen(nothing, sights), verification.crowded)


def _with_reach(users: Mapping[Anchor, Sequence[Detector]]) -> Iterator[_Users]:
    """The users of each anchor. Where it is hit, so are those that it begins with: memory is read once for all."""
    keys = [(anchor.encoding.codec, anchor.data.lower()) for anchor in users]
    widest: dict[tuple[str, bytes], tuple[int, int]] = {}
    for key, group in zip(keys, users.values(), strict=True):
        before, after = widest.get(key, (0, 0))
        for each in group:
            before, after = max(before, each.before), max(after, each.after)
        widest[key] = before, after
    heads: list[tuple[str, bytes]] = []
    for key in sorted(widest):
        while heads and not (heads[-1][0] == key[0] and key[1].startswith(heads[-1][1])):
            heads.pop()
        if heads:
            (before, after), (wider_before, wider_after) = widest[key], widest[heads[-1]]
            widest[key] = max(before, wider_before), max(after, wider_after)
        heads.append(key)
    for (anchor, group), key in zip(users.items(), keys, strict=True):
        yield _Users(anchor.encoding, tuple(group), *widest[key], anchor.edge, _has_twin(anchor, users))


def _has_twin(anchor: Anchor, users: Mapping[Anchor, Sequence[Detector]]) -> bool:
    """True for an anchor in UTF-16BE whose text is one in UTF-16LE for the same detectors."""
    if anchor.encoding is not Encoding.UTF16BE:
        return False
    twin = Anchor(anchor.data[1:] + anchor.data[:1], Encoding.UTF16LE, anchor.caseless, anchor.edge)
    return users.get(twin) == users[anchor]


def crowded_text(spans: tuple[Span, ...], encoding: Encoding) -> Finding:
    """Text that is masked as a whole, whatever the policy says."""
    return Finding(CROWDED, CROWDED, spans, encoding, Origin.DIRECT, Confidence.LOW, Action.MASK.value)


class _Verification:
    """What the detectors make of the hits in one dump, which come in file order.

    ``suppressed`` holds each place once.
    """

    def __init__(self, dump: Dump, observer: Observer | None, most_crowded: int | None) -> None:
        self.suppressed: dict[tuple[str, tuple[Span, ...]], str] = {}
        self._observer = observer
        self._found = Collector()
        self._kinds: dict[tuple[str, str, Confidence], int] = {}
        self.windows = Windows(dump)
        self._long = LongValues(self.windows)
        self._crowds = Crowds(self.windows, most_crowded)

    @property
    def crowded(self) -> int:
        """How many stretches of text were masked as a whole."""
        return self._long.crowded + self._crowds.count

    def is_needless(self, offset: int, users: _Users) -> bool:
        """True for a hit that shows nothing, or nothing but what is found one byte later as well."""
        if users.edge and self.windows.is_within_word(offset, users.encoding):
            return True
        return users.twin and self.windows.reads_as_little(offset, users.before, users.after)

    def verify(self, offset: int, users: _Users) -> Span | None:
        """Note the matches of all detectors of the anchor that stands at file ``offset``.

        Returns where all the bytes stand that show that there is none, if they stand together; None otherwise.
        """
        if self._is_crowded(offset, users.encoding):
            return None
        is_nothing, is_full = True, False
        around = self.windows.around(offset, users.encoding, users.before, users.after)
        for detector in users.detectors:
            try:
                window = Window(around, detector.before, detector.after)
                if self._long.crowded and self._long.is_masked(detector, window):
                    is_nothing = False
                    continue
                matches = list(detector.verify(window))
                is_nothing = is_nothing and not matches
                first, (window, matches) = window, self._whole(offset, detector, window, matches)
                is_full = self._crowds.spend(offset, first) or is_full
            except (DumpscrubError, MemoryError):
                raise
            except Exception as error:  # noqa: BLE001
                # Fail closed, and name the place and the kind of fault only: its text may hold bytes of the dump.
                kind = type(error).__name__
                raise ScanError(f"rule {detector.rule.id} failed at {offset:#x} ({kind}): report this rule") from None
            if self._observer:
                self._observer(detector, window, matches)
            if matches:
                is_nothing = False
                self._note(detector, window, matches)
        looked_at = self.windows.latest.spans
        if is_full:
            self._mask_texts(offset, users.encoding)
        return looked_at[0] if is_nothing and len(looked_at) == 1 else None

    def _whole(self, offset: int, detector: Detector, window: Window, matches: list[Match]) -> LongView:
        """The ``matches`` around the hit at file ``offset`` as far as they go on, and the window that shows them."""
        rule = detector.rule
        if window.spent:
            window, matches = self._long.charge(offset, detector, window, matches)
        if rule.grows and (matches or (window.is_text_to_end and not rule.open)):
            window, matches = self._long.whole(offset, detector, window, matches)
        return window, matches

    def _is_crowded(self, offset: int, encoding: Encoding) -> bool:
        """True for a hit in text that is masked without a look, which this one may be the first to show."""
        if not self._crowds.is_masked(offset, encoding):
            if not self._crowds.is_full(offset, encoding):
                return False
            self._mask_texts(offset, encoding)
        return True

    def _mask_texts(self, offset: int, encoding: Encoding) -> None:
        """Note all text from the hit at file ``offset`` on, in a stretch of which no more is looked at."""
        kind = self._found.kind(crowded_text((), encoding))
        for spans in self._crowds.texts(offset, encoding):
            self._found.add(kind, spans, ())

    def _note(self, detector: Detector, window: Window, matches: Iterable[Match]) -> None:
        for match in matches:
            places = (window.locate(start, end) for start, end in match.segments)
            for spans in (*places, *match.elsewhere):
                if match.suppressed:
                    self.suppressed[detector.rule.id, spans] = match.suppressed
                else:
                    kind = self._kind(detector.rule, window.encoding, match.confidence)
                    self._found.add(kind, spans, match.values)

    def _kind(self, rule: Rule, encoding: Encoding, confidence: Confidence) -> int:
        key = rule.id, encoding.codec, confidence
        if key not in self._kinds:
            action = rule.action.value
            kind = Finding(rule.id, rule.category, (), encoding, Origin.DIRECT, confidence, action)
            self._kinds[key] = self._found.kind(kind)
        return self._kinds[key]

    def findings(self) -> Findings:
        """What was found, in file order, each place once. Whoever asks takes it over."""
        found, self._found = self._found, Collector()
        return found.findings().distinct()
