"""The corpus of keys: each form is what its public description says, and libraries that know it read it."""

from __future__ import annotations

import base64
import json
import struct
import warnings
from random import Random

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    load_der_private_key,
    load_der_public_key,
    load_pem_private_key,
    load_ssh_private_key,
    pkcs12,
)

from corpus.keymaterial import catalogue, damage, der, numbers, ssh, stores, structures, symmetric, windows
from corpus.keymaterial.catalogue import FORMS, combinations
from corpus.keymaterial.item import Item, as_base64, join, pem, private, public, wide
from corpus.keymaterial.keys import KINDS, Factory, Key

SMALL = [kind for kind in KINDS if kind not in {"rsa3072", "rsa4096"}]
FACTORY = Factory("test")
KEYS = {kind: FACTORY.make(kind, "forms") for kind in SMALL}
KNOWN = [kind for kind, key in KEYS.items() if key.object is not None]
PASSWORD = b"of no use here"


def _rng() -> Random:
    return Random(1)


def _same(loaded: object, key: Key) -> bool:
    """True where the library reads the same private numbers; those of other curves are compared as bytes."""
    return _numbers(loaded) == _numbers(key.object)


def _numbers(known: object) -> object:
    return known.private_numbers() if hasattr(known, "private_numbers") else known.private_bytes_raw()  # type: ignore[attr-defined]


def _value(item: Item, name: str) -> bytes:
    return b"".join(item.data[part.start : part.end] for part in item.parts if part.private and part.name == name)


def test_the_same_seed_gives_the_same_keys_and_each_purpose_another_one() -> None:
    again = Factory("test")
    for kind in SMALL:
        assert again.make(kind, "forms").private == KEYS[kind].private
        assert again.make(kind, "other").private != KEYS[kind].private


@pytest.mark.parametrize("kind", ["rsa1024", "rsa2048"])
def test_the_numbers_of_an_rsa_key_belong_together(kind: str) -> None:
    hidden, shown = KEYS[kind].private, KEYS[kind].public
    p, q = hidden["p"], hidden["q"]
    assert p * q == shown["n"]
    assert shown["n"].bit_length() == 8 * KEYS[kind].size
    assert pow(pow(5, 65537, shown["n"]), hidden["d"], shown["n"]) == 5
    assert hidden["qinv"] * q % p == 1


def test_three_primes_make_a_key() -> None:
    hidden, n = KEYS["rsa2048x3"].private, KEYS["rsa2048x3"].public["n"]
    assert hidden["p"] * hidden["q"] * hidden["r"] == n
    assert n.bit_length() >= 2046
    assert pow(pow(7, 65537, n), hidden["d"], n) == 7
    assert hidden["rinv"] * hidden["p"] * hidden["q"] % hidden["r"] == 1


@pytest.mark.parametrize("kind", KNOWN)
def test_pkcs8_is_read_by_a_library(kind: str) -> None:
    key = KEYS[kind]
    (item,) = structures.pkcs8_der(key, _rng())
    assert _same(load_der_private_key(item.data, None), key)
    (encoded,) = structures.pkcs8_base64(key, _rng())
    assert base64.b64decode(encoded.data) == item.data
    for make, codec in ((structures.pkcs8_pem, "ascii"), (structures.pkcs8_pem_wide, "utf-16-le")):
        (text,) = make(key, _rng())
        assert _same(load_pem_private_key(text.data.decode(codec).encode(), None), key)
    (escaped,) = structures.pkcs8_pem_escaped(key, _rng())
    assert _same(load_pem_private_key(json.loads(escaped.data)["key"].encode(), None), key)


@pytest.mark.parametrize("kind", [kind for kind in KNOWN if KEYS[kind].family in {"rsa", "ec", "dsa"}])
def test_traditional_forms_are_read_by_a_library(kind: str) -> None:
    (item,) = structures.traditional_der(KEYS[kind], _rng())
    assert _same(load_der_private_key(item.data, None), KEYS[kind])
    (text,) = structures.traditional_pem(KEYS[kind], _rng())
    assert _same(load_pem_private_key(text.data, None), KEYS[kind])


@pytest.mark.parametrize("kind", KNOWN)
def test_public_keys_and_encrypted_ones_are_read_by_a_library(kind: str) -> None:
    key = KEYS[kind]
    shown = load_der_public_key(structures.spki(key).data)
    assert shown == key.object.public_key()
    (item,) = structures.encrypted_der(key, _rng())
    assert _same(load_der_private_key(item.data, PASSWORD), key)
    assert len(_value(item, "ciphertext")) % 8 == 0
    assert item.data.endswith(_value(item, "ciphertext"))


