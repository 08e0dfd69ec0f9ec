"""Secrets in the block or array behind the one that holds their name, as a program made both one after another.

A program that reads settings copies each name and each value. What stands before both says how long they are:

* glibc's malloc puts the size of a block before it, with three flags in its lowest bits, and blocks follow each other
  without a gap (malloc_chunk in glibc's ``malloc/malloc.c``, on 64-bit platforms). So the size of the name's block says
  where the value's begins, and each size has to be the one that malloc makes for the text.
* The text of a Java string is an array of bytes: mark word, class and length (HotSpot's ``arrayOop.hpp``, with
  compressed class pointers). The value's array begins at the next multiple of eight, or behind the string's object, and
  is of the same class.
* An array of bytes of .NET is a word of the object's header, a pointer to the class, the length and the bytes (the
  runtime's ``botr/type-loader.md`` and ``object.h``, on 64-bit platforms). So stand the arguments of a child process,
  switches among them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from dumpscrub.detectors.base import Match
from dumpscrub.detectors.names import is_secret_name, telling_words
from dumpscrub.detectors.pattern import JudgingDetector, judge_of, text_anchors
from dumpscrub.model import Encoding
from dumpscrub.rules.schema import Rule
from dumpscrub.search.windows import Window

NAMES = ("neighbouring-block",)
_LONGEST_NAME, _LONGEST_VALUE = 64, 512
_SIZE = 8
"""Bytes of the size before a block."""
_STEP, _LEAST = 16, 32
_FLAGS, _MAPPED = 7, 2
_BEFORE, _AFTER = _LONGEST_NAME + 2 * _SIZE, _LONGEST_NAME + _LONGEST_VALUE + 8 * _STEP
_JAVA_HEADER, _JAVA_ALIGNED = 16, 8
_JAVA_BETWEEN = (0, 24)
"""Bytes between both arrays: none, or the object of the name's string."""
_JAVA_LOCKS, _JAVA_UNLOCKED = 3, 1
_NET_HEADER, _MOST_DASHES = 16, 2
_NAME = re.compile(rb"[A-Za-z_][\w.:/-]{2,63}")
_NAME_BYTES = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.:/"
_VALUE = re.compile(rb"[\x20-\x7e]{6,511}")
_LAST = frozenset(
    ("password", "passwd", "passphrase", "passcode", "pass", "pwd", "pw", "secret", "token", "key", "credential")
)
_NET_VALUE = re.compile(rb"[\x20-\x7e\x80-\xff]{6,511}")
_NO_VALUE = re.compile(
    rb"/?[A-Za-z][\w-]*(?:[./$:][\w-]+)+(?:[ ][\w.]+)?"  # a class, a path, an algorithm by its number
    rb"|(?i:.*(?:hmac|tls|pbe|sha\d|md5|secp\d|chacha).*)"
)
"""What names things, and stands beside names of keys in tables of settings and of algorithms."""


@dataclass(frozen=True, slots=True)
class NeighbourDetector(JudgingDetector):
    """Finds the text in the block or array behind one that holds the name of a secret and nothing else."""

    def verify(self, window: Window) -> tuple[Match, ...]:
        place = find(window.text, window.anchor)
        secret = window.text[slice(*place)] if place else b""
        if place is None or not secret.strip(b"*"):
            return ()
        judgement = self.judge(secret, secret)
        if _NO_VALUE.fullmatch(secret):
            judgement = replace(judgement, values=(), suppressed="name")
        return (Match((window.raw(*place),), judgement.confidence, judgement.values, judgement.suppressed),)


def build(rule: Rule) -> NeighbourDetector:
    """The detector of ``rule``. Raises RuleError for an unknown validator or decoder, and for anchors beyond ASCII."""
    plain = tuple(anchor for anchor in text_anchors(rule) if anchor.encoding is Encoding.UTF8)
    return NeighbourDetector(rule, plain, _BEFORE, _AFTER, judge_of(rule))


