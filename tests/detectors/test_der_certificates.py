from __future__ import annotations

import base64
import re
import warnings
from pathlib import Path

import certifi
import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from der_material import (
    AUTHORITY,
    PrivateKey,
    authority_extensions,
    certificate,
    certificate_der,
    detector,
    ed25519_key,
    find,
    find_all,
    mask,
    noise,
    rsa_key,
)

from dumpscrub.detectors.certificates import PUBLIC, Certificates
from dumpscrub.model import Confidence

NAME = "der-certificate"
ALTERNATIVE = (x509.SubjectAlternativeName([x509.DNSName("srv.example")]), False)
SERVER_CA = (x509.BasicConstraints(ca=True, path_length=None), True)


def signed_part(subject: x509.Certificate) -> bytes:
    return subject.tbs_certificate_bytes


@pytest.mark.parametrize("key", [None, rsa_key(), ed25519_key()], ids=["ec", "rsa", "ed25519"])
def test_signed_part_and_signature_are_marked(key: PrivateKey | None) -> None:
    subject = certificate(key=key)
    plain = certificate_der(subject)
    data = noise(1, 200) + plain + noise(2, 200)
    found = find(NAME, data)
    signed, signature = found.marked
    assert signed_part(subject).endswith(signed)
    assert len(signed_part(subject)) - len(signed) in {2, 3, 4}
    assert signature.endswith(subject.signature)
    assert found.match.confidence is Confidence.HIGH
    assert found.match.values == ()
    assert not found.match.suppressed
    assert find_all(detector(NAME), mask(data, [found])) == []


def test_the_signed_part_alone() -> None:
    signed = signed_part(certificate())
    data = noise(1, 200) + signed + noise(2, 200)
    found = find(NAME, data)
    assert len(found.marked) == 1
    assert signed.endswith(found.marked[0])
    assert found.match.confidence is Confidence.MEDIUM
    assert find_all(detector(NAME), mask(data, [found])) == []


@pytest.mark.parametrize("kept", [120, 200, 300])
def test_a_certificate_cut_by_the_end_of_memory(kept: int) -> None:
    plain = certificate_der(certificate(key=rsa_key()))
    found = find(NAME, noise(1, 50) + plain[:kept])
    assert found.match.confidence is Confidence.MEDIUM
    assert plain[:kept].endswith(found.marked[-1])


def test_version_1_has_no_version_field() -> None:
    subject = certificate(key=rsa_key())
    body = signed_part(subject).split(bytes.fromhex("a003020102"), 1)[1]
    signed = b"\x30\x82" + len(body).to_bytes(2, "big") + body
    rest = certificate_der(subject).split(signed_part(subject), 1)[1]
    plain = b"\x30\x82" + (len(signed) + len(rest)).to_bytes(2, "big") + signed + rest
    found = find(NAME, noise(1, 50) + plain + noise(2, 50))
    assert found.marked[0] == body
    assert len(found.marked) == 2


def test_every_certificate_of_the_bundle_is_public_whole_signed_part_and_cut() -> None:
    recognise = Certificates.load()
    bundle = Path(certifi.where()).read_bytes()
    blocks = re.findall(rb"-----BEGIN CERTIFICATE-----([^-]+)-----END", bundle)
    assert len(blocks) > 100
    for block in blocks:
        plain = base64.b64decode(block)
        for data in (plain, plain[4:], plain[:300]):
            material = recognise(data, 0)
            assert material is not None
            assert material.suppressed == PUBLIC


def test_an_authority_is_public_by_its_own_word() -> None:
    found = find(NAME, certificate_der(certificate(AUTHORITY, authority_extensions())))
    assert found.match.suppressed == PUBLIC


@pytest.mark.parametrize(
    ("names", "extensions"),
    [
        (None, authority_extensions()),  # a root inside a company, without organisation and country
        ({NameOID.COUNTRY_NAME: "XX", NameOID.COMMON_NAME: "root"}, authority_extensions()),
        (AUTHORITY, [SERVER_CA]),  # as openssl makes for a server
        (AUTHORITY, authority_extensions(sign=False)),
        (AUTHORITY, [*authority_extensions(), ALTERNATIVE]),
        (AUTHORITY, [ALTERNATIVE]),
        (AUTHORITY, []),
    ],
)
def test_other_certificates_are_not_public(
    names: dict[x509.ObjectIdentifier, str], extensions: list[tuple[x509.ExtensionType, bool]]
) -> None:
    found = find(NAME, certificate_der(certificate(names, extensions)))
    assert not found.match.suppressed


SIGNER = {NameOID.COUNTRY_NAME: "US", NameOID.ORGANIZATION_NAME: "DigiCert, Inc.", NameOID.COMMON_NAME: "Signer"}
SIGNING, STAMPING = ExtendedKeyUsageOID.CODE_SIGNING, ExtendedKeyUsageOID.TIME_STAMPING


def purposes(*oids: x509.ObjectIdentifier) -> list[tuple[x509.ExtensionType, bool]]:
    return [(x509.ExtendedKeyUsage(oids), False)]


@pytest.mark.parametrize("oid", [SIGNING, STAMPING])
def test_what_an_authority_made_for_software_is_public(oid: x509.ObjectIdentifier) -> None:
    found = find(NAME, certificate_der(certificate(SIGNER, purposes(oid))))
    assert found.match.suppressed == PUBLIC


@pytest.mark.parametrize(
    ("names", "extensions"),
    [
        (AUTHORITY, purposes(SIGNING)),  # by an authority that nobody knows
        (SIGNER, purposes(SIGNING, ExtendedKeyUsageOID.SERVER_AUTH)),
        (SIGNER, purposes(ExtendedKeyUsageOID.CLIENT_AUTH)),
        (SIGNER, []),
    ],
)
def test_other_certificates_of_authorities_are_not(
    names: dict[x509.ObjectIdentifier, str], extensions: list[tuple[x509.ExtensionType, bool]]
) -> None:
    assert not find(NAME, certificate_der(certificate(names, extensions))).match.suppressed


def test_an_authority_may_have_an_address_for_mail() -> None:
    mail = x509.SubjectAlternativeName([x509.RFC822Name("ca@example.org")]), False
    found = find(NAME, certificate_der(certificate(AUTHORITY, [*authority_extensions(), mail])))
    assert found.match.suppressed == PUBLIC


def test_what_only_looks_like_a_certificate() -> None:
    plain = certificate_der(certificate())
    for data in (
        b"\x30\x82\x03\x00\x30\x82\x02\x00" + bytes.fromhex("a003020102") + b"\x02\x08" + noise(1, 900),
        plain[:30],
        b"\x30" * 8 + bytes.fromhex("a00302010202") + b"\x30" * 900,
        plain.replace(b"\x17\x0d", b"\x04\x0d"),  # validity without times
    ):
        assert find_all(detector(NAME), data) == []


def test_odd_serial_numbers_give_no_warning() -> None:
    plain = certificate_der(certificate(serial=0x1122334455))
    negative = plain.replace(b"\x02\x05\x11", b"\x02\x05\xf1")
    assert negative != plain
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(find(NAME, negative).marked) == 2
