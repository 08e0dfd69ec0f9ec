"""Secret keys of OpenPGP in binary (RFC 9580, RFC 4880): packets of the tags 5 and 7.

A packet says version, time, algorithm and the public numbers, then how the secret ones are protected. Nothing at its
beginning is constant, so an RSA key is found by its public exponent 65537 and a key of a curve by the curve's name,
read backwards to the version and forwards to the secrets. Keys of version 6 for Ed25519 and the like name the length
of their public part. Of DSA and ElGamal, the algorithm, the length of the prime and its highest bit are constant, and
each number behind has exactly as many bits as it says. Public numbers stay. The secret ones of an unprotected key are
proven by the checksum behind them, or by the packet's end; those of a protected one are what is left of the packet.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dumpscrub.detectors.base import Anchor, Match
from dumpscrub.detectors.material import Material, is_blank, values_of
from dumpscrub.detectors.wire import Cursor, Field
from dumpscrub.model import Confidence, Encoding
from dumpscrub.rules.schema import Rule
from dumpscrub.search.windows import Window

_EXPONENT = bytes.fromhex("0011010001")
"""The number 65537, with its length of 17 bits before it."""
_ECDH, _ECDSA, _EDDSA = 18, 19, 22
_NIST = ("082a8648ce3d030107", "052b81040022", "052b81040023", "052b8104000a")
_BRAINPOOL = ("092b2403030208010107", "092b240303020801010b", "092b240303020801010d")
_CURVES = (
    *(bytes([algorithm]) + bytes.fromhex(name) for algorithm in (_ECDH, _ECDSA) for name in (*_NIST, *_BRAINPOOL)),
    bytes([_EDDSA]) + bytes.fromhex("092b06010401da470f01"),
    bytes([_ECDH]) + bytes.fromhex("0a2b060104019755010501"),
)
"""Algorithms, and names of curves with the length of these before them."""
_NATIVE = {bytes([number, 0, 0, 0, size]): size for number, size in ((25, 32), (26, 56), (27, 32), (28, 57))}
"""X25519, X448, Ed25519 and Ed448 in version 6, with the length of the public key."""
_ELGAMAL, _DSA = 16, 17
_GROUPS = {_ELGAMAL: (1024, 2048, 3072, 4096), _DSA: (1024, 2048, 3072)}
"""Bits of the primes in use, by the algorithm."""
_PRIMES = tuple(
    bytes([algorithm]) + bits.to_bytes(2, "big") + bytes([first])
    for algorithm, sizes in _GROUPS.items()
    for bits in sizes
    for first in range(0x80, 0x100)
)
"""Such an algorithm, the length of its prime and the first byte of that."""
_SUBGROUPS = frozenset({160, 224, 256})
"""Bits of DSA's q (FIPS 186-4)."""
_RSA_ALGORITHMS = frozenset({1, 2, 3})
_MODULI = range(64, 1025, 8)
"""Bytes of an RSA modulus."""
_BEFORE, _AFTER = _MODULI[-1] + 32, 4 * 1024
_V4, _V6 = 4, 6
_FIRST_NUMBER = 6
"""Bytes of version, time and algorithm."""
_PLAIN, _AEAD, _PROTECTED = 0, 253, frozenset({253, 254, 255})
"""Octets that say how the secret numbers are protected."""
_BLOCKS = dict.fromkeys(range(1, 5), 8) | dict.fromkeys(range(7, 14), 16)
"""Bytes of a cipher's block, which an IV has too, by the cipher's number."""
_NONCES = {1: 16, 2: 15, 3: 12}
_DERIVATIONS = {0: 2, 1: 10, 3: 11, 4: 20}
"""Bytes of a key derivation (S2K) by its type. Others say that the key is kept elsewhere."""
_LEAST, _MOST = 12, 4096
_HEADERS = ((2, frozenset({0x94, 0x9C}), 1), (3, frozenset({0x95, 0x9D}), 2), (5, frozenset({0x96, 0x9E}), 4))
"""Bytes of a packet's header in the old format, its tags, and the bytes of its length."""
_NEW_TAGS = frozenset({0xC5, 0xC7})
_YEARS = range(0x2E, 0x80)
"""First byte of the time of creation, from 1994 to 2038."""


