"""Values in the block of malloc behind the one that holds their name: sizes decide."""

from __future__ import annotations

import pytest
from der_material import find_all, mask
from hypothesis import given
from hypothesis import strategies as st

from dumpscrub.detectors import neighbours
from dumpscrub.detectors.base import Detector
from dumpscrub.model import SecretValue
from dumpscrub.rules.load import load_rules

NAMES = ("db_password", "app.jwt_secret", "sudo_pass", "api_key", "smtp-passphrase-old")
SECRET = b"kade-7Xw9-zopi"


def subject(rule: str) -> Detector:
    return neighbours.build(next(each for each in load_rules().rules if each.id == rule))


def block(text: bytes, *, flags: int = 1, more: int = 0) -> bytes:
    """A block of malloc with ``text`` and a NUL in it, and before it its size; ``more`` is a rest that it keeps."""
    size = max(32, -(-(len(text) + 9) // 16) * 16) + more
    return (size | flags).to_bytes(8, "little") + text.ljust(size - 8, b"\0")


def marked(data: bytes) -> list[bytes]:
    rules = ("password-neighbour", "secret-neighbour")
    found = [each for rule in rules for each in find_all(subject(rule), bytes(64) + data + bytes(64))]
    return [part for each in found if not each.match.suppressed for part in each.marked]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("flags", [1, 5])
@pytest.mark.parametrize("more", [0, 16])
def test_a_value_in_the_next_block(name: str, flags: int, more: int) -> None:
    data = block(name.encode(), flags=flags, more=more) + block(SECRET, flags=flags, more=more)
    assert set(marked(data)) == {SECRET}


def test_the_value_is_swept_for() -> None:
    data = bytes(8) + block(b"db_password") + block(SECRET) + bytes(8)
    (found,) = find_all(subject("password-neighbour"), data)
    assert found.match.values == (SecretValue(SECRET),)
    assert find_all(subject("password-neighbour"), mask(data, [found])) == []


def test_what_an_earlier_text_left_behind_a_name_does_not_matter() -> None:
    name = block(b"db_password")
    assert marked(name[:-8] + b"old text" + block(SECRET)) == [SECRET]


@pytest.mark.parametrize(
    "data",
    [
        b"db_password".ljust(24, b"\0") + block(SECRET),
        block(b"db_password", flags=3) + block(SECRET),
        block(b"db_password", more=32) + block(SECRET),
        block(b"db_password") + SECRET,
        block(b"db_password") + block(SECRET, more=64),
        block(b"db_password") + block(b"username"),
        block(b"db_password") + block(b"8080"),
        block(b"db_password") + block(b"\x01\x02" + SECRET),
        block(b"db_password_file") + block(SECRET),
        block(b"the db_password") + block(SECRET),
        block(b"olcPasswordHash") + block(SECRET),
        block(b"db_password") + bytes(8) + block(SECRET),
    ],
)
def test_what_is_no_pair_of_blocks(data: bytes) -> None:
    assert marked(data) == []


@given(st.binary(max_size=120), st.integers(0, 140))
def test_any_bytes_are_read_without_fault(data: bytes, at: int) -> None:
    text = data[:60] + b"password" + data[60:]
    place = neighbours.find(text, min(at, len(text)))
    assert place is None or 0 <= place[0] < place[1] <= len(text)


def java(text: bytes, *, kind: bytes = b"Hh\x00\x00", lock: int = 1) -> bytes:
    """A byte array of HotSpot that holds ``text``."""
    data = bytes((lock,)) + bytes(7) + kind + len(text).to_bytes(4, "little") + text
    return data + bytes(-len(data) % 8)


STRING = b"\x01" + bytes(7) + b"\x90\x0d\x00\x00" + b"\x11\x22\x33\x44" * 3


@pytest.mark.parametrize("between", [b"", STRING])
def test_a_value_in_the_next_array_of_java(between: bytes) -> None:
    assert set(marked(java(b"spring.datasource.password") + between + java(SECRET) + java(b"more"))) == {SECRET}


@pytest.mark.parametrize(
    "data",
    [
        java(b"db.password") + java(SECRET, kind=b"Gg\0\0"),
        java(b"db.password") + java(SECRET, lock=0),
        java(b"db.password", lock=2) + java(SECRET),
        java(b"db.password") + bytes(32) + java(SECRET),
        java(b"SecretKeyFactory") + java(SECRET),
        java(b"Alg.Alias.SunTlsMasterSecret") + java(b"Alg.Alias.Mac.OID.1.2.840.113549.2.10"),
        java(b"SunTlsMasterSecret") + java(b"SUNTLS12KEYMATERIAL"),
        java(b"token") + java(b"type.captureof.1"),
        java(b"private.key") + java(b"/modules/java.base/java/net/HttpCookie$2.class"),
        java(b"db.password") + java(b"com.example.PasswordEncoder"),
        java(b"db.password more") + java(SECRET),
        java(b"db.password") + java(b"\x01\x02\x03" + SECRET),
    ],
)
def test_what_is_no_pair_of_arrays(data: bytes) -> None:
    assert marked(data) == []


def net_array(text: bytes, kind: int = 0x7F4C_0123_4560) -> bytes:
    """An array of bytes of .NET: class and length, the bytes, and the word before the next object's class."""
    padded = text.ljust(-(-len(text) // 8) * 8, b"\0")
    return kind.to_bytes(8, "little") + len(text).to_bytes(8, "little") + padded + bytes(8)


@pytest.mark.parametrize("name", ["--api-key", "-password", "db_password", "--client-secret"])
def test_a_value_in_the_next_array_of_net(name: str) -> None:
    data = net_array(b"-u") + net_array(b"sa") + net_array(name.encode()) + net_array(SECRET) + net_array(b"-v")
    assert set(marked(data)) == {SECRET}


def test_a_value_beyond_ascii_in_the_next_array_of_net() -> None:
    value = "Pä7-ßwörd Ж9".encode()
    assert set(marked(net_array(b"--api-key") + net_array(value))) == {value}


@pytest.mark.parametrize(
    "data",
    [
        net_array(b"--api-key") + net_array(SECRET, kind=0x7F4C_0123_4568),
        net_array(b"--api-key") + net_array(b"--verbose"),
        net_array(b"--api-key") + net_array(SECRET)[:16] + b"\x01" + SECRET,
        net_array(b"--api-key") + bytes(8) + net_array(SECRET),
        net_array(b"--api-key-file") + net_array(SECRET),
        b"\xff" * 16 + b"--api-key".ljust(24, b"\0") + net_array(SECRET),
    ],
)
def test_what_is_no_pair_of_arrays_of_net(data: bytes) -> None:
    assert marked(data) == []
