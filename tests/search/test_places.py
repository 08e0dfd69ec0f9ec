"""Places where text stands encoded, collected."""

from __future__ import annotations

import pytest

from dumpscrub.layout import LayoutBuilder, RegionKind
from dumpscrub.model import Dump, Encoding
from dumpscrub.search.encoded import Code, Place
from dumpscrub.search.places import MARKS, PlaceList
from dumpscrub.source import BytesSource


def dump_of(data: bytes, cut: int = 0) -> Dump:
    """Memory that holds ``data``; what follows ``cut`` stands elsewhere."""
    builder = LayoutBuilder(len(data))
    builder.add(0, cut or len(data), RegionKind.MEMORY, "text", 1 << 32)
    builder.add(cut, len(data) - cut if cut else 0, RegionKind.MEMORY, "text", 1 << 40)
    return Dump("raw", BytesSource(data), builder.build())


def escapes_in(text: str, codec: str = "utf-8", cut: int = 0) -> list[int]:
    """The offsets of the places that the escapes of ``text`` make."""
    data = text.encode(codec)
    places = PlaceList(dump_of(data, cut))
    hits = [(at, mark) for mark, (literal, _, _) in enumerate(MARKS) for at in _all(data, literal.data)]
    for offset, mark in sorted(hits):
        places.add_mark(offset, mark)
    return [place.offset for place in places]


def _all(data: bytes, literal: bytes) -> list[int]:
    found, at = [], data.find(literal)
    while at >= 0:
        found.append(at)
        at = data.find(literal, at + 1)
    return found


@pytest.mark.parametrize(
    ("text", "expected"), [("a%3Db%3Dc", [1]), ("a%3Db c%3Dd", [1]), ("a%3Db\nc%3Dd", [1, 7]), ("&lt;a&gt; b&lt;", [0])]
)
def test_escapes_of_one_text_make_one_place(text: str, expected: list[int]) -> None:
    assert escapes_in(text) == expected
    assert escapes_in(text, "utf-16-le") == [2 * offset for offset in expected]


def test_escapes_of_several_texts_make_several_places() -> None:
    assert escapes_in("a%3Db\0c%3Dd") == [1, 7]
    assert escapes_in("&lt;a\0&lt;") == [0, 6]
    assert escapes_in("a%3Db%3Dc", cut=5) == [1, 5]
    assert escapes_in("%3D" + "a" * 5000 + "%3D" + "%3D") == [0, 5003]


def test_places_come_in_file_order() -> None:
    places = PlaceList(dump_of(bytes(100)))
    late, early = Place(50, Code.HEX, Encoding.UTF16LE), Place(7, Code.BASE64, Encoding.UTF8)
    places.add([late])
    places.add([early])
    assert list(places) == [early, late]
    assert len(places) == 2


def test_escapes_across_seams_which_come_last_are_places_too() -> None:
    data = b"a%22b%22c\0".ljust(5000, b"\0") + b"a%22b%22c\0"
    places = PlaceList(dump_of(data))
    for offset in (5001, 5005, 1, 5):
        places.add_mark(offset, 0)
    assert [place.offset for place in places] == [1, 5001]
