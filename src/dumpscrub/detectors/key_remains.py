"""What is left of private keys in DER of which the beginning was overwritten.

Freeing a block of memory overwrites its first 16 or 32 bytes with pointers, and whatever takes the block next
overwrites more. The rest is still known by what stands in the middle: an RSA key by its public exponent, or by numbers
of the size of its primes one after another; a key of a curve by its public point. Where a key is whole, :mod:`keys`
finds it.
"""

from __future__ import annotations

from itertools import takewhile

from cryptography.hazmat.primitives.asymmetric import ec

from dumpscrub.detectors import asn1, keys
from dumpscrub.detectors.asn1 import Element
from dumpscrub.detectors.keys import LONGEST_NUMBER, RSA_PARTS, exponents_agree
from dumpscrub.detectors.material import Material, attempt, binary_values, is_blank, public_point, secret_segments
from dumpscrub.model import Confidence, SecretValue

EXPONENTS = tuple(bytes.fromhex(number) for number in ("0203010001", "020103", "020111"))
"""The elements of the public exponents in use: 65537, 3 and 17."""
PRIMES = tuple(bytes.fromhex(header) for header in ("02818100", "0281c100", "0282010100"))
"""How a prime begins in RSA keys of 2,048, 3,072 and 4,096 bits: a zero before the number, whose highest bit is set."""
_SAMPLE = 64
"""Of so many random bytes more than half differ."""
_TWO_PRIMES, _MORE_PRIMES = b"\x02\x01\x00", b"\x02\x01\x01"
"""The versions of an RSA key."""
_LEAST_CHAIN, _FULL_CHAIN = 3, 5
"""Numbers of the size of a prime: so many in a row are what is left of p, q, dp, dq, qinv."""
_SHORTER = 4
"""Bytes by which one of these may be shorter than the others."""
_ROUND = 16
"""Bytes of which the size of a modulus is a multiple."""

POINTS = {
    bytes.fromhex("a13c033a0004"): 28,
    bytes.fromhex("a14403420004"): 32,
    bytes.fromhex("a16403620004"): 48,
    bytes.fromhex("a181850381820004"): 64,
    bytes.fromhex("a181890381860004"): 66,
}
"""How the public key begins behind the scalar, with the bytes of a coordinate."""
_CURVES: dict[int, tuple[ec.EllipticCurve, ...]] = {
    28: (ec.SECP224R1(),),
    32: (ec.SECP256R1(), ec.SECP256K1(), ec.BrainpoolP256R1()),
    48: (ec.SECP384R1(), ec.BrainpoolP384R1()),
    64: (ec.BrainpoolP512R1(),),
    66: (ec.SECP521R1(),),
}
_NAMES = (12, 9, 13)
"""Bytes of the element [0] that names a curve, between scalar and point."""
_HEADS = {size: (7 if size < 48 else 8) for size in _CURVES}
"""Bytes before the scalar: SEQUENCE, version, header of the scalar."""
_WORD = 8


def rsa_tail(data: bytes, at: int) -> Material | None:
    """An RSA key without its beginning, from its public exponent, one of :data:`EXPONENTS`, at ``at`` on.

    Where the modulus is still whole, :func:`keys.private_key` finds the key and this returns None.
    """
    numbers = _integers(data, at, RSA_PARTS - 2)
    if len(numbers) < 2 or not _is_tail(data, numbers) or _is_headed(data, numbers):
        return None
    segments = secret_segments(data, numbers[1:])
    if not segments:
        return None
    values = [asn1.unsigned(data, number) for number in numbers]
    proven = not numbers[-1].is_cut(data) and exponents_agree(values)
    confidence = Confidence.HIGH if proven else Confidence.MEDIUM
    return Material(at, numbers[-1].end, segments, confidence, binary_values(data, numbers[1:]))


def prime_tail(data: bytes, at: int) -> Material | None:
    """The last numbers of an RSA key, from the prime whose header, one of :data:`PRIMES`, stands at ``at``.

    None where the public exponent is still there: :func:`rsa_tail` finds the key then.
    """
    first = asn1.read(data, at)
    if first is None or _follows_exponent(data, first):
        return None
    alike = takewhile(lambda each: 0 <= first.length - each.length <= _SHORTER, _integers(data, at, _FULL_CHAIN))
    numbers = list(alike)
    if len(numbers) < _LEAST_CHAIN or numbers[-1].is_cut(data):
        return None
    segments = secret_segments(data, numbers)
    if len(segments) < len(numbers):
        return None
    proven = False
    if len(numbers) == _FULL_CHAIN:
        prime, other, *_, coefficient = (asn1.unsigned(data, number) for number in numbers)
        proven = other * coefficient % prime == 1
    confidence = Confidence.HIGH if proven else Confidence.MEDIUM
    return Material(at, numbers[-1].end, segments, confidence, binary_values(data, numbers))


