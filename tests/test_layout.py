"""Layouts against a brute-force model of the file and of virtual memory."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dumpscrub import links
from dumpscrub.layout import Layout, LayoutBuilder, Region, RegionKind
from dumpscrub.links import NO_ADDRESS
from dumpscrub.span import Span

SIZE = 48


@dataclass(frozen=True)
class Claim:
    """A piece of the file that a format reader names."""

    start: int
    length: int
    vaddr: int | None


claims = st.builds(
    Claim, st.integers(-2, SIZE + 4), st.integers(-1, 20), st.none() | st.integers(0, 40) | st.just(2**64 - 30)
)


def build(pieces: list[Claim], size: int = SIZE) -> Layout:
    builder = LayoutBuilder(size)
    for number, piece in enumerate(pieces):
        kind = RegionKind.METADATA if piece.vaddr is None else RegionKind.MEMORY
        builder.add(piece.start, piece.length, kind, f"piece {number}", piece.vaddr)
    return builder.build()


@st.composite
def scattered(draw: st.DrawFn) -> Layout:
    """Pieces that share no addresses, scattered over the file in pieces of memory that may meet."""
    lengths = draw(st.lists(st.integers(1, 6), min_size=1, max_size=8))
    addresses, address = [], 0
    for length in lengths:
        address += draw(st.sampled_from([0, 0, 3]))
        addresses.append(address)
        address += length
    order = draw(st.permutations(range(len(lengths))))
    pieces, start = [], 0
    for index in order:
        start += draw(st.sampled_from([0, 0, 2]))
        loose = draw(st.integers(0, 4)) == 0
        pieces.append(Claim(start, lengths[index], None if loose else addresses[index] + 0x1000))
        start += lengths[index]
    return build(pieces, start + draw(st.sampled_from([0, 1])))


def flatten(spans: tuple[Span, ...]) -> list[int]:
    return [offset for span in spans for offset in range(span.start, span.end)]


def addresses(layout: Layout) -> dict[int, int | None]:
    """The address of each byte, from the table of regions."""
    return {
        offset: None if region.vaddr is None else region.vaddr + offset - region.span.start
        for region in layout
        for offset in range(region.span.start, region.span.end)
    }


def successors(layout: Layout) -> dict[int, int]:
    """For each byte the one that follows it: by address in memory, by place between bytes without addresses."""
    places = addresses(layout)
    memory = {address: offset for offset, address in places.items() if address is not None}
    following = {}
    for offset, address in places.items():
        if address is not None and address + 1 in memory:
            following[offset] = memory[address + 1]
        elif address is None and offset + 1 in places and places[offset + 1] is None:
            following[offset] = offset + 1
    return following


def walk(following: dict[int, int], offset: int, length: int) -> list[int]:
    """Up to ``length`` bytes from ``offset`` on, each ``following`` the one before."""
    found = [offset]
    while len(found) < length and found[-1] in following:
        found.append(following[found[-1]])
    return found


@given(st.lists(claims, max_size=10))
def test_regions_partition_the_file_and_the_earlier_claim_wins(pieces: list[Claim]) -> None:
    layout = build(pieces)
    assert [0, *layout.ends.tolist()] == [*layout.starts.tolist(), SIZE]
    numbered = [(number, piece) for number, piece in enumerate(pieces) if piece.start >= 0]
    numbered.sort(key=lambda item: (item[1].start, -min(item[1].length, SIZE - item[1].start)))
    for offset in range(SIZE):
        region = layout.region_at(offset)
        owner = next((item for item in numbered if item[1].start <= offset < item[1].start + item[1].length), None)
        if owner is None:
            assert (region.kind, region.label, region.vaddr) == (RegionKind.GAP, "gap", None)
            continue
        number, piece = owner
        assert region.label == f"piece {number}"
        assert layout.address_of(offset) == (None if piece.vaddr is None else piece.vaddr + offset - piece.start)
        assert region.kind.is_memory is (piece.vaddr is not None)


@given(st.lists(claims, max_size=10))
def test_the_table_and_its_rows_agree(pieces: list[Claim]) -> None:
    layout = build(pieces)
    assert len(layout) == len(list(layout))
    for index, region in enumerate(layout):
        assert region == layout.region(index)
        assert {layout.index_at(offset) for offset in range(region.span.start, region.span.end)} == {index}


@given(scattered(), st.data())
def test_forward_follows_memory(layout: Layout, data: st.DataObject) -> None:
    offset, length = data.draw(st.integers(0, layout.size - 1)), data.draw(st.integers(1, 50))
    spans = layout.forward(offset, length)
    assert flatten(spans) == walk(successors(layout), offset, length)
    assert all(before.end != after.start for before, after in pairwise(spans))


@given(scattered(), st.data())
def test_backward_follows_memory(layout: Layout, data: st.DataObject) -> None:
    offset, length = data.draw(st.integers(0, layout.size)), data.draw(st.integers(1, 50))
    predecessors = {after: before for before, after in successors(layout).items()}
    first = layout.size - 1 if offset == layout.size else predecessors.get(offset)
    expected = [] if first is None else walk(predecessors, first, length)[::-1]
    assert flatten(layout.backward(offset, length)) == expected


@given(scattered(), st.data())
def test_contiguous_means_that_file_and_memory_agree(layout: Layout, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, layout.size - 1))
    end = data.draw(st.integers(start + 1, layout.size))
    following = successors(layout)
    expected = all(following.get(offset) == offset + 1 for offset in range(start, end - 1))
    assert layout.contiguous(start, end) is expected


@given(scattered())
def test_seams_are_the_jumps(layout: Layout) -> None:
    jumps = [(offset, following) for offset, following in successors(layout).items() if following != offset + 1]
    assert [(int(layout.ends[index]) - 1, offset) for index, offset in layout.seams()] == jumps
    assert list(layout.entries()) == []


@given(scattered())
def test_open_ends_and_starts(layout: Layout) -> None:
    following = successors(layout)
    reached = set(following.values())
    ends, starts = layout.ends[layout.open_ends()], layout.starts[layout.open_starts()]
    assert ends.tolist() == [offset + 1 for offset in range(layout.size) if offset not in following]
    assert starts.tolist() == [offset for offset in range(layout.size) if offset not in reached]


@given(scattered(), st.data())
def test_tail_is_what_stands_before_a_regions_end(layout: Layout, data: st.DataObject) -> None:
    index, length = data.draw(st.integers(0, len(layout) - 1)), data.draw(st.integers(1, 30))
    predecessors = {after: before for before, after in successors(layout).items()}
    assert flatten(layout.tail(index, length)) == walk(predecessors, int(layout.ends[index]) - 1, length)[::-1]


@given(st.lists(claims, max_size=10), st.integers(0, SIZE - 1), st.integers(1, 60))
@settings(max_examples=300)
def test_regions_that_share_addresses_are_followed_as_far_as_memory_goes(
    pieces: list[Claim], offset: int, length: int
) -> None:
    layout = build(pieces)
    places = addresses(layout)
    held = {address for address in places.values() if address is not None}
    for spans, step in ((layout.forward(offset, length), 1), (layout.backward(offset, length), -1)):
        found = flatten(spans)
        chain = found if step == 1 else [*found, offset]
        walked = [places[place] for place in chain]
        if places[offset] is None:
            assert set(walked) <= {None}
            continue
        assert chain[0 if step == 1 else -1] == offset
        assert all(b is not None and a is not None and b - a == 1 for a, b in pairwise(walked))
        if len(found) < length:
            edge = walked[-1] if step == 1 else walked[0]
            assert edge is not None
            assert edge + step not in held


@given(st.lists(claims, max_size=10))
def test_every_change_of_place_is_a_seam_or_an_entry(pieces: list[Claim]) -> None:
    layout = build(pieces)
    seams = {(int(layout.ends[index]) - 1, offset) for index, offset in layout.seams()}
    entries = {(before - 1, int(layout.starts[index])) for before, index in layout.entries()}
    assert not seams & entries
    for region in layout:
        first, last = region.span.start, region.span.end - 1
        after = flatten(layout.forward(last, 2))[1:]
        assert all((last, place) in seams or place == last + 1 for place in after)
        before = flatten(layout.backward(first, 1))
        assert all((place, first) in seams | entries or place == first - 1 for place in before)


def test_a_region_inside_another_ones_addresses_leads_back_into_it() -> None:
    layout = build([Claim(0, 20, 0x1000), Claim(20, 4, 0x1008)], 24)
    assert layout.forward(20, 8) == (Span(20, 24), Span(12, 16))
    assert layout.backward(20, 3) == (Span(5, 8),)
    assert list(layout.seams()) == [(1, 12)]
    assert list(layout.entries()) == [(8, 1)]


@given(st.lists(claims, max_size=10), st.integers(-2, 60) | st.integers(2**64 - 40, 2**64))
def test_the_offset_of_an_address_is_one_that_has_it(pieces: list[Claim], address: int) -> None:
    layout = build(pieces)
    places = addresses(layout)
    holding = {offset for offset, its_address in places.items() if its_address == address < NO_ADDRESS}
    found = layout.offset_of(address)
    assert found in holding if holding else found is None


@given(st.lists(claims, max_size=12))
def test_links_are_the_same_whatever_the_size_of_blocks(pieces: list[Claim]) -> None:
    whole = build(pieces).links
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(links, "BLOCK", 2)
        parts = build(pieces).links
    for column in ("after", "before", "joined", "by_address", "farthest"):
        assert getattr(parts, column).tolist() == getattr(whole, column).tolist()


@given(scattered())
def test_regions_that_share_no_address_are_linked_both_ways(layout: Layout) -> None:
    assert not layout.links.overlapping
    pairs = list(enumerate(layout.links.after.tolist()))
    assert [(left, right) for left, right in pairs if right >= 0] == sorted(
        (left, right) for right, left in enumerate(layout.links.before.tolist()) if left >= 0
    )


def test_claims_come_in_any_order() -> None:
    pieces = [Claim(start, 3, 0x1000 + 8 * start) for start in range(0, 40, 4)]
    expected = list(build(pieces))
    for order in (pieces[::-1], pieces[5:] + pieces[:5]):
        found = build(order)
        assert [(region.span, region.vaddr) for region in found] == [(region.span, region.vaddr) for region in expected]


def test_the_same_piece_twice_counts_once() -> None:
    layout = build([Claim(4, 8, 0x1000), Claim(4, 8, 0x2000)], 16)
    assert [(region.span, region.label) for region in layout] == [
        (Span(0, 4), "gap"),
        (Span(4, 12), "piece 0"),
        (Span(12, 16), "gap"),
    ]


@pytest.mark.parametrize("offset", [-1, SIZE, SIZE + 1])
def test_outside_the_file(offset: int) -> None:
    layout = build([])
    with pytest.raises(IndexError):
        layout.index_at(offset)
    assert layout.forward(offset, 4) == ()
    assert layout.forward(0, 0) == layout.backward(0, 5) == layout.backward(8, 0) == ()


def test_layouts_that_divide_their_files_alike() -> None:
    piece = Claim(4, 8, 0x1000)
    assert build([piece]).same_regions(build([piece]))
    assert not build([piece]).same_regions(build([Claim(4, 8, 0x1001)]))
    assert not build([piece]).same_regions(build([Claim(4, 9, 0x1000)]))
    assert not build([piece]).same_regions(build([]))


def test_an_empty_file() -> None:
    layout = build([Claim(0, 8, 0)], 0)
    assert len(layout) == 0
    assert layout.contiguous(0, 0)


def test_the_end_of_the_address_space() -> None:
    layout = build([Claim(0, 10, NO_ADDRESS - 10), Claim(10, 10, NO_ADDRESS - 4), Claim(20, 10, 0)], 30)
    assert layout.forward(0, 30) == (Span(0, 10),)
    assert layout.forward(10, 30) == (Span(10, 20),)
    assert layout.backward(20, 5) == ()


def test_columns_and_single_pieces_are_the_same() -> None:
    builder = LayoutBuilder(64)
    builder.add_many(
        np.array([8, 32, -4, 60, 64]),
        np.array([8, 16, 8, 100, 8]),
        np.array([0x1000, NO_ADDRESS, 0, 0x2000, 0x3000], np.uint64),
        np.array([RegionKind.HEAP, RegionKind.METADATA, RegionKind.HEAP, RegionKind.STACK, RegionKind.HEAP], np.uint8),
        np.array([builder.label(name) for name in ("heap", "notes", "heap", "stack", "heap")], np.int32),
    )
    assert [region for region in builder.build() if region.kind is not RegionKind.GAP] == [
        Region(Span(8, 16), RegionKind.HEAP, 0x1000, "heap"),
        Region(Span(32, 48), RegionKind.METADATA, None, "notes"),
        Region(Span(60, 64), RegionKind.STACK, 0x2000, "stack"),
    ]
