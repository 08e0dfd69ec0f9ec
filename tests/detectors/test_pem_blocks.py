from __future__ import annotations

import base64
import re

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import PrivateFormat
from der_material import (
    AUTHORITY,
    PrivateKey,
    authority_extensions,
    certificate,
    certificate_pem,
    detector,
    dsa_key,
    ec_key,
    ed25519_key,
    encrypted,
    find,
    find_all,
    mask,
    noise,
    number_bytes,
    pem,
    rsa_components,
    rsa_key,
    scalar,
    store,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from dumpscrub.detectors.certificates import PUBLIC
from dumpscrub.model import Confidence, Encoding
from dumpscrub.rules.schema import TEXT_ENCODINGS

TRADITIONAL = PrivateFormat.TraditionalOpenSSL
PRIVATE = "pem-private-key"
NAMES = (PRIVATE, "pem-encrypted-key", "pem-certificate", "pem-pkcs12")


def body_lines(text: bytes) -> list[bytes]:
    """The lines of base64 in one block, by the standard's own rules."""
    lines = text.strip().splitlines()[1:-1]
    return [line for line in lines if line and b":" not in line]


def block(label: str, body: bytes, end: bytes = b"\n") -> bytes:
    encoded = base64.b64encode(body)
    lines = [encoded[at : at + 64] for at in range(0, len(encoded), 64)]
    return end.join([f"-----BEGIN {label}-----".encode(), *lines, f"-----END {label}-----".encode(), b""])


BLOCKS = {
    "pkcs8-rsa": (PRIVATE, pem(rsa_key())),
    "pkcs1": (PRIVATE, pem(rsa_key(), TRADITIONAL)),
    "pkcs8-ec": (PRIVATE, pem(ec_key())),
    "sec1": (PRIVATE, pem(ec_key(), TRADITIONAL)),
    "ed25519": (PRIVATE, pem(ed25519_key())),
    "dsa": (PRIVATE, pem(dsa_key(), TRADITIONAL)),
    "openssh-rsa": (PRIVATE, pem(rsa_key(), PrivateFormat.OpenSSH)),
    "openssh-ed25519": (PRIVATE, pem(ed25519_key(), PrivateFormat.OpenSSH)),
    "traditional-encrypted": (PRIVATE, encrypted(rsa_key(), TRADITIONAL, serialization.Encoding.PEM)),
    "pgp": (PRIVATE, block("PGP PRIVATE KEY BLOCK", noise(3, 500))),
    "any": (PRIVATE, block("ANY PRIVATE KEY", noise(3, 100))),
    "openvpn": (PRIVATE, block("OpenVPN Static key V1", noise(3, 256))),
    "tls-session": (PRIVATE, block("SSL SESSION PARAMETERS", noise(3, 200))),
    "encrypted": ("pem-encrypted-key", encrypted(rsa_key(), PrivateFormat.PKCS8, serialization.Encoding.PEM)),
    "certificate": ("pem-certificate", certificate_pem(certificate())),
    "trusted": ("pem-certificate", block("TRUSTED CERTIFICATE", noise(3, 600))),
    "request": ("pem-certificate", block("NEW CERTIFICATE REQUEST", noise(3, 600))),
    "pkcs7": ("pem-certificate", block("PKCS7", noise(3, 600))),
    "pkcs12": ("pem-pkcs12", block("PKCS12", store())),
}


@pytest.mark.parametrize("kind", BLOCKS)
def test_every_label_in_every_encoding(kind: str) -> None:
    name, text = BLOCKS[kind]
    for encoding in TEXT_ENCODINGS:
        data = noise(1, 33) + text.decode("ascii").encode(encoding.codec) + noise(2, 33)
        for other in NAMES:
            found = find_all(detector(other), data)
            exact = [each for each in found if each.encoding is encoding]
            assert len(exact) == (other == name)
            if exact:
                assert [part.decode(encoding.codec).encode() for part in exact[0].marked] == body_lines(text)
                assert exact[0].match.confidence is Confidence.HIGH
            assert find_all(detector(other), mask(data, found)) == []


@pytest.mark.parametrize(
    "label", ["PUBLIC KEY", "RSA PUBLIC KEY", "X509 CRL", "EC PARAMETERS", "PGP PUBLIC KEY BLOCK", "PGP MESSAGE"]
)
def test_what_is_public_stays(label: str) -> None:
    for name in NAMES:
        assert find_all(detector(name), block(label, noise(3, 300))) == []


BREAKS = [
    "\n",
    "\r\n",
    "\\n",
    "\\r\\n",
    "\\\\n",
    "\\\\r\\\\n",
    "\\u000a",
    "&#10;",
    "&#13;&#10;",
    "&#xA;",
    "%0A",
    "%0d%0a",
    " ",
    "\n\t",
    "",
    "\n\n",
]


@pytest.mark.parametrize("end", BREAKS)
def test_line_breaks_stay(end: str) -> None:
    for text in (
        pem(rsa_key()),
        pem(ec_key(), TRADITIONAL),
        encrypted(rsa_key(), TRADITIONAL, serialization.Encoding.PEM),
    ):
        if end == "" and b"DEK-Info" in text:
            continue
        data = b'{"key": "' + text.replace(b"\n", end.encode()) + b'", "next": "value"}'
        found = find(PRIVATE, data)
        assert b"".join(found.marked) == b"".join(body_lines(text))
        assert found.match.confidence is Confidence.HIGH
        kept = re.sub(rb"\*+", b"", mask(data, [found]))
        assert end.encode() in kept or not end
        assert b"-----BEGIN" in kept
        assert b"-----END" in kept
        assert find_all(detector(PRIVATE), mask(data, [found])) == []


@pytest.mark.parametrize(
    "escape", [("/", "\\/"), ("+", "\\u002B"), ("+", "%2B"), ("/", "%2F"), ("=", "%3D"), ("+", "&#x2B;")]
)
def test_escaped_characters(escape: tuple[str, str]) -> None:
    text = pem(rsa_key(2)).decode()
    lines = [line.replace(*escape).encode() for line in text.splitlines()[1:-1]]
    data = "\n".join(["-----BEGIN PRIVATE KEY-----", *(line.decode() for line in lines), "-----END PRIVATE KEY-----"])
    found = find(PRIVATE, data.encode())
    assert list(found.marked) == lines
    assert rsa_components(rsa_key(2))[0] in [value.data for value in found.match.values]


def test_headers_stay() -> None:
    text = (
        b"-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: GnuPG v2\nComment: some words here\n\n"
        + base64.b64encode(noise(3, 48))
        + b"\n=abcd\n-----END PGP PRIVATE KEY BLOCK-----"
    )
    assert find(PRIVATE, text).marked == (base64.b64encode(noise(3, 48)), b"=abcd")
    text = b'---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nComment: "a key"\n' + base64.b64encode(noise(3, 48))
    assert find("pem-encrypted-key", text + b"\n---- END SSH2 ENCRYPTED PRIVATE KEY ----").marked == (
        base64.b64encode(noise(3, 48)),
    )


def test_url_encoded_block() -> None:
    text = pem(rsa_key()).replace(b"+", b"%2B").replace(b" ", b"+").replace(b"\n", b"%0A").replace(b"=", b"%3D")
    found = find(PRIVATE, b"key=" + text + b"&name=x")
    assert b"".join(found.marked) == b"".join(body_lines(pem(rsa_key()))).replace(b"+", b"%2B").replace(b"=", b"%3D")


@pytest.mark.parametrize("encoding", TEXT_ENCODINGS)
@pytest.mark.parametrize("after", [b"", b"\0", b"\xff\xfe", b"{}", b"\n-----BEGIN"])
def test_a_block_cut_anywhere(encoding: Encoding, after: bytes) -> None:
    text = pem(rsa_key(), TRADITIONAL)
    start = text.index(b"\n") + 1
    for length in (20, 64, 65, 66, 500):
        whole = (text[: start + length].decode() + after.decode("latin-1")).encode(encoding.codec)
        found = [each for each in find_all(detector(PRIVATE), whole) if each.encoding is encoding]
        assert len(found) == 1
        marked = b"\n".join(part.decode(encoding.codec).encode() for part in found[0].marked)
        assert marked == text[start : start + length].strip()
        assert found[0].match.confidence is Confidence.MEDIUM


def test_words_behind_a_cut_block_stay() -> None:
    text = b"\n".join(pem(rsa_key()).splitlines()[:5]) + b" and then some words follow"
    assert len(find(PRIVATE, text).marked) == 5  # four lines, and one word that could be the last line


@pytest.mark.parametrize("end", ["\n", "\r\n", "\\n", ""])
@pytest.mark.parametrize("encoding", TEXT_ENCODINGS)
def test_a_block_whose_beginning_is_gone(encoding: Encoding, end: str) -> None:
    text = pem(rsa_key())
    lines = body_lines(text)
    rest = end.join([*(line.decode() for line in lines[3:]), "-----END PRIVATE KEY-----"])
    data = bytes(32) + rest.encode(encoding.codec)
    found = [each for each in find_all(detector(PRIVATE), data) if each.encoding is encoding]
    assert len(found) == 1
    assert b"".join(part.decode(encoding.codec).encode() for part in found[0].marked) == b"".join(lines[3:])
    assert found[0].match.confidence is Confidence.MEDIUM


def test_a_block_overwritten_in_the_middle_is_marked_on_both_sides() -> None:
    text = bytearray(pem(rsa_key()))
    text[300:316] = bytes(16)
    data = bytes(text)
    found = find_all(detector(PRIVATE), data)
    assert len(found) == 2
    masked = mask(data, found)
    left = re.sub(rb"-----(BEGIN|END) PRIVATE KEY-----|[\s*\0]", b"", masked)
    assert left == b""
    assert find_all(detector(PRIVATE), masked) == []


@pytest.mark.parametrize("before", [b"", b"x", b"xy"])
@pytest.mark.parametrize("inner", ["ascii", "utf-16-le"])
def test_a_block_in_base64_once_more(before: bytes, inner: str) -> None:
    text = pem(rsa_key())
    encoded = base64.b64encode(before + text.decode().encode(inner) + b" behind")
    anchor = (0, 2, 3)[len(before)]
    for encoding in TEXT_ENCODINGS:
        data = noise(1, 20) + encoded.decode().encode(encoding.codec) + b"\0\0\0\0"
        found = [each for each in find_all(detector(PRIVATE), data) if each.encoding is encoding]
        assert len(found) == 1
        assert found[0].marked == (encoded[anchor:].decode().encode(encoding.codec),)
        values = [value.data for value in found[0].match.values]
        assert set(rsa_components(rsa_key())) < set(values)
        assert find_all(detector(PRIVATE), mask(data, found)) == []


@pytest.mark.parametrize("width", [64, 76])
def test_a_block_in_lines_of_base64_once_more(width: int) -> None:
    encoded = base64.b64encode(b'{"a":"more than one line of it, so to say, that is", "key":"' + pem(rsa_key()))
    lines = [encoded[at : at + width] for at in range(0, len(encoded), width)]
    found = find(PRIVATE, b"\r\n".join(lines))
    at = encoded.index(found.marked[0])
    assert b"".join(found.marked) == encoded[at:]
    assert rsa_components(rsa_key())[0] in [value.data for value in found.match.values]


def test_values() -> None:
    key = rsa_key()
    text = pem(key)
    values = find(PRIVATE, text).match.values
    body = b"".join(body_lines(text))
    assert [value.data for value in values] == [*rsa_components(key), base64.b64decode(body), body]
    assert [value.binary for value in values] == [True] * 7 + [False]


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (rsa_key(), set(rsa_components(rsa_key()))),
        (ec_key(), {scalar(ec_key())}),
        (ed25519_key(), {noise(1, 32)}),
    ],
    ids=["rsa", "ec", "ed25519"],
)
def test_values_of_openssh_keys(key: PrivateKey, expected: set[bytes]) -> None:
    values = {value.data for value in find(PRIVATE, pem(key, PrivateFormat.OpenSSH)).match.values}
    assert expected < values


