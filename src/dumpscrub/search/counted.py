"""Which texts have their length before them or a zero behind them, as programs keep texts: a first look, in columns.

Before a text of .NET, in a BSTR and in arrays of HotSpot and V8 stands in four bytes how many characters or bytes it
has; of PHP and Ruby in eight, of CPython 16 before bytes, 24 or 32 before a str. Before a block of glibc's malloc its
size stands, and before an array of Java's heap dumps (HPROF) its length, big-endian, and the type of its elements.

A text is known here by its whole words of eight bytes, so up to seven bytes more at its end are possible. Whoever takes
it compares the exact length.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dumpscrub.columns import Mask, Offsets

Words = npt.NDArray[np.uint64]

WORD = 8
HEAD = 5
"""Words before the first whole one of a text that are looked at: four, before a text that begins within the next."""
HPROF_CHARS, HPROF_BYTES = 5, 8
"""The types of an array's elements in the HPROF format that hold text."""
_HALF = np.uint64(32)
_BYTE = np.uint64(8)
_BITS = np.uint64(8 * WORD)
_FLAGS = np.uint64(7)
_BLOCK = (WORD, 3 * WORD + 2)
"""What a block of malloc may have more than the text: its header, a zero at the end, and what rounds it up to 16."""
_HIGH_BITS = np.uint64(0x8080808080808080)
_FROM_BLANK, _BEYOND_LAST = np.uint64(0x6060606060606060), np.uint64(0x0101010101010101)
"""What sets the highest bit of a byte below 0x80 from the blank on, or behind ``~``."""
_LOWER, _UPPER = np.uint64(0x00FF00FF00FF00FF), np.uint64(0xFF00FF00FF00FF00)
_WIDE_HIGH_BITS = np.uint64(0x8000800080008000)


def have_length(words: Words, firsts: Offsets, sizes: Offsets, room: Offsets, unit: int) -> Mask:
    """For each text whether before it may stand how long it is.

    ``firsts`` are the indices of first whole words, of which none is below :data:`HEAD`. ``sizes`` are the bytes known
    to be text from there on, of ``unit`` bytes a character, and ``room`` is how many more there may be.
    """
    low = words[firsts - 1]
    above = _before_text(low, unit)
    least, more = sizes.astype(np.uint64) + ((_BITS - above) >> np.uint64(3)), room.astype(np.uint64)
    heads: list[Words] = []
    for index in range(2, HEAD + 1):
        high, low = low, words[firsts - index]
        heads.append((low >> above) | (high << (_BITS - above)))
    kept = _is_size(heads[0] >> _HALF, least, more, unit) | _is_of_heap_dump(heads[0], least, more, unit)
    kept |= (heads[0] & ~_FLAGS) - (least + np.uint64(_BLOCK[0])) <= more + np.uint64(_BLOCK[1] - _BLOCK[0])
    for head in heads:
        kept |= _is_size(head, least, more, unit)
    return kept


def end_with_zero(words: Words, ends: Offsets, unit: int) -> Mask:
    """For each text whether a zero is what ends it; ``ends`` are the indices of the words behind its whole ones."""
    last = words[np.minimum(ends, len(words) - 1)]
    others = _no_text(last, unit)
    first = others & (~others + np.uint64(1))
    zero: Mask = last & ((first << np.uint64(1)) - (first >> np.uint64(8 * unit - 1))) == 0
    return zero


def _before_text(words: Words, unit: int) -> Words:
    """Of words that end with text at most, how many bits stand before that: at least those of one character."""
    # The exponent of the highest bit, which stands at the end of a byte: no rounding carries into the next one.
    return np.frexp(_no_text(words, unit).astype(np.float64))[1].astype(np.uint64)


def _no_text(words: Words, unit: int) -> Words:
    """The highest bit of each character in ``words`` that is not printable."""
    below = words & ~_HIGH_BITS
    others = ~(below + _FROM_BLANK) | (below + _BEYOND_LAST) | words
    if unit == 1:
        others &= _HIGH_BITS
    else:
        wide = (words & _UPPER) >> _BYTE
        others = ((others << _BYTE) | ((wide + _LOWER) << np.uint64(7))) & _WIDE_HIGH_BITS
    return others


def _is_size(numbers: Words, least: Words, room: Words, unit: int) -> Mask:
    """Which ``numbers`` are the bytes or characters of texts that have at least so many bytes and have ``room``."""
    flags: Mask = numbers - least <= room
    if unit > 1:
        flags |= numbers * np.uint64(unit) - least <= room
    return flags


def _is_of_heap_dump(heads: Words, least: Words, room: Words, unit: int) -> Mask:
    """Before which texts the header of an array of a heap dump ends: four bytes of length, big-endian, and a type.

    Of characters in UTF-16BE the first byte is zero, too, and the last one seems to be of what follows; behind bytes
    the tag of the next object looks like one more.
    """
    kind, end = (HPROF_BYTES, 0) if unit == 1 else (HPROF_CHARS, 8)
    head = heads << np.uint64(end)
    size = ((head >> np.uint64(48)) & np.uint64(0xFF)) * np.uint64(unit)
    flags: Mask = (head >> np.uint64(56) == kind) & ((head >> np.uint64(24)) & np.uint64(0xFFFFFF) == 0)
    flags &= size + np.uint64(1) - least <= room + np.uint64(unit + 1)
    return flags
