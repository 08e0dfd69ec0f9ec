"""Where memory looks random: eight bytes are looked at in every 64, which is enough to see every key that is longer.

Pointers, counters, text in any encoding and empty memory do not: the upper half of a word of 32 bits is zero, or no
byte far and wide has its highest bit. Of all samples of random bytes, one in 20,000 does not look random.
"""

from __future__ import annotations

import threading
from array import array
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from dumpscrub.columns import Offsets

Words = npt.NDArray[np.uint32]

STEP = 64
"""Bytes from one sample to the next one; samples stand at multiples of it in the file."""
MOST = 1 << 20
"""Stretches that are remembered."""
_WORD = 4
_PAIR = 8
_HIGH_BITS = np.uint64(0x8080808080808080)
_UPPER, _UPPER_OF_LOW = np.uint64(0xFFFF000000000000), np.uint64(0xFFFF0000)


def samples(view: memoryview, at: int, start: int, end: int) -> Offsets:
    """The indices of ``view`` of the samples that look random.

    ``view`` shows the file from offset ``at`` on; samples are taken in the file's ``[start, end)``. Those within eight
    bytes of where the view begins, or sixteen of where it ends, are left out.
    """
    first = -(-max(start, at + _PAIR) // STEP) * STEP
    count = (min(end, at + len(view) - _PAIR) - _PAIR - first) // STEP + 1
    if count <= 0:
        return np.empty(0, np.int64)
    before, here, behind = (_column(view, first - at + ahead, count) for ahead in (-_PAIR, 0, _PAIR))
    random = (here & _UPPER != 0) & (here & _UPPER_OF_LOW != 0) & ((before | here | behind) & _HIGH_BITS != 0)
    return np.flatnonzero(random) * STEP + (first - at)


def _column(view: memoryview, first: int, count: int) -> npt.NDArray[np.uint64]:
    return np.ndarray(count, np.uint64, view, first, (STEP,)).copy()


def gathered(view: memoryview, indices: Offsets, count: int) -> Words:
    """``count`` words from each of these ``indices`` of ``view`` on, at any alignment: one row an index."""
    if not len(indices):
        return np.empty((0, count), np.uint32)
    kind = np.dtype((np.void, count * _WORD))
    # One item for each byte of the view, each overlapping the next ones: taking some copies each as one.
    items: npt.NDArray[np.void] = np.ndarray(len(view) - kind.itemsize + 1, kind, view, 0, (1,))
    return items[indices].view(np.uint32).reshape(len(indices), count)


class Stretches:
    """Collects from any thread where memory looks random, as stretches of samples that follow each other."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._starts, self._ends = array("q"), array("q")

    def add(self, offsets: Offsets) -> None:
        """Take the samples at these file ``offsets``, which are in order."""
        if not len(offsets):
            return
        breaks = np.flatnonzero(np.diff(offsets) != STEP)
        starts = offsets[np.append(0, breaks + 1)]
        ends = offsets[np.append(breaks, len(offsets) - 1)] + STEP
        with self._lock:
            self._starts.frombytes(starts.astype(np.int64).tobytes())
            self._ends.frombytes(ends.astype(np.int64).tobytes())

    def columns(self) -> tuple[Offsets, Offsets]:
        """Where the stretches begin and end, in file order; those that meet are one."""
        starts, ends = (np.array(column, np.int64) for column in (self._starts, self._ends))
        order = np.argsort(starts, kind="stable")
        starts, ends = starts[order], ends[order]
        fresh = np.append(True, starts[1:] != ends[:-1])[: len(starts)]
        return starts[fresh], ends[np.append(fresh[1:], True)[: len(ends)]]


def offsets_in(starts: Offsets, ends: Offsets) -> Iterator[int]:
    """The offsets of all samples of the stretches."""
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        yield from range(start, end, STEP)
