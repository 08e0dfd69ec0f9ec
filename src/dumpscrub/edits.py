"""Edits by the million: where each stands, and its replacement, which it mostly shares with many others."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from dumpscrub.columns import Numbers, Offsets, Rows, Table
from dumpscrub.model import Edit
from dumpscrub.span import Span, SpanSet


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Edits(Table[Edit]):
    """Edits in file order. Edit ``i`` writes the replacement of ``of[kinds[i]]`` over ``[starts[i], ends[i])``.

    A kind is a pair of a replacement and the operator that made it.
    """

    starts: Offsets
    ends: Offsets
    kinds: Numbers
    of: tuple[tuple[bytes, str], ...]

    @classmethod
    def collect(cls, edits: Iterable[Edit]) -> Edits:
        """``edits``, which may come in any order."""
        if isinstance(edits, Edits):
            return edits
        starts, ends, kinds = array("q"), array("q"), array("i")
        numbers: dict[tuple[bytes, str], int] = {}
        for edit in edits:
            starts.append(edit.span.start)
            ends.append(edit.span.end)
            kinds.append(numbers.setdefault((edit.replacement, edit.operator), len(numbers)))
        places = np.frombuffer(starts, np.int64), np.frombuffer(ends, np.int64)
        made = cls(*places, np.frombuffer(kinds, np.int32), tuple(numbers))
        return made.take(np.lexsort(places[::-1])) if (np.diff(made.starts) < 0).any() else made

    def __len__(self) -> int:
        return len(self.starts)

    def made(self, first: int, last: int) -> Iterator[Edit]:
        columns = (column[first:last].tolist() for column in (self.starts, self.ends, self.kinds))
        for start, end, kind in zip(*columns, strict=True):
            yield Edit(Span(start, end), *self.of[kind])

    def take(self, rows: Rows) -> Edits:
        return Edits(self.starts[rows], self.ends[rows], self.kinds[rows], self.of)

    def within(self, span: Span) -> Edits:
        """Those of disjoint edits that write a byte of ``span``."""
        first, last = self.ends.searchsorted(span.start, "right"), self.starts.searchsorted(span.end, "left")
        return self[int(first) : int(last)]

    def bytes(self) -> SpanSet:
        """What the edits write over."""
        return SpanSet.of_columns(self.starts, self.ends)


NO_EDITS = Edits.collect(())
