"""The public keys that a search comes across, for those who look for what belongs to them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from dumpscrub.detectors.base import Detector, Match
from dumpscrub.detectors.certificates import PUBLIC
from dumpscrub.detectors.public_keys import PublicKey, PublicKeyDetector
from dumpscrub.model import Finding
from dumpscrub.search.windows import Window
from dumpscrub.span import Span, SpanSet

MOST = 10_000
"""Different keys that are remembered, and digests."""
_DIGESTS = (partial(hashlib.sha1, usedforsecurity=False), hashlib.sha256)


@dataclass(frozen=True, slots=True)
class Known:
    """A public key. ``everybodys`` says that it only stands in certificates of public authorities.

    ``offsets`` are some of the places in the file where it stands.
    """

    key: PublicKey
    everybodys: bool
    offsets: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What was found; ``everywhere`` says whether all places were looked at that were meant to be."""

    findings: tuple[Finding, ...]
    everywhere: bool


class PublicKeys:
    """Collects public keys as the observer of a scan. What an ``earlier`` search of the dump found counts as well."""

    def __init__(self, earlier: Iterable[Known] = ()) -> None:
        self._earlier = tuple(earlier)
        self._offsets: dict[PublicKey, list[int]] = {}
        self._public: list[Span] = []
        self._digests: set[bytes] = set()

    def watches(self, detector: Detector) -> bool:
        """True for what finds public keys."""
        return isinstance(detector, PublicKeyDetector)

    def observe(self, detector: Detector, window: Window, matches: Sequence[Match]) -> bool:
        """Take the key that ``window`` shows. True where it is one."""
        if isinstance(detector, PublicKeyDetector):
            key = detector.read(window)
            if key:
                self._add(key, window.locate(key.start, key.start + 1)[0].start)
            return bool(key)
        public = [match for match in matches if match.suppressed == PUBLIC]
        for match in public:
            self._public += (span for segment in match.segments for span in window.locate(*segment))
            self._digest(window, match)
        return bool(public)

    def _add(self, key: PublicKey, offset: int) -> None:
        if key in self._offsets or len(self._offsets) < MOST:
            self._offsets.setdefault(key, []).append(offset)

    def _digest(self, window: Window, match: Match) -> None:
        """Take the digests by which programs name a certificate."""
        if len(self._digests) < MOST:
            for start, end in match.segments:
                data = window.data[start:end]
                self._digests |= {function(data).digest() for function in _DIGESTS}

    @property
    def digests(self) -> frozenset[bytes]:
        """SHA-1 and SHA-256 of the certificates of public authorities."""
        return frozenset(self._digests)

    def all(self) -> tuple[Known, ...]:
        """The keys in a fixed order: those of the earlier search, then the others as they stand in the file."""
        public = SpanSet(self._public)
        known = {each.key: each for each in self._earlier}
        for key, offsets in sorted(self._offsets.items(), key=lambda item: min(item[1])):
            everybodys = all(public.covers((Span(offset, offset + 1),)) for offset in offsets)
            known.setdefault(key, Known(key, everybodys, tuple(offsets[:16])))
        return tuple(known.values())
