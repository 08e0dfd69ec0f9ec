"""Manifests: which secrets were planted in a dump.

One line a secret: ``category TAB name TAB str|bin TAB hex of the value, each byte XOR 0x5A [TAB ctx|bare]``, so that a
manifest never is a plain copy of what it lists. ``ctx`` says that a copy stands in a context by which it can be found
(a name beside it, a token format, PEM, ...), ``bare`` that none does; without the column nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_MASK = bytes(byte ^ 0x5A for byte in range(256))
_KINDS = {"str": True, "bin": False}
_CONTEXTS = {"ctx": True, "bare": False}


@dataclass(frozen=True, slots=True)
class Secret:
    """A planted value: UTF-8 where ``text``, else plain bytes. ``context`` is None where nothing is said about it."""

    category: str
    name: str
    text: bool
    value: bytes = field(repr=False)
    context: bool | None = None

    @property
    def label(self) -> str:
        """How reports name it."""
        return f"{self.category}/{self.name}"

    @property
    def public(self) -> bool:
        """True for what is listed to be looked at, but is no secret: RSA moduli."""
        return self.category == "rsa_public"


def read(path: Path) -> list[Secret]:
    """The secrets of the manifest at ``path``; ValueError names the first line that is malformed."""
    lines = path.read_text("ascii").splitlines()
    return [_parse(path.name, number, line) for number, line in enumerate(lines, 1) if line]


def _parse(file: str, number: int, line: str) -> Secret:
    columns = line.split("\t")
    if len(columns) not in {4, 5} or columns[2] not in _KINDS or (columns[4:] and columns[4] not in _CONTEXTS):
        raise ValueError(f"{file}, line {number}: not a line of a manifest")
    context = _CONTEXTS[columns[4]] if columns[4:] else None
    return Secret(columns[0], columns[1], _KINDS[columns[2]], bytes.fromhex(columns[3]).translate(_MASK), context)


def write(path: Path, secrets: Iterable[Secret]) -> None:
    """Write a manifest, one line a secret in the given order."""
    path.write_text("".join(_format(secret) for secret in secrets), "ascii", newline="\n")


def _format(secret: Secret) -> str:
    columns: Sequence[str] = (
        secret.category,
        secret.name,
        "str" if secret.text else "bin",
        secret.value.translate(_MASK).hex(),
    )
    if secret.context is not None:
        columns = (*columns, "ctx" if secret.context else "bare")
    return "\t".join(columns) + "\n"
