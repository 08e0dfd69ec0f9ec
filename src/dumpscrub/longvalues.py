"""Values longer than the window of their rule: looked at in larger windows, as often as that is worth it.

A value is seldom as long as the rule's window, but a window that ends within one would leave the rest of it. So it
grows while the text goes on. What lies wholly within the last long value of a rule is part of that and is not looked at
again.

Whoever writes into a process can make names of secrets stand so close that each of them begins a value of the greatest
length, none of which is taken for a secret. After :data:`MOST_WORK` code units in the larger windows of one stretch of
memory, the rest of its text is masked as a whole: that is safe, and costs nothing more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dumpscrub.detectors.base import Detector, Match
from dumpscrub.model import Confidence, Encoding
from dumpscrub.search.windows import Window, Windows
from dumpscrub.span import SpanSet

LONGEST = 1 << 16
"""Code units behind a hit that are looked at where a value goes on for so long."""
MOST_WORK = 16 * LONGEST
"""Code units in larger windows that hold matches, for one rule in :data:`LONGEST` of memory."""
_GROWTH = 8
_PER_STEP = 48
"""Code units in a row of a larger window that are looked at in one step, as a window counts them."""
_BREAKS = bytes(byte <= 0x20 or byte in b"\"'<>,;" for byte in range(256))
"""By character, whether it ends a run: a table is ten times as fast as a pattern."""
_SIGHTS = (64, 4096)
_TRAILING = 8
"""Code units at the end of a window that a pattern may have left to what follows the value."""

Seen = tuple[Window, list[Match]]
"""The matches around a hit, and the window that shows them."""


@dataclass(slots=True)
class _Stretch:
    """What is known of a rule in one encoding: where its last long value stands, and the ``work`` since ``start``.

    ``masked`` says that all text there is masked, whatever it is.
    """

    long: SpanSet | None = None
    masked: bool = False
    start: int = 0
    work: int = 0

    def note(self, offset: int, units: int, unit: int) -> bool:
        """Count ``units`` looked at around file ``offset``; True where that is too much for so little memory."""
        if not self.start <= offset < self.start + LONGEST * unit:
            self.start, self.work = offset, 0
        self.work += units
        return self.work > MOST_WORK


class LongValues:
    """The long values of one search. ``crowded`` counts the stretches of text that were masked as a whole."""

    def __init__(self, windows: Windows) -> None:
        self.crowded = 0
        self._windows = windows
        self._stretches: dict[tuple[str, Encoding], _Stretch] = {}

    def forget(self) -> None:
        """Let what is known so far count no more."""
        self._stretches = {}

    def whole(self, offset: int, detector: Detector, window: Window, matches: list[Match]) -> Seen:
        """The matches around the hit at file ``offset``: in a larger window where a value goes on behind its end.

        Where a larger window shows no match, because the value never ends, the smaller one's stand.
        """
        first, after = window, detector.after
        if not _goes_on(window, matches) or window.at_end:
            return window, matches
        stretch = self._stretches.setdefault((detector.rule.id, window.encoding), _Stretch())
        while after < LONGEST and _goes_on(window, matches) and not window.at_end:
            if (matches or stretch.masked) and _covers(stretch, window, matches):
                return window, []
            after = min(after * _GROWTH, LONGEST)
            wider = self._wider(offset, detector, window, after)
            found = list(detector.verify(wider))
            first.steps += wider.steps + _run(wider) // _PER_STEP
            if (found or matches) and stretch.note(offset, after, window.unit):
                self.crowded += 1
                return self._crowded(offset, detector, window, matches, stretch)
            if not found:
                break
            window, matches = wider, found
        if after > detector.after:
            stretch.long, stretch.masked = _places(window, matches) if matches else None, False
        return window, matches

    def is_masked(self, detector: Detector, window: Window) -> bool:
        """True where the window of ``detector``, from its hit on, lies in text that is masked whatever it is."""
        stretch = self._stretches.get((detector.rule.id, window.encoding))
        return stretch is not None and stretch.masked and _covers(stretch, window, ())

    def charge(self, offset: int, detector: Detector, window: Window, matches: list[Match]) -> Seen:
        """The matches around the hit at file ``offset``, or all of the text where they have ``spent`` too much."""
        stretch = self._stretches.setdefault((detector.rule.id, window.encoding), _Stretch())
        if stretch.note(offset, window.spent, window.unit):
            self.crowded += 1
            return self._crowded(offset, detector, window, matches, stretch)
        return window, matches

    def _wider(self, offset: int, detector: Detector, window: Window, after: int) -> Window:
        around = self._windows.around(offset, window.encoding, detector.before, after)
        return Window(around, detector.before, after)

    def _crowded(
        self, offset: int, detector: Detector, window: Window, matches: list[Match], stretch: _Stretch
    ) -> Seen:
        """All text from the first match, or else from the hit on, as one match; what is no text, as it was seen."""
        if window.encoding is Encoding.BINARY:
            return window, matches
        widest = self._wider(offset, detector, window, detector.after + LONGEST)
        segments = [segment for match in matches for segment in match.segments]
        start = min((start for start, _ in segments), default=window.hit)
        end = max((end for _, end in segments), default=start)
        shift = widest.hit - window.hit
        match = Match(((shift + start, max(shift + end, widest.text_end)),), Confidence.LOW)
        stretch.long, stretch.masked = _places(widest, [match]), True
        return widest, [match]


def _run(window: Window) -> int:
    """Characters from the hit on without a break, or all if that is far away: most patterns look no farther."""
    for size in _SIGHTS:
        end = window.text[window.anchor : window.anchor + size].translate(_BREAKS).find(1)
        if end >= 0:
            return end
    return len(window.text) - window.anchor


def _goes_on(window: Window, matches: list[Match]) -> bool:
    """True where a match reaches the end of the window, or none was found and the text goes on up to there."""
    if not matches:
        return window.is_text_to_end
    last = len(window) - _TRAILING * window.unit
    for match in matches:
        for _, end in match.segments:
            if end > last:
                return True
    return False


def _covers(stretch: _Stretch, window: Window, matches: Sequence[Match]) -> bool:
    """True where all from the first byte of the matches, or else from the hit, to the text's end is in a long value."""
    if stretch.long is None:
        return False
    start = min((start for match in matches for start, _ in match.segments), default=window.hit)
    end = window.text_end if stretch.masked else len(window)
    return start < end and stretch.long.covers(window.locate(start, end))


def _places(window: Window, matches: list[Match]) -> SpanSet:
    """Where the matches stand that are findings."""
    segments = (segment for match in matches if not match.suppressed for segment in match.segments)
    return SpanSet(span for segment in segments for span in window.locate(*segment))
