"""A line of a family is an ordinary rule, whose own examples it finds."""

from __future__ import annotations

import base64
import json
import struct
from random import Random

import pytest

from dumpscrub.detectors import build_detectors
from dumpscrub.errors import RuleError
from dumpscrub.layout import LayoutBuilder, RegionKind
from dumpscrub.model import Confidence, Dump
from dumpscrub.rulecheck import check_rules
from dumpscrub.rules.examples import generate
from dumpscrub.rules.load import parse
from dumpscrub.rules.schema import Action, Boundary, Rule, RuleSet
from dumpscrub.scanner import Scan, Scanner
from dumpscrub.search.finder import Search
from dumpscrub.source import BytesSource

PREFIXED = r"""
[[family]]
kind = "prefixed"
categories = ["token", "forge"]
references = ["https://example.org/tokens"]
action = "report"
members = [
  { id = "forge-token", name = "Forge token", value = 'frg-[\w_-]{20,22}' },
  { id = "acme-key", name = "Acme key", value = [
    'acme_live_[a-f0-9]{32}', 'acme_t_\d{8}'], categories = ["api-key"], action = "mask" },
  { id = "short-key", name = "Short key", value = 'k3y[a-f0-9]{16,20}', boundary = "both", confidence = "low" },
  { id = "nested", name = "Nested beginnings", value = ['abc_\d{6}', 'abc_d_\d{10}', 'abc_d_e_\d{16}'] },
]
"""
NAMED = r"""
[[family]]
kind = "named"
categories = ["api-key"]
references = ["https://example.org/api"]
members = [
  { id = "watch-key", name = "Watchful key", words = [
    "Watchful", "wf_api_key", "watchful-api"], value = '[a-f0-9]{32}' },
  { id = "cloud-secret", name = "Cloud secret", words = ["foocloud"], with = ["secret", "key"], value = '\w{40}' },
  { id = "bar-key", name = "Bar key", words = ["barbase"], with = "credential", value = [
    '[\w+/]{43}=', '[\w-]{20,24}'] },
  { id = "sign-key", name = "Key with signs", words = ["signwise"], value = '[\w%&!]{29}' },
  { id = "long-key", name = "Long key", words = ["longwinded"], value = '[\w.-]{200,1400}' },
]
"""
HEX = generate("[a-f0-9]{32}", Random(5))
SECRET = generate(r"\w{40}", Random(5))


def rules(text: str) -> dict[str, Rule]:
    return {rule.id: rule for rule in parse(text, "ours.toml")}


def scanned(text: str, data: bytes) -> Scan:
    builder = LayoutBuilder(len(data))
    builder.add(0, len(data), RegionKind.MEMORY, "text", 1 << 32)
    scanner = Scanner(build_detectors(RuleSet(parse(text, "ours.toml"))), Search("re2"))
    return scanner.scan(Dump("raw", BytesSource(data), builder.build()))


def found_in(text: str, data: bytes) -> list[bytes]:
    return [data[slice(f.spans[0].start, f.spans[-1].end)] for f in scanned(text, data).findings]


@pytest.mark.parametrize("text", [PREFIXED, NAMED])
def test_the_members_pass_the_whole_check(text: str) -> None:
    assert [str(problem) for problem in check_rules(RuleSet(parse(text, "ours.toml")), "hyperscan")] == []


def test_a_prefixed_member_is_a_rule_with_its_beginning_as_anchor() -> None:
    rule = rules(PREFIXED)["forge-token"]
    assert (rule.anchors, rule.caseless, rule.boundary) == (("frg-",), False, Boundary.LEFT)
    assert rule.pattern == r"(?P<secret>frg\x2d[\x2d0-9A-Z_a-z]{20,22})"
    assert (rule.before, rule.after, rule.grows, rule.confidence) == (0, 27, False, Confidence.HIGH)
    assert (rule.categories, rule.action) == (("token", "forge"), Action.REPORT)
    assert rule.source == "ours.toml, family 1, forge-token"


