"""The literal search, and the seam behind which two engines stand.

``compile_literals`` turns byte strings into a :class:`Matcher`; a matcher finds every occurrence of every literal in a
buffer. Both engines return the same hits; a test says so for random literals and buffers.

- ``hyperscan`` (Intel's multi-pattern matcher): thousands of megabytes a second, releases the interpreter lock.
- ``aho-corasick`` (pyahocorasick): pure tables, tens of megabytes a second; the portable engine, and the independent
  one with which a finished copy is searched again. Its wheel takes text only, so bytes are passed as Latin-1.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from dumpscrub.errors import ConfigError, ScanError

Hits = list[tuple[int, int]]
"""Pairs (start in the buffer, literal number), sorted."""

_BLOCK = 4096


@dataclass(frozen=True, slots=True)
class Literal:
    """Bytes to find. ``caseless`` ignores the case of ASCII letters. At least one byte is not zero."""

    data: bytes = field(repr=False)
    caseless: bool = False

    def equals(self, text: bytes) -> bool:
        """True where ``text`` is this literal, no more and no less."""
        return text.lower() == self.data.lower() if self.caseless else text == self.data


class Matcher(Protocol):
    """Compiled literals. May be shared by threads."""

    def find(self, buffer: memoryview) -> Hits:
        """Every occurrence of every literal, overlapping ones too."""


class HyperscanMatcher:
    """Literals compiled by hyperscan, written as hexadecimal escapes: its literal mode stops at a NUL."""

    def __init__(self, literals: Sequence[Literal]) -> None:
        import hyperscan  # noqa: PLC0415  (not there on every platform; the other engine then takes over)

        self._lengths = [len(literal.data) for literal in literals]
        self._database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        self._scratch_of = hyperscan.Scratch
        self._local = threading.local()
        try:
            self._database.compile(
                expressions=[b"".join(b"\\x%02x" % byte for byte in literal.data) for literal in literals],
                ids=list(range(len(literals))),
                elements=len(literals),
                flags=[hyperscan.HS_FLAG_CASELESS if literal.caseless else 0 for literal in literals],
            )
        except hyperscan.error as error:
            raise ScanError("the search engine refused the literals: try --engine aho-corasick") from error

    def find(self, buffer: memoryview) -> Hits:
        hits: Hits = []
        lengths = self._lengths

        def note(number: int, _start: int, end: int, _flags: int, _context: object) -> None:
            hits.append((end - lengths[number], number))

        self._database.scan(buffer, match_event_handler=note, scratch=self._scratch())  # type: ignore[type-var]
        hits.sort()
        return hits

    def _scratch(self) -> Any:
        """Working memory of this thread: hyperscan must not share one between scans that run at once."""
        if not hasattr(self._local, "scratch"):
            self._local.scratch = self._scratch_of(self._database)
        return self._local.scratch


class AhoCorasickMatcher:
    """Literals in one automaton over lower-cased text; the case of exact literals is compared afterwards."""

    def __init__(self, literals: Sequence[Literal]) -> None:
        import ahocorasick  # noqa: PLC0415

        self._literals = tuple(literals)
        groups: dict[str, list[int]] = {}
        for number, literal in enumerate(literals):
            groups.setdefault(literal.data.lower().decode("latin-1"), []).append(number)
        self._longest = max((len(text) for text in groups), default=1)
        self._automaton = ahocorasick.Automaton()
        for text, numbers in groups.items():
            self._automaton.add_word(text, (len(text), tuple(numbers)))
        self._automaton.make_automaton()

    def find(self, buffer: memoryview) -> Hits:
        hits: Hits = []
        for first, last in _busy(buffer, self._longest):
            data = bytes(buffer[first:last])
            for end, (length, numbers) in self._automaton.iter(data.lower().decode("latin-1")):
                start = end + 1 - length
                for number in numbers:
                    literal = self._literals[number]
                    if literal.caseless or data.startswith(literal.data, start):
                        hits.append((first + start, number))
        return sorted(set(hits))


def _busy(buffer: memoryview, margin: int) -> list[tuple[int, int]]:
    """The parts of ``buffer`` that are not blocks of zeros, ``margin`` bytes wider: no literal is all zeros."""
    if len(buffer) < 2 * _BLOCK:
        return [(0, len(buffer))]
    whole = len(buffer) // _BLOCK
    blocks = np.frombuffer(buffer, np.uint64, count=whole * _BLOCK // 8).reshape(whole, _BLOCK // 8)
    busy = np.append(blocks.any(axis=1), len(buffer) % _BLOCK > 0)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], busy, [False])).astype(np.int8)))
    parts: list[tuple[int, int]] = []
    for first, last in edges.reshape(-1, 2).tolist():
        start, end = max(0, first * _BLOCK - margin), min(len(buffer), last * _BLOCK + margin)
        if parts and start <= parts[-1][1]:
            parts[-1] = (parts[-1][0], end)
        else:
            parts.append((start, end))
    return parts


class _Nothing:
    """The matcher of no literals."""

    def find(self, buffer: memoryview) -> Hits:
        del buffer
        return []


ENGINES: Mapping[str, Callable[[Sequence[Literal]], Matcher]] = {
    "hyperscan": HyperscanMatcher,
    "aho-corasick": AhoCorasickMatcher,
}


def choose_engine(name: str) -> str:
    """The engine for ``name``: itself, or for ``auto`` hyperscan where it can be imported.

    Raises ConfigError for a name that is unknown, or an engine that cannot be used here.
    """
    if name == "auto":
        return "hyperscan" if _has_hyperscan() else "aho-corasick"
    if name not in ENGINES:
        raise ConfigError(f"unknown engine {name!r}: choose auto, {', '.join(ENGINES)}")
    if name == "hyperscan" and not _has_hyperscan():
        raise ConfigError("hyperscan cannot be used here: use --engine aho-corasick")
    return name


def _has_hyperscan() -> bool:
    """True where the module can be imported: installed alone, it may still lack a library or instructions."""
    try:
        importlib.import_module("hyperscan")
    except ImportError:
        return False
    return True


def second_opinion(engine: str) -> str:
    """The other engine; the same one where no other is installed."""
    return "aho-corasick" if engine == "hyperscan" else choose_engine("auto")


def compile_literals(literals: Sequence[Literal], engine: str) -> Matcher:
    """A matcher of ``literals`` by the engine of that name. Raises ScanError where the engine refuses them."""
    if any(not literal.data.strip(b"\0") for literal in literals):
        raise ScanError("a literal of nothing but zero bytes cannot be searched: correct the rule's anchor")
    return ENGINES[engine](literals) if literals else _Nothing()
