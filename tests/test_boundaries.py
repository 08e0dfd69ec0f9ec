"""What touches a token in memory: bytes that are none of it and yet read as letters."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from dumpscrub.formats.raw import Raw
from dumpscrub.model import Confidence, Finding
from dumpscrub.policy import load_policy
from dumpscrub.redaction import Redaction
from dumpscrub.rules.examples import expand, generate
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


# The wire format of Protocol Buffers (fields 6 to 15), CBOR, MessagePack, Python's marshal, and strings of Pascal: what
# stands before a length may read as a letter as well.
BEFORE_LENGTHS = [
    b"2",
    b"B",
    b"J",
    b"R",
    b"Z",
    b"b",
    b"j",
    b"r",
    b"z",
    b"\x05hellob",
    b"cabcx",
    b"\xd9",
    b"idz",
    b"\x03abc",
]


@pytest.mark.parametrize(("form", "length"), TOKENS)
@pytest.mark.parametrize("before", BEFORE_LENGTHS)
def test_a_length_that_reads_as_a_letter_behind_another_one(
    find: Callable[[bytes], list[Finding]], form: str, length: str, before: bytes
) -> None:
    token = generate(form, Random(11)).encode()
    head = bytes(64) + before + length.encode()
    assert masked(find(head + token + b"\x12\x03abc")).covers([Span(len(head), len(head) + len(token))])


@pytest.mark.parametrize("field", [b"B0" + b"Ab3dEf7h" * 6, b"z5" + b"abcdefgh" * 6 + b"abcde"])
def test_text_of_its_own_kind_behind_a_token_of_any_length(
    find: Callable[[bytes], list[Finding]], field: bytes
) -> None:
    # A message whose next field is a text as well: nothing but the length says where the token ends.
    token = generate(r"xai-\w{79}\d", Random(12)).encode()
    head = bytes(64) + b"\n" + bytes([len(token)])
    assert masked(find(head + token + field + bytes(64))).covers([Span(len(head), len(head) + len(token))])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le"])
@pytest.mark.parametrize(
    "before",
    ["x", "_", "A", "7", "goroutine stack exceedsinvalid", "alice2024", "2f2504e0-4f89-11d3-9a0c-0305e82c3301"],
)
def test_a_token_behind_a_letter_is_masked_where_it_stands(
    find: Callable[[bytes], list[Finding]], before: str, encoding: str
) -> None:
    # Tables of strings of Go, rows of databases and fields with lengths elsewhere have nothing between two texts.
    token = generate(r"npm_\w{16}\d\w{18}\d", Random(13))
    head = bytes(64) + before.encode(encoding)
    found = find(head + token.encode(encoding) + bytes(64))
    # The first byte of UTF-16BE is a zero, which is no part of the secret when it is read as UTF-16LE.
    start = len(head) + encoding.endswith("be")
    assert masked(found).covers([Span(start, len(head) + len(token.encode(encoding)))])
    assert {finding.confidence for finding in found} == {Confidence.LOW}
    assert not any(finding.values for finding in found)


def test_tokens_that_follow_each_other(find: Callable[[bytes], list[Finding]]) -> None:
    tokens = b"".join(generate(r"npm_\w{16}\d\w{18}\d", Random(seed)).encode() for seed in range(4))
    assert masked(find(bytes(64) + tokens + bytes(64))).covers([Span(64, 64 + len(tokens))])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
@pytest.mark.parametrize(
    "before",
    [r"\n", r"\t", r"\r", r"{\u0022key\u0022:\u0022", r"\x0a", r"\012", "q=%0A", "q=%3D", "\x1b[0m", "\x1b[1;32m"],
)
def test_what_an_escape_ends_with_is_no_part_of_a_word(
    find: Callable[[bytes], list[Finding]], before: str, encoding: str
) -> None:
    token = generate(r"sk-\d[0-9a-f]{14}\d[0-9a-f]{15}\d", Random(14))
    head = bytes(64) + f"line{before}".encode(encoding)
    found = find(head + token.encode(encoding) + r"\n".encode(encoding) + bytes(64))
    assert masked(found).covers([Span(len(head), len(head) + len(token.encode(encoding)))])
    assert max(finding.confidence for finding in found) is Confidence.HIGH


@pytest.mark.parametrize("behind", [b"J", b"Next", b"2\x05"])
def test_a_value_with_its_name_that_letters_follow(find: Callable[[bytes], list[Finding]], behind: bytes) -> None:
    name, token = b"X-Amz-Signature=", generate("[0-9a-f]{63}\\d", Random(15)).encode()
    found = find(bytes(64) + name + token + behind + bytes(64))
    assert masked(found).covers([Span(64 + len(name), 64 + len(name) + len(token))])


@pytest.mark.parametrize(
    "text",
    [
        "ta<~sk-[0-9a-f]{31}\\d~>",
        "trac<~ck_[0-9a-f]{39}\\d~>",
        "my_cache_<~key_[0-9a-f]{27}\\d~>",
        "der2slh_dsa_i<~nfo_~>der2slh_dsa_sha2_128s_does_selectionPrivateKeyInfo",
        "_ZN8pybind116detail22all_type_i<~nfo_~>populateEP11_typeobjectRSt6vectorIPNS0_9type_infoESaIS5_EE",
        "verify16extens<~ion_~>policy13PyCriticalityEE10initializeNCINvNtNtBU_4sync9once_lock30try_init",
        "_ZN4node24MakeLibuvRequestCallbackI16uv_getnamei<~nfo_~>sPFvPS1_iPKcS4_EE3ForEPNS_7ReqWrapIS1_EES6_E20er",
        "_ZNSt17_Funct<~ion_~>handlerIFvvEZN2v84base8CallOnceIJEvEEvPSt6atomicIhEDpOT_EUlvE_EESt9_Any_data",
        "_ZNSt23_Sp_counted_<~ptr_~>inplaceIN4node10MapKVStoreESaIS1_ELN9__gnu_cxx12_Lock_policyE2EE10_M_disposeEv",
        "_<~phc_~>encodedphc_encodedArgon2iX963KDFalgorithmsharedinfobackendConcatKDF",
        "aG9sZGVyIG9m4k9RbG<~EXO~>4k9RbGhd7Kf02hLmPq81Zx",
        "BR<~AKC~>ETBLACKBRACKETTUG2PAPEIGHTHCONTAININGSQUAREBYZANTINEDIGORGONPARESTIGMENONARISTERAKATOA",
    ],
)
def test_a_beginning_within_a_word_or_data_is_no_token(find: Callable[[bytes], list[Finding]], text: str) -> None:
    assert not find(bytes(64) + expand(text, 16).text.encode() + bytes(64))
