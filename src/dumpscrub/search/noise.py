"""Where memory looks random: eight bytes are looked at in every 64, which is enough to see every key that is longer.

Pointers, counters, text in any encoding and empty memory do not: the upper half of a word of 32 bits is zero, or no
byte far and wide has its highest bit. Of all samples of random bytes, one in 20,000 does not look random.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dumpscrub.columns import Offsets

Words = npt.NDArray[np.uint32]
Pairs = npt.NDArray[np.uint64]

STEP = 64
"""Bytes from one sample to the next one; samples stand at multiples of it in the file."""
_WORD = 4
PAIR = 8
"""Bytes of a sample, and as many before and behind it are looked at."""
_HIGH_BITS = np.uint64(0x8080808080808080)
_UPPER, _UPPER_OF_LOW = np.uint64(0xFFFF000000000000), np.uint64(0xFFFF0000)


def samples(view: memoryview, at: int, start: int, end: int) -> Offsets:
    """The indices of ``view`` of the samples that look random.

    ``view`` shows the file from offset ``at`` on; samples are taken in the file's ``[start, end)``. Those within eight
    bytes of where the view begins, or sixteen of where it ends, are left out.
    """
    first = -(-max(start, at + PAIR) // STEP) * STEP
    count = (min(end, at + len(view) - PAIR) - PAIR - first) // STEP + 1
    if count <= 0:
        return np.empty(0, np.int64)
    before, here, behind = (_column(view, first - at + ahead, count) for ahead in (-PAIR, 0, PAIR))
    return np.flatnonzero(looks_random(here, before | behind)) * STEP + (first - at)


def looks_random(words: Pairs, around: Pairs | int = 0) -> npt.NDArray[np.bool_]:
    """Which of ``words`` of 64 bits are no pointers, numbers or text, given the bits of those ``around`` them."""
    flags: npt.NDArray[np.bool_] = (words & _UPPER != 0) & (words & _UPPER_OF_LOW != 0)
    flags &= (words | np.uint64(around) if isinstance(around, int) else words | around) & _HIGH_BITS != 0
    return flags


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
