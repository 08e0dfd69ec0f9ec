"""Headers of objects behind text in heap dumps of Java are recognised, and nothing that only looks like one."""

from __future__ import annotations

import pytest

from dumpscrub.search.heapdump import begins_object, belongs_behind, is_heap_dump
from dumpscrub.source import BytesSource

HEADER = bytes.fromhex("00000000d5f2a1b8 00000001 0000001c")


@pytest.mark.parametrize("tag", [b" ", b"!", b'"', b"#"])
def test_a_tag_with_identifier_and_stack_trace_begins_an_object(tag: bytes) -> None:
    assert begins_object(b"pass" + tag + HEADER, 4)


@pytest.mark.parametrize(
    "data",
    [
        b"$" + HEADER,
        b"!" + b"\1" + HEADER[1:],
        b"!" + HEADER[:8] + b"\0\0\0\2",
        b"!" + HEADER[:11],
        b"",
    ],
)
def test_anything_else_begins_none(data: bytes) -> None:
    assert not begins_object(data, 0)


def test_how_much_of_a_header_a_text_has_taken() -> None:
    utf8 = b"Tr0ub4dor!" + HEADER
    utf16 = "Tr0ub4dor".encode("utf-16-be") + b"#" + HEADER
    assert belongs_behind(BytesSource(utf8), 10) == 1
    assert belongs_behind(BytesSource(utf8), 9) == 0
    assert belongs_behind(BytesSource(utf16), 20) == 2
    assert belongs_behind(BytesSource(utf16), 18) == 0
    assert belongs_behind(BytesSource(b"abc!"), 4) == 0


def test_which_files_are_heap_dumps() -> None:
    assert is_heap_dump(BytesSource(b"JAVA PROFILE 1.0.2\0"))
    assert not is_heap_dump(BytesSource(b"JAVA"))
