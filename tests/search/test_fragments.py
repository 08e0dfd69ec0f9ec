"""Pieces: any rest of a long value holds one, none is a word, and from a piece the rest is followed to both ends."""

from __future__ import annotations

import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dumpscrub.search import fragments

TOKEN = "".join(random.Random(5).choices(string.ascii_letters + string.digits, k=60))


def test_pieces_of_a_token() -> None:
    pieces = list(fragments.of_text(TOKEN))
    assert all(TOKEN[at : at + len(piece)] == piece for at, piece in pieces)
    assert {at for at, piece in pieces if len(piece) == fragments.TEXT} <= {0, *range(8, 50, 4), 49}
    assert {at for at, piece in pieces if len(piece) == 8} <= {0, 52}


@pytest.mark.parametrize(
    ("size", "expected"), [(12, [4]), (15, [4]), (16, [4, 8]), (18, [4, 8]), (19, [8]), (40, [8, 29])]
)
def test_what_pointers_leave_of_a_value_begins_with_a_piece(size: int, expected: list[int]) -> None:
    text = ("aB3dE6gH9jK2mN5pQ8sT1vW4yZ7" * 2)[:size]
    starts = [at for at, piece in fragments.of_text(text) if at and (len(piece) > 8 or size <= 16)]
    assert [starts[0], starts[-1]][: len(expected)] == expected
    assert all(len(piece) >= 8 for _, piece in fragments.of_text(text))


@pytest.mark.parametrize(
    ("text", "piece"),
    [
        (TOKEN, TOKEN[:11]),
        ("Kq7-xWm2vLp9", "Kq7-xWm2vLp"),
        ("ghp_" + TOKEN[:36], "ghp_" + TOKEN[:7]),
        ("molavu-tideka-suvine31", "ka-suvine31"),
        ("abcdefghijklmnopqrst5uvwxyzabcdef", "klmnopqrst5"),
    ],
)
def test_what_is_left_of_either_end_has_a_piece(text: str, piece: str) -> None:
    assert piece in {found for _, found in fragments.of_text(text)}


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        (TOKEN, {TOKEN[:8], TOKEN[-8:]}),
        ("Kq7xWm2vLp9dR4tZ", {"Kq7xWm2v", "Lp9dR4tZ"}),
        ("Server01!xK3pQ9wZ", {"xK3pQ9wZ"}),
        ("Kq7xWm2vLp-production", {"Kq7xWm2v"}),
        ("eyJhbGci7K2mN5pQ8sT1vW4yZ", {"sT1vW4yZ"}),
    ],
)
def test_what_is_left_in_a_full_buffer_and_in_the_next_one_has_a_piece(text: str, ends: set[str]) -> None:
    # A chunk of a StringBuilder held the first 7 of 16 characters, and the next one the other 9, which survived.
    assert {piece for at, piece in fragments.of_text(text) if len(piece) == 8 and at in (0, len(text) - 8)} == ends


@pytest.mark.parametrize(
    "text", ["CdcEF6N05u", "NWxzyLxpkGl059QrT7Leyv1A", "D6MvTi{Wbz~[&oV?-]-a", "O59UeQguVHßHΩЖaKmz_é世f"]
)
def test_of_a_random_text_pieces_without_digits_and_beyond_ascii_tell(text: str) -> None:
    pieces = list(fragments.of_text(text))
    assert all(text.startswith(piece, at) for at, piece in pieces)
    # Whatever a buffer's border leaves of it, down to nine characters at either end.
    for size in range(9, len(text)):
        assert any(at + len(piece) <= size for at, piece in pieces)
        assert any(at >= len(text) - size for at, piece in pieces)


@pytest.mark.parametrize(
    "text",
    [
        "my-application-v2-Eu-1",
        "/usr/lib/x86_64-linux-gnu/libSsl.so.1.1",
        "2024-03-01T10:00:00Z",
        "Server=tcp:db1,1433",
    ],
)
def test_names_and_paths_are_not_random(text: str) -> None:
    assert not fragments.is_random(text)


