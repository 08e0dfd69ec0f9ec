"""Every notation of ``tests/notations``, with a password of its own in each, in UTF-8 and in UTF-16LE.

A file there is a table of texts by name. ``<<p>>`` and the other :data:`HOLES` are filled in from a seed; control
characters stand as their pictures (:data:`PICTURES`). A text is found where every byte of what was filled in would be
overwritten.
"""

from __future__ import annotations

import base64
import re
import string
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from zlib import crc32

import pytest

import dumpscrub
from dumpscrub.rules.schema import Action

FOLDER = Path(__file__).parent / "notations"
ENCODINGS = ("utf-8", "utf-16-le")
PICTURES = str.maketrans("␀⏉␍␊⏎", "\0\t\r\n\n")
_ALPHANUMERIC = string.ascii_letters + string.digits
_HOLE = re.compile(r"<<(\w+)>>")
_BETWEEN = bytes(512)
_USER = "ann"


def _some(random: Random, length: int, choices: str = _ALPHANUMERIC) -> str:
    return "".join(random.choices(choices, k=length))


def _password(random: Random) -> str:
    """15 characters of every kind that a command line takes without quotes."""
    return f"{_some(random, 1, string.ascii_letters)}{_some(random, 3)}-{_some(random, 4)}7{_some(random, 5)}"


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


HOLES: Mapping[str, Callable[[Random], str]] = {
    "p": _password,
    "t": lambda random: f"{_some(random, 20)}4{_some(random, 11)}",
    "k": lambda random: base64.b64encode(random.randbytes(32)).decode(),
    "b64": lambda random: _base64(_password(random)),
    "up": lambda random: _base64(f"{_USER}:{_password(random)}"),
    "plain": lambda random: _base64(f"\0{_USER}\0{_password(random)}"),
    "ub": lambda _: _base64(_USER),
    "base32": lambda random: _some(random, 32, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
    "dpapi": lambda random: f"01000000D08C9DDF0115D1118C7A00C04FC297EB{random.randbytes(100).hex().upper()}",
    "hexlist": lambda random: _password(random).encode("utf-16-le").hex(",") + ",00,00",
}
"""A password, a token, a key; base64 of a password, of user and password, of SASL PLAIN and of a user's name; a seed of
one-time passwords, a blob of DPAPI, UTF-16 in hexadecimal with commas."""
_NO_SECRETS = {"ub"}


@dataclass(frozen=True, slots=True)
class Notation:
    """A text whose index pairs ``secrets`` have to be overwritten."""

    name: str
    text: str
    secrets: tuple[tuple[int, int], ...]

    def left(self, encoding: str, start: int, covered: frozenset[int]) -> int:
        """Bytes of the secrets that stay, NULs apart, where the text stands at ``start``."""
        data = self.text.encode(encoding)
        bounds = [[start + len(self.text[:index].encode(encoding)) for index in pair] for pair in self.secrets]
        return sum(bool(data[at - start]) for first, last in bounds for at in range(first, last) if at not in covered)


def notation(name: str, template: str) -> Notation:
    """The text of ``template``, always the same for a ``name``."""
    random = Random(crc32(name.encode()))
    text, secrets, end = "", [], 0
    for hole in _HOLE.finditer(template):
        text += template[end : hole.start()].translate(PICTURES)
        value = HOLES[hole[1]](random)
        if hole[1] not in _NO_SECRETS:
            secrets.append((len(text), len(text) + len(value)))
        text, end = text + value, hole.end()
    return Notation(name, text + template[end:].translate(PICTURES), tuple(secrets))


def _all() -> Iterator[Notation]:
    for path in sorted(FOLDER.glob("*.toml")):
        for name, template in tomllib.loads(path.read_text("utf-8")).items():
            yield notation(f"{path.stem}: {name}", template)


NOTATIONS = tuple(_all())


@pytest.fixture(scope="module", params=ENCODINGS)
def left(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, int]:
    """Bytes of its secrets that stay, by name, of all notations in one file."""
    return survivors(request.param, tmp_path_factory.mktemp("notations") / "raw.bin")


def survivors(encoding: str, path: Path) -> Mapping[str, int]:
    """Bytes that stay of the secrets of each notation; all are written to ``path``, far from each other."""
    data = bytearray()
    starts = []
    for each in NOTATIONS:
        data += _BETWEEN
        starts.append(len(data))
        data += each.text.encode(encoding)
        data += bytes(len(data) % 2)
    path.write_bytes(data + _BETWEEN)
    found = dumpscrub.scan(path, workers=1).findings
    changed = (span for finding in found if finding.action == Action.MASK.value for span in finding.spans)
    covered = frozenset(at for span in changed for at in range(span.start, span.end))
    return {each.name: each.left(encoding, start, covered) for each, start in zip(NOTATIONS, starts, strict=True)}


@pytest.mark.parametrize("name", [each.name for each in NOTATIONS])
def test_the_password_in_a_notation_is_found(name: str, left: Mapping[str, int]) -> None:
    assert left[name] == 0
