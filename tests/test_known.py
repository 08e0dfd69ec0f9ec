from __future__ import annotations

import base64
import io
import json
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dumpscrub import known
from dumpscrub.errors import KnownValuesError
from dumpscrub.known import KnownValues, load
from dumpscrub.model import SecretValue


def read(text: str | bytes) -> KnownValues:
    return load(io.BytesIO(text.encode() if isinstance(text, str) else text), "list.txt")


def texts(text: str | bytes) -> list[str]:
    return [value.data.decode() for value in read(text).values if not value.binary]


def binaries(text: str | bytes) -> list[bytes]:
    return [value.data for value in read(text).values if value.binary]


def message(text: str | bytes) -> str:
    with pytest.raises(KnownValuesError) as caught:
        read(text)
    error = caught.value
    assert error.__cause__ is None
    assert error.__context__ is None
    assert error.exit_code == 5
    return str(error)


def test_one_secret_a_line() -> None:
    loaded = read("Summer2024\n\n  correct horse battery \nzwölf7\nSummer2024\n")
    assert loaded == KnownValues(
        (SecretValue(b"Summer2024"), SecretValue(b"correct horse battery"), SecretValue("zwölf7".encode())), 0
    )


@pytest.mark.parametrize(
    "data",
    [
        b"Summer2024\r\nzw\xc3\xb6lf7\r\n",
        b"Summer2024\rzw\xc3\xb6lf7",
        b"\xef\xbb\xbfSummer2024\nzw\xc3\xb6lf7\n",
        b"\xff\xfe" + "Summer2024\r\nzwölf7\r\n".encode("utf-16-le"),
        b"\xfe\xff" + "Summer2024\r\nzwölf7".encode("utf-16-be"),
    ],
)
def test_line_ends_and_byte_order_marks(data: bytes) -> None:
    assert texts(data) == ["Summer2024", "zwölf7"]


def test_what_is_too_short_or_too_common_is_counted() -> None:
    loaded = read("abc\npassword\n12345\n********\nSummer2024\n")
    assert loaded == KnownValues((SecretValue(b"Summer2024"),), 4)


def test_comments_and_the_frame_of_a_pem_block_are_no_secrets() -> None:
    body = base64.b64encode(random.Random(1).randbytes(48)).decode()
    assert texts(f"# my list\n#Hash7tag\n-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n") == [
        "#Hash7tag",
        body,
    ]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("xK=9fLs2", ["xK=9fLs2", "9fLs2"]),
        ("password: Summer2024", ["password: Summer2024", "Summer2024"]),
        ("db password = Summer2024", ["db password = Summer2024", "Summer2024"]),
        ("user=Summer2024 # old", ["user=Summer2024 # old", "user=Summer2024", "Summer2024 # old", "Summer2024"]),
        ('"Summer2024",', ['"Summer2024",', "Summer2024"]),
        ("'Summer2024'", ["'Summer2024'", "Summer2024"]),
        ("c2VjcmV0MTIzNA==", ["c2VjcmV0MTIzNA=="]),
        ("postgres://u:p4ssw0rd@h/d?a=b", ["postgres://u:p4ssw0rd@h/d?a=b"]),
    ],
)
def test_a_line_that_also_reads_as_something_else_counts_as_both(line: str, expected: list[str]) -> None:
    assert texts(f"first7line\n{line}\n") == ["first7line", *expected]


def test_env_values_count_without_their_names() -> None:
    loaded = texts(
        "# database\n"
        "DB_PASSWORD=Summer2024\n"
        "export API_TOKEN='single $quoted'\n"
        'SMTP_PASSWORD="double \\"quoted\\"" # of the relay\n'
        "EMPTY=\n"
        "ConnectionStrings__Default=Server=db;Password=abc=def\n"
        "PLAIN=with7comment # or not\n"
        "#OLD_PASSWORD=Winter2023\n"
        "set WINDOWS_SECRET=Spring2022\n"
    )
    assert loaded == [
        "Summer2024",
        "'single $quoted'",
        "single $quoted",
        '"double \\"quoted\\"" # of the relay',
        'double \\"quoted\\"',
        "double \\",
        "Server=db;Password=abc=def",
        "with7comment # or not",
        "with7comment",
        "Winter2023",
        "Spring2022",
    ]


def test_env_values_over_several_lines() -> None:
    pem = "-----BEGIN KEY-----\nQUJDREVGRw==\n-----END KEY-----"
    assert pem in texts(f'SIGNING_KEY="{pem}"\nDB_PASSWORD=Summer2024\n')
    assert "Summer2024" in texts(f'SIGNING_KEY="{pem}"\nDB_PASSWORD=Summer2024\n')


def test_a_quote_that_is_never_closed_swallows_nothing() -> None:
    assert texts('DB_PASSWORD="Summer2024\nAPI_TOKEN=Winter2023\nAPP_SECRET="Spring2022\n') == [
        '"Summer2024',
        "Summer2024",
        "Winter2023",
        '"Spring2022',
        "Spring2022",
    ]


