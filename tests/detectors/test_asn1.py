from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from dumpscrub.detectors.asn1 import INTEGER, OCTET_STRING, SEQUENCE, Element, children, context, read, unsigned


def test_short_length() -> None:
    assert read(b"\xff\x02\x03\x01\x00\x01", 1) == Element(INTEGER, 1, 3, 6, 6)


def test_long_lengths() -> None:
    for header in (b"\x30\x81\x80", b"\x30\x82\x00\x80", b"\x30\x83\x00\x00\x80", b"\x30\x84\x00\x00\x00\x80"):
        assert read(header + bytes(128), 0) == Element(SEQUENCE, 0, len(header), len(header) + 128, len(header) + 128)


def test_what_is_no_element() -> None:
    for data in (
        b"",
        b"\x30",
        b"\x00\x00",
        b"\x1f\x01\x00",
        b"\x30\x82\x01",
        b"\x30\x85\x00\x00\x00\x00\x00",
        b"\x30\x80\0\0",
    ):
        assert read(data, 0) is None


def test_a_length_beyond_the_buffer_is_a_cut() -> None:
    element = read(b"\x04\x84\xff\xff\xff\xff\x01\x02", 0)
    assert element is not None
    assert element.end == 6 + 0xFFFFFFFF
    assert element.is_cut(bytes(8))
    assert element.contents(b"\x04\x84\xff\xff\xff\xff\x01\x02") == b"\x01\x02"


def test_children_stop_where_one_does_not_fit() -> None:
    data = b"\x30\x07\x02\x01\x05\x04\x05\x01\x02\x03\x04\x05"
    parent = read(data, 0)
    assert parent is not None
    assert [child.tag for child in children(data, parent)] == [INTEGER]
    assert unsigned(data, children(data, parent)[0]) == 5


def test_the_last_child_of_a_cut_parent_may_be_cut() -> None:
    data = b"\x30\x20\x02\x01\x05\x04\x1b\x01\x02"
    parent = read(data, 0)
    assert parent is not None
    assert [(child.tag, child.is_cut(data)) for child in children(data, parent)] == [
        (INTEGER, False),
        (OCTET_STRING, True),
    ]


def test_at_most_so_many_children() -> None:
    data = b"\x30\x81\x90" + b"\x02\x01\x00" * 48
    parent = read(data, 0)
    assert parent is not None
    assert len(children(data, parent)) == 16
    assert len(children(data, parent, 64)) == 48


def test_indefinite_length_ends_at_its_own_mark() -> None:
    data = b"\x30\x80" + b"\x24\x80\x04\x02\0\0\0\0" + b"\x02\x01\x03" + b"\0\0" + b"tail"
    parent = read(data, 0, indefinite=True)
    assert parent == Element(SEQUENCE, 0, 2, 13, 15)
    assert [child.tag for child in children(data, parent, indefinite=True)] == [0x24, INTEGER]


def test_indefinite_length_without_its_mark_is_a_cut() -> None:
    data = b"\x30\x80\x02\x01\x03\x04\x7fabc"
    parent = read(data, 0, indefinite=True)
    assert parent == Element(SEQUENCE, 0, 2, 10, 12)
    assert [child.is_cut(data) for child in children(data, parent, indefinite=True)] == [False, True]


def test_context_tags() -> None:
    assert context(0) == 0xA0
    assert context(3) == 0xA3


def test_deep_nesting_costs_no_stack() -> None:
    data = b"\x30\x80" * 200_000
    element = read(data, 0, indefinite=True)
    assert element is not None
    assert element.is_cut(data)


@given(st.binary(max_size=200), st.integers(0, 210), st.booleans())
@settings(max_examples=300)
def test_any_bytes_give_ordered_indices(data: bytes, at: int, indefinite: bool) -> None:
    element = read(data, at, indefinite=indefinite)
    if element is None:
        return
    assert at == element.start < element.body <= element.stop <= element.end
    position = element.body
    for child in children(data, element, indefinite=indefinite):
        assert child.start == position
        assert child.start < len(data)
        position = child.end
