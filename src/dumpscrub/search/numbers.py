"""Large integers that may be keys, wherever and however programs keep them: candidates, by the column.

A candidate of so many bytes stands where memory looks random (:mod:`dumpscrub.search.noise`). What is odd, has its
highest bit set and is not divisible by small primes may be a prime number. Most programs keep a number behind
something small: its length, the header of its array or of its block of memory. Only those behind such a number below
65,536 are looked at, or behind the public exponent 65,537, unless all are asked for; where no word of memory begins,
behind the zeros of a length, or of what is filled, and behind the header of an INTEGER of DER.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dumpscrub.columns import Offsets, distinct
from dumpscrub.search.noise import STEP, Words, gathered
from dumpscrub.source import Source

Flags = npt.NDArray[np.bool_]

_WORD = 4
_PAIR = 2 * _WORD
_BEFORE = 6
"""Pairs of words before a sample, and behind it, of which some are within a number of 64 bytes."""
_ROOM = 2 * _WORD
"""Bytes before a number that are looked at."""
_AT_ONCE = 1 << 14
_WITHIN = 16 << 20
"""Samples, and bytes of the file, that are looked at together."""
_SMALL = 0xFFFF
_MOST_SMALL = 1
"""Words of a number that may be below 65,536; the odds against more are one in a million."""
_REPEATS = (1, 2, 3, 4)
"""Distances in words at which memory that is filled, or a table, repeats itself."""
_PRIMES = 3 * 5 * 7 * 11 * 13 * 17 * 19
"""The product of small primes, below 2 ** 23: so many times a word, summed up 128 times, has less than 64 bits."""
UNKNOWN = -1
"""The phase of a sample outside memory."""
PACKED = -2
"""The phase of a sample that no words of memory are looked for around: in images, whose code looks random, too."""
_FEWEST_DIFFERENT = 46
"""Of 64 random bytes, or those of digits, so many differ; code and tables seldom have so many."""
_MOST_PAGES = 2
"""The upper byte of a number's length."""
_TAG, _LONG, _LONGER = 0x02, 0x81, 0x82
"""An INTEGER of DER, and how a length of one byte or of two bytes is announced."""


