"""Private keys of OpenSSH in binary: its key files (``openssh-key-v1``), and keys as they are sent to agents.

A file (PROTOCOL.key) names cipher and public keys; behind them stand the private keys, encrypted or not. A private key
(draft-ietf-sshm-ssh-agent, PROTOCOL.u2f) is the name of its type and then numbers and strings, each behind its length:
the same bytes in files, in messages to an agent and in the buffers of both. It is told from a public key, which begins
alike, by arithmetic or by what follows. Type, curve and public numbers stay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec

from dumpscrub.detectors.base import Anchor, Match
from dumpscrub.detectors.material import Material, is_blank, public_point, values_of
from dumpscrub.detectors.wire import Cursor, Field
from dumpscrub.model import Confidence, Encoding, SecretValue
from dumpscrub.rules.schema import Rule
from dumpscrub.search.windows import Window

KDF = b"\0\0\0\x06bcrypt"
"""How the password of a key file becomes a key; it stands behind the cipher's name, so also where a free list has
overwritten the beginning of the file."""
REACH = 24 * 1024
"""Bytes from a hit on that are looked at: a key of 16,384 bits with a certificate."""
_SHA1, _SHORT_NAME = 20, 64
_LONGEST_NUMBER = 2049
_DSA_PRIME, _LONGEST_GROUP = range(64, 513 + 1), 64 + 1
"""Bytes of the numbers p and q of DSA, with a sign: what is longer is none."""
_PROVEN_PRIME, _PROVEN_GROUP = 384 + 1, 32 + 1
"""The longest in FIPS 186-4: what is longer takes milliseconds to compute and is marked without proof."""
_MOST_KEYS = 8
_RSA_SECRETS = 4
_CERTIFICATE = b"-cert-v01@openssh.com"
_CURVES: dict[bytes, ec.EllipticCurve] = {
    b"nistp256": ec.SECP256R1(),
    b"nistp384": ec.SECP384R1(),
    b"nistp521": ec.SECP521R1(),
}
_PLAIN = (b"ssh-rsa", b"ssh-dss", b"ssh-ed25519", *(b"ecdsa-sha2-" + curve for curve in _CURVES))
_TOKENS = (b"sk-ssh-ed25519@openssh.com", b"sk-ecdsa-sha2-nistp256@openssh.com")
_TYPES = (*_PLAIN, *_TOKENS, *(name + _CERTIFICATE for name in _PLAIN))


@dataclass(frozen=True, slots=True)
class _Key:
    """The secret fields of a key. ``proven`` says whether arithmetic bears them out."""

    secrets: tuple[Field, ...]
    proven: bool


Reader = Callable[[Cursor], _Key | None]


def encrypted_file(data: bytes, start: int) -> Material | None:
    """The encrypted private keys of the file whose key derivation stands at ``start``."""
    cursor = Cursor(data, start + len(KDF))
    options, count = cursor.string(most=_SHORT_NAME), cursor.number(4)
    if options is None or count is None or not 0 < count <= _MOST_KEYS:
        return None
    for _ in range(count):
        cursor.string()
    private = cursor.string()
    if private is None or len(private) % 8 or is_blank(private.contents(data)):
        return None
    segment = (private.start, min(private.end, len(data)))
    confidence = Confidence.MEDIUM if private.is_cut(data) else Confidence.HIGH
    return Material(start, private.end, (segment,), confidence, values_of(data, [private]))


def key(data: bytes, start: int) -> Material | None:
    """The private key whose type, with its length before it, stands at ``start``."""
    cursor = Cursor(data, start)
    name = cursor.string(most=_SHORT_NAME)
    kind = name.contents(data) if name else b""
    if kind not in _TYPES:
        return None
    certificate = cursor.string() if kind.endswith(_CERTIFICATE) else None
    reader = _reader(kind.removesuffix(_CERTIFICATE), certificate)
    found = reader(cursor)
    if found is None or cursor.failed:
        return None
    secrets = [field for field in found.secrets if not is_blank(field.contents(data))]
    segments = tuple((field.start, min(field.end, len(data))) for field in secrets)
    confidence = Confidence.HIGH if found.proven else Confidence.MEDIUM
    return Material(start, cursor.at, segments, confidence, values_of(data, secrets)) if segments else None


def rsa_numbers(data: bytes, start: int) -> tuple[SecretValue, ...]:
    """All private numbers of the RSA key whose type stands at ``start``, as values to sweep; none without proof.

    The exponents modulo the primes less one are in no file, but in the memory of whoever has read it.
    """
    material = key(data, start)
    if material is None or material.confidence is not Confidence.HIGH or len(material.values) != _RSA_SECRETS:
        return ()
    exponent, _, p, q = (int.from_bytes(value.data, "big") for value in material.values)
    parts = (exponent % (prime - 1) for prime in (p, q))
    more = (SecretValue(part.to_bytes((part.bit_length() + 7) // 8, "big"), binary=True) for part in parts)
    return (*material.values, *more)


def _reader(kind: bytes, certificate: Field | None) -> Reader:
    """What reads the fields behind the name of a type, and the certificate where there is one."""
    if kind == b"ssh-rsa":
        return _rsa if certificate is None else lambda cursor: _certified_rsa(cursor, certificate)
    if kind == b"ssh-dss":
        return lambda cursor: _dsa(cursor, certified=certificate is not None)
    if kind == b"ssh-ed25519":
        return _ed25519
    if kind in _TOKENS:
        return lambda cursor: _token(cursor, curve=kind == _TOKENS[1])
    return lambda cursor: _ecdsa(cursor, kind.rpartition(b"-")[2], certified=certificate is not None)


def _rsa(cursor: Cursor) -> _Key | None:
    """n, e, d, iqmp, p, q, as many as are left. A public key has e first, which is short."""
    fields = _numbers(cursor, 6)
    if len(fields) < 3 or len(fields[0]) < 64 or len(fields[1]) > 8:
        return None
    modulus, size = fields[0].number(cursor.data), len(fields[0])
    if not size - 8 <= len(fields[2]) <= size or any(len(part) > size // 2 + 2 for part in fields[3:]):
        return None
    cursor.failed = False
    whole = len(fields) == 6 and not fields[5].is_cut(cursor.data)
    proven = whole and fields[4].number(cursor.data) * fields[5].number(cursor.data) == modulus
    return _Key(tuple(fields[2:]), proven)


def _certified_rsa(cursor: Cursor, certificate: Field) -> _Key | None:
    """d, iqmp, p, q behind a certificate, which holds its type, a nonce, e and n."""
    fields = _numbers(cursor, 4)
    inner = Cursor(cursor.data, certificate.start)
    public = [inner.string() for _ in range(4)]
    modulus = public[3].number(cursor.data) if public[3] is not None else 0
    if len(fields) == 4 and fields[2].number(cursor.data) * fields[3].number(cursor.data) == modulus > 0:
        return _Key(tuple(fields), proven=True)
    return _Key(tuple(fields), proven=False) if fields and cursor.ended and not cursor.failed else None


def _dsa(cursor: Cursor, *, certified: bool) -> _Key | None:
    """p, q, g, y, x; x alone behind a certificate."""
    if certified:
        alone = cursor.string(most=_SHA1 + 1)
        return _Key((alone,), proven=False) if alone is not None and len(alone) >= _SHA1 - 2 else None
    fields = _numbers(cursor, 5)
    if len(fields) < 5 or len(fields[0]) not in _DSA_PRIME or len(fields[1]) > _LONGEST_GROUP:
        return None
    if len(fields[4]) > len(fields[1]) or not len(fields[4]):
        return None
    if fields[4].is_cut(cursor.data) or len(fields[0]) > _PROVEN_PRIME or len(fields[1]) > _PROVEN_GROUP:
        return _Key((fields[4],), proven=False)
    prime, _, generator, public, private = (field.number(cursor.data) for field in fields)
    return _Key((fields[4],), proven=True) if prime and pow(generator, private, prime) == public else None


def _ecdsa(cursor: Cursor, curve: bytes, *, certified: bool) -> _Key | None:
    """Curve, point and scalar; the scalar alone behind a certificate."""
    data, group = cursor.data, _CURVES[curve]
    size = (group.key_size + 7) // 8
    name = None if certified else cursor.string(most=len(curve))
    point = None if certified else cursor.string(most=2 * size + 1)
    scalar = cursor.string(most=size + 1)
    if scalar is None or len(scalar) < size - 8:
        return None
    if certified or scalar.is_cut(data):
        return _Key((scalar,), proven=False)
    if name is None or point is None or name.contents(data) != curve:
        return None
    public = public_point(group, scalar.number(data))
    return _Key((scalar,), proven=True) if public == point.contents(data) else None


def _ed25519(cursor: Cursor) -> _Key | None:
    """The public key, and the seed with the public key once more. The seed is marked."""
    public, private = cursor.string(most=32), cursor.string(most=64)
    if public is None or private is None or (len(public), len(private)) != (32, 64):
        return None
    seed = Field(private.start, private.start + 32)
    again = cursor.data[seed.end : private.end]
    if not public.contents(cursor.data).startswith(again) or not again.startswith(again[:32]):
        return None
    return _Key((seed,), proven=len(again) == 32)


def _token(cursor: Cursor, *, curve: bool) -> _Key | None:
    """Public key, application, flags, key handle, reserved: the handle is what the security key was given to keep."""
    public = [cursor.string(most=128) for _ in range(2 if curve else 1)]
    application, flags, handle = cursor.string(most=256), cursor.number(1), cursor.string(most=1024)
    if application is None or flags is None or handle is None or None in public or flags > 0x3F or len(handle) < 16:
        return None
    if not application.contents(cursor.data).startswith(b"ssh:"):
        return None
    reserved = cursor.string(most=1024)
    return _Key((handle,), proven=reserved is not None and len(reserved) == 0)


def _numbers(cursor: Cursor, count: int) -> list[Field]:
    """Up to ``count`` numbers; fewer where the buffer ends."""
    fields = (cursor.string(most=_LONGEST_NUMBER) for _ in range(count))
    return [field for field in fields if field is not None]


@dataclass(frozen=True, slots=True)
class OpenSshDetector:
    """Finds key files and private keys in binary."""

    rule: Rule
    anchors: tuple[Anchor, ...]
    before: int = 0
    after: int = REACH

    def verify(self, window: Window) -> Iterator[Match]:
        data, hit = window.data, window.hit
        material = encrypted_file(data, hit) if data.startswith(KDF, hit) else key(data, hit)
        if material is not None:
            yield material.match()


def build(rule: Rule) -> OpenSshDetector:
    """The detector of OpenSSH's keys in binary."""
    return OpenSshDetector(rule, tuple(Anchor(literal, Encoding.BINARY) for literal in _literals()))


def _literals() -> Sequence[bytes]:
    return (KDF, *(len(name).to_bytes(4, "big") + name for name in _TYPES))


NAMES = ("openssh-key",)
