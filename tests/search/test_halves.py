"""A value in parts: each part ends or begins at a zero, and all of them together are the value."""

from __future__ import annotations

import pytest

from dumpscrub.search.halves import parts

WORDS = "VioletWizard-Window545"


def _utf16(text: str) -> bytes:
    return text.encode("utf-16-le")


@pytest.mark.parametrize("cut", range(8, len(WORDS)))
def test_two_chunks_of_a_text_are_the_parts(cut: int) -> None:
    first, last = _utf16("password=" + WORDS[:cut]), _utf16(WORDS[cut:] + "&x=1")
    memory = bytes(16) + first + bytes(24) + last + bytes(16)
    here, other = (34, 34 + 2 * cut), (16 + len(first) + 24, 16 + len(first) + 24 + 2 * (len(WORDS) - cut))
    assert parts(memory, here, _utf16(WORDS), 0, 2) == (here, other)
    if len(WORDS) - cut >= 4:
        assert parts(memory, other, _utf16(WORDS), 2 * cut, 2) == (here, other)


def test_three_chunks_are_followed_from_either_end() -> None:
    memory = (
        b"\0" * 8 + WORDS[:8].encode() + b"\0" * 20 + WORDS[8:16].encode() + b"\0" * 9 + WORDS[16:].encode() + b"\0"
    )
    expected = ((8, 16), (36, 44), (53, 59))
    assert parts(memory, (8, 16), WORDS.encode(), 0, 1) == expected
    assert parts(memory, (53, 59), WORDS.encode(), 16, 1) == expected


def test_the_second_part_may_stand_first() -> None:
    memory = b"\0" * 8 + WORDS[12:].encode() + b"\0" * 8 + WORDS[:12].encode() + b"\0" * 8
    assert parts(memory, (26, 38), WORDS.encode(), 0, 1) == ((26, 38), (8, 18))


@pytest.mark.parametrize(
    "memory",
    [
        b"\0VioletWi\0\0\0\0zard-Xindow545\0",
        b"\0VioletWi.\0\0\0zard-Window545\0",
        b"\0VioletWi\0\0\0.zard-Window545\0",
        b"\0VioletWi\0" + bytes(600) + b"zard-Window545\0",
        b"\0VioletWi",
    ],
)
def test_a_part_alone_is_a_word(memory: bytes) -> None:
    assert parts(memory, (1, 9), WORDS.encode(), 0, 1) == ()
