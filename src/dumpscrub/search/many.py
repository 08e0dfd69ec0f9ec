"""Copies of very many values: a sieve says where one may stand, its bytes are compared there.

An engine does for the few forms that a sieve cannot see. A sieve knows texts by their beginnings or by their ends: with
one for the first search and the other for the second, what one of them overlooks the other one finds.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import accumulate
from operator import itemgetter
from typing import Any

import numpy as np
import numpy.typing as npt

from dumpscrub.layout import Layout
from dumpscrub.model import Dump, Encoding
from dumpscrub.progress import Progress
from dumpscrub.search.blocks import busy_parts
from dumpscrub.search.copies import SHORTEST_PIECE, FewCopies, Member
from dumpscrub.search.finder import Chunk, Hit, Search, Watcher
from dumpscrub.search.forms import Form
from dumpscrub.search.packed import Places
from dumpscrub.search.sieve import KEY, LONG, REACH, Candidates
from dumpscrub.search.stock import Stock
from dumpscrub.source import read_spans
from dumpscrub.span import Span, part_of, total
from dumpscrub.walks import Looks, Seams, Texts, across

_AT_ONCE = 4 << 20
_NEARBY = 1 << 12
_ALIKE = 4
"""Forms of the same bytes that are found at a place: what values have in common is followed for some of them."""
Numbered = tuple[int, int, Form]
"""How many bytes of a form stand before the first one that a sieve sees, the number in hits, and the form."""
_NUMBERED = (Encoding.UTF8, Encoding.UTF16LE, Encoding.UTF16BE, Encoding.UTF32LE)
Rank = tuple[int, int, str]
"""By this hits at the same place are ordered."""
_ENCODINGS = {1: (Encoding.UTF8,), 2: (Encoding.UTF16LE, Encoding.UTF16BE), 4: (Encoding.UTF32LE,)}


class ManyCopies(FewCopies):
    """Finds the forms in ``stock``, by the beginnings of texts or (``by_end``) by their ends."""

    def __init__(self, stock: Stock, search: Search, *, by_end: bool) -> None:
        super().__init__(stock.left, search)
        self._stock = stock
        self.by_end = by_end
        self._sides = [catalogue.side(at_end=by_end) for catalogue in stock.catalogues]
        # Each entry may be hit in every encoding: the numbers say which, so that they are the same in every process.
        self._firsts = list(
            accumulate(
                (len(catalogue.owners) * len(_NUMBERED) for catalogue in stock.catalogues), initial=len(self._of_engine)
            )
        )
        self._known: dict[int, Member] = dict(enumerate(self._of_engine))
        self._ranks: dict[int, Rank] = {number: _rank(member) for number, member in self._known.items()}
        self._forms: dict[tuple[int, int, int], list[Numbered]] = {}

    @property
    def longest(self) -> int:
        return max([super().longest, *(catalogue.longest for catalogue in self._stock.catalogues)])

    def member(self, number: int) -> Member:
        member = self._known.get(number)
        if member is None:
            catalogue = bisect_right(self._firsts, number) - 1
            entry, encoding = divmod(number - self._firsts[catalogue], len(_NUMBERED))
            member = self._stock.form(catalogue, entry, _NUMBERED[encoding])
            if member is None:
                raise KeyError(number)
            self._known[number] = member
        return member

    def _rank(self, number: int) -> Rank:
        if number not in self._ranks:
            self._ranks[number] = _rank(self.member(number))
        return self._ranks[number]

    def unchanged(self) -> Sequence[Member]:
        return self._stock.unchanged()

    def alphabet(self) -> frozenset[int]:
        return self._stock.alphabet()

    def find(self, dump: Dump, stage: str, progress: Progress) -> Generator[list[Hit], None, None]:
        with closing(super().find(dump, stage, progress)) as lists:
            if not self.by_end:
                yield from lists
                return
            # A text that is seen by its end may begin before those that were seen earlier.
            waiting: list[Hit] = []
            for end in range(self._search.chunk, dump.source.size + self._search.chunk, self._search.chunk):
                waiting = self._ranked((*waiting, *next(lists)))
                ready = bisect_left(waiting, end - self.longest, key=itemgetter(0))
                yield waiting[:ready]
                del waiting[:ready]
            yield waiting
            yield from lists

    def _pieces(self, texts: Texts, data: bytes, *, at_end: bool) -> Iterator[tuple[int, int, Member]]:
        yield from super()._pieces(texts, data, at_end=at_end)
        for number, catalogue in enumerate(self._stock.catalogues):
            side = catalogue.side(at_end=not at_end)
            for at, width, key in _rows(*side.sieve.find_keys([(0, memoryview(data))]).columns):
                start, end = texts.around(at)
                for encoding in _ENCODINGS[width]:
                    begin = at - _ahead(encoding)
                    behind = begin + KEY * width
                    if start <= begin and behind <= end:
                        low, high = (begin, end) if at_end else (start, behind)
                        entries = side.longer(key, (high - low) // width)
                        found = self._cut_to(data[low:high], number, entries, encoding, at_end=at_end)
                        yield from ((low, high, member) for member in found)

    def _cut_to(
        self, text: bytes, catalogue: int, entries: Iterable[int], encoding: Encoding, *, at_end: bool
    ) -> Iterator[Member]:
        """The longest form of which ``text`` is a piece, if there is one."""
        for entry in entries:
            member = self._stock.form(catalogue, entry, encoding)
            if member is None or member[1].at is not None or len(text) < SHORTEST_PIECE * member[1].unit:
                continue
            if member[1].is_cut_to(text, at_end=at_end):
                yield member
                return

    def _chunk(self, dump: Dump, watcher: Watcher[Any] | None, start: int) -> Chunk:
        end = start + self._search.chunk
        hits, seen = super()._chunk(dump, watcher, start) if self._of_engine else ([], [])
        for at in range(start, min(end, dump.source.size), _AT_ONCE):
            parts = list(busy_parts(dump.source, at, min(at + _AT_ONCE, end), REACH))
            for catalogue, side in enumerate(self._sides):
                hits += self._hits(dump, catalogue, side.sieve.find(parts), Span(at, min(at + _AT_ONCE, end)))
        return self._ranked(hits), seen

    def _hits(self, dump: Dump, catalogue: int, found: Candidates, within: Span) -> Iterator[Hit]:
        """The hits that begin, or are seen to end, ``within`` a part of the file."""
        nearby = Span(max(0, within.start - _NEARBY), min(within.end + _NEARBY, dump.source.size))
        view = dump.source.view(nearby.start, nearby.end)
        back, on = self._sides[catalogue].extent(found.keys, found.widths)
        begins, ends = found.offsets - back - 1, found.offsets + on
        simple = _in_one_region(dump.layout, begins, ends) & (begins >= nearby.start) & (ends <= nearby.end)
        reach = 0
        for at, width, key, begin, end, is_simple in _rows(*found.columns, begins, ends, simple):
            if at > within.end or (end <= reach and not self.by_end):
                continue
            hits: Iterable[Hit]
            if is_simple:
                data = bytes(view[begin - nearby.start : end - nearby.start])
                there = self._standing(catalogue, data, at - begin, width, key, in_one_region=True)
                hits = [(begin + place, number) for place, number in there]
            else:
                hits = self._standing_at(dump, catalogue, at, width, key)
            for offset, number in hits:
                if within.start <= (at if self.by_end else offset) < within.end:
                    yield offset, number
                    form = self.member(number)[1]
                    if is_simple and form.counts_anywhere:
                        reach = max(reach, offset + len(form.data))

    def across(self, dump: Dump) -> list[Hit]:
        return self._ranked(super().across(dump))

    def _seam_hits(self, dump: Dump, looks: Looks, places: Seams) -> list[Hit]:
        hits = super()._seam_hits(dump, looks, places) if self._of_engine else []
        texts, middles = across(dump.layout, places, REACH - 1)
        data = memoryview(texts.read(dump.source))
        looks.at(texts)
        for catalogue, side in enumerate(self._sides):
            for at, width, key in _rows(*side.sieve.find([(0, data)]).columns):
                # The eleven characters it is seen by reach over the seam; one may begin a byte before.
                first = at - (LONG - KEY) * width if self.by_end else at
                if first - 1 < middles[texts.index(at)] < first + LONG * width:
                    hits += self._standing_at(dump, catalogue, texts.spans(at, at + 1)[0].start, width, key)
        return hits

    def _standing_at(self, dump: Dump, catalogue: int, offset: int, width: int, key: int) -> Iterator[Hit]:
        """The hits of forms with that key at ``offset``, along the file and along memory."""
        extent = self._sides[catalogue].extent(np.array([key]), np.array([width]))
        back, on = (int(column[0]) for column in extent)
        along_file = Span(max(0, offset - back - 1), min(offset + on, dump.source.size))
        left = dump.layout.backward(offset, back + 1)
        along_memory = (*left, *dump.layout.forward(offset, on))
        for spans, at in (((along_file,), offset - along_file.start), (along_memory, total(left))):
            for place, number in self._standing(catalogue, read_spans(dump.source, spans), at, width, key):
                yield part_of(spans, place, place + 1)[0].start, number

    def _standing(
        self, catalogue: int, data: bytes, at: int, width: int, key: int, *, in_one_region: bool = False
    ) -> list[tuple[int, int]]:
        """Pairs (place in ``data``, number): the forms with that key at ``at`` that are really there.

        The longest first. In one region none that stands within a longer one that is a whole value.
        """
        found: list[tuple[int, int]] = []
        alike: Counter[tuple[int, int]] = Counter()
        least = 0
        for length, first, entry in self._sides[catalogue].standing(data, at, width, key):
            if length < least:
                break
            forms = self._forms.get((catalogue, entry, width))
            for ahead, number, form in self._spelled(catalogue, entry, width) if forms is None else forms:
                place, size = first - ahead, len(form.data)
                if place < 0 or alike[place, size] >= _ALIKE or not form.equals(data[place : place + size]):
                    continue
                alike[place, size] += 1
                found.append((place, number))
                if in_one_region and form.counts_anywhere:
                    least = length
        return found

    def _spelled(self, catalogue: int, entry: int, width: int) -> list[Numbered]:
        """The forms that an entry stands for where characters take ``width`` bytes."""
        forms: list[Numbered] = []
        for encoding in _ENCODINGS[width]:
            member = self._stock.form(catalogue, entry, encoding)
            if member:
                number = self._firsts[catalogue] + entry * len(_NUMBERED) + _NUMBERED.index(encoding)
                self._known[number] = member
                forms.append((_ahead(encoding), number, member[1]))
        self._forms[catalogue, entry, width] = forms
        return forms

    def _ranked(self, hits: Iterable[Hit]) -> list[Hit]:
        """Each once, by offset, and at the same offset the longest first, then in the order of values."""
        ranked = sorted((offset, self._rank(number), number) for offset, number in set(hits))
        return [(offset, number) for offset, _, number in ranked]


def _rank(member: Member) -> Rank:
    owner, form = member
    return -len(form.data), owner, form.name


def _ahead(encoding: Encoding) -> int:
    """Bytes of a character before the one that a sieve sees."""
    return 1 if encoding is Encoding.UTF16BE else 0


def _rows(*columns: npt.NDArray[Any]) -> Iterator[tuple[Any, ...]]:
    return zip(*(column.tolist() for column in columns), strict=True)


def _in_one_region(layout: Layout, begins: Places, ends: Places) -> npt.NDArray[np.bool_]:
    """For each of the spans whether it lies in one region."""
    region = np.searchsorted(layout.starts, begins, "right")
    inside: npt.NDArray[np.bool_] = region == np.searchsorted(layout.starts, ends - 1, "right")
    return inside & (region > 0)
