"""Which of very many large numbers divide a very long one, for the primes of many public keys."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np

_AT_ONCE = 16
"""Numbers of which the product is a divisor: with more of them, each takes hardly less."""
_FEW = 8
_MOST_SMALL = 10_000
"""Of odd numbers that no prime to 19 divides, one in three has no divisor below so many."""


def may_be_prime(number: int) -> bool:
    """False for a large ``number`` that a small prime divides."""
    return math.gcd(number, _small_primes()) == 1


def dividing(number: int, divisors: Sequence[int]) -> Iterator[int]:
    """Those of ``divisors``, in order, that divide ``number``.

    What some of them together leave of a long number is short, so that each is tried with less.
    """
    if len(divisors) < 2:
        yield from (divisor for divisor in divisors if number % divisor == 0)
        return
    size = _AT_ONCE if len(divisors) > _AT_ONCE else len(divisors) // 2
    for at in range(0, len(divisors), size):
        some = divisors[at : at + size]
        yield from dividing(number % product(some), some)


def product(numbers: Sequence[int]) -> int:
    """The product of all ``numbers``: of halves of equal length, which takes far less than one by one."""
    if len(numbers) <= _FEW:
        return math.prod(numbers)
    half = len(numbers) // 2
    return product(numbers[:half]) * product(numbers[half:])


@cache
def _small_primes() -> int:
    """The product of the odd primes below :data:`_MOST_SMALL`."""
    sieve = np.ones(_MOST_SMALL, bool)
    sieve[:3] = False
    for divisor in range(2, math.isqrt(_MOST_SMALL) + 1):
        sieve[divisor * divisor :: divisor] = False
    return product(np.flatnonzero(sieve).tolist())
