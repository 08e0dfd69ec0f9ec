from __future__ import annotations

from dumpscrub.layout import LayoutBuilder, RegionKind
from dumpscrub.search.memory import LONGEST, Memory
from dumpscrub.source import BytesSource
from dumpscrub.span import Span


def memory(data: bytes, *regions: tuple[int, int, int]) -> Memory:
    """Memory of a file ``data`` with regions of (file offset, bytes, address)."""
    builder = LayoutBuilder(len(data))
    for start, length, address in regions:
        builder.add(start, length, RegionKind.HEAP, "heap", address)
    return Memory(BytesSource(data), builder.build())


def test_bytes_are_read_at_their_address() -> None:
    data = bytes(range(100))
    reading = memory(data, (10, 50, 0x7000)).read(0x7005, 4)
    assert reading is not None
    assert (reading.data, reading.spans) == (data[15:19], (Span(15, 19),))
    assert reading.locate(1, 3) == (Span(16, 18),)


def test_reading_goes_on_where_memory_does() -> None:
    data = bytes(range(100))
    reading = memory(data, (10, 20, 0x7000), (60, 20, 0x7014)).read(0x7010, 8)
    assert reading is not None
    assert reading.data == data[26:30] + data[60:64]
    assert reading.locate(2, 6) == (Span(28, 30), Span(60, 62))


def test_what_the_dump_does_not_hold_is_not_read() -> None:
    there = memory(bytes(100), (10, 20, 0x7000))
    for address in (0, 1, 0x6FFF, 0x7014, 1 << 63, (1 << 64) - 1, 1 << 64):
        assert there.read(address, 4) is None
    assert there.read(0x7000, 0) is None
    assert there.read(0x7000, -1) is None
    assert Memory().read(0x7000, 4) is None


def test_one_reading_is_bounded_and_ends_with_memory() -> None:
    size = LONGEST + 100
    there = memory(bytes(size), (0, size, 0x7000))
    longest, last = there.read(0x7000, 1 << 40), there.read(0x7000 + size - 3, 50)
    assert longest is not None
    assert last is not None
    assert (len(longest.data), len(last.data)) == (LONGEST, 3)
