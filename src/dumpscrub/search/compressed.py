"""Data compressed by DEFLATE (RFC 1951) behind a header that tells it: gzip (RFC 1952), a member of a zip archive.

So stand bodies of HTTP answers, packages and backups in memory. Text in base64 that begins with ``H4sI`` is gzip, and
with ``UEsDB`` zip. The header of zlib (RFC 1950) is two bytes, which stand everywhere: it is looked for behind the head
of an HTTP answer and in streams of PDF, and at the beginning of base64, as in sessions of Flask and Django.
"""

from __future__ import annotations

import base64
import zlib
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from dumpscrub.model import Encoding
from dumpscrub.search.encoded import Code
from dumpscrub.search.literals import Literal

_GZIP, _ZIP = b"\x1f\x8b\x08", b"PK\x03\x04"
_ZLIB = (b"x\x01", b"x^", b"x\x9c", b"x\xda")
"""A window of 32 KiB, and each of four levels."""
_LEADS = (b"\r\n\r\n", b"stream\n", b"stream\r\n")
_ZLIB_IN_BASE64 = tuple(
    base64.b64encode(zlib_header + bytes((64 * third,)))[:3] for zlib_header in _ZLIB for third in range(4)
)
SIGNS: tuple[tuple[Literal, Code, Encoding], ...] = (
    (Literal(_GZIP), Code.DEFLATE, Encoding.BINARY),
    (Literal(_ZIP), Code.DEFLATE, Encoding.BINARY),
    (Literal(b"H4sI"), Code.BASE64, Encoding.UTF8),
    (Literal("H4sI".encode("utf-16-le")), Code.BASE64, Encoding.UTF16LE),
    (Literal(b"UEsDB"), Code.BASE64, Encoding.UTF8),
    (Literal("UEsDB".encode("utf-16-le")), Code.BASE64, Encoding.UTF16LE),
    *((Literal(text, edge=True), Code.BASE64, Encoding.UTF8) for text in _ZLIB_IN_BASE64),
    *((Literal(text.decode().encode("utf-16-le")), Code.BASE64, Encoding.UTF16LE) for text in _ZLIB_IN_BASE64),
    *((Literal(lead + zlib_header), Code.DEFLATE, Encoding.BINARY) for lead in _LEADS for zlib_header in _ZLIB),
)
"""What to search for, and what a hit of it says."""

_HAS_CRC, _HAS_EXTRA, _HAS_NAME, _HAS_COMMENT, _RESERVED = 2, 4, 8, 16, 0xE0
_SYSTEMS = {*range(14), 255}
_LONGEST_NAME = 1 << 12
WINDOW = 1 << 15
"""Bytes that came out before, of which what comes out next may be a copy."""
_FINE = 64
_AT_ONCE = 1 << 9
"""Compressed bytes that are expanded at a time: where some are damaged, what stands before these still comes out."""


def begins_with_zlib(data: bytes) -> bool:
    """True for data that may be a stream of zlib."""
    return data.startswith(_ZLIB)


def header(data: bytes) -> int:
    """How many bytes the header takes that ``data`` begins with, and what tells of it; 0 where it is none."""
    lead = next((len(lead) for lead in _LEADS if data.startswith(lead)), 0)
    if data.startswith(_ZLIB, lead):
        return lead + 2
    if data.startswith(_GZIP):
        return _of_gzip(data)
    if data.startswith(_ZIP) and data[8:10] == b"\x08\x00" and not data[6] & 1:
        return 30 + int.from_bytes(data[26:28], "little") + int.from_bytes(data[28:30], "little")
    return 0


def _of_gzip(data: bytes) -> int:
    if len(data) < 10 or data[3] & _RESERVED or data[8] not in {0, 2, 4} or data[9] not in _SYSTEMS:
        return 0
    flags, at = data[3], 10
    if flags & _HAS_EXTRA:
        at += 2 + int.from_bytes(data[at : at + 2], "little")
    for flag in (_HAS_NAME, _HAS_COMMENT):
        if flags & flag:
            end = data.find(b"\0", at, at + _LONGEST_NAME)
            if end < 0:
                return 0
            at = end + 1
    return at + 2 if flags & _HAS_CRC else at


class Extent:
    """How far compressed data goes that some bytes begin with, and what comes out up to where.

    No more than ``most`` bytes are expanded; ``is_all`` says whether there are no more, though some be damaged, and
    ``is_finished`` whether the data says itself that it ends there.
    """

    def __init__(self, data: bytes, most: int) -> None:
        self._data = data
        self._used, self._expanded = array("q", [0]), array("q", [0])
        self.is_finished = False
        for used, some, self.is_finished in _steps(data, most):
            self._used.append(used)
            self._expanded.append(self._expanded[-1] + len(some))
        self.size, self.expanded = self._used[-1], self._expanded[-1]
        self.is_all = self.expanded < most
        self._fine = lru_cache(_FINE)(self._from)
        self._asked = 0

    def needed(self, expanded: int) -> int:
        """How many compressed bytes hold the first so many bytes that come out.

        Where the data is cut, memory that follows may seem to go on with it: so it is found out to the byte, but for
        the sake of time after so many questions no longer.
        """
        if expanded >= self.expanded:
            return self.size
        step = bisect_left(self._expanded, expanded)
        self._asked += 1
        if step == 0 or self._asked > _FINE:
            return self._used[step]
        used, total = self._fine(step - 1)
        return self._used[step - 1] + used[bisect_left(total, expanded)]

    def before(self, expanded: int) -> int:
        """How many compressed bytes nothing is made of that comes out from the byte ``expanded`` on."""
        return self._used[max(0, bisect_right(self._expanded, max(0, expanded - WINDOW)) - 1)]

    def _from(self, step: int) -> tuple[array[int], array[int]]:
        """Behind that step by single bytes: how many of them were needed, and how many bytes have come out by then."""
        used, total = array("q", [0]), array("q", [self._expanded[step]])
        expander = _replayed(self._data, self._used[step])
        for at in range(self._used[step], min(self._used[step + 1], self._used[step] + _AT_ONCE)):
            total.append(total[-1] + len(expander.decompress(self._data[at : at + 1])))
            used.append(used[-1] + 1)
        return used, total


def expand(data: bytes, most: int) -> Iterator[bytes]:
    """What comes out of ``data``, some at a time, up to ``most`` bytes."""
    return (some for _, some, _ in _steps(data, most) if some)


def _steps(data: bytes, most: int) -> Iterator[tuple[int, bytes, bool]]:
    """How many bytes of ``data`` were needed so far, what came out since the last step, and whether that is the end."""
    expander, used, step = zlib.decompressobj(-zlib.MAX_WBITS), 0, _AT_ONCE
    while used < len(data) and most > 0 and not expander.eof:
        waiting = data[used : used + step]
        try:
            some = expander.decompress(waiting, most)
        except zlib.error:
            if step == 1:
                return
            # Once more, to get what stands before the damage: what went wrong cannot go on.
            expander, step = _replayed(data, used), 1
            continue
        used += len(waiting) - len(expander.unconsumed_tail) - len(expander.unused_data)
        most -= len(some)
        yield used, some, expander.eof


def _replayed(data: bytes, used: int) -> Any:
    """What expands compressed data, behind the first ``used`` bytes of it."""
    expander = zlib.decompressobj(-zlib.MAX_WBITS)
    for at in range(0, used, _AT_ONCE):
        expander.decompress(data[at : min(at + _AT_ONCE, used)])
    return expander
