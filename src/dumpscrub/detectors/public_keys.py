"""Public keys, which stay: what they say of the private ones is what those are recognised by where they stand bare.

No hit of these detectors is a finding. Whoever searches for private numbers (:mod:`dumpscrub.factors`,
:mod:`dumpscrub.scalars`) or for random arrays (:mod:`dumpscrub.randomarrays`), which public numbers are as well, asks
:meth:`PublicKeyDetector.read` for the key that an anchor belongs to.

Read are SubjectPublicKeyInfo (RFC 5280, RFC 3279, RFC 5480, RFC 8410), which every certificate holds, PKCS#1 keys (RFC
8017), the groups of DSA and Diffie-Hellman also beside private keys (RFC 5958), the blobs of Windows (``RSA1``,
``RSA2``, ``RSA3`` of wincrypt.h and bcrypt.h), ``<Modulus>`` of XML signatures (RFC 4050) and the member ``n`` of a
JSON Web Key (RFC 7518).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from dumpscrub.detectors import asn1
from dumpscrub.detectors.base import Anchor, Match
from dumpscrub.model import Encoding
from dumpscrub.rules.schema import Rule
from dumpscrub.search.windows import Window

USUAL_EXPONENT = 65537
_SHORTEST, _LONGEST = 64, 1024
"""Bytes of a modulus: 512 to 8192 bits."""
_BACK = _LONGEST + 16
_AFTER = 2048
_BLOB_HEADER = 24
_EXPONENT = bytes.fromhex("0203010001")
_RSA_INFO = bytes.fromhex("2a864886f70d010101050003")
_MAGICS = (b"RSA1", b"RSA2", b"RSA3")
_TEXTS = (b"<Modulus>", b'"n":"', b'"n": "')
_HEADERS = tuple(
    (
        length,
        bytes((2, 0x82, *divmod(length, 256)) if length > 255 else (2, 0x81, length) if length > 127 else (2, length)),
    )
    for size in range(_SHORTEST, _LONGEST + 1, 8)
    for length in (size, size + 1)
)
"""The lengths of a modulus in DER, without and with a zero byte before it, each with the header of its element."""
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{86,}")
_POINTS = {
    bytes.fromhex(head): (curve, size)
    for head, curve, size in (
        ("2a8648ce3d020106082a8648ce3d030107034200", "secp256r1", 65),
        ("a144034200", "secp256r1", 65),
        ("2a8648ce3d020106052b81040022036200", "secp384r1", 97),
        ("a164036200", "secp384r1", 97),
        ("2a8648ce3d020106052b8104002303818600", "secp521r1", 133),
        ("a1818903818600", "secp521r1", 133),
        ("06032b6570032100", "ed25519", 32),
        ("06032b656e032100", "x25519", 32),
        ("06052b8104000a034200", "secp256k1", 65),
        ("06032b6571033a00", "ed448", 57),
        ("06032b656f033900", "x448", 56),
    )
}
"""What stands before a point, its curve and its bytes."""
_GROUPS = {
    bytes.fromhex(identifier): kind
    for identifier, kind in (
        ("06072a8648ce38040130", "dsa"),
        ("06092a864886f70d01030130", "dh"),
        ("06072a8648ce3e020130", "dh"),
    )
}
"""Object identifiers of DSA, PKCS#3 and X9.42, each with the tag of its parameters."""
_GROUP_AFTER = 4096
_MOST_PARAMETERS = 4
_LONGEST_COUNT = 64
"""Bits of what is no order of a group, but a count of bits."""
_UNCOMPRESSED = 4
_ENCODED = frozenset({"ed25519", "x25519", "ed448", "x448"})
"""Curves whose points are strings of bytes."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The public numbers of a key: modulus and exponent where the ``kind`` is ``rsa``, else a curve and its point.

    Of DSA and Diffie-Hellman ``numbers`` are the group's, of which ``group`` are the prime, the generator and the order
    (0 where it is not told), and ``power`` is the key's, 0 where none stands there. ``start`` is the index of the first
    byte that shows it in the window that it was read from.
    """

    kind: str
    start: int = field(default=0, compare=False)
    modulus: int = 0
    exponent: int = 0
    point: bytes = b""
    numbers: tuple[int, ...] = ()
    group: tuple[int, int, int] = (0, 0, 0)
    power: int = 0

    def all(self) -> tuple[int, ...]:
        """Every number of the key; of a point both coordinates, and its bytes as one number."""
        if not self.point:
            return (*self.numbers, self.power, self.modulus, self.exponent)
        half = len(self.point) // 2
        is_pair = self.kind not in _ENCODED
        parts = (self.point[1 : 1 + half], self.point[1 + half :]) if is_pair else ()
        return tuple(int.from_bytes(part, "big") for part in (self.point, *parts))


