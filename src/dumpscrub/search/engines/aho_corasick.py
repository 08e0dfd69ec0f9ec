"""Pyahocorasick: one automaton of all literals. Its wheel takes text only, so bytes are passed as Latin-1."""

from __future__ import annotations

from collections.abc import Sequence

import ahocorasick

from dumpscrub.search.literals import Hits, Literal


class AhoCorasickMatcher:
    """Literals in one automaton over lower-cased text; the case of exact literals is compared afterwards."""

    def __init__(self, literals: Sequence[Literal]) -> None:
        self._literals = tuple(literals)
        groups: dict[str, list[int]] = {}
        for number, literal in enumerate(literals):
            groups.setdefault(literal.data.lower().decode("latin-1"), []).append(number)
        self._automaton = ahocorasick.Automaton()
        for text, numbers in groups.items():
            self._automaton.add_word(text, (len(text), tuple(numbers)))
        self._automaton.make_automaton()

    def find(self, buffer: memoryview) -> Hits:
        hits: Hits = []
        data = bytes(buffer)
        for end, (length, numbers) in self._automaton.iter(data.lower().decode("latin-1")):
            start = end + 1 - length
            for number in numbers:
                literal = self._literals[number]
                if literal.caseless or data.startswith(literal.data, start):
                    hits.append((start, number))
        hits.sort()
        return hits
