"""Sets of words, compared with Python's own."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dumpscrub.columns import RandomWords

WORDS = st.integers(0, (1 << 64) - 1) | st.sampled_from([0, 1, 1 << 46, (1 << 46) + 1, (1 << 64) - 1])


@given(st.lists(WORDS, min_size=1, max_size=40), st.lists(WORDS, max_size=40))
def test_words_of_a_set_and_no_others(members: list[int], others: list[int]) -> None:
    words = [*members[::2], *others]
    found = RandomWords.of(np.array(members, np.uint64)).among(np.array(words, np.uint64))
    assert found.tolist() == [at for at, word in enumerate(words) if word in members]
