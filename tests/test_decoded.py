"""Secrets in text that memory holds encoded."""

from __future__ import annotations

import base64
import html
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

import dumpscrub
from dumpscrub import decoded, pieces
from dumpscrub.detectors import build_detectors
from dumpscrub.layout import LayoutBuilder, RegionKind
from dumpscrub.model import Dump, Encoding, Finding, SecretValue
from dumpscrub.propagation import Sweeper, seeds_of
from dumpscrub.rules.load import load_rules
from dumpscrub.scanner import Scanner
from dumpscrub.search.finder import Search
from dumpscrub.source import BytesSource
from dumpscrub.span import Span, SpanSet, union

TOKEN = "ghp_" + "a1B2" * 9
TEXTS = {
    "token": TOKEN,
    "json": '{"password":"Tr0ub4dor&3x"}',
    "connection": "Server=db;User ID=sa;Password=hunter2hunter;Encrypt=True",
}


def standard(data: bytes) -> str:
    return base64.b64encode(data).decode()


def in_lines(data: bytes) -> str:
    return base64.encodebytes(b"What stands before it, in the line above. " * 2 + data).decode()


ENCODE: Mapping[str, Callable[[bytes], str]] = {
    "base64": standard,
    "base64url": lambda data: base64.urlsafe_b64encode(data).decode(),
    "in lines": in_lines,
    "in lines of JSON": lambda data: in_lines(data).replace("\n", "\\r\\n"),
    "escaped": lambda data: standard(data).replace("/", "\\/").replace("+", "\\u002B"),
    "in a query": lambda data: standard(data).replace("/", "%2F").replace("+", "%2b"),
    "behind a path": lambda data: "/v1/" + standard(data),
    "behind a letter": lambda data: "x" + standard(data),
    "twice": lambda data: standard(standard(data).encode()),
    "hexadecimal": lambda data: data.hex(),
    "capital": lambda data: data.hex().upper(),
    "hexadecimal behind a digit": lambda data: "f" + data.hex(),
}


QUOTED: Mapping[str, Callable[[str], str]] = {
    "percent": lambda text: quote(text, safe=""),
    "percent twice": lambda text: quote(quote(text, safe=""), safe=""),
    "form": quote_plus,
    "entities": html.escape,
    "entities twice": lambda text: html.escape(html.escape(text)),
    "decimal entities": lambda text: "".join(c if c.isalnum() else f"&#{ord(c)};" for c in text),
    "hexadecimal entities": lambda text: "".join(f"&#x{ord(c):X};" for c in text),
    "JSON of .NET": lambda text: "".join(c if c.isalnum() or c in " ,.;:/@" else f"\\u{ord(c):04X}" for c in text),
    "every character": lambda text: "".join(f"\\u{ord(c):04x}" for c in text),
    "quoted-printable": lambda text: text.replace("=", "=3D"),
    "JavaScript": lambda text: "".join(c if c.isalnum() else f"\\x{ord(c):02x}" for c in text),
}
NOTATIONS = (
    ('{"password":"@"}', "Tr0ub4dor&3x"),
    ("<Password>@</Password>", "Tr0ub4dor3xy"),
    ("Server=db;User ID=sa;Password=@;Encrypt=True", 'hun&ter2"hunter'),
    ("postgres://svc:@@db:5432/x", "S3crt+pw9-abc"),
    ('<add key="DbPassword" value="@" />', "Tr0ub4dor3xy"),
)


@pytest.fixture(scope="module")
def scanner() -> Scanner:
    return Scanner(build_detectors(load_rules()), Search("hyperscan"))


def raw(data: bytes, regions: tuple[tuple[int, int], ...] = ()) -> Dump:
    """A dump of ``data``, of which ``regions`` are (file offset, address) of its parts."""
    builder = LayoutBuilder(len(data))
    regions = regions or ((0, 4096),)
    for (start, address), end in zip(regions, [*(start for start, _ in regions[1:]), len(data)], strict=True):
        builder.add(start, end - start, RegionKind.MEMORY, "text", address)
    return Dump("raw", BytesSource(data), builder.build())


def find(
    scanner: Scanner, data: bytes, regions: tuple[tuple[int, int], ...] = (), *, direct: bool = False
) -> tuple[Finding, ...]:
    """The findings in encoded text of ``data`` in these ``regions``, and with ``direct`` all others."""
    dump = raw(data, regions)
    scan = scanner.scan(dump)
    return (*decoded.find(dump, scan.seen.sights.places, scanner).findings, *(scan.findings if direct else ()))