@dataclass(frozen=True, slots=True)
class PublicKeyDetector:
    """Knows where the public keys of one class stand. Its rule is that of the private numbers."""

    rule: Rule
    anchors: tuple[Anchor, ...]
    before: int
    after: int
    reader: Callable[[Window], PublicKey | None]

    def verify(self, window: Window) -> Iterable[Match]:
        """Nothing: a public key is no secret."""
        return ()

    def read(self, window: Window) -> PublicKey | None:
        """The public key around the hit of ``window``."""
        return self.reader(window)


def build(rule: Rule) -> PublicKeyDetector:
    """The detector that ``rule.detector``, one of :data:`NAMES`, names. KeyError for any other."""
    return _BUILDERS[rule.detector](rule)


def _rsa(rule: Rule) -> PublicKeyDetector:
    literals = [Anchor(data, Encoding.BINARY) for data in (_EXPONENT, _RSA_INFO, *_MAGICS)]
    literals += [
        Anchor(text.decode().encode(encoding.codec), encoding)
        for text in _TEXTS
        for encoding in (Encoding.UTF8, Encoding.UTF16LE)
    ]
    return PublicKeyDetector(rule, tuple(literals), _BACK, _AFTER, _read_rsa)


def _point(rule: Rule) -> PublicKeyDetector:
    return PublicKeyDetector(rule, tuple(Anchor(head, Encoding.BINARY) for head in _POINTS), 0, 192, _read_point)


def groups(rule: Rule) -> PublicKeyDetector:
    """The detector of keys of DSA and Diffie-Hellman."""
    anchors = tuple(Anchor(head, Encoding.BINARY) for head in _GROUPS)
    return PublicKeyDetector(rule, anchors, 0, _GROUP_AFTER, _read_group)


_BUILDERS: dict[str, Callable[[Rule], PublicKeyDetector]] = {
    "rsa-private-numbers": _rsa,
    "ec-private-scalar": _point,
    "group-private-number": groups,
}
NAMES = tuple(_BUILDERS)


def _read_point(window: Window) -> PublicKey | None:
    """The point behind that of :data:`_POINTS` that stands at the hit."""
    data, hit = window.data, window.hit
    for head, (curve, size) in _POINTS.items():
        if data.startswith(head, hit):
            point = data[hit + len(head) : hit + len(head) + size]
            is_whole = len(point) == size and (curve in _ENCODED or point[0] == _UNCOMPRESSED)
            return PublicKey(curve, hit + len(head), point=point) if is_whole else None
    return None


def _read_group(window: Window) -> PublicKey | None:
    data, hit = window.data, window.hit
    for identifier, kind in _GROUPS.items():
        if data.startswith(identifier, hit):
            return _in_group(data, hit + len(identifier) - 1, kind)
    return None


def _in_group(data: bytes, at: int, kind: str) -> PublicKey | None:
    """The numbers of the parameters at ``at``, and that of the public key in the BIT STRING behind them."""
    parameters = asn1.read(data, at)
    elements = asn1.children(data, parameters, _MOST_PARAMETERS) if parameters else []
    bits = asn1.read(data, parameters.end) if parameters else None
    public = asn1.read(data, bits.body + 1) if bits and bits.tag == asn1.BIT_STRING else None
    whole = [each for each in elements if each.tag == asn1.INTEGER and not each.is_cut(data)]
    if not whole:
        return None
    numbers = tuple(asn1.unsigned(data, each) for each in whole)
    is_known = len(whole) > 1 and public is not None and public.tag == asn1.INTEGER and not public.is_cut(data)
    power = asn1.unsigned(data, public) if public is not None and is_known else 0
    return PublicKey(kind, at, numbers=numbers, group=_group(kind, numbers), power=power)


