"""NTLM: the message in which a client proves that it knows the password ([MS-NLMP] 2.2.1.3, AUTHENTICATE_MESSAGE).

The responses allow to guess the password offline, and the session key opens what it protects. Both are marked; domain,
user and workstation stay.
"""

from __future__ import annotations

from dumpscrub.detectors.binary import ABSENT, Piece, secrets, u16, u32
from dumpscrub.detectors.material import Material

MESSAGE = b"NTLMSSP\0\3\0\0\0"
"""How the message begins: signature and type."""

_FIELDS = {"lm": 12, "nt": 20, "domain": 28, "user": 36, "workstation": 44, "session key": 52}
"""Where the length (twice, 16 bits) and offset (32 bits) of each field stand."""
_HEAD = 60
_SECRET = ("lm", "nt", "session key")
_LM_BYTES = (0, 1, 24)
_SESSION_KEY_BYTES = (0, 16)
_FARTHEST = 1 << 16


def message(data: bytes, hit: int) -> Material | None:
    """The message that begins at ``hit``."""
    places: dict[str, tuple[int, int]] = {}
    for name, at in _FIELDS.items():
        length, most, offset = u16(data, hit + at), u16(data, hit + at + 2), u32(data, hit + at + 4)
        if ABSENT in {length, most, offset}:
            break
        if length > most or (length and not _HEAD <= offset <= _FARTHEST):
            return None
        places[name] = hit + offset, length
    if "nt" not in places or places["lm"][1] not in _LM_BYTES or 0 < places["nt"][1] < _LM_BYTES[-1]:
        return None
    if places.get("session key", (0, 0))[1] not in _SESSION_KEY_BYTES:
        return None
    found = sorted(places[name] for name in _SECRET if name in places and places[name][1] > 1)
    pieces = [Piece(start, start + length) for start, length in found]
    return secrets(data, hit, pieces, proven=True) if pieces else None
