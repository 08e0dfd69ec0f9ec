from __future__ import annotations

import base64
import json
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.serialization import PrivateFormat
from der_material import (
    AUTHORITY,
    authority_extensions,
    certificate,
    certificate_der,
    der,
    detector,
    dsa_key,
    ec_key,
    ed25519_key,
    encrypted,
    find,
    find_all,
    mask,
    noise,
    pem,
    rsa_components,
    rsa_key,
    scalar,
    store,
    x25519_key,
)
from test_der_pkcs12 import indefinite

from dumpscrub.detectors.certificates import PUBLIC
from dumpscrub.model import Confidence, Encoding
from dumpscrub.rules.schema import TEXT_ENCODINGS

TRADITIONAL = PrivateFormat.TraditionalOpenSSL
KEYS = {
    "pkcs8-rsa": der(rsa_key()),
    "pkcs1": der(rsa_key(), TRADITIONAL),
    "pkcs8-ec": der(ec_key()),
    "pkcs8-p384": der(ec_key(2, 384), PrivateFormat.PKCS8),
    "sec1": der(ec_key(), TRADITIONAL),
    "sec1-p224": der(ec_key(2, 224), TRADITIONAL),
    "sec1-p384": der(ec_key(2, 384), TRADITIONAL),
    "sec1-p521": der(ec_key(2, 521), TRADITIONAL),
    "ed25519": der(ed25519_key()),
    "x25519": der(x25519_key()),
    "dsa": der(dsa_key(), TRADITIONAL),
}
STORED = {
    "base64-encrypted-key": encrypted(ec_key()),
    "base64-pkcs12": store(),
    "base64-certificate": certificate_der(certificate()),
}


def in_text(before: str, body: str, after: str, encoding: Encoding) -> tuple[bytes, tuple[int, int]]:
    """Bytes with ``body`` in them as text, and its place."""
    start = 7 + len(before.encode(encoding.codec))
    data = noise(1, 7) + (before + body + after).encode(encoding.codec) + noise(2, 50)
    return data, (start, start + len(body.encode(encoding.codec)))


@pytest.mark.parametrize("encoding", TEXT_ENCODINGS)
@pytest.mark.parametrize("kind", KEYS)
def test_keys_in_every_encoding(kind: str, encoding: Encoding) -> None:
    body = base64.b64encode(KEYS[kind]).decode()
    data, span = in_text('{"key":"', body, '"}', encoding)
    found = find_all(detector("base64-private-key"), data)
    exact = [each for each in found if each.encoding is encoding]
    assert exact[0].spans == (span,)
    assert all(start > span[0] and end <= span[1] for each in exact[1:] for start, end in each.spans)  # SEC 1 inside
    assert exact[0].match.confidence is Confidence.HIGH
    assert exact[0].match.values[-1].data == body.encode()
    assert not exact[0].match.values[-1].binary
    assert find_all(detector("base64-private-key"), mask(data, found)) == []


@pytest.mark.parametrize("name", STORED)
def test_stores_certificates_and_encrypted_keys(name: str) -> None:
    body = base64.b64encode(STORED[name]).decode()
    data, span = in_text("Tentacle.Certificate=", body, "\n", Encoding.UTF8)
    found = find(name, data)
    assert found.spans == (span,)
    assert found.match.confidence is Confidence.HIGH
    assert bool(found.match.values) is (name != "base64-certificate")


def test_a_store_with_indefinite_lengths() -> None:
    plain = indefinite(store())
    body = base64.b64encode(plain).decode()
    data, span = in_text("pfx=", body, " and more", Encoding.UTF8)
    assert find("base64-pkcs12", data).spans == (span,)


def test_only_one_class_claims_each() -> None:
    names = ["base64-private-key", *STORED]
    for kind, plain in {"base64-private-key": der(rsa_key()), **STORED}.items():
        data, _ = in_text("x=", base64.b64encode(plain).decode(), ";", Encoding.UTF8)
        assert [name for name in names if find_all(detector(name), data)] == [kind]


def test_values_are_the_components_the_der_and_the_text() -> None:
    key = rsa_key()
    body = base64.b64encode(der(key))
    values = find("base64-private-key", b"=" + body + b"\0").match.values
    assert tuple(value.data for value in values) == (*rsa_components(key), der(key), body)


