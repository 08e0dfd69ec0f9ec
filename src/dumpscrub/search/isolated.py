"""Short numbers that stand alone: random bytes between something small, as a scalar or a seed of 32 bytes does.

A word of 32 bits below 65,536 is a length, the upper half of a pointer, or nothing; of random ones it is one in
65,536. So a number begins behind such a word, or ends before one: where its own header was overwritten, or where it
stands behind other random numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from dumpscrub.columns import distinct
from dumpscrub.source import Source, read
from dumpscrub.span import Span

_WORD = 4
_SMALL = 0xFFFF
_PART = 4 << 20
_MOST_WORDS = 128
"""Words of random bytes in a row from which on they are compressed or encrypted data rather than a few numbers."""
_FEWEST_DIFFERENT = 22
"""Of 32 random bytes at least so many differ; the odds against are one in a million."""
_JUDGED = 32


def candidates(source: Source, areas: Iterable[Span], size: int) -> Iterator[tuple[int, bytes]]:
    """Pairs (file offset, bytes): what may be numbers of ``size`` bytes, at any alignment, in disjoint ``areas``."""
    for area in areas:
        for low in range(area.start, area.end, _PART):
            end = min(low + _PART, area.end)
            data = read(source, low, min(end + _MOST_WORDS * _WORD, source.size))
            for at in _places(data, size):
                if low + at < end and _is_random(number := data[at : at + size]):
                    yield low + at, number
            source.release(low, end)


def _places(data: bytes, size: int) -> list[int]:
    """Where in ``data`` such a number may begin, in order."""
    octets = np.frombuffer(data, np.uint8)
    found: list[npt.NDArray[np.int64]] = []
    for phase in range(_WORD):
        words = octets[phase : phase + (len(octets) - phase) // _WORD * _WORD].view("<u4")
        edges = np.flatnonzero(np.diff(words > _SMALL, prepend=False, append=False)).reshape(-1, 2)
        begins, ends = edges[(edges[:, 1] - edges[:, 0]) <= _MOST_WORDS].T * _WORD + phase
        long = ends - begins >= size - _WORD
        found += [begins[long], ends[long] - size, begins[long] - size % _WORD]
    places = distinct(np.concatenate(found))
    return [int(at) for at in places if 0 <= at <= len(data) - size]


def _is_random(number: bytes) -> bool:
    """True for bytes that differ as random ones do."""
    first = number[:_JUDGED]
    return len(set(first)) >= _FEWEST_DIFFERENT and _JUDGED // 5 < sum(byte >> 7 for byte in first) < _JUDGED * 4 // 5
