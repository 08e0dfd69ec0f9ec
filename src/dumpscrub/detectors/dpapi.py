r"""What Windows' Data Protection API and ASP.NET Core's Data Protection encrypt, in binary.

* A DPAPI blob (``CryptProtectData``): version 1, provider, master key's version and identifier, flags, description,
  algorithms with their salts, the encrypted data and its signature. The last two are marked: whoever has the master key
  reads the data, while all before them tells an analyst which key that is. Wine writes the same with a provider of its
  own, and a key that everybody has.
* A master key as it stands in a file below ``Microsoft\Protect``: version 2, salt, rounds, algorithms, then the key
  under the user's password. The header before it has the lengths of all parts.
* A payload of ASP.NET Core: a magic, the key's identifier, and what it encrypts.
"""

from __future__ import annotations

import struct

from dumpscrub.detectors.binary import Piece, is_filler, secrets, u32, u32s
from dumpscrub.detectors.material import Material

PROVIDERS = (bytes.fromhex("01000000d08c9ddf0115d1118c7a00c04fc297eb"), b"\1\0\0\0Wine Crypt32 ok\0")
"""How a blob begins: version and provider."""
MASTER_KEYS = tuple(
    (hashing + cipher).to_bytes(8, "little")
    for hashing, cipher in ((h, c << 32) for h in (0x8004, 0x8009, 0x800C, 0x800E) for c in (0x6603, 0x6610))
)
"""The algorithms of a master key, between its rounds and its bytes: a hash (or HMAC) and 3DES or AES-256."""
PAYLOAD = bytes.fromhex("09f0c9f0")

_HEAD = 44
"""Bytes of a blob before its description: version, provider, version, identifier, flags."""
_LONGEST_DESCRIPTION = 4096
_LONGEST_PARAMETER = 512
_LONGEST = 1 << 26
_CIPHER_CLASS, _HASH_CLASS, _CLASS = 0x6000, 0x8000, 0xE000
_ROUNDS = range(1, 10_000_001)
_KEY_VERSIONS = (1, 2)
_KEY_HEAD = 32
"""Bytes of a master key before its encrypted part: version, salt, rounds, algorithms."""
_DOMAIN_HEAD = 28
"""Bytes of a domain key before its encrypted part: version, two lengths, identifier."""
_FILE_HEAD = 128
_KEY_BYTES = {0x6603: 104, 0x6610: 144}
"""Bytes of the encrypted part of a master key by its cipher."""
_IDENTIFIER = 16
_LEAST_PAYLOAD = 44
_MOST_ALONE = 512
_ARRAY_HEAD = 8

MASTER_KEY_BEFORE = _KEY_HEAD + _FILE_HEAD + _KEY_HEAD + max(_KEY_BYTES.values())
"""Bytes before a master key's algorithms that tell of it: those of a backup key, the header of the file."""
PAYLOAD_BEFORE = _ARRAY_HEAD


def blob(data: bytes, hit: int) -> Material | None:
    """The DPAPI blob that begins at ``hit``."""
    length = u32(data, hit + _HEAD)
    if u32(data, hit + 20) != 1 or not 0 <= length <= _LONGEST_DESCRIPTION:
        return None
    at = hit + _HEAD + 4 + length
    for algorithm_class, parameters in ((_CIPHER_CLASS, 2), (_HASH_CLASS, 1)):
        algorithm = u32(data, at)
        if algorithm & _CLASS != algorithm_class or algorithm >> 16:
            return None
        at += 8
        for _ in range(parameters):
            size = u32(data, at)
            if not 0 <= size <= _LONGEST_PARAMETER:
                return None
            at += 4 + size
    encrypted = _counted(data, at)
    if encrypted is None:
        return None
    signature = _counted(data, encrypted.end)
    pieces = [encrypted] if signature is None else [encrypted, signature]
    return secrets(data, hit, pieces, proven=signature is not None)


def master_key(data: bytes, hit: int) -> Material | None:
    """The master key whose algorithms are at ``hit``, and what stands behind it where its file's header is there."""
    start = hit - _KEY_HEAD + 8
    version, rounds = u32(data, start), u32(data, hit - 4)
    cipher = u32(data, hit + 4)
    if version not in _KEY_VERSIONS or rounds not in _ROUNDS or cipher not in _KEY_BYTES:
        return None
    if is_filler(data[start + 4 : start + 20]):
        return None
    sizes = _file_sizes(data, start - _FILE_HEAD)
    if sizes is None and _is_backup(data, start):
        return None
    if sizes is None:
        return secrets(data, start, [Piece(hit + 8, hit + 8 + _KEY_BYTES[cipher])], proven=False)
    key, backup, history, domain = sizes
    pieces = [Piece(start + _KEY_HEAD, start + key)]
    if backup > _KEY_HEAD:
        pieces.append(Piece(start + key + _KEY_HEAD, start + key + backup))
    if domain > _DOMAIN_HEAD:
        end = start + key + backup + history
        pieces.append(Piece(end + _DOMAIN_HEAD, end + domain))
    return secrets(data, start - _FILE_HEAD, pieces, proven=True)


def payload(data: bytes, hit: int) -> Material | None:
    """The Data Protection payload that begins at ``hit``: what follows the magic and the key's identifier.

    It does not say how long it is. The array of .NET that holds it does, in the 32 bits before it or, in 64-bit
    processes, in the 32 bits before those; anywhere else it ends where zeros begin.
    """
    body = hit + 4 + _IDENTIFIER
    if not _is_identifier(data[hit + 4 : body]) or len(set(data[body : body + 32])) <= 16:
        return None
    low, high = u32s(data, hit - _ARRAY_HEAD, 2)
    length = high or low
    if _IDENTIFIER + 4 + _LEAST_PAYLOAD <= length <= _LONGEST:
        return secrets(data, hit, [Piece(body, hit + length)], proven=True)
    zeros = data.find(bytes(4), body)
    end = min(zeros if zeros >= 0 else len(data), body + _MOST_ALONE)
    return secrets(data, hit, [Piece(body, end)], proven=False) if end - body >= _LEAST_PAYLOAD else None


def _counted(data: bytes, at: int) -> Piece | None:
    """The piece behind its own length at ``at``."""
    size = u32(data, at)
    return Piece(at + 4, at + 4 + size) if 0 <= size <= _LONGEST else None


def _file_sizes(data: bytes, start: int) -> tuple[int, int, int, int] | None:
    """The sizes of master key, backup key, history and domain key in the file header at ``start``, if one is there."""
    if start < 0 or u32(data, start) not in _KEY_VERSIONS:
        return None
    identifier = data[start + 12 : start + 84]
    if identifier[1::2].strip(b"\0") or identifier[::2].count(b"-") != 4:
        return None
    sizes: tuple[int, int, int, int] = struct.unpack_from("<4Q", data, start + _FILE_HEAD - 32)
    return sizes if sizes[0] > _KEY_HEAD and max(sizes) <= _LONGEST_DESCRIPTION else None


def _is_backup(data: bytes, start: int) -> bool:
    """True where a master key of the usual size and its file's header stand before ``start``: they tell of this one."""
    lengths = (_KEY_HEAD + size for size in _KEY_BYTES.values())
    return any((_file_sizes(data, start - length - _FILE_HEAD) or (0,))[0] == length for length in lengths)


def _is_identifier(identifier: bytes) -> bool:
    """True for a random identifier (version 4, RFC 9562) in the order of Windows."""
    return len(identifier) == _IDENTIFIER and identifier[7] >> 4 == 4 and identifier[8] >> 6 == 2
