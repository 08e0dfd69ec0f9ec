"""States of ChaCha20 and Salsa20: their keys are marked, and programs that name these ciphers hold none."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest
from der_material import detector, find, find_all, mask, noise
from hypothesis import given
from hypothesis import strategies as st

from dumpscrub.model import Confidence

NAME = "chacha-state"
Build = Callable[..., bytes]
SIGMA, TAU = b"expand 32-byte k", b"expand 16-byte k"
MOST = 1 << 24
AROUND = noise(90, 200), noise(91, 200)


def chacha(key: bytes, nonce: bytes = noise(1, 12), counter: int = 1) -> bytes:
    """The state of RFC 8439, section 2.3, or Bernstein's with a short key, which stands twice."""
    constants = SIGMA if len(key) == 32 else TAU
    return constants + (key * 2)[:32] + struct.pack("<I", counter) + nonce


def salsa(key: bytes, nonce: bytes = noise(2, 8), counter: int = 1) -> bytes:
    """The state of Salsa20's specification, section 10: the constants stand in the diagonal."""
    constants = SIGMA if len(key) == 32 else TAU
    first, second = (key * 2)[:16], (key * 2)[16:32]
    middle = constants[4:8] + nonce + struct.pack("<Q", counter) + constants[8:12]
    return constants[:4] + first + middle + second + constants[12:]


@pytest.mark.parametrize("size", [32, 16])
@pytest.mark.parametrize("counter", [0, 1, MOST])
def test_the_key_of_a_chacha_state_is_marked(size: int, counter: int) -> None:
    key = noise(size, size)
    state = chacha(key, counter=counter)
    data = AROUND[0] + state + AROUND[1]
    found = find(NAME, data)
    assert found.spans == ((216, 248),)
    assert [value.data for value in found.match.values] == [key]
    assert found.match.values[0].binary
    assert found.match.confidence is Confidence.HIGH
    masked = mask(data, [found])
    # Constants, counter and nonce are no secrets.
    assert masked == AROUND[0] + state[:16] + b"*" * 32 + state[48:] + AROUND[1]
    assert find_all(detector(NAME), masked) == []


@pytest.mark.parametrize("size", [32, 16])
@pytest.mark.parametrize("counter", [0, 1, MOST])
def test_the_key_of_a_salsa_state_is_marked(size: int, counter: int) -> None:
    key = noise(size + 1, size)
    state = salsa(key, counter=counter)
    data = AROUND[0] + state + AROUND[1]
    found = find(NAME, data)
    assert found.spans == ((204, 220), (244, 260))
    assert [value.data for value in found.match.values] == [key]
    assert found.match.confidence is Confidence.HIGH
    masked = mask(data, [found])
    assert masked == AROUND[0] + state[:4] + b"*" * 16 + state[20:44] + b"*" * 16 + state[60:] + AROUND[1]
    assert find_all(detector(NAME), masked) == []


@pytest.mark.parametrize("build", [chacha, salsa])
def test_a_state_at_the_start_and_at_the_end_of_memory(build: Build) -> None:
    key = noise(5, 32)
    for data in (build(key), build(key) + AROUND[1], AROUND[0] + build(key)):
        assert [value.data for value in find(NAME, data).match.values] == [key]


@pytest.mark.parametrize("build", [chacha, salsa])
def test_every_state_of_a_row_is_found(build: Build) -> None:
    keys = [noise(seed, 32) for seed in range(20, 24)]
    found = find_all(detector(NAME), b"".join(build(key) for key in keys))
    # Anchors are looked for one after another, so the order is not that of memory.
    assert sorted(each.match.values[0].data for each in found) == sorted(keys)


@pytest.mark.parametrize("build", [chacha, salsa])
@pytest.mark.parametrize("counter", [MOST + 1, 0xFFFFFFFF])
def test_a_counter_that_is_too_high_is_none(build: Build, counter: int) -> None:
    data = AROUND[0] + build(noise(6, 32), counter=counter) + AROUND[1]
    assert find_all(detector(NAME), data) == []


def test_the_upper_half_of_salsas_counter_counts() -> None:
    data = AROUND[0] + salsa(noise(6, 32), counter=1 << 32) + AROUND[1]
    assert find_all(detector(NAME), data) == []


