"""Copies of a few values, found by an engine that compiles all their forms. Of many: :mod:`dumpscrub.search.many`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from dumpscrub.model import Dump
from dumpscrub.search.engines import compile_literals
from dumpscrub.search.finder import Chunk, Finder, Search, Watcher
from dumpscrub.search.forms import Form
from dumpscrub.search.literals import Literal, Matcher
from dumpscrub.span import Span
from dumpscrub.walks import Texts

SHORTEST_PIECE = 8
"""Characters of a form that count as a piece of it where it is cut short."""

Member = tuple[int, Form]
"""The number of a value, and one of its forms."""
Piece = tuple[tuple[Span, ...], Member]
"""Where a piece of a form stands, and of which form of which value."""


def distinct(members: Iterable[Member]) -> list[Member]:
    """The first of all members with the same bytes; the longest first, those of the same length in the same order."""
    first: dict[tuple[bytes, bool], Member] = {}
    for member in members:
        first.setdefault((member[1].data, member[1].caseless), member)
    return sorted(first.values(), key=lambda member: -len(member[1].data))


class FewCopies(Finder):
    """Finds ``members`` by an engine; one stands for all with the same bytes.

    The number of a hit says which form of which value: :meth:`member`. At the same offset the longest comes first.
    """

    def __init__(self, members: Sequence[Member], search: Search) -> None:
        self._of_engine = distinct(members)
        self._unchanged = distinct(member for member in members if member[1].is_unchanged)
        super().__init__([Literal(form.data, form.caseless) for _, form in self._of_engine], search, copies=True)
        self._beginnings = _Pieces(self._of_engine, search.engine, at_end=True)
        self._ends = _Pieces(self._of_engine, search.engine, at_end=False)

    @property
    def longest(self) -> int:
        """The bytes of the longest form, or some more; 0 where there is none."""
        return max((len(form.data) for _, form in self._of_engine[:1]), default=0)

    def member(self, number: int) -> Member:
        """The form that a hit found, and whose it is."""
        return self._of_engine[number]

    def unchanged(self) -> Sequence[Member]:
        """The forms that are the value itself, the longest first."""
        return self._unchanged

    def alphabet(self) -> frozenset[int]:
        """The bytes in these forms, or some more."""
        return frozenset(b"".join(form.data for _, form in self.unchanged()))

    def pieces(self, dump: Dump, texts: Texts, *, at_end: bool) -> Iterator[Piece]:
        """Beginnings of forms that reach the end of one of ``texts`` (``at_end``), or ends that begin with one."""
        for part in texts.parts():
            data = part.read(dump.source)
            dump.source.release(0, dump.source.size)
            for low, high, member in self._pieces(part, data, at_end=at_end):
                yield part.spans(low, high), member

    def _pieces(self, texts: Texts, data: bytes, *, at_end: bool) -> Iterator[tuple[int, int, Member]]:
        """The same by where they begin and end in ``data``, which is all of ``texts``."""
        return (self._beginnings if at_end else self._ends).find(texts, data)

    def _chunk(self, dump: Dump, watcher: Watcher[Any] | None, start: int) -> Chunk:
        hits, seen = super()._chunk(dump, watcher, start)
        return sorted(hits), seen


class _Pieces:
    """Beginnings (``at_end``) or ends of forms, looked for where a text is cut short.

    Those of one length are compiled together: some hundred of several lengths can take hyperscan 150 MB meanwhile.
    """

    def __init__(self, members: Sequence[Member], engine: str, *, at_end: bool) -> None:
        self._at_end = at_end
        groups: dict[Literal, list[Member]] = {}
        for owner, form in members:
            size = SHORTEST_PIECE * form.unit
            if len(form.data) > size and form.at is None:
                piece = form.data[:size] if at_end else form.data[-size:]
                literal = Literal(piece.lower() if form.caseless else piece, form.caseless)
                groups.setdefault(literal, []).append((owner, form))
        self._literals = tuple(groups)
        self._members = tuple(groups.values())
        by_size: dict[int, list[int]] = {}
        for number, literal in enumerate(groups):
            by_size.setdefault(len(literal.data), []).append(number)
        self._matchers: list[tuple[Matcher, list[int]]] = [
            (compile_literals([self._literals[number] for number in numbers], engine), numbers)
            for numbers in by_size.values()
        ]

    def find(self, texts: Texts, data: bytes) -> Iterator[tuple[int, int, Member]]:
        """Where in ``data`` pieces reach the cut side of one of ``texts``, and of which form: the longest.

        Of pieces of one form that stand within each other, the longest counts.
        """
        done: set[tuple[int, int]] = set()
        hits = sorted(
            (at, numbers[found]) for matcher, numbers in self._matchers for at, found in matcher.find(memoryview(data))
        )
        for at, literal in hits if self._at_end else reversed(hits):
            start, end = texts.around(at)
            behind = at + len(self._literals[literal].data)
            low, high = (at, end) if self._at_end else (start, behind)
            if behind > end or (start, literal) in done:
                continue  # it begins in one text and ends in another, or stands within a longer one
            for member in self._members[literal]:
                if len(member[1].data) <= high - low:
                    break  # the text is no piece of it, nor of the others, which are no longer
                if member[1].is_cut_to(data[low:high], at_end=self._at_end):
                    done.add((start, literal))
                    yield low, high, member
                    break
