"""Keys in the binary forms of Windows, built field by field from their public descriptions."""

from __future__ import annotations

import struct
from random import Random

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from der_material import dsa_key, noise, scalar

CAPI_RSA = 0xA400
CAPI_DSS = 0x2200
CURVE_BYTES = {256: 32, 384: 48, 521: 66}


def little(number: int, size: int) -> bytes:
    return number.to_bytes(size, "little")


def big(number: int, size: int) -> bytes:
    return number.to_bytes(size, "big")


def capi_header(kind: int, algorithm: int, version: int = 2) -> bytes:
    """BLOBHEADER (or PUBLICKEYSTRUC): type, version, reserved, algorithm."""
    return struct.pack("<BBHI", kind, version, 0, algorithm)


def capi_rsa(key: rsa.RSAPrivateKey, algorithm: int = CAPI_RSA) -> tuple[bytes, list[bytes]]:
    """PRIVATEKEYBLOB and its private components as they stand in it."""
    size = key.key_size // 8
    numbers = key.private_numbers()
    public = numbers.public_numbers
    half = [numbers.p, numbers.q, numbers.dmp1, numbers.dmq1, numbers.iqmp]
    parts = [little(number, size // 2) for number in half] + [little(numbers.d, size)]
    head = capi_header(7, algorithm) + b"RSA2" + struct.pack("<II", key.key_size, public.e) + little(public.n, size)
    return head + b"".join(parts), parts


def capi_dss() -> tuple[bytes, bytes]:
    """PRIVATEKEYBLOB of version 2 for DSA with a q of 160 bits, and x as it stands in it."""
    p, q, g, _, x = dsa_numbers()
    size = (p.bit_length() + 7) // 8
    secret = little(x, 20)
    head = capi_header(7, CAPI_DSS) + b"DSS2" + struct.pack("<I", 8 * size)
    return head + little(p, size) + little(q, 20) + little(g, size) + secret + bytes(24), secret


def capi_dss_3() -> tuple[bytes, bytes]:
    """PRIVATEKEYBLOB of version 3 for DSA, and x as it stands in it."""
    p, q, g, y, x = dsa_numbers()
    size = (p.bit_length() + 7) // 8
    j = (p - 1) // q
    cofactor = (j.bit_length() + 7) // 8
    secret = little(x, 20)
    head = (
        capi_header(7, CAPI_DSS, 3) + b"DSS4" + struct.pack("<IIII", 8 * size, 160, j.bit_length(), 160) + noise(5, 24)
    )
    return head + little(p, size) + little(q, 20) + little(g, size) + little(j, cofactor) + little(
        y, size
    ) + secret, secret


def capi_dh() -> tuple[bytes, bytes]:
    """PRIVATEKEYBLOB of an ephemeral Diffie-Hellman key, and x as it stands in it."""
    p, _, g, _, _ = dsa_numbers()
    size = (p.bit_length() + 7) // 8
    secret = little(dh_secret(p), size)
    head = capi_header(7, 0xAA02) + b"\0DH2" + struct.pack("<I", 8 * size)
    return head + little(p, size) + little(g, size) + secret, secret


def capi_plain(key: bytes, algorithm: int) -> bytes:
    """PLAINTEXTKEYBLOB."""
    return capi_header(8, algorithm) + struct.pack("<I", len(key)) + key


def pvk(blob: bytes, salt: bytes = b"") -> bytes:
    """A PVK file with an encrypted key: of ``blob`` all but its first eight bytes counts as encrypted."""
    return struct.pack("<6I", 0xB0B5F11E, 0, 2, 1, len(salt), len(blob)) + salt + blob


def cng_rsa(key: rsa.RSAPrivateKey, *, full: bool) -> tuple[bytes, list[bytes]]:
    """BCRYPT_RSAPRIVATE_BLOB or BCRYPT_RSAFULLPRIVATE_BLOB, and its private components."""
    size = key.key_size // 8
    numbers = key.private_numbers()
    public = numbers.public_numbers
    parts = [big(numbers.p, size // 2), big(numbers.q, size // 2)]
    if full:
        parts += [big(number, size // 2) for number in (numbers.dmp1, numbers.dmq1, numbers.iqmp)] + [
            big(numbers.d, size)
        ]
    head = (b"RSA3" if full else b"RSA2") + struct.pack("<5I", key.key_size, 3, size, size // 2, size // 2)
    return head + big(public.e, 3) + big(public.n, size) + b"".join(parts), parts


def cng_ec(key: ec.EllipticCurvePrivateKey, magic: bytes) -> tuple[bytes, bytes]:
    """BCRYPT_ECCPRIVATE_BLOB and its scalar."""
    size = CURVE_BYTES[key.key_size]
    point = key.public_key().public_numbers()
    return magic + struct.pack("<I", size) + big(point.x, size) + big(point.y, size) + scalar(key), scalar(key)


def cng_ec_full(key: ec.EllipticCurvePrivateKey) -> tuple[bytes, bytes]:
    """BCRYPT_ECCFULLPRIVATE_BLOB (with made-up parameters of the curve) and its scalar."""
    size = CURVE_BYTES[key.key_size]
    point = key.public_key().public_numbers()
    head = b"ECDV" + struct.pack("<7I", 1, 1, 0, size, size, 1, 0)
    parameters = noise(9, 6 * size) + b"\1"
    return head + parameters + big(point.x, size) + big(point.y, size) + scalar(key), scalar(key)


def cng_dsa() -> tuple[bytes, bytes]:
    """BCRYPT_DSA_PRIVATE_BLOB and x."""
    p, q, g, y, x = dsa_numbers()
    size = (p.bit_length() + 7) // 8
    secret = big(x, 20)
    head = b"DSPV" + struct.pack("<I", size) + noise(1, 4) + noise(2, 20) + big(q, 20)
    return head + big(p, size) + big(g, size) + big(y, size) + secret, secret


def cng_dsa_2() -> tuple[bytes, bytes]:
    """BCRYPT_DSA_PRIVATE_BLOB of version 2 and x."""
    p, q, g, y, x = dsa_numbers()
    size = (p.bit_length() + 7) // 8
    secret = big(x, 20)
    head = b"DPV2" + struct.pack("<5I", size, 1, 0, 32, 20) + noise(1, 4) + noise(2, 32) + big(q, 20)
    return head + big(p, size) + big(g, size) + big(y, size) + secret, secret


def cng_dh() -> tuple[bytes, bytes]:
    """BCRYPT_DH_PRIVATE_BLOB and x."""
    p, _, g, _, _ = dsa_numbers()
    size = (p.bit_length() + 7) // 8
    secret = big(dh_secret(p), size)
    y = pow(g, dh_secret(p), p)
    return b"DHPV" + struct.pack("<I", size) + big(p, size) + big(g, size) + big(y, size) + secret, secret


def cng_plain(key: bytes) -> bytes:
    """BCRYPT_KEY_DATA_BLOB."""
    return b"KDBM" + struct.pack("<II", 1, len(key)) + key


def dsa_numbers() -> tuple[int, int, int, int, int]:
    """p, q, g, y, x."""
    numbers = dsa_key().private_numbers()
    group = numbers.public_numbers.parameter_numbers
    return group.p, group.q, group.g, numbers.public_numbers.y, numbers.x


def dh_secret(prime: int) -> int:
    """A secret as long as the prime."""
    return Random(11).getrandbits(prime.bit_length()) % prime


def identifier(seed: int) -> bytes:
    """A random GUID (version 4) in the order of Windows."""
    made = bytearray(Random(seed).randbytes(16))
    made[7] = 0x40 | made[7] & 0x0F
    made[8] = 0x80 | made[8] & 0x3F
    return bytes(made)


def counted(content: bytes) -> bytes:
    """``content`` behind its length."""
    return struct.pack("<I", len(content)) + content


def dpapi_blob(encrypted: bytes, signature: bytes, provider: bytes, description: str = "web.config") -> bytes:
    """What CryptProtectData returns, in one piece: AES-256 and SHA-512."""
    text = description.encode("utf-16-le") + b"\0\0"
    head = struct.pack("<I", 1) + provider + struct.pack("<I", 1) + identifier(3) + struct.pack("<I", 4)
    cipher = struct.pack("<II", 0x6610, 256) + counted(noise(4, 32)) + counted(b"")
    hashing = struct.pack("<II", 0x800E, 512) + counted(noise(5, 64))
    return head + counted(text) + cipher + hashing + counted(encrypted) + counted(signature)


def master_key(encrypted: bytes, seed: int = 1) -> bytes:
    """A master key: version, salt, rounds, SHA-512 and AES-256, the encrypted key."""
    return struct.pack("<I", 2) + noise(seed, 16) + struct.pack("<III", 8000, 0x800E, 0x6610) + encrypted


def master_key_file(key: bytes, backup: bytes, domain: bytes) -> bytes:
    """A file below Microsoft/Protect with its key, backup key, history and domain key."""
    name = "1234abcd-12ab-4cde-8fab-1234567890ab".encode("utf-16-le")
    history = struct.pack("<I", 3) + identifier(6)
    head = struct.pack("<III", 2, 0, 0) + name + struct.pack("<III", 0, 0, 5)
    return head + struct.pack("<4Q", len(key), len(backup), len(history), len(domain)) + key + backup + history + domain
