"""RSA keys whose private numbers stand bare, with no structure around them: found by arithmetic alone.

A number that divides a modulus is one of its primes: there are no false ones. The moduli are those of public keys,
which stand in certificates and elsewhere, and bare numbers that are the product of two others. One prime gives the
other and all private numbers, and these are values to search for in all their forms.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice

import numpy as np
import numpy.typing as npt

from dumpscrub.columns import Offsets, RandomWords, distinct
from dumpscrub.exponents import Exponent
from dumpscrub.exponents import find as find_exponents
from dumpscrub.haystack import Nearest, crossings, nearest, phases, samples
from dumpscrub.model import Confidence, Dump, Encoding, Finding, Origin, SecretValue
from dumpscrub.publics import Found, Known
from dumpscrub.rules.schema import Rule
from dumpscrub.search import divisors
from dumpscrub.search.numbers import UNKNOWN, Order, places
from dumpscrub.source import Source, read
from dumpscrub.span import Span

_MOST_SAMPLES = 250_000
_MOST_NUMBERS = 20_000
_MOST_MODULI = 1024
"""Samples, numbers and moduli that are looked at unless all are asked for: samples near public keys first.

In images of programs, and across seams of memory, half as many numbers each.
"""
_MOST_DIVISIONS = 256 * _MOST_NUMBERS
"""Of moduli by numbers."""
_SIZES = (512, 1024, 1536, 2048, 3072, 4096)
"""Bits of the primes and moduli that are looked for in any case."""
_NEARBY = 1 << 16
"""Bytes of the file from a bare modulus within which one of its primes is looked for where both stand."""
_CLOSEST = 6
"""Numbers before a bare modulus, and behind it, that are divisors by trial."""
_BEHIND = 16
"""Bytes behind a modulus, each of which may be the first of a prime."""
_USUAL = 65537
_LOW = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class _Number:
    """A number that stands in ``length`` bytes at file ``offset``, or in ``pieces``."""

    number: int
    offset: int
    length: int
    pieces: tuple[Span, ...] = ()

    @property
    def spans(self) -> tuple[Span, ...]:
        """Where its bytes stand."""
        return self.pieces or (Span(self.offset, self.offset + self.length),)


@dataclass(frozen=True, slots=True)
class Factored:
    """The public ``exponent`` and the two ``primes`` of a key."""

    exponent: int
    primes: tuple[int, int]

    def values(self) -> tuple[SecretValue, ...]:
        """All numbers that tell the key, big-endian: also those that programs keep while they compute."""
        (p, q), e = self.primes, self.exponent
        phi, shared = (p - 1) * (q - 1), math.gcd(p - 1, q - 1)
        numbers = [p, q, pow(p, -1, q), pow(q, -1, p), p - 1, q - 1]
        for modulus in (phi, phi // shared):
            if math.gcd(e, modulus) == 1:
                d = pow(e, -1, modulus)
                numbers += [d, d % (p - 1), d % (q - 1)]
        # R ** 2 of Montgomery's multiplication modulo a prime: R ** 2 less a power of two is divisible by it.
        numbers += [pow(2, 2 * 64 * -(-prime.bit_length() // 64), prime) for prime in (p, q)]
        return tuple(
            SecretValue(number.to_bytes((number.bit_length() + 7) // 8, "big"), binary=True)
            for number in dict.fromkeys(numbers)
        )


def find(dump: Dump, keys: Sequence[Known], given: Iterable[Finding], rule: Rule, *, deep: bool) -> Found:
    """The primes that stand bare in ``dump``, each with all numbers of its key as values.

    ``given`` are findings whose values may be primes: those come back, with more values. ``deep`` is for looking
    everywhere.
    """
    exponents = {known.key.modulus: known.key.exponent for known in keys if deep or not known.everybodys}
    exponents.pop(0, None)
    count = len(exponents)
    exponents = dict(islice(exponents.items(), None if deep else _MOST_MODULI))
    sizes = {*_SIZES, *((modulus.bit_length() + 1) // 2 for modulus in exponents)}
    chosen = nearest(dump, (offset for known in keys for offset in known.offsets), _MOST_SAMPLES)
    most = min(_MOST_NUMBERS, _MOST_DIVISIONS // max(1, len(exponents)))
    with closing(_in_rings(dump, chosen.rings, sizes)) as numbers:
        standing = list(islice(numbers, most))
    everywhere = deep or (chosen.is_all and len(standing) < most and count == len(exponents))
    with closing(_standing(dump, chosen.in_images, sizes, everywhere=False)) as numbers:
        standing += islice(numbers, most // 2)
    standing += islice(_across(dump, sizes), most // 2)
    bare_keys = list(_of_bare(standing))
    private = _private_exponents(dump, chosen, keys, exponents)
    bare_keys += ((found.modulus, found.prime) for found in private)
    if deep:
        standing += _everywhere(dump, exponents)
    else:
        ends = {number.offset + number.length: number.number for number in standing if number.number in exponents}
        ends |= _ends(known for known in keys if known.key.modulus in exponents)
        standing += _behind(dump, ends)
    told = [(finding, _numbers(finding)) for finding in given]
    primes = {number.number for number in standing} | {number for _, numbers in told for number in numbers}
    values = {p: key.values() for key in _factored(exponents, bare_keys, primes) for p in key.primes}
    places = [(number.spans, number.number) for number in standing]
    places += [((found.span,), found.prime) for found in private]
    bare = dict.fromkeys(_finding(spans, values[prime], rule) for spans, prime in places if prime in values)
    more = (
        replace(finding, values=tuple(dict.fromkeys((*finding.values, *values[number]))))
        for finding, numbers in told
        for number in numbers
        if number in values
    )
    return Found((*bare, *more), everywhere)


def _private_exponents(
    dump: Dump, chosen: Nearest, keys: Iterable[Known], exponents: Mapping[int, int]
) -> list[Exponent]:
    """The private exponents of these keys among the samples that were chosen."""
    near = [offset for known in keys if known.key.modulus in exponents for offset in known.offsets]
    return list(find_exponents(dump, distinct(np.concatenate([chosen.elsewhere, chosen.in_images])), near, exponents))


def _finding(spans: tuple[Span, ...], values: tuple[SecretValue, ...], rule: Rule) -> Finding:
    return Finding(
        *(rule.id, rule.category, spans, Encoding.BINARY, Origin.DIRECT, Confidence.HIGH, rule.action.value),
        values=values,
    )


def _numbers(finding: Finding) -> list[int]:
    """The values of a finding that may be primes."""
    shortest, longest = min(_SIZES) // 8, max(_SIZES) // 8
    values = (value.data for value in finding.values if value.binary and shortest <= len(value.data) <= longest)
    return [number for number in (int.from_bytes(data, "big") for data in values) if number & 1]


def _ends(keys: Iterable[Known]) -> dict[int, int]:
    """Where in the file the moduli of ``keys`` end, at the earliest."""
    return {
        offset + (known.key.modulus.bit_length() + 7) // 8 - 1: known.key.modulus
        for known in keys
        for offset in known.offsets
    }


def _behind(dump: Dump, ends: Mapping[int, int]) -> Iterator[_Number]:
    """The primes right behind moduli that end there, as in the blobs of Windows: no header stands before those."""
    for start, modulus in sorted(ends.items()):
        size = (modulus.bit_length() + 15) // 16
        data = read(dump.source, start, start + _BEHIND + size)
        for at in range(max(0, len(data) - size)):
            for order in ("little", "big"):
                number = int.from_bytes(data[at : at + size], "little" if order == "little" else "big")
                if number.bit_length() > 4 * size and modulus % number == 0:
                    yield _Number(number, start + at, size)


def _standing(dump: Dump, samples: Offsets, sizes: set[int], *, everywhere: bool) -> Generator[_Number, None, None]:
    """The numbers of so many bits that may be primes or moduli."""
    return _numbers_at(dump.source, samples, phases(dump.layout, samples), sizes, everywhere=everywhere)


def _in_rings(dump: Dump, rings: Iterable[Offsets], sizes: set[int]) -> Generator[_Number, None, None]:
    """The same, ring by ring."""
    for ring in rings:
        with closing(_standing(dump, ring, sizes, everywhere=False)) as numbers:
            yield from numbers


def _across(dump: Dump, sizes: set[int]) -> Iterator[_Number]:
    """The same where memory goes on elsewhere in the file."""
    for texts, source, found in crossings(dump, _longest(sizes)):
        unknown = np.full(len(found), UNKNOWN)
        for number in _numbers_at(source, found, unknown, sizes, everywhere=False):
            start, end = number.offset, number.offset + number.length
            if texts.index(start) == texts.index(end - 1) and len(spans := texts.spans(start, end)) > 1:
                yield replace(number, offset=spans[0].start, pieces=spans)


def _numbers_at(
    source: Source, samples: Offsets, phases: Offsets, sizes: set[int], *, everywhere: bool
) -> Generator[_Number, None, None]:
    return (
        _Number(number, offset, order.length(bits))
        for part in places(source, samples, phases, _longest(sizes), everywhere=everywhere)
        for bits in sorted(sizes)
        for order in Order
        for offset, number in part.numbers(bits, order, prime=True)
    )


def _longest(sizes: Iterable[int]) -> int:
    return max(order.length(bits) for order in Order for bits in sizes)


def _everywhere(dump: Dump, moduli: Iterable[int]) -> Iterator[_Number]:
    """The primes of ``moduli``, at any offset of the file and whatever stands before them."""
    products: dict[int, int] = {}
    for modulus in moduli:
        bits = (modulus.bit_length() + 1) // 2
        products[bits] = products.get(bits, 1) * modulus
    for part in samples(dump, [Span(0, dump.source.size)]) if products else ():
        for number in _standing(dump, part, set(products), everywhere=True):
            if products[number.number.bit_length()] % number.number == 0:
                yield number


def _factored(exponents: Mapping[int, int], bare: Iterable[tuple[int, int]], primes: set[int]) -> Iterator[Factored]:
    """The keys of which one of ``primes`` is known, and those of ``bare`` moduli, each with a prime."""
    for modulus, prime in sorted({*_of_known(exponents, primes), *bare}):
        # Nobody's key has factors with anything in common, but a made-up one may.
        if math.gcd(prime, modulus // prime) == 1:
            yield Factored(exponents.get(modulus, _USUAL), (prime, modulus // prime))


def _of_known(moduli: Iterable[int], primes: set[int]) -> Iterator[tuple[int, int]]:
    """Pairs of a modulus and a prime that divides it."""
    by_size: dict[int, list[int]] = {}
    for modulus in moduli:
        by_size.setdefault((modulus.bit_length() + 1) // 2, []).append(modulus)
    for bits, some in by_size.items():
        sized = [prime for prime in primes if prime.bit_length() == bits and divisors.may_be_prime(prime)]
        for prime in divisors.dividing(divisors.product(some), sized):
            yield from ((modulus, prime) for modulus in some if modulus % prime == 0)


def _of_bare(standing: Sequence[_Number]) -> Iterator[tuple[int, int]]:
    """The same for bare numbers that are the product of two primes, one of which stands close by.

    Or, less close, both stand: the lowest 64 bits of a product and of one factor give those of the other one.
    """
    by_size: dict[int, list[_Number]] = {}
    for number in sorted(standing, key=lambda number: number.offset):
        by_size.setdefault(number.number.bit_length(), []).append(number)
    are_primes = lru_cache(_MOST_NUMBERS)(_are_primes)
    for bits, numbers in by_size.items():
        factors, moduli = numbers[:_MOST_NUMBERS], by_size.get(2 * bits, [])[:_MOST_NUMBERS]
        offsets, places = (np.array([number.offset for number in some], np.int64) for some in (factors, moduli))
        low = np.array([number.number & _LOW for number in factors], np.uint64)
        inverse, others = _inverse(low), RandomWords.of(low)
        bounds = (np.searchsorted(offsets, places + distance).tolist() for distance in (-_NEARBY, 0, _NEARBY))
        for modulus, first, here, last in zip(moduli, *bounds, strict=True):
            both = first + others.among(inverse[first:last] * np.uint64(modulus.number & _LOW))
            close = range(max(first, here - _CLOSEST), min(last, here + _CLOSEST))
            for factor in {factors[at].number for at in (*both.tolist(), *close)}:
                if not modulus.number % factor and are_primes(modulus.number, factor):
                    yield modulus.number, factor


def _are_primes(modulus: int, factor: int) -> bool:
    """True where ``factor`` and the other divisor differ, are of equal length, and both pass Fermat's test."""
    other = modulus // factor
    is_product = other != factor and other.bit_length() == factor.bit_length()
    return is_product and all(pow(3, prime - 1, prime) == 1 for prime in (factor, other))


def _inverse(odd: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The inverses of odd numbers modulo 2 ** 64: each step of Newton's doubles the bits that are right, from 3."""
    inverse = odd.copy()
    for _ in range(5):
        inverse *= np.uint64(2) - odd * inverse
    return inverse
