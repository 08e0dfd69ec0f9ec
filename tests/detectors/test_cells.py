"""Text that all hits nearby share, and keys in XML and JSON whose names stand side by side."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from random import Random

import pytest

from dumpscrub.detectors import build_detectors, keyxml
from dumpscrub.detectors.cells import CELL, MARGIN, REACH, Latest, cell_around
from dumpscrub.layout import LayoutBuilder, RegionKind
from dumpscrub.model import Dump, Encoding
from dumpscrub.rules.load import load_rules
from dumpscrub.rules.schema import RuleSet
from dumpscrub.scanner import Scanner
from dumpscrub.search.finder import Search
from dumpscrub.search.windows import window_at
from dumpscrub.source import BytesSource
from dumpscrub.span import Span, SpanSet


def dump(data: bytes) -> Dump:
    builder = LayoutBuilder(len(data))
    builder.add(0, len(data), RegionKind.HEAP, "heap", 0x1000)
    return Dump("test", BytesSource(data), builder.build())


@pytest.mark.parametrize("encoding", [Encoding.UTF8, Encoding.UTF16LE])
def test_hits_of_a_cell_show_the_same_text(encoding: Encoding) -> None:
    unit = encoding.unit
    made = dump("".join(map(chr, Random(1).choices(range(1, 128), k=8 * CELL))).encode(encoding.codec))
    first = 4 * CELL * unit
    cells = [cell_around(window_at(made, first + at * unit, encoding, REACH, REACH)) for at in (0, 7, CELL - 1)]
    assert len({cell.text for cell in cells}) == 1
    assert [(cell.anchor, cell.begin) for cell in cells] == [(MARGIN + at, MARGIN) for at in (0, 7, CELL - 1)]
    assert len(cells[0].text) == CELL + 2 * MARGIN
    assert cell_around(window_at(made, first + CELL * unit, encoding, REACH, REACH)).text != cells[0].text


def test_a_cell_ends_at_nuls() -> None:
    data = b"before\0the text around it\0behind"
    window = window_at(dump(data), data.index(b"around"), Encoding.UTF8, REACH, REACH)
    cell = cell_around(window)
    assert cell.text == b"the text around it"
    assert (cell.anchor, cell.begin) == (9, 0)
    assert window.text[cell.shift :].startswith(cell.text)


def test_the_latest_texts_are_read_once() -> None:
    asked: list[bytes] = []

    def make(text: bytes) -> int:
        asked.append(text)
        return len(text)

    latest = Latest(make)
    assert [latest(text) for text in (b"a", b"bb", b"a", b"bb", b"a")] == [1, 2, 1, 2, 1]
    assert asked == [b"a", b"bb"]


def scanner() -> Scanner:
    rules = RuleSet(tuple(rule for rule in load_rules().rules if rule.detector == "xml-key"))
    return Scanner(build_detectors(rules), Search("hyperscan"))


@pytest.mark.parametrize("name", ['"InverseQ":"', "InverseQ", "ECDSAKeyValue", "</RSAKeyValue>"])
@pytest.mark.parametrize("encoding", [Encoding.UTF8, Encoding.UTF16LE])
def test_names_side_by_side_are_read_once_a_cell(
    name: str, encoding: Encoding, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts: list[int] = []
    read = keyxml._keys

    def counting(text: bytes) -> Iterator[keyxml._Key]:
        texts.append(len(text))
        return read(text)

    monkeypatch.setattr(keyxml, "_keys", counting)
    data = name.encode(encoding.codec) * 8192
    scanner().scan(dump(data))
    assert 0 < sum(texts) < 30 * len(data)


def test_all_numbers_of_a_key_with_far_too_many_are_found() -> None:
    rng = Random(2)
    numbers = [base64.b64encode(rng.randbytes(64)) for _ in range(2000)]
    data = b"".join(b'"InverseQ":"' + number + b'",' for number in numbers)
    found = scanner().scan(dump(data)).findings
    covered = SpanSet(span for finding in found for span in finding.spans)
    at = 0
    for number in numbers:
        at = data.index(number, at)
        assert covered.covers([Span(at, at + len(number.rstrip(b"=")))])
    assert len(found) < 3 * len(numbers)
    assert max(len(finding.values) for finding in found) <= 128


@pytest.mark.parametrize("before", [0, CELL - 300, CELL - 20, CELL, 3 * CELL + 5])
def test_a_key_is_found_wherever_cells_end(before: int) -> None:
    rng = Random(3)
    parts = {name: base64.b64encode(rng.randbytes(128)) for name in (b"P", b"Q", b"DP", b"DQ", b"InverseQ", b"D")}
    elements = b"".join(b"<%s>%s</%s>" % (name, text, name) for name, text in parts.items())
    key = b"<RSAKeyValue>" + elements + b"</RSAKeyValue>"
    data = b"x" * before + key + b"x" * 40_000
    found = scanner().scan(dump(data)).findings
    covered = SpanSet(span for finding in found for span in finding.spans)
    for text in parts.values():
        assert covered.covers([Span(data.index(text), data.index(text) + len(text))])