@pytest.mark.parametrize("outer", ["utf-8", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("inner", ["utf-8", "utf-16-le"])
@pytest.mark.parametrize("how", ENCODE)
def test_secrets_are_found_however_they_are_encoded(scanner: Scanner, how: str, inner: str, outer: str) -> None:
    missed = []
    for what, text in TEXTS.items():
        for lead in ("", "x", "xy"):
            for offset in (32, 33):
                code = ENCODE[how]((lead + text).encode(inner)).encode(outer)
                found = find(scanner, bytes(offset) + code + bytes(32))
                if not any(span.start >= offset for finding in found for span in finding.spans):
                    missed.append((what, lead, offset))
    assert missed == []


@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("how", QUOTED)
def test_secrets_are_found_in_text_with_escapes(scanner: Scanner, how: str, codec: str) -> None:
    missed = []
    for template, secret in NOTATIONS:
        for offset in (32, 33):
            before, after = template.split("@", 1)
            head, value, tail = (QUOTED[how](part).encode(codec) for part in (before, secret, after))
            start = offset + len(head)
            data = bytes(offset) + head + value + tail + bytes(32)
            found = SpanSet(span for finding in find(scanner, data, direct=True) for span in finding.spans)
            if not found.covers([Span(start + (codec == "utf-16-be"), start + len(value))]):
                missed.append((template, offset))
    assert missed == []


def test_a_finding_in_text_with_escapes_is_the_secret_alone(scanner: Scanner) -> None:
    head, value, tail = (quote(part, safe="") for part in ("Server=db;Password=", "a+b/C9=d8", ";Encrypt=True"))
    found = find(scanner, f"x={head}{value}{tail}\0".encode())
    assert {finding.spans for finding in found} == {(Span(2 + len(head), 2 + len(head) + len(value)),)}
    assert {value.data for finding in found for value in finding.values} == {b"a+b/C9=d8"}


@pytest.mark.parametrize("end", ["=\r\n", "=\n", "= \r\n"])
@pytest.mark.parametrize("at", range(1, 24))
def test_a_secret_in_a_broken_line_of_quoted_printable_goes(scanner: Scanner, at: int, end: str) -> None:
    # As a report in MHTML holds it: half of it survived.
    secret = "9sy3bFrdkhzGrA4g6rapCtmA"
    head, tail = "<td>Server=3Dsql;User Id=3Docto;Password=3D", ";Timeout=3D30</td>\r\n"
    data = (head + secret[:at] + end + secret[at:] + tail).encode()
    start, stop = len(head), len(data) - len(tail)
    found = SpanSet(span for finding in find(scanner, data) for span in finding.spans)
    assert found.covers([Span(start, stop)])
    assert not found.covers([Span(stop, stop + 1)])


def broken_base64(data: bytes) -> tuple[bytes, int]:
    """Base64 in lines, and how many bits a character holds."""
    return base64.encodebytes(data).replace(b"\n", b"\r\n"), 6


def broken_hex(data: bytes) -> tuple[bytes, int]:
    """Hexadecimal digits in lines, and how many bits a character holds."""
    return b"\n".join(data[at : at + 32].hex().encode() for at in range(0, len(data), 32)), 4


@pytest.mark.parametrize("encode", [broken_base64, broken_hex])
def test_a_known_value_across_the_end_of_a_line_goes(
    scanner: Scanner, encode: Callable[[bytes], tuple[bytes, int]]
) -> None:
    # Nothing names it there, and each line alone holds a part of it: all of it survived.
    value = SecretValue(b"9sy3bFrdkhzGrA4g6rap")
    sweeper = Sweeper(seeds_of((), [value]), Search("hyperscan"))
    for pad in range(80):
        lead = b"What stands before it says nothing. " + b"y" * pad
        text, bits = encode(lead + value.data + b" and what stands behind it neither, not at all.")
        dump = raw(bytes(32) + text + bytes(32))
        encoded = scanner.scan(dump).seen.sights.places
        found = list(decoded.copies(dump, encoded, decoded.Decoded((), {}), sweeper.sweep))
        places = [32 + at for at, character in enumerate(text) if character not in b"\r\n"]
        first, behind = len(lead) * 8 // bits, -(-(len(lead) + len(value.data)) * 8 // bits)
        span = Span(places[first], places[behind - 1] + 1)
        is_broken = len(span) > behind - first
        assert [finding.spans for finding in found if is_broken] == [(span,)] * is_broken


@pytest.mark.parametrize("outer", [standard, lambda data: data.hex()])
def test_a_known_value_that_is_encoded_twice_goes(scanner: Scanner, outer: Callable[[bytes], str]) -> None:
    value = SecretValue(b"9sy3bFrdkhzGrA4g6rap")
    inner = standard(b"What says nothing: " + value.data + b", and so on.").encode()
    dump = raw(bytes(32) + outer(inner).encode() + bytes(32))
    sweeper = Sweeper(seeds_of((), [value]), Search("hyperscan"))
    encoded = scanner.scan(dump).seen.sights.places
    found = decoded.copies(dump, encoded, decoded.find(dump, encoded, scanner), sweeper.sweep)
    (span,) = union(span for finding in found for span in finding.spans)
    first, last = (at * 8 // 6 * len(outer(inner)) // len(inner) for at in (19, 19 + len(value.data)))
    assert span.start in range(32 + first - 4, 32 + first + 4)
    assert span.end in range(32 + last - 4, 32 + last + 4)


@pytest.mark.parametrize("lead", ["", "x", "xy"])
def test_a_finding_is_the_characters_that_hold_the_secret(scanner: Scanner, lead: str) -> None:
    code = standard(f"{lead}abc {TOKEN} def".encode())
    (finding,) = find(scanner, f"\0\0{code}\0".encode("utf-16-le"))
    first, last = (len(lead) + 4) * 8 // 6, -(-(len(lead) + 4 + len(TOKEN)) * 8 // 6)
    assert finding.spans == (Span(4 + first * 2, 4 + last * 2),)
    assert (finding.rule, finding.encoding) == ("github-token", Encoding.UTF16LE)
    assert [value.data for value in finding.values] == [TOKEN.encode()]


def test_a_long_blob_is_decoded_to_its_end(scanner: Scanner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoded, "LONGEST", 40_000)
    text = b"A lot of text stands here. " * 5000 + TOKEN.encode() + b" and more of it." * 5000 + TOKEN[::-1].encode()
    code = standard(text)
    start = text.index(TOKEN.encode())
    (finding,) = find(scanner, b"\0" * 7 + code.encode())
    assert finding.spans == (Span(7 + start * 8 // 6, 7 + -(-(start + len(TOKEN)) * 8 // 6)),)


@pytest.mark.parametrize("unit", ["%3D%22a", "&lt;a&gt; "])
def test_a_long_text_is_decoded_once(scanner: Scanner, monkeypatch: pytest.MonkeyPatch, unit: str) -> None:
    monkeypatch.setattr(decoded, "LONGEST", 40_000)
    read = pieces.read
    sizes = []

    def counted(*arguments: Any) -> Any:
        piece = read(*arguments)
        sizes.append(len(piece.data) if piece else 0)
        return piece

    monkeypatch.setattr(pieces, "read", counted)
    text = unit * 20_000
    find(scanner, text.encode())
    assert sum(sizes) < 2 * len(text)


def test_a_blob_goes_on_where_memory_does(scanner: Scanner) -> None:
    code = standard(b"What stands before it. " + TOKEN.encode()).encode()
    half = 60
    data = code[half:] + b"\0" * 20 + code[:half]
    (finding,) = find(scanner, data, ((0, 4096 + half), (len(code) - half + 20, 4096)))
    assert len(finding.spans) == 2


def test_equal_blobs_side_by_side_are_all_found(scanner: Scanner) -> None:
    code = standard(standard(TEXTS["json"].encode()).encode())
    assert len(find(scanner, "\0".join([code] * 6).encode())) == 6


@pytest.mark.parametrize(
    "text",
    ["A long sentence in which nothing is secret, but which says password and token.", "password=${DB_PASSWORD}; x=1"],
)
def test_text_without_secrets_stays(scanner: Scanner, text: str) -> None:
    assert find(scanner, standard(text.encode()).encode()) == ()


def test_a_redacted_copy_has_none_left(tmp_path: Path) -> None:
    dump = tmp_path / "x.raw"
    codes = [encode(text.encode()) for encode in ENCODE.values() for text in TEXTS.values()]
    codes += [encode(text.replace("@", value, 1)) for encode in QUOTED.values() for text, value in NOTATIONS]
    dump.write_bytes("\0\0".join(codes).encode() + b"\0" + "\0".join(codes).encode("utf-16-le"))
    result = dumpscrub.sanitize(dump)
    assert result.output
    assert dumpscrub.scan(result.output).bytes_changed == 0
    assert result.output.stat().st_size == dump.stat().st_size