def test_stores_and_certificates_are_read_by_a_library() -> None:
    for kind in ("rsa1024", "p256"):
        (item,) = structures.store(KEYS[kind], _rng())
        loaded, _, _ = pkcs12.load_key_and_certificates(item.data, PASSWORD)
        assert _same(loaded, KEYS[kind])
        assert len(_value(item, "ciphertext")) > len(structures.pkcs8(KEYS[kind]))
        certificate = x509.load_der_x509_certificate(structures.certificate(KEYS[kind]))
        assert certificate.public_key() == KEYS[kind].object.public_key()


@pytest.mark.parametrize("kind", ["rsa2048", "p256", "p384", "p521", "ed25519", "dsa1024"])
def test_openssh_keys_are_read_by_a_library(kind: str) -> None:
    (text,) = ssh.openssh_pem(KEYS[kind], _rng())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert _same(load_ssh_private_key(text.data, None), KEYS[kind])


@pytest.mark.parametrize("make", [ssh.putty2, ssh.putty3])
def test_a_putty_file_holds_what_it_counts(make: catalogue.Make) -> None:
    (item,) = make(KEYS["rsa2048"], _rng())
    lines = item.data.decode().split("\r\n")
    at = next(number for number, line in enumerate(lines) if line.startswith("Private-Lines: "))
    count = int(lines[at].split()[1])
    blob = base64.b64decode("".join(lines[at + 1 : at + 1 + count]))
    size = int.from_bytes(blob[:4], "big")
    assert int.from_bytes(blob[4 : 4 + size], "big") == KEYS["rsa2048"].private["d"]
    assert lines[at + 1 + count].startswith("Private-MAC: ")


def test_windows_blobs_have_their_numbers_at_the_documented_offsets() -> None:
    key = KEYS["rsa2048"]
    (capi,) = windows.capi(key, _rng())
    assert struct.unpack_from("<BBHI4sII", capi.data) == (7, 2, 0, 0xA400, b"RSA2", 2048, 65537)
    assert int.from_bytes(capi.data[20:276], "little") == key.public["n"]
    assert int.from_bytes(capi.data[276:404], "little") == key.private["p"]
    assert int.from_bytes(capi.data[-256:], "little") == key.private["d"]
    (cng,) = windows.cng_rsa3(key, _rng())
    assert struct.unpack_from("<4sIIIII", cng.data) == (b"RSA3", 2048, 3, 256, 128, 128)
    assert int.from_bytes(cng.data[27:283], "big") == key.public["n"]
    assert int.from_bytes(cng.data[283:411], "big") == key.private["p"]
    (curve,) = windows.cng_ecdsa(KEYS["p256"], _rng())
    assert curve.data[:8] == b"ECS2" + struct.pack("<I", 32)
    assert int.from_bytes(curve.data[72:], "big") == KEYS["p256"].private["d"]
    (blob,) = windows.kdbm(KEYS["aes256"], _rng())
    assert blob.data == b"KDBM" + struct.pack("<II", 1, 32) + KEYS["aes256"].raw


def test_a_jks_entry_opens_with_its_password() -> None:
    (item,) = stores.jks(KEYS["p256"], _rng())
    protected = _value(item, "ciphertext")
    salt, hidden = protected[:20], protected[20:-20]
    assert len(hidden) == len(structures.pkcs8(KEYS["p256"]))
    assert item.data.startswith(b"\xfe\xed\xfe\xed\0\0\0\2\0\0\0\1\0\0\0\1\0\6server")
    assert salt in item.data


def test_a_secret_packet_has_its_length_and_checksum() -> None:
    (item,) = stores.pgp(KEYS["rsa1024"], _rng())
    assert item.data[0] == 0x95
    assert int.from_bytes(item.data[1:3], "big") == len(item.data) - 3
    start = min(part.start for part in item.parts if part.private) - 2
    assert int.from_bytes(item.data[-2:], "big") == sum(item.data[start:-2]) & 0xFFFF


def test_numbers_are_kept_as_runtimes_keep_them() -> None:
    key = KEYS["rsa1024"]
    p = key.private["p"]
    by_name = {form.name: form for form in FORMS}
    values = {
        name: next(_value(item, "p") for item in by_name[name].items(key, _rng()) if _value(item, "p"))
        for name in ("limbs 64", ".NET BigInteger", "Java BigInteger", "CPython int", ".NET arrays")
    }
    assert int.from_bytes(values["limbs 64"], "little") == p
    assert int.from_bytes(values[".NET BigInteger"], "little") == p
    assert int.from_bytes(values[".NET arrays"], "big") == p
    words = struct.unpack("<16I", values["Java BigInteger"])
    assert sum(word << 32 * (15 - at) for at, word in enumerate(words)) == p
    digits = struct.unpack("<18I", values["CPython int"])
    assert sum(digit << 30 * at for at, digit in enumerate(digits)) == p


