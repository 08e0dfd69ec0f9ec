"""Anchors to hits, hits to findings: the direct part of a scan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from copy import copy
from dataclasses import dataclass

from dumpscrub.detectors.base import Detector
from dumpscrub.findings import Findings
from dumpscrub.model import Dump
from dumpscrub.progress import Progress, silent
from dumpscrub.search.finder import Finder, Hit, Search
from dumpscrub.search.literals import Literal
from dumpscrub.search.places import MARKS, PlaceList
from dumpscrub.search.sights import SightList
from dumpscrub.settled import NOTHING_SETTLED, Seen, Settled, SettledHits
from dumpscrub.shadows import without_shadows
from dumpscrub.span import Span
from dumpscrub.users import users_of
from dumpscrub.verification import NOBODY, SECTION, Observer, Verification, Verified


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


class Scanner:
    """Detectors compiled for one engine. Use it for any number of dumps."""

    def __init__(self, detectors: Sequence[Detector], search: Search) -> None:
        users = users_of(detectors)
        self._users = tuple(users.values())
        # Bytes in a row are no characters of UTF-16: there windows tell.
        edges = ((anchor, anchor.edge and anchor.encoding.unit == 1) for anchor in users)
        anchors = (Literal(anchor.data, anchor.caseless, edge, token=edge) for anchor, edge in edges)
        self._literals = (*anchors, *(literal for literal, _, _ in MARKS))
        self._search = search
        self._finder = Finder(self._literals, search)

    def by_engine(self, search: Search) -> Scanner:
        """The same scanner for another search."""
        other = copy(self)
        other._search = search
        other._finder = Finder(self._literals, search)
        return other

    def scan(
        self,
        dump: Dump,
        progress: Progress = silent,
        stage: str = "scan",
        observer: Observer = NOBODY,
        earlier: Seen | None = None,
        edits: Sequence[Span] = (),
        most_crowded: int | None = None,
    ) -> Scan:
        """Every finding of every detector, but at hits that an ``earlier`` search settled.

        Since that one ``edits`` were made, in order and disjoint. Shows ``observer`` what is around the other hits.
        Behind ``most_crowded`` stretches of text that are masked as a whole, all text with hits in it is. Raises
        ScanError, naming the rule, where a detector fails.
        """
        searched = 0

        def note(stage: str, done: int, of: int) -> None:
            nonlocal searched
            searched = done
            progress(stage, done, of)

        settled = earlier.hits.untouched(edits) if earlier else NOTHING_SETTLED
        sights = SightList(dump, earlier.sights if earlier else None, edits)
        nothing = SettledHits(len(self._literals))
        verification = Verification(dump, self._users, nothing, observer, most_crowded)
        # Only what counts within a section alone can be looked at apart.
        is_divided = self._search.chunk % SECTION == 0 and most_crowded is None
        hits = _Hits(settled, len(self._users), verification if is_divided else None)
        with closing(self._finder.in_chunks(dump, stage, note, sights, hits.of)) as chunks:
            for chunk in chunks:
                _take(chunk, verification, sights.places)
        verification.forget()
        _take(hits.of(self._finder.across(dump)), verification, sights.places)
        findings = without_shadows(verification.findings())
        suppressed = dict(sorted(Counter(verification.suppressed.values()).items()))
        return Scan(findings, suppressed, searched, Seen(nothing, sights), verification.crowded)


@dataclass(frozen=True, slots=True)
class _Chunk:
    """The hits of anchors in a chunk, or what was made of them already, and those of marks, numbered from 0 on."""

    hits: Sequence[Hit] | Verified
    marks: Sequence[Hit]


@dataclass(frozen=True, slots=True)
class _Hits:
    """Divides hits into those of the first ``anchors`` literals that are not ``settled``, and those of marks.

    With ``ahead``, a process that searches looks at its hits where these are many.
    """

    settled: Settled
    anchors: int
    ahead: Verification | None

    def of(self, found: Sequence[Hit]) -> _Chunk:
        """The hits ``found`` in a chunk."""
        hits: list[Hit] = []
        marks: list[Hit] = []
        for offset, number in self.settled.others(found):
            if number < self.anchors:
                hits.append((offset, number))
            else:
                marks.append((offset, number - self.anchors))
        verified = self.ahead.look_ahead(hits) if self.ahead else None
        return _Chunk(hits if verified is None else verified, marks)


def _take(chunk: _Chunk, verification: Verification, places: PlaceList) -> None:
    """Look at the hits of ``chunk``, or take what was made of them, and the ``places`` of its marks."""
    for mark in chunk.marks:
        places.add_mark(*mark)
    if isinstance(chunk.hits, Verified):
        verification.take(chunk.hits)
    else:
        verification.look(chunk.hits)
