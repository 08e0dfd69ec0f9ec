"""RE2 as a literal engine: a deterministic automaton, built while it runs and no larger than its budget.

The expression is an alternation of *heads*, the beginnings of the literals in lower case, no head a beginning of
another one. It says where a head stands; which literals stand there is compared afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import re2

from dumpscrub.errors import ScanError
from dumpscrub.search.literals import Hits, Literal

_MEMORY = 128 << 20
"""Bytes of an automaton, at the most. Measured where it needs more (15,305 literals that look like the text they are
looked for in, 145 MB): 37.8 s with 64 MiB, 2.0 with 128, 1.3 with 256, because RE2 goes on without an automaton then.
"""
_MANY = 1 << 18
"""Bytes of literals from which on heads are cut: the automaton no longer fits its budget and is built anew and anew."""
_CUT = 10
_ANYWHERE = re2._Anchor.UNANCHORED


class Re2Matcher:
    """Literals behind one expression that ignores the case of ASCII letters."""

    def __init__(self, literals: Sequence[Literal]) -> None:
        self._literals = tuple(literals)
        lowered = sorted({literal.data.lower() for literal in literals})
        cut = _CUT if sum(map(len, lowered)) > _MANY else None
        heads = _prefix_free([data[:cut] for data in lowered])
        self._members: dict[bytes, list[int]] = {head: [] for head in heads}
        sizes = sorted({len(head) for head in heads})
        for number, literal in enumerate(literals):
            data = literal.data.lower()
            head = next(data[:size] for size in sizes if data[:size] in self._members)
            self._members[head].append(number)
        self._expression = _alternation(heads)

    def find(self, buffer: memoryview) -> Hits:
        hits: Hits = []
        # RE2's own method: the wrapper around it takes a fifth of the time, so frequent are hits.
        match, size = self._expression._regexp.Match, len(buffer)
        start, end = match(_ANYWHERE, buffer, 0, size)[0]
        while start >= 0:
            for number in self._members[bytes(buffer[start:end]).lower()]:
                literal = self._literals[number]
                if literal.equals(bytes(buffer[start : start + len(literal.data)])):
                    hits.append((start, number))
            start, end = match(_ANYWHERE, buffer, start + 1, size)[0]
        hits.sort()
        return hits


def _prefix_free(heads: Sequence[bytes]) -> list[bytes]:
    """``heads``, which are sorted, without those that begin with another one."""
    kept: list[bytes] = []
    for head in heads:
        if not kept or not head.startswith(kept[-1]):
            kept.append(head)
    return kept


def _alternation(heads: Sequence[bytes]) -> Any:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    options.max_mem = _MEMORY
    try:
        return re2.compile(b"(?i)" + b"|".join(b"".join(map(_exactly, head)) for head in heads), options)
    except re2.error:
        # From None: what an engine says of a pattern may hold a piece of a value.
        raise ScanError("the search engine refused the literals: try --engine aho-corasick") from None
    finally:
        re2.purge()  # the module would keep the expression, which may hold values, after the matcher is gone


def _exactly(byte: int) -> bytes:
    """``byte`` as an expression. Only the case of ASCII letters is ignored, not that of Latin-1's others."""
    return b"\\x%02x" % byte if byte < 0x80 else b"(?-i:\\x%02x)" % byte
