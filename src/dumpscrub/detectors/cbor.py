"""CBOR (RFC 8949): whether a short text is the key of a map.

The length of a short text is part of its first byte, which reads as a letter. So lengths alone prove nothing, and the
map around it has to be found: items are read from what may be its beginning, and counted.
"""

from __future__ import annotations

import re
from itertools import islice

BEFORE = 256
"""Bytes before a key in which the beginning of its map is looked for."""
_MAPS = frozenset((*range(0xA1, 0xB9), 0xBF))
"""First bytes of maps: of up to 23 pairs, with their number in one byte behind it, of any number."""
_KEYS = range(0x61, 0x7A)
"""First bytes of texts."""
_BYTES, _STRING, _ARRAY, _MAP, _TAG = 2, 3, 4, 5, 6
_ARGUMENTS = {24: 1, 25: 2, 26: 4, 27: 8}
"""Bytes of an item's number, where it is no part of the first byte."""
_DIRECT, _OPEN = 24, 31
_ENDLESS = 1 << 62
_BREAK = 0xFF
_MOST_MAPS, _MOST_ITEMS = 8, 64
_TEXT = re.compile(rb"[\t\r\n\x20-\x7e\x80-\xff]*")


def is_key(data: bytes, name: int, value: bytes) -> bool:
    """True where the short text whose content begins at index ``name`` is the key of ``value`` in a map.

    Among small letters everything reads as short texts, so a value of those alone is none.
    """
    if value.isalpha() and value.islower():
        return False
    head = name - 1
    maps = (at for at in range(head - 1, max(-1, head - BEFORE), -1) if data[at] in _MAPS)
    return any(_leads_to(data, at, head) for at in islice(maps, _MOST_MAPS))


def _leads_to(data: bytes, at: int, head: int) -> bool:
    """True where the items of a map at ``at`` lead to ``head`` as one of its keys, or one of a map in it."""
    # What is missing to fill each open map (an even number: a key is next) and array (a negative one).
    missing: list[int] = []
    for _ in range(_MOST_ITEMS):
        item = _item(data, at)
        if item is None:
            return False
        kind, number, at = item
        _count(missing, kind, number)
        if not missing or at > head:
            return False
        if at == head:
            return missing[-1] > 0 and missing[-1] % 2 == 0
    return False


def _item(data: bytes, at: int) -> tuple[int, int, int] | None:
    """Kind and number of the item at ``at``, and where the next one begins; None for what is none. -1 is a break."""
    if at >= len(data):
        return None
    first = data[at]
    if first == _BREAK:
        return -1, 0, at + 1
    kind, number = first >> 5, first & 31
    width = _ARGUMENTS.get(number, 0)
    if number >= _DIRECT and not width and (number != _OPEN or kind not in (_ARRAY, _MAP)):
        return None
    end = at + 1 + width
    if width:
        number = int.from_bytes(data[at + 1 : end], "big")
    elif number == _OPEN:
        number = _ENDLESS
    if kind in (_BYTES, _STRING):
        if kind == _STRING and not _TEXT.fullmatch(data, end, end + number):
            return None
        end += number
    # A map here has at least one pair, and a text as its first key.
    is_odd = kind == _MAP and (end >= len(data) or data[end] not in _KEYS)
    return None if is_odd else (kind, number, end)


def _count(missing: list[int], kind: int, number: int) -> None:
    """Note an item: one fewer is missing where it stands, and more where it holds others."""
    if kind == -1:
        del missing[-1:]
    elif missing and kind != _TAG:
        missing[-1] += 1 if missing[-1] < 0 else -1
    if kind == _MAP:
        missing.append(2 * number)
    elif kind == _ARRAY and number:
        missing.append(-number)
    while missing and not missing[-1]:
        missing.pop()
