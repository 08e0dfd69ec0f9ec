"""What tells the beginning of a token behind letters from a part of a word."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dumpscrub.search.edges import SHOWN, begin_tokens, begins_token, follow_words

ROOM = bytes(SHOWN)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"key_aZ3kQ9xLm2Pq", True),
        (b"key_aZ3kQ9xLm2P", False),  # shorter than any token
        (b"key_value_of_the_cache", False),
        (b"key_version2", False),
        (b"key_aZ3kQ9x\0m2Pq", False),
        (b"A2B" + bytes(40), False),
    ],
)
def test_a_token_has_letters_and_digits_amid_each_other(text: bytes, expected: bool) -> None:
    assert begins_token(text) is expected


@given(st.lists(st.sampled_from([b"a", b"Z", b"7", b"_", b" ", b"\0", b"\xff", b"a1", b"abcdefgh"]), max_size=60))
def test_one_place_reads_as_many_at_once_do(parts: list[bytes]) -> None:
    text = b"".join(parts) + ROOM
    at = np.arange(len(text) - SHOWN + 1)
    found = begin_tokens(np.frombuffer(text, np.uint8), at)
    assert found.tolist() == [begins_token(text[start:]) for start in at]


def test_two_word_characters_make_a_word() -> None:
    text = np.frombuffer(b"ab_7-c", np.uint8)
    assert follow_words(text, np.arange(6)).tolist() == [False, False, True, True, True, False]
