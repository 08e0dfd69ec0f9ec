"""Headers of compressed data, and how far it goes: also where it is cut or damaged."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dumpscrub.search.compressed import Extent, expand, header

TEXT = b"".join(b"line %d of some text that repeats, or not: %d\n" % (number, number * number) for number in range(900))


def deflated(data: bytes, level: int = 6) -> bytes:
    worker = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
    return worker.compress(data) + worker.flush()


def member(name: str, data: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return file.getvalue()


@pytest.mark.parametrize("level", [1, 6, 9])
def test_headers_end_where_the_data_begins(level: int) -> None:
    body = deflated(TEXT, level)
    plain = gzip.compress(TEXT, level, mtime=0)
    assert plain[header(plain) :].startswith(body[:100])
    named = plain[:3] + b"\x1c" + plain[4:10] + b"\x03\x00abc" + b"name.txt\0" + b"a comment\0" + plain[10:]
    assert header(named) == 10 + 5 + 9 + 10
    checked = plain[:3] + b"\x02" + plain[4:10] + b"\x12\x34" + plain[10:]
    assert header(checked) == 12
    zipped = member("folder/a.txt", TEXT)
    assert header(zipped) == 30 + len("folder/a.txt")
    assert zipped[header(zipped) :].startswith(deflated(TEXT)[:100])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x1f\x8b\x08",
        b"\x1f\x8b\x08\x80" + bytes(20),
        b"\x1f\x8b\x08\x00\0\0\0\0\x01\x03",
        b"\x1f\x8b\x08\x00\0\0\0\0\x00\x77",
        b"\x1f\x8b\x08\x08\0\0\0\0\x00\x03" + b"a" * 5000,
        b"PK\x03\x04\x14\0\0\0\0\0" + bytes(30),
        b"PK\x03\x04\x14\0\x01\0\x08\0" + bytes(30),
        b"PK\x01\x02\x14\0\0\0\x08\0" + bytes(30),
    ],
)
def test_what_is_no_header(data: bytes) -> None:
    assert header(data) == 0


def test_data_ends_where_it_says_so() -> None:
    body = deflated(TEXT)
    extent = Extent(body + b"something else" * 100, 1 << 20)
    assert (extent.size, extent.expanded, extent.is_finished, extent.is_all) == (len(body), len(TEXT), True, True)
    assert b"".join(expand(body + b"more", 1 << 20)) == TEXT


@given(st.integers(1, len(TEXT)), st.integers(0, 1 << 16))
def test_so_many_bytes_are_needed_and_no_fewer(expanded: int, seed: int) -> None:
    body = deflated(TEXT, 1 + seed % 9)
    needed = Extent(body, 1 << 20).needed(expanded)
    worker = zlib.decompressobj(-zlib.MAX_WBITS)
    assert len(worker.decompress(body[: needed - 1])) < expanded or expanded == len(TEXT)
    worker = zlib.decompressobj(-zlib.MAX_WBITS)
    assert len(worker.decompress(body[:needed])) >= expanded


@given(st.integers(600, 2000), st.integers(0, 1 << 16))
def test_what_stands_before_damage_comes_out(at: int, seed: int) -> None:
    random = Random(seed)
    body = deflated(bytes(random.choices(b"abcdefgh \n", k=9000)))
    intact = b"".join(expand(body[:at], 1 << 20))
    damaged = b"".join(expand(body[:at] + random.randbytes(300), 1 << 20))
    assert damaged.startswith(intact[:-300])
    assert len(intact) > at


def test_no_more_comes_out_than_was_asked_for() -> None:
    bomb = deflated(bytes(1 << 24))
    extent = Extent(bomb, 5000)
    assert (extent.expanded, extent.is_all) == (5000, False)
    assert sum(map(len, expand(bomb, 5000))) == 5000


def test_questions_without_number_are_answered_roughly() -> None:
    body = deflated(bytes(Random(1).choices(range(256), k=200_000)))
    extent = Extent(body, 1 << 20)
    answers = [extent.needed(number * 1000) for number in range(1, 180)]
    assert answers == sorted(answers)
    assert all(answer >= number * 1000 * 0.9 for number, answer in enumerate(answers, 1))
    assert all(answer < number * 1000 + 1200 for number, answer in enumerate(answers, 1))
