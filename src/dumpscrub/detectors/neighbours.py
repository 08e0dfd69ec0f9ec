"""Secrets in the block of memory behind the one that holds their name, as malloc gave both out one after another.

A program that reads settings copies each name and each value. glibc's malloc puts the size of a block before it, with
three flags in its lowest bits, and blocks follow each other without a gap; so the size of the name's block says where
the value's begins, and each size has to be the one that malloc makes for the text (sysmalloc and malloc_chunk in
glibc's ``malloc/malloc.c``; the same on all 64-bit platforms).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from dumpscrub.detectors.base import Anchor, Match
from dumpscrub.detectors.names import is_secret_name
from dumpscrub.detectors.pattern import Judgement, judge_of, text_anchors
from dumpscrub.model import Encoding
from dumpscrub.rules.schema import Rule
from dumpscrub.search.windows import Window

NAMES = ("neighbouring-block",)
_LONGEST_NAME, _LONGEST_VALUE = 64, 512
_SIZE = 8
"""Bytes of the size before a block."""
_STEP, _LEAST = 16, 32
_FLAGS, _MAPPED = 7, 2
_BEFORE, _AFTER = _LONGEST_NAME + _SIZE, _LONGEST_NAME + _LONGEST_VALUE + 4 * _STEP
_NAME = re.compile(rb"[A-Za-z_][\w.:/-]{2,63}")
_NAME_BYTES = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.:/"
_VALUE = re.compile(rb"[\x20-\x7e]{6,511}(?=\x00)")


@dataclass(frozen=True, slots=True)
class NeighbourDetector:
    """Finds the text in the block behind a block that holds the name of a secret and nothing else."""

    rule: Rule
    anchors: tuple[Anchor, ...]
    before: int
    after: int
    judge: Callable[[bytes, bytes], Judgement] = field(repr=False)

    def verify(self, window: Window) -> tuple[Match, ...]:
        place = find(window.text, window.anchor)
        secret = window.text[slice(*place)] if place else b""
        if place is None or not secret.strip(b"*"):
            return ()
        judgement = self.judge(secret, secret)
        return (Match((window.raw(*place),), judgement.confidence, judgement.values, judgement.suppressed),)


def build(rule: Rule) -> NeighbourDetector:
    """The detector of ``rule``. Raises RuleError for an unknown validator or decoder, and for anchors beyond ASCII."""
    plain = tuple(anchor for anchor in text_anchors(rule) if anchor.encoding is Encoding.UTF8)
    return NeighbourDetector(rule, plain, _BEFORE, _AFTER, judge_of(rule))


def find(text: bytes, at: int) -> tuple[int, int] | None:
    """Where the value stands in ``text`` whose name is around index ``at``; None where no blocks hold both."""
    head = text[max(0, at - _LONGEST_NAME) : at]
    start = at - len(head) + len(head.rstrip(_NAME_BYTES))
    name = _NAME.match(text, start)
    if name is None or text[name.end() : name.end() + 1] != b"\0" or start < _SIZE:
        return None
    size = _block(text, start, len(name[0]))
    if not size or not is_secret_name(name[0].decode("ascii")):
        return None
    value = _VALUE.match(text, start + size)
    return value.span() if value and _block(text, value.start(), len(value[0])) else None


def _block(text: bytes, start: int, length: int) -> int:
    """The size of the block that begins at ``start``; 0 where it is none of a text of ``length`` characters.

    A rest of one step is not divided from a block that is given out again.
    """
    stated = int.from_bytes(text[start - _SIZE : start], "little")
    size = stated & ~_FLAGS
    needed = max(_LEAST, -(-(length + 1 + _SIZE) // _STEP) * _STEP)
    return size if size - needed in {0, _STEP} and not stated & _MAPPED else 0
