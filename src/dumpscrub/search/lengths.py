"""Where memory says how long a few random bytes are: behind the length that a runtime or an allocator keeps.

Objects and blocks of memory begin at multiples of eight, and so do the words of eight bytes that hold these lengths:
alone (.NET, CPython, malloc) or as the upper half (Java). Such a word is small, and the two behind it, in which random
bytes begin, are not. That costs two comparisons a word. Whoever takes the place reads what else stands there.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from dumpscrub.columns import Offsets
from dumpscrub.layout import Layout, RegionKind
from dumpscrub.links import NO_ADDRESS
from dumpscrub.source import Source
from dumpscrub.walks import Looks, Seams, across, seams

Flags = npt.NDArray[np.bool_]
Words = npt.NDArray[np.uint64]

WORD = 8
SIGNED = frozenset({33, 49, 65})
"""Bytes of numbers with one more for the sign, as Java's and .NET's BigInteger write them."""
BYTES = frozenset({16, 20, 24, 28, 32, 48, 56, 57, 64, 66, 68, 72, 73}) | SIGNED
"""Bytes of keys, and of private numbers of elliptic curves, DSA and Diffie-Hellman, as such, in whole words and, of
Edwards and Montgomery curves, in PKCS#8."""
BITS = frozenset({160, 256, 384, 448, 512, 521})
"""Bits of private numbers."""
COUNTS = frozenset(-(-bits // 32) for bits in BITS)
DIGITS = frozenset(-(-bits // 30) for bits in BITS)
"""Words of 32 bits, and digits of 30 bits, of such numbers."""
BLOCKS = frozenset({48, 64, 80, 96})
"""Bytes of a block of malloc that holds one; the lowest three bits of its size are flags."""
LINKS = 2 * WORD
"""Bytes at the beginning of a block that malloc overwrites when it is freed."""
LONGEST = max(BYTES)

_LONGEST_NUMBER = np.uint64(max(COUNTS))
"""Words of 521 bits, of which the highest, which comes first in Java, is small."""
_TABLE = np.uint64(256)
"""All lengths, with their flags and signs, are well below."""
_LARGEST = _TABLE << np.uint64(32)
"""The least word that is too large for a length, also for one in the upper half."""
_RANDOM = np.uint64(1 << 48)
_HIGH_BITS = np.uint64(0x8080808080808080)
_LOWER, _SMALL = np.uint64(0xFFFFFFFF), np.uint64(0xFFFF)
_IMAGE = int(RegionKind.IMAGE)
_NOT_LOOKED_AT = -1
_BEHIND = 2
"""Words behind a length that are looked at; of a freed block, behind its links."""
_IN_USE = 1
"""The flag of a block that says that the one before is in use, as it is where malloc has just freed this one."""
_ROOM = 4 * WORD
"""Bytes of the regions on both sides of a seam, from which on arrays across it are looked for."""


def _table() -> Flags:
    """What may be a length: of words below :data:`_TABLE`, then of upper halves."""
    table: Flags = np.zeros(2 * int(_TABLE), np.bool_)
    with_signs = {count << 3 | sign for count in DIGITS for sign in (0, 2)}
    with_flags = {size | flags for size in BLOCKS for flags in (0, 1, 4, 5)}
    table[[*BYTES, *COUNTS, *DIGITS, *with_signs, *with_flags]] = True
    table[[int(_TABLE) + length for length in BYTES | COUNTS]] = True
    return table


_LENGTHS = _table()
_FREED = np.array([size | flags for size in sorted(BLOCKS) for flags in (_IN_USE, _IN_USE | 4)], np.uint64)


def look(view: memoryview, at: int, start: int, end: int, layout: Layout) -> Offsets:
    """The file offsets in ``[start, end)`` of such lengths, in memory that is no program's image; in no order.

    ``view`` shows the file from offset ``at`` on, and at least 32 bytes more than that part of it.
    """
    start, end = max(start, at), min(end, at + len(view))
    if start >= end:
        return np.empty(0, np.int64)
    first = layout.index_at(start)
    phases = _phases(layout, first, layout.index_at(end - 1) + 1)
    parts = [np.empty(0, np.int64)]
    for phase in set(phases.tolist()) - {_NOT_LOOKED_AT}:
        low = start + (phase - start) % WORD
        count = (at + len(view) - low) // WORD
        words = np.frombuffer(view, np.uint64, max(0, count), low - at)
        found = np.concatenate([_lengths(words), _freed(words)]) * WORD + low
        found = found[found < end]
        regions = np.searchsorted(layout.starts, found, "right") - 1 - first
        parts.append(found[phases[regions] == phase])
    return np.concatenate(parts)


def _phases(layout: Layout, first: int, last: int) -> Offsets:
    """For each of the regions ``[first, last)`` at which file offsets, modulo eight, its words begin."""
    addresses = layout.addresses[first:last]
    looked_at = (addresses != NO_ADDRESS) & (layout.kinds[first:last] != _IMAGE)
    return np.where(looked_at, (layout.starts[first:last] - addresses.astype(np.int64)) % WORD, _NOT_LOOKED_AT)


def _lengths(words: Words) -> Offsets:
    """The indices of the words that may be lengths of random bytes behind them."""
    if len(words) <= _BEHIND:
        return np.empty(0, np.int64)
    large = words >= _RANDOM
    maybe = words[:-2] < _LARGEST
    maybe &= large[1:-1]
    maybe &= large[2:]
    found = np.flatnonzero(maybe)
    length = words[found]
    upper = length >> np.uint64(32)
    found = found[_LENGTHS[np.where(upper == 0, np.minimum(length, _TABLE - np.uint64(1)), upper + _TABLE)]]
    one, other = words[found + 1], words[found + 2]
    first = (one & _LOWER > _SMALL) | (words[found] >> np.uint64(32) == _LONGEST_NUMBER)
    random = first & (other & _LOWER > _SMALL) & ((one | other) & _HIGH_BITS != 0)
    kept: Offsets = found[random]
    return kept


def _freed(words: Words) -> Offsets:
    """The indices of the words that may be sizes of freed blocks, with random bytes behind their links."""
    first = 1 + LINKS // WORD
    count = len(words) - first - 1
    if count <= 0:
        return np.empty(0, np.int64)
    large = words >= _RANDOM
    maybe = words[:count] < _TABLE
    maybe &= large[first : first + count]
    maybe &= large[first + 1 :]
    maybe &= ~large[1 : 1 + count]
    found = np.flatnonzero(maybe)
    found = found[np.isin(words[found], _FREED)]
    one, other = words[found + first], words[found + first + 1]
    kept: Offsets = found[(one | other) & _HIGH_BITS != 0]
    return kept


class LengthList:
    """Collects lengths; gives them in file order."""

    def __init__(self) -> None:
        self._offsets = array("q")

    def __len__(self) -> int:
        return len(self._offsets)

    def __iter__(self) -> Iterator[int]:
        return iter(sorted(self._offsets))

    def add(self, lengths: Iterable[int]) -> None:
        """Take them all."""
        self._offsets.extend(lengths)


def at_seams(source: Source, layout: Layout) -> Iterator[int]:
    """The file offsets of such lengths where memory goes on elsewhere in the file before 16 bytes behind them do."""
    looks = Looks(source)
    for places in seams(layout):
        kept = _is_wide(layout, places)
        if not kept.any():
            continue
        columns = (places.left, places.ends, places.right, places.starts)
        texts, _ = across(layout, Seams(*(column[kept] for column in columns)), _ROOM)
        looks.at(texts)
        words = np.frombuffer(texts.read(source), np.uint64).reshape(-1, 2 * _ROOM // WORD)
        around = words[:, _ROOM // WORD - _BEHIND : _ROOM // WORD + _BEHIND]
        for index in _lengths(around.reshape(-1)).tolist():
            row, column = divmod(index, 2 * _BEHIND)
            if column < _BEHIND:
                middle = (2 * row + 1) * _ROOM
                yield texts.spans(middle - (_BEHIND - column) * WORD, middle)[0].start
    looks.give_back()


def _is_wide(layout: Layout, places: Seams) -> Flags:
    """For each seam, whether whole words of memory meet there, some on both sides, and no program's image."""
    left, right = places.ends - layout.starts[places.left], layout.ends[places.right] - places.starts
    address = layout.addresses[places.right] + (places.starts - layout.starts[places.right]).astype(np.uint64)
    wide: Flags = (left >= _ROOM) & (right >= _ROOM) & (address % WORD == 0)
    for regions in (places.left, places.right):
        wide &= (layout.addresses[regions] != NO_ADDRESS) & (layout.kinds[regions] != _IMAGE)
    return wide