@pytest.mark.parametrize("head", ["sk_live_51", "CfDJ8", "eyJ1IjoiYW5uIn0.", "AAAAB3NzaC1yc2", "https://h1.example/"])
def test_a_beginning_that_others_share_has_no_piece(head: str) -> None:
    assert min(at for at, _ in fragments.of_text(head + TOKEN)) > 0


def test_half_a_key_has_a_piece() -> None:
    key = bytes(range(1, 17))
    assert list(fragments.of_bytes(key)) == [(0, key[:8]), (8, key[8:])]


@pytest.mark.parametrize("size", range(17, 24))
def test_half_of_a_number_as_long_as_those_of_dsa_has_a_piece(size: int) -> None:
    number = bytes(range(1, size + 1))
    pieces = [(at, at + len(piece)) for at, piece in fragments.of_bytes(number)]
    for start, end in ((0, -(-size // 2)), (size // 2, size)):
        assert any(start <= first and last <= end for first, last in pieces)


@given(st.binary(min_size=24, max_size=600), st.integers(0, 600))
def test_any_rest_of_23_random_bytes_has_a_piece(data: bytes, start: int) -> None:
    data = bytes(random.Random(len(data)).sample(range(256), 256)) + random.Random(data).randbytes(len(data))
    start %= len(data) - 22
    size = fragments.BYTES
    inside = [at for at, _ in fragments.of_bytes(data) if start <= at and at + size <= start + 23]
    varied = len(set(data[start : start + 23])) > 20
    assert inside or not varied


@pytest.mark.parametrize(
    "text",
    [
        TOKEN[:9],
        "correct horse battery staple",
        "https://hooks.example.com/services",
        "ConnectionStringSettings",
        "-----BEGIN PRIVATE KEY-----" + TOKEN,
        "MIIE" + TOKEN,
        "ключ-от-дома-27-северный",
        TOKEN * 100,
        "1111111111111111a1111111111",
    ],
)
def test_no_pieces_of_words_structures_and_what_is_short(text: str) -> None:
    assert list(fragments.of_text(text)) == []


def test_the_head_of_a_signed_token_is_not_searched_for() -> None:
    head = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
    assert min(at for at, _ in fragments.of_text(head + TOKEN)) >= len(head)


def test_the_number_of_pieces_is_bounded() -> None:
    long = "".join(random.Random(6).choices(string.ascii_letters + string.digits, k=4096))
    assert 100 < len(list(fragments.of_text(long))) <= 128
    assert 100 < len(list(fragments.of_bytes(random.Random(7).randbytes(4096)))) <= 128
    assert list(fragments.of_bytes(bytes(64))) == []


@given(st.binary(min_size=30, max_size=60), st.integers(0, 20), st.data())
def test_the_rest_goes_as_far_as_bytes_are_the_same(whole: bytes, at: int, data: st.DataObject) -> None:
    size = 8
    left, right = data.draw(st.integers(0, at)), data.draw(st.integers(0, len(whole) - at - size))
    memory = bytearray(whole)
    for other in (at - left - 1, at + size + right):
        if 0 <= other < len(whole):
            memory[other] ^= 1
    found = fragments.rest(whole, at, size, bytes(memory[:at]), bytes(memory[at + size :]))
    assert found == (left, right)


def test_of_a_long_structure_only_the_private_end_has_pieces() -> None:
    body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC" + "".join(
        random.Random(8).choices(string.ascii_letters + string.digits, k=1600)
    )
    starts = [at for at, _ in fragments.of_text(body, structure=True)]
    assert len(body) * 2 // 5 <= min(starts) < len(body) // 2
    assert max(starts) > len(body) - 40
    assert list(fragments.of_text(body[:500], structure=True)) == []
    assert starts == [at for at, _ in fragments.of_text(body)]
