"""So many names of secrets that not all are looked at: how much work that is, and what is masked."""

from __future__ import annotations

import base64
import gzip
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import dumpscrub
from dumpscrub import crowds, decoded
from dumpscrub.crowds import LOOK, MOST_WORK, STRETCH, Crowds
from dumpscrub.detectors import build_detectors
from dumpscrub.layout import LayoutBuilder, RegionKind
from dumpscrub.model import Dump, Encoding
from dumpscrub.rules.load import load_rules
from dumpscrub.scanner import Scan, Scanner
from dumpscrub.search.finder import CHUNK, Search
from dumpscrub.source import BytesSource
from dumpscrub.span import Span, SpanSet
from dumpscrub.verification import CROWDED

UNITS = (b"pwd=", b"AzSe", b"eyJ", b"consumer-secret=", b"password", "pwd=".encode("utf-16-le"), b"pwd=abcd\0")


@cache
def scanner(engine: str = "hyperscan", chunk: int = CHUNK, workers: int = 1) -> Scanner:
    return Scanner(build_detectors(load_rules()), Search(engine, workers, chunk))


def dump(data: bytes) -> Dump:
    builder = LayoutBuilder(len(data))
    builder.add(0, len(data), RegionKind.HEAP, "heap", 0x1000)
    return Dump("test", BytesSource(data), builder.build())


def masked(scan: Scan) -> SpanSet:
    return SpanSet(span for finding in scan.findings for span in finding.spans)


@pytest.fixture
def less_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of the work: tests take less time, and nothing else changes."""
    monkeypatch.setattr(crowds, "MOST_WORK", MOST_WORK // 10)


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The steps of all looks, by encodings of one byte and of more."""
    taken: list[int] = []
    spend = Crowds.spend

    def counting(self: Crowds, offset: int, encoding: Encoding, work: int) -> bool:
        taken.append(work)
        return spend(self, offset, encoding, work)

    monkeypatch.setattr(Crowds, "spend", counting)
    return taken


@pytest.mark.usefixtures("less_work")
@pytest.mark.parametrize("unit", UNITS)
def test_the_work_in_a_stretch_is_bounded_whatever_is_repeated(unit: bytes, steps: list[int]) -> None:
    stretches = 2
    data = unit * (stretches * STRETCH // len(unit))
    scan = scanner().scan(dump(data))
    most = MOST_WORK // 10 * STRETCH * stretches
    assert scan.crowded >= stretches
    assert sum(sorted(steps)[:-20]) <= most, "but for the looks at the hit that is too much"
    assert len(steps) > most // LOOK // 200


@pytest.mark.usefixtures("less_work")
def test_texts_apart_are_masked_one_by_one_and_what_is_between_them_stays() -> None:
    unit = b"pwd=abcd\0\0"
    data = unit * (STRETCH // len(unit)) + b"\0" * 5000
    scan = scanner().scan(dump(data))
    full = next(finding.spans[0].start for finding in scan.findings if finding.rule == CROWDED)
    behind = data.index(unit, full + 5000)
    covered = masked(scan)
    for start in range(behind, len(unit) * (STRETCH // len(unit)), len(unit)):
        assert covered.covers([Span(start, start + 8)])
        assert not covered.covers([Span(start + 8, start + 9)])


@pytest.mark.parametrize("encoding", [Encoding.UTF8, Encoding.UTF16LE, Encoding.UTF16BE])
def test_a_value_far_behind_in_such_text_is_masked(encoding: Encoding, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowds, "MOST_WORK", 0)
    names = ("pwd=" * (STRETCH // 4)).encode(encoding.codec)
    value = "Tr0ub4dor&3x".encode(encoding.codec)
    data = names[: STRETCH // 2] + bytes(4) + value + bytes(4) + names[: STRETCH // 2 - 40]
    at = data.index(value)
    # A zero at either end may be taken for what is around the text.
    assert masked(scanner().scan(dump(data))).covers([Span(at + 1, at + len(value) - 1)])


def test_text_goes_on_where_memory_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowds, "MOST_WORK", 0)
    names, rest = b"pwd=" * 200, b"Tr0ub4dor&3x" + bytes(4)
    data = names + bytes(STRETCH) + rest
    builder = LayoutBuilder(len(data))
    builder.add(0, len(names), RegionKind.HEAP, "heap", 0x10_0000)
    builder.add(len(names), STRETCH, RegionKind.HEAP, "other", 0x90_0000)
    builder.add(len(data) - len(rest), len(rest), RegionKind.HEAP, "heap", 0x10_0000 + len(names))
    scan = scanner().scan(Dump("test", BytesSource(data), builder.build()))
    at = data.index(b"Tr0")
    assert masked(scan).covers([Span(at, at + 12)])


@pytest.mark.usefixtures("less_work")
@pytest.mark.parametrize(("engine", "chunk"), [("hyperscan", 1000), ("re2", CHUNK), ("aho-corasick", 77_777)])
def test_engines_and_chunks_do_not_matter(engine: str, chunk: int) -> None:
    data = b"".join(b"pwd=%d;password=%x\0secret" % (number, number * 7919) for number in range(4000))
    first, other = scanner().scan(dump(data)), scanner(engine, chunk).scan(dump(data))
    assert first.crowded == other.crowded > 0
    assert [(one.rule, one.spans) for one in first.findings] == [(one.rule, one.spans) for one in other.findings]


@pytest.mark.usefixtures("less_work")
def test_what_is_sanitised_stays_as_it_is(tmp_path: Path) -> None:
    path, clean = tmp_path / "crowded.bin", tmp_path / "clean.bin"
    path.write_bytes(b"pwd=abcd\0pwd\0" * (STRETCH // 8))
    assert dumpscrub.sanitize(path, clean, workers=1).bytes_changed
    assert dumpscrub.sanitize(clean, tmp_path / "again.bin", workers=1).bytes_changed == 0


@pytest.mark.usefixtures("less_work")
@pytest.mark.parametrize("is_encoded", [False, True])
def test_of_what_expands_to_such_text_little_is_searched(is_encoded: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    searched: list[int] = []
    scan = Scanner.scan

    def counting(self: Scanner, some: Dump, *arguments: Any, **more: Any) -> Scan:
        searched.append(some.source.size)
        return scan(self, some, *arguments, **more)

    monkeypatch.setattr(decoded, "_CROWDS", 0)
    monkeypatch.setattr(decoded, "_BATCH", 1 << 18)
    bomb = gzip.compress(b"pwd=" * (1 << 20), 9, mtime=0)
    data = (base64.b64encode(bomb) if is_encoded else bomb) + bytes(64)
    outer = dump(data)
    places = scanner().scan(outer).seen.sights.places
    monkeypatch.setattr(Scanner, "scan", counting)
    found = decoded.find(outer, places, scanner())
    assert found.crowded
    assert sum(searched) < 3 << 20, "of 4 MiB in each"
    whole = SpanSet(span for finding in found.findings for span in finding.spans)
    assert whole.covers([Span(len(data) // 2, len(data) // 2 + 1)])
