"""Keys behind handles: structures of CNG and CryptoAPI providers that point to the key, followed through the dump.

Each reader follows a fixed number of pointers, each once. The layouts are those of public analyses (mimikatz) and, for
Wine, of its source: a dump of a Windows program may come from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from dumpscrub.detectors.base import Anchor, Match
from dumpscrub.detectors.binary import Piece, is_filler, is_random, pointer, u32, u32s, values_of
from dumpscrub.detectors.capi import is_key_size
from dumpscrub.detectors.material import is_blank
from dumpscrub.model import Confidence
from dumpscrub.rules.schema import Rule
from dumpscrub.search.memory import Memory, Reading
from dumpscrub.search.windows import Window

RSA = b"KRSM"
"""Tag of an RSA key of CNG before late Windows 10; later ones hold it as :mod:`dumpscrub.detectors.symcrypt` tells."""
RAW_KEYS = tuple(
    algorithm.to_bytes(4, "little") + bytes((flag, 0, 0, 0))
    for algorithm in (0x6603, 0x660E, 0x660F, 0x6610)
    for flag in (0, 1)
)
"""Algorithm and flags of a symmetric key of CryptoAPI: 3DES and AES."""
WINE_CNG = b"0YEK"
AFTER = 512
"""Bytes of the structures that are looked at."""
BEFORE = 4

_MODULUS_BYTES = range(48, 2049)
_SECRET_BYTES = range(8, 129)


@dataclass(frozen=True, slots=True)
class _RsaLayout:
    """Where an RSA key's structure has what: sizes of modulus and primes (in pointers), and pointers to numbers.

    ``others`` point to both exponents and the coefficient.
    """

    pointer: int
    sizes: int
    modulus: int
    others: tuple[int, ...]
    primes: tuple[int, int]


_RSA_LAYOUTS = (
    _RsaLayout(8, 40, 80, (88, 96, 104), (176, 304)),  # 8.1 and early 10
    _RsaLayout(8, 40, 80, (88, 96, 104), (176, 288)),  # Vista, 7 and 8
    _RsaLayout(4, 32, 60, (64, 68, 72), (112, 180)),
    _RsaLayout(4, 32, 60, (64, 68, 72), (112, 172)),
)
_WINE_LAYOUTS = ((8, 40, 48, 56), (4, 36, 40, 44))
"""Bytes of a pointer; places of the vector's size, of the pointer to the key and of the key's size."""
_WINE_BLOCKS = (8, 16)
_LONGEST_VECTOR = 64

Follow = Callable[[bytes, int, Memory], Match | None]


@dataclass(frozen=True, slots=True)
class FollowingDetector:
    """Finds keys to which a structure around an anchor points."""

    rule: Rule
    anchors: tuple[Anchor, ...]
    before: int
    after: int
    follow: Follow

    def verify(self, window: Window) -> tuple[Match, ...]:
        match = self.follow(window.data, window.hit, window.memory)
        return () if match is None else (match,)


def rsa(data: bytes, hit: int, memory: Memory) -> Match | None:
    """The RSA key of CNG whose tag is at ``hit``: told by primes that make up the modulus."""
    for layout in _RSA_LAYOUTS:
        readings = _rsa_numbers(data, hit - BEFORE, memory, layout)
        if readings is None:
            continue
        modulus, p, q, *others = readings
        if _number(p) * _number(q) == _number(modulus):
            return _match((p, q, *others), little=True)
    return None


def raw_key(data: bytes, hit: int, memory: Memory) -> Match | None:
    """The symmetric key of CryptoAPI whose algorithm is at ``hit``: flags, size, then a pointer to the key.

    A table of algorithms may read alike, with pointers to names: what is text, or not random, is no key.
    """
    fields = u32s(data, hit, 3)
    if not is_key_size(fields[0], fields[2]):
        return None
    for size, at in ((8, hit + 16), (4, hit + 12)):
        key = _read(data, at, size, memory, fields[2])
        if key is not None and is_random(key.data) and not is_blank(key.data):
            return _match((key,), Confidence.MEDIUM)
    return None


def wine_key(data: bytes, hit: int, memory: Memory) -> Match | None:
    """The symmetric key of Wine's CNG whose structure is at ``hit``: two words, mode, block length, vector, key."""
    if u32(data, hit + 28) not in _WINE_BLOCKS:
        return None
    for size, vector_size_at, secret_at, length_at in _WINE_LAYOUTS:
        vector_size, length = u32(data, hit + vector_size_at), u32(data, hit + length_at)
        if length not in _SECRET_BYTES or not 0 <= vector_size <= _LONGEST_VECTOR:
            continue
        key = _read(data, hit + secret_at, size, memory, length)
        if key is not None and not is_filler(key.data):
            return _match((key,))
    return None


def _rsa_numbers(data: bytes, start: int, memory: Memory, layout: _RsaLayout) -> list[Reading] | None:
    """Modulus, primes, and what is there of the other numbers; None where one of the first three is not there."""
    counts = u32s(data, start + layout.sizes, 3)
    if layout.pointer * counts[0] not in _MODULUS_BYTES:
        return None
    sizes = [layout.pointer * count for count in counts]
    places = (layout.modulus, *layout.primes, *layout.others)
    lengths = (*sizes, sizes[1], sizes[2], sizes[1])
    found = [
        _read(data, start + place, layout.pointer, memory, length)
        for place, length in zip(places, lengths, strict=True)
    ]
    if any(reading is None for reading in found[:3]):
        return None
    return [reading for reading in found if reading is not None]


def _read(data: bytes, at: int, size: int, memory: Memory, length: int) -> Reading | None:
    """The ``length`` bytes of memory to which the pointer of ``size`` bytes at index ``at`` leads."""
    address = pointer(data, at, size)
    if not address or not 0 < length <= _MODULUS_BYTES[-1]:
        return None
    reading = memory.read(address, length)
    return reading if reading is not None and len(reading.data) == length else None


def _number(reading: Reading) -> int:
    return int.from_bytes(reading.data, "little")


def _match(
    readings: Iterable[Reading], confidence: Confidence = Confidence.HIGH, *, little: bool = False
) -> Match | None:
    """The keys in ``readings``, each place once; None where all are filler."""
    kept = {reading.spans: reading.data for reading in readings if not is_filler(reading.data)}
    values = (values_of(key, [Piece(0, len(key), little)]) for key in kept.values())
    found = tuple(value for each in values for value in each)
    return Match((), confidence, found, elsewhere=tuple(kept)) if kept else None
