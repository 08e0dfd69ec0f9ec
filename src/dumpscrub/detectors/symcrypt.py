"""Keys as SymCrypt, the library behind CNG, holds them while a process uses them.

Every large integer has a header: the type ``gI``, its digits, its size. (Layouts: ``symcrypt_internal.h`` of
https://github.com/microsoft/SymCrypt.) An RSA key is one block: the modulus, the primes, each followed by a number that
gives it away (R^2 modulo the prime), the coefficients, the private exponents. The modulus is told by primes that
divide it. A key of an elliptic curve is a header with pointers to the curve, the public point and the scalar behind it,
and the point points to the same curve.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dumpscrub.detectors.binary import ABSENT, Piece, pointer, secrets, u32s
from dumpscrub.detectors.material import Material

INTEGER = b"\0\0Ig"
"""How an integer begins: its type."""
BEFORE = 640
"""Bytes before the scalar of an elliptic curve's key that tell of it: its header and the public point."""

_HEADS = ((32, (32, 64)), (16, (16,)))
"""Bytes of an integer's header, and of a digit: in 64-bit processes and in 32-bit ones."""
_MOST_INTEGERS = 12
_LEAST_MODULUS_BITS = 512
_MOST_MODULUS_BITS = 16384
_CURVE_HEADS = {32: (8, 64, 32), 16: (4, 32, 16)}
"""By the bytes of an integer's header: those of a pointer, of the header of a curve's key, and of a point's."""
_COORDINATES = (2, 3, 4)
_CURVE_BYTES = range(32, 129)


@dataclass(frozen=True, slots=True)
class _Integer:
    """An integer whose header is at ``start``; ``digits`` are its little-endian bytes."""

    start: int
    digits: Piece

    @property
    def size(self) -> int:
        return self.digits.end - self.digits.start


def key(data: bytes, hit: int) -> Material | None:
    """The key in whose block the integer at ``hit`` is: an RSA key's modulus, or a curve's scalar."""
    first = _integer(data, hit)
    if first is None or first.digits.is_cut(data):
        return None
    return _scalar(data, first) or _rsa(data, first)


def _integer(data: bytes, at: int) -> _Integer | None:
    """The integer whose header is at ``at``."""
    fields = u32s(data, at + 4, 2)
    if fields[0] <= 0 or fields[1] == ABSENT:
        return None
    for head, digits in _HEADS:
        size = fields[1] - head
        if size % fields[0] == 0 and size // fields[0] in digits and 8 * size <= _MOST_MODULUS_BITS:
            return _Integer(at, Piece(at + head, at + head + size, little=True))
    return None


def _rsa(data: bytes, first: _Integer) -> Material | None:
    """The RSA key whose modulus is ``first``, if the integers behind it divide it."""
    modulus = first.digits.number(data)
    if not modulus & 1 or modulus.bit_length() < _LEAST_MODULUS_BITS:
        return None
    others = [other for other in _following(data, first) if not other.digits.is_cut(data)]
    primes = [other for other in others if _divides(other.digits.number(data), modulus)][:2]
    if not primes:
        return None
    pieces = [*_primes(data, primes, others)]
    behind = (other for other in others if other.start > primes[-1].start)
    pieces += [exponent.digits for exponent in behind if exponent.size in {first.size, primes[0].size}]
    return secrets(data, first.start, sorted(pieces, key=lambda piece: piece.end), proven=True)


def _following(data: bytes, first: _Integer) -> Iterator[_Integer]:
    """The integers behind ``first``, as many as a key has."""
    at = first.digits.end
    for _ in range(_MOST_INTEGERS):
        at = data.find(INTEGER, at)
        if at < 0:
            return
        other = _integer(data, at)
        if other is not None:
            yield other
        at = other.digits.end if other is not None else at + 1


def _divides(prime: int, modulus: int) -> bool:
    bits = modulus.bit_length()
    return bits // 4 < prime.bit_length() <= 3 * bits // 4 + 1 and modulus % prime == 0


def _primes(data: bytes, primes: list[_Integer], others: list[_Integer]) -> Iterator[Piece]:
    """The primes and what is computed from them: R^2 behind each, then the coefficients up to the next integer."""
    for prime in primes:
        yield prime.digits
        yield Piece(prime.digits.end, prime.digits.end + prime.size, little=True)
    last = primes[-1].digits.end + primes[-1].size
    behind = min((other.start for other in others if other.start >= last), default=last)
    if last < behind <= last + 3 * primes[-1].size:
        yield Piece(last, behind, little=True)


def _scalar(data: bytes, integer: _Integer) -> Material | None:
    """The scalar ``integer``, where the header of a curve's key stands before it and points to it."""
    if integer.size not in _CURVE_BYTES:
        return None
    word, key_head, point_head = _CURVE_HEADS[integer.digits.start - integer.start]
    for coordinates in _COORDINATES:
        point = point_head + coordinates * integer.size
        start = integer.start - point - key_head
        curve, public, private = (pointer(data, start + place, word) for place in (8, 8 + word, 8 + 2 * word))
        if not curve or curve != pointer(data, start + key_head + word, word):
            continue
        # Whether the key is private stands behind 32 bits of flags, in old versions in their place.
        if 1 in {data[start], data[start + 4]} and private - public == point:
            return secrets(data, start, [integer.digits], proven=True)
    return None
