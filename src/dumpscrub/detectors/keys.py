"""Private keys in DER: PKCS#8 (RFC 5958), PKCS#1 (RFC 8017), SEC 1 (RFC 5915), OpenSSL's DSA form, and their remains.

Only the private components are marked; version, algorithm and public numbers stay. A key that memory cuts, or that was
partly overwritten, is still marked as far as its structure can be followed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cryptography.hazmat.primitives.serialization import load_der_private_key

from dumpscrub.detectors import asn1
from dumpscrub.detectors.asn1 import Element
from dumpscrub.detectors.material import Material, attempt, binary_values, secret_segments
from dumpscrub.model import Confidence, SecretValue

PASSWORD_BASED = tuple(
    bytes.fromhex(oid) for oid in ("2a864886f70d0105", "2a864886f70d010c01", "2b060104012a021101", "2b060104012a021301")
)
"""Contents of the object identifiers of password-based encryption (PKCS#5, PKCS#12, Java), without the last arc."""
_BEGINNING = re.compile(
    rb"\x30%b\x02(?:\x01|\x81\x01|\x82\0\x01|\x83\0\0\x01|\x84\0\0\0\x01)[\0\x01]" % asn1.LENGTH, re.DOTALL
)
"""A SEQUENCE that begins with the version of a key."""
_LONGEST_EXPONENT = 8
LONGEST_NUMBER = 4096
_SCALAR_LENGTHS = range(14, 81)
RSA_PARTS = 9
_LEAST_RANDOM, _FULL = 16, 64
"""Of so many random bytes more than half differ; the odds against are astronomic."""


@dataclass(frozen=True, slots=True)
class _Secrets:
    """The elements that hold secrets; ``proven`` says whether arithmetic bears them out, None where not asked.

    Of a key of RSA the header of the ``modulus`` goes with them. Its value stands, but tools that look for keys by
    structure, as rsakeyfind does, no longer take what is left for one.
    """

    elements: tuple[Element, ...]
    proven: bool | None = None
    modulus: Element | None = None

    def segments(self, data: bytes) -> tuple[tuple[int, int], ...]:
        """Where they stand in ``data``."""
        found = secret_segments(data, self.elements)
        return ((self.modulus.start, self.modulus.body), *found) if found and self.modulus else found


def private_key(data: bytes, start: int) -> Material | None:
    """The unencrypted private key whose SEQUENCE begins at ``start``."""
    outer = asn1.read(data, start) if _begins(data, start) else None
    if outer is None:
        return None
    parts = asn1.children(data, outer)
    secrets = _pkcs8(data, parts) or _bare_key(data, parts)
    segments = secrets.segments(data) if secrets else ()
    if secrets is None or not segments:
        return None
    confidence = Confidence.HIGH if _is_sound(data, outer, secrets) else Confidence.MEDIUM
    return Material(start, outer.end, segments, confidence, binary_values(data, secrets.elements, outer))


def _begins(data: bytes, start: int) -> bool:
    """True where a version stands at ``start`` as in a key, and behind it what may follow: told before all is read."""
    beginning = _BEGINNING.match(data, start)
    second = asn1.read(data, beginning.end()) if beginning else None
    if second is None:
        return False
    is_number = second.tag == asn1.INTEGER and second.length <= LONGEST_NUMBER
    return is_number or second.tag in {asn1.SEQUENCE, asn1.OCTET_STRING}


def encrypted_key(data: bytes, start: int) -> Material | None:
    """The EncryptedPrivateKeyInfo (RFC 5958) whose SEQUENCE begins at ``start``."""
    outer = asn1.read(data, start)
    if outer is None or outer.tag != asn1.SEQUENCE:
        return None
    parts = asn1.children(data, outer, 3)
    if [part.tag for part in parts] != [asn1.SEQUENCE, asn1.OCTET_STRING] or parts[1].end != outer.end:
        return None
    algorithm = asn1.children(data, parts[0])
    if not algorithm or not _identifier(data, algorithm[0]).startswith(PASSWORD_BASED):
        return None
    segments = secret_segments(data, parts[1:])
    if not segments:
        return None
    confidence = Confidence.MEDIUM if outer.is_cut(data) else Confidence.HIGH
    return Material(start, outer.end, segments, confidence, binary_values(data, parts[1:], outer))


def numbers_of(key: object) -> tuple[SecretValue, ...]:
    """The private components of a key that ``cryptography`` loaded, big-endian, as values to sweep."""
    if not hasattr(key, "private_numbers"):
        raw = key.private_bytes_raw() if hasattr(key, "private_bytes_raw") else b""
        return (SecretValue(raw, binary=True),) if raw else ()
    private = key.private_numbers()
    found = [
        getattr(private, name)
        for name in ("d", "p", "q", "dmp1", "dmq1", "iqmp", "private_value", "x")
        if hasattr(private, name)
    ]
    return tuple(SecretValue(number.to_bytes((number.bit_length() + 7) // 8, "big"), binary=True) for number in found)


def _identifier(data: bytes, element: Element) -> bytes:
    """The contents of an object identifier, empty for any other element."""
    return element.contents(data) if element.tag == asn1.OBJECT_IDENTIFIER else b""


def _pkcs8(data: bytes, parts: list[Element]) -> _Secrets | None:
    """The secrets of a PrivateKeyInfo: version, algorithm, private key."""
    tags = [part.tag for part in parts[:3]]
    if tags != [asn1.INTEGER, asn1.SEQUENCE, asn1.OCTET_STRING] or not _is_version(data, parts[0]):
        return None
    algorithm = asn1.children(data, parts[1])
    if not algorithm or not _identifier(data, algorithm[0]):
        return None
    octets = parts[2]
    inner = asn1.read(data, octets.body)
    if inner is not None and inner.end == octets.end:
        if inner.tag == asn1.SEQUENCE:
            numbers = asn1.children(data, inner)
            secrets = _bare_key(data, numbers)
            if secrets is not None or _is_masked(data, numbers):
                return secrets
        elif inner.tag in {asn1.OCTET_STRING, asn1.INTEGER}:
            return _Secrets(_random(data, inner))
    return _Secrets((octets,))


def _is_masked(data: bytes, parts: list[Element]) -> bool:
    """True for a key of RSA whose modulus has lost its header: its secrets are masked."""
    return bool(parts) and _is_version(data, parts[0]) and data.startswith(b"**", parts[0].end)


def _bare_key(data: bytes, parts: list[Element]) -> _Secrets | None:
    """The secrets of a key without algorithm around it: PKCS#1, DSA or SEC 1."""
    if len(parts) < 2 or parts[0].tag != asn1.INTEGER or not _is_version(data, parts[0]):
        return None
    if parts[1].tag == asn1.OCTET_STRING:
        return _sec1(data, parts)
    numbers = [part for part in parts if part.tag == asn1.INTEGER]
    if (
        len(numbers) < 4
        or parts[: len(numbers)] != numbers
        or any(number.length > LONGEST_NUMBER for number in numbers)
    ):
        return None
    if parts[2].length <= _LONGEST_EXPONENT:
        return _rsa(data, parts)
    return _Secrets((parts[5],)) if len(numbers) == len(parts) == 6 else None


def _rsa(data: bytes, parts: list[Element]) -> _Secrets | None:
    """The secrets of version, n, e, d, p, q, dp, dq, qinv and, with more than two primes, the other primes."""
    if parts[3].length > parts[1].length:
        return None
    if len(parts) < RSA_PARTS or parts[RSA_PARTS - 1].is_cut(data):
        return _Secrets(tuple(parts[3:]), modulus=parts[1])
    modulus, exponent, *private = (asn1.unsigned(data, part) for part in parts[1:RSA_PARTS])
    proven = private[1] * private[2] == modulus or exponents_agree([exponent, *private])
    more = _other_primes(data, parts[RSA_PARTS]) if len(parts) > RSA_PARTS else ()
    return _Secrets((*parts[3:RSA_PARTS], *more), proven, parts[1])


def _other_primes(data: bytes, infos: Element) -> tuple[Element, ...]:
    """Prime, exponent and coefficient of the third prime and those behind it."""
    triples = asn1.children(data, infos) if infos.tag == asn1.SEQUENCE else []
    return tuple(number for triple in triples for number in asn1.children(data, triple, 3))


def _sec1(data: bytes, parts: list[Element]) -> _Secrets | None:
    """The secret of version 1, scalar, [0] curve, [1] public key."""
    if data[parts[0].body] != 1 or parts[1].length not in _SCALAR_LENGTHS:
        return None
    if any(part.tag not in {asn1.context(0), asn1.context(1)} for part in parts[2:]):
        return None
    return _Secrets(_random(data, parts[1]))


def _random(data: bytes, element: Element) -> tuple[Element, ...]:
    """The element, unless it cannot be a key: programs hold the constant beginning of one, and what follows is none."""
    content = element.contents(data)
    varied = len(content) < _LEAST_RANDOM or 2 * len(set(content)) > min(len(content), _FULL)
    return (element,) if varied and bytes(8) not in content else ()


def _is_version(data: bytes, element: Element) -> bool:
    return element.length == 1 and not element.is_cut(data) and data[element.body] <= 1


def exponents_agree(numbers: list[int]) -> bool:
    """True where e d, e dp or e dq is 1 modulo p - 1 or q - 1, given e, d, p, q, dp, ... as far as they are known."""
    exponent, private, *primes = numbers[:4]
    pairs = [(private, prime) for prime in primes] + list(zip(numbers[4:6], primes, strict=False))
    return any(prime > 1 and exponent * part % (prime - 1) == 1 for part, prime in pairs)


def _is_sound(data: bytes, outer: Element, secrets: _Secrets) -> bool:
    """True where the whole key is there and arithmetic, or else ``cryptography``, accepts it."""
    if outer.is_cut(data):
        return False
    if secrets.proven is not None:
        return secrets.proven
    der = data[outer.start : outer.end]
    return attempt(lambda: load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)) is not None
