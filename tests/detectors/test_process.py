from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dumpscrub.detectors import process
from dumpscrub.layout import LayoutBuilder, RegionKind
from dumpscrub.model import Confidence, Dump, Encoding, Field, FieldKind, Finding, Origin, SecretValue
from dumpscrub.operators import OPERATORS
from dumpscrub.pipeline import ROUNDS
from dumpscrub.rules.load import load_rules
from dumpscrub.rules.schema import Action, Rule, RuleSet
from dumpscrub.source import BytesSource
from dumpscrub.span import Span

RULES = RuleSet(
    (
        Rule(id="other", name="Other", categories=("password",)),
        Rule(id="env", name="Env", categories=("environment",), detector="process-environment"),
        Rule(id="args", name="Args", categories=("command-line",), detector="process-arguments", propagate=True),
    )
)
FIELDS = process.build(RULES)
ENVIRONMENT, COMMAND_LINE, ARGUMENTS = FieldKind.ENVIRONMENT, FieldKind.COMMAND_LINE, FieldKind.ARGUMENTS
TEXT = (Encoding.UTF8, Encoding.UTF16LE, Encoding.UTF16BE, Encoding.UTF32LE)


def dump_of(data: bytes, *fields: Field) -> Dump:
    builder = LayoutBuilder(len(data))
    builder.add(0, len(data), RegionKind.MEMORY, "memory", 0x1000)
    return Dump("raw", BytesSource(data), builder.build(), fields)


def one_field(kind: FieldKind, data: bytes, encoding: Encoding = Encoding.UTF8, *, cut: bool = False) -> Dump:
    return dump_of(data, Field(kind, encoding, (Span(0, len(data)),), cut))


def find_in(kind: FieldKind, text: str, *, cut: bool = False) -> tuple[Finding, ...]:
    return process.find(one_field(kind, text.encode(), cut=cut), FIELDS)


def found(kind: FieldKind, text: str) -> list[str]:
    """The text at each finding's place, which is its value too."""
    data = text.encode()
    secrets = []
    for finding in find_in(kind, text):
        (span,) = finding.spans
        assert finding.values == (SecretValue(data[span.start : span.end]),)
        secrets.append(data[span.start : span.end].decode())
    return secrets


def redacted(dump: Dump, data: bytes) -> bytes:
    result = bytearray(data)
    for finding in process.find(dump, FIELDS):
        phase = 0
        for span in finding.spans:
            result[span.start : span.end] = OPERATORS["mask"].replacement(len(span), finding.encoding, phase)
            phase += len(span)
    return bytes(result)


