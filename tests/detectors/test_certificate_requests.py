from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AttributeOID, NameOID
from der_material import (
    PrivateKey,
    certificate,
    certificate_der,
    detector,
    ec_key,
    find,
    find_all,
    mask,
    noise,
    rsa_key,
)

from dumpscrub.detectors.asn1 import children, read
from dumpscrub.model import Confidence

NAME = "der-certificate-request"


def request(key: PrivateKey, *, hosts: bool = False, challenge: bool = False) -> bytes:
    name = x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, "srv.example"), x509.NameAttribute(NameOID.COUNTRY_NAME, "XX")]
    )
    builder = x509.CertificateSigningRequestBuilder(name)
    if hosts:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("srv.example")]), critical=False)
    if challenge:
        builder = builder.add_attribute(AttributeOID.CHALLENGE_PASSWORD, b"correct horse")
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)  # type: ignore[arg-type]


@pytest.mark.parametrize("key", [rsa_key(3, 2048), ec_key()], ids=["rsa", "ec"])
@pytest.mark.parametrize(("hosts", "challenge"), [(False, False), (True, False), (False, True), (True, True)])
def test_the_signed_part_and_the_signature_are_marked(key: PrivateKey, hosts: bool, challenge: bool) -> None:
    plain = request(key, hosts=hosts, challenge=challenge)
    outer = read(plain, 0)
    assert outer is not None
    signed, _, signature = children(plain, outer)
    data = noise(1, 300) + plain + noise(2, 300)
    found = find_all(detector(NAME), data)
    assert {each.marked for each in found} == {(signed.contents(plain), signature.contents(plain))}
    assert {each.match.confidence for each in found} == {Confidence.HIGH}
    assert find_all(detector(NAME), mask(data, found)) == []


def test_a_request_without_its_end() -> None:
    plain = request(rsa_key(3, 2048), hosts=True)
    found = find(NAME, plain[:-200])
    assert found.match.confidence is Confidence.MEDIUM
    assert found.marked[-1] == plain[:-200][-len(found.marked[-1]) :]


def test_certificates_are_none() -> None:
    assert find_all(detector(NAME), certificate_der(certificate())) == []
    assert find_all(detector(NAME), bytes.fromhex("06092a864886f70d01090e") * 2000) == []
