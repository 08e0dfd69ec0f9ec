"""Where in a dump to look for numbers that stand bare: wherever memory looks random, near public keys first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from dumpscrub.columns import Offsets
from dumpscrub.layout import RegionKind
from dumpscrub.model import Dump
from dumpscrub.search import noise
from dumpscrub.search.blocks import busy_parts
from dumpscrub.search.noise import STEP
from dumpscrub.span import Span, SpanSet, union

NEARBY = 1 << 20
"""Bytes of the file on both sides of a public key that are looked at first."""
_AT_ONCE = 4 << 20
_MARGIN = 64
_LONGEST_STRETCH = 16 << 10
_EDGE = 1 << 10
"""Of longer stretches of random bytes, which are compressed or encrypted, only so many at both ends are looked at."""


def nearest(dump: Dump, offsets: Iterable[int], most: int) -> tuple[Offsets, bool]:
    """The file offsets of up to ``most`` samples, those near ``offsets`` first, and whether these are all; in order.

    Images of programs are left out, and the inner parts of long stretches.
    """
    whole = Span(0, dump.source.size)
    near = union(Span(max(0, offset - NEARBY), min(offset + NEARBY, whole.end)) for offset in offsets)
    parts: list[Offsets] = []
    count = 0
    for part in samples(dump, (*near, *SpanSet(near).outside(whole))):
        parts.append(_worth(dump, part))
        count += len(parts[-1])
        if count > most:
            break
    found = np.concatenate([np.empty(0, np.int64), *parts])
    return np.unique(found[:most]), count <= most


def samples(dump: Dump, spans: Iterable[Span]) -> Iterator[Offsets]:
    """The file offsets of all samples in ``spans`` that look random, a part of the file at a time."""
    for span in spans:
        for start in range(span.start, span.end, _AT_ONCE):
            end = min(start + _AT_ONCE, span.end)
            for at, view in busy_parts(dump.source, start, end, _MARGIN):
                yield noise.samples(view, at, start, end) + at
            dump.source.release(start, end)


def _worth(dump: Dump, offsets: Offsets) -> Offsets:
    """Those of ``offsets`` outside images that stand in short stretches, or near the ends of long ones."""
    region = np.searchsorted(dump.layout.starts, offsets, "right") - 1
    offsets = offsets[dump.layout.kinds[region] != RegionKind.IMAGE]
    if not len(offsets):
        return offsets
    fresh = np.append(True, np.diff(offsets) != STEP)
    first = offsets[fresh][np.cumsum(fresh) - 1]
    last = offsets[np.append(fresh[1:], True)][np.cumsum(fresh) - 1]
    short = last - first <= _LONGEST_STRETCH
    kept: Offsets = offsets[short | (offsets - first < _EDGE) | (last - offsets < _EDGE)]
    return kept
