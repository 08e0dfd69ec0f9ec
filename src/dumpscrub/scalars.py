"""Private scalars of elliptic curves that stand bare: a number is one if its multiple of the base point is known.

So there are no false ones. A scalar has 32 bytes, as much else has, and each one costs a multiplication. So only what
looks random and stands alone is multiplied, near a public key or, if asked for, everywhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, x25519

from dumpscrub.model import Confidence, Dump, Encoding, Finding, Origin, SecretValue
from dumpscrub.publics import Found, Known
from dumpscrub.rules.schema import Rule
from dumpscrub.search.isolated import candidates
from dumpscrub.span import Span, union

_NEAR = 64 << 10
"""Bytes on both sides of a public key that are looked at."""
_MOST, _MOST_DEEP = 2_000, 1_000_000
"""Multiplications, each of 50 to 1,000 microseconds."""


@dataclass(frozen=True, slots=True)
class _Curve:
    """A curve with scalars of ``size`` bytes. ``multiply`` gives the public key of a big-endian scalar or of a seed.

    ``numeric`` says that a scalar is a number, which may stand in either byte order.
    """

    size: int
    multiply: Callable[[bytes], bytes]
    numeric: bool = True


def _weierstrass(curve: ec.EllipticCurve) -> Callable[[bytes], bytes]:
    def multiply(scalar: bytes) -> bytes:
        try:
            numbers = ec.derive_private_key(int.from_bytes(scalar, "big"), curve).public_key().public_numbers()
        except ValueError:
            return b""  # it is not below the order of the curve
        size = (curve.key_size + 7) // 8
        return b"\x04" + numbers.x.to_bytes(size, "big") + numbers.y.to_bytes(size, "big")

    return multiply


def _ed25519(seed: bytes) -> bytes:
    return ed25519.Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def _x25519(scalar: bytes) -> bytes:
    return x25519.X25519PrivateKey.from_private_bytes(scalar).public_key().public_bytes_raw()


_CURVES: Mapping[str, _Curve] = {
    "secp256r1": _Curve(32, _weierstrass(ec.SECP256R1())),
    "secp384r1": _Curve(48, _weierstrass(ec.SECP384R1())),
    "secp521r1": _Curve(66, _weierstrass(ec.SECP521R1())),
    "ed25519": _Curve(32, _ed25519, numeric=False),
    "x25519": _Curve(32, _x25519, numeric=False),
}


def find(dump: Dump, keys: Sequence[Known], rule: Rule, *, deep: bool) -> Found:
    """The scalars in ``dump`` of the points among ``keys``.

    They are looked for near these, and if ``deep`` everywhere.
    """
    own = [known for known in keys if known.key.kind in _CURVES and (deep or not known.everybodys)]
    points = {(known.key.kind, known.key.point) for known in own}
    if not points:
        return Found((), everywhere=True)
    size = dump.source.size
    near = (Span(max(0, offset - _NEAR), min(offset + _NEAR, size)) for known in own for offset in known.offsets)
    areas = dump.source.filled(0, size) if deep else union(near)
    found: dict[Span, Finding] = {}
    tried = _candidates(dump, tuple(areas), sorted({kind for kind, _ in points}))
    for span, scalar, kind in islice(tried, _MOST_DEEP if deep else _MOST):
        if (kind, _CURVES[kind].multiply(scalar)) in points:
            found[span] = Finding(
                *(rule.id, rule.category, (span,), Encoding.BINARY, Origin.DIRECT, Confidence.HIGH, rule.action.value),
                values=_values(scalar, kind),
            )
    return Found(tuple(found[span] for span in sorted(found)), everywhere=next(tried, None) is None)


def _candidates(dump: Dump, areas: Sequence[Span], kinds: Sequence[str]) -> Iterator[tuple[Span, bytes, str]]:
    """What may be scalars in ``areas``: where they stand, each big-endian or as it is, and of which curve."""
    for kind in kinds:
        curve = _CURVES[kind]
        for start, number in candidates(dump.source, areas, curve.size):
            span = Span(start, start + curve.size)
            yield from ((span, each, kind) for each in (number, number[::-1])[: 1 + curve.numeric])


def _values(scalar: bytes, kind: str) -> tuple[SecretValue, ...]:
    """The scalar, and what an Ed25519 seed is expanded to (RFC 8032)."""
    values = [scalar]
    if kind == "ed25519":
        digest = bytearray(hashlib.sha512(scalar).digest())
        values += [bytes(digest), bytes(digest[32:])]
        digest[0], digest[31] = digest[0] & 0xF8, digest[31] & 0x7F | 0x40
        values.append(bytes(digest[:32]))
    return tuple(SecretValue(value, binary=True) for value in values)
