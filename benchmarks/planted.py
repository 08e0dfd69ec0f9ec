"""Secrets in the contexts in which processes hold them; every value follows from the seed and was never used."""

from __future__ import annotations

import base64
import string
from random import Random

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

SLOT = 128
"""Characters that a secret and its context have at the most, with a NUL before and after."""

_CONTEXTS = {
    "password": (
        "Server=sql{n};Database=app;User ID=svc;Password={};Encrypt=True",
        "postgresql://svc:{}@db{n}.example.org:5432/app",
        '{"user":"svc{n}","password":"{}"}',
        "password={}",
        "DB_PASSWORD={}",
    ),
    "token": (
        "Authorization: Bearer {}",
        "X-Api-Key: {}",
        '{"id":{n},"access_token":"{}"}',
        "grant_type=client_credentials&client_id=app{n}&client_secret={}",
    ),
    "key": ("Endpoint=sb://bus{n}.example.org/;SharedAccessKeyName=Root;SharedAccessKey={}",),
}
_KINDS = ("password", "password", "password", "token", "token", "key")


class Secrets:
    """``count`` distinct values; each call places one of them, some much more often than others."""

    def __init__(self, seed: int, count: int) -> None:
        self._random = Random(f"secrets/{seed}")
        self._pool = [self._value(_KINDS[number % len(_KINDS)]) for number in range(count)]
        self._keys = [self._pem() for _ in range(1 + count // 100)]

    @property
    def values(self) -> list[str]:
        """The values, PEM keys left out."""
        return [value for _, value in self._pool]

    def placed(self) -> str:
        """A value in a context: at most :data:`SLOT` - 2 characters."""
        kind, value = self._pool[int(len(self._pool) * self._random.random() ** 2)]
        return self._random.choice(_CONTEXTS[kind]).replace("{n}", str(self._random.randrange(10))).replace("{}", value)

    def key(self) -> str:
        """A private key in PEM."""
        return self._random.choice(self._keys)

    def _value(self, kind: str) -> tuple[str, str]:
        random = self._random
        if kind == "key":
            return kind, base64.b64encode(random.randbytes(32)).decode()
        if kind == "token":
            return kind, "".join(random.choices(string.ascii_letters + string.digits, k=random.randint(24, 40)))
        letters = "".join(random.choices(string.ascii_letters, k=random.randint(6, 16)))
        return kind, letters + random.choice("!#$*-_.") + str(random.randint(100, 99999))

    def _pem(self) -> str:
        number = self._random.getrandbits(250) + 1
        key = ec.derive_private_key(number, ec.SECP256R1())
        return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def known_values(seed: int, count: int) -> list[str]:
    """``count`` distinct values of 8 to 40 characters, as a vault exports them."""
    random = Random(f"known/{seed}")
    alphabets = (
        string.ascii_letters + string.digits,
        string.ascii_letters + string.digits + "!$*-_.",
        "0123456789abcdef",
    )
    values: set[str] = set()
    while len(values) < count:
        values.add("".join(random.choices(random.choice(alphabets), k=random.randint(8, 40))))
    return sorted(values)
