"""Keys of every type, made from a seed: the same seed gives the same keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import isqrt, prod
from random import Random
from typing import Any

from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from corpus.keymaterial.der import magnitude

E = 65537
_SMALL = [n for n in range(3, 2000, 2) if all(n % d for d in range(3, isqrt(n) + 1, 2))]
_SIEVE = prod(_SMALL)
_ROUNDS = 4
_MOST_SEEDED = 2048
CURVES: Mapping[str, ec.EllipticCurve] = {
    "p256": ec.SECP256R1(),
    "p384": ec.SECP384R1(),
    "p521": ec.SECP521R1(),
    "secp256k1": ec.SECP256K1(),
}
_GROUP_BITS = 1024


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a type such as ``rsa2048``: its numbers, and where a library knows the type, its object."""

    kind: str
    family: str
    private: Mapping[str, int] = field(repr=False)
    public: Mapping[str, int] = field(default_factory=dict)
    size: int = 0
    object: Any = field(default=None, repr=False)

    def hidden(self, name: str, size: int = 0) -> bytes:
        """A private number, big-endian, in ``size`` bytes or as few as it takes."""
        return magnitude(self.private[name], size)

    @property
    def raw(self) -> bytes:
        """The key's bytes, where it is a string of bytes and not a number."""
        return magnitude(self.private["key"], self.size)

    @property
    def spki(self) -> bytes:
        """SubjectPublicKeyInfo."""
        data: bytes = self.object.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return data


def prime(rng: Random, bits: int) -> int:
    """A prime of exactly so many bits whose two highest are set, so that products have their full length."""
    while True:
        candidate = rng.getrandbits(bits) | 3 << bits - 2 | 1
        if _is_prime(candidate, rng):
            return candidate


def _is_prime(n: int, rng: Random) -> bool:
    """Trial division by small primes, then Miller and Rabin's test."""
    remainder = n % _SIEVE
    if not all(remainder % small for small in _SMALL):
        return False
    odd = n - 1
    twos = (odd & -odd).bit_length() - 1
    odd >>= twos
    return all(_passes(n, pow(rng.randrange(2, n - 1), odd, n), twos) for _ in range(_ROUNDS))


def _passes(n: int, x: int, twos: int) -> bool:
    if x in {1, n - 1}:
        return True
    for _ in range(twos - 1):
        x = x * x % n
        if x == n - 1:
            return True
    return False


