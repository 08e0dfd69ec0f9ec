"""Rules find what they should wherever it stands, and the same for every engine, worker count and chunk size."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from dumpscrub.detectors import build_detectors
from dumpscrub.detectors.base import Anchor, Match
from dumpscrub.errors import RuleError, ScanError
from dumpscrub.layout import LayoutBuilder, RegionKind
from dumpscrub.model import Dump, Encoding
from dumpscrub.plan import plan
from dumpscrub.rules.load import parse
from dumpscrub.rules.schema import Rule, RuleSet
from dumpscrub.scanner import Scanner
from dumpscrub.search.engines import ENGINES
from dumpscrub.search.finder import Search
from dumpscrub.search.windows import Window
from dumpscrub.source import BytesSource
from dumpscrub.span import Span
from dumpscrub.verification import EachLook

RULES = RuleSet(
    parse(
        r"""
[[rule]]
id = "password"
name = "Password"
categories = ["password"]
anchors = ["password="]
pattern = '(?i)password=(?P<secret>[^;\x00\r\n]{3,64})'

[[rule]]
id = "pair"
name = "Two secrets in one match"
categories = ["pair"]
anchors = ["PAIR"]
caseless = false
pattern = 'PAIR:(?P<secret>[a-z]+)/(?P<secret2>[a-z]+)'
boundary = "both"

[[rule]]
id = "suffixed"
name = "An anchor in the middle"
categories = ["suffixed"]
anchors = ["+ASt"]
before = 8
after = 12
pattern = '(?P<secret>[A-Za-z0-9]{8}\+ASt[a-z0-9]{4})'
""",
        "test.toml",
    )
)
SEARCH = Search("hyperscan", 1, 64)


def raw(data: bytes) -> Dump:
    builder = LayoutBuilder(len(data))
    builder.add(0, len(data), RegionKind.MEMORY, "raw")
    return Dump("raw", BytesSource(data), builder.build())


def scan(dump: Dump, search: Search = SEARCH) -> list[tuple[str, tuple[Span, ...], Encoding]]:
    findings = Scanner(build_detectors(RULES), search).scan(dump).findings
    return [(finding.rule, finding.spans, finding.encoding) for finding in findings]


@pytest.mark.parametrize("encoding", [Encoding.UTF8, Encoding.UTF16LE, Encoding.UTF32LE])
@pytest.mark.parametrize("shift", range(4))
@pytest.mark.parametrize("ending", ["", "\0", ";"])
def test_every_encoding_at_every_offset(encoding: Encoding, shift: int, ending: str) -> None:
    name, value = "Password=".encode(encoding.codec), "hunter2!".encode(encoding.codec)
    data = b"\x01" * (60 + shift) + name + value + ending.encode(encoding.codec)
    start = 60 + shift + len(name)
    assert scan(raw(data)) == [("password", (Span(start, start + len(value)),), encoding)]


@pytest.mark.parametrize("shift", range(2))
@pytest.mark.parametrize("ending", ["", "\0", ";"])
def test_utf_16_be_is_masked_whichever_reading_is_taken(shift: int, ending: str) -> None:
    name, value = "Password=".encode("utf-16-be"), "hunter2!".encode("utf-16-be")
    data = b"\x01" * (60 + shift) + name + value + ending.encode("utf-16-be")
    dump = raw(data)
    patched = bytearray(data)
    for edit in plan(dump, Scanner(build_detectors(RULES), SEARCH).scan(dump).findings):
        patched[edit.span.start : edit.span.end] = edit.replacement
    assert bytes(patched) == data.replace(value, "********".encode("utf-16-be"))


def test_several_secrets_in_one_match() -> None:
    assert scan(raw(b"..PAIR:abc/defg..")) == [
        ("pair", (Span(7, 10),), Encoding.UTF8),
        ("pair", (Span(11, 15),), Encoding.UTF8),
    ]


@pytest.mark.parametrize(
    ("text", "count"), [(b"PAIR:ab/cd", 2), (b"xPAIR:ab/cd", 0), (b"PAIR:ab/cd0", 0), (b"pair:ab/cd", 0)]
)
def test_boundary_and_case(text: bytes, count: int) -> None:
    assert len(scan(raw(text))) == count


def test_an_anchor_in_the_middle_of_the_secret() -> None:
    assert scan(raw(b"##abcdefgh+ASt1234##")) == [("suffixed", (Span(2, 18),), Encoding.UTF8)]
    assert scan(raw(b"fgh+ASt1234##")) == []


def test_a_masked_value_is_no_finding() -> None:
    assert scan(raw(b"password=********;")) == []


def test_a_secret_that_the_file_splits() -> None:
    data = b"ter2;...." + b"....Password=hun"
    builder = LayoutBuilder(len(data))
    builder.add(0, 9, RegionKind.HEAP, "heap", 0x2000)
    builder.add(9, 16, RegionKind.HEAP, "heap", 0x1FF0)
    dump = Dump("test", BytesSource(data), builder.build())
    assert scan(dump) == [("password", (Span(22, 25), Span(0, 4)), Encoding.UTF8)]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("chunk", [32, 100, 1 << 20])
def test_same_findings_whatever_the_engine_workers_and_chunks(engine: str, workers: int, chunk: int) -> None:
    text = "x=1;Password=hunter2;PAIR:ab/cd;abcdefgh+ASt1234;"
    data = b"".join(text.encode(codec) + bytes(7) for codec in ("utf-8", "utf-16-le", "utf-16-be")) * 5
    expected = scan(raw(data), Search("hyperscan", 1, len(data)))
    assert len(expected) == 4 * 3 * 5
    assert scan(raw(data), Search(engine, workers, chunk)) == expected


class Broken:
    """A detector with a fault."""

    rule = Rule("broken", "Broken", ("x",))
    anchors = (Anchor(b"boom", Encoding.UTF8),)
    before = 0
    after = 8

    def verify(self, window: Window) -> Iterable[Match]:
        raise KeyError(window.data)


def test_a_failing_detector_fails_the_scan_without_showing_bytes() -> None:
    with pytest.raises(ScanError, match=r"rule broken failed at 0x4 \(KeyError\)") as caught:
        Scanner([Broken()], SEARCH).scan(raw(b"....boom-secret"))
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("(?P<secret>[a-z", "the pattern does not compile"),
        ("(?P<secret>a)(?=b)", "the pattern does not compile"),
        ("abc", "the pattern has no group named secret"),
    ],
)
def test_a_rule_that_does_not_compile_is_an_error(pattern: str, message: str) -> None:
    rule = Rule("mine", "Mine", ("x",), anchors=("abc",), pattern=pattern)
    with pytest.raises(RuleError, match=message) as caught:
        build_detectors(RuleSet((rule,)))
    assert "rule mine" in str(caught.value)


LONG = RuleSet(
    parse(
        r"""
