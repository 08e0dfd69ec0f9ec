"""Private exponents of known RSA keys that stand bare, whatever stands around them: found by their upper half.

A private exponent d is (k phi + 1) / e with k < e, and phi has the upper half of the modulus n. So its first 64 bits
say whether it may be one: d e / n is almost a whole number, or a fraction with a small denominator where d was computed
modulo the least common multiple of p - 1 and q - 1. A number that passes gives phi, and phi gives the primes, whose
product has to be n: there are no false ones. An exponent is found so in what is left of a key, where no prime is.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt

from dumpscrub.columns import Mask, Offsets, distinct
from dumpscrub.model import Dump
from dumpscrub.search import noise
from dumpscrub.search.noise import STEP, gathered
from dumpscrub.search.numbers import Order
from dumpscrub.source import Source, read
from dumpscrub.span import Span

Parts = npt.NDArray[np.float64]

_WORD, _TOP = 4, 8
_SHARED = 720720
"""A multiple of what p - 1 and q - 1 have in common, in 98 keys of 100; only exponents modulo phi are found else."""
_MOST_EXPONENT = 1 << 20
"""Public exponents below this one are handled: with 17 bits in use, 64 of the private one are more than enough."""
_CLOSE = 2.0**-14
"""How far from a whole number the fraction may be, as floats are so exact; by chance one in 8,192 is so close."""
_MOST_COMPARISONS = 150_000_000
"""Numbers by moduli, each of some nanoseconds."""
_MOST_SAMPLES, _PER_SAMPLE = 100_000, 8
"""Samples that are looked around, and how many numbers the edges around one give at most, on average."""
_MOST_CHECKS = 20_000
"""Numbers that are compared as a whole, each of some microseconds."""
_WITHIN = 16 << 20
"""Bytes of the file that are looked at together."""
_RUN = 6
"""Words in a row that are not small, where random bytes begin or end."""
_LOOK = 2 * STEP + 4 * _WORD
"""Bytes around a sample that are looked at, from one step before it on."""
_ORDERS = (Order.LITTLE, Order.BIG, Order.WORDS)


@dataclass(frozen=True, slots=True)
class Exponent:
    """The private exponent of ``modulus`` at ``span``, which shows that it is divisible by ``prime``."""

    span: Span
    modulus: int
    prime: int


def find(dump: Dump, samples: Offsets, near: Sequence[int], exponents: Mapping[int, int]) -> Iterator[Exponent]:
    """The private exponents of the keys whose modulus and public exponent are ``exponents``.

    They are looked for where random bytes around ``samples`` begin and end, at ``near`` first.
    """
    keys = {modulus: e for modulus, e in exponents.items() if e < _MOST_EXPONENT}
    if not keys or not len(samples):
        return
    most = max(1, min(_MOST_SAMPLES, _MOST_COMPARISONS // (len(_ORDERS) * _PER_SAMPLE * len(keys))))
    edges = _Edges.of(dump.source, _closest(samples, near, most), most * _PER_SAMPLE)
    for span, order, modulus in islice(_candidates(dump.source, samples, edges, keys), _MOST_CHECKS):
        prime = prime_of(modulus, keys[modulus], order.number(read(dump.source, span.start, span.end)))
        if prime:
            yield Exponent(span, modulus, prime)


def prime_of(modulus: int, exponent: int, private: int) -> int:
    """A prime factor of ``modulus`` if ``private`` belongs to the public ``exponent``, else 0."""
    multiple = exponent * private - 1
    times = (_SHARED * exponent * private + modulus // 2) // modulus
    if multiple <= 0 or times <= 0 or multiple * _SHARED % times:
        return 0
    total = modulus + 1 - multiple * _SHARED // times
    square = total * total - 4 * modulus
    if square < 0:
        return 0
    prime = (total + math.isqrt(square)) // 2
    return prime if 1 < prime < modulus and modulus % prime == 0 else 0


def _candidates(
    source: Source, samples: Offsets, edges: _Edges, keys: Mapping[int, int]
) -> Iterator[tuple[Span, Order, int]]:
    """Where a number stands, in which order, and the modulus that it may belong to by its upper bits."""
    for size in sorted(set(map(_size, keys))):
        starts = distinct(np.concatenate([edges.begins, edges.ends - size]))
        starts = starts[(starts >= 0) & (starts + size <= source.size)]
        starts = starts[_are_random(starts, size, samples)]
        for order, parts in zip(_ORDERS, _upper_parts(source, starts, size), strict=True):
            for modulus in keys:
                if _size(modulus) == size:
                    fitting = starts[_may_belong(parts, modulus, keys[modulus], size)]
                    yield from ((Span(at, at + size), order, modulus) for at in fitting.tolist())


def _are_random(starts: Offsets, size: int, samples: Offsets) -> Mask:
    """Whether all samples within the ``size`` bytes from each of ``starts`` on are among those that look random."""
    first, last = starts + noise.PAIR, starts + size - 2 * noise.PAIR
    count = last // STEP - (first - 1) // STEP
    flags: Mask = np.searchsorted(samples, last, "right") - np.searchsorted(samples, first) == count
    return flags


def _size(modulus: int) -> int:
    return (modulus.bit_length() + 7) // 8


def _closest(samples: Offsets, near: Sequence[int], most: int) -> Offsets:
    """Up to ``most`` samples, those closest to the file offsets ``near``, in order."""
    if len(samples) <= most or not near:
        return samples[:most]
    known = np.array(sorted(near), np.int64)
    behind = np.searchsorted(known, samples)
    before, after = known[np.maximum(behind - 1, 0)], known[np.minimum(behind, len(known) - 1)]
    distances = np.minimum(np.abs(samples - before), np.abs(samples - after))
    return np.sort(samples[np.argsort(distances, kind="stable")[:most]])


@dataclass(frozen=True, slots=True, eq=False)
class _Edges:
    """File offsets at which random bytes may begin, and end."""

    begins: Offsets
    ends: Offsets

    @classmethod
    def of(cls, source: Source, samples: Offsets, most: int) -> _Edges:
        """Up to ``most`` edges of random bytes around each of ``samples``, at any alignment.

        A word of 32 bits below 65,536 is not random. The lower words of pointers may look so: they are tried as well.
        """
        begins, ends = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        places = np.clip(samples - STEP, 0, source.size - _LOOK) if source.size >= _LOOK else samples[:0]
        while len(places):
            some = places[: int(np.searchsorted(places, int(places[0]) + _WITHIN))]
            low = int(some[0])
            view = source.view(low, int(some[-1]) + _LOOK)
            octets = gathered(view, some - low, _LOOK // _WORD).view(np.uint8)
            small = (octets[:, 2:-1] | octets[:, 3:]) == 0
            width = small.shape[1] - _RUN * _WORD
            runs = ~np.logical_or.reduce([small[:, at * _WORD :][:, : width + _WORD] for at in range(_RUN)])
            rows, columns = np.nonzero(small[:, :width] & runs[:, _WORD:])
            begins.append(some[rows] + columns + _WORD)
            rows, columns = np.nonzero(small[:, _RUN * _WORD :] & runs[:, :width])
            ends.append(some[rows] + columns + _RUN * _WORD)
            source.release(low, low + len(view))
            places = places[len(some) :]
        last = np.concatenate(ends)
        all_ends = distinct(np.concatenate([last, last - _WORD]))
        return cls(distinct(np.concatenate(begins))[: most // 4], all_ends[: most * 3 // 4])


def _upper_parts(source: Source, starts: Offsets, size: int) -> tuple[Parts, Parts, Parts]:
    """The upper 64 bits of the numbers of ``size`` bytes at ``starts``, in each of the orders."""
    first, last = (np.empty((len(starts), 2), np.uint32) for _ in range(2))
    at = 0
    while at < len(starts):
        some = starts[at : at + int(np.searchsorted(starts[at:], int(starts[at]) + _WITHIN))]
        low = int(some[0])
        view = source.view(low, int(some[-1]) + size)
        first[at : at + len(some)] = gathered(view, some - low, 2)
        last[at : at + len(some)] = gathered(view, some - low + size - _TOP, 2)
        source.release(low, low + len(view))
        at += len(some)
    little = last.view("<u8")[:, 0].astype(np.float64)
    big = first.view(">u8")[:, 0].astype(np.float64)
    return little, big, first[:, ::-1].copy().view("<u8")[:, 0].astype(np.float64)


def _may_belong(parts: Parts, modulus: int, exponent: int, size: int) -> Offsets:
    """The indices of those of ``parts`` that may be the upper ones of a private exponent."""
    fractions = parts * (exponent * _SHARED / (modulus >> 8 * (size - _TOP)))
    whole = np.rint(fractions)
    return np.flatnonzero((np.abs(fractions - whole) < _CLOSE) & (whole > 0))
