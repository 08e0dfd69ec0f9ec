"""Which forms there are, and which types of key stand in each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

from corpus.keymaterial import numbers, ssh, stores, structures, symmetric, windows
from corpus.keymaterial.damage import DAMAGES
from corpus.keymaterial.keys import CURVES, KINDS, Key
from corpus.keymaterial.structures import Items

Make = Callable[[Key, Random], Items]
_RSA, _EC, _EDWARDS = ("rsa",), ("ec",), ("edwards",)
_BIG = ("rsa", "multiprime", "ec", "dsa")
_ALL = ("rsa", "multiprime", "ec", "edwards", "dsa", "dh")
_KNOWN = ("rsa", "ec", "edwards", "dsa")
_NUMBERS = ("rsa", "ec", "dsa", "dh")
_SYMMETRIC = ("aes", "chacha", "hmac")
_NIST = ("p256", "p384", "p521")


@dataclass(frozen=True, slots=True)
class Form:
    """A form: the families of keys that stand in it, or, with ``kinds``, some types of them only."""

    name: str
    make: Make
    families: Sequence[str]
    kinds: Sequence[str] = ()
    damage: str = ""

    def takes(self, kind: str) -> bool:
        """True where keys of that type stand in this form."""
        family, _ = KINDS[kind]
        return family in self.families and (not self.kinds or kind in self.kinds or family not in {"ec", "edwards"})

    def items(self, key: Key, rng: Random) -> Items:
        """The key in this form."""
        items = self.make(key, rng)
        return tuple(DAMAGES[self.damage](item, rng) for item in items) if self.damage else items


_WHOLE = (
    Form("traditional DER", structures.traditional_der, _BIG),
    Form("traditional PEM", structures.traditional_pem, _BIG),
    Form("PKCS#8 DER", structures.pkcs8_der, _ALL),
    Form("PKCS#8 base64", structures.pkcs8_base64, _ALL),
    Form("PKCS#8 base64 UTF-16", structures.pkcs8_base64_wide, _ALL),
    Form("PKCS#8 PEM", structures.pkcs8_pem, _ALL),
    Form("PKCS#8 PEM UTF-16", structures.pkcs8_pem_wide, _ALL),
    Form("PKCS#8 PEM escaped", structures.pkcs8_pem_escaped, _ALL),
    Form("PKCS#8 encrypted DER", structures.encrypted_der, _KNOWN),
    Form("PKCS#8 encrypted PEM", structures.encrypted_pem, _KNOWN),
    Form("PKCS#12", structures.store, _KNOWN, (*CURVES, "ed25519", "ed448")),
    Form("PKCS#12 base64", structures.store_base64, _KNOWN, (*CURVES, "ed25519", "ed448")),
    Form("OpenSSH", ssh.openssh, _KNOWN, (*_NIST, "ed25519")),
    Form("OpenSSH PEM", ssh.openssh_pem, _KNOWN, (*_NIST, "ed25519")),
    Form("OpenSSH encrypted", ssh.openssh_encrypted, _KNOWN, (*_NIST, "ed25519")),
    Form("OpenSSH encrypted PEM", ssh.openssh_encrypted_pem, _KNOWN, (*_NIST, "ed25519")),
    Form("PuTTY 2", ssh.putty2, _KNOWN, (*_NIST, "ed25519")),
    Form("PuTTY 3", ssh.putty3, _KNOWN, (*_NIST, "ed25519")),
    Form("JKS", stores.jks, _ALL),
    Form("JCEKS", stores.jceks, _ALL),
    Form("BKS", stores.bks, _ALL),
    Form("BKS sealed", stores.bks_sealed, _ALL),
    Form("PGP packet", stores.pgp, _KNOWN, (*_NIST, "ed25519")),
    Form("CAPI blob", windows.capi, ("rsa", "dsa")),
    Form("CAPI plain key blob", windows.capi_plain, ("aes", "hmac")),
    Form("CNG RSA2", windows.cng_rsa2, _RSA),
    Form("CNG RSA3", windows.cng_rsa3, _RSA),
    Form("CNG ECS", windows.cng_ecdsa, _EC, _NIST),
    Form("CNG ECK", windows.cng_ecdh, _EC, _NIST),
    Form("CNG DSA", windows.cng_dsa, ("dsa",)),
    Form("CNG DH", windows.cng_dh, ("dh",)),
    Form("CNG KDBM", windows.kdbm, _SYMMETRIC),
    Form("XML", numbers.xml, _RSA),
    Form("JWK", numbers.jwk, ("rsa", "ec", "edwards", *_SYMMETRIC)),
    Form(".NET arrays", numbers.net_arrays, (*_NUMBERS, "edwards")),
    Form("raw big-endian", numbers.raw, (*_NUMBERS, "edwards")),
    Form("limbs 64", numbers.limbs64, _NUMBERS),
    Form("limbs 32", numbers.limbs32, _NUMBERS),
    Form(".NET BigInteger", numbers.net_integers, _NUMBERS),
    Form("Java BigInteger", numbers.java_integers, _NUMBERS),
    Form("CPython int", numbers.python_integers, _NUMBERS),
    Form("schedule", symmetric.schedule, ("aes",)),
    Form("schedule swapped", symmetric.schedule_swapped, ("aes",)),
    Form("schedule inverse", symmetric.schedule_inverse, ("aes",)),
    Form("schedule inverse swapped", symmetric.schedule_inverse_swapped, ("aes",)),
    Form("schedule rotated", symmetric.schedule_rotated, ("aes",)),
    Form("schedule rotated swapped", symmetric.schedule_rotated_swapped, ("aes",)),
    Form("raw with schedule", numbers.raw, ("aes",)),
    Form("ChaCha20 state", symmetric.chacha_state, ("chacha",)),
    Form("DPAPI blob", windows.dpapi, ("opaque",)),
    Form("KRB-CRED", symmetric.kerberos, ("opaque",)),
    Form("NTLM type 3", symmetric.ntlm, ("opaque",)),
)
_DAMAGED = (
    *("traditional DER", "PKCS#8 DER", "PKCS#8 PEM", "PKCS#8 PEM UTF-16", "OpenSSH", "OpenSSH PEM", "CAPI blob"),
    *("CNG RSA3", "CNG ECS", "schedule", "JWK", "limbs 64", "raw big-endian"),
)


def _damaged() -> Iterator[Form]:
    for form in _WHOLE:
        if form.name in _DAMAGED:
            for damage in DAMAGES:
                yield Form(f"{form.name}, {damage}", form.make, form.families, form.kinds, damage)


FORMS: tuple[Form, ...] = (*_WHOLE, *_damaged())
"""Every form; the damaged ones are whole forms of which only some bytes are left."""

SCHEDULED = "raw with schedule"
"""The form beside which the dump also holds the key's schedule, which proves it."""

FRAGMENTS = tuple(f"{name}, {damage}" for name in ("raw big-endian", "limbs 64") for damage in DAMAGES)
"""Forms that nothing but the whole key elsewhere in the dump proves: pieces of bare numbers."""


def combinations(kinds: Sequence[str]) -> list[tuple[str, Form]]:
    """Each type in each form that it stands in."""
    return [(kind, form) for form in FORMS for kind in kinds if form.takes(kind)]