def test_a_member_overrides_what_its_family_says() -> None:
    known = rules(PREFIXED)
    assert (known["acme-key"].categories, known["acme-key"].action) == (("api-key",), Action.MASK)
    assert known["acme-key"].anchors == ("acme_t_", "acme_live_")
    assert (known["short-key"].boundary, known["short-key"].confidence) == (Boundary.BOTH, Confidence.LOW)


def test_a_beginning_that_another_one_begins_with_is_no_anchor() -> None:
    assert rules(PREFIXED)["nested"].anchors == ("abc_",)


def test_a_recognised_beginning_counts_whatever_follows() -> None:
    token = generate(r"frg-\w{22}", Random(1)).encode()
    assert found_in(PREFIXED, b" " + token + b"tail") == [token]
    assert found_in(PREFIXED, b"x" + token) == [token]
    assert found_in(PREFIXED, b"xfrg-" + b"z" * 22) == []
    assert found_in(PREFIXED, b" k3y" + HEX[:20].encode() + b" k3y" + b"decade" * 3 + b"000") == [
        b"k3y" + HEX[:20].encode()
    ]


def test_a_word_that_holds_another_one_is_no_anchor() -> None:
    rule = rules(NAMED)["watch-key"]
    assert rule.anchors == ("watchful", "wf_api_key")
    assert (rule.caseless, rule.boundary, rule.validator, rule.grows) == (True, Boundary.NONE, "generated", False)


NOTATIONS = (
    '{"Watchful":{"apiKey":"@"}}',
    r'"{\"watchful\":\"@\"}"',
    r"{\u0022watchful\u0022:\u0022@\u0022}",
    "{&quot;watchful&quot;:&quot;@&quot;}",
    "%7B%22watchful%22%3A%22@%22%7D",
    "a=b&watchful%3D@&c=d",
    "https://x.example/?watchful=@&y=1",
    "<watchful>@</watchful>",
    '<add key="Watchful:ApiKey" value="@"/>',
    "<name>watchful.key</name>\r\n    <value>@</value>",
    "watchful:\n  api_key: @\n",
    "[watchful]\nkey = @\n",
    "X-Watchful-Key: @\r\n",
    "watchful.key=@\r\n",
    'var watchfulKey = "@";',
    "$env:WATCHFUL_KEY = '@'",
    "\0WATCHFUL_API_KEY=@\0HOME=/\0",
    "--watchful-key @ --verbose",
    '{"value":"@","name":"watchful_key"}',
    '<setting value="@" key="Watchful"/>',
    "WATCHFUL\0@\0",
)


@pytest.mark.parametrize("notation", NOTATIONS)
@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le"])
def test_the_value_is_found_in_every_notation(notation: str, codec: str) -> None:
    text = notation.replace("@", HEX).encode(codec)
    assert HEX.encode(codec) in found_in(NAMED, b"\0" * 64 + text + b"\0" * 64)


def dotnet(text: str) -> bytes:
    """A string on the heap of 64-bit .NET: header, method table, length, characters, terminator, padding."""
    data = bytes(4) + struct.pack("<IQI", 0, 0x7FFA12345678, len(text)) + text.encode("utf-16-le") + bytes(2)
    return data + bytes(-len(data) % 8)


def java(text: str) -> bytes:
    """An array of bytes on the heap of a Java VM with compressed pointers."""
    data = struct.pack("<QII", 1, 0x00001234, len(text)) + text.encode()
    return data + bytes(-len(data) % 8)


def python(text: str) -> bytes:
    """A string of CPython 3.11."""
    data = struct.pack("<QQQqIIQ", 2, 0x7F0012345678, len(text), -7234567890123, 0xE4, 0, 0) + text.encode() + bytes(1)
    return data + bytes(-len(data) % 16)


