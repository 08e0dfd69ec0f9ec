"""Symmetric keys as the providers of CNG and CryptoAPI hold them behind a handle, in one piece.

In CNG such a key begins with its size, the tag ``KSSM`` and a type: the interface (1, ciphers) and the algorithm.
Behind that, the versions of Windows differ: mode, block length, length of the key in bits, a pointer, the last block;
then come the key's size in bytes and the key itself. These places are known from public analyses (mimikatz, pypykatz).

Wine's provider of CryptoAPI begins a key with a magic number and counts references (its rsaenh.c): the algorithm, the
provider, modes, sizes, what the cipher computed of the key, then the key itself.
"""

from __future__ import annotations

from dumpscrub.detectors.binary import Piece, is_filler, lay_out, secrets, u32, u32s
from dumpscrub.detectors.capi import is_key_size
from dumpscrub.detectors.material import Material

CNG = b"KSSM"
WINE = bytes.fromhex("57046273")
BEFORE = 4
"""Bytes before the tag: the size of the structure."""

_SIZE_PLACES = (24, 32, 40, 52, 56, 60)
"""Where the key's size may stand: Windows 7; 8 of 32 and 64 bits; 8.1 and later, of 32 and 64 bits; late 10 and 11."""
_KEY_BYTES = range(5, 65)
_STRUCTURE_BYTES = range(64, 1 << 16)
_CIPHERS = 1
_ALIGNED = 4


_WINE_LAYOUTS = ((16, 44, 64), (12, 32, 52))
"""Places of the algorithm, the key's size and the cipher's state; in 64-bit processes and in 32-bit ones."""
_WINE_STATE = 768


def cng_key(data: bytes, hit: int) -> Material | None:
    """The key whose tag is at ``hit``."""
    start = hit - BEFORE
    size, kind = u32(data, start), u32(data, hit + 4)
    if size not in _STRUCTURE_BYTES or kind >> 16 != _CIPHERS:
        return None
    found = [piece for place in _SIZE_PLACES if (piece := _key_at(data, start, place, size)) is not None]
    if not found:
        return None
    named = [piece for piece in found if _is_named(data, start, piece)]
    return secrets(data, start, named[:1] or found[:1], proven=bool(named))


def wine_key(data: bytes, hit: int) -> Material | None:
    """The key of Wine's CryptoAPI whose magic is at ``hit``: the key, and the round keys that were made of it."""
    for algorithm_at, size_at, state_at in _WINE_LAYOUTS:
        algorithm, size = u32(data, hit + algorithm_at), u32(data, hit + size_at)
        if not is_key_size(algorithm, size):
            continue
        state, key = lay_out(hit + state_at, (_WINE_STATE, size))
        used = len(state.content(data).rstrip(b"\0"))
        return secrets(data, hit, [Piece(state.start, state.start + used), key], proven=True)
    return None


def _key_at(data: bytes, start: int, place: int, whole: int) -> Piece | None:
    """The key whose size stands at ``place``; None where what stands there is no size or no key follows."""
    size = u32(data, start + place)
    if size not in _KEY_BYTES or place + _ALIGNED + size > whole:
        return None
    key_start = start + place + _ALIGNED
    content = data[key_start : key_start + size]
    return None if is_filler(content) or bytes(_ALIGNED) in content else Piece(key_start, key_start + size)


def _is_named(data: bytes, start: int, piece: Piece) -> bool:
    """True where one of the numbers before the key is its length in bits."""
    numbers = u32s(data, start + 12, (piece.start - _ALIGNED - start - 12) // 4)
    return 8 * (piece.end - piece.start) in numbers
