"""Claims on the bytes of a file, made into columns of pieces that partition it.

Dumps have millions of pieces. So nothing is sorted that is sorted, and a column that was worked on is let go.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from dumpscrub.links import NO_ADDRESS, Addresses, Column

Claims = list[npt.NDArray[Any]]
"""Columns of equal length: starts and lengths in the file, addresses, kinds, numbers of labels. None is empty or
begins outside the file."""

_TYPES = (np.int64, np.int64, np.uint64, np.uint8, np.int16)


def partition(
    size: int, claims: list[Claims]
) -> tuple[Column, Addresses, npt.NDArray[np.uint8], npt.NDArray[np.int16]]:
    """The edges of the pieces, which is one more than there are, and their addresses, kinds and labels.

    A claim that leaves the file is cut. Where two overlap, the one that begins earlier keeps the shared bytes, then the
    longer, then the first. What nobody claims is a gap: it has kind and label 0 and no address. Takes the claims.
    """
    starts, ends, *columns = _joined(claims)
    np.minimum(ends, size - starts, out=ends)
    ends += starts
    order = _order(starts, ends)
    if order is not None:
        starts, ends = starts[order], ends[order]
        columns = [columns.pop(0)[order] for _ in range(len(columns))]
    if (starts[1:] < ends[:-1]).any():
        starts, ends, columns = _without_overlaps(starts, ends, columns)
    edges = np.concatenate((starts, np.array([size], np.int64)))
    behind = np.concatenate((np.zeros(1, np.int64), ends))
    del starts, ends
    gaps = np.flatnonzero(behind < edges)
    edges = np.insert(edges, gaps, behind[gaps])
    del behind
    addresses, kinds, labels = (_with(columns.pop(0), gaps, fill) for fill in (NO_ADDRESS, 0, 0))
    return edges, addresses, kinds, labels


def _joined(claims: list[Claims]) -> list[npt.NDArray[Any]]:
    """Each column of all claims. No more than one of them stands in memory twice."""
    claims.append([np.empty(0, kind) for kind in _TYPES])
    return [np.concatenate([claim.pop(0) for claim in claims]) for _ in _TYPES]


def _with(column: npt.NDArray[Any], gaps: Column, fill: int) -> npt.NDArray[Any]:
    return np.insert(column, gaps, fill) if len(gaps) else column


def _order(starts: Column, ends: Column) -> Column | None:
    """Earlier start first, then the longer piece, and among equals that of the claims. None where they stand so."""
    if (starts[1:] > starts[:-1]).all():
        return None
    order = np.argsort(starts, kind="stable")
    ordered = starts[order]
    return np.lexsort((-ends, starts)) if (ordered[1:] == ordered[:-1]).any() else order


def _without_overlaps(
    starts: Column, ends: Column, columns: list[npt.NDArray[Any]]
) -> tuple[Column, Column, list[npt.NDArray[Any]]]:
    """Ordered pieces without what an earlier one claims already."""
    addresses, *others = columns
    cut = np.zeros(len(starts), np.int64)
    np.maximum(np.maximum.accumulate(ends)[:-1] - starts[1:], 0, out=cut[1:])
    starts = starts + cut
    addresses = np.where(addresses == NO_ADDRESS, addresses, addresses + cut.astype(np.uint64))
    keep = starts < ends
    return starts[keep], ends[keep], [column[keep] for column in (addresses, *others)]