def _group(kind: str, numbers: tuple[int, ...]) -> tuple[int, int, int]:
    """Prime, generator and order: of DSA p, q, g, of X9.42 p, g, q, of PKCS#3 p, g and the bits of private numbers."""
    prime, second, third = (*numbers, 0, 0, 0)[:3]
    if kind == "dsa":
        return prime, third, second
    return prime, second, third if third >> _LONGEST_COUNT else 0


def _read_rsa(window: Window) -> PublicKey | None:
    if window.encoding is not Encoding.BINARY or window.text.startswith(_TEXTS, window.anchor):
        return _in_text(window)
    data, hit = window.data, window.hit
    if data.startswith(_EXPONENT, hit):
        return _before_exponent(data, hit)
    return _in_info(data, hit + len(_RSA_INFO) - 1) if data.startswith(_RSA_INFO, hit) else _in_blob(data, hit)


def _key(start: int, modulus: bytes, exponent: int) -> PublicKey | None:
    """The key, unless its numbers cannot be those of one."""
    number = int.from_bytes(modulus, "big")
    is_sound = number.bit_length() > 8 * _SHORTEST - 8 and number & exponent & 1 and exponent > 1
    return PublicKey("rsa", start, number, exponent) if is_sound and exponent < 1 << 64 else None


def _before_exponent(data: bytes, at: int) -> PublicKey | None:
    """The key whose modulus ends where the exponent's element begins."""
    for length, header in _HEADERS:
        start = at - length
        if data.endswith(header, 0, max(0, start)):
            return _key(start, data[start:at], USUAL_EXPONENT)
    return None


def _in_info(data: bytes, at: int) -> PublicKey | None:
    """The key in the BIT STRING that begins at ``at``."""
    bits = asn1.read(data, at)
    outer = asn1.read(data, bits.body + 1) if bits else None
    numbers = asn1.children(data, outer, 2) if outer and outer.tag == asn1.SEQUENCE else []
    if len(numbers) < 2 or any(number.tag != asn1.INTEGER or number.is_cut(data) for number in numbers):
        return None
    modulus, exponent = numbers
    if not _SHORTEST <= modulus.length <= _LONGEST + 1 or exponent.length > 9:
        return None
    return _key(modulus.body, modulus.contents(data), asn1.unsigned(data, exponent))


def _in_blob(data: bytes, at: int) -> PublicKey | None:
    """The key of the blob whose magic stands at ``at``: in the order of Windows' older interface, or of the newer."""
    bits, exponent, size = (int.from_bytes(data[at + place : at + place + 4], "little") for place in (4, 8, 12))
    length = (bits + 7) // 8
    if not _SHORTEST <= length <= _LONGEST:
        return None
    is_newer = size == length and exponent <= 8
    start = at + _BLOB_HEADER + exponent if is_newer else at + 12
    modulus = data[start : start + length]
    if len(modulus) < length:
        return None
    if is_newer:
        return _key(start, modulus, int.from_bytes(data[start - exponent : start], "big"))
    return _key(start, modulus[::-1], exponent)


def _in_text(window: Window) -> PublicKey | None:
    """The key whose modulus stands in base64 behind the anchor."""
    start = next(window.anchor + len(text) for text in _TEXTS if window.text.startswith(text, window.anchor))
    found = _BASE64.match(window.text, start)
    # What ends the window may be the beginning of a modulus.
    if not found or found.end() == len(window.text):
        return None
    digits = found[0].translate(bytes.maketrans(b"-_", b"+/"))
    try:
        modulus = base64.b64decode(digits + b"=" * (-len(digits) % 4))
    except binascii.Error:
        return None
    is_long = _SHORTEST <= len(modulus) <= _LONGEST + 1
    return _key(window.raw(start, start)[0], modulus, USUAL_EXPONENT) if is_long else None
