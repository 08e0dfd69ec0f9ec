"""Short numbers between something small: where they begin and end at any alignment, and what they may be."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dumpscrub.search import isolated
from dumpscrub.search.isolated import Runs
from dumpscrub.search.numbers import Order
from dumpscrub.source import BytesSource
from dumpscrub.span import Span

POINTERS = bytes.fromhex("40b8e200f3010000 1056346af67f0000".replace(" ", ""))


def random_bytes(seed: int, size: int) -> bytes:
    """Random bytes that look it: none is zero, so that neither two zeros stand in them nor one at either end."""
    random = Random(seed)
    return bytes(random.randrange(1, 255) for _ in range(size))


def runs_in(data: bytes, shortest: int = 32, phase: int = 0) -> Runs:
    return Runs.joined(isolated.runs(BytesSource(data), [(Span(0, len(data)), phase)], shortest))


def pairs(some: Runs) -> Iterator[tuple[int, int]]:
    return zip(some.begins.tolist(), some.ends.tolist(), strict=True)


@given(st.integers(0, 200), st.sampled_from([20, 24, 32, 48, 57, 66]), st.integers(0, 7), st.integers(0, 1000))
def test_a_number_between_zeros_is_seen_at_any_alignment(start: int, size: int, phase: int, seed: int) -> None:
    data = bytes(start + 2) + random_bytes(seed, size) + bytes(40)
    assert (start + 2, start + 2 + size) in set(pairs(runs_in(data, size, phase)))
    assert start + 2 in runs_in(data, size, phase).exact(size, Order.BIG).tolist()


@pytest.mark.parametrize("shift", range(8))
def test_among_pointers_at_odd_offsets_of_the_file_a_number_is_seen_and_they_are_not(shift: int) -> None:
    # Ranges of a minidump begin at any offset: words that are taken elsewhere than memory's look random.
    number = random_bytes(shift, 32)
    data = bytes(shift) + POINTERS * 8 + number + POINTERS * 8
    start = shift + len(POINTERS) * 8
    for phase in range(8):
        some = runs_in(data, 32, phase)
        assert some.exact(32, Order.LITTLE).tolist() == [start]
        assert some.begins.tolist() == [start]


def test_a_number_with_zeros_at_an_end_is_exact() -> None:
    data = bytes(40) + random_bytes(1, 65) + bytes(40)
    assert runs_in(data).exact(66, Order.BIG).tolist() == [39, 40]
    assert runs_in(data).exact(66, Order.LITTLE).tolist() == [40]


@pytest.mark.parametrize("zeros", [2, 3, 5, 8])
@pytest.mark.parametrize("shift", range(16))
def test_a_few_zeros_part_two_numbers_at_any_alignment(zeros: int, shift: int) -> None:
    # A look is at eight bytes in sixteen: zeros between two looks were not seen.
    data = bytes(40 + shift) + random_bytes(1, 32) + bytes(zeros) + random_bytes(2, 48) + bytes(40)
    start = 40 + shift
    assert (start, start + 32) in set(pairs(runs_in(data)))
    assert (start + 32 + zeros, start + 80 + zeros) in set(pairs(runs_in(data)))


def test_what_is_longer_or_shorter_is_not_exact() -> None:
    for size in (24, 27, 39, 64):
        assert runs_in(bytes(40) + random_bytes(size, size) + bytes(40)).exact(32, Order.BIG).tolist() == []


def test_behind_more_random_bytes_a_number_is_found_by_its_end() -> None:
    data = bytes(40) + random_bytes(2, 120) + bytes(40)
    assert runs_in(data).loose(48, None).tolist() == [40, 112]


def test_a_pointer_behind_random_bytes_is_no_part_of_a_number() -> None:
    data = bytes(40) + random_bytes(3, 120) + POINTERS + bytes(40)
    some = runs_in(data)
    assert 112 in some.loose(48, some.begins * 0).tolist()


def test_a_word_of_ones_ends_a_number() -> None:
    # The counter of a DSA blob that has no seed.
    data = bytes(40) + random_bytes(4, 90) + b"\xff" * 4 + bytes(40)
    assert runs_in(data, 20).ends.tolist() == [130]


@pytest.mark.parametrize("phase", range(8))
@pytest.mark.parametrize("size", [20, 60])
def test_a_word_of_ones_ends_a_number_at_any_alignment(size: int, phase: int) -> None:
    # Two bytes of it do not make the last look any other than random.
    data = bytes(100) + random_bytes(phase, size) + b"\xff" * 4 + bytes(40)
    assert 100 + size in runs_in(data, size, phase).ends.tolist()


@pytest.mark.parametrize("header", [b"\x04\x20", b"\x02\x20", b"\x02\x21\x00", b"\0\0\0\x20", b"\0\0\0\x21\0"])
def test_what_a_header_announces_among_random_bytes(header: bytes) -> None:
    before = random_bytes(5, 100).replace(b"\x04 ", b"..").replace(b"\x02 ", b"..")
    data = bytes(40) + before + header + random_bytes(6, 200)
    assert 140 + len(header) in isolated.announced(BytesSource(data), runs_in(data), 32).tolist()


def test_integers_that_end_before_the_zeros_of_an_allocator() -> None:
    data = bytes(40) + random_bytes(7, 100) + b"\x02\x40" + random_bytes(8, 64) + b"\0\xd0\x01\0\0"
    assert (142, 206) in list(isolated.integers(BytesSource(data), runs_in(data, 20), 20, 127))


def test_a_number_beside_its_public_key() -> None:
    data = bytes(40) + random_bytes(9, 64) + random_bytes(10, 32) + random_bytes(11, 60) + bytes(40)
    source, starts = BytesSource(data), runs_in(data).inner(32, runs_in(data).begins * 0)
    assert isolated.beside(source, starts, 32, {data[96:104]}, set()).tolist() == [104]
    assert isolated.beside(source, starts, 32, set(), {data[136:144]}).tolist() == [104]
    assert isolated.beside(source, starts, 32, {b"unknown!"}, {b"unknown!"}).tolist() == []


def test_digits_are_told_by_their_upper_bits() -> None:
    number = int.from_bytes(random_bytes(12, 32), "big") | 1 << 255
    digits = b"".join((number >> at & (1 << 30) - 1).to_bytes(4, "little") for at in range(0, 256, 30))
    data = bytes(40) + digits + bytes(40)
    starts = runs_in(data).exact(36, Order.DIGITS30)
    assert list(isolated.numbers(BytesSource(data), starts, 36, Order.DIGITS30)) == [(40, digits)]
    assert not list(isolated.numbers(BytesSource(random_bytes(13, 100)), starts, 36, Order.DIGITS30))


@pytest.mark.parametrize(
    "data",
    [
        bytes(1000),
        b"The quick brown fox jumps over the lazy dog. " * 20,
        "Nothing but text in UTF-16, which has a zero in each unit. ".encode("utf-16-le") * 10,
        POINTERS * 60,
        b"".join(number.to_bytes(4, "little") for number in range(250)),
        random_bytes(14, 5000),
        b"",
        bytes(7),
    ],
)
def test_text_pointers_tables_and_long_random_data_are_no_numbers(data: bytes) -> None:
    for phase in range(8):
        some = runs_in(data, 20, phase)
        starts = some.exact(32, Order.BIG)
        assert not list(isolated.numbers(BytesSource(data), starts, 32, Order.BIG))


@given(st.binary(max_size=300), st.integers(0, 7), st.sampled_from([20, 32, 66]))
def test_no_place_is_outside(data: bytes, phase: int, size: int) -> None:
    some = runs_in(data, size, phase)
    source = BytesSource(data)
    for order in Order:
        for starts in (some.exact(size, order), some.loose(size, None), some.inner(size, some.first % 8)):
            for start, number in isolated.numbers(source, starts, size - size % order.size, order):
                assert data[start : start + len(number)] == number
                assert len(number) == size - size % order.size
