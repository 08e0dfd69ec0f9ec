"""Numbers that look random and that everybody knows: of elliptic curves, and of hash functions.

Curves are those of FIPS 186 (SP 800-186), SEC 2, RFC 5639 and GB/T 32918; points on them are public keys. The initial
values of SHA-2 (FIPS 180) are bits of square roots. Programs also keep the digests of nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from math import isqrt


@dataclass(frozen=True, slots=True)
class Curve:
    """``y * y = x * x * x + a * x + b`` modulo ``p``, and the ``x`` of its base point, whose order is ``n``."""

    p: int
    a: int
    b: int
    x: int
    n: int

    def square(self, x: int) -> int:
        """What the square of y is for that ``x``, if there is such a point."""
        return (x * (x * x + self.a) + self.b) % self.p

    def numbers(self) -> Iterator[int]:
        """The curve's parameters, with both y of its base point: each ``p`` here is 3 modulo 4."""
        y = pow(self.square(self.x), (self.p + 1) // 4, self.p)
        yield from (self.p, self.a, self.b, self.x, y, self.p - y, self.n)


def _curve(p: int | str, *others: int | str) -> Curve:
    """A curve of p, a, b, x and n, each a number or its hexadecimal digits."""
    return Curve(*(number if isinstance(number, int) else int(number, 16) for number in (p, *others)))


CURVES: tuple[Curve, ...] = (
    # P-256
    _curve(
        2**256 - 2**224 + 2**192 + 2**96 - 1,
        -3,
        "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b",
        "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
    ),
    # P-384
    _curve(
        2**384 - 2**128 - 2**96 + 2**32 - 1,
        -3,
        "b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef",
        "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7",
        "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
    ),
    # P-521
    _curve(
        2**521 - 1,
        -3,
        "51953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf0735"
        "73df883d2c34f1ef451fd46b503f00",
        "c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127a2ffa8de33"
        "48b3c1856a429bf97e7e31c2e5bd66",
        "1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03"
        "bb5c9b8899c47aebb6fb71e91386409",
    ),
    # secp256k1
    _curve(
        2**256 - 2**32 - 977,
        0,
        7,
        "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
        "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",
    ),
    # brainpoolP256r1
    _curve(
        "a9fb57dba1eea9bc3e660a909d838d726e3bf623d52620282013481d1f6e5377",
        "7d5a0975fc2c3057eef67530417affe7fb8055c126dc5c6ce94a4b44f330b5d9",
        "26dc5c6ce94a4b44f330b5d9bbd77cbf958416295cf7e1ce6bccdc18ff8c07b6",
        "8bd2aeb9cb7e57cb2c4b482ffc81b7afb9de27e1e3bd23c23a4453bd9ace3262",
        "a9fb57dba1eea9bc3e660a909d838d718c397aa3b561a6f7901e0e82974856a7",
    ),
    # brainpoolP384r1
    _curve(
        "8cb91e82a3386d280f5d6f7e50e641df152f7109ed5456b412b1da197fb71123acd3a729901d1a71874700133107ec53",
        "7bc382c63d8c150c3c72080ace05afa0c2bea28e4fb22787139165efba91f90f8aa5814a503ad4eb04a8c7dd22ce2826",
        "4a8c7dd22ce28268b39b55416f0447c2fb77de107dcd2a62e880ea53eeb62d57cb4390295dbc9943ab78696fa504c11",
        "1d1c64f068cf45ffa2a63a81b7c13f6b8847a3e77ef14fe3db7fcafe0cbd10e8e826e03436d646aaef87b2e247d4af1e",
        "8cb91e82a3386d280f5d6f7e50e641df152f7109ed5456b31f166e6cac0425a7cf3ab6af6b7fc3103b883202e9046565",
    ),
    # brainpoolP512r1
    _curve(
        "aadd9db8dbe9c48b3fd4e6ae33c9fc07cb308db3b3c9d20ed6639cca703308717d4d9b009bc66842aecda12ae6a380e62881"
        "ff2f2d82c68528aa6056583a48f3",
        "7830a3318b603b89e2327145ac234cc594cbdd8d3df91610a83441caea9863bc2ded5d5aa8253aa10a2ef1c98b9ac8b57f11"
        "17a72bf2c7b9e7c1ac4d77fc94ca",
        "3df91610a83441caea9863bc2ded5d5aa8253aa10a2ef1c98b9ac8b57f1117a72bf2c7b9e7c1ac4d77fc94cadc083e679840"
        "50b75ebae5dd2809bd638016f723",
        "81aee4bdd82ed9645a21322e9c4c6a9385ed9f70b5d916c1b43b62eef4d0098eff3b1f78e2d0d48d50d1687b93b97d5f7c6d"
        "5047406a5e688b352209bcb9f822",
        "aadd9db8dbe9c48b3fd4e6ae33c9fc07cb308db3b3c9d20ed6639cca70330870553e5c414ca92619418661197fac10471db1"
        "d381085ddaddb58796829ca90069",
    ),
    # SM2
    _curve(
        2**256 - 2**224 - 2**96 + 2**64 - 1,
        -3,
        "28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93",
        "32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7",
        "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123",
    ),
)
"""P-256, P-384, P-521, secp256k1, the random ones of Brainpool with 256, 384 and 512 bits, SM2."""
_SIZES = tuple((curve, (curve.p.bit_length() + 7) // 8) for curve in CURVES)
_EVENT_SOURCES = 0x482C2DB2C39047C887F81A15BFC130FB
"""What .NET puts before the name of an event source to make its identifier."""
_POWERS = (60, 225)
"""Exponents of the powers of five that runtimes keep for decimal fractions, as far as they are as long as keys."""
_FUNCTIONS = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")


def points(numbers: Iterable[int]) -> set[int]:
    """Those of ``numbers`` that are coordinates of a point on a curve, both of which are among them."""
    found: set[int] = set()
    given = sorted(set(numbers))
    for curve, size in _SIZES:
        fitting = [number for number in given if 8 * size - 32 <= number.bit_length() and number < curve.p]
        by_square = {number * number % curve.p: number for number in fitting}
        for x in fitting:
            y = by_square.get(curve.square(x))
            if y is not None:
                found |= {x, y}
    return found


@cache
def constants() -> frozenset[int]:
    """The numbers that everybody knows, as big-endian bytes are read."""
    nothing = (hashlib.new(name, usedforsecurity=False).digest() for name in _FUNCTIONS)
    numbers = (number for curve in CURVES for number in curve.numbers())
    powers = (5**exponent for exponent in range(*_POWERS))
    digests = (int.from_bytes(digest, "big") for digest in nothing)
    return frozenset((*numbers, *powers, *digests, *_initial_values(), _EVENT_SOURCES))


def _initial_values() -> Iterator[int]:
    """The states with which SHA-256, SHA-224, SHA-512, SHA-384, SHA-1 and MD5 begin."""
    primes = [number for number in range(2, 54) if all(number % divisor for divisor in range(2, isqrt(number) + 1))]
    roots = [isqrt(prime << 128) & (1 << 64) - 1 for prime in primes]
    first, second = roots[:8], roots[8:16]
    yield from (_joined(first, 64), _joined(second, 64))
    yield _joined([root >> 32 for root in first], 32)
    yield _joined([root & (1 << 32) - 1 for root in second], 32)
    short = [0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0]
    yield from (_joined(short, 32), _joined(short[:4], 32))


def _joined(words: Sequence[int], bits: int) -> int:
    """The words as one number, the first one highest."""
    number = 0
    for word in words:
        number = number << bits | word
    return number
