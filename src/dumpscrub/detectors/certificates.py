"""X.509 certificates in DER (RFC 5280), and which of them are public by design.

A process that speaks TLS holds hundreds of certificates of public authorities. They tell nothing about whoever runs it,
so they are counted but not redacted. A certificate counts as such where

* it is in the bundle of root certificates that ``certifi`` carries, or once was, or is built into Windows, or
* it says itself that it is an authority's: basic constraints CA, key usage keyCertSign, an organisation and a country
  as its subject (as the CA/Browser Forum requires of public ones), and no host among alternative names (as a server's
  would have), or
* an authority of :data:`SOFTWARE_AUTHORITIES` made it for signing code or time stamps and nothing else: every signed
  file of Windows that a process loads holds some, and they name who published it.

What ``openssl req -x509`` makes for a server is CA too, but has no key usage: it is redacted.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from pathlib import Path

import certifi
from cryptography.x509 import load_der_x509_certificate

from dumpscrub.detectors import asn1
from dumpscrub.detectors.asn1 import Element
from dumpscrub.detectors.material import Material, attempt, secret_segments
from dumpscrub.detectors.public_roots import FORMER_ROOTS, SOFTWARE_AUTHORITIES, head_digest
from dumpscrub.model import Confidence
from dumpscrub.rules.schema import Rule

PUBLIC = "public CA certificate"
"""Why a certificate is counted but not redacted."""

ALL = "public-certificate"
"""The category of rules that take every certificate for a secret."""

_BLOCK = re.compile(rb"-----BEGIN CERTIFICATE-----([^-]+)-----END")
VERSION_3 = bytes.fromhex("a003020102")
_BEGINNING = re.compile(rb"(?:\x30%b){1,2}(?:%b)?\x02" % (asn1.LENGTH, re.escape(VERSION_3)), re.DOTALL)
"""A certificate, or its signed part alone, up to the tag of the serial number."""
_TAGS = (asn1.INTEGER, *(asn1.SEQUENCE,) * 5)
"""Serial number, signature algorithm, issuer, validity, subject, public key."""
_LEAST_PARTS = 3
_VALIDITY = 3
_SUBJECT = 4
_ORGANISATION, _COUNTRY = bytes.fromhex("060355040a"), bytes.fromhex("0603550406")
_BASIC_CONSTRAINTS, _KEY_USAGE, _ALTERNATIVE_NAME = (bytes.fromhex(oid) for oid in ("551d13", "551d0f", "551d11"))
_PURPOSES = bytes.fromhex("551d25")
_SOFTWARE = tuple(bytes.fromhex(oid) for oid in ("2b06010505070303", "2b06010505070308"))
"""Purposes: signing code, time stamps."""
_CONNECTIONS = tuple(bytes.fromhex(oid) for oid in ("2b06010505070301", "2b06010505070302"))
"""Purposes: servers, clients."""
_HOST_TAGS = (0x82, 0x87)
"""Of alternative names: a DNS name, an IP address."""
_ISSUER = 2
_IS_CA = b"\x01\x01\xff"
_KEY_CERT_SIGN = 0x04
_MOST_EXTENSIONS = 64


@dataclass(frozen=True, slots=True)
class Certificates:
    """Recognises certificates; ``public`` holds digests of the heads of those that everybody has.

    Without ``keeps`` no certificate is public.
    """

    public: frozenset[bytes] = field(repr=False)
    keeps: bool = True

    @classmethod
    def of(cls, rule: Rule) -> Certificates:
        """As ``rule`` wants it: public ones count as secret where it has the category :data:`ALL`."""
        return cls(frozenset(), keeps=False) if ALL in rule.categories else cls.load()

    @classmethod
    def load(cls) -> Certificates:
        """With the bundle of ``certifi`` and the roots that it no longer carries."""
        digests = set(FORMER_ROOTS)
        for block in _BLOCK.findall(Path(certifi.where()).read_bytes()):
            der = base64.b64decode(block)
            outer = asn1.read(der, 0)
            if outer is not None:
                digests.add(head_digest(der, outer.body))
        return cls(frozenset(digests))

    def __call__(self, data: bytes, start: int) -> Material | None:
        """The certificate, or its signed part (TBSCertificate) alone, whose SEQUENCE begins at ``start``.

        TLS libraries keep the signed part alone, too. Its contents and the signature are marked.
        """
        outer = asn1.read(data, start) if _begins(data, start) else None
        parts = asn1.children(data, outer, 3) if outer else []
        if outer is None or not parts:
            return None
        alone = parts[0].tag != asn1.SEQUENCE
        signed = outer if alone else parts[0]
        fields = _fields(data, signed)
        if fields is None:
            return None
        sound = not alone and not outer.is_cut(data) and _parses(data[outer.start : outer.end])
        confidence = Confidence.HIGH if sound else Confidence.MEDIUM
        if self._is_public(data, signed, fields):
            whole = ((start, min(outer.end, len(data))),)
            return Material(start, outer.end, whole, confidence, suppressed=PUBLIC)
        segments = secret_segments(data, [signed] if alone else [signed, *parts[2:]])
        return Material(start, outer.end, segments, confidence)

    def _is_public(self, data: bytes, signed: Element, fields: list[Element]) -> bool:
        return self.keeps and (head_digest(data, signed.start) in self.public or _is_authority(data, fields))


def _begins(data: bytes, start: int) -> bool:
    """True where a serial number and the identifier of an algorithm stand as they do in a certificate at ``start``."""
    beginning = _BEGINNING.match(data, start)
    serial = asn1.read(data, beginning.end() - 1) if beginning else None
    algorithm = asn1.read(data, serial.end) if serial else None
    if algorithm is None or algorithm.tag != asn1.SEQUENCE:
        return False
    return data[algorithm.body : algorithm.body + 1] == bytes([asn1.OBJECT_IDENTIFIER])


def _parses(der: bytes) -> bool:
    return attempt(lambda: load_der_x509_certificate(der)) is not None


def _fields(data: bytes, signed: Element) -> list[Element] | None:
    """The fields of a TBSCertificate behind its version, as far as memory holds them; None where it is none."""
    if signed.tag != asn1.SEQUENCE:
        return None
    fields = asn1.children(data, signed)
    if data.startswith(VERSION_3, signed.body):
        fields = fields[1:]
    tags = tuple(field.tag for field in fields[: len(_TAGS)])
    least = _LEAST_PARTS if signed.is_cut(data) else len(_TAGS)
    return fields if len(tags) >= least and tags == _TAGS[: len(tags)] and _is_dated(data, fields) else None


def _is_dated(data: bytes, fields: list[Element]) -> bool:
    """True where the validity, if memory holds it, is a pair of times."""
    if len(fields) <= _VALIDITY or fields[_VALIDITY].is_cut(data):
        return True
    times = asn1.children(data, fields[_VALIDITY])
    return [time.tag in {asn1.UTC_TIME, asn1.GENERALIZED_TIME} for time in times] == [True, True]


def _is_authority(data: bytes, fields: list[Element]) -> bool:
    """True where a certificate's own fields say that it is a public authority's, or was made by one for software."""
    if len(fields) <= len(_TAGS) or fields[-1].tag != asn1.context(3) or fields[-1].is_cut(data):
        return False
    subject = fields[_SUBJECT].contents(data)
    extensions = _extensions(data, fields[-1])
    if _signs_software(data, fields, extensions):
        return True
    usage = extensions.get(_KEY_USAGE, b"")
    return (
        _ORGANISATION in subject
        and _COUNTRY in subject
        and _IS_CA in extensions.get(_BASIC_CONSTRAINTS, b"")
        and len(usage) >= 4
        and bool(usage[3] & _KEY_CERT_SIGN)
        and not _names_a_host(extensions.get(_ALTERNATIVE_NAME, b""))
    )


def _signs_software(data: bytes, fields: list[Element], extensions: dict[bytes, bytes]) -> bool:
    """True for a certificate for code or time stamps alone, by an authority that makes them for everybody."""
    purposes = extensions.get(_PURPOSES, b"")
    issuer = fields[_ISSUER].contents(data).lower()
    return (
        any(purpose in purposes for purpose in _SOFTWARE)
        and not any(purpose in purposes for purpose in _CONNECTIONS)
        and any(name in issuer for name in SOFTWARE_AUTHORITIES)
    )


def _names_a_host(alternative: bytes) -> bool:
    """True where one of the alternative names (the value of the extension) is a host's, or they cannot be read."""
    names = asn1.read(alternative, 0)
    if not alternative or names is None:
        return bool(alternative)
    return any(name.tag in _HOST_TAGS for name in asn1.children(alternative, names, _MOST_EXTENSIONS))


def _extensions(data: bytes, field_: Element) -> dict[bytes, bytes]:
    """Object identifier -> value of the extensions in the field ``[3]``."""
    lists = asn1.children(data, field_, 1)
    found: dict[bytes, bytes] = {}
    for extension in asn1.children(data, lists[0], _MOST_EXTENSIONS) if lists else []:
        parts = asn1.children(data, extension, 3)
        if len(parts) >= 2:
            found[parts[0].contents(data)] = parts[-1].contents(data)
    return found
