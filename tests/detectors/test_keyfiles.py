from __future__ import annotations

import struct

import pytest
from der_material import detector, find, find_all, mask, noise

from dumpscrub.model import Confidence

NAME = "kerberos-secret"


def entry(name: str, kind: int, content: bytes, *, longer: bool = True) -> bytes:
    """One entry of a key table, without its size."""
    parts = [name, "web01.example.com"]
    texts = b"".join(struct.pack(">H", len(text)) + text.encode() for text in ("EXAMPLE.COM", *parts))
    head = struct.pack(">H", len(parts)) + texts + struct.pack(">IIB", 1, 1700000000, 3)
    return head + struct.pack(">HH", kind, len(content)) + content + (struct.pack(">I", 3) if longer else b"")


def table(*entries: bytes) -> bytes:
    return b"\5\2" + b"".join(struct.pack(">i", len(each)) + each for each in entries)


@pytest.mark.parametrize("longer", [False, True])
def test_of_a_key_table_the_keys_are_marked(longer: bool) -> None:
    keys = [noise(1, 32), noise(2, 16), noise(3, 16)]
    entries = [entry("HTTP", kind, each, longer=longer) for kind, each in zip((18, 17, 23), keys, strict=True)]
    found = find(NAME, noise(4, 60) + table(*entries) + noise(5, 200))
    assert list(found.marked) == keys
    assert found.match.confidence is Confidence.HIGH


def test_a_deleted_entry_is_read_too() -> None:
    deleted, kept = entry("HTTP", 18, noise(1, 32)), entry("host", 18, noise(2, 32))
    data = b"\5\2" + struct.pack(">i", len(kept)) + kept + struct.pack(">i", -len(deleted)) + deleted + table(kept)[2:]
    assert find(NAME, data).marked == (noise(2, 32), noise(1, 32), noise(2, 32))


def test_what_begins_like_a_key_table_is_none() -> None:
    for data in (bytes(300), noise(1, 300), b"\x40" * 300):
        assert find_all(detector(NAME), b"\5\2\0\0\0" + data) == []


def counted(content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + content


def principal(*components: str) -> bytes:
    texts = b"".join(counted(text.encode()) for text in ("EXAMPLE.COM", *components))
    return struct.pack(">II", 1, len(components)) + texts


def credential(kind: int, key: bytes, ticket: bytes) -> bytes:
    """One credential: client, server, key, times, flags, an address, an authorization, ticket, no second ticket."""
    lists = struct.pack(">IH", 1, 2) + counted(bytes(4)) + struct.pack(">IH", 1, 1) + counted(b"data")
    head = principal("app") + principal("HTTP", "web01.example.com") + struct.pack(">H", kind) + counted(key)
    return head + struct.pack(">IIIIBI", 1, 2, 3, 4, 0, 0x40E10000) + lists + counted(ticket) + counted(b"")


def cache(*credentials: bytes) -> bytes:
    return bytes.fromhex("0504000c00010008") + bytes(8) + principal("app") + b"".join(credentials)


def test_of_a_credential_cache_the_keys_are_marked() -> None:
    keys = [noise(1, 32), noise(2, 16)]
    settings = credential(0, b"", b"yes")
    data = cache(credential(18, keys[0], noise(3, 700)), settings, credential(23, keys[1], noise(4, 90)))
    found = find(NAME, noise(5, 50) + data + noise(6, 300))
    assert list(found.marked) == keys
    assert found.match.confidence is Confidence.HIGH
    assert find_all(detector(NAME), mask(data, [])[: data.index(keys[0])]) == []
    redacted = mask(noise(5, 50) + data, [find(NAME, noise(5, 50) + data)])
    assert find_all(detector(NAME), redacted) == []


def test_a_cut_credential_cache() -> None:
    data = cache(credential(18, noise(1, 32), noise(3, 700)), credential(17, noise(2, 16), noise(4, 90)))
    first = data.index(noise(1, 32))
    for length in range(first + 2, len(data), 23):
        assert find(NAME, data[:length]).marked[0] == noise(1, 32)[: length - first]


@pytest.mark.parametrize("tail", [bytes(300), noise(1, 300), b"\xff" * 300, principal("app") + b"\xff" * 90])
def test_what_begins_like_a_credential_cache_is_none(tail: bytes) -> None:
    assert find_all(detector(NAME), bytes.fromhex("0504000c00010008") + bytes(8) + tail) == []