[[rule]]
id = "open"
name = "A value that ends with memory"
categories = ["x"]
anchors = ["pw="]
after = 64
open = true
pattern = 'pw=(?P<secret>[^ \x00]+)'

[[rule]]
id = "closed"
name = "A value that ends with a mark"
categories = ["x"]
anchors = ["<pw>"]
after = 64
pattern = '<pw>(?P<secret>[^<>\x00]+)</pw>'
""",
        "long.toml",
    )
)


def scan_long(dump: Dump, search: Search = SEARCH) -> list[tuple[str, tuple[Span, ...], Encoding]]:
    findings = Scanner(build_detectors(LONG), search).scan(dump).findings
    return [(finding.rule, finding.spans, finding.encoding) for finding in findings]


@pytest.mark.parametrize("encoding", [Encoding.UTF8, Encoding.UTF16LE, Encoding.UTF32LE])
@pytest.mark.parametrize("length", [59, 60, 61, 62, 63, 500, 5000, 65_000])
def test_the_rest_of_a_value_longer_than_the_window_is_not_left(encoding: Encoding, length: int) -> None:
    before, value, behind = (text.encode(encoding.codec) for text in ("pw=", "a1!_" * 16_384, " and more\0"))
    value = value[: length * encoding.unit]
    data = bytes(9) + before + value + behind
    start = 9 + len(before)
    assert scan_long(raw(data)) == [("open", (Span(start, start + len(value)),), encoding)]


@pytest.mark.parametrize("length", [50, 56, 60, 300, 400])
def test_a_value_that_ends_behind_the_window_is_found(length: int) -> None:
    data = bytes(9) + b"<pw>" + b"z" * length + b"</pw>" + b" " * 9
    assert scan_long(raw(data)) == [("closed", (Span(13, 13 + length),), Encoding.UTF8)]


def test_a_value_that_never_ends_is_marked_as_far_as_it_was_seen() -> None:
    ((rule, (span,), _),) = scan_long(raw(bytes(9) + b"pw=" + b"z" * 70_000))
    assert (rule, span.start) == ("open", 12)
    assert len(span) >= 65_000


@pytest.mark.parametrize("chunk", [64, 5000, 1 << 20])
def test_names_within_a_long_value_are_part_of_it(chunk: int) -> None:
    value = b"pw=" * 3000
    found = scan_long(raw(bytes(9) + value + b" "), Search("hyperscan", 2, chunk))
    assert found[0] == ("open", (Span(12, 9 + len(value)),), Encoding.UTF8)
    assert len(found) < 40, "only those near its end, where they show that it ends"


def looked_at(dump: Dump) -> list[Encoding]:
    """The encodings of the windows in which detectors looked for something."""
    seen: list[Encoding] = []
    look = EachLook(lambda _, window, __: seen.append(window.encoding))
    Scanner(build_detectors(RULES), SEARCH).scan(dump, observer=look)
    return seen


def test_utf_16_le_behind_a_zero_byte_is_looked_at_once() -> None:
    data = b"\0" + "password=hunter2\0".encode("utf-16-le") + b"abc"
    assert looked_at(raw(data)) == [Encoding.UTF16LE]
    assert scan(raw(data)) == [("password", (Span(19, 33),), Encoding.UTF16LE)]


@pytest.mark.parametrize("value", ["hunter2", "hüntęr2", "пароль"])
@pytest.mark.parametrize("ending", [b"", b"#", b"\0\0", b"\0\0#", b"\0;\0"])
def test_utf_16_be_is_masked_to_its_last_byte(value: str, ending: bytes) -> None:
    name = "password=".encode("utf-16-be")
    secret = value.encode("utf-16-be")
    data = b"#!" + name + secret + ending
    masked = {at for _, spans, _ in scan(raw(data)) for span in spans for at in range(span.start, span.end)}
    first = 2 + len(name)
    assert {at for at in range(first, first + len(secret)) if data[at]} <= masked


def test_a_hit_of_a_structure_that_is_none_is_settled() -> None:
    # Detectors of structures are generators, which are true even where they yield nothing.
    rules = RuleSet(
        parse('[[rule]]\nid = "k"\nname = "K"\ncategories = ["k"]\ndetector = "der-private-key"\n', "t.toml")
    )
    dump = raw(b"#" * 5000 + bytes.fromhex("0201000282") + b"#" * 5000)
    scan = Scanner(build_detectors(rules), SEARCH).scan(dump)
    assert len(scan.findings) == 0
    hits = [(5000, number) for number in range(200)]
    assert len(list(scan.seen.hits.untouched([]).others(hits))) == len(hits) - 1