@dataclass(frozen=True, slots=True)
class _Public:
    """The public part of a packet: its version's number and place, where it ends, and how many secrets are to follow.

    ``size`` is the most bytes that one secret has.
    """

    version: int
    start: int
    end: int
    secrets: int
    size: int


def secret_key(data: bytes, hit: int) -> Material | None:
    """The secret key of which the public exponent, the curve or the length of the public part stands at ``hit``."""
    if data.startswith(_EXPONENT, hit):
        public = _rsa(data, hit)
    elif data[hit : hit + 5] in _NATIVE:
        public = _native(data, hit)
    elif data[hit] in _GROUPS:
        public = _group(data, hit)
    else:
        public = _curve(data, hit)
    if public is None or public.end >= len(data):
        return None
    packet_end = _packet_end(data, public.start)
    if packet_end is None and data[public.start + 1] not in _YEARS:
        return None
    protection = data[public.end]
    if protection == _PLAIN:
        return _plain(data, public, packet_end)
    return _protected(data, public, packet_end) if protection in _PROTECTED else None


def _rsa(data: bytes, hit: int) -> _Public | None:
    """The public part around an exponent; the modulus stands before it, with its length in bits."""
    end = hit + len(_EXPONENT)
    if end >= len(data) or data[end] not in {_PLAIN, *_PROTECTED}:
        return None
    for size in _MODULI:
        at = hit - size - 2
        if at < _FIRST_NUMBER:
            break
        if (int.from_bytes(data[at : at + 2], "big") + 7) // 8 != size:
            continue
        for version, algorithm in ((_V4, at - 1), (_V6, at - 5)):
            if algorithm >= 5 and data[algorithm] in _RSA_ALGORITHMS and data[algorithm - 5] == version:
                return _Public(version, algorithm - 5, end, 4, size)
    return None


def _curve(data: bytes, hit: int) -> _Public | None:
    """The public part in which an algorithm and its curve stand at ``hit``, behind version and time."""
    start = hit - 5
    if start < 0 or data[start] != _V4:
        return None
    cursor = Cursor(data, hit + 1)
    cursor.string(1)
    point = _number(cursor)
    if data[hit] == _ECDH:
        cursor.string(1, 16)
    if point is None or cursor.ended:
        return None
    return _Public(_V4, start, cursor.at, 1, len(point))


def _group(data: bytes, hit: int) -> _Public | None:
    """The public part of DSA (p, q, g, y) or ElGamal (p, g, y) whose algorithm stands at ``hit``."""
    start, is_dsa = hit - 5, data[hit] == _DSA
    if start < 0 or data[start] != _V4:
        return None
    cursor = Cursor(data, hit + 1)
    numbers = [_number(cursor, exact=True) for _ in range(4 if is_dsa else 3)]
    whole = [number for number in numbers if number is not None]
    if len(whole) < len(numbers) or cursor.ended:
        return None
    sizes = [number.number(data).bit_length() for number in whole]
    if max(sizes) > sizes[0] or (is_dsa and sizes[1] not in _SUBGROUPS):
        return None
    return _Public(_V4, start, cursor.at, 1, len(whole[1 if is_dsa else 0]))


def _native(data: bytes, hit: int) -> _Public | None:
    start, size = hit - 5, _NATIVE[data[hit : hit + 5]]
    if start < 0 or data[start] != _V6 or is_blank(data[hit + 5 : hit + 5 + size]):
        return None
    return _Public(_V6, start, hit + 5 + size, 0, size)


def _packet_end(data: bytes, start: int) -> int | None:
    """The end of the packet whose contents begin at ``start``, as its header says; None where that is gone."""
    for size, tags, length in _HEADERS:
        if start >= size and data[start - size] in tags:
            return _bounded(start, int.from_bytes(data[start - length : start], "big"))
    if start >= 2 and data[start - 2] in _NEW_TAGS and data[start - 1] < 192:
        return _bounded(start, data[start - 1])
    if start >= 3 and data[start - 3] in _NEW_TAGS and 192 <= data[start - 2] < 224:
        return _bounded(start, (data[start - 2] - 192 << 8) + data[start - 1] + 192)
    return None