def curve_tail(data: bytes, at: int) -> Material | None:
    """The scalar before the public key that begins at ``at`` with one of :data:`POINTS`, as far as it is left.

    None where the whole key is there, or the public key is no point of a curve.
    """
    header = next(literal for literal in POINTS if data.startswith(literal, at))
    size = POINTS[header]
    point = data[at + len(header) - 1 : at + len(header) + 2 * size]
    named = next(
        (length for length in _NAMES if at >= length and data[at - length : at - length + 2] == _name(length)), 0
    )
    start = at - named - size
    begin = start - _HEADS[size]
    if start < 0 or (begin >= 0 and keys.private_key(data, begin) is not None):
        return None
    curve = next((each for each in _CURVES[size] if _is_on(each, point)), None)
    if curve is None:
        return None
    scalar = data[start : start + size]
    if public_point(curve, int.from_bytes(scalar, "big")) == point:
        return Material(start, at, ((start, start + size),), Confidence.HIGH, (SecretValue(scalar, binary=True),))
    kept = start if data[start - 2 : start] == bytes([4, size]) else _behind_pointers(data, max(0, begin), start)
    rest = data[kept : start + size]
    return (
        None if len(rest) < _WORD or is_blank(rest) else Material(kept, at, ((kept, start + size),), Confidence.MEDIUM)
    )


def _follows_exponent(data: bytes, number: Element) -> bool:
    """True where ``number`` is one of those that follow a public exponent."""
    exponent = data.rfind(EXPONENTS[0], max(0, number.start - (RSA_PARTS - 1) * (number.length + 4)), number.start)
    return exponent != -1 and any(each.start == number.start for each in _integers(data, exponent, RSA_PARTS - 2))


def _name(length: int) -> bytes:
    return bytes([0xA0, length - 2])


def _is_on(curve: ec.EllipticCurve, point: bytes) -> bool:
    return attempt(lambda: ec.EllipticCurvePublicKey.from_encoded_point(curve, point)) is not None


def _behind_pointers(data: bytes, begin: int, start: int) -> int:
    """Where the scalar at ``start`` goes on behind the pointers that overwrote the block's beginning at ``begin``.

    A pointer of 64 bits ends in two zeros.
    """
    at = begin + _WORD
    while at < start or data[at + _WORD - 2 : at + _WORD] == b"\0\0":
        at += _WORD
        if at > start + 4 * _WORD:
            break
    return at


def _integers(data: bytes, at: int, most: int) -> list[Element]:
    """Up to ``most`` INTEGERs one after another."""
    numbers: list[Element] = []
    while len(numbers) < most:
        number = asn1.read(data, at)
        if number is None or number.tag != asn1.INTEGER:
            break
        numbers.append(number)
        at = number.end
    return numbers


def _is_headed(data: bytes, numbers: list[Element]) -> bool:
    """True where the modulus, the version and the SEQUENCE that belong before e, d, ... are whole."""
    at, private = numbers[0].start, numbers[1].length
    for length in range(private, private + 9):
        for header in (
            b"\x02\x82" + length.to_bytes(2, "big"),
            bytes([2, 0x81, length & 0xFF]),
            bytes([2, length & 0x7F]),
        ):
            version = at - length - len(header) - 3
            if version >= 2 and data[version : version + 3 + len(header)] in {
                _TWO_PRIMES + header,
                _MORE_PRIMES + header,
            }:
                return any(
                    outer is not None and outer.tag == asn1.SEQUENCE and outer.body == version
                    for outer in (asn1.read(data, version - size) for size in (2, 3, 4))
                )
    return False


def _is_tail(data: bytes, numbers: list[Element]) -> bool:
    """True where d, p, q, ... after the exponent have the lengths that an RSA key's would have."""
    lengths = [number.length for number in numbers[1:]]
    if not 32 <= lengths[0] <= LONGEST_NUMBER:
        return False
    if len(lengths) < 3 and not _is_exponent(data, numbers[1]):
        return False
    return all(length <= lengths[0] // 2 + 2 for length in lengths[1:])


def _is_exponent(data: bytes, number: Element) -> bool:
    """True for a number that has the size of a private exponent, or is cut, and a random number's bytes."""
    sample = data[number.body : min(number.stop, number.body + _SAMPLE)]
    return (number.is_cut(data) or (number.length + 1) % _ROUND <= 2) and 2 * len(set(sample)) > len(sample)
