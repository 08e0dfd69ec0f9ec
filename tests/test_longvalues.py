"""Names of secrets that stand side by side: what is looked at stays within bounds, and nothing of it is left."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest

import dumpscrub
from dumpscrub.crowds import STRETCH
from dumpscrub.detectors import base64_text, build_detectors
from dumpscrub.layout import LayoutBuilder, RegionKind
from dumpscrub.longvalues import LONGEST
from dumpscrub.model import Dump, Encoding
from dumpscrub.redaction import CROWDED
from dumpscrub.rules.load import load_rules
from dumpscrub.scanner import Scan, Scanner
from dumpscrub.search.finder import CHUNK, Search
from dumpscrub.search.windows import Surroundings, Windows
from dumpscrub.source import BytesSource
from dumpscrub.span import Span, SpanSet

SIZE = 3 * LONGEST
NAMES = (b"secret=", b"access_key=", b"refreshtoken=", b"hapikey=", b"pwd=")


@cache
def scanner(chunk: int = CHUNK, workers: int = 1) -> Scanner:
    return Scanner(build_detectors(load_rules()), Search("hyperscan", workers, chunk))


def dump(data: bytes) -> Dump:
    builder = LayoutBuilder(len(data))
    builder.add(0, len(data), RegionKind.HEAP, "heap", 0x1000)
    return Dump("test", BytesSource(data), builder.build())


def scan(data: bytes) -> Scan:
    return scanner().scan(dump(data))


def repeated(unit: bytes, size: int = SIZE) -> bytes:
    return unit * (size // len(unit))


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of all windows that were read."""
    sizes: list[int] = []
    read = Windows._read

    def counting(self: Windows, offset: int, encoding: Encoding, before: int, after: int) -> Surroundings:
        sizes.append(before + after)
        return read(self, offset, encoding, before, after)

    monkeypatch.setattr(Windows, "_read", counting)
    return sizes


@pytest.mark.parametrize("name", NAMES)
def test_few_hits_are_looked_at_in_the_longest_window(name: bytes, reads: list[int]) -> None:
    data = repeated(name)
    scan(data)
    long = [size for size in reads if size >= LONGEST]
    assert len(reads) > 1000
    assert len(long) < 400, "some for each rule and each stretch of memory; there are many thousand hits"


def masked(scanned: Scan) -> SpanSet:
    return SpanSet(span for finding in scanned.findings for span in finding.spans)


def test_text_that_was_not_looked_at_is_masked_as_a_whole() -> None:
    data = bytes(9) + repeated(b"secret=") + b"\0 and what follows"
    scanned = scan(data)
    left = list(masked(scanned).outside(Span(0, len(data))))
    assert scanned.crowded
    assert sum(len(span) for span in left) < LONGEST, "all but the beginning, up to where it became too much"
    assert left[-1].start == data.index(b"\0", 9), "and not what follows the text"


def test_a_secret_among_names_side_by_side_goes_too() -> None:
    token = b"ghp_" + b"a1B2" * 9
    names = repeated(b"secret=", LONGEST)
    data = names + token + names + b'"password": "Tr0ub4dor&3x",' + bytes(9)
    covered = masked(scan(data))
    for value in (token, b"Tr0ub4dor&3x"):
        assert covered.covers([Span(data.index(value), data.index(value) + len(value))])


def test_secrets_behind_such_text_are_found_as_ever() -> None:
    data = repeated(b"secret=") + bytes(STRETCH) + b'"password": "Tr0ub4dor&3x"' + bytes(9)
    at = data.index(b"Tr0")
    found = [finding for finding in scan(data).findings if finding.spans == (Span(at, at + 12),)]
    assert found
    assert found[0].values


@pytest.mark.parametrize(("chunk", "workers"), [(1000, 2), (65_536, 1)])
def test_neither_chunks_nor_threads_change_what_is_masked(chunk: int, workers: int) -> None:
    data = bytes(9) + repeated(b"secret=", 2 * LONGEST) + bytes(9)
    other = scanner(chunk, workers).scan(dump(data))
    assert [(finding.rule, finding.spans) for finding in other.findings] == [
        (finding.rule, finding.spans) for finding in scan(data).findings
    ]


def test_the_user_is_told(tmp_path: Path) -> None:
    path = tmp_path / "crowded.bin"
    path.write_bytes(repeated(b"secret="))
    assert any(notice.startswith(CROWDED.partition("{")[0]) for notice in dumpscrub.scan(path).notices)


@pytest.mark.parametrize(
    "text", [b"secret=" * 40, b'"secret": "Tr0ub4dor&3x", ' * 2000, b"token = new Token();\n" * 4000]
)
def test_text_as_programs_have_it_is_not_masked_as_a_whole(text: bytes) -> None:
    assert not scan(text + bytes(9)).crowded


BASE64: Sequence[bytes] = (b"MII//wIBAAKC", b"MIIEpAIBAAKCAQEA", b"MIACAQMwgAYJKoZIhvcNAQcBoIAkgASC")


@pytest.mark.parametrize("head", BASE64)
def test_base64_of_structures_that_claim_to_hold_each_other_is_decoded_a_few_times(
    head: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[int] = []
    decode = base64_text.decode

    def counting(base64: bytes) -> bytes:
        decoded.append(len(base64))
        return decode(base64)

    monkeypatch.setattr(base64_text, "decode", counting)
    data = repeated(head)
    scanned = scan(data)
    assert sum(decoded) < 200 * len(data), "it was thousands of times"
    assert sum(len(span) for span in masked(scanned).outside(Span(0, len(data)))) < LONGEST
