"""Hyperscan, Intel's matcher of many patterns at once."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, NamedTuple

from dumpscrub.errors import ScanError
from dumpscrub.search.literals import Hits, Literal

_ESCAPES = tuple(b"\\x%02x" % byte for byte in range(256))
_SHORTEST = 3
"""Bytes of a head. A shorter one would stand everywhere."""
_WIDE = 13
"""Bytes of a head in UTF-32: four characters, of which the last one ends with its first byte."""


class _Member(NamedTuple):
    """A literal by its number: it begins ``before`` bytes before the head. ``literal`` is None if the head is all."""

    number: int
    before: int
    size: int
    literal: Literal | None


class HyperscanMatcher:
    """Literals compiled by hyperscan, written as hexadecimal escapes: its literal mode stops at a NUL.

    Only *heads* are compiled: literals without the zero bytes at their ends and without the end of long ones in UTF-32,
    and none that begins with another one. The rest is compared afterwards. UTF-16 in either byte order is one head
    then, and none ends like all others: the literals of a thousand rules take a third of the time to compile.
    """

    def __init__(self, literals: Sequence[Literal]) -> None:
        import hyperscan  # noqa: PLC0415  (not there on every platform; another engine then takes over)

        heads = _heads(literals)
        self._sizes = [len(head) for head, _ in heads]
        self._members = list(heads.values())
        self._database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        self._scratch_of = hyperscan.Scratch
        self._local = threading.local()
        try:
            self._database.compile(
                expressions=[b"".join(map(_ESCAPES.__getitem__, head)) for head, _ in heads],
                ids=list(range(len(heads))),
                elements=len(heads),
                flags=[hyperscan.HS_FLAG_CASELESS if caseless else 0 for _, caseless in heads],
            )
        except hyperscan.error:
            # From None: what an engine says of a pattern may hold a piece of a value.
            raise ScanError("the search engine refused the literals: try --engine re2") from None

    def find(self, buffer: memoryview) -> Hits:
        hits: Hits = []
        sizes, members = self._sizes, self._members

        def note(head: int, _start: int, end: int, _flags: int, _context: object) -> None:
            at = end - sizes[head]
            for number, before, size, literal in members[head]:
                start = at - before
                if literal is None or (start >= 0 and literal.equals(bytes(buffer[start : start + size]))):
                    hits.append((start, number))

        self._database.scan(buffer, match_event_handler=note, scratch=self._scratch())  # type: ignore[type-var]
        hits.sort()
        return hits

    def _scratch(self) -> Any:
        """Working memory of this thread: hyperscan must not share one between scans that run at once."""
        if not hasattr(self._local, "scratch"):
            self._local.scratch = self._scratch_of(self._database)
        return self._local.scratch


def _heads(literals: Sequence[Literal]) -> dict[tuple[bytes, bool], list[_Member]]:
    """What is compiled, and whether in any case, with the literals that stand there or around it."""
    entries = []
    for number, literal in enumerate(literals):
        before, head = _head(literal.data)
        entries.append((head.lower(), not literal.caseless, head, number, before))
    heads: dict[tuple[bytes, bool], list[_Member]] = {}
    shorter = None
    for lowered, exact, head, number, before in sorted(entries):
        if shorter is None or not lowered.startswith(shorter):
            shorter = None if exact else lowered
        key = (head, False) if shorter is None else (shorter, True)
        literal = literals[number]
        whole = len(literal.data) == len(key[0]) and literal.caseless == key[1]
        member = _Member(number, before, len(literal.data), None if whole else literal)
        heads.setdefault(key, []).append(member)
    return heads


def _head(data: bytes) -> tuple[int, bytes]:
    """The bytes before the head of a literal, and the head."""
    core = data.strip(b"\0")
    if len(core) < _SHORTEST:
        return 0, data
    wide = core[1:4] == bytes(3)
    return len(data) - len(data.lstrip(b"\0")), core[:_WIDE] if wide else core
