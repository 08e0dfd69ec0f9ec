"""TLS secrets as OpenSSL holds them: of sessions and of connections, in the layouts of its versions."""

from __future__ import annotations

import hashlib
import hmac
import struct

import pytest
from der_material import detector, find, find_all, mask, noise

from dumpscrub.model import Confidence

NAME = "openssl-tls-secrets"
AROUND = noise(70, 200), noise(71, 200)
SESSION_ID = 32


def session(version: int, secret: bytes, room: int = 256) -> bytes:
    """``ssl_session_st`` of OpenSSL 1.1.1 and 3: version, length, early secret, master key, session id."""
    head = struct.pack("<IIQ", version, 0, len(secret)) + bytes(64)
    return head + secret + bytes(room - len(secret)) + struct.pack("<Q", SESSION_ID) + noise(72, SESSION_ID)


def old_session(version: int, secret: bytes) -> bytes:
    """The same of OpenSSL 1.0."""
    return struct.pack("<II8xI", version, 0, 48) + secret + struct.pack("<I", SESSION_ID) + noise(72, SESSION_ID)


def short_session(version: int, secret: bytes) -> bytes:
    """The same of OpenSSL 1.1.0 and LibreSSL."""
    return struct.pack("<II", version, 48) + secret + struct.pack("<I", SESSION_ID) + noise(72, SESSION_ID)


def narrow_session(version: int, secret: bytes) -> bytes:
    """The same of OpenSSL 1.1.1 and 3 in processes of 32 bits."""
    return struct.pack("<II", version, len(secret)) + bytes(64) + secret + bytes(256 - len(secret))


def early(name: str) -> bytes:
    """The early secret of a connection without a pre-shared key (RFC 8446, section 7.1)."""
    nothing = bytes(hashlib.new(name).digest_size)
    return hmac.new(nothing, nothing, name).digest()


def connection(name: str, *secrets: bytes) -> bytes:
    """The secrets of ``ssl_st``: 64 bytes each, the early one first."""
    return b"".join(secret.ljust(64, b"\0") for secret in (early(name), *secrets))


@pytest.mark.parametrize("version", [0x300, 0x301, 0x302, 0x303, 0x304, 0xFEFD, 0xFEFF])
@pytest.mark.parametrize("build", [session, old_session, short_session, narrow_session])
def test_the_master_secret_of_a_session_is_marked(build: object, version: int) -> None:
    assert callable(build)
    secret = noise(73, 48)
    data = AROUND[0] + build(version, secret) + AROUND[1]
    found = find(NAME, data)
    assert [value.data for value in found.match.values] == [secret]
    assert found.match.confidence is Confidence.HIGH
    masked = mask(data, [found])
    assert masked == data.replace(secret, b"*" * 48)
    assert find_all(detector(NAME), masked) == []


@pytest.mark.parametrize("room", [256, 512])
def test_a_session_of_tls13_with_a_shorter_hash_is_marked(room: int) -> None:
    secret = noise(74, 32)
    data = AROUND[0] + session(0x304, secret, room) + AROUND[1]
    assert mask(data, [find(NAME, data)]) == data.replace(secret, b"*" * 32)


def test_the_early_secret_of_a_session_goes_with_it() -> None:
    secret, first = noise(75, 32), noise(76, 32)
    whole = session(0x304, secret)
    whole = whole[:16] + first + whole[48:]
    assert mask(whole, [find(NAME, whole)]) == whole.replace(secret, b"*" * 32).replace(first, b"*" * 32)


@pytest.mark.parametrize(("name", "size"), [("sha256", 32), ("sha384", 48)])
def test_the_secrets_of_a_connection_are_marked(name: str, size: int) -> None:
    secrets = [noise(80 + number, size) for number in range(6)]
    whole = connection(name, *secrets[:3], b"", *secrets[3:], b"") + AROUND[1]
    found = find(NAME, whole)
    assert [value.data for value in found.match.values] == secrets
    masked = mask(whole, [found])
    for secret in secrets:
        assert secret not in masked
    assert early(name) in masked
    assert masked.endswith(AROUND[1])
    assert find_all(detector(NAME), masked) == []


@pytest.mark.parametrize("name", ["sha256", "sha384"])
def test_a_connection_ends_where_something_else_stands(name: str) -> None:
    size = hashlib.new(name).digest_size
    secret = noise(90, size)
    whole = connection(name, secret) + b"text" * 16 + noise(91, size).ljust(64, b"\0")
    assert mask(whole, [find(NAME, whole)]) == whole.replace(secret, b"*" * size)


@pytest.mark.parametrize("build", [session, old_session, short_session])
def test_what_memory_cuts_is_marked_as_far_as_it_is_there(build: object) -> None:
    assert callable(build)
    secret = noise(77, 48)
    whole = build(0x303, secret)
    data = whole[: whole.index(secret) + 24]
    assert mask(data, [find(NAME, data)]) == data[:-24] + b"*" * 24


def test_what_is_not_random_is_no_secret() -> None:
    for secret in (bytes(48), b"text" * 12, struct.pack("<6Q", *range(0x7FF612341000, 0x7FF612341006))):
        for build in (session, old_session, short_session):
            assert find_all(detector(NAME), build(0x303, secret)) == []
    assert find_all(detector(NAME), early("sha256") + noise(92, 300)) == []
    assert find_all(detector(NAME), session(0x303, noise(93, 300), 300)) == []


def test_no_session_has_such_an_id() -> None:
    data = struct.pack("<II", 0x303, 48) + noise(78, 48) + struct.pack("<I", 33) + noise(79, 300)
    assert find_all(detector(NAME), data) == []


def der_session(version: int, secret: bytes, identity: bytes = noise(72, SESSION_ID)) -> bytes:
    """A session as ``i2d_SSL_SESSION`` writes it, up to the time."""
    body = bytes.fromhex("0201010202") + version.to_bytes(2, "big") + bytes.fromhex("04021302")
    for part in (identity, secret):
        body += bytes((4, len(part))) + part
    body += bytes.fromhex("a10602046b0511b1")
    return b"\x30\x81" + bytes([len(body)]) + body


@pytest.mark.parametrize("version", [0x303, 0x304, 0xFEFD])
@pytest.mark.parametrize("size", [32, 48])
def test_the_secret_of_a_session_in_der_is_marked(version: int, size: int) -> None:
    secret = noise(94, size)
    for identity in (b"", noise(95, 32)):
        data = AROUND[0] + der_session(version, secret, identity) + AROUND[1]
        found = find(NAME, data)
        assert [value.data for value in found.match.values] == [secret]
        assert mask(data, [found]) == data.replace(secret, b"*" * size)


def test_other_der_is_no_session() -> None:
    for data in (der_session(0x303, noise(96, 40)), der_session(0x303, bytes(48)), der_session(0x303, b"", b"x" * 33)):
        assert find_all(detector(NAME), data) == []
