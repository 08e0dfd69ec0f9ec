"""Where base64 or hexadecimal characters stand for text: found at several gigabytes a second, and without literals.

A secret in base64 has no anchor that a search for literals could look for: each has three spellings for the three
places at which it may begin, and a short one has none. So the code itself is looked for:

1. Of every eight bytes, are all of them characters from ``+`` to ``z``, or is every second one? And is every fourth
   character at most an ``f``, as the first one of a group that stands for ASCII is? Few words of a language are so.
2. Where such bytes follow each other, five groups of four base64 characters in a row must each stand for three bytes of
   ASCII, or twelve pairs of hexadecimal digits for one each or, in every second pair, for a zero.

A place is where such text begins, or goes on behind something else. Who takes it decodes what stands around it.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dumpscrub.model import Encoding
from dumpscrub.span import Span

Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_URL_SAFE = b"-_"
"""What base64url writes for the last two."""
_TEXT = 5
"""Groups of four characters that must stand for text: 15 bytes."""
_DOUBLES = 6
"""Groups of four hexadecimal digits that must: 12 bytes."""
_FIRST, _LAST_OF_FIRST, _LAST = np.uint8(ord("+")), np.uint8(ord("f")), np.uint8(ord("z"))
_BIT = tuple(np.uint8(number) for number in range(7))
_HEX = np.uint8(1 << 5)
_NONE = np.empty(0, np.int64)
_WORD = 8
_BLOCK = 1 << 17
MARGIN = 64
"""More bytes than make a place."""


class Code(enum.Enum):
    """How text is written down. ``group`` is how many characters stand for whole bytes, ``bits`` what each stands for.

    In text with signs, entities, backslashes or in quoted-printable (RFC 2045, 6.7) most characters stand for
    themselves. What a compressed byte stands for, all those before it decide.
    """

    BASE64 = ("base64", 4, 6)
    HEX = ("hexadecimal digits", 2, 4)
    PERCENT = ("percent signs", 1, 8)
    ENTITY = ("entities of XML", 1, 8)
    BACKSLASH = ("backslashes", 1, 8)
    QUOTED = ("quoted-printable", 1, 8)
    DEFLATE = ("compressed data", 1, 8)

    def __init__(self, label: str, group: int, bits: int) -> None:
        self.label = label
        self.group = group
        self.bits = bits


@dataclass(frozen=True, slots=True)
class Place:
    """Code that stands for text from file ``offset`` on, in characters of one ``encoding``."""

    offset: int
    code: Code
    encoding: Encoding


def look(view: memoryview, at: int, start: int, end: int) -> list[Place]:
    """The places that begin in the file's ``[start, end)``, of which ``view``, at file offset ``at``, shows a part.

    :data:`MARGIN` bytes more on both sides are enough to see what begins there.
    """
    inside = Span(start, end)
    part = _whole_words(np.frombuffer(view, np.uint8))
    return [place for candidates in _candidates(part) for place in _places(candidates, at, inside)]


def _whole_words(part: Bytes) -> Bytes:
    spare = -len(part) % _WORD
    return np.pad(part, (0, spare)) if spare else part


@dataclass(frozen=True, slots=True)
class _Shape:
    """How characters stand in a word of eight bytes: ``step`` bytes apart, from the byte ``first`` on.

    ``filled`` are the bits of a word of nothing but characters. ``phases`` says by the bits of those that can be the
    first of a group where in the word groups may begin. A run has at least ``least`` words.
    """

    first: int
    step: int
    least: int
    filled: int
    phases: bytes

    @classmethod
    def of(cls, first: int, step: int, least: int) -> _Shape:
        """The shape with what follows from the three."""
        bits = [0x80 >> at for at in range(first, _WORD, step)]
        begins = [sum(bits[phase::4]) for phase in range(4)]
        phases = (sum((word & begin == begin) << phase for phase, begin in enumerate(begins)) for word in range(256))
        return cls(first, step, least, sum(bits), bytes(phases))


_SHAPES = (_Shape.of(0, 1, 2), _Shape.of(0, 2, 4), _Shape.of(1, 2, 4))


@dataclass(frozen=True, slots=True, eq=False)
class _Candidates:
    """The ``classes`` of characters that may be code. They stand in the ``words`` of a part, by number.

    Runs follow each other, with what bounds each of them at its end.
    """

    classes: Bytes
    encoding: Encoding
    words: Places
    shape: _Shape

    def offsets(self, numbers: Places) -> Places:
        """Where in the part the characters of these numbers stand."""
        step = self.shape.step
        word, within = np.divmod(numbers, _WORD // step)
        found: Places = self.words[word] * _WORD + within * step + self.shape.first
        return found


def _places(candidates: _Candidates, at: int, inside: Span) -> Iterator[Place]:
    """The places that begin ``inside`` a part of the file, among the candidates of the block at file offset ``at``."""
    for code, begins in ((Code.BASE64, _base64(candidates.classes)), (Code.HEX, _hex(candidates.classes))):
        for offset in candidates.offsets(begins).tolist():
            if at + offset in inside:
                yield Place(at + offset, code, candidates.encoding)


def _candidates(part: Bytes) -> Iterator[_Candidates]:
    """The characters of ``part`` that may be code: of one byte, and of two from an even or odd offset on."""
    words = part.view(np.uint64)
    any_of, first_of = _answers(part)
    for shape in _SHAPES:
        filled = np.flatnonzero(any_of == shape.filled)
        phases = np.frombuffer(first_of[filled].tobytes().translate(shape.phases), np.uint8)
        chosen = _runs(filled, phases, shape.least, len(words))
        if not len(chosen):
            continue
        units = words[chosen].view(np.uint8)
        if shape.step == 1:
            yield _Candidates(_classify(units), Encoding.UTF8, chosen, shape)
        else:
            high, low = units[1 - shape.first :: 2], units[shape.first :: 2]
            classes = np.where(high == 0, _classify(low), 0).astype(np.uint8)
            yield _Candidates(classes, Encoding.UTF16LE, chosen, shape)


def _answers(part: Bytes) -> tuple[Bytes, Bytes]:
    """A bit for each byte: whether it is in the range of code, and whether the first of a group can be."""
    any_of, first_of = (np.empty(len(part) // _WORD, np.uint8) for _ in range(2))
    # Nothing is allocated for each block.
    moved, below = np.empty(_BLOCK, np.uint8), np.empty(_BLOCK, np.bool_)
    for at in range(0, len(part), _BLOCK):
        size = min(_BLOCK, len(part) - at)
        words = slice(at // _WORD, (at + size) // _WORD)
        np.subtract(part[at : at + size], _FIRST, out=moved[:size])
        for last, answers in ((_LAST, any_of), (_LAST_OF_FIRST, first_of)):
            np.less_equal(moved[:size], last - _FIRST, out=below[:size])
            answers[words] = np.packbits(below[:size])
    return any_of, first_of


def _runs(filled: Places, phases: Bytes, least: int, count: int) -> Places:
    """The words that belong to ``least`` of them that share a phase and follow each other, and one on each side.

    ``filled`` are the words, of ``count``, that have ``phases``.
    """
    if len(filled) < least:
        return _NONE
    size = len(filled) - least + 1
    shared = phases[:size].copy()
    for step in range(1, least):
        shared &= phases[step : step + size]
    starts = filled[:size][(shared != 0) & (filled[least - 1 :] - filled[:size] == least - 1)]
    if not len(starts):
        return _NONE
    around = np.zeros(count + 2, np.bool_)
    for step in range(least + 2):
        around[starts + step] = True
    return np.flatnonzero(around[1:-1])


def _classify(characters: Bytes) -> Bytes:
    return np.frombuffer(characters.tobytes().translate(_CLASSES), np.uint8)


def _base64(classes: Bytes) -> Places:
    """Where base64 of text begins in characters of these ``classes``."""
    count = len(classes) - 3
    if count < 4 * _TEXT:
        return _NONE
    groups = classes[:count] & (classes[1:-2] >> _BIT[1]) & (classes[2:-1] >> _BIT[2]) & (classes[3:] >> _BIT[3])
    groups &= _BIT[1]
    return _begins(groups, 4, _TEXT)


def _hex(classes: Bytes) -> Places:
    """Where hexadecimal digits of text begin, in which every second character may be a zero byte."""
    count = len(classes) - 3
    if count < 4 * _DOUBLES or not (np.packbits(classes & _HEX != 0) == 0xFF).any():
        return _NONE
    printable = (classes[:-1] >> _BIT[4]) & (classes[1:] >> _BIT[5])
    zero = (classes[2:-1] & classes[3:]) >> _BIT[6]
    return _begins(printable[:count] & (printable[2:] | zero) & _BIT[1], 4, _DOUBLES)


def _begins(groups: Bytes, size: int, least: int) -> Places:
    """Where ``least`` groups of ``size`` characters follow each other, and no such stretch goes on from before."""
    stretch = groups[: len(groups) - size * (least - 1)].copy()
    for number in range(1, least):
        stretch &= groups[size * number : size * number + len(stretch)]
    stretch[size:] &= ~stretch[:-size]
    return np.flatnonzero(stretch)


def _classes() -> bytes:
    """By character: bits 0 to 3, that it may be the first to fourth of four that stand for ASCII; bits 4 and 5, that it
    may be the first and second hexadecimal digit of a printable character; bit 6, that it is a zero.
    """
    classes = np.zeros(256, np.uint8)
    for value, character in (*enumerate(ALPHABET), *zip((62, 63), _URL_SAFE, strict=True)):
        classes[character] = (value < 32) | (not value & 8) << 1 | (not value & 2) << 2 | 1 << 3
    for character in b"0123456789abcdefABCDEF":
        classes[character] |= (chr(character) in "234567") << 4 | 1 << 5 | (character == ord("0")) << 6
    return classes.tobytes()


_CLASSES = _classes()