@pytest.mark.parametrize("encoding", TEXT)
def test_a_finding_in_full(encoding: Encoding) -> None:
    before, value = "PATH=/bin\0DB_PASSWORD=", "Sümmer2024"
    data = f"{before}{value}\0HOME=/\0\0".encode(encoding.codec)
    start = len(before.encode(encoding.codec))
    assert process.find(one_field(ENVIRONMENT, data, encoding), FIELDS) == (
        Finding(
            "env",
            "environment",
            (Span(start, start + len(value.encode(encoding.codec))),),
            encoding,
            Origin.DIRECT,
            Confidence.MEDIUM,
            Action.MASK.value,
        ),
    )
    (finding,) = process.find(one_field(ENVIRONMENT, data, encoding), FIELDS)
    assert finding.values == (SecretValue(value.encode()),)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("DB_PASSWORD=Summer2024\0", ["Summer2024"]),
        ("DB_PASSWORD=Summer2024", ["Summer2024"]),
        ("=C:=C:\\\0API_KEY=k7=x\0=Password=Summer2024\0", ["k7=x", "Summer2024"]),
        ("PWD=/srv\0OLDPWD=/srv\0MYSQL_PWD=Summer2024\0", ["Summer2024"]),
        ("Octopus__ApiKey=one two\0Path=C:\\\0clientSecret=  x7 \0", ["one two", "x7"]),
        ("DB_PASSWORD=\0TOKEN=**********\0SECRET=true\0API_KEY=0\0AUTH=None\0NOEQUALS\0", []),
        ("PASSWORD_FILE=/run/secrets/db\0SSH_AUTH_SOCK=/tmp/s\0", []),
        ("\0\0\0DB_PASSWORD=Summer2024\0\0\0", ["Summer2024"]),
    ],
)
def test_environment(text: str, expected: list[str]) -> None:
    assert found(ENVIRONMENT, text) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Server=db;User ID=app;Password=Summer2024;Encrypt=True", ["Summer2024"]),
        ("Server=db; Pwd = Summer2024 ;Encrypt=True", ["Summer2024"]),
        ('Password="a;b""c";Server=db', ['a;b""c']),
        ("Password='a;b';Server=db", ["a;b"]),
        ("Driver={SQL};PWD={a;b}", ["a;b"]),
        ('Server=db;Password="a b', ["a b"]),
        ("Endpoint=sb://x.example/;SharedAccessKeyName=root;SharedAccessKey=abc+def=", ["abc+def="]),
        ("AccountName=x;AccountKey=QUJD/w==;EndpointSuffix=example", ["QUJD/w=="]),
        ("Data Source=app.db", []),
        ("Server=db;Integrated Security=true", []),
        ("Server=db;Password=**********;Encrypt=True", []),
        ("jdbc:sqlserver://db:1433;user=app;password=Summer2024", ["Summer2024"]),
        ("redis:6379,password=Summer2024,ssl=True", ["Summer2024,ssl=True", "Summer2024"]),
        ("postgres://app:Summer@2024@db/x?a=b", ["Summer@2024"]),
        ("mongodb://app:**********@db/x", []),
        ("Summer2024==", ["Summer2024=="]),
        ("opaque", ["opaque"]),
    ],
)
def test_of_a_connection_string_the_credentials_count(value: str, expected: list[str]) -> None:
    for name in ("ConnectionStrings__Default", "DB_CONNECTION_STRING", "SQLCONNSTR_Main"):
        assert found(ENVIRONMENT, f"{name}={value}\0") == expected


ASSIGNED = [
    ("--password=Summer2024", ["Summer2024"]),
    ("-password=Summer2024", ["Summer2024"]),
    ("/password:Summer2024", ["Summer2024"]),
    ("/p:Password=Summer2024", ["Summer2024"]),
    ("-Dpassword=Summer2024", ["Summer2024"]),
    ("-Djavax.net.ssl.keyStorePassword=Summer2024", ["Summer2024"]),
    ("--Octopus:ApiKey=Summer2024", ["Summer2024"]),
    ("--variable=Password:Summer2024", ["Summer2024"]),
    ("--set=db.password=Summer2024", ["Summer2024"]),
    ("DB_PASSWORD=Summer2024", ["Summer2024"]),
    ("$env:DB_PASSWORD=Summer2024", ["Summer2024"]),
    ("--masterKey=QUJDRA==", ["QUJDRA=="]),
    ("--password=abc:d=e", ["abc:d=e"]),
    ("--ConnectionStrings:Default=Server=db;Password=Summer2024", ["Summer2024"]),
    ("--password-file=/run/x", []),
    ("--no-password=x", []),
    ("--user=admin", []),
    ("--url=https://token:x@host/", []),
    ("https://host/?token=x", []),
    ("C:\\token=x", []),
    ("--password=", []),
    ("--password=**********", []),
]


