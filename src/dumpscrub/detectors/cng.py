"""Keys as CNG (``BCryptExportKey``, ``NCryptExportKey``) exports them: RSA, elliptic curves, DSA, DH, symmetric ones.

Each blob is a header of 32-bit numbers, the first of which is a magic that reads as four letters, then components in
big-endian order (documented in bcrypt.h). The private ones are marked.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import ec

from dumpscrub.detectors import capi
from dumpscrub.detectors.binary import Piece, is_filler, is_random, lay_out, secrets, u32, u32s
from dumpscrub.detectors.material import Material, attempt

RSA_FULL = b"RSA3"
_CURVES: dict[bytes, ec.EllipticCurve] = {b"2": ec.SECP256R1(), b"4": ec.SECP384R1(), b"6": ec.SECP521R1()}
_BYTES = {b"2": 32, b"4": 48, b"6": 66}
NIST_KEYS = tuple(
    b"EC" + kind + curve + bytes((size, 0, 0, 0)) for kind in (b"S", b"K") for curve, size in _BYTES.items()
)
"""How the blobs of keys for ECDSA (``ECS2`` and so on) and ECDH (``ECK2``) begin."""
OTHER_CURVES = (b"ECDV", b"ECKV")
"""The same for curves that are not named by the magic."""
DSA, DSA_2, DH = b"DSPV", b"DPV2", b"DHPV"
PLAIN = b"KDBM\x01\0\0\0"
"""How the blob of a symmetric key begins: magic and version."""

_RSA_BITS = range(384, 16384 + 1)
_EXPONENT_BYTES = range(1, 9)
_FIELD_BYTES = range(14, 81)
_PRIME_BYTES = range(64, 1025)
_KEY_BYTES = range(1, 1025)
_SEED_BYTES = range(16, 129)
_GROUP_BYTES = range(16, 65)
_OLD_GROUP = 20
_FULL_VERSION = 1
_CURVE_TYPES = range(1, 4)
_LONGEST_COFACTOR = 16
_GLANCE = 64
"""Bytes of a modulus that are looked at before its factors are multiplied."""


def rsa(data: bytes, hit: int) -> Material | None:
    """The RSA key whose ``BCRYPT_RSAKEY_BLOB`` is at ``hit``, with all components (RSA3) or the primes alone (RSA2).

    CryptoAPI uses the magic RSA2 too.
    """
    fields = u32s(data, hit + 4, 5)
    if not _is_rsa(fields):
        return None if data.startswith(RSA_FULL, hit) else capi.rsa(data, hit)
    bits, exponent, modulus, p, q = fields
    lengths = (p, q, p, q, p, modulus) if data.startswith(RSA_FULL, hit) else (p, q)
    _, n, *private = lay_out(hit + 24, (exponent, modulus, *lengths))
    if not n.is_cut(data) and not bits - 8 < n.number(data).bit_length() <= bits:
        return None
    if not is_random(n.content(data)[:_GLANCE]):
        return None
    proven = private[0].number(data) * private[1].number(data) == n.number(data)
    return secrets(data, hit, private, proven=proven)


def nist_key(data: bytes, hit: int) -> Material | None:
    """The key for a NIST curve whose ``BCRYPT_ECCKEY_BLOB`` is at ``hit``: x and y of the point, then the scalar."""
    curve = data[hit + 3 : hit + 4]
    x, y, scalar = lay_out(hit + 8, (_BYTES[curve],) * 3)
    if not all(is_random(piece.content(data)) for piece in (x, y, scalar)):
        return None
    proven = not scalar.is_cut(data) and _is_multiple(_CURVES[curve], *(piece.number(data) for piece in (scalar, x, y)))
    return secrets(data, hit, [scalar], proven=proven)


def other_curve(data: bytes, hit: int) -> Material | None:
    """The key for another curve whose ``BCRYPT_ECCKEY_BLOB`` or ``BCRYPT_ECCFULLKEY_BLOB`` is at ``hit``.

    The second one has the curve's parameters before the public point.
    """
    version, kind, _, size, order, cofactor, seed = u32s(data, hit + 4, 7)
    if version == _FULL_VERSION and kind in _CURVE_TYPES:
        if not _are_parameters(size, order, cofactor, seed):
            return None
        lengths = (*(size,) * 5, order, cofactor, seed, size, size, order)
        pieces = lay_out(hit + 32, lengths)
    elif version in _FIELD_BYTES:
        pieces = lay_out(hit + 8, (version,) * 3)
    else:
        return None
    x, _, scalar = pieces[-3:]
    if not is_random(x.content(data)) or not is_random(scalar.content(data)):
        return None
    return secrets(data, hit, [scalar], proven=False)


def dsa(data: bytes, hit: int) -> Material | None:
    """The DSA key whose ``BCRYPT_DSA_KEY_BLOB`` is at ``hit``: counter, seed and q of 20 bytes, then p, g, y, x."""
    size = u32(data, hit + 4)
    if size not in _PRIME_BYTES:
        return None
    q = Piece(hit + 32, hit + 32 + _OLD_GROUP)
    return _group_key(data, hit, q, lay_out(q.end, (*(size,) * 3, _OLD_GROUP)))


def dsa_2(data: bytes, hit: int) -> Material | None:
    """The DSA key whose ``BCRYPT_DSA_KEY_BLOB_V2`` is at ``hit``: seed and q have sizes of their own."""
    size, _hash, _standard, seed, group = u32s(data, hit + 4, 5)
    if size not in _PRIME_BYTES or seed not in _SEED_BYTES or group not in _GROUP_BYTES:
        return None
    q = Piece(hit + 28 + seed, hit + 28 + seed + group)
    return _group_key(data, hit, q, lay_out(q.end, (*(size,) * 3, group)))


def dh(data: bytes, hit: int) -> Material | None:
    """The Diffie-Hellman key whose ``BCRYPT_DH_KEY_BLOB`` is at ``hit``: p, g, y, x of one size."""
    size = u32(data, hit + 4)
    if size not in _PRIME_BYTES:
        return None
    return _group_key(data, hit, None, lay_out(hit + 8, (size,) * 4))


def plain_key(data: bytes, hit: int) -> Material | None:
    """The symmetric key whose ``BCRYPT_KEY_DATA_BLOB_HEADER`` is at ``hit``: magic, version, size, key."""
    size = u32(data, hit + 8)
    if size not in _KEY_BYTES:
        return None
    return secrets(data, hit, [Piece(hit + 12, hit + 12 + size)], proven=True)


def _is_rsa(fields: tuple[int, ...]) -> bool:
    """True where bits and the bytes of exponent, modulus and primes go together."""
    bits, exponent, modulus, p, q = fields
    return (
        bits in _RSA_BITS
        and exponent in _EXPONENT_BYTES
        and modulus == (bits + 7) // 8
        and 0 < p < modulus <= p + q <= modulus + 2
    )


def _is_multiple(curve: ec.EllipticCurve, scalar: int, x: int, y: int) -> bool:
    """True where ``scalar`` times the curve's generator is the point (x, y)."""
    key = attempt(lambda: ec.derive_private_key(scalar, curve))
    if key is None:
        return False
    point = key.public_key().public_numbers()
    return (point.x, point.y) == (x, y)


def _are_parameters(size: int, order: int, cofactor: int, seed: int) -> bool:
    return (
        size in _FIELD_BYTES
        and order in _FIELD_BYTES
        and 0 < cofactor <= _LONGEST_COFACTOR
        and 0 <= seed <= _SEED_BYTES[-1]
    )


def _group_key(data: bytes, hit: int, q: Piece | None, pieces: list[Piece]) -> Material | None:
    """A key x with p, g and y: p is odd and has all its bits, the others are smaller and q divides p - 1."""
    prime, generator, public, private = (piece.number(data) for piece in pieces)
    bits = 8 * (pieces[0].end - pieces[0].start)
    if pieces[2].is_cut(data) or not prime & 1 or not bits - 8 < prime.bit_length() <= bits:
        return None
    if not (1 < generator < prime and 1 < public < prime and private < prime) or is_filler(pieces[2].content(data)):
        return None
    order = q.number(data) if q else 0
    proven = bool(order) and (prime - 1) % order == 0 and private < order
    return secrets(data, hit, pieces[3:], proven=proven)
