"""AES key schedules: found in every form that programs keep them in, proven, and nothing else taken for one."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from itertools import product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dumpscrub import roundkeys
from dumpscrub.detectors import aes
from dumpscrub.layout import LayoutBuilder, RegionKind
from dumpscrub.model import Dump
from dumpscrub.rules.schema import Rule
from dumpscrub.search.finder import CHUNK
from dumpscrub.search.schedules import SHAPES, TraceList
from dumpscrub.search.sights import look
from dumpscrub.source import BytesSource
from dumpscrub.span import total

RULE = Rule(id="aes", name="aes", categories=("symmetric-key",), detector="aes-key-schedule")
FORMS = tuple(product((16, 24, 32), (False, True), (False, True), (False, True)))
"""Bytes of the key; whether the last round key comes first, InvMixColumns is applied, words are little-endian."""


def schedule(key: bytes, backwards: bool, mixed: bool, little: bool) -> bytes:
    """The schedule of ``key`` as programs keep it."""
    words = aes.expand(key)
    if mixed:
        words = [*words[:4], *map(aes.unmixed, words[4:-4]), *words[-4:]]
    blocks = [struct.pack("<4I" if little else ">4I", *words[at : at + 4]) for at in range(0, len(words), 4)]
    return b"".join(reversed(blocks) if backwards else blocks)


def found_in(data: bytes, chunk: int = CHUNK, dump: Dump | None = None) -> list[tuple[int, int, bytes]]:
    """Start, end and key of what is found in ``data``."""
    places = TraceList()
    for start in range(0, len(data), chunk):
        low, high = max(0, start - 64), min(len(data), start + chunk + 64)
        places.add(look(memoryview(data)[low:high], low, start, start + chunk).traces)
    dump = dump or Dump("raw", BytesSource(data), LayoutBuilder(len(data)).build())
    return [
        (finding.spans[0].start, finding.spans[-1].end, finding.values[0].data)
        for finding in roundkeys.find(dump, places, RULE).findings
    ]


@pytest.mark.parametrize("size", [16, 24, 32])
def test_the_key_of_derivations_of_random_numbers_is_not_looked_for_elsewhere(size: int) -> None:
    for key, values in ((bytes(range(size)), 0), (bytes(range(1, size + 1)), 1)):
        data = bytes(256) + schedule(key, False, False, False) + bytes(256)
        dump = Dump("raw", BytesSource(data), LayoutBuilder(len(data)).build())
        (finding,) = roundkeys.find(dump, look(memoryview(data), 0, 0, len(data)).traces, RULE).findings
        assert len(finding.values) == values


def test_the_expansion_is_that_of_the_standard() -> None:
    # FIPS 197, appendix A.1 and A.3: the last words; appendix B of RFC 5288's predecessors has none of the mixed ones.
    assert aes.expand(bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c"))[-1] == 0xB6630CA6
    key = bytes.fromhex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4")
    assert aes.expand(key)[-1] == 0x706C631E


@pytest.mark.parametrize(("size", "backwards", "mixed", "little"), FORMS)
def test_every_form_is_found_wherever_it_stands(size: int, backwards: bool, mixed: bool, little: bool) -> None:
    random = Random(size)
    for offset in range(512, 640, 4):
        key = random.randbytes(size)
        keys = schedule(key, backwards, mixed, little)
        data = random.randbytes(offset) + keys + bytes(1024)
        assert found_in(data) == [(offset, offset + len(keys), key)]


def test_a_chunk_border_hides_none() -> None:
    key = Random(1).randbytes(32)
    keys = schedule(key, False, False, True)
    data = bytes(1000) + keys + bytes(2000)
    for chunk in (128, 192, 1024, 1088, 1100, 1 << 20):
        assert found_in(data, chunk) == [(1000, 1000 + len(keys), key)]


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("size", [16, 32])
def test_a_schedule_without_its_first_round_keys_gives_the_key(size: int, backwards: bool) -> None:
    key = Random(2).randbytes(size)
    keys = schedule(key, backwards, False, False)[16:]
    data = bytes(1024) + keys + bytes(1024)
    assert found_in(data) == [(1024, 1024 + len(keys), key)]


def test_both_directions_side_by_side_are_one_finding_each() -> None:
    # SymCrypt and rsaenh: for encryption, then for decryption, with the last round key shared or standing twice.
    key = Random(3).randbytes(16)
    keys = schedule(key, False, False, False) + schedule(key, True, True, False)[16:]
    assert found_in(bytes(2048) + keys + bytes(2048)) == [(2048, 2048 + len(keys), key)]


def test_a_schedule_that_the_file_splits_is_found_along_memory() -> None:
    key = Random(4).randbytes(16)
    keys = schedule(key, False, False, False)
    for split in (48, 80, 88, 100, 128):
        # The second half stands first in the file.
        data = keys[split:] + bytes(2000) + keys[:split]
        builder = LayoutBuilder(len(data))
        builder.add(0, len(keys) - split, RegionKind.MEMORY, "b", 0x10000 + split)
        builder.add(len(keys) - split + 2000, split, RegionKind.MEMORY, "a", 0x10000)
        dump = Dump("made up", BytesSource(data), builder.build())
        findings = roundkeys.find(dump, [], RULE).findings
        assert [total(finding.spans) for finding in findings] == [176]
        assert findings[0].values[0].data == key


def test_parts_that_are_apart_in_memory_are_not_joined() -> None:
    keys = schedule(Random(5).randbytes(16), False, False, False)
    data = bytes(512) + keys + bytes(512)
    builder = LayoutBuilder(len(data))
    for number, start in enumerate(range(0, len(data), 16)):
        builder.add(start, 16, RegionKind.MEMORY, "page", number << 20)
    assert not found_in(data, dump=Dump("made up", BytesSource(data), builder.build()))


@given(st.binary(min_size=1, max_size=64), st.integers(1, 3))
def test_what_repeats_itself_is_none(pattern: bytes, step: int) -> None:
    assert not found_in(pattern * (4096 // len(pattern)))
    counter = b"".join(struct.pack("<I", (number * step) & 0xFFFFFFFF) for number in range(1024))
    assert not found_in(counter)


def test_what_only_obeys_the_linear_rule_is_none() -> None:
    random = Random(6)
    words = [random.getrandbits(32) for _ in range(4)]
    while len(words) < 256:
        words.append(words[-1] ^ words[-4])
    assert not found_in(struct.pack("<256I", *words))


def test_one_wrong_bit_ends_what_is_marked() -> None:
    key = Random(7).randbytes(16)
    keys = bytearray(schedule(key, False, False, False))
    keys[170] ^= 1
    assert found_in(bytes(1024) + bytes(keys) + bytes(1024)) == [(1024, 1024 + 170, key)]


@pytest.mark.parametrize("size", [16, 24, 32])
def test_half_of_a_schedule_goes_to_its_last_byte(size: int) -> None:
    # What took the block again overwrote the other half, within a round key.
    random = Random(size)
    key = random.randbytes(size)
    keys = schedule(key, False, False, False)
    half = len(keys) // 2 + 2
    first = random.randbytes(1000) + keys[:half] + random.randbytes(1000)
    assert found_in(first) == [(1000, 1000 + half, key)]
    second = random.randbytes(1000) + keys[half:] + random.randbytes(1000)
    assert found_in(second) == [(1000, 1000 + len(keys) - half, key)]


@pytest.mark.parametrize("size", [16, 24, 32])
def test_half_of_a_schedule_before_small_numbers_is_found(size: int) -> None:
    # A sample was looked at only where the eight bytes from eight behind it on are no small numbers.
    random = Random(size)
    key = random.randbytes(size)
    keys = schedule(key, False, False, False)
    half = keys[len(keys) // 2 + 2 :]
    for offset in range(1024, 1088):
        if size == 16 and (offset + len(half)) % 64 in {5, 6}:
            continue  # Known: the last sample ends in zeros, and the one before shows no two words that are made alike.
        data = random.randbytes(offset) + half + bytes(8) + struct.pack("<64I", *range(64)) + bytes(1024)
        assert found_in(data) == [(offset, offset + len(half), key)], offset


@pytest.mark.parametrize(("mixed", "little"), [*product((False, True), (False, True))])
def test_six_words_backwards_are_found_at_any_offset(mixed: bool, little: bool) -> None:
    # Two words in four are made of others here, in two round keys of three.
    random = Random(8)
    for offset in range(1024, 1088):
        key = random.randbytes(24)
        keys = schedule(key, True, mixed, little)
        assert found_in(random.randbytes(offset) + keys + bytes(1024)) == [(offset, offset + len(keys), key)]


def test_the_key_of_zeros_is_no_secret() -> None:
    assert not found_in(bytes(1024) + schedule(bytes(16), False, False, False) + bytes(1024))


def test_what_traces_made_resident_is_given_back_after_a_few_hundred_of_them() -> None:
    class Counted(BytesSource):
        released = 0

        def release(self, start: int, end: int) -> None:
            self.released += end - start == self.size

    source = Counted(Random(9).randbytes(1 << 17))
    dump = Dump("raw", source, LayoutBuilder(source.size).build())
    assert roundkeys.find(dump, [(256 + 128 * number, 32) for number in range(600)], RULE).findings == ()
    assert source.released >= 2


def test_words_that_are_no_round_keys_are_not_all_mixed(monkeypatch: pytest.MonkeyPatch) -> None:
    mixed: list[int] = []
    mix = aes._mixed_by

    def mixing(word: int, factors: Sequence[int]) -> int:
        mixed.append(word)
        return mix(word, factors)

    monkeypatch.setattr(aes, "_mixed_by", mixing)
    shape = next(iter(SHAPES.values()))
    data = bytes(range(1, 241))
    assert aes.schedule(data, 96, shape) is None
    assert len(mixed) <= 2 * 7 * shape.words, "the words around the place, in each byte order"