@pytest.mark.parametrize(("argument", "expected"), ASSIGNED)
def test_values_assigned_to_switches(argument: str, expected: list[str]) -> None:
    assert found(ARGUMENTS, f"app\0{argument}\0last\0") == expected
    assert found(COMMAND_LINE, f"app.exe {argument} last") == expected


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--password", "Summer2024", "x"], ["Summer2024"]),
        (["-Password", "Summer2024"], ["Summer2024"]),
        (["/apiKey", "Summer2024"], ["Summer2024"]),
        (["--Octopus:ApiKey", "Summer2024"], ["Summer2024"]),
        (["--password", "/Summer2024"], ["/Summer2024"]),
        (["/password", "/quiet", "--token", "--verbose", "x"], []),
        (["--password", "--token=Summer2024"], ["Summer2024"]),
        (["--token", "Summer2024", "--password", "Winter2023"], ["Summer2024", "Winter2023"]),
        (["--password"], []),
        (["--ask-pass", "x", "--password-stdin", "y", "--user", "z"], []),
        (["--connectionString", "Server=db;Password=Summer2024"], ["Summer2024"]),
    ],
)
def test_values_that_follow_a_switch(arguments: Sequence[str], expected: list[str]) -> None:
    assert found(ARGUMENTS, "\0".join(["app", *arguments, ""])) == expected
    assert found(COMMAND_LINE, " ".join(["app.exe", *arguments])) == expected


def test_an_empty_argument_is_a_value() -> None:
    assert found(ARGUMENTS, "app\0--password\0\0verbose\0") == []


def test_a_value_in_quotes_ends_with_them_whatever_signs_follow() -> None:
    statement = "sql\0-e\0select * from u where password='{}'; update u set token='{}', pin=\"{}\";\0"
    assert found(ARGUMENTS, statement.format("a-B7x;c", "k9-Zw2q", "a;")) == ["a-B7x;c", "k9-Zw2q", "a;"]
    assert found(COMMAND_LINE, "app --password='open;") == ["open;"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"C:\\Program Files\\app.exe" --password "one two" x', ["one two"]),
        ('app --password="one two" x', ["one two"]),
        ('app "--password=one two" x', ["one two"]),
        ('app --password="one \\"two\\" three" x', ['one \\"two\\" three']),
        ("app --password='one two' x", ["one two"]),
        ("app --password=it's x", ["it's"]),
        ('app --password=a"b c"d x', ['a"b c"d']),
        ('app --password="one two', ["one two"]),
        ('app "C:\\dir\\" --password Summer2024', ["Summer2024"]),
        ('cmd /c "app --password Summer2024 --token=k7x"', ["Summer2024", "k7x"]),
        ("app   --password\tSummer2024", ["Summer2024"]),
        ("", []),
        ('"', []),
    ],
)
def test_quotes_on_a_command_line(text: str, expected: list[str]) -> None:
    assert found(COMMAND_LINE, text) == expected


def test_a_command_line_in_an_argument() -> None:
    assert found(ARGUMENTS, "sh\0-c\0DB_PASSWORD=Summer2024 app --token 'k7 x' --v\0") == [
        "Summer2024 app --token 'k7 x' --v"
    ]
    assert found(ARGUMENTS, "sh\0-c\0exec app --token 'k7 x' --password=Summer2024 --v\0") == ["k7 x", "Summer2024"]


def test_a_value_that_is_cut_short_is_masked_but_not_swept() -> None:
    (finding,) = find_in(COMMAND_LINE, "app --password=Summ", cut=True)
    assert finding.spans == (Span(15, 19),)
    assert finding.values == ()
    (finding,) = find_in(COMMAND_LINE, 'app --password="one tw\0', cut=True)
    assert (finding.spans, finding.values) == ((Span(16, 22),), ())
    (finding,) = find_in(ENVIRONMENT, "A=b\0TOKEN=Summ", cut=True)
    assert (finding.spans, finding.values) == ((Span(10, 14),), ())


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (COMMAND_LINE, "app --password=Summer2024 --us"),
        (COMMAND_LINE, 'app --password="Summer2024"'),
        (ENVIRONMENT, "TOKEN=Summer2024\0PATH=/us"),
        (ENVIRONMENT, "TOKEN=Summer2024\0"),
        (ARGUMENTS, "app\0--token\0Summer2024\0--us"),
    ],
)
def test_whole_values_before_a_cut_are_swept(kind: FieldKind, text: str) -> None:
    (finding,) = find_in(kind, text, cut=True)
    assert finding.values == (SecretValue(b"Summer2024"),)


