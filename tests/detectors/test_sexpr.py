"""Keys as S-expressions, in the three notations of libgcrypt."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from itertools import islice

import pytest
from der_material import detector, find_all, mask, noise, number_bytes, rsa_components, rsa_key

from dumpscrub.detectors import sexpr
from dumpscrub.model import Confidence

NAME = "gcrypt-key"
List = Sequence["bytes | List"]
D, P, Q, _, _, U = rsa_components(rsa_key(3, 1024))
MODULUS = number_bytes(rsa_key(3, 1024).private_numbers().public_numbers.n)
RSA: List = (
    b"private-key",
    (b"rsa", (b"n", b"\0" + MODULUS), (b"e", b"\1\0\1"), (b"d", D), (b"p", P), (b"q", Q), (b"u", U)),
)
SCALAR = noise(1, 32)
CURVE: List = (
    b"private-key",
    (b"ecc", (b"curve", b"Ed25519"), (b"flags", b"eddsa"), (b"q", noise(2, 33)), (b"d", SCALAR)),
)
CIPHER = noise(3, 700)
METHOD: List = (b"openpgp-s2k3-ocb-aes", ((b"sha1", noise(4, 8), b"65011712"), noise(5, 12)), CIPHER)
PROTECTED: List = (
    b"protected-private-key",
    (
        b"rsa",
        (b"n", b"\0" + MODULUS),
        (b"e", b"\1\0\1"),
        (b"protected", *METHOD),
        (b"protected-at", b"20240101T000000"),
    ),
)
DSA: List = (b"private-key", (b"dsa", (b"p", P), (b"q", Q), (b"g", U), (b"y", D), (b"x", SCALAR)))


def canonical(item: bytes | List) -> bytes:
    return b"%d:%s" % (len(item), item) if isinstance(item, bytes) else b"(" + b"".join(map(canonical, item)) + b")"


def internal(item: bytes | List) -> bytes:
    if isinstance(item, bytes):
        return b"\1" + len(item).to_bytes(2, "little") + item
    return b"\3" + b"".join(map(internal, item)) + b"\4"


def readable(item: bytes | List) -> bytes:
    if isinstance(item, bytes):
        plain = item.replace(b"-", b"").isalnum()
        return item + b" " if plain else b"#" + item.hex().upper().encode() + b"#"
    return b"(" + b"".join(map(readable, item)) + b")\n "


KEYS = {
    "rsa": (RSA, (D, P, Q, U)),
    "curve": (CURVE, (SCALAR,)),
    "dsa": (DSA, (SCALAR,)),
    "protected": (PROTECTED, (CIPHER,)),
}


@pytest.mark.parametrize("kind", KEYS)
@pytest.mark.parametrize("notation", [canonical, internal, readable])
def test_private_numbers_are_marked(kind: str, notation: Callable[[bytes | List], bytes]) -> None:
    key, secrets = KEYS[kind]
    expected = tuple(each.hex().upper().encode() if notation is readable else each for each in secrets)
    data = noise(8, 40) + notation(key) + b"\0" + noise(9, 40)
    found = find_all(detector(NAME), data)
    assert {each.marked for each in found} == {expected}
    assert {each.match.confidence for each in found} == {Confidence.HIGH}
    assert {value.data for value in found[0].match.values} == {each.lstrip(b"\0") for each in secrets}
    assert find_all(detector(NAME), mask(data, found)) == []


@pytest.mark.parametrize("notation", [canonical, internal])
def test_a_beginning_that_a_free_list_overwrote(notation: Callable[[bytes | List], bytes]) -> None:
    for key, secrets in KEYS.values():
        data = bytes(16) + notation(key)[16:]
        assert {each.marked for each in find_all(detector(NAME), data)} == {secrets}


@pytest.mark.parametrize("notation", [canonical, internal])
def test_a_key_without_its_end(notation: Callable[[bytes | List], bytes]) -> None:
    for key, secrets in (KEYS["rsa"], KEYS["protected"]):
        plain = notation(key)
        at = plain.index(secrets[-1]) + 30
        found = find_all(detector(NAME), plain[:at])[0]
        assert found.marked == (*secrets[:-1], secrets[-1][:30])


def test_public_keys_and_signatures_stay() -> None:
    for key in (
        (b"public-key", RSA[1][:3]),
        (b"sig-val", (b"rsa", (b"s", noise(1, 128)))),
        (b"private-key", (b"rsa",)),
    ):
        for notation in (canonical, internal, readable):
            assert find_all(detector(NAME), notation(key)) == []


def test_the_librarys_own_keys_are_counted_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sexpr, "_SELF_TESTS", frozenset({hashlib.sha256(SCALAR).digest()}))
    found = find_all(detector(NAME), canonical(CURVE))
    assert [each.match.suppressed for each in found] == [sexpr.SELF_TEST]


def test_deep_nesting_and_endless_lists_read_few_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    read = 0

    def counting(tokens: object, most: int) -> object:
        nonlocal read
        for token in islice(tokens, most):  # type: ignore[call-overload]
            read += 1
            yield token

    monkeypatch.setattr(sexpr, "islice", counting)
    for data in (b"3:rsa(1:n" + b"(" * 9000, b"3:rsa(1:n" + b"()" * 4000, b"3:rsa(1:n99999:" + noise(1, 90)):
        read = 0
        assert find_all(detector(NAME), data) == []
        assert 0 < read <= 200