@pytest.mark.parametrize("build", [chacha, salsa])
@pytest.mark.parametrize("constants", [SIGMA, TAU])
def test_keys_that_are_not_random_are_none(build: Build, constants: bytes) -> None:
    size = 32 if constants == SIGMA else 16
    for key in (bytes(size), b"\xff" * size, bytes(range(size)), b"0123456789abcdefghijklmnopqrstuv"[:size]):
        assert find_all(detector(NAME), AROUND[0] + build(key) + AROUND[1]) == []


@pytest.mark.parametrize(
    "behind",
    [
        # More constants, text, a table of rising words, addresses of 64 bits, instructions of x86-64, filled memory.
        TAU + SIGMA * 8,
        b"\0invalid key length\0invalid nonce length\0chacha20 is not seeded\0\0\0\0",
        struct.pack("<16I", *range(16)),
        struct.pack("<8Q", *(0x7FF6_1234_0000 + 48 * number for number in range(8))),
        bytes.fromhex("488b4424084889442410488b4c2418488b5424204c8b4424284c8b4c2430e8000000004883c438c3") * 2,
        b"\xcc" * 64,
        bytes(64),
    ],
)
@pytest.mark.parametrize("constants", [SIGMA, TAU, SIGMA + TAU, TAU + SIGMA])
def test_constants_in_a_program_are_no_state(constants: bytes, behind: bytes) -> None:
    for data in (constants + behind, AROUND[0] + constants + behind + AROUND[1], AROUND[0] + constants + behind):
        assert find_all(detector(NAME), data) == []


@pytest.mark.parametrize("build", [chacha, salsa])
def test_one_wrong_constant_is_none(build: Build) -> None:
    state = build(noise(7, 32))
    for at in (at for at in range(64) if state[at : at + 4] in {SIGMA[part : part + 4] for part in (0, 4, 8, 12)}):
        broken = state[:at] + bytes([state[at] ^ 1]) + state[at + 1 :]
        assert find_all(detector(NAME), AROUND[0] + broken + AROUND[1]) == []


def test_the_words_of_salsas_constants_in_text_are_none() -> None:
    for text in (b"a 32-by-64 grid", b"2-by", b"6-by", b"2-by-6-by" * 40, bytes(40) + b"2-by" + bytes(24)):
        assert find_all(detector(NAME), text) == []


@pytest.mark.parametrize("kept", range(32, 64))
def test_what_the_end_of_memory_leaves_of_a_chacha_state(kept: int) -> None:
    key = noise(8, 32)
    found = find(NAME, AROUND[0] + chacha(key)[:kept])
    assert found.spans == ((216, min(248, 200 + kept)),)
    assert [value.data for value in found.match.values] == ([key] if kept >= 48 else [])
    assert found.match.confidence is Confidence.MEDIUM


@pytest.mark.parametrize("kept", range(44, 64))
def test_what_the_end_of_memory_leaves_of_a_salsa_state(kept: int) -> None:
    key = noise(8, 32)
    found = find(NAME, AROUND[0] + salsa(key)[:kept])
    assert found.marked == tuple(part for part in (key[:16], key[16 : kept - 28]) if part)
    assert [value.data for value in found.match.values] == ([key] if kept >= 60 else [])
    assert found.match.confidence is Confidence.MEDIUM


@pytest.mark.parametrize("size", [16, 32])
def test_states_of_which_less_is_left_are_none(size: int) -> None:
    for plain, least in ((chacha(noise(8, size)), 32), (salsa(noise(8, size)), 44)):
        for kept in range(least):
            assert find_all(detector(NAME), AROUND[0] + plain[:kept]) == []
        # Without the first constants, nothing tells of a key.
        for lost in range(1, 64):
            assert find_all(detector(NAME), plain[lost:]) == []


@given(st.binary(max_size=200), st.sampled_from([SIGMA, TAU, b"2-by", b"6-by"]), st.integers(0, 200))
def test_any_surroundings_are_read_within_bounds(data: bytes, literal: bytes, at: int) -> None:
    around = data[:at] + literal + data[at:]
    for found in find_all(detector(NAME), around):
        assert all(0 <= start < end <= len(around) for start, end in found.spans)
        assert 16 <= sum(end - start for start, end in found.spans) <= 32
