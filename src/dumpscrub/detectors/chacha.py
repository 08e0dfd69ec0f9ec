"""States of ChaCha20 (RFC 8439) and Salsa20: constants, key, counter and nonce, in 64 bytes as both keep them.

The constants also stand in every program that knows these ciphers. What follows there is code, text or tables; in a
state it is a key, which is random, and a counter, which is low.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dumpscrub.detectors.base import Anchor, Match
from dumpscrub.model import Confidence, Encoding, SecretValue
from dumpscrub.rules.schema import Rule
from dumpscrub.search.windows import Window

_STATE = 64
_LONG, _SHORT = b"expand 32-byte k", b"expand 16-byte k"
_SALSA = (b"2-by", b"6-by")
"""The third word of Salsa20's constants, which stand in the diagonal of its state, for long and short keys."""
_THIRD = 40
_MOST_BLOCKS = 1 << 24
"""Blocks after which a counter is no longer taken for one: a gigabyte."""
_SHORT_KEY = 16
_FEWEST_DIFFERENT = {16: 12, 32: 22}
"""Of so many random bytes at least so many differ; the odds against are one in a million."""

Reader = Callable[[bytes, int], tuple[tuple[int, int], ...]]


@dataclass(frozen=True, slots=True)
class ChaChaDetector:
    """Finds the states of both ciphers."""

    rule: Rule
    anchors: tuple[Anchor, ...]
    before: int
    after: int

    def verify(self, window: Window) -> Iterator[Match]:
        data, hit = window.data, window.hit
        is_salsa = data.startswith(_SALSA, hit)
        start = hit - _THIRD if is_salsa else hit
        segments = _salsa(data, start) if is_salsa else _chacha(data, start)
        parts = [data[begin:end] for begin, end in segments]
        if not parts or not all(_is_random(part) for part in parts if len(part) >= _SHORT_KEY):
            return
        confidence = Confidence.HIGH if start + _STATE <= len(data) else Confidence.MEDIUM
        yield Match(segments, confidence, _values(b"".join(parts)))


def build(rule: Rule) -> ChaChaDetector:
    """The detector of a rule for states."""
    anchors = tuple(Anchor(literal, Encoding.BINARY) for literal in (_LONG, _SHORT, *_SALSA))
    return ChaChaDetector(rule, anchors, _THIRD, _STATE)


NAMES = ("chacha-state",)


def _chacha(data: bytes, start: int) -> tuple[tuple[int, int], ...]:
    """Where the key stands: eight words behind the constants, before the counter; half of it, where memory ends."""
    counter = int.from_bytes(data[start + 48 : start + 52], "little")
    if len(data) < start + 16 + _SHORT_KEY or counter > _MOST_BLOCKS:
        return ()
    return ((start + 16, min(start + 48, len(data))),)


def _salsa(data: bytes, start: int) -> tuple[tuple[int, int], ...]:
    """Where the key stands: four words behind the first constant, and four before the last one, as far as it is there.

    Memory may end behind the third constant, which the state is found by.
    """
    if start < 0:
        return ()
    constants = b"".join(data[start + at : start + at + 4] for at in (0, 20, 40, 60))
    counter = int.from_bytes(data[start + 32 : start + 40], "little")
    if not (_LONG.startswith(constants) or _SHORT.startswith(constants)) or counter > _MOST_BLOCKS:
        return ()
    parts = (start + 4, start + 20), (start + 44, min(start + 60, len(data)))
    return tuple((begin, end) for begin, end in parts if begin < end)


def _values(key: bytes) -> tuple[SecretValue, ...]:
    """The key of a state, if it is whole; a short one stands twice."""
    if len(key) < 2 * _SHORT_KEY:
        return ()
    short = key[:_SHORT_KEY]
    return (SecretValue(short if short * 2 == key else key, binary=True),)


def _is_random(key: bytes) -> bool:
    high = sum(byte >> 7 for byte in key)
    is_short = len(key) < 2 * _SHORT_KEY or key[:_SHORT_KEY] == key[_SHORT_KEY:]
    different = len(set(key)) >= _FEWEST_DIFFERENT[_SHORT_KEY if is_short else len(key)]
    return different and len(key) // 8 < high < len(key) - len(key) // 8
