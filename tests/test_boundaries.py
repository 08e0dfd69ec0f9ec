"""What touches a token in memory: bytes that are none of it and yet read as letters."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from dumpscrub.formats.raw import Raw
from dumpscrub.model import Confidence, Finding
from dumpscrub.policy import load_policy
from dumpscrub.redaction import Redaction
from dumpscrub.rules.examples import generate
from dumpscrub.rules.load import load_rules
from dumpscrub.search.finder import Search
from dumpscrub.source import BytesSource
from dumpscrub.span import Span, SpanSet

TOKENS = [
    (r"sk-ant-api03-\w{92}\dAA", "l"),
    (r"SG.\w{21}\d.\w{42}\d", "E"),
    (r"dop_v1_[0-9a-f]{63}\d", "G"),
    (r"ya29.\w{99}\d", "i"),
    (r"lin_api_\w{39}\d", "0"),
    (r"pplx-\w{47}\d", "5"),
    (r"xai-\w{79}\d", "T"),
]
"""Forms of tokens, and their lengths as a character."""


@pytest.fixture(scope="module")
def find() -> Callable[[bytes], list[Finding]]:
    rules = load_rules()
    redaction = Redaction(rules, load_policy("default", rules), Search("hyperscan", 1))
    return lambda data: list(redaction.search(Raw().parse(BytesSource(data))).findings)


def masked(findings: list[Finding]) -> SpanSet:
    return SpanSet(span for finding in findings if finding.action == "mask" for span in finding.spans)


@pytest.mark.parametrize(("form", "length"), TOKENS)
@pytest.mark.parametrize("tag", [b"\x12", b"\n", b"\0"])
def test_a_length_before_a_token_that_reads_as_a_letter(
    find: Callable[[bytes], list[Finding]], form: str, length: str, tag: bytes
) -> None:
    token = generate(form, Random(7)).encode()
    assert chr(len(token)) == length
    # A message of Protocol Buffers: the token is its first field; the tag of the next one comes right behind it.
    data = bytes(64) + b"\n" + length.encode() + token + tag + b"\x03abc" + bytes(64)
    assert masked(find(data)).covers([Span(66, 66 + len(token))])


@pytest.mark.parametrize("tag", [b"2", b"B", b"J", b"R", b"Z", b"b", b"j", b"r", b"z"])
def test_a_tag_behind_a_token_that_reads_as_a_letter(find: Callable[[bytes], list[Finding]], tag: bytes) -> None:
    # Fields 6 to 15 of Protocol Buffers.
    token = generate(r"npm_\w{35}\d", Random(8)).encode()
    data = bytes(64) + b"*" + bytes([len(token)]) + token + tag + b"\x03abc" + bytes(64)
    found, rest = masked(find(data)), Span(66 + len(token), len(data))
    assert found.covers([Span(66, rest.start)])
    assert list(found.outside(rest)) == [rest]


def test_a_token_that_text_follows_is_masked_where_it_stands(find: Callable[[bytes], list[Finding]]) -> None:
    token = generate(r"hf_\d\w{4}\d\w{4}\d\w{4}\d\w{4}\d\w{4}\d\w{7}\d", Random(9)).encode()
    found = find(bytes(64) + token + b"Next" + bytes(64))
    assert masked(found).covers([Span(64, 64 + len(token))])
    assert {finding.confidence for finding in found} == {Confidence.LOW}


@pytest.mark.parametrize("before", [b"x", b"xy", b"_"])
def test_a_beginning_within_a_word_is_no_token(find: Callable[[bytes], list[Finding]], before: bytes) -> None:
    token = generate(r"hf_\w{33}\d", Random(10)).encode()
    assert not find(bytes(64) + before + token + bytes(64))
