from __future__ import annotations

from dumpscrub.detectors.binary import (
    ABSENT,
    Piece,
    is_filler,
    lay_out,
    pointer,
    secrets,
    segments_of,
    u16,
    u32,
    u32s,
    values_of,
)
from dumpscrub.model import Confidence

DATA = bytes(range(1, 41))


def test_numbers_that_are_not_there_are_absent() -> None:
    assert (u16(DATA, 0), u16(DATA, 38), u16(DATA, 39), u16(DATA, -1)) == (0x0201, 0x2827, ABSENT, ABSENT)
    assert (u32(DATA, 36), u32(DATA, 37), u32(DATA, -4)) == (0x28272625, ABSENT, ABSENT)
    assert u32s(DATA, 32, 3) == (0x24232221, 0x28272625, ABSENT)
    assert (pointer(DATA, 0, 4), pointer(DATA, 33, 8), pointer(DATA, -8, 8)) == (0x04030201, 0, 0)


def test_pieces_follow_each_other_and_may_be_cut() -> None:
    first, second = lay_out(30, (6, 10), little=True)
    assert (first, second) == (Piece(30, 36, True), Piece(36, 46, True))
    assert (first.is_cut(DATA), second.is_cut(DATA)) == (False, True)
    assert second.content(DATA) == DATA[36:]
    assert Piece(0, 2).number(DATA) == 0x0102
    assert Piece(0, 2, little=True).number(DATA) == 0x0201
    assert segments_of(DATA, [first, second, Piece(50, 60)]) == ((30, 36), (36, 40))


def test_filler_is_no_secret_and_text_may_be_one() -> None:
    for content in (b"", b"\x07", b"**", b"*" * 32, bytes(16), b"ab" * 20):
        assert is_filler(content)
    for content in (b"\x01\x02", b"sixteen letters!", DATA):
        assert not is_filler(content)


def test_values_are_big_endian_without_leading_zeros() -> None:
    data = b"\0\0" + DATA + b"\0"
    assert [value.data for value in values_of(data, [Piece(0, 12)])] == [DATA[:10]]
    assert [value.data for value in values_of(data, [Piece(31, 43, little=True)])] == [DATA[29:][::-1]]
    assert values_of(data, [Piece(2, 8), Piece(30, 60), Piece(0, 1)]) == ()


def test_a_cut_structure_is_never_sure() -> None:
    sure, cut = secrets(DATA, 3, [Piece(10, 40)], proven=True), secrets(DATA, 3, [Piece(10, 41)], proven=True)
    assert sure is not None
    assert cut is not None
    assert (sure.confidence, cut.confidence) == (Confidence.HIGH, Confidence.MEDIUM)
    assert (sure.start, sure.end, sure.segments) == (3, 40, ((10, 40),))
    assert secrets(bytes(40), 3, [Piece(10, 40)], proven=True) is None
    assert secrets(DATA, 3, [Piece(40, 50)], proven=True) is None