def test_protected_openssh_keys_give_their_text_alone() -> None:
    fields = (b"aes256-ctr", b"bcrypt", len(noise(1, 24)).to_bytes(4, "big") + noise(1, 24))
    prefixed = b"".join(len(each).to_bytes(4, "big") + each for each in fields)
    text = block("OPENSSH PRIVATE KEY", b"openssh-key-v1\0" + prefixed + b"\0\0\0\1" + noise(2, 200))
    found = find(PRIVATE, text)
    body = b"".join(body_lines(text))
    assert [value.data for value in found.match.values] == [base64.b64decode(body), body]


def test_certificates_are_not_swept_for_and_public_ones_are_suppressed() -> None:
    found = find("pem-certificate", certificate_pem(certificate()))
    assert found.match.values == ()
    assert not found.match.suppressed
    found = find("pem-certificate", certificate_pem(certificate(AUTHORITY, authority_extensions())))
    assert found.match.suppressed == PUBLIC


def test_a_chain_is_marked_block_by_block() -> None:
    public = certificate_pem(certificate(AUTHORITY, authority_extensions()))
    own = certificate_pem(certificate())
    found = find_all(detector("pem-certificate"), own + public + own)
    assert [bool(each.match.suppressed) for each in found] == [False, True, False]


def test_dsa_component_is_a_value() -> None:
    values = [value.data for value in find(PRIVATE, pem(dsa_key(), TRADITIONAL)).match.values]
    assert number_bytes(dsa_key().private_numbers().x) in values


