"""A sieve sees every text it was made for, wherever it stands, and only keys it was made for."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dumpscrub.search import packed
from dumpscrub.search.sieve import KEY, LONG, REACH, Sieve, ends

WRITTEN = {1: ("latin-1",), 2: ("utf-16-le", "utf-16-be"), 4: ("utf-32-le",)}
CODECS = [(width, codec) for width, codecs in WRITTEN.items() for codec in codecs]
Row = tuple[int, int, bytes]


def sieve(texts: list[bytes], *, at_end: bool, anything: bool = False) -> Sieve:
    lengths = np.array([len(text) for text in texts], np.int64)
    together = np.frombuffer(b"".join(texts) + bytes(16), np.uint8)
    outer = ends(together, np.cumsum(lengths) - lengths, lengths, at_end=at_end)
    return Sieve(outer, at_end=at_end, anything=anything)


def fold(text: bytes) -> bytes:
    return bytes(byte | 0x20 for byte in text)


def seen(made: Sieve, *parts: tuple[int, bytes]) -> set[Row]:
    found = made.find((offset, memoryview(part)) for offset, part in parts)
    rows = list(zip(*(column.tolist() for column in found.columns), strict=True))
    assert rows == sorted(set(rows))
    return {(at, width, int(made.keys[key]).to_bytes(8, "little").rstrip(b"\0")) for at, width, key in rows}


def expected(text: bytes, at: int, width: int, *, at_end: bool) -> Row:
    """The row of a text whose first character is at ``at``."""
    size = min(len(text), KEY)
    skipped = len(text) - size if at_end else 0
    return at + skipped * width, width, fold(text[skipped : skipped + size])


@pytest.mark.parametrize("at_end", [False, True])
@pytest.mark.parametrize(("width", "codec"), CODECS)
@pytest.mark.parametrize("length", [4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 40])
def test_a_text_is_seen_at_every_offset_between_anything(length: int, width: int, codec: str, at_end: bool) -> None:
    text = bytes(random.Random(length).choices(b"abcXYZ019 ~&", k=length - 2)).join((b"<", b">"))
    made = sieve([text], at_end=at_end)
    written = text.decode().encode(codec)
    for offset in range(17):
        for around in (b"\0", b"x", b"\xff"):
            buffer = offset * around + written + 5 * around
            at = offset + (1 if codec == "utf-16-be" else 0)
            assert expected(text, at, width, at_end=at_end) in seen(made, (0, buffer)), (offset, around)
        assert seen(made, (0, bytes(offset) + written))


@pytest.mark.parametrize("at_end", [False, True])
def test_what_is_seen_of_a_long_text_is_enough(at_end: bool) -> None:
    text = bytes(random.Random(1).choices(b"abcdefgh0123", k=60))
    made = sieve([text], at_end=at_end)
    kept = text[-LONG:] if at_end else text[:LONG]
    for width, codec in CODECS:
        written = kept.decode().encode(codec)
        assert len(written) <= REACH
        for offset in range(9):
            assert seen(made, (0, bytes(offset) + written + b"\xff"))
            assert not seen(made, (0, bytes(offset) + (written[width:] if at_end else written[:-width]) + b"\xff"))


def test_case_does_not_matter() -> None:
    assert seen(sieve([b"Tr0ub4dor&Stapler"], at_end=False), (0, b"..tR0UB4DOR&sTAPLER")) == {(2, 1, b"tr0ub4do")}


def test_offsets_are_those_of_the_parts() -> None:
    made = sieve([b"Tr0ub4dor&Stapler"], at_end=False)
    parts = [(at, bytes(at % 7) + b"Tr0ub4dor&Stapler" + bytes(at % 3)) for at in (0, 100, 5000, 10_001)]
    assert {row[0] for row in seen(made, *parts)} == {at + at % 7 for at, _ in parts}


def test_a_key_that_begins_with_a_space_is_not_seen_before_the_first_part() -> None:
    made = sieve([b"one two-three"], at_end=True)
    assert made.keys.tobytes() == b"wo-three"
    made = sieve([b"one-to  three"], at_end=True)
    assert seen(made, (0, b" three")) == set()
    assert seen(made, (50, b"one-to  three")) == {(55, 1, b"o  three")}


def test_a_sieve_of_nothing_sees_nothing() -> None:
    for anything in (False, True):
        made = sieve([], at_end=False, anything=anything)
        assert seen(made, (0, b"anything at all")) == set()
        assert seen(made) == set()


TEXTS = st.lists(st.text("abAB01 ~-\x7f", min_size=4, max_size=30).map(str.encode), min_size=1, max_size=12)
BYTES = st.lists(st.binary(min_size=8, max_size=30).filter(lambda data: bytes(8) not in data), min_size=1, max_size=12)


@settings(max_examples=80, deadline=None)
@given(TEXTS, st.randoms(use_true_random=False), st.booleans(), st.sampled_from([1, 7, 1 << 15]))
def test_all_texts_are_seen_and_nothing_but_keys(
    texts: list[bytes], rng: random.Random, at_end: bool, at_once: int
) -> None:
    texts = [text.replace(b"\x7f", b"!") for text in texts]
    buffer, rows = bytearray(), set()
    for _ in range(20):
        text = rng.choice(texts)
        width, codec = rng.choice(CODECS)
        rows.add(expected(text, len(buffer) + (1 if codec == "utf-16-be" else 0), width, at_end=at_end))
        buffer += text.decode().encode(codec) + rng.choice((b"", bytes(rng.randint(0, 9)), rng.randbytes(5)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packed, "_AT_ONCE", at_once)
        found = seen(sieve(texts, at_end=at_end), (0, bytes(buffer)))
    assert rows <= found
    for at, width, key in found:
        assert fold(bytes(buffer[at : at + width * len(key) : width])) == key


@settings(max_examples=60, deadline=None)
@given(BYTES, st.randoms(use_true_random=False), st.booleans())
def test_all_bytes_are_seen_where_anything_may_be_a_character(
    texts: list[bytes], rng: random.Random, at_end: bool
) -> None:
    buffer, rows = bytearray(rng.randint(0, 9)), set()
    for _ in range(20):
        text = rng.choice(texts)
        rows.add(expected(text, len(buffer), 1, at_end=at_end))
        buffer += text + rng.choice((b"", bytes(rng.randint(0, 40)), rng.randbytes(5)))
    assert rows <= seen(sieve(texts, at_end=at_end, anything=True), (0, bytes(buffer)))


@settings(max_examples=40, deadline=None)
@given(TEXTS, st.binary(max_size=30), st.booleans())
def test_keys_are_found_wherever_they_stand(texts: list[bytes], around: bytes, at_end: bool) -> None:
    texts = [text.replace(b"\x7f", b"!") for text in texts]
    made = sieve(texts, at_end=at_end)
    for text in texts:
        if len(text) >= KEY:
            key = text[-KEY:] if at_end else text[:KEY]
            for width, codec in CODECS:
                buffer = around + key.decode().encode(codec) + around
                found = made.find_keys([(0, memoryview(buffer))])
                at = len(around) + (1 if codec == "utf-16-be" else 0)
                assert (at, width) in zip(found.offsets.tolist(), found.widths.tolist(), strict=True)
