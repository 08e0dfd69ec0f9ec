"""Files of MIT Kerberos as programs read them: key tables and credential caches.

Their layouts: https://web.mit.edu/kerberos/krb5-latest/doc/formats/. Numbers are big-endian. The keys are marked;
principals and times stay, and the tickets in a cache are found as :mod:`dumpscrub.detectors.kerberos` tells.
"""

from __future__ import annotations

from collections.abc import Iterator

from dumpscrub.detectors.binary import Piece, is_filler, secrets
from dumpscrub.detectors.kerberos import KEY_BYTES
from dumpscrub.detectors.material import Material

KEY_TABLE = b"\5\2\0\0\0"
"""Version of a key table and the beginning of the first entry's size."""
CREDENTIAL_CACHE = bytes.fromhex("0504000c00010008")
"""Version 4 of a cache and its only header, the difference between clocks."""

_CACHE_HEAD = 16
_TIMES = 4 * 4 + 1 + 4
"""Bytes between a credential's key and its addresses: four times, a flag, the ticket's flags."""
_MOST_ENTRIES = 256
_MOST_COMPONENTS = 8
_MOST_LISTED = 64
_LONGEST_NAME = 256
_NONE = -1
"""In place of an index where what should stand there does not."""


def key_table(data: bytes, hit: int) -> Material | None:
    """The keys in the key table that begins at ``hit``: all of its entries whose sizes agree with each other."""
    pieces: list[Piece] = []
    at = hit + 2
    for _ in range(_MOST_ENTRIES):
        if at + 4 > len(data):
            break
        size = int.from_bytes(data[at : at + 4], "big", signed=True)
        key = _entry(data, at + 4, at + 4 + abs(size))
        if key is not None:
            pieces.append(key)
        elif size >= 0:  # what was deleted has a negative size, and may still hold its key
            break
        at += 4 + abs(size)
    return secrets(data, hit, pieces, proven=True) if pieces else None


def credential_cache(data: bytes, hit: int) -> Material | None:
    """The session keys in the credential cache that begins at ``hit``."""
    pieces: list[Piece] = []
    at = _behind_principal(data, hit + _CACHE_HEAD)
    for _ in range(_MOST_ENTRIES):
        at = _behind_principal(data, _behind_principal(data, at))
        if at == _NONE:
            break
        kind, size = _number(data, at, 2), _number(data, at + 2, 4)
        key = Piece(at + 6, at + 6 + size)
        if size and size == KEY_BYTES.get(kind):
            pieces.append(key)
        elif size > _LONGEST_NAME:
            break
        at = _behind_list(data, _behind_list(data, key.end + _TIMES))
        at = _behind_counted(data, _behind_counted(data, at))
    return secrets(data, hit, pieces, proven=True) if pieces else None


def _number(data: bytes, at: int, size: int) -> int:
    return int.from_bytes(data[at : at + size], "big")


def _behind_principal(data: bytes, at: int) -> int:
    """Where the principal at ``at`` ends: its type, how many components, the realm, the components."""
    count = _number(data, at + 4, 4) if at != _NONE else 0
    if not 0 < count <= _MOST_COMPONENTS:
        return _NONE
    at += 8
    for _ in range(count + 1):
        at = _behind_counted(data, at, _LONGEST_NAME)
    return at


def _behind_list(data: bytes, at: int) -> int:
    """Where a list of addresses or authorizations ends: how many, then a type and counted bytes for each."""
    if at == _NONE or at + 4 > len(data) or _number(data, at, 4) > _MOST_LISTED:
        return _NONE
    count, at = _number(data, at, 4), at + 4
    for _ in range(count):
        at = _behind_counted(data, at + 2 if at != _NONE else _NONE)
    return at


def _behind_counted(data: bytes, at: int, most: int = 1 << 16) -> int:
    """Where the bytes behind their length at ``at`` end; :data:`_NONE` where they do not end in ``data``."""
    if at == _NONE:
        return _NONE
    end = at + 4 + _number(data, at, 4)
    return end if at + 4 <= end <= min(len(data), at + 4 + most) else _NONE


def _entry(data: bytes, at: int, end: int) -> Piece | None:
    """The key in the entry ``[at, end)`` of a key table: principal, name type, time, version, type, key."""
    count = int.from_bytes(data[at : at + 2], "big")
    if not 0 < count <= _MOST_COMPONENTS:
        return None
    at += 2
    for name in _names(data, at, count + 1):
        if name is None:
            return None
        at = name.end
    at += 4 + 4 + 1
    kind, size = (int.from_bytes(data[place : place + 2], "big") for place in (at, at + 2))
    key = Piece(at + 4, at + 4 + size)
    fits = key.end <= end <= key.end + 4 and size == KEY_BYTES.get(kind)
    return key if fits and not is_filler(key.content(data)) else None


def _names(data: bytes, at: int, count: int) -> Iterator[Piece | None]:
    """``count`` texts behind their 16-bit lengths; None for what is none, after which nothing follows."""
    for _ in range(count):
        size = int.from_bytes(data[at : at + 2], "big")
        name = Piece(at + 2, at + 2 + size)
        if not 0 < size <= _LONGEST_NAME or name.is_cut(data) or not name.content(data).isascii():
            yield None
            return
        yield name
        at = name.end