def test_a_jwk_holds_its_numbers() -> None:
    (item,) = numbers.jwk(KEYS["p256"], _rng())
    fields = json.loads(item.data)
    assert fields["crv"] == "P-256"
    decoded = base64.urlsafe_b64decode(fields["d"] + "=")
    assert int.from_bytes(decoded, "big") == KEYS["p256"].private["d"]
    assert _value(item, "d").decode() == fields["d"]


def test_schedules_are_those_of_the_standard() -> None:
    # FIPS 197, appendix A.1: the last round key of its 128-bit example; 5.3.3: InvMixColumns undoes MixColumns.
    schedule = symmetric.expand(bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c"))
    assert schedule[-16:].hex() == "d014f9a8c9ee2589e13f0cc8b6630ca6"
    assert [len(symmetric.expand(bytes(size))) for size in (16, 24, 32)] == [176, 208, 240]
    assert symmetric.expand(bytes.fromhex("8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b"))[-4:].hex() == "01002202"
    longest = "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"
    assert symmetric.expand(bytes.fromhex(longest))[-4:].hex() == "706c631e"
    inverse = symmetric.invert(schedule)
    assert (inverse[:16], inverse[-16:]) == (schedule[-16:], schedule[:16])
    (rotated,) = symmetric.schedule_rotated(KEYS["aes256"], _rng())
    whole = symmetric.expand(KEYS["aes256"].raw)
    assert (rotated.data[:16], rotated.data[16:32]) == (whole[:16], whole[-16:])
    assert symmetric.invert(bytes(16) + bytes.fromhex("8e4da1bc") * 4 + bytes(16))[16:20].hex() == "db135345"


def test_der_is_written_in_the_shortest_form() -> None:
    assert der.number(127).data == b"\2\1\x7f"
    assert der.number(128).data == b"\2\2\0\x80"
    assert der.tlv(4, bytes(128)).data[:3] == b"\4\x81\x80"
    assert der.tlv(4, bytes(256)).data[:4] == b"\4\x82\1\0"
    assert der.oid("1.2.840.113549.1.1.1").hex() == "06092a864886f70d010101"


def test_base64_parts_hold_no_bits_of_their_neighbours() -> None:
    item = join(b"a", private("p", b"secret"), public("n", b"shown"))
    encoded = as_base64(item)
    assert encoded.data == base64.b64encode(b"asecretshown")
    [part] = encoded.parts
    # Bits 8 to 56 of the text: characters 2 to 8, the second of which begins at bit 12.
    assert (part.start, part.end) == (2, 9)
    assert wide(encoded).parts[0].end == 18


def test_a_block_of_lines_names_the_part_in_each_line() -> None:
    item = pem("PRIVATE KEY", private("key", bytes(range(100))))
    hidden = [item.data[part.start : part.end] for part in item.parts if part.private]
    assert b"".join(hidden) == base64.b64encode(bytes(range(100)))[: 8 * 100 // 6]
    assert [item.data[part.start : part.end] for part in item.parts if not part.private] == [
        *(b"-----BEGIN PRIVATE KEY-----", b"-----END PRIVATE KEY-----")
    ]


def test_damage_keeps_what_it_says() -> None:
    item = private("key", bytes(range(1, 101)))
    freed = damage.freed(item, _rng())
    assert (len(freed), freed.data[16:]) == (100, item.data[16:])
    assert [(part.start, part.end) for part in freed.parts] == [(16, 100)]
    assert damage.first_half(item, _rng()).data[:50] == item.data[:50]
    assert [(part.start, part.end) for part in damage.last_half(item, _rng()).parts] == [(50, 100)]


@pytest.mark.parametrize("kind", SMALL)
def test_every_form_has_private_parts_within_its_bytes(kind: str) -> None:
    for _, form in combinations([kind]):
        parts = [(item, part) for item in form.items(KEYS[kind], _rng()) for part in item.parts]
        assert form.damage or any(part.private for _, part in parts), form.name
        assert all(0 <= part.start < part.end <= len(item) for item, part in parts), form.name


def test_every_type_has_forms() -> None:
    kinds = {kind for kind, _ in combinations(tuple(KINDS))}
    assert kinds == set(KINDS)
    assert len({form.name for form in FORMS}) == len(FORMS)
    assert isinstance(KEYS["p256"].object, ec.EllipticCurvePrivateKey)
    assert isinstance(KEYS["rsa1024"].object, rsa.RSAPrivateKey)