def find(text: bytes, at: int) -> tuple[int, int] | None:
    """Where the value stands in ``text`` whose name is around index ``at``; None where nothing says that it does."""
    head = text[max(0, at - _LONGEST_NAME) : at]
    start = at - len(head) + len(head.rstrip(_NAME_BYTES))
    start += len(text[start:at]) - len(text[start:at].lstrip(b"-"))
    name = _NAME.match(text, start)
    if name is None or start < _SIZE:
        return None
    if _is_net_array(text, _without_dashes(text, start), name.end()):
        return _next_net_array(text, _without_dashes(text, start), name.end()) if _tells(name[0].decode()) else None
    size = _block(text, start, len(name[0])) if text[name.end() : name.end() + 1] == b"\0" else 0
    is_array = not size and _is_array(text, start, len(name[0]))
    if not (size or is_array) or not _tells(name[0].decode("ascii")):
        return None
    return _next_array(text, start, name.end()) if is_array else _next_block(text, start + size)


def _tells(name: str) -> bool:
    """True for the name of a secret that ends with what it is: many others in tables only hold a word."""
    last = telling_words(name)[-1:]
    return is_secret_name(name) and any(word.removesuffix("s") in _LAST or word in _LAST for word in last)


def _next_block(text: bytes, start: int) -> tuple[int, int] | None:
    value = _VALUE.match(text, start)
    is_whole = value and text[value.end() : value.end() + 1] == b"\0" and _block(text, start, len(value[0]))
    return value.span() if value and is_whole else None


def _is_array(text: bytes, start: int, length: int) -> bool:
    """True where the header of a Java array of ``length`` bytes stands before ``start``, with no lock in its mark."""
    return (
        start >= _JAVA_HEADER
        and int.from_bytes(text[start - 4 : start], "little") == length
        and text[start - _JAVA_HEADER] & _JAVA_LOCKS == _JAVA_UNLOCKED
        and any(text[start - 8 : start - 4])
    )


def _next_array(text: bytes, start: int, end: int) -> tuple[int, int] | None:
    """The text of the next array of the class of the one at ``start``, which stands at a multiple of eight."""
    following = end + -(end - start) % _JAVA_ALIGNED + _JAVA_HEADER
    for first in (following + between for between in _JAVA_BETWEEN):
        if text[first - 8 : first - 4] != text[start - 8 : start - 4]:
            continue
        value = _VALUE.match(text, first, first + int.from_bytes(text[first - 4 : first], "little"))
        return value.span() if value and _is_array(text, first, len(value[0])) else None
    return None


def _without_dashes(text: bytes, start: int) -> int:
    """Where the switch begins whose name stands at ``start``."""
    dashes = text[max(0, start - _MOST_DASHES) : start]
    return start - len(dashes) + len(dashes.rstrip(b"-"))


def _is_net_array(text: bytes, start: int, end: int) -> bool:
    """True where the header of an array of .NET stands before ``start`` that ends at ``end``: its class and length."""
    head = text[start - _NET_HEADER : start] if start >= _NET_HEADER else b""
    return head[_SIZE:] == (end - start).to_bytes(_SIZE, "little") and any(head[:6]) and not any(head[6:_SIZE])


def _next_net_array(text: bytes, start: int, end: int) -> tuple[int, int] | None:
    """The text of the array of the same class behind the one at ``[start, end)``, past the header of its object."""
    following = end + -(end - start) % _SIZE + _SIZE + _NET_HEADER
    if text[following - _NET_HEADER : following - _SIZE] != text[start - _NET_HEADER : start - _SIZE]:
        return None
    stated = int.from_bytes(text[following - _SIZE : following], "little")
    value = _NET_VALUE.match(text, following, following + stated)
    return value.span() if value and _is_net_array(text, *value.span()) else None


def _block(text: bytes, start: int, length: int) -> int:
    """The size of the block that begins at ``start``; 0 where it is none of a text of ``length`` characters.

    A rest of one step is not divided from a block that is given out again.
    """
    stated = int.from_bytes(text[start - _SIZE : start], "little")
    size = stated & ~_FLAGS
    needed = max(_LEAST, -(-(length + 1 + _SIZE) // _STEP) * _STEP)
    return size if size - needed in {0, _STEP} and not stated & _MAPPED else 0
