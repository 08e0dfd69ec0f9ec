"""Random texts of their own: found behind their lengths, nowhere else, and a second search changes nothing."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from random_material import random_text

import dumpscrub
from dumpscrub.layout import LayoutBuilder, RegionKind
from dumpscrub.model import Dump
from dumpscrub.policy import Policy
from dumpscrub.redaction import Redaction
from dumpscrub.rules.load import load_rules
from dumpscrub.rules.schema import Action, RuleSet
from dumpscrub.search.finder import Search
from dumpscrub.source import BytesSource
from dumpscrub.span import Span

ADDRESS = 0x1F2_0000_0000
TYPE = struct.pack("<Q", 0x7FFA_1C2A_4400)
SECRET = random_text(7, 22)
WIDE = SECRET.decode().encode("utf-16-le")
SIZE = len(SECRET)
TURNED = bytes.maketrans(b"0123456789", b"xQvKzWjGqX")
"""Letters for digits."""


def redaction(chunk: int = 1 << 22) -> Redaction:
    rules = [rule for rule in load_rules().rules if rule.detector == "random-text"]
    return Redaction(RuleSet(tuple(rules)), Policy("own", {"possible-secret": Action.MASK}), Search("re2", 1, chunk))


def dump_of(data: bytes, kind: RegionKind = RegionKind.HEAP) -> Dump:
    builder = LayoutBuilder(len(data))
    builder.add(0, len(data), kind, "memory", ADDRESS)
    return Dump("raw", BytesSource(data), builder.build())


def found_in(data: bytes, chunk: int = 1 << 22, kind: RegionKind = RegionKind.HEAP) -> list[tuple[Span, ...]]:
    findings = redaction(chunk).search(dump_of(data, kind)).findings
    return sorted({finding.spans for finding in findings})


HEADS: dict[str, tuple[bytes, bytes]] = {
    ".NET": (TYPE + struct.pack("<I", SIZE), WIDE),
    "BSTR": (bytes(4) + struct.pack("<I", 2 * SIZE), WIDE),
    "HotSpot": (struct.pack("<QII", 1, 0x4400, SIZE), SECRET),
    "PHP": (struct.pack("<QQQ", 1, 0x8000_1234_5678_9ABC, SIZE), SECRET),
    "CPython bytes": (struct.pack("<QQQQ", 1, 0x7FFA, SIZE, 0x1234_5678_9ABC_DEF0), SECRET),
    "CPython 3.11": (struct.pack("<QQQQQQ", 1, 0x7FFA, SIZE, 77, 0xE4, 0), SECRET),
    "CPython 3.12": (struct.pack("<QQQQQ", 1, 0x7FFA, SIZE, 77, 0xE4), SECRET),
    "malloc": (struct.pack("<QQ", 0, 0x21), SECRET),
    "HPROF": (struct.pack(">QIIB", 0x7FFA, 1, SIZE, 8), SECRET),
}
IN_HEAP_DUMPS: dict[str, tuple[bytes, bytes]] = {
    "bytes": HEADS["HPROF"],
    "characters": (struct.pack(">QIIB", 0x7FFA, 1, SIZE, 5), SECRET.decode().encode("utf-16-be")),
}
NEXT_OBJECT = b"#" + struct.pack(">QI", 0x7FFB, 1)


@pytest.mark.parametrize("head", HEADS)
def test_text_behind_its_length_goes(head: str) -> None:
    before, text = HEADS[head]
    start = 128 - len(before)
    data = bytes(start) + before + text + bytes(64)
    assert found_in(data) == [(Span(128, 128 + len(text)),)]


@pytest.mark.parametrize("head", IN_HEAP_DUMPS)
def test_the_tag_of_the_next_object_in_a_heap_dump_is_no_character(head: str) -> None:
    before, text = IN_HEAP_DUMPS[head]
    data = bytes(64) + before + text + NEXT_OBJECT + bytes(64)
    start = 64 + len(before)
    assert found_in(data) == [(Span(start, start + len(text)),)]


@pytest.mark.parametrize("cut", [1, 8, 11, 12, 20, 40, 55])
def test_text_goes_where_memory_goes_on_elsewhere_in_the_file(cut: int) -> None:
    head, text = HEADS[".NET"]
    whole = bytes(240) + head + text + bytes(256)
    here, between = 240 + cut, 512
    data = whole[:here] + b"\xee" * between + whole[here:]
    builder = LayoutBuilder(len(data))
    builder.add(0, here, RegionKind.HEAP, "heap", ADDRESS)
    builder.add(here, between, RegionKind.HEAP, "heap", ADDRESS + (1 << 30))
    builder.add(here + between, len(whole) - here, RegionKind.HEAP, "heap", ADDRESS + here)
    findings = redaction().search(Dump("raw", BytesSource(data), builder.build())).findings
    start = 240 + len(head)
    masked = {offset for finding in findings for span in finding.spans for offset in range(span.start, span.end)}
    places = range(start, start + len(text))
    assert masked == {offset if offset < here else offset + between for offset in places}


def test_a_random_word_in_a_sentence_goes() -> None:
    sentence = b"signed in with " + SECRET + b" as user"
    data = bytes(64) + struct.pack("<I", len(sentence)) + sentence + bytes(64)
    start = data.index(SECRET)
    assert found_in(data) == [(Span(start, start + SIZE),)]


@pytest.mark.parametrize("text", [SECRET, WIDE], ids=["UTF-8", "UTF-16"])
@pytest.mark.parametrize("kind", [RegionKind.HEAP, RegionKind.STACK, RegionKind.MAPPED])
def test_text_without_a_length_goes_from_memory(kind: RegionKind, text: bytes) -> None:
    data = bytes(100) + b"\xee\x01" * 3 + text + bytes(64)
    assert found_in(data, kind=kind) == [(Span(106, 106 + len(text)),)]


def test_text_without_a_length_stays_in_images() -> None:
    # As names of functions stand in the tables of a program.
    data = bytes(99) + b"\0".join([b"deflateInit2_", SECRET, b"inflate"]) + bytes(64)
    assert found_in(data, kind=RegionKind.IMAGE) == []


@pytest.mark.parametrize(("before", "behind"), [(b"\n", b"\0"), (b"\0", b"\n"), (b"\0", b"\xee")])
def test_lines_and_parts_of_other_data_are_no_text_of_their_own(before: bytes, behind: bytes) -> None:
    assert found_in(bytes(100) + before + SECRET + behind + bytes(64)) == []


def test_a_length_of_something_else_is_none() -> None:
    data = bytes(100) + struct.pack("<I", SIZE + 1) + SECRET + bytes(64)
    assert found_in(data, kind=RegionKind.IMAGE) == []


def test_a_name_with_its_length_stays() -> None:
    name = b"InvalidParameterSpec2Exception"
    assert found_in(bytes(100) + struct.pack("<I", len(name)) + name + bytes(64)) == []


@pytest.mark.parametrize("head", [".NET", "HotSpot", "malloc"])
def test_letters_alone_go(head: str) -> None:
    letters = SECRET.translate(TURNED)
    before, text = HEADS[head]
    text = text.translate(TURNED)
    assert letters.isalpha()
    data = bytes(128) + before + text + bytes(64)
    start = 128 + len(before)
    assert found_in(data) == [(Span(start, start + len(text)),)]


def test_every_copy_of_it_goes() -> None:
    head, text = HEADS[".NET"]
    data = bytes(64) + head + text + bytes(64) + b"x=" + SECRET + b";" + bytes(64)
    at = data.index(SECRET)
    assert (Span(at, at + SIZE),) in found_in(data)


@pytest.mark.parametrize("chunk", [64, 100, 4096])
def test_chunks_make_no_difference(chunk: int) -> None:
    data = b"".join(bytes(32 - len(head) % 16) + head + text for head, text in HEADS.values()) + bytes(64)
    assert found_in(data, chunk) == found_in(data)


def test_a_redacted_copy_has_none_of_it_and_a_second_run_changes_nothing(tmp_path: Path) -> None:
    head, text = HEADS[".NET"]
    path = tmp_path / "memory.bin"
    path.write_bytes(bytes(64) + head + text + bytes(64))
    first = dumpscrub.sanitize(path, tmp_path / "first.bin")
    assert first.bytes_changed == SIZE
    assert WIDE not in (tmp_path / "first.bin").read_bytes()
    assert dumpscrub.sanitize(tmp_path / "first.bin", tmp_path / "second.bin").bytes_changed == 0


CURVES = {"P-256": 43, "secp256k1": 43, "P-384": 64, "P-521": 88, "Ed25519": 43, "X25519": 43, "Ed448": 76, "X448": 75}
"""The curves of JSON Web Keys, and characters of a coordinate in base64url."""


def json_text(text: bytes) -> bytes:
    return bytes(100) + struct.pack("<I", len(text)) + text + bytes(64)


@pytest.mark.parametrize("curve", CURVES)
def test_the_public_coordinate_of_a_json_web_key_stays(curve: str) -> None:
    shown = random_text(3, CURVES[curve])
    for text in (b'{"kty":"OKP","crv":"%b","x":"%b"}', b'v":"%b", "x": "%b", "d'):
        assert found_in(json_text(text % (curve.encode(), shown))) == []


@pytest.mark.parametrize(
    "text",
    [
        b'{"crv":"Ed25519","d":"%b","x":"',  # the private number
        b'{"kty":"oct","x":"%b"}',
        b'{"crv":"P-384","x":"%b"}',
        b'{"crv":"X25519","x":""},{"x":"%b"}',
        b'%b","d":"',  # the end of y, or of a prime: nothing tells
    ],
)
def test_what_may_be_no_public_coordinate_goes(text: bytes) -> None:
    secret = random_text(3, CURVES["Ed25519"])
    data = json_text(text % secret)
    at = data.index(secret)
    assert found_in(data) == [(Span(at, at + len(secret)),)]
