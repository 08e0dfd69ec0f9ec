"""What the detectors make of hits: where the findings are put together, or ahead of that where the hits were found.

A look at a hit takes some ten microseconds, and seldom are there many hits. Where there are, each process that searches
also looks at those that it found, and answers with columns: what is secret does not pass between processes. Each value
is looked at once more by whoever takes the answer, at one of the places where it stands. That needs no more than that
a look at a hit depends on nothing but memory, and on what was found before it in the same :data:`SECTION`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

from dumpscrub.crowds import LOOK, SPENT, STRETCH, Crowds
from dumpscrub.detectors.base import Detector, Match
from dumpscrub.errors import DumpscrubError, ScanError
from dumpscrub.findings import Collector, Findings, Values
from dumpscrub.longvalues import LongValues
from dumpscrub.longvalues import Seen as LongView
from dumpscrub.model import Confidence, Dump, Encoding, Finding, Origin
from dumpscrub.rules.schema import Action, Rule
from dumpscrub.search.finder import Hit
from dumpscrub.search.windows import Window, Windows
from dumpscrub.settled import SettledHits
from dumpscrub.span import Span
from dumpscrub.users import Users

CROWDED = "crowded-text"
"""The rule id, and the category, of text that is masked because too many names of secrets stand in it."""
SECTION = 16 * STRETCH
"""Bytes of the file, from a multiple of this on, behind which nothing that was found in them counts any more."""
MANY = 1000
"""Hits in a chunk from which on they are looked at where they were found: fewer are no work to be divided."""


class Observer(Protocol):
    """Is shown windows around hits, and the matches in them."""

    def watches(self, detector: Detector) -> bool:
        """True where all windows of ``detector`` are to be shown; of others those with matches are."""

    def observe(self, detector: Detector, window: Window, matches: Sequence[Match]) -> bool:
        """Look at a window. True where that may tell anything that is new."""


@dataclass(frozen=True, slots=True)
class Observers:
    """Several that are shown the same."""

    each: tuple[Observer, ...]

    def watches(self, detector: Detector) -> bool:
        return any(one.watches(detector) for one in self.each)

    def observe(self, detector: Detector, window: Window, matches: Sequence[Match]) -> bool:
        told = [one.observe(detector, window, matches) for one in self.each]
        return any(told)


@dataclass(frozen=True, slots=True)
class EachLook:
    """Shows all windows to a function."""

    see: Callable[[Detector, Window, Sequence[Match]], None]

    def watches(self, detector: Detector) -> bool:
        del detector
        return True

    def observe(self, detector: Detector, window: Window, matches: Sequence[Match]) -> bool:
        self.see(detector, window, matches)
        return True


NOBODY = Observers(())


class Look(NamedTuple):
    """A look at the hit ``(offset, number)`` by a detector of its anchor, ``after`` code units from it on."""

    offset: int
    number: int
    detector: int
    after: int


@dataclass(frozen=True, slots=True)
class Verified:
    """What was made of some hits, without any bytes of the dump.

    The values that ``findings`` have by number are those of a match each: ``matches`` says which one of which look.
    ``news`` are looks that an observer has to be shown.
    """

    findings: Findings
    matches: list[tuple[Look, int] | None]
    suppressed: dict[tuple[str, tuple[Span, ...]], str]
    settled: SettledHits
    news: list[Look]
    crowded: int


def crowded_text(spans: tuple[Span, ...], encoding: Encoding) -> Finding:
    """Text that is masked as a whole, whatever the policy says."""
    return Finding(CROWDED, CROWDED, spans, encoding, Origin.DIRECT, Confidence.LOW, Action.MASK.value)


class Verification:
    """What the detectors make of the hits in one dump, which come in file order.

    ``users`` are those of each anchor, by its number; ``settled`` takes hits that come to nothing. ``suppressed`` holds
    each place once.
    """

    def __init__(
        self,
        dump: Dump,
        users: Sequence[Users],
        settled: SettledHits,
        observer: Observer = NOBODY,
        most_crowded: int | None = None,
    ) -> None:
        self.suppressed: dict[tuple[str, tuple[Span, ...]], str] = {}
        self._users = users
        self._settled = settled
        self._observer = observer
        self._watched: dict[int, tuple[bool, ...]] = {}
        self._found = Collector()
        self._kinds: dict[tuple[str, str, Confidence], int] = {}
        self._windows = Windows(dump)
        self._section = -1
        self._long = LongValues(self._windows)
        self._crowds = Crowds(self._windows, most_crowded)
        self._crowded_ahead = 0
        self._process = os.getpid()
        self._ahead: _Ahead | None = None

    @property
    def crowded(self) -> int:
        """How many stretches of text were masked as a whole."""
        return self._crowded_ahead + self._long.crowded + self._crowds.count

    def findings(self) -> Findings:
        """What was found, in file order, each place once. Whoever asks takes it over."""
        found, self._found = self._found, Collector()
        return found.findings().distinct()

    def look(self, hits: Iterable[Hit]) -> None:
        """Look at ``hits``, but at those that show nothing, or nothing but what is found one byte later as well."""
        for offset, number in hits:
            users = self._users[number]
            section = (offset + users.lead) // SECTION
            if section != self._section:
                self.forget()
                self._section = section
            if users.edge and self._windows.is_within_word(offset, users.encoding):
                continue
            if users.twin and self._windows.reads_as_little(offset, users.before, users.after):
                continue
            looked_at = self._verify(offset, number, users)
            if looked_at:
                self._settled.add((offset, number), looked_at)

    def forget(self) -> None:
        """Let what was found so far count no more for what comes."""
        self._long.forget()
        self._crowds.forget()

    def look_ahead(self, hits: Sequence[Hit]) -> Verified | None:
        """What is made of the ``hits`` of some whole sections, for :meth:`take`.

        None where they are few, and where findings are put together.
        """
        if len(hits) < MANY or os.getpid() == self._process:
            return None
        crowded = self.crowded
        self._ahead = _Ahead([], [])
        self.suppressed = {}
        self._settled = self._settled.empty()
        self._found, self._kinds = Collector(), {}
        self.look(hits)
        found = replace(self._found.findings(), secrets=())
        seen = self._ahead
        return Verified(found, seen.matches, self.suppressed, self._settled, seen.news, self.crowded - crowded)

    def take(self, verified: Verified) -> None:
        """Take what another process made of hits, which follow those that were looked at so far."""
        secrets = tuple(self._values(*match) if match else () for match in verified.matches)
        self._found.extend(replace(verified.findings, secrets=secrets))
        self.suppressed |= verified.suppressed
        self._settled.extend(verified.settled)
        self._crowded_ahead += verified.crowded
        for look in verified.news:
            detector, window, matches = self._again(look)
            self._observer.observe(detector, window, matches)

    def _values(self, look: Look, index: int) -> Values:
        """The values of match number ``index`` of a look that another process took."""
        _, _, matches = self._again(look)
        return matches[index].values

    def _again(self, look: Look) -> tuple[Detector, Window, list[Match]]:
        """A look that another process took, once more."""
        users = self._users[look.number]
        detector = users.detectors[look.detector]
        after = max(users.after, look.after)
        around = self._windows.around(look.offset, users.encoding, users.before, after)
        window = Window(around, detector.before, look.after)
        try:
            return detector, window, list(detector.verify(window))
        except Exception as error:  # noqa: BLE001
            raise _named(error, detector, look.offset) from None

    def _verify(self, offset: int, number: int, users: Users) -> Span | None:
        """Note the matches of all detectors of the anchor that stands at file ``offset``.

        Returns where all the bytes stand that show that there is none, if they stand together; None otherwise.
        """
        if self._is_crowded(offset, users.encoding):
            return None
        is_nothing, work = True, 0
        around = self._windows.around(offset, users.encoding, users.before, users.after)
        watched = self._watched.get(number) or self._watched_by(number, users)
        for index, detector in enumerate(users.detectors):
            first = Window(around, detector.before, detector.after)
            if self._long.crowded and self._long.is_masked(detector, first):
                is_nothing = False
                continue
            try:
                window, matches = first, list(detector.verify(first))
                if matches or first.spent or around.text_size >= detector.after:
                    is_nothing = is_nothing and not matches
                    window, matches = self._whole(offset, detector, first, matches)
            except Exception as error:  # noqa: BLE001
                raise _named(error, detector, offset) from None
            work += LOOK + first.steps + first.spent // SPENT
            if matches or watched[index]:
                is_nothing = is_nothing and not matches
                self._take(Look(offset, number, index, window.after), detector, window, matches)
        looked_at = self._windows.latest.spans
        if self._crowds.spend(offset, users.encoding, work):
            self._mask_texts(offset, users.encoding)
        return looked_at[0] if is_nothing and len(looked_at) == 1 else None

    def _watched_by(self, number: int, users: Users) -> tuple[bool, ...]:
        """For each detector of an anchor, whether all of its windows are shown to the observer."""
        self._watched[number] = watched = tuple(map(self._observer.watches, users.detectors))
        return watched

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
            self._add(kind, spans, (), None)

    def _take(self, look: Look, detector: Detector, window: Window, matches: Sequence[Match]) -> None:
        """Show the ``matches`` in ``window`` to the observer, and note them."""
        if self._observer.observe(detector, window, matches) and self._ahead:
            self._ahead.news.append(look)
        for number, match in enumerate(matches):
            places = (window.locate(start, end) for start, end in match.segments)
            for spans in (*places, *match.elsewhere):
                if match.suppressed:
                    self.suppressed[detector.rule.id, spans] = match.suppressed
                else:
                    kind = self._kind(detector.rule, window.encoding, match.confidence)
                    self._add(kind, spans, match.values, (look, number) if match.values else None)

    def _add(self, kind: int, spans: tuple[Span, ...], values: Values, match: tuple[Look, int] | None) -> None:
        """Note a finding; of new values, ahead, only by which ``match`` to find them."""
        is_new = self._found.add(kind, spans, values)
        if is_new and self._ahead:
            self._ahead.matches.append(match)

    def _kind(self, rule: Rule, encoding: Encoding, confidence: Confidence) -> int:
        key = rule.id, encoding.codec, confidence
        if key not in self._kinds:
            action = rule.action.value
            kind = Finding(rule.id, rule.category, (), encoding, Origin.DIRECT, confidence, action)
            self._kinds[key] = self._found.kind(kind)
        return self._kinds[key]


@dataclass(frozen=True, slots=True)
class _Ahead:
    """What a process that looks ahead has to tell: see :class:`Verified`."""

    matches: list[tuple[Look, int] | None]
    news: list[Look]


def _named(error: Exception, detector: Detector, offset: int) -> Exception:
    """``error`` as one that names the place and the kind of fault only: its text may hold bytes of the dump."""
    if isinstance(error, DumpscrubError | MemoryError):
        return error
    return ScanError(f"rule {detector.rule.id} failed at {offset:#x} ({type(error).__name__}): report this rule")
