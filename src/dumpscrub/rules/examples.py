r"""Example templates: text with holes that a seed fills, so that no rule file holds anything like a live secret.

::

    Server=db;Password=<<\w{12}>>;User ID=<~[a-z]{4,8}~>

``<<expression>>`` stands for a generated secret, whose span the rule must find; ``<~expression~>`` for generated text
that is not part of it. An expression is one of :mod:`dumpscrub.rules.expressions`, or ``@generator:argument`` for text
that carries a checksum or a structure, see :data:`GENERATORS`.
"""

from __future__ import annotations

import base64
import json
import re
import string
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from dumpscrub import checksums
from dumpscrub.errors import RuleError
from dumpscrub.rules import expressions

_HOLE = re.compile(r"<<(?P<secret>.+?)>>|<~(?P<other>.+?)~>", re.DOTALL)
_ALPHANUMERIC = string.ascii_letters + string.digits
_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_LONGEST = 8192


@dataclass(frozen=True, slots=True)
class Example:
    """Generated text, and the index pairs in it that are secrets, in order."""

    text: str
    secrets: tuple[tuple[int, int], ...]


def expand(template: str, seed: int) -> Example:
    """Fill the holes of ``template``; the same seed gives the same text. Raises RuleError for a broken expression."""
    random = Random(seed)  # noqa: S311 (reproducible, not secret)
    pieces: list[str] = []
    secrets: list[tuple[int, int]] = []
    position = length = 0
    for hole in _HOLE.finditer(template):
        before = template[position : hole.start()]
        filling = generate(hole["secret"] or hole["other"], random)
        pieces += (before, filling)
        if hole["secret"]:
            secrets.append((length + len(before), length + len(before) + len(filling)))
        length += len(before) + len(filling)
        position = hole.end()
    return Example("".join(pieces) + template[position:], tuple(secrets))


def generate(expression: str, random: Random) -> str:
    """Text that ``expression`` describes. Raises RuleError where it is malformed."""
    if expression.startswith("@"):
        name, _, argument = expression[1:].partition(":")
        if name not in GENERATORS:
            raise RuleError(f"unknown generator @{name} in an example: one of {', '.join(GENERATORS)}")
        return GENERATORS[name](random, argument)
    try:
        pieces = expressions.read(expression)
    except RuleError as error:
        raise RuleError(
            "an example holds an expression that cannot be read: write literals, classes and {n} counts"
        ) from error
    text: list[str] = []
    for piece in pieces:
        count = random.randint(piece.low, max(piece.low, min(piece.high, _LONGEST)))
        text.extend(random.choice(piece.choices) for _ in range(count))
    return "".join(text)


def _with_crc(random: Random, prefix: str) -> str:
    """``prefix``, thirty characters, and their CRC-32 in six base-62 digits, as GitHub and npm make tokens."""
    body = "".join(random.choice(_ALPHANUMERIC) for _ in range(30))
    number = zlib.crc32(body.encode())
    digits = ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        digits = _BASE62[digit] + digits
    return prefix + body + digits


def _base64(random: Random, argument: str) -> str:
    """Base64 of random bytes; the argument is how many."""
    return base64.b64encode(random.randbytes(int(argument))).decode()


def _base64_of(random: Random, argument: str) -> str:
    """Base64 of the text that the argument, an expression, describes."""
    return base64.b64encode(generate(argument, random).encode()).decode()


def _cipher_iv(random: Random, argument: str) -> str:
    """Base64 of a ciphertext, whose length is the argument, and of an IV of 16 bytes."""
    return f"{_base64(random, argument)}|{_base64(random, '16')}"


def _machine_key(random: Random, argument: str) -> str:
    """Base64 of an AES key and of an IV."""
    return f"{_base64(random, argument or '32')}.{_base64(random, '16')}"


def _card(random: Random, argument: str) -> str:
    """The number of a payment card: the argument, an expression for all digits, with the last one corrected."""
    text = generate(argument, random)[:-1]
    digits = "".join(filter(str.isdigit, text))
    return text + str(-checksums.luhn(digits + "0") % 10)


def _iban(random: Random, argument: str) -> str:
    """The number of a bank account: the argument, an expression for all of it, with the check digits corrected."""
    text = generate(argument, random)
    country, rest = text[:2], text[4:]
    check = 98 - checksums.iban("".join(filter(str.isalnum, f"{country}00{rest}")))
    return f"{country}{check:02}{rest}"


def _jwt(random: Random, argument: str) -> str:
    """A JSON Web Token signed by nobody; the argument is its algorithm."""
    header = json.dumps({"alg": argument or "HS256", "typ": "JWT"}, separators=(",", ":"))
    claims = json.dumps({"sub": generate("[a-z]{8}", random), "exp": 4102444800}, separators=(",", ":"))
    parts = (header.encode(), claims.encode(), random.randbytes(32))
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


def _jwt_unsigned(random: Random, argument: str) -> str:
    """A JSON Web Token without its third part."""
    return _jwt(random, argument).rpartition(".")[0]


GENERATORS: Mapping[str, Callable[[Random, str], str]] = {
    "aes-cbc": _cipher_iv,
    "base64": _base64,
    "base64-of": _base64_of,
    "card": _card,
    "crc": _with_crc,
    "iban": _iban,
    "jwt": _jwt,
    "jwt-unsigned": _jwt_unsigned,
    "machine-key": _machine_key,
}
"""Generators by name: ``@base64:32``, ``@base64-of:\\w{8}``, ``@crc:ghp_``, ``@jwt:RS256``."""
