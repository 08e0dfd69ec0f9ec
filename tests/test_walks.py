"""Many walks at once against one walk at a time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_layout import Claim, build, claims, scattered

from dumpscrub import walks
from dumpscrub.layout import Layout
from dumpscrub.source import BytesSource, FileSource, Source, read_spans
from dumpscrub.span import Span
from dumpscrub.walks import Looks, Texts, across, batches, before_ends, behind_starts, nearby, seams, with_data

layouts = scattered() | st.lists(claims, max_size=10).map(build)


def source(layout: Layout) -> BytesSource:
    """A file whose bytes tell where they stand."""
    return BytesSource(bytes(range(layout.size)))


def read(texts: Texts, data: Source, limit: int = 1 << 20) -> list[bytes]:
    """The texts, one by one; what they say of their bytes is checked on the way."""
    found = []
    for part in texts.parts(limit):
        whole = part.read(data)
        assert len(whole) == part.bounds[-1]
        for row, (low, high) in enumerate(zip(part.bounds, part.bounds[1:], strict=False)):
            found.append(whole[low:high])
            for at in range(low, high):
                assert (part.index(at), part.around(at)) == (row, (low, high))
                assert read_spans(data, part.spans(at, high)) == whole[at:high]
    return found


@given(layouts, st.integers(1, 40), st.integers(1, 30))
def test_what_stands_before_open_ends(layout: Layout, length: int, limit: int) -> None:
    data, regions = source(layout), layout.open_ends()
    found = read(before_ends(layout, regions, length), data, limit) if len(regions) else []
    assert found == [read_spans(data, layout.tail(region, length)) for region in regions.tolist()]


@given(layouts, st.integers(1, 40), st.integers(1, 30))
def test_what_stands_behind_open_starts(layout: Layout, length: int, limit: int) -> None:
    data, regions = source(layout), layout.open_starts()
    found = read(behind_starts(layout, regions, length), data, limit) if len(regions) else []
    starts = layout.starts[regions].tolist()
    assert found == [read_spans(data, layout.forward(start, length)) for start in starts]


@given(layouts, st.integers(1, 40))
def test_both_sides_of_seams(layout: Layout, length: int) -> None:
    data = source(layout)
    found = []
    for places in seams(layout):
        texts, middles = across(layout, places, length)
        whole = texts.read(data)
        bounds = zip(texts.bounds, middles, texts.bounds[1:], strict=False)
        found += [(whole[low:middle], whole[middle:high]) for low, middle, high in bounds]
    jumps = [(layout.tail(index, length), layout.forward(offset, length)) for index, offset in layout.seams()]
    starts = [int(layout.starts[index]) for _, index in layout.entries()]
    entries = [(layout.backward(start, length), layout.forward(start, length)) for start in starts]
    assert found == [(read_spans(data, left), read_spans(data, right)) for left, right in (*jumps, *entries)]


def test_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walks, "BATCH", 3)
    assert [batch.tolist() for batch in batches(np.arange(7))] == [[0, 1, 2], [3, 4, 5], [6]]
    assert list(batches(np.arange(0))) == []


def test_more_at_a_time_where_they_stand_close_together(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("BATCH", 2), ("_CLOSE_BATCH", 4), ("_CLOSE", 10)):
        monkeypatch.setattr(walks, name, value)
    layout = build([Claim(start, 1, 0x1000 * start + 1) for start in (0, 2, 4, 6, 8, 20, 30, 40, 41)], 42)
    regions = np.flatnonzero(layout.kinds)
    starts = [layout.starts[some].tolist() for some in nearby(layout, regions)]
    assert starts == [[0, 2, 4, 6], [8, 20], [30, 40], [41]]
    assert list(nearby(layout, regions[:0])) == []


def test_seams_come_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walks, "BATCH", 2)
    layout = build([Claim(4 * number, 4, 0x1000 + 4 * (number ^ 1)) for number in range(8)], 32)
    found = [(places.ends.tolist(), places.starts.tolist()) for places in seams(layout)]
    assert found == [([4, 8], [12, 0]), ([12, 16], [20, 8]), ([20, 24], [28, 16]), ([32], [24])]


@pytest.mark.parametrize("size", [10, 5000])
def test_a_file_read_by_position(tmp_path: Path, size: int) -> None:
    content = np.random.default_rng(3).bytes(4 * size)
    path = tmp_path / "dump"
    path.write_bytes(content)
    spans = [Span(3 * size, 4 * size), Span(0, size), Span(size, size + 1)]
    file = FileSource(path)
    expected = content[3 * size :] + content[: size + 1]
    assert Texts.one(spans).read(file) == Texts.one(spans).read(BytesSource(content)) == expected
    file.close()


class Counting(BytesSource):
    """Counts how often everything is given back."""

    released = 0

    def release(self, start: int, end: int) -> None:
        assert (start, end) == (0, self.size)
        self.released += 1


def test_what_was_looked_at_is_given_back_once_it_is_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walks, "RESIDENT", 3 << 16)
    data = Counting(bytes(10 << 16))
    looks = Looks(data)
    for place, released in ((0, 0), (70_000, 0), (10, 0), (140_000, 0), (200_000, 1), (140_000, 1), (650_000, 1)):
        looks.at(Texts.one([Span(place, place + 9)]))
        assert data.released == released
    looks.give_back()
    assert data.released == 2


def test_no_text_at_all() -> None:
    texts = Texts.one(())
    assert (texts.read(BytesSource(b"x")), texts.bounds) == (b"", [0, 0])


class Holed(BytesSource):
    """Data in [10, 20) and [30, 40) only."""

    def filled(self, start: int, end: int) -> list[Span]:
        return [Span(10, 20), Span(30, 40)]


def test_places_in_holes_are_left_out() -> None:
    starts, ends = np.array([(0, 10), (0, 11), (19, 21), (20, 30), (25, 45), (39, 50), (40, 50)]).T
    assert with_data(Holed(bytes(50)), np.arange(7), starts, ends).tolist() == [1, 2, 4, 5]
    assert with_data(BytesSource(b""), np.arange(0), np.arange(0), np.arange(0)).tolist() == []
