"""Random text is seen at every alignment, whatever part of the file is looked at."""

from __future__ import annotations

import struct
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from random_material import random_text

from dumpscrub.search import randomtexts


@given(st.integers(0, 40), st.integers(16, 40), st.booleans(), st.integers(0, 500))
def test_random_text_is_seen_at_any_alignment(start: int, size: int, wide: bool, seed: int) -> None:
    text = random_text(seed, size)
    data = text.decode().encode("utf-16-le") if wide else text
    before = bytes(60 + start) + struct.pack("<I", size)
    found = randomtexts.look(memoryview(before + data + bytes(80)), 0, 0, 144 + start + len(data))
    # A text in UTF-16 of both byte orders is the same, but for one character.
    assert any(64 + start <= offset < 64 + start + 16 for offset in found.tolist())


@given(st.integers(100, 700), st.integers(0, 500))
def test_parts_of_a_file_show_what_all_of_it_does(cut: int, seed: int) -> None:
    random = Random(seed)
    data = b"".join(
        struct.pack("<I", size) + random_text(random.randrange(50), size) + bytes(random.randrange(1, 30))
        for size in random.choices(range(12, 60), k=20)
    )
    view, cut = memoryview(data), min(cut, len(data) - 64)
    whole = sorted(randomtexts.look(view, 0, 0, len(data)).tolist())
    low = max(0, cut - 64)
    parts = [
        *randomtexts.look(view[: cut + 64], 0, 0, cut).tolist(),
        *randomtexts.look(view[low:], low, cut, len(data)).tolist(),
    ]
    assert sorted(parts) == whole