def make_rsa(rng: Random, kind: str, bits: int) -> Key:
    """An RSA key of two primes, p the larger. Those of more than 2048 bits come from the library, not from the seed."""
    p, q = _primes(rng, bits // 2) if bits <= _MOST_SEEDED else _library_primes(bits)
    n, d = p * q, pow(E, -1, (p - 1) * (q - 1))
    hidden = {"d": d, "p": p, "q": q, "dp": d % (p - 1), "dq": d % (q - 1), "qinv": pow(q, -1, p)}
    public = rsa.RSAPublicNumbers(E, n)
    numbers = rsa.RSAPrivateNumbers(p, q, d, hidden["dp"], hidden["dq"], hidden["qinv"], public)
    known = numbers.private_key(unsafe_skip_rsa_key_validation=True)
    return Key(kind, "rsa", hidden, {"n": n, "e": E}, bits // 8, known)


def _primes(rng: Random, bits: int) -> tuple[int, int]:
    while True:
        p, q = prime(rng, bits), prime(rng, bits)
        if p != q and (p - 1) % E and (q - 1) % E:
            return max(p, q), min(p, q)


def _library_primes(bits: int) -> tuple[int, int]:
    numbers = rsa.generate_private_key(E, bits).private_numbers()
    return max(numbers.p, numbers.q), min(numbers.p, numbers.q)


def make_multi_prime(rng: Random, kind: str, bits: int) -> Key:
    """An RSA key of three primes (RFC 8017, version 1), which has no object."""
    third = bits // 3
    while True:
        p, q, r = sorted((prime(rng, bits - 2 * third), prime(rng, third), prime(rng, third)), reverse=True)
        if all((factor - 1) % E for factor in (p, q, r)):
            break
    d = pow(E, -1, (p - 1) * (q - 1) * (r - 1))
    hidden = {"d": d, "p": p, "q": q, "dp": d % (p - 1), "dq": d % (q - 1), "qinv": pow(q, -1, p)}
    hidden |= {"r": r, "dr": d % (r - 1), "rinv": pow(p * q, -1, r)}
    return Key(kind, "multiprime", hidden, {"n": p * q * r, "e": E}, bits // 8)


def make_ec(rng: Random, kind: str) -> Key:
    """A key on a curve of Weierstrass form."""
    curve = CURVES[kind]
    known = ec.derive_private_key(rng.getrandbits(curve.key_size - 1) | 1 << curve.key_size - 2, curve)
    numbers = known.private_numbers()
    point = numbers.public_numbers
    size = (curve.key_size + 7) // 8
    return Key(kind, "ec", {"d": numbers.private_value}, {"x": point.x, "y": point.y}, size, known)


_EDWARDS: Mapping[str, tuple[Any, int]] = {
    "ed25519": (ed25519.Ed25519PrivateKey, 32),
    "x25519": (x25519.X25519PrivateKey, 32),
    "ed448": (ed448.Ed448PrivateKey, 57),
}


def make_edwards(rng: Random, kind: str) -> Key:
    """A key of RFC 8032 or 7748, whose private and public parts are strings of bytes."""
    make, size = _EDWARDS[kind]
    raw = rng.randbytes(size)
    known = make.from_private_bytes(raw)
    point = int.from_bytes(known.public_key().public_bytes_raw(), "big")
    return Key(kind, "edwards", {"key": int.from_bytes(raw, "big")}, {"point": point}, size, known)


def make_dsa(rng: Random, kind: str, group: tuple[int, int, int]) -> Key:
    """A DSA key over ``group``, (p, q, g)."""
    p, q, g = group
    x = rng.getrandbits(q.bit_length() - 1) | 1 << q.bit_length() - 2
    parameters = dsa.DSAParameterNumbers(p, q, g)
    numbers = dsa.DSAPrivateNumbers(x, dsa.DSAPublicNumbers(pow(g, x, p), parameters))
    public = {"p": p, "q": q, "g": g, "y": pow(g, x, p)}
    return Key(kind, "dsa", {"x": x}, public, (p.bit_length() + 7) // 8, numbers.private_key())


def make_dh(rng: Random, kind: str, p: int) -> Key:
    """A Diffie-Hellman key over a prime ``p`` with generator 2; libraries refuse a prime that is no safe one."""
    x = rng.getrandbits(_GROUP_BITS // 2) | 1 << _GROUP_BITS // 2 - 1
    return Key(kind, "dh", {"x": x}, {"p": p, "g": 2, "y": pow(2, x, p)}, (p.bit_length() + 7) // 8)


def make_group(rng: Random, bits: int, small: int) -> tuple[int, int, int]:
    """Parameters of DSA: a prime p of ``bits`` bits, a prime q of ``small`` bits that divides p - 1, a generator."""
    q = prime(rng, small)
    while True:
        p = (rng.getrandbits(bits) | 3 << bits - 2) // (2 * q) * 2 * q + 1
        if p.bit_length() == bits and _is_prime(p, rng):
            break
    return p, q, pow(2, (p - 1) // q, p)


def make_bytes(rng: Random, kind: str, family: str, size: int) -> Key:
    """A key that is ``size`` random bytes; neither its first nor its last one is zero."""
    data = bytes(rng.randrange(1, 256) for _ in range(size))
    return Key(kind, family, {"key": int.from_bytes(data, "big")}, {}, size)


class Factory:
    """Makes keys of any type in :data:`KINDS` from one seed; the groups of DSA and DH are shared by their keys."""

    def __init__(self, seed: str) -> None:
        self.seed = seed
        self.group = make_group(Random("dsa group"), _GROUP_BITS, 160)
        self.prime = self.group[0]

    def make(self, kind: str, purpose: str) -> Key:
        """The key of a type for a purpose: the same for the same seed, another one for any other purpose."""
        rng = Random(f"{self.seed}/{kind}/{purpose}")
        family, size = KINDS[kind]
        if family == "dsa":
            return make_dsa(rng, kind, self.group)
        if family == "dh":
            return make_dh(rng, kind, self.prime)
        if family in _MAKERS:
            return _MAKERS[family](rng, kind, size)
        return make_bytes(rng, kind, family, size)


_MAKERS: Mapping[str, Callable[[Random, str, int], Key]] = {
    "rsa": make_rsa,
    "multiprime": make_multi_prime,
    "ec": lambda rng, kind, _: make_ec(rng, kind),
    "edwards": lambda rng, kind, _: make_edwards(rng, kind),
}
KINDS: Mapping[str, tuple[str, int]] = {
    **{f"rsa{bits}": ("rsa", bits) for bits in (1024, 2048, 3072, 4096)},
    "rsa2048x3": ("multiprime", 2048),
    **dict.fromkeys(CURVES, ("ec", 0)),
    **dict.fromkeys(_EDWARDS, ("edwards", 0)),
    "dsa1024": ("dsa", 0),
    "dh1024": ("dh", 0),
    **{f"aes{8 * size}": ("aes", size) for size in (16, 24, 32)},
    "chacha20": ("chacha", 32),
    "hmac256": ("hmac", 32),
    "hmac512": ("hmac", 64),
    "opaque": ("opaque", 96),
}
"""Type of key -> its family, and its bits (RSA) or bytes (symmetric keys, and what only its container tells apart)."""
