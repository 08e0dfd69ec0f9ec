"""What a found value hides: the decoders that rules name."""

from __future__ import annotations

import base64
from random import Random

import pytest
from der_material import find_all, noise
from hypothesis import given
from hypothesis import strategies as st

from dumpscrub.detectors import DETECTORS
from dumpscrub.detectors.pattern import DECODERS
from dumpscrub.model import Encoding, SecretValue
from dumpscrub.rules.examples import generate
from dumpscrub.rules.load import load_rules

HEX = DECODERS["hex-key"]


@given(st.binary(min_size=8, max_size=128).filter(lambda key: len(set(key)) > 4), st.booleans())
def test_the_bytes_behind_digits_are_the_key(key: bytes, upper: bool) -> None:
    digits = key.hex().upper() if upper else key.hex()
    assert HEX(digits.encode()) == SecretValue(key, binary=True)
    assert HEX(b"0x" + digits.encode()) == SecretValue(key, binary=True)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"0x",
        noise(1, 7).hex().encode(),
        noise(1, 16).hex().encode()[1:],
        b"0" * 64,
        b"deadbeef" * 8,
        b"not a number in hexadecimal digits",
        base64.b64encode(noise(2, 32)),
    ],
)
def test_what_is_no_key_in_hexadecimal(text: bytes) -> None:
    assert HEX(text) is None


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("machine-key", '<machineKey validationKey="{}" validation="SHA1" />'),
        ("machine-key", "decryptionKey='{},IsolateApps'"),
        ("tls-key-log", "CLIENT_RANDOM " + noise(3, 32).hex() + " {}\n"),
        ("hex-encryption-key", "aes_key={}\0"),
        ("hex-encryption-key", '{{"encryptionkey": "{}"}}'),
        ("vault-unseal-key", "unseal key 1: {}\n"),
    ],
)
def test_the_bytes_of_a_key_are_swept_for(rule: str, text: str) -> None:
    # A secret of 48 bytes is what a key log holds; 32 is a length that all others take.
    key = noise(4, 48 if rule == "tls-key-log" else 32)
    (subject,) = (DETECTORS[each.detector](each) for each in load_rules().rules if each.id == rule)
    found = find_all(subject, text.format(key.hex()).encode())
    assert found
    for each in found:
        assert each.marked == (key.hex().encode(),)
        assert [value for value in each.match.values if value.binary] == [SecretValue(key, binary=True)]


@pytest.mark.parametrize("encoding", [Encoding.UTF8, Encoding.UTF16BE])
@pytest.mark.parametrize("tag", [b"!", b"#", b'"'])
@pytest.mark.parametrize(
    ("rule", "text"), [("password-assigned", "password={}"), ("password-labelled", "password: {}")]
)
def test_the_next_object_of_a_java_heap_dump_is_no_part_of_a_value(
    rule: str, text: str, tag: bytes, encoding: Encoding
) -> None:
    header = tag + bytes.fromhex("00000000d5f2a1b8 00000001 0000001c")
    (subject,) = (DETECTORS[each.detector](each) for each in load_rules().rules if each.id == rule)
    found = find_all(subject, text.format("Tr0ub4dor").encode(encoding.codec) + header)
    found = [each for each in found if each.encoding is encoding]
    assert {each.marked for each in found} == {("Tr0ub4dor".encode(encoding.codec),)}
    assert SecretValue(b"Tr0ub4dor") in {value for each in found for value in each.match.values}


@pytest.mark.parametrize("encoding", [Encoding.UTF8, Encoding.UTF16LE])
def test_a_token_ends_where_its_checksum_does(encoding: Encoding) -> None:
    # Neither V8 nor Rust nor PostgreSQL ends a text: the low byte of an address or a length may look like a letter.
    token = generate("@crc:ghp_", Random(1))
    (subject,) = (DETECTORS[each.detector](each) for each in load_rules().rules if each.id == "github-token")
    found = find_all(subject, (token + "y").encode(encoding.codec) + bytes(8))
    found = [each for each in found if each.encoding is encoding]
    assert {each.marked for each in found} == {(token.encode(encoding.codec),)}
    assert {value for each in found for value in each.match.values} == {SecretValue(token.encode())}
