"""A later look around edits sees, with what stands from before, all that a look at everything sees."""

from __future__ import annotations

import base64
import struct
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dumpscrub.detectors import aes
from dumpscrub.layout import LayoutBuilder
from dumpscrub.model import Dump
from dumpscrub.search.finder import MARGIN
from dumpscrub.search.sights import REACH, SightList, Surroundings
from dumpscrub.source import BytesSource
from dumpscrub.span import Span, union

SIZE = 1 << 15


def memory(random: Random) -> bytes:
    """Base64 of text, hexadecimal digits, key schedules, random bytes and zeros, in any order."""
    made = bytearray()
    while len(made) < SIZE:
        size = random.randrange(40, 1500)
        text = b"the name of the rose is %d, and so on; " * (size // 30 + 1) % ((size,) * (size // 30 + 1))
        words = [struct.pack(">I", word) for word in aes.expand(random.randbytes(random.choice((16, 24, 32))))]
        choices = (base64.b64encode(text), text.hex().encode(), base64.b64encode(text).decode().encode("utf-16-le"))
        made += random.choice((*choices, b"".join(words), b"".join(words), random.randbytes(size), bytes(size)))
        made += bytes(random.randrange(4))
    return bytes(made[:SIZE])


def seen(data: bytes, chunk: int, earlier: SightList | None = None, edits: list[Span] | None = None) -> SightList:
    sights = SightList(Dump("raw", BytesSource(data), LayoutBuilder(len(data)).build()), earlier, edits or ())
    for start in range(0, len(data), chunk):
        low, high = max(0, start - MARGIN), min(len(data), start + chunk + MARGIN)
        sights.take(sights.look(memoryview(data)[low:high], low, start, start + chunk))
    return sights


@given(
    seed=st.integers(0, 1 << 32),
    chunks=st.tuples(st.sampled_from([1 << 15, 4096, 8192]), st.sampled_from([1 << 15, 4096, 8192])),
    places=st.lists(st.tuples(st.integers(0, SIZE - 200), st.integers(1, 200)), max_size=8),
)
def test_a_look_around_edits_completes_what_was_seen_before(
    seed: int, chunks: tuple[int, int], places: list[tuple[int, int]]
) -> None:
    data = memory(Random(seed))
    edits = list(union(Span(at, at + size) for at, size in places))
    after = bytearray(data)
    for edit in edits:
        after[edit.start : edit.end] = b"*" * len(edit)
    again = seen(bytes(after), chunks[1], seen(data, chunks[0]), edits)
    whole = seen(bytes(after), SIZE)
    assert set(again.places) == set(whole.places)
    if chunks[1] == SIZE:
        near = Surroundings.of(edits)
        assert sorted(again.traces) == sorted(t for t in whole.traces if near.hold(np.array([t[0]], np.int64)).all())


def test_escapes_are_not_taken_over() -> None:
    data = b"a%3Db and &lt;c&gt; " * 20
    first = seen(data, SIZE)
    first.places.add_mark(1, 0)
    assert len(first.places) == 1
    assert len(seen(data, SIZE, first, []).places) == 0


@pytest.mark.parametrize("offset", [100, 700, 5000])
def test_surroundings_hold_what_is_near(offset: int) -> None:
    near = Surroundings.of([Span(offset, offset + 10), Span(offset + 900, offset + 901)])
    inside = [at for at in range(0, 8000, 100) if near.hold(np.array([at], np.int64)).all()]
    low, high = max(0, offset - REACH), offset + 901 + REACH
    assert inside == [at for at in range(0, 8000, 100) if low <= at < high]
    assert list(near.spans(Span(0, 8000))) == [Span(low, high)]
