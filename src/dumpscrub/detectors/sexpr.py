r"""Keys of GnuPG and libgcrypt: S-expressions, as gpg-agent keeps them in memory and in its files.

Three notations of the same lists: canonical (``(3:rsa(1:n257:...``), libgcrypt's own in memory (codes 3 and 4 for the
parentheses, 1 and a length of two bytes before each atom), and readable text (``(rsa (n #00...#)``). Within the list
that is called like an algorithm, a list of two for each number; those that are private are marked, and the ciphertext
of a ``protected`` key. The walk has no recursion, and the tokens of a key are few.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from dumpscrub.detectors.base import Anchor, Match
from dumpscrub.detectors.material import Material, is_blank, values_of
from dumpscrub.detectors.wire import Field
from dumpscrub.model import Confidence, Encoding, SecretValue
from dumpscrub.rules.schema import Rule
from dumpscrub.search.windows import Window

REACH = 16 * 1024
_MOST_TOKENS, _MOST_DEPTH = 160, 12
_LONGEST_ATOM = 8 * 1024
_LEAST = 12
"""Bytes of a private number, or of a ciphertext."""
_RSA, _DISCRETE, _CURVE = (frozenset(names) for names in ((b"d", b"p", b"q", b"u"), (b"x",), (b"d",)))
_PRIVATE = {
    **dict.fromkeys((b"rsa", b"openpgp-rsa"), _RSA),
    **dict.fromkeys((b"dsa", b"openpgp-dsa", b"elg", b"openpgp-elg"), _DISCRETE),
    **dict.fromkeys((b"ecc", b"ecdsa", b"ecdh", b"eddsa", b"openpgp-ecc", b"openpgp-ecdsa"), _CURVE),
}
"""By algorithm, the names of its private numbers."""
_PROTECTED = b"protected"
SELF_TEST = "self-test key"
"""Why a key is counted but not redacted: it is part of the library."""
_SELF_TESTS = frozenset(
    bytes.fromhex(digest)
    for digest in (
        "a423b8a24b7ea31f120d8223c4124b5ebf4a6b6a2a7b594050734aa33c67f23c",
        "15a9e43d93c7a393aa197220edd85cdabf33d8b1635ff8a8c217da1da8de8124",
        "b70385660302dca892f74cdb6d75f73fd85e7564306616e1910970462f7110f0",
    )
)
"""SHA-256 of the first private number of the keys with which libgcrypt tests RSA, DSA and ECC: each copy has them."""
_BEGINNINGS = ((b"rsa", b"n"), (b"ecc", b"curve"), (b"ecdsa", b"curve"), (b"dsa", b"p"), (b"elg", b"p"))
"""Algorithms, and what they name first."""


@dataclass(frozen=True, slots=True)
class _Token:
    """A parenthesis (``atom`` is None), or an atom: its place, and its contents decoded."""

    text: bytes
    atom: Field | None = None


Reader = Callable[[bytes, int], Iterator[_Token]]

_CANONICAL = re.compile(rb"(?P<mark>[()])|(?P<length>[0-9]{1,5}):")
_READABLE = re.compile(
    rb"\s*+(?:(?P<mark>[()])|#(?P<hex>[0-9A-Fa-f\s]*+)(?:#|\Z|(?=\x00))|(?P<word>[A-Za-z0-9./_:*+=-]++)"
    rb'|"(?P<quoted>(?:[^"\\\x00]|\\.)*+)")',
    re.DOTALL,
)


def _canonical(data: bytes, at: int) -> Iterator[_Token]:
    while (token := _CANONICAL.match(data, at)) is not None:
        at = token.end()
        if token["mark"]:
            yield _Token(token["mark"])
            continue
        length = int(token["length"])
        if length > _LONGEST_ATOM:
            return
        yield _Token(data[at : at + length], Field(at, at + length))
        at += length


def _internal(data: bytes, at: int) -> Iterator[_Token]:
    while at < len(data):
        code = data[at]
        at += 1
        if code in {3, 4}:
            yield _Token(b"(" if code == 3 else b")")
        elif code == 1:
            length = int.from_bytes(data[at : at + 2], "little")
            at += 2
            if length > _LONGEST_ATOM:
                return
            yield _Token(data[at : at + length], Field(at, at + length))
            at += length
        else:
            return


def _readable(data: bytes, at: int) -> Iterator[_Token]:
    while (token := _READABLE.match(data, at)) is not None:
        at = token.end()
        if token["mark"]:
            yield _Token(token["mark"])
            continue
        group = next(name for name in ("hex", "word", "quoted") if token[name] is not None)
        content = token[group]
        if group == "hex":
            digits = b"".join(content.split()).decode("ascii")
            content = bytes.fromhex(digits[: len(digits) // 2 * 2])
        yield _Token(content, Field(*token.span(group)))


@dataclass(slots=True)
class _Walk:
    """What is known of a key while its tokens come: the open lists, each as the atoms seen in it.

    The first list is open from the beginning on: a free list may have overwritten its parenthesis.
    """

    lists: list[list[_Token]] = field(default_factory=lambda: [[]])
    private: frozenset[bytes] = frozenset()
    secrets: list[_Token] = field(default_factory=list)
    numbers: dict[bytes, int] = field(default_factory=dict)
    whole: bool = False

    def take(self, tokens: Iterable[_Token]) -> None:
        """Goes through ``tokens`` up to the end of the first list."""
        for token in tokens:
            if token.atom is not None:
                self._atom(token)
            elif token.text == b"(":
                self.lists.append([])
            else:
                self._close(self.lists.pop())
                self.whole = not self.lists
            if not self.lists or len(self.lists) > _MOST_DEPTH:
                return
        for atoms in self.lists:
            self._close(atoms)

    def _atom(self, token: _Token) -> None:
        atoms = self.lists[-1]
        atoms.append(token)
        if len(atoms) == 1:
            self.private = _PRIVATE.get(token.text, self.private)
        elif len(atoms) == 2:
            self.numbers[atoms[0].text] = int.from_bytes(token.text, "big")
            if atoms[0].text in self.private and len(token.text) >= _LEAST:
                self.secrets.append(token)

    def _close(self, atoms: list[_Token]) -> None:
        """Takes the last atom of a protected key: its ciphertext."""
        if len(atoms) > 2 and atoms[0].text == _PROTECTED and len(atoms[-1].text) >= _LEAST:
            self.secrets.append(atoms[-1])


def key(data: bytes, start: int, reader: Reader) -> Material | None:
    """The private key whose list begins at ``start``, or right before it."""
    walk = _Walk()
    walk.take(islice(reader(data, start + data.startswith(b"(", start)), _MOST_TOKENS))
    secrets = [token for token in walk.secrets if not is_blank(token.text)]
    if not secrets:
        return None
    places = [token.atom for token in secrets if token.atom is not None]
    segments = tuple((place.start, min(place.end, len(data))) for place in places)
    numbers = walk.numbers
    proven = walk.whole or numbers.get(b"p", 0) * numbers.get(b"q", 0) == numbers.get(b"n", -1)
    values = values_of(data, places) if reader is not _readable else _decoded(secrets, walk.whole)
    confidence = Confidence.HIGH if proven else Confidence.MEDIUM
    if hashlib.sha256(secrets[0].text).digest() in _SELF_TESTS:
        return Material(start, segments[-1][1], segments, confidence, suppressed=SELF_TEST)
    return Material(start, segments[-1][1], segments, confidence, values)


def _decoded(secrets: Iterable[_Token], whole: bool) -> tuple[SecretValue, ...]:
    """What hexadecimal digits stand for, as values to sweep, if the last ones are not cut."""
    contents = [token.text.lstrip(b"\0") for token in secrets]
    return tuple(SecretValue(content, binary=True) for content in contents if len(content) >= _LEAST) if whole else ()


def _literals() -> dict[bytes, Reader]:
    """How the lists begin in each notation, and who reads them."""
    found: dict[bytes, Reader] = {}
    for algorithm, first in _BEGINNINGS:
        found[b"%d:%s(%d:%s" % (len(algorithm), algorithm, len(first), first)] = _canonical
        found[_atom(algorithm) + b"\3" + _atom(first)] = _internal
    found[b"%d:%s" % (len(_PROTECTED), _PROTECTED)] = _canonical
    found[_atom(_PROTECTED) + b"\1"] = _internal
    return found | {b"(private-key": _readable, b"(protected-private-key": _readable, b"(protected openpgp-": _readable}


def _atom(text: bytes) -> bytes:
    return b"\1" + len(text).to_bytes(2, "little") + text


@dataclass(frozen=True, slots=True)
class SexprDetector:
    """Finds keys by the beginnings of their lists."""

    rule: Rule
    anchors: tuple[Anchor, ...]
    readers: tuple[tuple[bytes, Reader], ...]
    before: int = 0
    after: int = REACH

    def verify(self, window: Window) -> Iterator[Match]:
        data, hit = window.data, window.hit
        reader = next(reader for literal, reader in self.readers if data.startswith(literal, hit))
        material = key(data, hit, reader)
        if material is not None:
            yield material.match()


def build(rule: Rule) -> SexprDetector:
    """The detector of keys as S-expressions."""
    readers = _literals()
    return SexprDetector(rule, tuple(Anchor(literal, Encoding.BINARY) for literal in readers), tuple(readers.items()))


NAMES = ("gcrypt-key",)
