from __future__ import annotations

import struct

import pytest
from der_material import detector, find, find_all, mask, noise
from windows_material import dpapi_blob, identifier, master_key, master_key_file

from dumpscrub.model import Confidence

NAME = "windows-protected-data"
WINDOWS = bytes.fromhex("d08c9ddf0115d1118c7a00c04fc297eb")
WINE = b"Wine Crypt32 ok\0"
ENCRYPTED, SIGNATURE = noise(7, 80), noise(8, 64)


@pytest.mark.parametrize("provider", [WINDOWS, WINE], ids=["windows", "wine"])
@pytest.mark.parametrize("description", ["", "octopus master key"])
def test_a_blob_keeps_all_but_its_data_and_signature(provider: bytes, description: str) -> None:
    blob = dpapi_blob(ENCRYPTED, SIGNATURE, provider, description)
    found = find(NAME, noise(1, 50) + blob + noise(2, 50))
    assert found.marked == (ENCRYPTED, SIGNATURE)
    assert found.match.confidence is Confidence.HIGH
    assert [value.data for value in found.match.values] == [ENCRYPTED, SIGNATURE]


def test_a_blob_that_memory_cuts() -> None:
    blob = dpapi_blob(ENCRYPTED, SIGNATURE, WINDOWS)
    secret = blob.index(ENCRYPTED)
    for length in range(40, len(blob), 9):
        found = find_all(detector(NAME), blob[:length])
        assert len(found) == 1 or length < secret + 2
        for each in found:
            assert each.match.confidence is Confidence.MEDIUM
            assert each.marked[0] == ENCRYPTED[: length - secret]
            assert find_all(detector(NAME), mask(blob[:length], found)) == []


@pytest.mark.parametrize("at", [20, 44])
def test_a_blob_with_other_fields_is_none(at: int) -> None:
    blob = dpapi_blob(ENCRYPTED, SIGNATURE, WINDOWS)
    assert find_all(detector(NAME), blob[:at] + b"\xff\xff\xff\x7f" + blob[at + 4 :]) == []


def test_the_provider_alone_as_programs_hold_it_is_none() -> None:
    assert find_all(detector(NAME), b"\1\0\0\0" + WINDOWS + bytes(200)) == []
    assert find_all(detector(NAME), b"\1\0\0\0" + WINDOWS + noise(1, 200)) == []


def test_a_master_key_file_keeps_headers_salts_and_history() -> None:
    key, backup = noise(3, 144), noise(4, 112)
    domain = struct.pack("<III", 2, 256, 88) + identifier(5) + noise(6, 344)
    data = noise(1, 50) + master_key_file(master_key(key), master_key(backup, 9), domain) + noise(2, 50)
    found = find(NAME, data)
    assert found.marked == (key, backup, domain[28:])
    assert found.match.confidence is Confidence.HIGH
    assert find_all(detector(NAME), mask(data, [found])) == []


def test_a_master_key_alone() -> None:
    key = noise(3, 144)
    found = find(NAME, noise(1, 50) + master_key(key) + bytes(16) + noise(2, 50))
    assert found.marked == (key,)
    assert found.match.confidence is Confidence.MEDIUM


@pytest.mark.parametrize("rounds", [0, 0x7FFFFFFF])
def test_a_master_key_has_a_number_of_rounds(rounds: int) -> None:
    data = master_key(noise(3, 144))
    assert find_all(detector(NAME), data[:20] + struct.pack("<I", rounds) + data[24:]) == []


PAYLOAD = bytes.fromhex("09f0c9f0") + identifier(4) + noise(5, 16 + 16 + 48 + 32)


@pytest.mark.parametrize(
    "head", [struct.pack("<QII", 0x7FFB00112233, len(PAYLOAD), 0), struct.pack("<II", 0, len(PAYLOAD))]
)
def test_a_payload_in_an_array_of_dotnet_is_as_long_as_that(head: bytes) -> None:
    found = find(NAME, noise(1, 48) + head + PAYLOAD + noise(2, 100))
    assert found.marked == (PAYLOAD[20:],)
    assert found.match.confidence is Confidence.HIGH


def test_a_payload_elsewhere_ends_where_zeros_begin() -> None:
    found = find(NAME, b"\xff" * 20 + PAYLOAD + bytes(8) + noise(2, 900))
    assert found.marked == (PAYLOAD[20:],)
    assert found.match.confidence is Confidence.MEDIUM


@pytest.mark.parametrize(
    "other",
    [PAYLOAD[:4] + b"\x13" * 16 + noise(6, 200), PAYLOAD[:20] + bytes(200), PAYLOAD[:40]],
    ids=["no identifier", "zeros", "too short"],
)
def test_the_magic_of_a_payload_alone_is_none(other: bytes) -> None:
    assert find_all(detector(NAME), b"\xff" * 20 + other) == []
