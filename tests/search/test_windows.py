"""A window shows the memory around a hit, one byte a code unit, with an exact map back to the file."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dumpscrub.layout import LayoutBuilder, RegionKind
from dumpscrub.model import Dump, Encoding
from dumpscrub.search.windows import Surroundings, Window, Windows, squeeze, to_utf8, window_at
from dumpscrub.source import BytesSource
from dumpscrub.span import Span

TEXT = [Encoding.UTF8, Encoding.UTF16LE, Encoding.UTF16BE, Encoding.UTF32LE]


def two_ranges() -> Dump:
    """Memory ``0123456789`` at 0x1000, in the file as ``56789`` at 2 and ``01234`` at 10."""
    data = b"##56789###01234#"
    builder = LayoutBuilder(len(data))
    builder.add(2, 5, RegionKind.HEAP, "heap", 0x1005)
    builder.add(10, 5, RegionKind.HEAP, "heap", 0x1000)
    return Dump("test", BytesSource(data), builder.build())


def test_a_tag_of_a_java_heap_dump_ends_a_text_in_utf_16_be() -> None:
    for tag in b' !"#':
        assert squeeze("ab".encode("utf-16-be") + bytes((tag, 0)), Encoding.UTF16BE) == b"ab\0"
    assert squeeze("a\u2192\u2400".encode("utf-16-be"), Encoding.UTF16BE) == b"a\xff\xff"


def test_window_follows_memory_and_says_where_it_ends() -> None:
    window = window_at(two_ranges(), 13, Encoding.UTF8, before=2, after=9)
    assert window.data == b"123456789"
    assert window.locate(0, 9) == (Span(11, 15), Span(2, 7))
    assert (window.hit, len(window), window.at_end) == (2, 9, True)


def test_locate_maps_to_every_file_piece() -> None:
    window = window_at(two_ranges(), 14, Encoding.UTF8, before=1, after=4)
    assert window.data == b"34567"
    assert window.locate(0, 5) == (Span(13, 15), Span(2, 5))
    assert window.locate(2, 4) == (Span(2, 4),)
    assert window.locate(3, 3) == ()


def test_window_at_the_start_of_memory() -> None:
    window = window_at(two_ranges(), 10, Encoding.UTF8, before=4, after=2)
    assert (window.data, window.hit, window.anchor, window.at_end) == (b"01", 0, 0, False)
    assert window.locate(1, 2) == (Span(11, 12),)
    assert window.locate(1, 1) == ()


@pytest.mark.parametrize("encoding", TEXT)
@pytest.mark.parametrize("shift", range(4))
def test_text_is_read_at_the_parity_of_the_hit(encoding: Encoding, shift: int) -> None:
    raw = b"\x05" * shift + "key=väl;".encode(encoding.codec)
    window = Window(Surroundings(raw, (Span(0, len(raw)),), shift, encoding), shift, len(raw))
    text = window.text
    assert text[window.anchor :].startswith(b"key=v")
    start = text.index(b"v", window.anchor)
    end = text.index(b";", start)
    assert window.utf8(start, end) == "väl".encode()
    low, high = window.raw(start, end)
    assert raw[low:high] == "väl".encode(encoding.codec)


def facts(window: Window) -> tuple[object, ...]:
    """What a detector can see of a window that does not depend on how it was read."""
    text = window.text
    places = [window.locate(*window.raw(index, index + 1)) for index in range(len(text))]
    behind = window.at_end, window.is_text_to_end, window.data[window.hit :], len(window) - window.hit
    return text, window.anchor, places, behind, [window.utf8(index, index + 1) for index in range(len(text))]


@given(
    st.binary(min_size=16, max_size=16),
    st.integers(2, 14),
    st.sampled_from(TEXT),
    st.tuples(st.integers(0, 4), st.integers(1, 5)),
    st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9)), max_size=3),
)
def test_what_a_window_shows_does_not_depend_on_what_was_read_for_others(
    data: bytes, offset: int, encoding: Encoding, reach: tuple[int, int], others: list[tuple[int, int]]
) -> None:
    layout = two_ranges().layout
    dump = Dump("test", BytesSource(data), layout)
    windows = Windows(dump)
    for before, after in others:
        windows.around(offset, encoding, before, after)
    window = Window(windows.around(offset, encoding, *reach), *reach)
    assert facts(window) == facts(window_at(dump, offset, encoding, *reach))


def test_memory_is_read_once_for_all_anchors_at_a_place() -> None:
    windows = Windows(two_ranges())
    around = windows.around(12, Encoding.UTF8, 2, 3)
    assert windows.around(12, Encoding.UTF8, 1, 2) is around
    assert windows.around(12, Encoding.UTF16LE, 1, 1) is not around


@pytest.mark.parametrize("encoding", TEXT)
def test_text_ends_at_a_nul_and_binary_is_none(encoding: Encoding) -> None:
    data = "..abc\0def".encode(encoding.codec)
    around = Surroundings(data, (Span(0, len(data)),), 2 * encoding.unit, encoding)
    assert around.text_size == 3
    assert [size for size in range(1, 8) if Window(around, 0, size).is_text_to_end] == [1, 2, 3]
    assert Surroundings(b"abc", (Span(0, 3),), 0, Encoding.BINARY).text_size == 0


def test_units_above_latin_1_read_as_ff() -> None:
    assert squeeze("aключ".encode("utf-16-le"), Encoding.UTF16LE) == b"a\xff\xff\xff\xff"
    assert squeeze("a🔑".encode("utf-16-be"), Encoding.UTF16BE) == b"a\xff\xff"
    assert squeeze("a🔑".encode("utf-32-le") + b"x", Encoding.UTF32LE) == b"a\xff"


def test_bytes_that_are_not_utf8_are_taken_for_latin_1() -> None:
    assert to_utf8("ß".encode("latin-1"), Encoding.UTF8) == "ß".encode()
    assert to_utf8("ß".encode(), Encoding.UTF8) == "ß".encode()


@given(st.binary(max_size=40), st.sampled_from(TEXT))
def test_text_has_one_byte_for_each_whole_unit(data: bytes, encoding: Encoding) -> None:
    assert len(squeeze(data, encoding)) == len(data) // encoding.unit
    to_utf8(data, encoding).decode("utf-8")


@pytest.mark.parametrize("encoding", TEXT)
@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("xa", True),
        ("__", True),
        ("a7", True),
        ("a-", False),
        ("aŁ", False),
        ("-a", False),
        ("Ła", False),
        ("a", False),
    ],
)
def test_a_word_before_a_hit(encoding: Encoding, before: str, expected: bool) -> None:
    head = before.encode(encoding.codec)
    data = head + "key".encode(encoding.codec)
    builder = LayoutBuilder(len(data))
    builder.add(0, len(data), RegionKind.HEAP, "heap", 0x1000)
    windows = Windows(Dump("test", BytesSource(data), builder.build()))
    assert windows.is_within_word(len(head), encoding) is expected
    assert not windows.is_within_word(0, encoding)


def test_a_word_that_stands_before_a_hit_in_the_file_alone() -> None:
    windows = Windows(two_ranges())
    assert windows.is_within_word(13, Encoding.UTF8)  # "12" before "3"
    assert not windows.is_within_word(10, Encoding.UTF8)  # memory begins there
    assert not windows.is_within_word(2, Encoding.UTF8)  # memory comes from elsewhere in the file: a window tells


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ("=x\0".encode("utf-16-le") + b"AB", True),
        ("=x".encode("utf-16-le") + b"AB", False),  # no NUL ends it
        ("=Ł\0".encode("utf-16-le"), False),
        (b"\0=\0x\0\0AB"[1:], False),  # text in UTF-16BE, up to whose NUL the other reading does not come
    ],
)
def test_text_that_reads_alike_in_both_byte_orders(after: bytes, expected: bool) -> None:
    data = b"..\0" + "key".encode("utf-16-le") + after
    builder = LayoutBuilder(len(data))
    builder.add(0, len(data), RegionKind.HEAP, "heap", 0x1000)
    windows = Windows(Dump("test", BytesSource(data), builder.build()))
    assert windows.reads_as_little(2, 1, 20) is expected
    assert not windows.reads_as_little(2, 1, 4)  # the window ends before the NUL


def test_a_zero_byte_of_other_memory_makes_no_text_in_utf_16() -> None:
    text = "key\0".encode("utf-16-le")
    builder = LayoutBuilder(1 + len(text))
    builder.add(0, 1, RegionKind.HEAP, "heap", 0x1000)
    builder.add(1, len(text), RegionKind.HEAP, "heap", 0x9000)
    windows = Windows(Dump("test", BytesSource(b"\0" + text), builder.build()))
    assert not windows.reads_as_little(0, 1, 20)
