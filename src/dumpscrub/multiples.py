"""What makes a public key out of a private number: multiplication on a curve, powers in a group, and what each costs.

A number is private where the result is a public key that is known, so nothing is found by chance. Groups of DSA and
Diffie-Hellman have one generator for many keys, so its powers are kept (the fixed-base windowing method, Handbook of
Applied Cryptography, algorithm 14.109): a power then takes a ninth of the multiplications.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, x448, x25519

from dumpscrub.detectors.public_keys import PublicKey
from dumpscrub.model import SecretValue
from dumpscrub.publics import Known
from dumpscrub.search.numbers import Order

_WINDOW = 6
_BITS_A_MICROSECOND = 1 << 19
"""The square of a number's bits by which a multiplication takes a microsecond."""
_MOST_GROUPS = 16
_LONGEST_PRIME = 4096
"""Bits of a prime. Powers modulo a longer one take too long."""
_NUMERIC = (Order.BIG, Order.LITTLE, Order.WORDS, Order.DIGITS30)
_AS_IT_IS = (Order.BIG,)
_PIECE = 8
"""Bytes of a public key by which it is known."""
_ANY_LENGTH = 32
"""How much more there is that may be a number of any length."""
_LEAST_BITS = 160
"""Bits of a private number of Diffie-Hellman."""


