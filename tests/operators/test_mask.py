from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dumpscrub.model import Encoding
from dumpscrub.operators import OPERATORS
from dumpscrub.operators.mask import ASTERISK, Mask


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        (Encoding.UTF8, b"***"),
        (Encoding.UTF16LE, b"*\0*\0*\0"),
        (Encoding.UTF16BE, b"\0*\0*\0*"),
        (Encoding.UTF32LE, b"*\0\0\0*\0\0\0*\0\0\0"),
        (Encoding.BINARY, b"***"),
    ],
)
def test_three_code_units_read_as_three_asterisks(encoding: Encoding, expected: bytes) -> None:
    replacement = Mask().replacement(3 * encoding.unit, encoding)
    assert replacement == expected
    if encoding is not Encoding.BINARY:
        assert replacement.decode(encoding.codec) == "***"


@given(st.sampled_from(Encoding), st.lists(st.integers(0, 9), max_size=6))
def test_pieces_join_to_the_whole_wherever_the_file_splits_a_unit(encoding: Encoding, lengths: list[int]) -> None:
    mask = Mask()
    pieces, phase = b"", 0
    for length in lengths:
        piece = mask.replacement(length, encoding, phase)
        assert len(piece) == length
        pieces += piece
        phase += length
    assert pieces == mask.replacement(sum(lengths), encoding)


def test_every_encoding_has_an_asterisk() -> None:
    assert set(ASTERISK) == set(Encoding)
    assert all(len(unit) == encoding.unit for encoding, unit in ASTERISK.items())


def test_operators_go_by_the_name_of_their_action() -> None:
    assert all(operator.name == name for name, operator in OPERATORS.items())
    assert "mask" in OPERATORS