class Order(enum.Enum):
    """How a number stands. ``bits`` of each digit of ``size`` bytes count; ``highest_first`` is the digits' order."""

    LITTLE = ("little-endian", 32, 4, False)
    BIG = ("big-endian", 8, 1, True)
    WORDS = ("big-endian sequence of little-endian words", 32, 4, True)
    DIGITS30 = ("digits of 30 bits", 30, 4, False)
    DIGITS28 = ("digits of 28 bits", 28, 4, False)
    DIGITS60 = ("digits of 60 bits", 60, 8, False)

    def __init__(self, label: str, bits: int, size: int, highest_first: bool) -> None:
        self.label = label
        self.bits = bits
        self.size = size
        self.highest_first = highest_first

    @property
    def is_full(self) -> bool:
        """True where all bits of all bytes count."""
        return self.bits == 8 * self.size

    def length(self, bits: int) -> int:
        """Bytes of a number of so many bits."""
        return -(-bits // self.bits) * self.size

    def number(self, data: bytes) -> int:
        """The number that stands in ``data``."""
        if self is Order.LITTLE or self is Order.BIG:
            return int.from_bytes(data, "little" if self is Order.LITTLE else "big")
        digits = [int.from_bytes(data[at : at + self.size], "little") for at in range(0, len(data), self.size)]
        result = 0
        for digit in digits if self.highest_first else reversed(digits):
            result = result << self.bits | digit
        return result


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """A part of a file from offset ``low`` on, and by order the indices of ``view`` at which numbers may begin."""

    low: int
    view: memoryview
    starts: Mapping[Order, Offsets]

    @classmethod
    def among(cls, low: int, view: memoryview, starts: Offsets) -> Places:
        """Those of ``starts`` where 64 bytes look like the beginning of a number."""
        random = starts[_looks_random(gathered(view, starts, STEP // _WORD))]
        found = {order: random if order.is_full else _with_digits(view, starts, order) for order in Order}
        return cls(low, view, found)

    def numbers(self, bits: int, order: Order, *, prime: bool) -> Iterator[tuple[int, int]]:
        """Pairs (file offset, number): odd ones of so many ``bits`` that stand in that ``order``.

        With ``prime`` the highest bit is set, and no small prime divides it.
        """
        length = order.length(bits)
        starts = self.starts[order]
        for start in _possible(self.view, starts[starts + length <= len(self.view)], bits, order, prime).tolist():
            number = order.number(bytes(self.view[start : start + length]))
            if number.bit_length() == bits or (number.bit_length() < bits and not prime):
                yield self.low + start, number


def places(source: Source, samples: Offsets, phases: Offsets, longest: int, *, everywhere: bool) -> Iterator[Places]:
    """Where numbers of up to ``longest`` bytes may begin whose first 64 bytes hold one of the ``samples``, in order.

    ``phases`` says for each sample at which offsets of the file, modulo four, the words of memory begin, or is
    :data:`UNKNOWN`, or :data:`PACKED` for all of them. ``everywhere`` is for any offset, whatever stands before it.
    """
    at = 0
    while at < len(samples):
        some = samples[at : at + _AT_ONCE]
        some = some[: max(1, int(np.searchsorted(some, int(some[0]) + _WITHIN)))]
        low = max(0, int(some[0]) - STEP - _ROOM)
        view = source.view(low, min(source.size, int(some[-1]) + STEP + longest))
        turned = phases[at : at + len(some)]
        shifted = np.where(turned < 0, turned, (turned - low) % _WORD)
        yield Places.among(low, view, _starts(view, some - low, shifted, everywhere))
        source.release(low, low + len(view))
        at += len(some)


def _starts(view: memoryview, samples: Offsets, phases: Offsets, everywhere: bool) -> Offsets:
    """The indices of ``view`` at which 64 bytes may begin that hold one of the ``samples``, in order, each once."""
    inside = (samples >= STEP + _ROOM) & (samples + STEP <= len(view))
    samples, phases = samples[inside], phases[inside, np.newaxis]
    full = _is_full_enough(view, samples)
    samples, phases = samples[full], phases[full]
    around = gathered(view, samples - STEP - _ROOM, (STEP + 2 * _ROOM) // _WORD).view(np.uint8)
    here, *before = (around[:, _ROOM + 1 - back : _ROOM + 1 - back + STEP] for back in range(5))
    starts = samples[:, np.newaxis] - STEP + 1 + np.arange(STEP)
    turned = (starts - phases) % _WORD
    aligned = (phases != PACKED) & ((turned == 0) | (phases == UNKNOWN) | ((turned == 1) & (before[0] == 0)))
    small = (before[0] == 0) | (before[1] == 0) | (before[2] == 0) | (before[3] == 0)
    exponent = (before[0] == 1) & (before[1] == 0) & (before[2] == 1)
    fitting: Flags = here != 0
    if not everywhere:
        fitting &= (aligned & small) | exponent | _is_packed(before)
    behind = distinct(starts[fitting])
    behind = behind[behind + STEP <= len(view)]
    return behind[_is_varied(gathered(view, behind, STEP // _WORD))] if (phases == PACKED).all() else behind


def _is_packed(before: Sequence[npt.NDArray[np.uint8]]) -> Flags:
    """Whether at any alignment a number may begin behind these bytes, the closest one first.

    They are two zeros, a big-endian length and a zero, or the header of an INTEGER and a zero. A length of 256 and more
    takes two bytes, as in SSH's keys of 4,096 bits.
    """
    zeros = (before[1] == 0) | ((before[2] <= _MOST_PAGES) & (before[3] == 0))
    header = (before[2] == _TAG) | ((before[2] == _LONG) & (before[3] == _TAG)) | (before[3] == _LONGER)
    flags: Flags = (before[0] == 0) & (zeros | header)
    return flags


def _is_varied(words: Words) -> Flags:
    """For each row of 64 bytes, whether so many of them differ as of random ones."""
    octets = np.sort(words.view(np.uint8), axis=1)
    flags: Flags = np.count_nonzero(octets[:, 1:] != octets[:, :-1], axis=1) + 1 >= _FEWEST_DIFFERENT
    return flags


def _with_digits(view: memoryview, starts: Offsets, order: Order) -> Offsets:
    """Those of ``starts`` from which on 64 bytes are random digits."""
    octets = np.frombuffer(view, np.uint8)
    for place in range(order.size - 1, STEP, order.size):
        starts = starts[octets[starts + place] < 1 << order.bits % 8]
    return starts[_has_digits(gathered(view, starts, STEP // _WORD), order)]


def _is_full_enough(view: memoryview, samples: Offsets) -> Flags:
    """For each sample, whether seven pairs of words in a row, it among them, look random: all are in such a number."""
    words = gathered(view, samples - _BEFORE * _PAIR, (2 * _BEFORE + 1) * 2)
    big = (words > _SMALL).T
    pairs = big[::2] & big[1::2]
    run: Flags = np.zeros(len(samples), bool)
    for first in range(_BEFORE + 1):
        run |= np.logical_and.reduce(pairs[first : first + _BEFORE + 1], axis=0)
    return run


def _possible(view: memoryview, starts: Offsets, bits: int, order: Order, prime: bool) -> Offsets:
    """Those of ``starts`` at which such a number may stand."""
    length = order.length(bits)
    octets = np.frombuffer(view, np.uint8)
    starts = starts[octets[starts + (length - order.size if order.highest_first else 0)] & 1 != 0]
    if order.is_full and prime:
        highest = order.size - 1 if order.highest_first else length - 1
        starts = starts[octets[starts + highest] & 0x80 != 0]
    words = gathered(view, starts, length // _WORD)
    fitting = _looks_random(words) if order.is_full else _has_digits(words, order)
    if prime and not order.is_full:
        fitting &= _has_length(words, bits, order)
    starts, words = starts[fitting], words[fitting]
    if prime and order.is_full:
        return starts[_has_no_divisor(words if order is Order.LITTLE else _highest_last(words, order), 32)]
    return starts[_has_no_divisor(words, order.bits)] if prime else starts


def _looks_random(words: Words) -> Flags:
    """For each row: few small words, none that is repeated nearby, and the highest bit in about half of all bytes."""
    count = words.shape[1]
    high = np.count_nonzero(words.view(np.int8) < 0, axis=1)
    fitting: Flags = (np.count_nonzero(words <= _SMALL, axis=1) <= _MOST_SMALL) & (high > count) & (high < 3 * count)
    for back in _REPEATS:
        fitting &= (words[:, back:] != words[:, :-back]).all(axis=1)
    return fitting


def _has_digits(words: Words, order: Order) -> Flags:
    """For each row: digits of so many bits, the highest one of which may be small, and random."""
    count = words.shape[1] // (order.size // _WORD)
    lower = words[:, : (count - 1) * (order.size // _WORD)]
    octets = lower.view(np.uint8).reshape(len(lower), lower.shape[1], _WORD)
    high = np.count_nonzero(octets[:, :, : _WORD - 1] & 0x80, axis=(1, 2))
    mean = 3 * lower.shape[1] // 2
    digits = words[:, 1::2] if order is Order.DIGITS60 else words
    flags: Flags = (high > mean // 2) & (high < mean + mean // 2) & (digits < 1 << order.bits % 32).all(axis=1)
    flags &= np.count_nonzero(lower <= _SMALL, axis=1) <= _MOST_SMALL
    for back in _REPEATS:
        flags &= (lower[:, back:] != lower[:, :-back]).all(axis=1)
    return flags


def _has_length(words: Words, bits: int, order: Order) -> Flags:
    """For each row, whether the highest digit is that of a number of so many bits."""
    least = 1 << (bits - 1) % order.bits
    highest = words[:, -1] if order.size == _WORD else words[:, -2] | words[:, -1].astype(np.uint64) << np.uint64(32)
    flags: Flags = (highest >= least) & (highest < 2 * least)
    return flags


def _highest_last(words: Words, order: Order) -> Words:
    turned = words[:, ::-1]
    return turned.byteswap() if order is Order.BIG else turned


def _has_no_divisor(words: Words, bits: int) -> Flags:
    """For each row, a number by digits of so many bits, the lowest first: whether no prime from 3 to 19 divides it."""
    in_digit = -(-bits // 32)
    places = [place // in_digit * bits + place % in_digit * 32 for place in range(words.shape[1])]
    weights = np.array([pow(2, place, _PRIMES) for place in places], np.uint64)
    rests = words.astype(np.uint64) @ weights % np.uint64(_PRIMES)
    flags: Flags = np.gcd(rests, np.uint64(_PRIMES)) == 1
    return flags
