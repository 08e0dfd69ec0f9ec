"""Keys, certificates and stores in binary: DER found by literals that are rare and stand near its beginning.

The beginning itself (``30 82``) is far too common to search for. From a hit, the reader of the class is tried at every
``30`` a few bytes before, the outermost first; it decides by the whole structure and, where it can, ``cryptography``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dumpscrub.detectors import asn1, certificate_requests, encrypted_content, key_remains, keys, pkcs12, prime_remains
from dumpscrub.detectors.base import Anchor, Match
from dumpscrub.detectors.certificates import VERSION_3, Certificates
from dumpscrub.detectors.material import Material, Recogniser
from dumpscrub.model import Encoding
from dumpscrub.rules.schema import Rule
from dumpscrub.search.windows import Window

REACH = 16 * 1024
STORE_REACH = 64 * 1024
"""Bytes from a hit on that are looked at: what is longer is marked as far as that."""

_BACK = 64
_STORE_BACK = 8
_TAIL_BACK = 4096 + 16
"""Bytes before a hit: for the outer header, that of a store, and for the modulus before an RSA key's exponent."""

_LONGEST_SERIAL = 24
"""Bytes of a certificate's serial number, header included (RFC 5280 allows 20 and a sign)."""

# Version 0 and the header of a modulus (RSA) or prime (DSA) of 512 bits and more; version 1 has more than two primes.
_INTEGERS = ("0201000282", "0201000281", "020100024100", "020100026100", "0201010282", "0201010281")
# Version 1 and the header of an elliptic-curve scalar of the lengths in use, also without its leading zero byte.
_SCALARS = tuple(
    f"02010104{length:02x}" for length in (20, 21, 24, *range(27, 33), 36, 40, 47, 48, 49, 52, 64, 65, 66, 72)
)
# Algorithms of RFC 8410, DSA, Diffie-Hellman and the post-quantum ones, as they stand in PKCS#8.
_ALGORITHMS = (
    *(f"06032b65{arc}04" for arc in ("6e", "6f", "70", "71")),
    *("06072a8648ce380401", "06092a864886f70d010301", "06072a8648ce3e0201"),
    *(f"020100300b060960864801650304{arc}" for arc in ("03", "04")),
)
# A public exponent and the header of the private one; a header of a prime; the end of a scalar and a public point.
_TAILS = (
    *(key_remains.EXPONENTS[0].hex() + header for header in ("0282", "0281", "0240", "0241")),
    *(exponent.hex() + header for exponent in key_remains.EXPONENTS[1:] for header in ("0282", "0281")),
    *(literal.hex() for literal in (*key_remains.PRIMES, *key_remains.POINTS, *prime_remains.INFOS)),
)
_ENCRYPTED = (
    *(f"06092a864886f70d0105{arc}" for arc in ("01", "03", "04", "06", "0a", "0b", "0d")),
    *(f"060a2a864886f70d010c01{arc:02x}" for arc in range(1, 7)),
    *("060a2b060104012a02110101", "06092b060104012a021301"),
)
_STORES = ("0201033080", "0201033081", "0201033082")
# Version 3 and the tag of a serial number; in version 1, only the algorithm and the issuer's tag are constant.
_CERTIFICATES = (
    "a00302010202",
    *(f"300d06092a864886f70d0101{arc}050030" for arc in ("04", "05", "0b", "0c", "0d")),
    *(f"300a06082a8648ce3d04030{arc}30" for arc in ("2", "3", "4")),
)

Find = Callable[[bytes, int], Material | None]


@dataclass(frozen=True, slots=True)
class DerDetector:
    """Finds one class of material around binary anchors."""

    rule: Rule
    anchors: tuple[Anchor, ...]
    before: int
    after: int
    find: Find

    def verify(self, window: Window) -> Iterator[Match]:
        material = self.find(window.data, window.hit)
        if material is not None and material.segments:
            yield material.match()


def build(rule: Rule) -> DerDetector:
    """The detector that ``rule.detector``, one of :data:`NAMES`, names. KeyError for any other."""
    return _BUILDERS[rule.detector](rule)


def _private_key(rule: Rule) -> DerDetector:
    return _detector(rule, (*_INTEGERS, *_SCALARS, *_ALGORITHMS, *_TAILS), _find_key, before=_TAIL_BACK)


def _encrypted_key(rule: Rule) -> DerDetector:
    return _detector(rule, _ENCRYPTED, _find_encrypted)


def _store(rule: Rule) -> DerDetector:
    return _detector(rule, _STORES, _around(pkcs12.pfx, _STORE_BACK), after=STORE_REACH)


def _certificate(rule: Rule) -> DerDetector:
    certificates = Certificates.of(rule)
    return _detector(rule, _CERTIFICATES, lambda data, hit: _find_certificate(certificates, data, hit))


def _request(rule: Rule) -> DerDetector:
    back = certificate_requests.BEFORE
    find = _around(certificate_requests.request, back)
    return _detector(rule, certificate_requests.ANCHORS, find, before=back)


_BUILDERS = {
    "der-private-key": _private_key,
    "der-encrypted-key": _encrypted_key,
    "der-pkcs12": _store,
    "der-certificate": _certificate,
    "der-certificate-request": _request,
}
NAMES = tuple(_BUILDERS)


def _detector(rule: Rule, anchors: tuple[str, ...], find: Find, before: int = _BACK, after: int = REACH) -> DerDetector:
    literals = tuple(Anchor(bytes.fromhex(anchor), Encoding.BINARY) for anchor in anchors)
    return DerDetector(rule, literals, before, after, find)


def _find_key(data: bytes, hit: int) -> Material | None:
    """The private key around the anchor at ``hit``, or what is left of it."""
    if data.startswith(key_remains.EXPONENTS, hit):
        return key_remains.rsa_tail(data, hit)
    if data.startswith(key_remains.PRIMES, hit):
        return key_remains.prime_tail(data, hit)
    if data.startswith(tuple(key_remains.POINTS), hit):
        return key_remains.curve_tail(data, hit)
    if data.startswith(prime_remains.INFOS, hit):
        return prime_remains.other_prime(data, hit)
    return _enclosing(keys.private_key, data, hit)


def _find_encrypted(data: bytes, hit: int) -> Material | None:
    """The encrypted private key, or other content, that the algorithm at ``hit`` encrypts."""
    return _enclosing(keys.encrypted_key, data, hit) or _enclosing(encrypted_content.encrypted_content, data, hit)


def _find_certificate(certificates: Certificates, data: bytes, hit: int) -> Material | None:
    """The certificate around the anchor at ``hit``; one of version 3 only where the anchor is its version."""
    if data[hit] == asn1.SEQUENCE and VERSION_3 in data[max(0, hit - _LONGEST_SERIAL - len(VERSION_3)) : hit]:
        return None
    return _enclosing(certificates, data, hit)


def _around(recognise: Recogniser, back: int = _BACK) -> Find:
    return lambda data, hit: _enclosing(recognise, data, hit, back)


def _enclosing(recognise: Recogniser, data: bytes, hit: int, back: int = _BACK) -> Material | None:
    """The outermost structure that begins up to ``back`` bytes before ``hit`` and contains it."""
    start = data.find(b"\x30", max(0, hit - back), hit)
    while start != -1:
        material = recognise(data, start)
        if material is not None and material.end > hit:
            return material
        start = data.find(b"\x30", start + 1, hit)
    return None
