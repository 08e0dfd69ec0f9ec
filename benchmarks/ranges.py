"""How a process's memory is cut into ranges."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from benchmarks.content import HEAP, PAGE

Column = npt.NDArray[np.uint64]


def memory_ranges(size: int, count: int, seed: int) -> tuple[Column, Column]:
    """Addresses and sizes of ``count`` ranges of ``size`` bytes together, none of which continues another.

    Whole pages, most of them few and some many, as in real dumps; all the same where they are smaller than that.
    """
    if size < 2 * count * PAGE:
        sizes = np.full(count, size // count, np.uint64)
    else:
        weights = np.random.default_rng(seed).lognormal(0, 1.5, count)
        spare = weights / weights.sum() * (size // PAGE - count)
        sizes = (1 + spare.astype(np.uint64)) * np.uint64(PAGE)
    sizes[-1] += np.uint64(size) - sizes.sum()
    gaps = np.arange(count, dtype=np.uint64) * np.uint64(PAGE)
    return np.uint64(HEAP) + np.cumsum(sizes) - sizes + gaps, sizes
