"""Keys as CryptoAPI exports them: PRIVATEKEYBLOB (also as strong name key, SNK), PLAINTEXTKEYBLOB, and PVK files.

Layouts: ``BLOBHEADER`` (type, version, two reserved bytes, algorithm), then ``RSAPUBKEY`` or ``DSSPUBKEY`` and numbers
in little-endian order (documented with ``CryptExportKey``). The components behind the public ones are marked.
"""

from __future__ import annotations

from collections.abc import Sequence

from dumpscrub.detectors.binary import ABSENT, Piece, lay_out, secrets, u32, u32s
from dumpscrub.detectors.material import Material

RSA, DSS, DSS_3, DH = b"RSA2", b"\0\x22\0\0DSS2", b"\0\x22\0\0DSS4", b"\xaa\0\0\0DH2"
"""How private keys are told: by the magic of their numbers, for all but RSA with the algorithm before it."""
PVK = bytes.fromhex("1ef1b5b0")
"""How a file of a private key begins."""

_HEADER = 8
_PRIVATE = (b"\x07\x02\0\0", b"\x07\x03\0\0")
RSA_ALGORITHMS = (b"\0\x24\0\0", b"\0\xa4\0\0")
_BITS = range(384, 16384 + 1)
_GROUP_BYTES = range(16, 65)
_DSA_PRIME_BITS = range(512, 4096 + 1)
_LONGEST_PVK = 16 * 1024
_LONGEST_SALT = 256

_SYMMETRIC: dict[int, range] = {
    0x6601: range(8, 9),  # DES
    0x6602: range(1, 129),  # RC2
    0x6603: range(24, 25),  # 3DES
    0x6604: range(24, 25),  # DESX
    0x6609: range(16, 17),  # 3DES of two keys
    0x660D: range(1, 257),  # RC5
    0x660E: range(16, 17),  # AES-128
    0x660F: range(24, 25),  # AES-192
    0x6610: range(32, 33),  # AES-256
    0x6801: range(1, 257),  # RC4
    0x8009: range(4, 1025),  # HMAC
}
"""Bytes that a key may have, by algorithm (``ALG_ID``)."""
PLAIN_KEYS = tuple(b"\x08\x02\0\0" + algorithm.to_bytes(4, "little") for algorithm in _SYMMETRIC)
"""How the blob of an unencrypted symmetric key begins, for each algorithm."""


def rsa(data: bytes, hit: int) -> Material | None:
    """The RSA key whose ``RSAPUBKEY`` (magic, bits, exponent) is at ``hit``.

    The header before it may have been overwritten: freeing a block does that.
    """
    fields = u32s(data, hit + 4, 2)
    if fields[0] not in _BITS or fields[0] % 16 or fields[1] == ABSENT or not fields[1] & 1:
        return None
    size = fields[0] // 8
    modulus, *private = lay_out(hit + 12, (size, *(size // 2,) * 5, size), little=True)
    if not modulus.is_cut(data) and not _has_bits(modulus.number(data), fields[0]):
        return None
    start = hit - _HEADER
    headed = data[max(0, start) : hit - 4] in _PRIVATE and data[hit - 4 : hit] in RSA_ALGORITHMS
    if not headed and (modulus.is_cut(data) or fields[1].bit_count() > 2):
        return None
    numbers = [piece.number(data) for piece in private[:2]]
    proven = not private[-1].is_cut(data) and numbers[0] * numbers[1] == modulus.number(data)
    return secrets(data, start if headed else hit, private, proven=proven)


def dss(data: bytes, hit: int) -> Material | None:
    """The DSA key of version 2 whose algorithm and ``DSSPUBKEY`` are at ``hit``: p, q, g, then x."""
    bits = u32(data, hit + 8)
    if data[max(0, hit - 4) : hit] != _PRIVATE[0] or bits not in _DSA_PRIME_BITS:
        return None
    p, q, g, x = lay_out(hit + 12, (bits // 8, 20, bits // 8, 20), little=True)
    return _group_key(data, hit - 4, (p, q, g), x)


def dss_3(data: bytes, hit: int) -> Material | None:
    """The DSA key of version 3 whose algorithm and ``DSSPRIVKEY_VER3`` are at ``hit``: p, q, g, j, y, then x.

    The bits of p, q, j and x are followed by a counter and a seed of 20 bytes.
    """
    bits = u32s(data, hit + 8, 4)
    if data[max(0, hit - 4) : hit] != _PRIVATE[1] or ABSENT in bits or bits[0] not in _DSA_PRIME_BITS:
        return None
    sizes = [(each + 7) // 8 for each in bits]
    if sizes[1] not in _GROUP_BYTES or sizes[3] not in _GROUP_BYTES or sizes[2] > sizes[0]:
        return None
    lengths = (sizes[0], sizes[1], sizes[0], sizes[2], sizes[0], sizes[3])
    p, q, g, _j, _y, x = lay_out(hit + 8 + 16 + 24, lengths, little=True)
    return _group_key(data, hit - 4, (p, q, g), x)


def dh(data: bytes, hit: int) -> Material | None:
    """The Diffie-Hellman key whose algorithm (from its second byte on) and ``DHPUBKEY`` are at ``hit``: p, g, x."""
    bits = u32(data, hit + 7)
    if data[max(0, hit - 5) : max(0, hit - 1)] != _PRIVATE[0] or bits not in _DSA_PRIME_BITS:
        return None
    p, g, x = lay_out(hit + 11, (bits // 8,) * 3, little=True)
    return _group_key(data, hit - 5, (p, Piece(0, 0), g), x)


def plain_key(data: bytes, hit: int) -> Material | None:
    """The symmetric key whose blob begins at ``hit``: the algorithm and the size have to agree."""
    fields = u32s(data, hit + 4, 2)
    if not is_key_size(*fields):
        return None
    return secrets(data, hit, [Piece(hit + 12, hit + 12 + fields[1])], proven=True)


def is_key_size(algorithm: int, size: int) -> bool:
    """True where a key of this algorithm may have so many bytes."""
    return size in _SYMMETRIC.get(algorithm, ())


def pvk(data: bytes, hit: int) -> Material | None:
    """The encrypted private key in the PVK file that begins at ``hit``; :func:`rsa` and others find plain ones."""
    fields = u32s(data, hit + 4, 5)
    if fields[0] or fields[1] not in {1, 2} or fields[2] != 1:
        return None
    salt, size = fields[3:]
    blob = hit + 24 + salt
    if salt > _LONGEST_SALT or not _HEADER < size <= _LONGEST_PVK or data[blob : blob + 4] != _PRIVATE[0]:
        return None
    return secrets(data, hit, [Piece(blob + _HEADER, blob + size)], proven=True)


def _group_key(data: bytes, start: int, public: Sequence[Piece], x: Piece) -> Material | None:
    """A key x with p, q (empty where it has none) and g: p is odd and has all its bits, g and x are smaller."""
    p, q, g = public
    if x.start >= len(data):
        return None
    prime = p.number(data)
    if not _has_bits(prime, 8 * (p.end - p.start)) or not 1 < g.number(data) < prime or x.number(data) >= prime:
        return None
    order = q.number(data)
    proven = bool(order) and (prime - 1) % order == 0 and x.number(data) < order
    return secrets(data, start, [x], proven=proven)


def _has_bits(number: int, bits: int) -> bool:
    """True for an odd number with at most a byte of leading zeros."""
    return bool(number & 1) and bits - 8 < number.bit_length() <= bits
