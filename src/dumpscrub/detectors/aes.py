"""AES (FIPS 197) as far as its key schedule goes: expanding a key, and proving that memory holds what one expands to.

A schedule is proven by computing it. From any ``Nk`` words in a row whose place is known, the words before them follow,
down to the key; and their place is known from the one round constant that fits. So a part of a schedule is enough. Some
programs keep the words as numbers, so that their bytes stand in the other order; for decryption, most apply
InvMixColumns to all round keys but the first and the last one, and keep them in reversed order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Literal

from dumpscrub.detectors.base import Anchor, Match
from dumpscrub.rules.schema import Rule
from dumpscrub.search.schedules import BLOCK, Shape
from dumpscrub.search.windows import Window

_WORD = 4
_REDUCTION = 0x11B
_FEWEST_PROOFS = 4
"""Words that must come out as computed besides the ``Nk`` that they are computed from: 128 bits."""
_NEAR = 64
"""Bytes on both sides of a place from which the alignment is seen."""
_ORDERS: tuple[Literal["big"], Literal["little"]] = ("big", "little")
_FEW = 4
"""So few different bytes are no key: memory that is filled, and examples."""


def _doubled(number: int) -> int:
    return (number << 1) ^ (_REDUCTION if number & 0x80 else 0)


def _product(one: int, other: int) -> int:
    """The product in the field of 256 elements."""
    result = 0
    while other:
        result ^= one if other & 1 else 0
        one, other = _doubled(one), other >> 1
    return result


def _sbox() -> bytes:
    # 3 generates the field: its powers are all numbers but zero, and those of 1/3 their inverses, in the same order.
    powers = [1]
    while len(powers) < 255:
        powers.append(_product(powers[-1], 3))
    inverse = [0] * 256
    for power, number in enumerate(powers):
        inverse[number] = powers[-power]
    box = bytearray()
    for number in inverse:
        turned = number
        for shift in range(1, 5):
            turned ^= (number << shift | number >> (8 - shift)) & 0xFF
        box.append(turned ^ 0x63)
    return bytes(box)


def _constants() -> tuple[int, ...]:
    constants = [1]
    while len(constants) < 10:
        constants.append(_doubled(constants[-1]))
    return tuple(constants)


_SBOX = _sbox()
_CONSTANTS = _constants()
_ROUND_OF = {constant << 24: number for number, constant in enumerate(_CONSTANTS, 1)}
_TIMES = {factor: bytes(_product(number, factor) for number in range(256)) for factor in (1, 2, 3, 9, 11, 13, 14)}
_MIX, _UNMIX = (2, 3, 1, 1), (14, 11, 13, 9)


NAMES = ("aes-key-schedule",)


@dataclass(frozen=True, slots=True)
class ScheduleDetector:
    """Stands for the schedules of :mod:`dumpscrub.roundkeys` among the detectors: no literal announces them."""

    rule: Rule
    anchors: tuple[Anchor, ...] = ()
    before: int = 0
    after: int = 0

    def verify(self, window: Window) -> Iterable[Match]:
        """Nothing: there are no hits."""
        return ()


def build(rule: Rule) -> ScheduleDetector:
    """The detector for a rule of schedules."""
    return ScheduleDetector(rule)


@dataclass(frozen=True, slots=True)
class Schedule:
    """A proven schedule: its ``key``, and the index pairs of the bytes that hold round keys, in order."""

    key: bytes
    segments: tuple[tuple[int, int], ...]


def expand(key: bytes) -> list[int]:
    """All words of the schedule of ``key``, which has 16, 24 or 32 bytes, as big-endian numbers."""
    count = len(key) // _WORD
    words = [int.from_bytes(key[at : at + _WORD], "big") for at in range(0, len(key), _WORD)]
    for number in range(count, 4 * (count + 7)):
        words.append(words[number - count] ^ _made(words[number - 1], number, count))
    return words


def unmixed(word: int) -> int:
    """A column after InvMixColumns, as decryption keeps it."""
    return _mixed_by(word, _UNMIX)


def schedule(data: bytes, at: int, shape: Shape) -> Schedule | None:
    """The schedule of that ``shape`` around index ``at`` of ``data``, if there is one. ``at`` may be in any round."""
    phase = _phase(data, at, shape)
    size = (len(data) - phase) // BLOCK * BLOCK
    blocks = [data[place : place + BLOCK] for place in range(phase, phase + size, BLOCK)]
    here = (at - phase) // _WORD
    if shape.backwards:
        blocks.reverse()
        here = size // _WORD - here
    for order in _ORDERS:
        words = _words(b"".join(blocks), order)
        for is_mixed in (False, True):
            if is_mixed and not _may_be_mixed(words, here, shape.words):
                continue
            proven = _key([_mixed_by(word, _MIX) for word in words] if is_mixed else words, here, shape.words)
            if proven and len(set(proven[0])) > _FEW:
                key, first = proven
                begin = phase if shape.backwards else (phase + first * _WORD) % BLOCK
                return Schedule(key, tuple(_segments(data, begin, key)))
    return None


def _may_be_mixed(words: Sequence[int], here: int, count: int) -> bool:
    """True where words around index ``here`` are of a schedule, once mixed. To mix all of them takes long."""
    low = max(0, here - 4 * count)
    near = [_mixed_by(word, _MIX) for word in words[low : here + 3 * count]]
    return any(True for _ in _numbered(near, here - low, count))


def _words(data: bytes, order: Literal["big", "little"]) -> list[int]:
    return [int.from_bytes(data[at : at + _WORD], order) for at in range(0, len(data), _WORD)]


def _made(before: int, number: int, count: int) -> int:
    """What word ``number`` adds to the one ``count`` words before it, given the word before."""
    if number % count == 0:
        return _substituted((before << 8 | before >> 24) & 0xFFFFFFFF) ^ _CONSTANTS[number // count - 1] << 24
    return _substituted(before) if count == 8 and number % count == 4 else before


def _substituted(word: int) -> int:
    return int.from_bytes(word.to_bytes(_WORD, "big").translate(_SBOX), "big")


def _mixed_by(word: int, factors: Sequence[int]) -> int:
    column = word.to_bytes(_WORD, "big")
    mixed = 0
    for row in range(_WORD):
        byte = 0
        for place in range(_WORD):
            byte ^= _TIMES[factors[place - row]][column[place]]
        mixed = mixed << 8 | byte
    return mixed


def _phase(data: bytes, at: int, shape: Shape) -> int:
    """Where the first period in ``data`` would begin: where most bytes around ``at`` are made as they should be."""
    low = max(_WORD, -shape.lag, at - _NEAR)
    high = min(len(data), len(data) - shape.lag, at + _NEAR)
    counts = [0] * shape.period
    for place in range(low, high):
        counts[place % shape.period] += data[place] ^ data[place - _WORD] == data[place + shape.lag]
    made = range(shape.first, shape.period)
    totals = [sum(counts[(phase + byte) % shape.period] for byte in made) for phase in range(shape.period)]
    return totals.index(max(totals))


def _key(words: Sequence[int], here: int, count: int) -> tuple[bytes, int] | None:
    """The key of whose schedule ``words`` around index ``here`` are a part, and the index of its first word.

    That index is negative where the beginning is not there. None where they are of no schedule.
    """
    for at, number in _numbered(words, here, count):
        key = _rewound(words[at - count : at], number, count)
        if _agreeing(words, at, expand(key), number) >= count + _FEWEST_PROOFS:
            return key, at - number
    return None


def _numbered(words: Sequence[int], here: int, count: int) -> Iterator[tuple[int, int]]:
    """Indices near ``here`` of words that begin a round, each with the number that it has in its schedule."""
    for at in range(max(count, here - 3 * count), min(len(words), here + 3 * count)):
        before = words[at - 1]
        turned = _substituted((before << 8 | before >> 24) & 0xFFFFFFFF)
        number = _ROUND_OF.get(words[at] ^ words[at - count] ^ turned, 0) * count
        if count <= number < 4 * (count + 7):
            yield at, number


def _rewound(known: Sequence[int], number: int, count: int) -> bytes:
    """The key whose schedule has the words ``known`` before its word ``number``."""
    words = list(known)
    for place in range(number - 1, count - 1, -1):
        *others, last = words
        words = [last ^ _made(others[-1], place, count), *others]
    return b"".join(word.to_bytes(_WORD, "big") for word in words)


def _agreeing(words: Sequence[int], at: int, schedule: Sequence[int], number: int) -> int:
    """How many ``words`` in a row around index ``at``, which should be word ``number``, are those of ``schedule``."""
    behind = 0
    while at + behind < len(words) and number + behind < len(schedule):
        if words[at + behind] != schedule[number + behind]:
            break
        behind += 1
    before = 0
    while before < min(at, number) and words[at - before - 1] == schedule[number - before - 1]:
        before += 1
    return before + behind


def _segments(data: bytes, begin: int, key: bytes) -> Iterator[tuple[int, int]]:
    """Where ``data`` holds round keys of ``key``, for either direction, block by block from ``begin`` on; joined.

    What is left of a round key before and behind them, half of which was overwritten, belongs to them.
    """
    round_keys = _round_keys(key)
    start = end = -1
    for place in range(begin, len(data) - BLOCK + 1, BLOCK):
        if data[place : place + BLOCK] not in round_keys:
            continue
        if place != end:
            if start >= 0:
                yield start - _left_before(data, start, round_keys), end + _left_behind(data, end, round_keys)
            start = place
        end = place + BLOCK
    if start >= 0:
        yield start - _left_before(data, start, round_keys), end + _left_behind(data, end, round_keys)


def _left_behind(data: bytes, end: int, round_keys: Iterable[bytes]) -> int:
    """How many bytes from index ``end`` on are the beginning of a round key."""
    alike = max(_alike(data[end : end + BLOCK], each) for each in round_keys)
    return alike if alike >= _WORD else 0


def _left_before(data: bytes, start: int, round_keys: Iterable[bytes]) -> int:
    """How many bytes before index ``start`` are the end of a round key."""
    before = data[max(0, start - BLOCK) : start][::-1]
    alike = max(_alike(before, each[::-1]) for each in round_keys)
    return alike if alike >= _WORD else 0


def _alike(one: bytes, other: bytes) -> int:
    """How many bytes both begin with."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _round_keys(key: bytes) -> set[bytes]:
    """All round keys of ``key``, plain and as decryption has them, with their words in either byte order."""
    words = expand(key)
    return {
        b"".join(word.to_bytes(_WORD, order) for word in kind[at : at + 4])
        for kind in (words, [unmixed(word) for word in words])
        for at in range(0, len(words), 4)
        for order in _ORDERS
    }
