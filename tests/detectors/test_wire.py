from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dumpscrub.detectors.wire import Cursor, Field


def test_fields_follow_each_other() -> None:
    cursor = Cursor(b"\0\0\0\x02ab\x00\x01c\x07", 0)
    assert cursor.string() == Field(4, 6)
    assert cursor.string(2) == Field(8, 9)
    assert cursor.number(1) == 7
    assert cursor.take(0) == Field(10, 10)
    assert cursor.take(1) is None
    assert cursor.ended
    assert not cursor.failed


def test_a_field_may_be_cut() -> None:
    data = b"\0\0\0\x09abc"
    cursor = Cursor(data, 0)
    field = cursor.string()
    assert field is not None
    assert field.is_cut(data)
    assert field.contents(data) == b"abc"
    assert cursor.string() is None


def test_a_length_beyond_the_limit_fails() -> None:
    cursor = Cursor(b"\x7f\xff\xff\xff" + bytes(20), 0)
    assert cursor.string() is None
    assert cursor.failed
    assert cursor.take(1) is None


@given(st.binary(max_size=60), st.integers(0, 70), st.lists(st.sampled_from([1, 2, 4]), max_size=12))
def test_no_field_begins_behind_the_end(data: bytes, at: int, sizes: list[int]) -> None:
    cursor = Cursor(data, at)
    for size in sizes:
        field = cursor.string(size, 1000)
        assert field is None or at <= field.start <= len(data)