@pytest.mark.parametrize("place", [dotnet, java, python])
@pytest.mark.parametrize("name", ["WatchfulKey", "watchful.api.key", "watchful"])
def test_name_and_value_may_be_neighbours_on_a_heap(place: object, name: str) -> None:
    assert callable(place)
    codec = "utf-16-le" if place is dotnet else "utf-8"
    for order in ((name, HEX), (HEX, name)):
        data = bytes(256) + b"".join(map(place, order)) + bytes(64)
        assert found_in(NAMED, data) == [HEX.encode(codec)]


@pytest.mark.parametrize(
    "text",
    [
        "watchful " + "x" * 41 + f" {HEX}",
        f"watchful: {HEX}g",
        f"watchful: {HEX}_",
        f"watchful: {HEX * 3}",
        f"foocloud '{SECRET}'",
        f"secret = '{SECRET}'",
        f"{HEX}\nwatchful",
    ],
)
def test_another_value_stays(text: str) -> None:
    assert found_in(NAMED, text.encode()) == []


@pytest.mark.parametrize(
    "text", ["foocloud: @", "FOOCLOUD=@\0", '"foocloud" : "@"', "foocloud => '@'", "foocloud := `@`"]
)
def test_a_value_that_is_assigned_to_the_word_needs_no_second_one(text: str) -> None:
    assert found_in(NAMED, text.replace("@", SECRET).encode()) == [SECRET.encode()]


@pytest.mark.parametrize("text", ["foocloud @", "foocloud.id = @", "foocloud_id: @", 'foocloud(1, "@")'])
def test_a_value_near_the_word_alone_stays(text: str) -> None:
    assert found_in(NAMED, text.replace("@", SECRET).encode()) == []


def test_values_on_both_sides_of_a_word_count_at_once() -> None:
    other = HEX[::-1]
    data = json.dumps({"other": other, "watchful": HEX}).encode()
    assert sorted(found_in(NAMED, data)) == sorted([HEX.encode(), other.encode()])


@pytest.mark.parametrize("text", [f"watchful: key_{HEX}", f"watchful-key-{HEX}", f"watchful_{HEX}"])
def test_a_sign_that_the_value_cannot_hold_may_stand_before_it(text: str) -> None:
    assert found_in(NAMED, text.encode()) == [HEX.encode()]


def test_base64_is_taken_whole() -> None:
    value = base64.b64encode(Random(9).randbytes(32))
    assert found_in(NAMED, b'"barbase_key":"' + value + b'"') == [value]
    assert found_in(NAMED, b'"barbase_key":"AAAA/' + value + b'"') == []


def test_a_word_within_base64_says_nothing_of_what_stands_behind_it() -> None:
    assert found_in(NAMED, f"x1Qwatchfulx7Zq+{HEX}+Zx81".encode()) == []
    assert found_in(NAMED, f"x1Qwatchfulx7Zq={HEX};Zx81".encode()) == [HEX.encode()]


@pytest.mark.parametrize("run", [HEX + "a", HEX + HEX])
def test_a_longer_run_of_the_same_characters_counts_as_a_whole(run: str) -> None:
    assert found_in(NAMED, f"watchful-{run};".encode()) == [run.encode()]


@pytest.mark.parametrize("value", ["a" * 32, "ab" * 16])
def test_filler_is_suppressed_and_counted(value: str) -> None:
    scan = scanned(NAMED, f"watchful={value}".encode())
    assert (tuple(scan.findings), scan.suppressed) == ((), {"placeholder": 1})


