from __future__ import annotations

from collections.abc import Callable

import pytest
from der_material import Found, detector, find, find_all, mask, noise, rsa_components, rsa_key
from hypothesis import given
from hypothesis import strategies as st
from windows_material import capi_dh, capi_dss, capi_dss_3, capi_header, capi_plain, capi_rsa, pvk

from dumpscrub.model import Confidence

PRIVATE, PLAIN = "windows-private-key", "windows-symmetric-key"


def secrets(found: Found) -> list[bytes]:
    return [value.data for value in found.match.values]


@pytest.mark.parametrize(("bits", "algorithm"), [(512, 0x2400), (1024, 0x2400), (1024, 0xA400), (2048, 0xA400)])
def test_an_rsa_key_is_marked_component_by_component(bits: int, algorithm: int) -> None:
    key = rsa_key(2, bits)
    blob, parts = capi_rsa(key, algorithm)
    found = find(PRIVATE, noise(1, 333) + blob + noise(2, 333))
    assert list(found.marked) == parts
    assert found.match.confidence is Confidence.HIGH
    d, *others = rsa_components(key)
    assert secrets(found) == [*others, d]


def test_a_key_without_its_header_is_still_proven() -> None:
    blob, parts = capi_rsa(rsa_key())
    found = find(PRIVATE, noise(1, 40) + blob[8:] + noise(2, 40))
    assert list(found.marked) == parts
    assert found.match.confidence is Confidence.HIGH


def test_a_key_that_memory_cuts_is_marked_as_far_as_it_goes() -> None:
    blob, parts = capi_rsa(rsa_key())
    private = blob.index(parts[0])
    for length in range(private + 2, len(blob), 19):
        found = find(PRIVATE, noise(1, 40) + blob[:length])
        assert b"".join(found.marked) == blob[private:length]
        assert found.match.confidence is Confidence.MEDIUM


def test_a_partly_overwritten_key_is_marked_with_less_confidence() -> None:
    blob, parts = capi_rsa(rsa_key())
    damaged = bytearray(blob)
    damaged[blob.index(parts[0]) : blob.index(parts[0]) + 16] = noise(9, 16)
    found = find(PRIVATE, bytes(damaged))
    assert found.match.confidence is Confidence.MEDIUM
    assert list(found.marked[1:]) == parts[1:]


@pytest.mark.parametrize("make", [capi_dss, capi_dss_3, capi_dh], ids=["dss", "dss 3", "dh"])
def test_of_a_discrete_logarithm_only_x_is_marked(make: Callable[[], tuple[bytes, bytes]]) -> None:
    blob, secret = make()
    found = find(PRIVATE, noise(1, 77) + blob + noise(2, 77))
    assert found.marked == (secret,)
    assert found.match.confidence is (Confidence.MEDIUM if make is capi_dh else Confidence.HIGH)
    assert secrets(found) == [secret[::-1].lstrip(b"\0")]


@pytest.mark.parametrize(("algorithm", "size"), [(0x6610, 32), (0x660F, 24), (0x660E, 16), (0x6603, 24), (0x6801, 16)])
def test_a_plain_key_has_the_size_of_its_algorithm(algorithm: int, size: int) -> None:
    key = noise(5, size)
    found = find(PLAIN, noise(1, 9) + capi_plain(key, algorithm) + noise(2, 9))
    assert found.marked == (key,)
    assert found.match.confidence is Confidence.HIGH
    assert secrets(found) == [key]


def test_a_plain_key_may_be_a_text() -> None:
    assert find(PLAIN, capi_plain(b"sixteen letters!", 0x660E)).marked == (b"sixteen letters!",)


def test_a_plain_key_of_another_size_is_none() -> None:
    assert find_all(detector(PLAIN), capi_plain(noise(5, 31), 0x6610)) == []
    assert find_all(detector(PLAIN), capi_plain(bytes(32), 0x6610)) == []


@pytest.mark.parametrize("salt", [b"", noise(3, 16)])
def test_a_pvk_file_keeps_its_header(salt: bytes) -> None:
    blob = capi_header(7, 0x2400) + noise(6, 600)
    data = noise(1, 20) + pvk(blob, salt)
    assert find(PRIVATE, data + noise(2, 20)).marked == (blob[8:],)


def test_public_keys_and_code_that_compares_magics_are_none() -> None:
    public = b"RSA1" + capi_rsa(rsa_key())[0][12:150]
    code = b"\x81\xf9RSA2\x74\xea\x81\xf9RSA3\x75\x50\x48\x83\xc4\x20\x5e\xc3" + bytes(64)
    text = b"RSA2048\0RSA2\0DSPV\0DHPV\0KDBM\0ECDV\0" + bytes(range(256))
    assert find_all(detector(PRIVATE), capi_header(6, 0xA400) + public + code + text) == []


@given(st.binary(max_size=400), st.integers(0, 30))
def test_noise_behind_a_header_is_no_failure(tail: bytes, cut: int) -> None:
    blob, _ = capi_rsa(rsa_key(1, 512))
    data = noise(1, 8) + blob[: 8 + cut] + tail
    for found in find_all(detector(PRIVATE), data):
        assert all(0 <= start < end <= len(data) for start, end in found.spans)
        assert find_all(detector(PRIVATE), mask(data, [found])) == []