def test_keys_in_base64_are_no_env() -> None:
    rng = random.Random(2)
    keys = [base64.b64encode(rng.randbytes(16)).decode().replace("/", "x").replace("+", "y") for _ in range(4)]
    assert all(key.endswith("==") for key in keys)
    assert texts("\n".join(keys)) == keys


def test_a_lone_line_that_could_be_a_secret_as_a_whole_is_no_env() -> None:
    assert texts("aB3xx=9fLs2k") == ["aB3xx=9fLs2k", "9fLs2k"]
    assert texts("MFRGGZDFMZTWQ=") == ["MFRGGZDFMZTWQ="]


def test_json_gives_every_string() -> None:
    document = {
        "db": {"password": "Summer2024", "port": 5432},
        "keys": ["Winter2023", {"x": ["Spring2022"]}, None, True, ""],
    }
    loaded = read(json.dumps(document, indent=2))
    assert loaded == KnownValues(
        (SecretValue(b"Summer2024"), SecretValue(b"Winter2023"), SecretValue(b"Spring2022")), 0
    )
    assert texts('{"a": "Summer2024", "a": "Winter2023"}') == ["Summer2024", "Winter2023"]
    assert texts('["Summer\\u0032024"]\n["Winter2023"]\n') == ["Summer2024", "Winter2023"]


def test_exports_of_octopus_variables_give_the_sensitive_values_only() -> None:
    export = {
        "Id": "variableset-Projects-1",
        "Variables": [
            {"Name": "Db.Password", "Value": "Summer2024", "IsSensitive": True, "Type": "Sensitive"},
            {"Name": "Db.Server", "Value": "sql01.corp.example", "IsSensitive": False, "Type": "String"},
            {"Name": "Key", "Value": {"HasValue": True, "NewValue": "Winter2023"}, "IsSensitive": True},
        ],
    }
    assert texts(json.dumps(export)) == ["Summer2024", "Winter2023"]


def test_a_bracket_may_begin_a_password() -> None:
    assert texts("{x7$kk2\n[9]fLs2\n") == ["{x7$kk2", "[9]fLs2"]


def test_binary_values() -> None:
    data = random.Random(3).randbytes(24)
    encoded = base64.b64encode(data).decode()
    assert binaries(f"hex:{data.hex()}") == [data]
    assert binaries(f"hex: {data.hex('-').upper()}") == [data]
    assert binaries(f"base64:{encoded}\n") == [data]
    assert binaries(f"base64:{base64.urlsafe_b64encode(data).decode().rstrip('=')}") == [data]
    assert binaries(f"APP_KEY=base64:{encoded}") == [data]
    assert binaries(json.dumps({"key": f"base64:{encoded}"})) == [data]
    text = base64.b64encode(b"Summer2024").decode()
    assert read(f"base64:{text}").values[1:] == (SecretValue(b"Summer2024", binary=True), SecretValue(b"Summer2024"))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("", "list.txt: the list holds no values: write one secret a line"),
        ("\n# nothing\n", "list.txt: the list holds no values: write one secret a line"),
        ('{"port": 5432}', "list.txt: the list holds no values: write one secret a line"),
        ("Summer2024\nhex:12xz\n", "list.txt, line 2: hex: is followed by no valid hex: correct the line"),
        ("base64:?\n", "list.txt, line 1: base64: is followed by no valid base64: correct the line"),
        (
            '{\n "a": "Summer2024",\n "b": oops\n}',
            "list.txt, line 3: not valid JSON: correct it, or write one secret a line",
        ),
        ("{\n  key: Summer2024\n}", "list.txt, line 2: not valid JSON: correct it, or write one secret a line"),
        ("[" * 100_000, "list.txt, line 1: not valid JSON: correct it, or write one secret a line"),
        (b"Summer2024\nzw\xf6lf\n", "list.txt, line 2: this is no utf-8 text: save the list as UTF-8"),
        ("Summer2024".encode("utf-16-le"), "list.txt, line 1: this is no utf-8 text: save the list as UTF-8"),
        (b"\xff\xfea\0\n\0b", "list.txt, line 2: this is no utf-16-le text: save the list as UTF-8"),
        ("ok7line\n" + "x7" * 40_000, "list.txt, line 2: a value has at most 65536 characters: shorten it"),
    ],
)
def test_errors_name_the_line_and_not_what_it_says(data: str | bytes, expected: str) -> None:
    assert message(data) == expected


def test_a_list_may_not_be_endless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known, "LARGEST", 1 << 20)
    assert message("Summer2024\n" * 100_000) == "list.txt: the list has more than 1 MiB: split it"


def test_nothing_shows_the_values() -> None:
    loaded = replace(read("Summer2024"), ignored=3)
    assert "ummer" not in repr(loaded)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=("C", "Z")), min_size=6, max_size=20), min_size=1, max_size=5))
def test_no_line_is_lost(secrets: list[str]) -> None:
    secrets = [f"7{secret}" for secret in secrets]
    data = "\n".join(secrets)
    assert set(secrets) <= set(texts(data))