@pytest.mark.parametrize("value", ["0123456789abcdef0123456789abcdef", "1234567890abcdef1234567890abcdef"])
def test_a_sequence_is_masked_but_not_looked_for_elsewhere(value: str) -> None:
    (finding,) = scanned(NAMED, f"watchful={value}".encode()).findings
    assert (finding.confidence, finding.values) == (Confidence.LOW, ())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            ('kind = "prefixed"', 'kind = "other"'),
            "ours.toml, family 1: the kind of a family is one of prefixed, named",
        ),
        (('action = "report"', 'actoin = "x"'), "ours.toml, family 1: unknown key 'actoin': the keys are"),
        (('boundary = "both"', "before = 3"), "ours.toml, family 1, short-key: unknown key 'before': the keys are"),
        (('boundary = "both"', 'words = ["x"]'), "ours.toml, family 1, short-key: unknown key 'words'"),
        (('boundary = "both"', 'boundary = "up"'), "ours.toml, family 1, short-key, boundary: one of none, left,"),
        (
            ("'frg-[", "'fr[-_]["),
            "family 1, forge-token, value: each alternative begins with at least 3 literal characters",
        ),
        (("20,22}", "20,}"), "family 1, forge-token, value: an expression cannot be read"),
        (("{20,22}", "+"), r"forge-token, value: '+' is no operator of an expression: write \+ for the character"),
        (("frg-", r"frg\s"), r"forge-token, value: \s is unknown: an expression has \d and \w"),
        (("[a-f0-9]{32}", "[^a]{32}"), "acme-key, value: a class of an expression names what it holds"),
        (("[a-f0-9]{32}", "[é]{32}"), r"acme-key, value: '[\xe9]' holds no character, or one that is not printable"),
        (("[a-f0-9]{32}", "[z-a]{32}"), "acme-key, value: '[z-a]' holds no character"),
        (("frg-", ">>>-"), "forge-token, value: a value with >> or ~>"),
        (('id = "nested", ', ""), "ours.toml, family 1, member 4: the key 'id' is missing"),
        (('id = "nested"', 'id = "acme-key"'), "two rules have the id acme-key"),
        (("value = 'frg-[\\w_-]{20,22}'", "value = []"), "forge-token, value: text that is not empty is expected"),
    ],
)
def test_a_broken_member_is_one_clear_line(change: tuple[str, str], message: str) -> None:
    assert change[0] in PREFIXED
    with pytest.raises(RuleError) as caught:
        parse(PREFIXED.replace(*change), "ours.toml")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('"foocloud"', '"foo"'), "cloud-secret, words: 'foo' has fewer than 4 characters, or others than letters"),
        (('"foocloud"', '"foo\\u0000cloud"'), "cloud-secret, words: 'foo\\x00cloud' has fewer than 4 characters, or"),
        (('words = ["foocloud"], ', ""), "cloud-secret, words: text that is not empty is expected"),
        (('"credential"', '"credentials"'), "bar-key, with: a list of words is expected, or one of credential"),
        (('with = "credential"', 'boundary = "left"'), "bar-key: unknown key 'boundary'"),
    ],
)
def test_a_broken_named_member_is_one_clear_line(change: tuple[str, str], message: str) -> None:
    assert change[0] in NAMED
    with pytest.raises(RuleError) as caught:
        parse(NAMED.replace(*change), "ours.toml")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("family = 3", "ours.toml: a family is a table: write [[family]]"),
        ("family = [3]", "ours.toml, family 1: the kind of a family is one of"),
        ('[[family]]\nkind = "named"', "ours.toml, family 1: members is a list of tables, one for each rule"),
        ('[[family]]\nkind = "named"\nmembers = [3]', "ours.toml, family 1, member 1: a member is a table"),
    ],
)
def test_a_family_is_a_table_with_members(text: str, message: str) -> None:
    with pytest.raises(RuleError) as caught:
        parse(text, "ours.toml")
    assert str(caught.value).startswith(message)


def test_a_placeholder_behind_the_word_does_not_hide_the_value_before_it() -> None:
    text = f'{{"value":"{HEX}","name":"watchful"}},{{"next":"{"ab" * 16}"}}'.encode()
    assert HEX.encode() in found_in(NAMED, text)
