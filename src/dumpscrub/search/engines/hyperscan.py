"""Hyperscan, Intel's matcher of many patterns at once."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from dumpscrub.errors import ScanError
from dumpscrub.search.literals import Hits, Literal

_ESCAPES = tuple(b"\\x%02x" % byte for byte in range(256))


class HyperscanMatcher:
    """Literals compiled by hyperscan, written as hexadecimal escapes: its literal mode stops at a NUL."""

    def __init__(self, literals: Sequence[Literal]) -> None:
        import hyperscan  # noqa: PLC0415  (not there on every platform; another engine then takes over)

        self._lengths = [len(literal.data) for literal in literals]
        self._database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        self._scratch_of = hyperscan.Scratch
        self._local = threading.local()
        try:
            self._database.compile(
                expressions=[b"".join(map(_ESCAPES.__getitem__, literal.data)) for literal in literals],
                ids=list(range(len(literals))),
                elements=len(literals),
                flags=[hyperscan.HS_FLAG_CASELESS if literal.caseless else 0 for literal in literals],
            )
        except hyperscan.error:
            # From None: what an engine says of a pattern may hold a piece of a value.
            raise ScanError("the search engine refused the literals: try --engine re2") from None

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
