"""Short numbers that stand alone: random bytes between something small, as a scalar or a seed of 32 bytes does.

A number begins behind two zero bytes, as the upper half of a pointer, a length and empty memory end in, and it ends
before two, or before a pointer. One that is as long as what stands between both is *exact*; others are numbers that
stand beside more random bytes, where only one end is seen: their own header was overwritten, or other numbers stand
there. Eight bytes in every sixteen say where random bytes are, which costs less than half a nanosecond a byte.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt

from dumpscrub.columns import Mask, Offsets, distinct
from dumpscrub.search import noise
from dumpscrub.search.blocks import busy_parts
from dumpscrub.search.numbers import Order
from dumpscrub.source import BytesSource, Source, read
from dumpscrub.span import Span

STEP, SHORT_STEP = 16, 8
"""Bytes from one look to the next one, each at eight bytes; and for numbers of fewer than 24 bytes."""
LONGEST = 1024
"""Random bytes in a row from which on they are compressed or encrypted data rather than a few numbers."""
_SHORT = 24
_LOOK = 8
_PART = 4 << 20
_MARGIN = 64
_POINTER = 6
"""Bytes of a pointer of 64 bits that are not zero."""
_MOST_ZEROS = 4
"""Zero bytes at the end of a number whose highest digit is small."""
_MOST_HEADER = 2
"""Bytes of a length, highest first, that are not zero, with a zero before the number."""
_JUDGED = 32
_SHARE_DIFFERENT = 0.65
"""Of 20 or 32 random bytes more than these differ; the odds against are one in a million."""
_SIGMAS = 4
"""How far from half of all bytes those with a high bit may be: one number of 20 bytes in 25,000 is farther."""
_TAGS = (0x02, 0x04)
"""INTEGER and OCTET STRING of DER."""
_INTEGER = bytes(_TAGS[:1])
_LONGEST_SHORT = 127
"""Bytes of an element of DER whose length stands in one byte."""
_NOWHERE = -1
_ANY_BITS = (1 << 64) - 1
_WORD = 8

Octets = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Runs:
    """Random bytes: file offsets where they begin, and where two zeros end them, each -1 where that was not seen.

    ``first`` and ``last`` are where bytes were looked at and found random: the first and the last time.
    """

    begins: Offsets
    ends: Offsets
    first: Offsets
    last: Offsets

    def __len__(self) -> int:
        return len(self.first)

    @classmethod
    def joined(cls, parts: Iterable[Runs]) -> Runs:
        """All of them as one."""
        some = [Runs(*(np.empty(0, np.int64) for _ in range(4))), *parts]
        columns = ([getattr(each, name) for each in some] for name in ("begins", "ends", "first", "last"))
        return cls(*(np.concatenate(column) for column in columns))

    def upto(self, most: int) -> Runs:
        """The first so many of them."""
        return Runs(self.begins[:most], self.ends[:most], self.first[:most], self.last[:most])

    def exact(self, length: int, order: Order) -> Offsets:
        """Where numbers of ``length`` bytes may begin that stand alone between something small."""
        size = self.ends - self.begins
        seen = (self.begins >= 0) & (self.ends >= 0) & (size >= length - _MOST_ZEROS) & (size <= length + _POINTER)
        # A short length stands before some numbers. The highest byte of others is zero, and what is before it as well.
        headed = seen & (size > length) & (size <= length + _MOST_HEADER)
        shorter = seen & (size < length) & order.highest_first
        return distinct(np.concatenate([self.begins[seen], self.ends[headed | shorter] - length]))

    def between(self, shortest: int, longest: int) -> Iterator[tuple[int, int]]:
        """Pairs (start, end): what stands alone and has so many bytes, with a pointer behind it or without."""
        for behind in (0, _POINTER):
            size = self.ends - behind - self.begins
            seen = (self.begins >= 0) & (self.ends >= 0) & (size >= shortest) & (size <= longest)
            yield from zip(self.begins[seen].tolist(), (self.ends[seen] - behind).tolist(), strict=True)

    def loose(self, length: int, phases: Offsets | None) -> Offsets:
        """Where numbers may begin that have one end in common with more random bytes than their own.

        Words of memory, and so pointers behind a number, stand at ``phases`` modulo eight, one for each run.
        """
        long = self.last - self.first >= length - _LOOK - 2 * STEP
        size = self.ends - self.begins
        long &= (self.begins < 0) | (self.ends < 0) | (size > length + _POINTER)
        begins = self.begins[long & (self.begins >= 0)]
        long &= self.ends >= 0
        before = long & ((self.ends - _POINTER - (0 if phases is None else phases)) % _WORD == 0)
        return distinct(np.concatenate([begins, self.ends[long] - length, self.ends[before] - _POINTER - length]))

    def inner(self, length: int, phases: Offsets) -> Offsets:
        """Where words of memory begin within random bytes: at ``phases`` modulo eight, one for each run."""
        long = self.last - self.first >= length - _LOOK - 2 * STEP
        low, high = self.first[long] - STEP, self.last[long] + _LOOK + STEP - length
        low += (phases[long] - low) % _WORD
        count = np.maximum(0, (high - low) // _WORD + 1)
        behind = np.cumsum(count)
        within = np.arange(int(behind[-1]) if len(behind) else 0) - np.repeat(behind - count, count)
        return distinct(np.repeat(low, count) + within * _WORD)


def runs(source: Source, areas: Iterable[tuple[Span, int]], shortest: int, longest: int = LONGEST) -> Iterator[Runs]:
    """The random bytes in disjoint ``areas`` that hold a number of ``shortest`` bytes; no run is over ``longest``.

    With each area goes at which file offsets modulo eight words of memory begin there: looks are at whole words.
    """
    step = SHORT_STEP if shortest < _SHORT else STEP
    for area, phase in areas:
        for start in range(area.start, area.end, _PART):
            end = min(start + _PART, area.end)
            for at, view in busy_parts(source, start, end, _MARGIN):
                octets, low = _padded(view), at - _MARGIN
                yield _runs(octets, low, _looks(octets, low, Span(start, end), phase, step), step, longest)
            source.release(start, end)


def _padded(view: memoryview) -> Octets:
    """``view`` with as many zeros on both sides as are looked at there."""
    margin = np.zeros(_MARGIN, np.uint8)
    return np.concatenate([margin, np.frombuffer(view, np.uint8), margin])


def _looks(octets: Octets, at: int, inside: Span, phase: int, step: int) -> Offsets:
    """The indices of ``octets``, which shows the file from offset ``at`` on, at which eight bytes are random.

    They are ``inside`` that part of the file, and neither two zeros nor three bytes of ones stand next to each other
    there or at either edge.
    """
    low = max(inside.start - at, _MARGIN)
    low += (phase - low - at) % step
    count = (min(inside.end - at, len(octets) - _MARGIN) - low - 1) // step + 1
    if count <= 0:
        return np.empty(0, np.int64)
    words = np.ndarray(count, np.uint64, octets, low, (step,)).copy()
    looks = np.flatnonzero(noise.looks_random(words, _ANY_BITS)) * step + low
    around = octets[looks[:, np.newaxis] + np.arange(-_LOOK, 2 * _LOOK)]
    inner = around[:, _LOOK - 1 : 2 * _LOOK + 1]
    random: Offsets = looks[(around >= 0x80).any(axis=1) & ~_in_a_row(inner, 0, 2) & ~_in_a_row(inner, 0xFF, 3)]
    return random


def _in_a_row(octets: Octets, value: int, count: int) -> Mask:
    """For each row, whether so many bytes next to each other have that value."""
    same = octets == value
    width = same.shape[1] - count + 1
    flags: Mask = np.logical_and.reduce([same[:, at : at + width] for at in range(count)]).any(axis=1)
    return flags


def _runs(octets: Octets, at: int, cells: Offsets, step: int, longest: int) -> Runs:
    """The runs of which ``cells`` are every ``step``-th byte, up to ``longest`` bytes each."""
    if not len(cells):
        return Runs.joined(())
    behind = octets[cells[:-1, np.newaxis] + np.arange(_LOOK - 1, max(_LOOK, step) + 1)]
    fresh = (np.diff(cells) != step) | _in_a_row(behind, 0, 2)
    first, last = cells[np.append(True, fresh)], cells[np.append(fresh, True)]
    kept = last - first <= longest
    first, last = first[kept], last[kept]
    columns = (_begins(octets, first, step), _ends(octets, last, step), first, last)
    return Runs(*(np.where(column == _NOWHERE, _NOWHERE, column + at) for column in columns))


def _begins(octets: Octets, first: Offsets, step: int) -> Offsets:
    """For each first look, where the random bytes around it begin: behind two zeros."""
    places = first[:, np.newaxis] + np.arange(0, -step, -1)
    fitting = (octets[places] != 0) & (octets[places - 1] == 0) & (octets[places - 2] == 0)
    return _first(places, fitting)


def _ends(octets: Octets, last: Offsets, step: int) -> Offsets:
    """For each last look, where two zeros stand behind it, or a word of ones; zeros may be the end of a pointer.

    The first of the ones may be the look's last byte.
    """
    places = last[:, np.newaxis] + np.arange(_LOOK - 1, _LOOK + step + _LOOK)
    here = octets[last[:, np.newaxis] + np.arange(_LOOK - 1, _LOOK + step + _LOOK + 3)]
    zero, ones = here == 0, here == 0xFF
    fitting = zero[:, :-3] & zero[:, 1:-2] | ones[:, :-3] & ones[:, 1:-2] & ones[:, 2:-1] & ones[:, 3:]
    return _first(places, fitting)


def _first(places: Offsets, fitting: Mask) -> Offsets:
    """The first of the places of each row that fits."""
    column = fitting.argmax(axis=1)
    found: Offsets = np.where(fitting.any(axis=1), places[np.arange(len(places)), column], _NOWHERE)
    return found


def numbers(
    source: Source, starts: Offsets, length: int, order: Order, highest: int = 255
) -> Iterator[tuple[int, bytes]]:
    """Pairs (file offset, bytes): those of ``starts``, in order, at which ``length`` random bytes stand.

    Where all bits of a byte count, the ``highest`` byte is no more than that.
    """
    at = 0
    starts = starts[(starts >= 0) & (starts + length <= source.size)]
    while at < len(starts):
        some = starts[at : at + int(np.searchsorted(starts[at:], int(starts[at]) + _PART))]
        low, taken = int(some[0]), len(some)
        data = read(source, low, int(some[-1]) + length)
        octets = np.frombuffer(data, np.uint8)[(some - low)[:, np.newaxis] + np.arange(length)]
        if order.size == 1 or order is Order.LITTLE:
            small = octets[:, 0 if order.highest_first else -1] <= highest
            some, octets = some[small], octets[small]
        kept = _are_random(octets) if order.is_full else _are_digits(octets, order)
        yield from ((start, data[start - low : start - low + length]) for start in some[kept].tolist())
        source.release(low, low + len(data))
        at += taken


def counted(source: Source, starts: Offsets, length: int) -> Offsets:
    """Those of ``starts`` right before which stands how many words of 32 bits ``length`` bytes are."""
    count = (length // 4).to_bytes(4, "little")
    kept = [start for start in starts.tolist() if start >= 4 and read(source, start - 4, start) == count]
    return np.array(kept, np.int64)


def announced(source: Source, some: Runs, length: int) -> Offsets:
    """Where in these runs a header says that ``length`` bytes follow: of DER, or of SSH, with a zero before or without.

    Behind one for twice as many a seed and its public key stand.
    """
    headers = [bytes((tag, length)) for tag in _TAGS] + [bytes((_TAGS[0], length + 1, 0))]
    headers += [length.to_bytes(4, "big"), (length + 1).to_bytes(4, "big") + b"\0", (2 * length).to_bytes(4, "big")]
    found: list[int] = []
    long = some.last - some.first >= length - _LOOK - 2 * STEP
    for first, last in zip(some.first[long].tolist(), some.last[long].tolist(), strict=True):
        low = max(0, first - STEP - _LOOK)
        data = read(source, low, last + STEP)
        for header in headers:
            at = data.find(header)
            while at != -1:
                found.append(low + at + len(header))
                at = data.find(header, at + 1)
    return distinct(np.array(found, np.int64))


def beside(source: Source, starts: Offsets, length: int, tails: Set[bytes], heads: Set[bytes]) -> Offsets:
    """Those of ``starts`` right before which one of ``tails`` ends, or ``length`` bytes behind which one of ``heads``.

    Each of these is eight bytes of a public key.
    """
    kept = [
        start
        for start in starts.tolist()
        if read(source, start - _LOOK, start) in tails or read(source, start + length, start + length + _LOOK) in heads
    ]
    return np.array(kept, np.int64)


def integers(source: Source, some: Runs, shortest: int, longest: int) -> Iterator[tuple[int, int]]:
    """Pairs (start, end) of the INTEGERs of DER of so many bytes, below 128, that end up to eight before two zeros."""
    longest = min(longest, _LONGEST_SHORT)
    for end in some.ends[some.ends >= shortest].tolist():
        low = max(0, end - longest - 2 - _WORD)
        data = read(source, low, end)
        at = data.find(_INTEGER)
        while at != -1 and at + 2 < len(data):
            size, room = data[at + 1], len(data) - at - 2
            if shortest <= size <= longest and room - _WORD <= size <= room:
                yield low + at + 2, low + at + 2 + size
            at = data.find(_INTEGER, at + 1)


def _are_random(octets: Octets) -> Mask:
    """For each row, whether its bytes differ as random ones do."""
    judged = np.sort(octets[:, :_JUDGED], axis=1)
    size = judged.shape[1]
    high = np.count_nonzero(judged >= 0x80, axis=1)
    flags: Mask = np.count_nonzero(judged[:, 1:] != judged[:, :-1], axis=1) + 1 > size * _SHARE_DIFFERENT
    flags &= np.abs(2 * high - size) <= _SIGMAS * sqrt(size)
    return flags


def _are_digits(octets: Octets, order: Order) -> Mask:
    """For each row, whether the upper bits of each digit are zero, and its other bytes random."""
    digits = octets.reshape(len(octets), -1, order.size)
    low = digits[:, :, : order.bits // 8].reshape(len(octets), -1)
    flags: Mask = np.all(digits[:, :, order.bits // 8] < 1 << order.bits % 8, axis=1)
    return flags & _are_random(np.ascontiguousarray(low))


def in_text(data: bytes, shortest: int) -> Runs:
    """The same in bytes that were put together from several places."""
    return Runs.joined(runs(BytesSource(data), [(Span(0, len(data)), 0)], shortest))