@pytest.mark.parametrize(
    "end", ["\n", "\r\n", "\\n", "\\r\\n", "\\\\n", "\\u000a", "&#10;", "&#xA;", "%0A", "%0D%0A", "\n    "]
)
@pytest.mark.parametrize("width", [64, 76])
def test_lines_are_marked_and_their_breaks_stay(end: str, width: int) -> None:
    body = base64.b64encode(der(rsa_key())).decode()
    lines = [body[at : at + width] for at in range(0, len(body), width)]
    data, _ = in_text('key: "', end.join(lines), '"', Encoding.UTF8)
    found = find("base64-private-key", data)
    assert [part.decode() for part in found.marked] == lines


@pytest.mark.parametrize(
    "escape",
    [
        lambda text: text.replace("/", "\\/"),
        lambda text: text.replace("+", "\\u002B").replace("=", "\\u003D"),
        lambda text: text.replace("+", "\\u002b").replace("/", "\\u002f"),
        lambda text: text.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D"),
        lambda text: text.replace("+", "%2b").replace("/", "%2f"),
        lambda text: text.replace("+", "&#43;"),
        lambda text: text.replace("+", "&#x2B;"),
        lambda text: text.replace("+", "-").replace("/", "_"),
        lambda text: text.replace("+", "-").replace("/", "_").rstrip("="),
    ],
)
def test_escaped_characters(escape: Callable[[str], str]) -> None:
    for plain in (der(rsa_key()), der(ec_key()), der(ec_key(2, 384))):
        body = escape(base64.b64encode(plain).decode())
        data, span = in_text("key=", body, "&x=1", Encoding.UTF16LE)
        found = [each for each in find_all(detector("base64-private-key"), data) if each.encoding is Encoding.UTF16LE]
        assert found[0].spans == (span,)


def test_json_document() -> None:
    document = json.dumps({"key": base64.b64encode(der(ec_key())).decode(), "next": "MIIB"})
    found = find("base64-private-key", document.encode())
    assert found.marked == (base64.b64encode(der(ec_key())),)


def test_text_behind_the_key_stays() -> None:
    plain = der(ed25519_key())
    body = base64.b64encode(plain).decode()
    data, span = in_text("k ", body, "AndMoreLettersBehindIt", Encoding.UTF8)
    assert find("base64-private-key", data).spans == (span,)


def test_a_key_cut_by_the_end_of_memory() -> None:
    body = base64.b64encode(der(rsa_key()))
    data = b"key=" + body[:600]
    found = find("base64-private-key", data)
    assert found.marked == (body[:600],)
    assert found.match.confidence is Confidence.MEDIUM
    assert find_all(detector("base64-private-key"), mask(data, [found])) == []


def test_public_certificates_are_suppressed() -> None:
    plain = certificate_der(certificate(AUTHORITY, authority_extensions()))
    assert find("base64-certificate", base64.b64encode(plain)).match.suppressed == PUBLIC


def test_the_body_of_a_pem_block_is_left_to_its_own_detector() -> None:
    for text in (
        pem(rsa_key()),
        pem(ec_key()),
        pem(rsa_key()).replace(b"\n", b"\\n"),
        pem(rsa_key()).replace(b"\n", b" "),
    ):
        assert find_all(detector("base64-private-key"), text) == []
    unknown = pem(ec_key()).replace(b"PRIVATE KEY", b"SOMETHING")
    assert len(find("base64-private-key", unknown).marked) == 3


def test_what_only_looks_like_base64_of_der() -> None:
    names = ["base64-private-key", *STORED]
    public = base64.b64encode(noise(4, 300))
    for data in (
        b"MII",
        b"MIIEvQIBADANBgkqhkiG9w0BAQEFAASC",
        b"MIGRATIONS MIGHT FAIL",
        b"MIIB" + public,
        b"MHcCAQEE" + public,
        b"MHcCAQEEI" + b"A" * 200,
        b"MII" * 2000,
        b"M\nI\nI\n" * 500,
        b"MIACAQMw" * 1000,
    ):
        for name in names:
            assert find_all(detector(name), data) == []


def test_scalars_are_values() -> None:
    values = find("base64-private-key", base64.b64encode(der(ec_key(), TRADITIONAL))).match.values
    assert values[0].data == scalar(ec_key())
