from __future__ import annotations

from collections.abc import Callable

import pytest
from der_material import Found, detector, ec_key, find, find_all, mask, noise, rsa_key
from windows_material import cng_dh, cng_dsa, cng_dsa_2, cng_ec, cng_ec_full, cng_plain, cng_rsa

from dumpscrub.model import Confidence

PRIVATE, PLAIN = "windows-private-key", "windows-symmetric-key"
MAGICS = [(256, b"ECS2"), (384, b"ECS4"), (521, b"ECS6"), (256, b"ECK2"), (384, b"ECK4"), (521, b"ECK6")]


def secrets(found: Found) -> list[bytes]:
    return [value.data for value in found.match.values]


@pytest.mark.parametrize("full", [False, True], ids=["RSA2", "RSA3"])
@pytest.mark.parametrize("bits", [512, 1024, 2048])
def test_an_rsa_key_is_marked_component_by_component(bits: int, full: bool) -> None:
    blob, parts = cng_rsa(rsa_key(2, bits), full=full)
    found = find(PRIVATE, noise(1, 333) + blob + noise(2, 333))
    assert list(found.marked) == parts
    assert found.match.confidence is Confidence.HIGH
    assert secrets(found) == [part.lstrip(b"\0") for part in parts]


@pytest.mark.parametrize(("bits", "magic"), MAGICS)
def test_of_a_curve_only_the_scalar_is_marked(bits: int, magic: bytes) -> None:
    blob, secret = cng_ec(ec_key(3, bits), magic)
    found = find(PRIVATE, noise(1, 77) + blob + noise(2, 77))
    assert found.marked == (secret,)
    assert found.match.confidence is Confidence.HIGH
    assert secrets(found) == [secret.lstrip(b"\0")]


def test_a_scalar_of_another_point_has_less_confidence() -> None:
    blob, secret = cng_ec(ec_key(3), b"ECS2")
    found = find(PRIVATE, blob[:20] + noise(4, 8) + blob[28:])
    assert (found.marked, found.match.confidence) == ((secret,), Confidence.MEDIUM)


@pytest.mark.parametrize("magic", [b"ECDV", b"ECKV"])
def test_a_key_of_an_unnamed_curve(magic: bytes) -> None:
    blob, secret = cng_ec(ec_key(3), magic)
    found = find(PRIVATE, noise(1, 77) + blob + noise(2, 77))
    assert (found.marked, found.match.confidence) == ((secret,), Confidence.MEDIUM)


def test_a_key_with_the_parameters_of_its_curve() -> None:
    blob, secret = cng_ec_full(ec_key(3, 384))
    assert find(PRIVATE, noise(1, 77) + blob + noise(2, 77)).marked == (secret,)


@pytest.mark.parametrize("make", [cng_dsa, cng_dsa_2, cng_dh], ids=["dsa", "dsa 2", "dh"])
def test_of_a_discrete_logarithm_only_x_is_marked(make: Callable[[], tuple[bytes, bytes]]) -> None:
    blob, secret = make()
    found = find(PRIVATE, noise(1, 77) + blob + noise(2, 77))
    assert found.marked == (secret,)
    assert found.match.confidence is (Confidence.MEDIUM if make is cng_dh else Confidence.HIGH)


@pytest.mark.parametrize("size", [8, 16, 24, 32, 64])
def test_a_symmetric_key(size: int) -> None:
    key = noise(5, size)
    found = find(PLAIN, noise(1, 77) + cng_plain(key) + noise(2, 77))
    assert (found.marked, found.match.confidence) == ((key,), Confidence.HIGH)
    assert secrets(found) == [key]


ALL = [
    cng_rsa(rsa_key(), full=True)[0],
    cng_rsa(rsa_key(), full=False)[0],
    cng_ec(ec_key(), b"ECS2")[0],
    cng_ec(ec_key(1, 521), b"ECK6")[0],
    cng_ec_full(ec_key())[0],
    cng_dsa()[0],
    cng_dsa_2()[0],
    cng_dh()[0],
    cng_plain(noise(1, 32)),
]


@pytest.mark.parametrize("blob", ALL, ids=[blob[:4].decode() for blob in ALL])
def test_a_cut_blob_is_marked_as_far_as_it_goes_and_never_twice(blob: bytes) -> None:
    for name in (PRIVATE, PLAIN):
        whole = find_all(detector(name), blob)
        if not whole:
            continue
        secret = whole[0].spans[0][0]
        for length in range(8, len(blob), 7):
            found = find_all(detector(name), blob[:length])
            assert len(found) == (length > secret + 1) or length <= secret + 1
            for each in found:
                assert each.match.confidence is Confidence.MEDIUM
                assert all(secret <= start < end <= length for start, end in each.spans)
        assert find_all(detector(name), mask(blob, whole)) == []


@pytest.mark.parametrize("blob", ALL, ids=[blob[:4].decode() for blob in ALL])
def test_a_header_with_other_sizes_is_none(blob: bytes) -> None:
    for wrong in (0, 3, 5000, 0xFFFFFFFF):
        size = 4 if blob[:4] not in {b"KDBM", b"ECDV"} else 8 if blob[:4] == b"KDBM" else 16
        data = blob[:size] + wrong.to_bytes(4, "little") + blob[size + 4 :]
        found = [each for name in (PRIVATE, PLAIN) for each in find_all(detector(name), data)]
        assert found == [] or (blob[:4] == b"KDBM" and wrong == 3)


def test_templates_of_public_keys_are_none() -> None:
    data = b"".join(magic + bytes((32, 0, 0, 0)) + noise(1, 64) + bytes(32) for magic in (b"ECS2", b"ECK2", b"ECS1"))
    assert find_all(detector(PRIVATE), data + bytes(64)) == []
