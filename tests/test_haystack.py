"""Numbers at odd places: at any alignment, in images of programs, and where memory goes on elsewhere in the file."""

from __future__ import annotations

from random import Random

import pytest
from test_factors import key, public, redaction, written

from dumpscrub import haystack
from dumpscrub.layout import LayoutBuilder, RegionKind
from dumpscrub.model import Dump
from dumpscrub.plan import plan
from dumpscrub.search.numbers import Order
from dumpscrub.source import BytesSource


def masked(data: bytes, builder: LayoutBuilder) -> bytes:
    """``data`` after a search for numbers alone."""
    dump = Dump("made up", BytesSource(data), builder.build())
    left = bytearray(data)
    for edit in plan(dump, redaction(False).search(dump).findings):
        left[edit.span.start : edit.span.end] = edit.replacement
    return bytes(left)


def regions(data: bytes, kind: RegionKind) -> LayoutBuilder:
    builder = LayoutBuilder(len(data))
    builder.add(0, len(data), kind, "a", 0x10000)
    return builder


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("kind", [RegionKind.MEMORY, RegionKind.IMAGE])
def test_a_prime_behind_zeros_goes_at_any_alignment(order: Order, kind: RegionKind) -> None:
    prime = written(key().p, order)
    for offset in (4_000, 4_001, 4_007, 4_030, 4_047):
        data = public(key()).ljust(offset, b"\0") + prime + bytes(5) + b"\x01" * 100
        assert masked(data, regions(data, kind)) == data.replace(prime, b"*" * len(prime))


@pytest.mark.parametrize("header", ["02818100", "0000008100", "0001"])
def test_a_prime_behind_the_header_of_an_integer_goes(header: str) -> None:
    # DER, and SSH; behind anything else nothing tells where a number begins.
    prime = written(key().p, Order.BIG)
    for offset in (401, 403, 407, 410):
        data = public(key()) + bytes(2_000) + Random(1).randbytes(offset) + bytes.fromhex(header) + prime + bytes(9)
        left = masked(data, regions(data, RegionKind.MEMORY))
        assert (prime in left) == (header == "0001")


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("head", [32, 61, 100])
def test_a_prime_that_the_file_splits_goes_along_memory(order: Order, head: int) -> None:
    prime = (256).to_bytes(8, "little") + written(key().p, order)
    first, second = public(key()) + bytes(1_001) + prime[: 8 + head], prime[8 + head :] + bytes(700)
    data = second + bytes(5_000) + first
    builder = LayoutBuilder(len(data))
    builder.add(0, len(second), RegionKind.MEMORY, "b", 0x10000 + len(first))
    builder.add(len(second) + 5_000, len(first), RegionKind.MEMORY, "a", 0x10000)
    tail = len(prime) - 8 - head
    assert masked(data, builder) == b"*" * tail + data[tail:-head] + b"*" * head


def test_seams_have_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    random = Random(2)
    data = random.randbytes(64 * 200)
    builder = LayoutBuilder(len(data))
    for number in range(200):
        builder.add(64 * number, 64, RegionKind.MEMORY, "page", 0x10000 + 64 * (199 - number))
    dump = Dump("made up", BytesSource(data), builder.build())
    assert 190 < sum(len(texts.bounds) - 1 for texts, _, _ in haystack.crossings(dump, 64)) < 200
    monkeypatch.setattr(haystack, "_MOST_SEAMS", 50)
    assert sum(len(texts.bounds) - 1 for texts, _, _ in haystack.crossings(dump, 64)) == 50


def test_code_in_images_is_looked_at_in_a_part_of_the_samples() -> None:
    data = b"".join(Random(3).randbytes(8_000) + bytes(192) for _ in range(8))
    dump = Dump("made up", BytesSource(data), regions(data, RegionKind.IMAGE).build())
    found = haystack.nearest(dump, [0], 400)
    assert found.is_all
    assert not len(found.elsewhere)
    assert len(found.in_images) == 50


def test_a_long_prime_behind_a_length_of_ssh_goes_at_any_alignment() -> None:
    # 257 bytes with the zero before it: the length's upper byte is no zero.
    numbers = key(4096)
    prime = b"\0\0\x01\x01\0" + written(numbers.p, Order.BIG)
    for offset in range(4_000, 4_008):
        data = public(numbers).ljust(offset, b"\0") + b"\x55" * 9 + prime + b"\0\0\0\x0c" + b"\x01" * 100
        assert masked(data, regions(data, RegionKind.MEMORY)) == data.replace(prime[5:], b"*" * 256)