@dataclass(frozen=True, slots=True)
class Target:
    """Public keys of one curve or group, and how to tell their private numbers.

    ``bits`` are those of such a number, at most: between 160 and these where it is not ``fixed``. It stands in one of
    ``orders``. ``owns`` says whether its big-endian bytes, or the bytes of a seed, make one of the keys, which takes
    some ``cost`` microseconds, and ``setup`` the first time; ``values`` are what is to be searched for then. ``beside``
    are orders with eight bytes that stand right before the private number in a blob of both keys, or behind it.
    """

    name: str
    bits: int
    orders: Sequence[Order]
    cost: int
    owns: Callable[[bytes], bool]
    values: Callable[[bytes], tuple[SecretValue, ...]]
    fixed: bool = True
    setup: int = 0
    beside: Sequence[tuple[Order, frozenset[bytes], frozenset[bytes]]] = ()

    @property
    def highest(self) -> int:
        """The largest highest byte of a number."""
        return (1 << (self.bits % 8 or 8)) - 1

    @property
    def expected(self) -> int:
        """What a number takes on average: of 521 bits, few are so small that they are multiplied."""
        rare = self.bits % 8 and (8 - self.bits % 8)
        return (self.cost >> rare) + 1 if self.fixed else self.cost * _ANY_LENGTH

    @property
    def is_number(self) -> bool:
        """False for seeds, which are bytes and no numbers."""
        return self.orders is not _AS_IT_IS

    def length(self, order: Order) -> int:
        """Bytes of a private number in that order; zeros at the end, which fill a word, are not counted."""
        return (self.bits + 7) // 8 if order is Order.LITTLE else order.length(self.bits)

    def secret(self, data: bytes, order: Order) -> bytes:
        """The private number that stands in ``data``, as :attr:`owns` takes it; empty where it is none."""
        if order is Order.BIG and (not self.bits % 8 or data[0] < 1 << self.bits % 8):
            return data
        number = order.number(data)
        fits = 0 < number.bit_length() <= self.bits
        return number.to_bytes((self.bits + 7) // 8, "big") if fits else b""


@dataclass(frozen=True, slots=True)
class _Curve:
    """A curve, its private numbers in ``bits`` and what the multiplication of one takes, in microseconds."""

    bits: int
    cost: int
    multiply: Callable[[bytes], bytes | None]
    orders: Sequence[Order] = _AS_IT_IS


def _weierstrass(curve: ec.EllipticCurve, cost: int) -> _Curve:
    return _Curve(curve.key_size, cost, lambda data: multiple(curve, int.from_bytes(data, "big")), _NUMERIC)


def multiple(curve: ec.EllipticCurve, scalar: int) -> bytes | None:
    """The uncompressed point ``scalar * G``; None for a number that is not below the order of the curve."""
    try:
        point = ec.derive_private_key(scalar, curve).public_key().public_numbers()
    except ValueError:
        return None
    size = (curve.key_size + 7) // 8
    return b"\x04" + point.x.to_bytes(size, "big") + point.y.to_bytes(size, "big")


_CURVES: Mapping[str, _Curve] = {
    "secp256r1": _weierstrass(ec.SECP256R1(), 35),
    "secp384r1": _weierstrass(ec.SECP384R1(), 360),
    "secp521r1": _weierstrass(ec.SECP521R1(), 300),
    "secp256k1": _weierstrass(ec.SECP256K1(), 700),
    "ed25519": _Curve(
        *(256, 35, lambda data: ed25519.Ed25519PrivateKey.from_private_bytes(data).public_key().public_bytes_raw())
    ),
    "x25519": _Curve(
        *(256, 45, lambda data: x25519.X25519PrivateKey.from_private_bytes(data).public_key().public_bytes_raw())
    ),
    "ed448": _Curve(
        *(456, 190, lambda data: ed448.Ed448PrivateKey.from_private_bytes(data).public_key().public_bytes_raw())
    ),
    "x448": _Curve(
        *(448, 190, lambda data: x448.X448PrivateKey.from_private_bytes(data).public_key().public_bytes_raw())
    ),
}


def is_sought(key: PublicKey, detector: str) -> bool:
    """True for a key whose private number the rules for ``detector`` are about."""
    return key.kind in _CURVES if detector == "ec-private-scalar" else bool(key.power)


def targets(keys: Iterable[Known]) -> tuple[Target, ...]:
    """What ``keys`` are, one for each curve and group."""
    points: dict[str, set[bytes]] = {}
    groups: dict[tuple[int, int, int], set[int]] = {}
    for known in keys:
        key = known.key
        if key.kind in _CURVES:
            points.setdefault(key.kind, set()).add(key.point)
        elif key.power and (len(groups) < _MOST_GROUPS or key.group in groups):
            groups.setdefault(key.group, set()).add(key.power)
    found = [_on_curve(kind, known) for kind, known in points.items()]
    found += [_in_group(group, known) for group, known in groups.items() if _is_sound(*group)]
    return tuple(found)


def _on_curve(kind: str, points: set[bytes]) -> Target:
    curve = _CURVES[kind]
    values = _of_seed if kind == "ed25519" else _alone
    tails = frozenset(point[-_PIECE:] for point in points)
    heads = frozenset(point[at : at + _PIECE] for point in points for at in (0, 1))
    return Target(
        *(kind, curve.bits, curve.orders, curve.cost, lambda data: curve.multiply(data) in points, values),
        beside=((Order.BIG, tails, heads),),
    )


def _is_sound(prime: int, generator: int, order: int) -> bool:
    bits = prime.bit_length()
    is_order = not order or (order.bit_length() >= _LEAST_BITS and order < prime)
    return 2 * _LEAST_BITS < bits <= _LONGEST_PRIME and 1 < generator < prime and is_order


def _in_group(group: tuple[int, int, int], known: set[int]) -> Target:
    prime, generator, order = group
    bits = order.bit_length() or prime.bit_length()
    powers = _Powers(prime, generator)
    # Most numbers are no longer than half of the prime where the order of the group is not known.
    digits = (bits if order else bits // 2) // _WINDOW
    cost = digits * prime.bit_length() ** 2 // _BITS_A_MICROSECOND

    def owns(data: bytes) -> bool:
        return powers.of(int.from_bytes(data, "big")) in known

    beside = _before_number(prime, generator, known) if order else ()
    return Target(str(group), bits, _NUMERIC, cost, owns, _alone, bool(order), cost << _WINDOW, beside)


def _before_number(
    prime: int, generator: int, known: Iterable[int]
) -> tuple[tuple[Order, frozenset[bytes], frozenset[bytes]], ...]:
    """What stands before the private number of DSA in Windows' blobs, all numbers of which are as long as the prime.

    The public power in CNG's (bcrypt.h, BCRYPT_DSA_KEY_BLOB), the generator in CryptoAPI's (wincrypt.h, DSSPUBKEY).
    """
    size = (prime.bit_length() + 7) // 8
    powers = frozenset((power % prime).to_bytes(size, "big")[-_PIECE:] for power in known)
    generators = frozenset([generator.to_bytes(size, "little")[-_PIECE:]])
    return (Order.BIG, powers, frozenset()), (Order.LITTLE, generators, frozenset())


@dataclass(slots=True)
class _Powers:
    """Powers of a generator modulo a prime. Rows of the table are made when an exponent is long enough to need them."""

    prime: int
    generator: int
    rows: list[list[int]] = field(default_factory=list, repr=False)

    def of(self, exponent: int) -> int:
        """``generator`` to that power."""
        result, place = 1, 0
        while exponent:
            if place == len(self.rows):
                self._add_row()
            digit = exponent & (1 << _WINDOW) - 1
            if digit:
                result = result * self.rows[place][digit] % self.prime
            exponent >>= _WINDOW
            place += 1
        return result

    def _add_row(self) -> None:
        base = self.rows[-1][-1] * self.rows[-1][1] % self.prime if self.rows else self.generator
        row = [1]
        for _ in range((1 << _WINDOW) - 1):
            row.append(row[-1] * base % self.prime)
        self.rows.append(row)


def _alone(secret: bytes) -> tuple[SecretValue, ...]:
    return (SecretValue(secret, binary=True),)


def _of_seed(seed: bytes) -> tuple[SecretValue, ...]:
    """The seed of Ed25519, and what it is expanded to (RFC 8032)."""
    digest = bytearray(hashlib.sha512(seed).digest())
    values = [seed, bytes(digest), bytes(digest[32:])]
    digest[0], digest[31] = digest[0] & 0xF8, digest[31] & 0x7F | 0x40
    values.append(bytes(digest[:32]))
    return tuple(SecretValue(value, binary=True) for value in values)