def _bounded(start: int, length: int) -> int | None:
    return start + length if length <= _MOST else None


def _plain(data: bytes, public: _Public, packet_end: int | None) -> Material | None:
    """The unprotected secret numbers, and the sum of their bytes behind them."""
    cursor = Cursor(data, public.end + 1)
    if public.secrets:
        numbers = (_number(cursor) for _ in range(public.secrets))
        fields = [number for number in numbers if number is not None]
    else:
        secret = cursor.take(public.size)
        fields = [secret] if secret is not None else []
    if not fields or any(len(part) > public.size for part in fields) or len(fields[0]) < _LEAST:
        return None
    if len(fields) < public.secrets and not cursor.ended:
        return None
    summed = sum(data[public.end + 1 : cursor.at]) & 0xFFFF
    proven = not cursor.ended and (cursor.number(2) == summed or packet_end == fields[-1].end)
    return _material(data, public, fields, proven=proven)


def _protected(data: bytes, public: _Public, packet_end: int | None) -> Material | None:
    """The ciphertext of the secret numbers."""
    cursor = Cursor(data, public.end + 1)
    parameters = cursor.string(1) if public.version == _V6 else cursor.take(_parameters(data, public.end))
    begin = cursor.at
    # Where the header is gone: as many numbers as there can be, and a digest.
    end = packet_end if packet_end is not None else begin + (public.size * 5 // 2 if public.secrets > 1 else 64)
    if parameters is None or not len(parameters) or end - begin < _LEAST or begin >= len(data):
        return None
    return _material(data, public, [Field(begin, end)], proven=packet_end is not None and end <= len(data))


def _parameters(data: bytes, at: int) -> int:
    """Bytes of cipher, key derivation and IV behind the octet at ``at`` that says how; 0 where they cannot be read."""
    head = data[at : at + 4]
    if len(head) < 4 or head[1] not in _BLOCKS:
        return 0
    if head[0] == _AEAD:
        return 2 + _DERIVATIONS[head[3]] + _NONCES[head[2]] if head[3] in _DERIVATIONS and head[2] in _NONCES else 0
    return 1 + _DERIVATIONS[head[2]] + _BLOCKS[head[1]] if head[2] in _DERIVATIONS else 0


def _material(data: bytes, public: _Public, fields: list[Field], *, proven: bool) -> Material | None:
    secrets = [part for part in fields if not is_blank(part.contents(data))]
    segments = tuple((part.start, min(part.end, len(data))) for part in secrets)
    confidence = Confidence.HIGH if proven else Confidence.MEDIUM
    return Material(public.start, segments[-1][1], segments, confidence, values_of(data, secrets)) if segments else None


def _number(cursor: Cursor, *, exact: bool = False) -> Field | None:
    """A number behind its length in bits; with ``exact`` only one that has as many."""
    bits = cursor.number(2)
    field = cursor.take((bits + 7) // 8) if bits is not None and bits <= 8 * _MOST else None
    return field if field is None or not exact or field.number(cursor.data).bit_length() == bits else None


@dataclass(frozen=True, slots=True)
class PgpDetector:
    """Finds secret keys around their public numbers."""

    rule: Rule
    anchors: tuple[Anchor, ...]
    before: int = _BEFORE
    after: int = _AFTER

    def verify(self, window: Window) -> Iterator[Match]:
        material = secret_key(window.data, window.hit)
        if material is not None:
            yield material.match()


def build(rule: Rule) -> PgpDetector:
    """The detector of OpenPGP's secret keys."""
    return PgpDetector(rule, tuple(Anchor(each, Encoding.BINARY) for each in (_EXPONENT, *_CURVES, *_NATIVE, *_PRIMES)))


NAMES = ("pgp-secret-key",)
