from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.serialization import KeySerializationEncryption, NoEncryption, PrivateFormat, pkcs12
from der_material import PASSWORD, PrivateKey, detector, ec_key, find, find_all, mask, noise, rsa_key, store

from dumpscrub.detectors.asn1 import children, read
from dumpscrub.model import Confidence

NAME = "der-pkcs12"
LEGACY = (
    PrivateFormat.PKCS12.encryption_builder()
    .key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC)
    .kdf_rounds(2000)
    .build(PASSWORD)
)


def safe_and_digest(plain: bytes) -> tuple[bytes, bytes]:
    """The contents of the authenticated safe and of the MAC's digest, by their places in the structure."""
    outer = read(plain, 0)
    assert outer is not None
    _, info, mac = children(plain, outer)
    octets = read(plain, children(plain, info)[1].body)
    assert octets is not None
    digest = children(plain, children(plain, mac)[0])[1]
    return octets.contents(plain), digest.contents(plain)


def indefinite(plain: bytes) -> bytes:
    """The same store as writers of BER make it: indefinite lengths, the safe's octets in chunks, no MAC."""
    safe, _ = safe_and_digest(plain)
    chunks = b"".join(
        b"\x04\x82" + len(part).to_bytes(2, "big") + part
        for part in (safe[at : at + 1000] for at in range(0, len(safe), 1000))
    )
    octets = b"\x24\x80" + chunks + b"\0\0"
    info = b"\x30\x80" + bytes.fromhex("06092a864886f70d010701") + b"\xa0\x80" + octets + b"\0\0\0\0"
    return b"\x30\x80\x02\x01\x03" + info + b"\0\0"


@pytest.mark.parametrize("encryption", [None, LEGACY, NoEncryption()], ids=["pbes2", "pbes1", "open"])
@pytest.mark.parametrize("key", [rsa_key(), rsa_key(5, 2048), ec_key()], ids=["rsa1024", "rsa2048", "ec"])
def test_the_safe_and_the_digest_are_marked(key: PrivateKey, encryption: KeySerializationEncryption | None) -> None:
    plain = store(key, encryption)
    data = noise(1, 100) + plain + noise(2, 100)
    found = find(NAME, data)
    assert found.marked == safe_and_digest(plain)
    assert found.match.confidence is Confidence.HIGH
    assert [value.data for value in found.match.values] == [found.marked[0], plain]
    assert find_all(detector(NAME), mask(data, [found])) == []


def test_indefinite_lengths() -> None:
    plain = indefinite(store())
    data = noise(1, 100) + plain + noise(2, 100)
    found = find(NAME, data)
    assert len(found.marked) == 1
    assert safe_and_digest(store())[0][:900] in found.marked[0] or len(found.marked[0]) > 1000
    assert plain.startswith(plain[: plain.index(found.marked[0])])
    assert [value.data for value in found.match.values] == [found.marked[0], plain]
    assert find_all(detector(NAME), mask(data, [found])) == []


@pytest.mark.parametrize("kept", [80, 200, 1000])
def test_a_store_cut_by_the_end_of_memory(kept: int) -> None:
    for plain in (store(), indefinite(store())):
        found = find(NAME, noise(1, 30) + plain[:kept])
        assert plain[:kept].endswith(found.marked[0])
        assert found.match.confidence is Confidence.MEDIUM


def test_what_is_encrypted_inside_is_found_where_the_beginning_of_the_store_is_gone() -> None:
    plain = store()
    data = bytes(16) + plain[16:]
    assert find_all(detector(NAME), data) == []
    found = find_all(detector("der-encrypted-key"), data)
    assert [len(each.marked[0]) > 500 for each in found] == [True, True]


def test_what_only_looks_like_a_store() -> None:
    for data in (
        bytes.fromhex("308209cf0201033082") + noise(1, 3000),
        bytes.fromhex("3080020103308006092a864886f70d010701a080248004820100") + noise(1, 300),
        bytes.fromhex("30800201033080") * 3000,
        store()[:40],
    ):
        assert find_all(detector(NAME), data) == []
