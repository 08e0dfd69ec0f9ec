"""Where the round keys of AES may stand: found by arithmetic alone, at tens of gigabytes a second.

The key schedule of FIPS 197 makes most words out of two others, ``w[i] = w[i-1] ^ w[i-Nk]``. That holds bit by bit, so
it does in either byte order, at any alignment, for every column of InvMixColumns (which decryption applies: it is
linear) and, with the signs turned round, where the round keys stand in reversed order. A schedule is 176 bytes long, so
four bytes here and there are enough to see that there may be one. Whoever takes the place computes the whole schedule.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dumpscrub.columns import Offsets
from dumpscrub.search.noise import gathered

Words = npt.NDArray[np.uint32]

BLOCK = 16
"""Bytes of a round key."""
LONGEST = 15 * BLOCK
"""Bytes of the longest schedule."""
_WORD = 4
_STEP = 64
"""Bytes of the file from one pair of samples to the next one: so that half of the shortest schedule is seen, too."""
_PAIR = 8
"""Bytes from one sample of a pair to the other: whatever the alignment, one of them stands where the rule holds."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How a schedule stands: for a key of ``words`` words; ``backwards`` says that the last round key comes first."""

    words: int
    backwards: bool = False

    @property
    def lag(self) -> int:
        """How many bytes from a word the one stands that makes it together with the word before."""
        if not self.backwards:
            return -_WORD * self.words
        return {4: BLOCK, 6: BLOCK - _PAIR, 8: 2 * BLOCK}[self.words]

    @property
    def period(self) -> int:
        """After how many bytes words are made in the same way again."""
        return _WORD * self.words if self.words == 6 and not self.backwards else BLOCK

    @property
    def first(self) -> int:
        """From which byte of a period on words are made in this way."""
        return _PAIR if self.words == 6 and self.backwards else _WORD


SHAPES: Mapping[int, Shape] = {
    shape.lag: shape for shape in (Shape(words, backwards) for words in (4, 6, 8) for backwards in (False, True))
}
"""Each by its lag."""
LAGS = tuple(SHAPES)
_SIX = {shape.lag for shape in SHAPES.values() if shape.words == 6}
"""Lags for keys of six words: every sixth word is made otherwise, so that one pair in three shows nothing."""
_TWO_IN_FOUR = Shape(6, backwards=True).lag
"""The lag of the only schedule of which no more than two words in a row are made in the same way."""
_LOOKS: tuple[tuple[int, Collection[int]], ...] = (
    *((0, LAGS), (_PAIR, LAGS), (2 * _PAIR, _SIX), (3 * _PAIR, _SIX)),
    *((_WORD, (_TWO_IN_FOUR,)), (_PAIR + _WORD, (_TWO_IN_FOUR,))),
)
"""How many bytes behind a sample is looked at, for which lags: where few words are made alike, at more alignments."""
REACH = max(map(abs, LAGS)) + 3 * _PAIR + 2 * _WORD
"""Bytes before a sample, and from it on, that are looked at."""
_ROW = 2 * REACH // _WORD
_AT_ONCE = 2048
_SMALL = 0xFFFF
Trace = tuple[int, int]
"""A pair (file offset, lag): four bytes that are what the word before them and the one at the lag make."""


def look(view: memoryview, at: int, samples: Offsets) -> list[Trace]:
    """The traces at the indices ``samples`` of ``view``, which shows the file from offset ``at`` on."""
    if len(view) < 2 * REACH:
        return []
    within = samples[(samples >= REACH) & (samples <= len(view) - REACH) & ((samples + at) % _STEP == 0)]
    within = within[_may_be_keys(view, within + _PAIR) | _may_be_keys(view, within - _PAIR)]
    return [
        trace
        for first in range(0, len(within), _AT_ONCE)
        for trace in _around(view, at, within[first : first + _AT_ONCE])
    ]


def _may_be_keys(view: memoryview, places: Offsets) -> npt.NDArray[np.bool_]:
    """Of which of these indices of ``view`` two words that are no small numbers begin."""
    found: npt.NDArray[np.bool_] = np.all(gathered(view, places, 2) > _SMALL, axis=1)
    return found


def _around(view: memoryview, at: int, samples: Offsets) -> Iterator[Trace]:
    words = gathered(view, samples - REACH, _ROW).T.copy()
    for ahead, lags in _LOOKS:
        yield from _traces(words, samples + (at + ahead), (REACH + ahead) // _WORD, lags)


def _traces(words: Words, places: Offsets, here: int, lags: Iterable[int]) -> Iterator[Trace]:
    """The traces in row ``here`` of ``words``, of which each column shows what stands around one of ``places``."""
    made = words[here] ^ words[here - 1]
    for lag in lags:
        found = np.flatnonzero(made == words[here + lag // _WORD])
        if len(found):
            certain = found[_is_pair(words[:, found], here, lag // _WORD)]
            yield from ((place, lag) for place in places[certain].tolist())


def _is_pair(words: Words, here: int, lag: int) -> npt.NDArray[np.bool_]:
    """For each column, whether a word next to ``here`` is made in the same way, and not of the same words."""
    pairs = np.zeros(words.shape[1], bool)
    for word in (here - 1, here + 1):
        made = words[word] ^ words[word - 1]
        pairs |= (made == words[word + lag]) & (made != 0) & (made != words[here + lag])
    if lag * _WORD == _TWO_IN_FOUR:
        pairs |= _is_shifted_pair(words, here, lag)
    pairs &= words[here + lag] != 0
    return pairs


def _is_shifted_pair(words: Words, here: int, lag: int) -> npt.NDArray[np.bool_]:
    """For each column, whether the word that begins 1, 2 or 3 bytes before ``here`` and the one behind it are a pair.

    Where only two words in four are made in this way, an unaligned word has no neighbour that is made so as a whole.
    """
    pairs = np.zeros(words.shape[1], bool)
    for bits in (8, 16, 24):
        shifted = words[:-1] >> np.uint32(bits) | words[1:] << np.uint32(32 - bits)
        first, second = (shifted[word] ^ shifted[word - 1] for word in (here - 1, here))
        pairs |= (first == shifted[here - 1 + lag]) & (second == shifted[here + lag]) & (first != 0) & (first != second)
    return pairs


class TraceList:
    """Collects traces; gives them in file order."""

    def __init__(self) -> None:
        self._offsets, self._lags = array("q"), array("h")

    def __len__(self) -> int:
        return len(self._offsets)

    def __iter__(self) -> Iterator[Trace]:
        return iter(sorted(zip(self._offsets, self._lags, strict=True)))

    def add(self, traces: Iterable[Trace]) -> None:
        """Take them all."""
        for offset, lag in traces:
            self._offsets.append(offset)
            self._lags.append(lag)
