"""Memory that was made up to cost time or space: each kind by its name, made from a seed.

A maker returns a whole dump. Most are an ELF core of one range of memory, at :data:`ADDRESS`, so that pointers lead
somewhere and what looks into memory alone has a look at it.
"""

from __future__ import annotations

import base64
import gzip
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from random import Random

import numpy as np

ADDRESS = 0x7F00_0000_0000
_CORE = (
    b"\x7fELF" + bytes((2, 1, 1)) + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 4, 62, 1, 0, 64, 0, 0, 64, 56, 1, 0, 0, 0)
)
_HEAD = 4096
_DATA = bytes.fromhex("06092a864886f70d010701")  # the content type of PKCS#7 data
_DUMP = struct.Struct("<4sIIIIIQ")

Make = Callable[[Random, int], bytes]
"""From a seed's numbers and a size in bytes to a dump of about that size."""


@dataclass(frozen=True, slots=True)
class Hostile:
    """A kind of dump. ``known`` are the values that its user looks for, one a line."""

    make: Make
    known: Callable[[], bytes] | None = None


def core(*segments: tuple[int, int, int], data: bytes = b"") -> bytes:
    """An ELF core: segments (address, file offset from the end of the headers on, size) over ``data``."""
    head = -(-(64 + 56 * len(segments)) // _HEAD) * _HEAD
    identity = _CORE[:56] + struct.pack("<HHHH", min(len(segments), 0xFFFE), 0, 0, 0)
    table = np.zeros(
        len(segments), np.dtype([("kind", "<u4"), ("flags", "<u4"), *((name, "<u8") for name in "oaszmp")])
    )
    table["kind"], table["flags"], table["p"] = 1, 6, _HEAD
    places = np.array(segments, np.uint64).reshape(-1, 3)
    table["a"], table["o"] = places[:, 0], places[:, 1] + np.uint64(head)
    table["z"] = table["m"] = places[:, 2]
    return (identity + table.tobytes()).ljust(head, b"\0") + data


def memory(data: bytes) -> bytes:
    """A core of one range."""
    return core((ADDRESS, 0, len(data)), data=data)


def _repeated(unit: bytes, _rng: Random, size: int) -> bytes:
    return memory(unit * (size // len(unit)))


def _numbered(before: bytes, after: bytes, rng: Random, size: int) -> bytes:
    """Random digits between two texts, again and again: no two of them alike."""
    count = size // (len(before) + len(after) + 16)
    return memory(b"".join(before + b"%016x" % rng.getrandbits(64) + after for _ in range(count)))


def _padded_store(rng: Random, size: int) -> bytes:
    """PKCS#12 of indefinite length again and again, each up to the window's end in elements that do not end."""
    del rng
    unit = b"\x30\x80\x02\x01\x03\x30\x80" + _DATA + b"\xa0\x80\x24\x80" + b"\x04\x01a" * 4
    return memory(unit * (size // len(unit)))


def _long_store(rng: Random, size: int) -> bytes:
    """Beginnings of PKCS#12 stores that claim 60,000 bytes each, in each other."""
    del rng
    unit = b"\x30\x82\xea\x60\x02\x01\x03\x30\x82\xea\x00" + _DATA + b"\xa0\x82\xe9\x00\x04\x82\xe8\x00\x30\x80" + _DATA
    return memory(unit * (size // len(unit)))


def _nested(header: bytes, rng: Random, size: int) -> bytes:
    """DER 10,000 levels deep, with the head of a key in each."""
    del rng
    unit = header * 10_000 + b"\x02\x01\x00\x02\x82\x01\x01"
    return memory(unit * (size // len(unit)))


def _lengths(rng: Random, size: int) -> bytes:
    """Keys whose numbers claim all lengths that there are."""
    claims = (b"\x82\xff\xff", b"\x83\xff\xff\xff", b"\x84\x7f\xff\xff\xff", b"\x84\xff\xff\xff\xff", b"\x81\xff")
    data = bytearray()
    while len(data) < size:
        data += b"\x30" + rng.choice(claims) + b"\x02\x01\x00\x02" + rng.choice(claims) + rng.randbytes(8)
    return memory(bytes(data))


def _pointing(head: bytes, every: int, chained: bool, rng: Random, size: int) -> bytes:
    """Structures of ``every`` bytes that begin with ``head`` and hold pointers to themselves, or to others."""
    count = size // every
    data = bytearray()
    for number in range(count):
        target = ADDRESS + every * (rng.randrange(count) if chained else number)
        data += head + struct.pack("<Q", target) * ((every - len(head)) // 8)
    return memory(bytes(data))


def _rsa_handles(rng: Random, size: int) -> bytes:
    """Tags of CNG's RSA keys, each with sizes of the largest modulus and pointers to the beginning of everything."""
    unit = bytearray(struct.pack("<II", 512, 0x4D53524B) + struct.pack("<Q", ADDRESS) * 39)
    struct.pack_into("<IIIIIIIIII", unit, 24, *(256,) * 10)
    return _repeated(bytes(unit), rng, size)


def _overlapping(rng: Random, size: int) -> bytes:
    """A core of many segments at the same addresses, and of the same bytes."""
    count = 60_000
    data = rng.randbytes(max(4096, size - 56 * count))
    segments = [(ADDRESS + rng.randrange(64) * 64, rng.randrange(len(data)), len(data)) for _ in range(count)]
    return core(*segments, data=data)


def _outside(rng: Random, size: int) -> bytes:
    """A core whose segments lie outside of it, or reach beyond the address space."""
    segments = [
        (rng.getrandbits(64), rng.getrandbits(62), rng.getrandbits(rng.randrange(1, 64))) for _ in range(60_000)
    ]
    return core(*segments, data=bytes(max(0, size - 56 * 60_000)))


def minidump(*streams: tuple[int, bytes]) -> bytes:
    """A minidump of streams (kind, bytes), one behind the other."""
    at = 32 + 12 * len(streams)
    directory = b""
    for kind, data in streams:
        directory += struct.pack("<III", kind, len(data), at)
        at += len(data)
    return _DUMP.pack(b"MDMP", 0xA793, len(streams), 32, 0, 0, 2) + directory + b"".join(data for _, data in streams)


def _same_addresses(rng: Random, size: int) -> bytes:
    """Memory64List of ranges of 16 bytes that all begin at the same few addresses."""
    count = size // 32
    start = 32 + 12 + 16 + 16 * count
    ranges = np.zeros((count, 2), np.uint64)
    ranges[:, 0] = ADDRESS + 4 * np.array([rng.randrange(16) for _ in range(count)], np.uint64)
    ranges[:, 1] = 16
    return minidump((9, struct.pack("<QQ", count, start) + ranges.tobytes())) + b"password=hunter2!" * (
        count * 16 // 17 + 1
    )


def _table(kind: int, head: bytes, row: bytes, rng: Random, size: int) -> bytes:
    """One stream of as many rows as there is room for, which claims five million."""
    del rng
    return minidump((kind, head + row * (size // len(row))))


def _module(rng: Random, size: int) -> bytes:
    """A ModuleList in which each module has the same long name and the same CodeView record."""
    name = struct.pack("<I", 2 * 30_000) + "n".encode("utf-16-le") * 30_000
    row = struct.pack("<QIIII", ADDRESS, 4096, 0, 0, 32 + 24) + bytes(52) + struct.pack("<II", 60_000, 56) + bytes(24)
    del rng
    return minidump((0xFFFF, name), (4, struct.pack("<I", 5_000_000) + row * (size // len(row))))


def _layers(levels: int, rng: Random, size: int) -> bytes:
    """Base64 of base64 of text with names of secrets."""
    data = b"".join(b'{"password": "%016x"}\n' % rng.getrandbits(64) for _ in range(max(1, size // 35)))
    for _ in range(levels):
        data = base64.b64encode(data)[:size]
    return memory(data[:size])


def _bomb(encoded: bool, unit: bytes, rng: Random, size: int) -> bytes:
    """Gzip, some thousand times smaller than what comes out of it, side by side; within base64 or not."""
    del rng
    one = gzip.compress(unit * ((4 << 20) // len(unit)), 9, mtime=0)
    one = base64.b64encode(one) + b"\0" if encoded else one
    return memory(one * max(1, size // len(one)))


def _gzip_heads(rng: Random, size: int) -> bytes:
    """Heads of gzip, each followed by deflated data that is good, and by the next head."""
    body = zlib.compress(rng.randbytes(64), 0)[2:-4]
    unit = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03" + b"\x00" + body[1:]
    return memory(unit * (size // len(unit)))


def _periods(rng: Random, size: int) -> bytes:
    del rng
    return memory(b"ab" * (size // 2))


def _known_periods(count: int) -> bytes:
    return b"\n".join(b"ab" * (4 + number) + b"c" * (number % 2) for number in range(count))


def _found_periods(rng: Random, size: int) -> bytes:
    """Passwords of one period and of many lengths, in memory full of it."""
    names = b"\0".join(b'"password": "%s"' % (b"ab" * (6 + number)) for number in range(120))
    return memory(names + bytes(8) + b"ab" * ((size - len(names)) // 2))


def _moduli(rng: Random, size: int) -> bytes:
    """Public keys, each of another modulus, among numbers of a prime's size."""
    data = bytearray()
    while len(data) < size:
        modulus, number = rng.getrandbits(1024) | 1 | 3 << 1022, rng.getrandbits(512) | 1 | 3 << 510
        data += b"\x30\x81\x89\x02\x81\x81\x00" + modulus.to_bytes(128, "big") + b"\x02\x03\x01\x00\x01"
        data += bytes(-len(data) % 8) + struct.pack("<Q", 64) + number.to_bytes(64, "little")
    return memory(bytes(data))


def _arrays(rng: Random, size: int) -> bytes:
    """Chunks of malloc that hold random bytes of a key's length."""
    chunk = struct.Struct("<QQ32s")
    return memory(b"".join(chunk.pack(0, 0x31, rng.randbytes(32)) for _ in range(size // 48)))


def _schedules(rng: Random, size: int) -> bytes:
    """Words of which each is the last one xored with the fourth before: as round keys are, but for every fourth."""
    words = np.frombuffer(rng.randbytes(16), np.uint32).copy()
    row = list(map(int, words))
    for at in range(4, 1024):
        row.append(row[at - 1] ^ row[at - 4])
    return _repeated(np.array(row, np.uint32).tobytes(), rng, size)


def _texts() -> Mapping[str, bytes]:
    """Texts that are repeated as they are."""
    return {
        "anchor AzSe": b"AzSe",
        "anchor pwd=": b"pwd=",
        "anchor consumer-secret=": b"consumer-secret=",
        "anchor secret=": b"secret=",
        "anchor MII": b"MII",
        "anchor eyJ": b"eyJ",
        "anchor Authorization": b"Authorization: Basic ",
        "anchor connection string": b"Password=a;Server=b;",
        "anchor https with a user": b"https://a:b@",
        "PEM beginnings": b"-----BEGIN RSA PRIVATE KEY-----\n",
        "PEM dashes": b"-----BEGIN ",
        "escapes %41%42": b"%41%42",
        "escapes %22": b"%22",
        "escapes %25": b"%25",
        "escapes &#65;": b"&#65;",
        "escapes \\u0041": b"\\u0041",
        "escapes \\u0022": b"\\u0022",
        "escapes in lines": b"%22\n",
        "DER headers": b"\x30\x82\xff\xff",
        "DER heads of keys": b"\x30\x82\xff\xff\x02\x01\x00\x02\x82\xff\xff",
        "DER indefinite": b"\x30\x80",
        "DER certificates": bytes.fromhex("30820400308203e8a003020102020101"),
        "hex digits": b"70617373776f72643d",
    }


HOSTILE: Mapping[str, Hostile] = {
    "noise": Hostile(lambda rng, size: memory(rng.randbytes(size))),
    **{name: Hostile(partial(_repeated, unit)) for name, unit in _texts().items()},
    "UTF-16 pwd=": Hostile(partial(_repeated, "pwd=".encode("utf-16-le"))),
    "passwords that differ": Hostile(partial(_numbered, b'"password": "', b'",')),
    "passwords in escapes": Hostile(partial(_numbered, b"password%3D%22&/<>+", b"%22%26")),
    "PKCS#12 padded": Hostile(_padded_store),
    "PKCS#12 long": Hostile(_long_store),
    "DER nested, indefinite": Hostile(partial(_nested, b"\x30\x80")),
    "DER nested, long": Hostile(partial(_nested, b"\x30\x82\xff\xff")),
    "DER huge lengths": Hostile(_lengths),
    "handles KRSM": Hostile(_rsa_handles),
    "handles CryptoAPI, to themselves": Hostile(partial(_pointing, struct.pack("<IIQ", 0x6610, 1, 32), 48, False)),
    "handles CryptoAPI, to others": Hostile(partial(_pointing, struct.pack("<IIQ", 0x6610, 1, 32), 48, True)),
    "handles of Wine": Hostile(partial(_pointing, b"0YEK" + struct.pack("<IIIQII", 1, 0, 0, 0, 16, 16), 64, True)),
    "handles KSSM": Hostile(
        partial(_pointing, struct.pack("<I", 512) + b"KSSM" + struct.pack("<I", 0x10001), 48, True)
    ),
    "SymCrypt integers": Hostile(partial(_repeated, b"\0\0Ig" + struct.pack("<II", 8, 288) + b"\x01" * 12)),
    "heads of TLS sessions": Hostile(partial(_repeated, struct.pack("<II", 0x303, 48))),
    "TLS sessions in DER": Hostile(partial(_repeated, bytes.fromhex("020101020203030402130204000430"))),
    "segments that overlap": Hostile(_overlapping),
    "segments outside of the file": Hostile(_outside),
    "ranges at the same addresses": Hostile(_same_addresses),
    "table of modules": Hostile(_module),
    "table of threads": Hostile(partial(_table, 3, struct.pack("<I", 5_000_000), struct.pack("<12I", *range(12)))),
    "table of memory info": Hostile(
        partial(_table, 16, struct.pack("<IIQ", 16, 48, 5_000_000), struct.pack("<6Q", *(ADDRESS,) * 6))
    ),
    "base64 three times": Hostile(partial(_layers, 3)),
    "gzip bombs": Hostile(partial(_bomb, False, bytes(4096))),
    "gzip bombs of names": Hostile(partial(_bomb, False, b"pwd=")),
    "gzip bombs in base64": Hostile(partial(_bomb, True, bytes(4096))),
    "gzip heads": Hostile(_gzip_heads),
    "known periods": Hostile(_periods, partial(_known_periods, 100)),
    "many known periods": Hostile(_periods, partial(_known_periods, 400)),
    "found periods": Hostile(_found_periods),
    "public keys": Hostile(_moduli),
    "arrays of random bytes": Hostile(_arrays),
    "nearly round keys": Hostile(_schedules),
}
"""By name."""
