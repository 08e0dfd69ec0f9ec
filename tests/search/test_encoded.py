"""Where base64 and hexadecimal digits stand for text."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dumpscrub.model import Encoding
from dumpscrub.search.encoded import MARGIN, Code, Place, look

TEXT = "a key of twenty four.."


def places_in(data: bytes, chunk: int = 1 << 20) -> list[Place]:
    """The places in a file of ``data``, looked at in chunks."""
    found = []
    for start in range(0, len(data), chunk):
        at = max(0, start - MARGIN)
        found += look(memoryview(data)[at : start + chunk + MARGIN], at, start, start + chunk)
    return sorted(found, key=lambda place: place.offset)


def hexadecimal(data: bytes) -> str:
    return data.hex()


def capital(data: bytes) -> str:
    return data.hex().upper()


def standard(data: bytes) -> str:
    return base64.b64encode(data).decode()


def url_safe(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode()


@pytest.mark.parametrize("offset", range(17))
@pytest.mark.parametrize(("codec", "encoding"), [("utf-8", Encoding.UTF8), ("utf-16-le", Encoding.UTF16LE)])
@pytest.mark.parametrize("inner", ["utf-8", "utf-16-le"])
@pytest.mark.parametrize(
    ("encode", "code"),
    [(standard, Code.BASE64), (url_safe, Code.BASE64), (hexadecimal, Code.HEX), (capital, Code.HEX)],
)
def test_text_is_found_where_it_begins(
    encode: Callable[[bytes], str], code: Code, inner: str, codec: str, encoding: Encoding, offset: int
) -> None:
    data = bytes(32 + offset) + encode(TEXT.encode(inner)).encode(codec) + bytes(32)
    assert Place(32 + offset, code, encoding) in places_in(data)


@pytest.mark.parametrize("size", range(40))
def test_little_is_no_text(size: int) -> None:
    assert places_in(b"x" * size) == places_in(b"x\0" * size) == []


@pytest.mark.parametrize("chunk", [16, 64, 100])
def test_the_size_of_chunks_does_not_matter(chunk: int) -> None:
    data = bytes(40) + standard(TEXT.encode() * 5).encode() + b" " * 9 + hexadecimal(TEXT.encode()).encode("utf-16-le")
    assert places_in(data, chunk) == places_in(data)


def test_a_character_of_two_bytes_at_a_chunk_of_nothing_else() -> None:
    data = b"x" + standard(TEXT.encode()).encode("utf-16-be") + bytes(16)
    assert Place(2, Code.BASE64, Encoding.UTF16LE) in places_in(data)


@pytest.mark.parametrize(
    "text",
    [
        "java/util/concurrent/atomic/AtomicReferenceFieldUpdater",
        "GetSystemTimePreciseAsFileTimeAndSomethingLonger",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "ThisIsAVeryLongIdentifierOfAClassThatSomebodyWrote",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA!",
    ],
)
@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le"])
def test_words_and_digests_are_no_text(text: str, codec: str) -> None:
    found = [place for place in places_in(b"\0\0" + text.encode(codec) + b"\0\0") if "A" * 20 not in text]
    assert found == []


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=18, max_size=60), st.integers(0, 40))
def test_any_printable_text_is_found(text: str, offset: int) -> None:
    data = bytes(offset) + standard(text.encode()).encode() + b"\0"
    assert Place(offset, Code.BASE64, Encoding.UTF8) in places_in(data)
