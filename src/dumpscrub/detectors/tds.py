"""TDS (SQL Server): the LOGIN7 message, in which a password is obfuscated ([MS-TDS] 2.2.6.4).

Names of hosts, users, programs and
databases stay.
"""

from __future__ import annotations

from dumpscrub.detectors.binary import Piece, is_filler, u16, u32
from dumpscrub.detectors.material import Material
from dumpscrub.model import Confidence, SecretValue
from dumpscrub.search.obfuscated import LONGEST, revealed

VERSIONS = tuple(
    b"\0\0" + version.to_bytes(4, "little") for version in (0x71000001, 0x72090002, 0x730A0003, 0x730B0003, 0x74000004)
)
"""The upper half of the message's length, and the version, from 7.1 on."""

_LENGTH_BEFORE = 2
_HEADS = (86, 94)
"""Bytes before the first text: up to version 7.1, and from 7.2 on."""
_LONGEST = 128 * 1024
_TEXTS = (36, 40, 44, 48, 52, 60, 64, 68)
"""Where offset (16 bits) and characters (16 bits) of the texts stand: host, user, password, program, server, library,
language, database."""
_PASSWORD, _NEW_PASSWORD, _TICKET, _LONG_TICKET = 44, 86, 78, 90
_IN_LONG = 0xFFFF
_NTLM = b"NTLMSSP\0\1"
"""How a ticket begins that asks for a challenge and holds no secret."""
_MASKED = b"*"


def login(data: bytes, hit: int) -> Material | None:
    """The LOGIN7 message whose length and version are around ``hit``."""
    start = hit - _LENGTH_BEFORE
    size, head = u32(data, start), _head(data, start)
    if start < 0 or head not in _HEADS or not head <= size <= _LONGEST:
        return None
    if not all(_lies_within(data, start, field, size) for field in _TEXTS):
        return None
    passwords = [_text(data, start, _PASSWORD)]
    if head == _HEADS[-1]:
        passwords.append(_text(data, start, _NEW_PASSWORD))
    found = [piece for piece in passwords if _is_password(data, piece)]
    ticket = _ticket(data, start)
    segments = [(piece.start, min(piece.end, len(data))) for piece in (*found, *ticket)]
    if not segments:
        return None
    values = (revealed(piece.content(data)) for piece in found if not piece.is_cut(data))
    return Material(
        start,
        start + size,
        tuple(segments),
        Confidence.HIGH,
        tuple(SecretValue(value.encode("utf-8", "replace")) for value in values),
    )


def _head(data: bytes, start: int) -> int:
    """Bytes before the first text that is not empty: some clients give those that are no place."""
    return min((u16(data, start + field) for field in _TEXTS if u16(data, start + field + 2)), default=0)


def _lies_within(data: bytes, start: int, field: int, size: int) -> bool:
    return u16(data, start + field) + 2 * u16(data, start + field + 2) <= size


def _text(data: bytes, start: int, field: int) -> Piece:
    begin = start + u16(data, start + field)
    return Piece(begin, begin + 2 * max(0, u16(data, start + field + 2)))


def _is_password(data: bytes, piece: Piece) -> bool:
    """True where ``piece`` stands for a text, or the beginning of one."""
    content = piece.content(data)
    if not content.strip(_MASKED) or piece.end - piece.start > 2 * LONGEST:
        return False
    return revealed(content).isprintable()


def _ticket(data: bytes, start: int) -> list[Piece]:
    """What a client sends to log in as a user of Windows, without a password."""
    begin, size = start + u16(data, start + _TICKET), u16(data, start + _TICKET + 2)
    if size == _IN_LONG:
        size = u32(data, start + _LONG_TICKET)
    piece = Piece(begin, begin + size)
    content = piece.content(data)
    return [] if not 0 < size <= _LONGEST or is_filler(content) or content.startswith(_NTLM) else [piece]