def test_what_only_looks_like_a_block() -> None:
    for data in (
        b"-----BEGIN PRIVATE KEY-----",
        b"-----BEGIN PRIVATE KEY-----\0-----END PRIVATE KEY-----\0",
        b"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
        b"-----BEGIN PRIVATE KEY-----\nMIIE...\n-----END PRIVATE KEY-----\n",
        b"-----BEGIN RSA PRIVATE KEY-----\n<your key here>\n-----END RSA PRIVATE KEY-----",
        b"a line '-----BEGIN RSA PRIVATE KEY----- is expected here, but something else was found",
        b"-----BEGIN %s-----\n" + base64.b64encode(noise(1, 90)),
        b"-----BEGIN " + b"A" * 500 + b"-----\n" + base64.b64encode(noise(1, 90)),
        b"no key ends before the line -----END PRIVATE KEY-----",
        b"LS0tLS1CRUdJTi" + b"A" * 300,
        b"LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQ==",
    ):
        for name in NAMES:
            assert find_all(detector(name), data) == []


def test_hostile_repetition_is_cheap() -> None:
    for data in (
        b"-----BEGIN PRIVATE KEY-----" * 1000,
        (b"-----BEGIN PRIVATE KEY-----" + b"A" * 16) * 500,
        b"-----BEGIN PRIVATE KEY-----" + b"A\n" * 50_000,
        b"-----BEGIN PRIVATE KEY-----" + b"\\n" * 50_000,
        b"-----BEGIN PRIVATE KEY-----" + b"A: b\n" * 20_000,
        b"-----END PRIVATE KEY-----" * 1000,
        b"LS0tLS1CRUdJTi" * 200,
    ):
        find_all(detector(PRIVATE), data)


@given(st.integers(0, 2000), st.binary(min_size=1, max_size=8))
@settings(max_examples=80, deadline=None)
def test_damage_never_makes_a_detector_fail_and_nothing_is_found_twice(at: int, damage: bytes) -> None:
    data = bytearray(pem(rsa_key()))
    at %= len(data)
    data[at : at + len(damage)] = damage[: len(data) - at]
    text = bytes(data)
    found = find_all(detector(PRIVATE), text)
    assert find_all(detector(PRIVATE), mask(text, found)) == []


def test_the_end_of_one_block_is_not_that_of_the_one_before() -> None:
    first, second = pem(rsa_key()), pem(rsa_key(2))
    data = first + bytes(16) + second[16:].replace(b"KEY-----\n", b"KEY\0\0\0\0\0\0", 1)
    found = find_all(detector(PRIVATE), data)
    assert [part for each in found for part in each.marked] == body_lines(first) + body_lines(second)
