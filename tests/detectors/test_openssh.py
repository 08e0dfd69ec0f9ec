"""OpenSSH's keys: files that ``cryptography`` writes, messages to agents built from the specification."""

from __future__ import annotations

import base64
import time
from collections.abc import Sequence

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from der_material import (
    PrivateKey,
    detector,
    dsa_key,
    ec_key,
    ed25519_key,
    find,
    find_all,
    mask,
    noise,
    number_bytes,
    pem,
    rsa_components,
    rsa_key,
    scalar,
)

from dumpscrub import decoded
from dumpscrub.layout import LayoutBuilder
from dumpscrub.model import Confidence, Dump
from dumpscrub.scanner import Scanner
from dumpscrub.search.finder import Search
from dumpscrub.source import BytesSource

NAME = "openssh-key"


def body(text: bytes) -> bytes:
    """What stands in base64 between BEGIN and END."""
    return base64.b64decode(b"".join(text.strip().splitlines()[1:-1]))


def string(content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + content


def number(value: int) -> bytes:
    return string(value.to_bytes(value.bit_length() // 8 + 1, "big"))


def rsa_message(bits: int = 2048) -> tuple[bytes, tuple[bytes, ...]]:
    """A key as it is sent to an agent, and its secrets in their order: d, iqmp, p, q."""
    d, p, q, _, _, iqmp = rsa_components(rsa_key(3, bits))
    public = rsa_key(3, bits).private_numbers().public_numbers
    secrets = (d, iqmp, p, q)
    numbers = (public.n, public.e, *(int.from_bytes(secret, "big") for secret in secrets))
    return string(b"ssh-rsa") + b"".join(map(number, numbers)), secrets


def stripped(parts: Sequence[bytes]) -> tuple[bytes, ...]:
    return tuple(part.lstrip(b"\0") for part in parts)


@pytest.mark.parametrize(
    ("key", "secrets"),
    [
        (ec_key(1, 256), (scalar(ec_key(1, 256)),)),
        (ec_key(1, 384), (scalar(ec_key(1, 384)),)),
        (ec_key(1, 521), (scalar(ec_key(1, 521)),)),
        (ed25519_key(4), (noise(4, 32),)),
    ],
    ids=["p256", "p384", "p521", "ed25519"],
)
def test_unencrypted_files_of_curves(key: PrivateKey, secrets: tuple[bytes, ...]) -> None:
    data = noise(1, 99) + body(pem(key, PrivateFormat.OpenSSH)) + noise(2, 99)
    found = find(NAME, data)
    assert stripped(found.marked) == stripped(secrets)
    assert found.match.confidence is Confidence.HIGH
    assert [value.data for value in found.match.values] == list(stripped(secrets))
    assert find_all(detector(NAME), mask(data, [found])) == []


@pytest.mark.parametrize("bits", [1024, 2048, 3072])
def test_rsa_in_files_and_messages(bits: int) -> None:
    message, secrets = rsa_message(bits)
    for plain in (body(pem(rsa_key(3, bits), PrivateFormat.OpenSSH)), message):
        found = find(NAME, noise(1, 50) + plain + noise(2, 50))
        assert stripped(found.marked) == secrets
        assert found.match.confidence is Confidence.HIGH


def test_a_dsa_key_of_huge_numbers_is_none_and_costs_nothing() -> None:
    huge = b"".join(string(b"\x7f" + noise(seed, 2046) + b"\1") for seed in range(5))
    started = time.process_time()
    assert find_all(detector(NAME), string(b"ssh-dss") + huge) == []
    assert time.process_time() - started < 1


def test_dsa_in_messages() -> None:
    numbers = dsa_key().private_numbers()
    public = numbers.public_numbers
    group = public.parameter_numbers
    message = string(b"ssh-dss") + b"".join(map(number, (group.p, group.q, group.g, public.y, numbers.x)))
    assert stripped(find(NAME, message + noise(1, 9)).marked) == (number_bytes(numbers.x),)
    assert find_all(detector(NAME), message[: -len(number(numbers.x))] + number(5) + noise(1, 9)) == []


@pytest.mark.parametrize("lost", [0, 16])
def test_encrypted_files(lost: int) -> None:
    cipher = noise(6, 1408)
    options = string(noise(5, 16)) + (16).to_bytes(4, "big")
    public = string(b"ssh-ed25519") + string(noise(4, 32))
    plain = b"openssh-key-v1\0" + string(b"aes256-ctr") + string(b"bcrypt") + string(options) + b"\0\0\0\x01"
    plain += string(public) + string(cipher)
    data = noise(1, 99) + bytes(lost) + plain[lost:] + noise(2, 99)
    found = find(NAME, data)
    assert found.marked == (cipher,)
    assert found.match.confidence is Confidence.HIGH
    assert [value.data for value in found.match.values] == [cipher]
    assert find_all(detector(NAME), mask(data, [found])) == []
    assert find(NAME, plain[:-100]).marked == (cipher[:-100],)


def test_security_keys() -> None:
    handle = noise(7, 128)
    message = string(b"sk-ssh-ed25519@openssh.com") + string(noise(1, 32)) + string(b"ssh:") + b"\x01" + string(handle)
    assert find(NAME, message + string(b"") + noise(1, 9)).marked == (handle,)
    point = b"\x04" + noise(2, 64)
    message = string(b"sk-ecdsa-sha2-nistp256@openssh.com") + string(b"nistp256") + string(point) + string(b"ssh:x")
    assert find(NAME, message + b"\x01" + string(handle) + string(b"")).marked == (handle,)
    assert find_all(detector(NAME), message + noise(3, 300)) == []


def test_keys_behind_their_certificates() -> None:
    d, p, q, _, _, iqmp = rsa_components(rsa_key(3))
    public = rsa_key(3).private_numbers().public_numbers
    blob = string(b"ssh-rsa-cert-v01@openssh.com") + string(noise(1, 32)) + number(public.e) + number(public.n)
    message = string(b"ssh-rsa-cert-v01@openssh.com") + string(blob + noise(2, 200))
    message += b"".join(number(int.from_bytes(secret, "big")) for secret in (d, iqmp, p, q))
    found = find(NAME, message + noise(3, 30))
    assert stripped(found.marked) == (d, iqmp, p, q)
    assert found.match.confidence is Confidence.HIGH


def test_public_keys_stay() -> None:
    keys = (rsa_key(3), ec_key(1, 256), ed25519_key(4))
    for key in keys:
        line = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
        assert find_all(detector(NAME), base64.b64decode(line.split()[1]) + noise(2, 500)) == []


def test_cut_and_partly_overwritten_keys() -> None:
    message, secrets = rsa_message()
    private = message.index(secrets[0])
    for length in range(private + 40, len(message), 61):
        found = find(NAME, message[:length])
        assert found.match.confidence is Confidence.MEDIUM
        assert found.spans[0][0] == private
        assert found.spans[-1][1] >= length - 4
    garbled = bytearray(message)
    prime = message.index(secrets[2])
    garbled[prime - 6 : prime + 10] = noise(9, 16)
    assert secrets[0] in find(NAME, bytes(garbled) + noise(1, 3000)).marked


def test_base64_without_its_lines() -> None:
    message, secrets = rsa_message()
    plain = body(pem(rsa_key(3, 2048), PrivateFormat.OpenSSH))
    encoded = base64.b64encode(plain)
    data = bytes(64) + encoded + bytes(64)
    scanner = Scanner([detector(NAME)], Search("re2"))
    dump = Dump("raw", BytesSource(data), LayoutBuilder(len(data)).build())
    findings = decoded.find(dump, scanner.scan(dump).seen.sights.places, scanner).findings
    assert len(findings) == len(secrets)
    for finding, secret in zip(findings, secrets, strict=True):
        start, end = finding.spans[0].start - 64, finding.spans[-1].end - 64
        around = base64.b64decode(encoded[start // 4 * 4 : -(-end // 4) * 4])
        assert secret in around
        assert len(around) - len(secret) <= 6
    assert message in plain


def test_hostile_lengths_read_few_fields() -> None:
    for data in (
        string(b"ssh-rsa") + b"\xff" * 40,
        (string(b"ssh-rsa") + b"\0\0\x08\0") * 2000,
        (b"\0\0\0\x06bcrypt\0\0\0\0\xff\xff\xff\xff") * 1000,
        string(b"ssh-ed25519-cert-v01@openssh.com") + b"\0\0\x40\0" + noise(1, 30),
    ):
        assert find_all(detector(NAME), data) == []


def test_the_tests_write_keys_as_the_library_does() -> None:
    plain = body(rsa_key(3).private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    assert rsa_message(1024)[0] in plain
