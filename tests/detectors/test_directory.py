"""Passwords in LDAP messages: the structures are those of RFC 4511 and RFC 3062."""

from __future__ import annotations

import pytest
from der_material import detector, find_all, mask
from hypothesis import given
from hypothesis import strategies as st

from dumpscrub.detectors import directory
from dumpscrub.model import SecretValue

NAME = "directory-password"
REQUEST = b"1.3.6.1.4" + directory.PASSWORD_MODIFY
SECRET, OTHER = b"kade-7Xw9-zopi", b"mobu-4Qp1-ferila"


def ber(tag: int, content: bytes) -> bytes:
    size = len(content)
    length = bytes((size,)) if size < 128 else b"\x82" + size.to_bytes(2, "big")
    return bytes((tag,)) + length + content


def attribute(*values: bytes, name: bytes = b"userPassword") -> bytes:
    return ber(0x30, ber(4, name) + ber(0x31, b"".join(ber(4, value) for value in values)))


def entry(*values: bytes, name: bytes = b"userPassword") -> bytes:
    others = ber(0x30, ber(4, b"sn") + ber(0x31, ber(4, b"a")))
    return ber(
        0x30, ber(2, b"\x02") + ber(0x68, ber(4, b"cn=ann,dc=x") + ber(0x30, others + attribute(*values, name=name)))
    )


def change(*, user: bytes = b"cn=ann,dc=x", old: bytes = OTHER, new: bytes = SECRET) -> bytes:
    fields = ber(0x80, user) + ber(0x81, old) + ber(0x82, new)
    return ber(0x30, ber(2, b"\x03") + ber(0x77, ber(0x80, REQUEST) + ber(0x81, ber(0x30, fields))))


def marked(data: bytes) -> list[bytes]:
    return [part for each in find_all(detector(NAME), bytes(32) + data + bytes(32)) for part in each.marked]


def terminated(data: bytes, *strings: bytes) -> bytes:
    """``data`` as OpenLDAP leaves it: a NUL behind each of ``strings``, in the place of a tag."""
    for string in strings:
        at = data.index(string) + len(string)
        data = data[:at] + b"\0" + data[at + 1 :]
    return data


@pytest.mark.parametrize("name", directory.ATTRIBUTES)
def test_values_of_an_attribute(name: bytes) -> None:
    assert marked(entry(SECRET, OTHER * 9, name=name)) == [SECRET, OTHER * 9]


def test_both_passwords_of_a_change() -> None:
    assert marked(change()) == [OTHER, SECRET]


def test_strings_that_openldap_ended() -> None:
    assert marked(terminated(entry(SECRET, OTHER), b"userPassword", SECRET)) == [SECRET, OTHER]
    data = terminated(change(), directory.PASSWORD_MODIFY, b"cn=ann,dc=x", OTHER)
    assert marked(data) == [OTHER, SECRET]


def test_passwords_are_swept_for() -> None:
    (found,) = find_all(detector(NAME), entry(SECRET))
    assert found.match.values == (SecretValue(SECRET),)
    quoted = f'"{SECRET.decode()}"'.encode("utf-16-le")
    (found,) = find_all(detector(NAME), entry(quoted, name=b"unicodePwd"))
    assert found.match.values == (SecretValue(SECRET),)


def test_a_masked_message_has_nothing_left_to_find() -> None:
    data = entry(SECRET, OTHER) + change()
    masked = mask(data, find_all(detector(NAME), data))
    assert SECRET not in masked
    assert find_all(detector(NAME), masked) == []


@pytest.mark.parametrize(
    "data",
    [
        b"attribute userPassword is required",
        b"\x0cuserPassword\0\0\0\0",
        b"\x0cuserPassword1\x20" + SECRET,
        b"\x0buserPassword" + ber(0x31, ber(4, SECRET)),
        b"\x0cuserPassword" + ber(0x31, ber(4, SECRET) + b"x"),
        b"\x0cuserPassword\x31\x84\xff\xff\xff\xff" + SECRET,
        directory.PASSWORD_MODIFY + b"\0LDAP Password Modify\0",
        ber(0x80, REQUEST) + ber(0x81, ber(0x30, ber(0x80, b"cn=ann"))),
    ],
)
def test_what_is_no_message(data: bytes) -> None:
    assert marked(data) == []


@given(st.sampled_from((*directory.ATTRIBUTES, directory.PASSWORD_MODIFY)), st.binary(max_size=80))
def test_any_bytes_are_read_without_fault(name: bytes, data: bytes) -> None:
    text = bytes((len(name),)) + name + data
    for each in find_all(detector(NAME), text):
        assert all(0 < start < end <= len(text) for start, end in each.spans)


def test_a_message_that_is_cut_anywhere() -> None:
    data = entry(SECRET)
    for end in range(len(data) - len(SECRET) + 1, len(data)):
        (found,) = find_all(detector(NAME), data[:end])
        assert found.marked == (data[len(data) - len(SECRET) : end],)
        assert found.match.values == ()
