"""What is left of RSA keys with more than two primes, around the third one: its OtherPrimeInfo (RFC 8017, A.1.2).

The first half of such a key may be gone, and its modulus with it. The third prime r and its exponent dr prove each
other: e dr is 1 modulo r - 1. The numbers right before it are q, dp, dq and the coefficient, as far as they are left.
"""

from __future__ import annotations

from dumpscrub.detectors import asn1
from dumpscrub.detectors.asn1 import Element
from dumpscrub.detectors.material import Material, binary_values, is_blank, secret_segments
from dumpscrub.model import Confidence

_PRIMES = (86, 129, 171)
"""Bytes of each of three primes, with a zero before them, in keys of 2,048, 3,072 and 4,096 bits."""
_FEWER, _MORE = 12, 12
"""By how many bytes three numbers with their headers may differ from three of that size without."""
INFOS = tuple(
    b"\x30\x82" + (size + 4).to_bytes(2, "big") + b"\x30\x82" + size.to_bytes(2, "big") + b"\x02"
    for prime in _PRIMES
    for size in range(3 * prime - _FEWER, 3 * prime + _MORE + 1)
    if size > 255
)
"""How the infos of other primes begin, where there is one: its SEQUENCE in another one, and an INTEGER."""
_EXPONENTS = (65537, 3, 17)
_MOST_BEFORE = 5
_SHORTER = 4
"""Bytes by which a number may be shorter than a prime."""


def other_prime(data: bytes, at: int) -> Material | None:
    """The private numbers around the infos that begin at ``at`` with one of :data:`INFOS`."""
    outer = asn1.read(data, at)
    inner = asn1.read(data, outer.body) if outer else None
    numbers = asn1.children(data, inner, 3) if inner and not inner.is_cut(data) else []
    if len(numbers) < 3 or any(number.tag != asn1.INTEGER for number in numbers):
        return None
    prime, exponent, _ = (asn1.unsigned(data, number) for number in numbers)
    if prime < 3 or not any(e * exponent % (prime - 1) == 1 for e in _EXPONENTS):
        return None
    before = _before(data, at, numbers[0].length)
    segments = secret_segments(data, (*before, *numbers))
    first = before[0].start if before else at
    rest = _rest(data, first, numbers[0].length) if len(before) < _MOST_BEFORE else ()
    values = binary_values(data, (*before, *numbers))
    return Material(at, numbers[-1].end, (*rest, *segments), Confidence.HIGH, values)


def _before(data: bytes, end: int, length: int) -> list[Element]:
    """The INTEGERs of about that ``length`` that stand one after the other before index ``end``, in order."""
    found: list[Element] = []
    while len(found) < _MOST_BEFORE:
        starts = (end - size - header for size in range(length, length - _SHORTER - 1, -1) for header in (2, 3))
        elements = (asn1.read(data, start) for start in starts if start >= 0)
        element = next((each for each in elements if each and each.tag == asn1.INTEGER and each.end == end), None)
        if element is None:
            break
        found.insert(0, element)
        end = element.start
    return found


def _rest(data: bytes, end: int, length: int) -> tuple[tuple[int, int], ...]:
    """The end of the number before index ``end``, of which the header is gone: up to two zeros, as pointers end in."""
    start = max(0, end - length)
    start = max(start, data.rfind(b"\0\0", start, end) + 2)
    return () if is_blank(data[start:end]) else ((start, end),)
