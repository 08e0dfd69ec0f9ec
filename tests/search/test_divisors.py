"""Divisors of a long number: those found together are those found one by one."""

from __future__ import annotations

import math
from random import Random

import pytest

from dumpscrub.search import divisors


@pytest.mark.parametrize("count", [0, 1, 2, 3, 15, 16, 17, 33, 100])
def test_they_are_those_that_division_finds(count: int) -> None:
    random = Random(count)
    numbers = [random.getrandbits(128) | 1 for _ in range(count)]
    whole = math.prod(number for number in numbers if random.random() < 0.3) * random.getrandbits(256)
    assert list(divisors.dividing(whole, numbers)) == [number for number in numbers if whole % number == 0]


def test_equal_ones_and_those_with_common_factors() -> None:
    assert list(divisors.dividing(3 * 5 * 7, [3, 3, 15, 9, 21, 49, 7])) == [3, 3, 15, 21, 7]


@pytest.mark.parametrize("count", [0, 1, 8, 9, 100])
def test_a_product(count: int) -> None:
    numbers = [Random(count + at).getrandbits(64) for at in range(count)]
    assert divisors.product(numbers) == math.prod(numbers)


def test_no_prime_of_a_key_has_a_small_divisor() -> None:
    assert divisors.may_be_prime(2**521 - 1)
    assert divisors.may_be_prime(10_007 * 10_009)
    assert not any(divisors.may_be_prime(small * (2**521 - 1)) for small in (3, 23, 9973))
