"""Whether a few bytes look random all over, as keys do: those of programs, texts, tables and pointers do not."""

from __future__ import annotations

from math import sqrt

_WORD = 4
_SMALL = 0xFFFF
_SIGMAS = 4
"""How far from its mean a random count may be: of keys, one in some thousand is taken for something else."""
_CLASSES = bytes(0x20 if 0x20 <= byte < 0x7F else 0 for byte in range(256))
_PRINTABLE = _CLASSES.count(0x20) / 256
_MOST_ZEROS = 8
"""Zero bytes at either end, where a number has fewer digits than its place."""
_TEXT = b" " * 12
"""Printable characters in a row that are text."""


def looks_random(data: bytes) -> bool:
    """True for bytes that are as different from each other as random ones. Few have to be 14 or more."""
    number = data.strip(b"\0")
    if len(number) < len(data) - _MOST_ZEROS or len(number) < 14:
        return False
    return _is_diverse(number) and not _is_text(number) and not _is_table(data)


def _is_diverse(data: bytes) -> bool:
    """True where few bytes are repeated and about half of all bits are set."""
    count = len(data)
    repeats = count * (count - 1) / 512
    ones = int.from_bytes(data, "big").bit_count()
    high = sum(byte >> 7 for byte in data)
    return (
        count - len(set(data)) <= repeats + _SIGMAS * sqrt(repeats) + 1
        and abs(ones - 4 * count) <= _SIGMAS * sqrt(2 * count)
        and abs(high - count / 2) <= _SIGMAS * sqrt(count / 4)
    )


def _is_text(data: bytes) -> bool:
    """True where many bytes are printable, or some in a row."""
    classes = data.translate(_CLASSES)
    mean = len(data) * _PRINTABLE
    return classes.count(b" ") > mean + _SIGMAS * sqrt(mean * (1 - _PRINTABLE)) or _TEXT in classes


def _is_table(data: bytes) -> bool:
    """True where words of 32 bits are small or repeated, or a byte of each word is mostly the same one."""
    words = [data[at : at + _WORD] for at in range(0, len(data) - _WORD + 1, _WORD)]
    inner = words[2:-2] if len(words) > 5 else words[1:-1]
    if any(int.from_bytes(word, "little") <= _SMALL for word in inner) or len(set(inner)) < len(inner):
        return True
    return any(_is_column(data[place::step]) for step in (_WORD, 2 * _WORD) for place in range(step))


def _is_column(column: bytes) -> bool:
    """True where three bytes or more have half as many values at the most."""
    return len(column) > 2 and len(set(column)) <= len(column) // 2