def test_a_field_that_the_file_splits_inside_a_code_unit() -> None:
    text = "A=b\0DB_PASSWORD=Summer2024\0".encode("utf-16-le")
    data = b"#" + text[37:] + b"####" + text[:37]
    spans = (Span(len(data) - 37, len(data)), Span(1, 1 + len(text) - 37))
    dump = dump_of(data, Field(ENVIRONMENT, Encoding.UTF16LE, spans))
    (finding,) = process.find(dump, FIELDS)
    assert finding.spans == (Span(len(data) - 5, len(data)), Span(1, 16))
    assert finding.values == (SecretValue(b"Summer2024"),)
    patched = redacted(dump, data)
    assert (patched[-37:] + patched[1 : 1 + len(text) - 37]).decode("utf-16-le") == "A=b\0DB_PASSWORD=**********\0"


def test_which_rule_a_finding_belongs_to() -> None:
    text = b"TOKEN=Summer2024\0"
    other = Rule(
        id="mine", name="Mine", categories=("c",), detector="process-environment", propagate=False, action=Action.REPORT
    )
    rules = process.build(RuleSet((other, *RULES.rules)))
    (finding,) = process.find(one_field(ENVIRONMENT, text), rules)
    assert (finding.rule, finding.category, finding.action, finding.values) == ("mine", "c", "report", ())
    assert process.find(one_field(ENVIRONMENT, text), {}) == ()
    assert process.find(one_field(FieldKind.REGISTERS, text), rules) == ()
    rules = process.build(RuleSet((other.with_action(Action.OFF), *RULES.rules)))
    assert {finding.rule for finding in process.find(one_field(ENVIRONMENT, text), rules)} == {"env"}


def test_the_pack_has_a_rule_for_each_kind_of_text() -> None:
    assert set(process.build(load_rules())) == {ENVIRONMENT, COMMAND_LINE, ARGUMENTS}


def test_what_lies_beyond_the_largest_field_counts_as_cut() -> None:
    data = b"A=b\0" * (process.LARGEST // 4 - 3) + b"TOKEN=Summer2024\0"
    (finding,) = process.find(one_field(ENVIRONMENT, data), FIELDS)
    assert finding.spans == (Span(process.LARGEST - 6, process.LARGEST),)
    assert finding.values == ()


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from((ENVIRONMENT, COMMAND_LINE, ARGUMENTS)),
    st.lists(
        st.sampled_from(
            [
                "--password",
                "TOKEN",
                "ConnectionString",
                "=",
                ":",
                " ",
                '"',
                "'",
                "\\",
                "\0",
                ";",
                ",",
                "Pwd=",
                "x7",
                "/",
                "-",
                "{",
                "}",
                "@",
            ]
        ),
        max_size=30,
    ).map("".join),
    st.sampled_from(TEXT),
)
@example(FieldKind.COMMAND_LINE, 'Pwd=""--password --password', Encoding.UTF8)
def test_what_is_redacted_is_not_found_again_within_the_rounds_of_a_run(
    kind: FieldKind, text: str, encoding: Encoding
) -> None:
    data = text.encode(encoding.codec)
    for _ in range(ROUNDS):
        once = redacted(one_field(kind, data, encoding), data)
        assert len(once) == len(data)
        data = once
    assert process.find(one_field(kind, data, encoding), FIELDS) == ()


@pytest.mark.parametrize(
    "unit",
    [
        b"a=\0",
        b"TOKEN=x7\0",
        b'"',
        b'\\"',
        b"--password ",
        b"--password '",
        b'x"\\',
        b"=",
        b"ConnectionString=" * 2,
        b';Pwd="',
        b"'x ",
    ],
)
@pytest.mark.parametrize("kind", [ENVIRONMENT, COMMAND_LINE, ARGUMENTS])
def test_a_hostile_field_comes_to_an_end(kind: FieldKind, unit: bytes) -> None:
    data = b"ConnectionString=" + unit * (process.LARGEST // 16 // len(unit))
    for finding in process.find(one_field(kind, data), FIELDS):
        assert all(span.end <= len(data) for span in finding.spans)
