"""Columns of tables whose heads say that they are secret."""

from __future__ import annotations

from random import Random

import pytest
from der_material import detector, find_all, mask

from dumpscrub.model import Encoding

NAME = "secret-column"
ENCODINGS = (Encoding.UTF8, Encoding.UTF16LE)


def marked(text: str, encoding: Encoding = Encoding.UTF8) -> list[str]:
    """What is found in ``text`` between zeros, each place once."""
    data = bytes(64) + text.encode(encoding.codec) + bytes(64)
    found = [each for each in find_all(detector(NAME), data) if each.encoding is encoding and not each.match.suppressed]
    return list(dict.fromkeys(part.decode(encoding.codec) for each in found for part in each.marked))


def secret(seed: int) -> str:
    return "".join(Random(seed).choices("abcdefghijkmnpqrstuvwxyz", k=9)) + str(seed)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_column_of_csv(encoding: Encoding, separator: str, end: str) -> None:
    rows = [["id", "user", "password", "mail"], *(["1", "ann", secret(seed), "a@example.org"] for seed in range(1, 40))]
    text = end.join(separator.join(row) for row in rows)
    assert marked(text, encoding) == [secret(seed) for seed in range(1, 40)]


def test_fields_in_quotes_hold_separators_and_doubled_quotes() -> None:
    text = f'"user","db password"\n"a, b","{secret(1)},x"\n"c","{secret(2)}""y"\n'
    assert marked(text) == [f"{secret(1)},x", f'{secret(2)}""y']


def test_a_table_ends_where_a_line_has_another_number_of_fields() -> None:
    text = f"user,password\nann,{secret(1)}\nan end of it\nbob,{secret(2)}\n"
    assert marked(text) == [secret(1)]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_values_of_an_insert(encoding: Encoding) -> None:
    text = (
        "insert into [dbo].`users` (`id`, `login`, passwd, mail) VALUES "
        f"(1, N'a''b', N'{secret(1)}', NULL), (2, now(3), '{secret(2)}', 'x');"
    )
    assert marked(text, encoding) == [secret(1), secret(2)]


@pytest.mark.parametrize(
    "text",
    [
        "def login(user,password):\nx = 1, 2\n",
        "user,password\n",
        "user,password\0ann,abcdefgh1\n",
        "password,required,true\nstring,null,password\n",
        "insert into users (name, mail) values ('ann', 'abcdefgh1')",
        "insert into users (name, password) select 'ann', 'abcdefgh1'",
        "insert into users (name, password) values (@name, @password)",
        "user,password,\n1,2\n",
    ],
)
def test_what_is_no_table_with_secrets(text: str) -> None:
    assert marked(text) == []


def test_a_masked_table_has_nothing_left_to_find() -> None:
    data = f"user,password\nann,{secret(1)}\nbob,{secret(2)}\n".encode()
    masked = mask(data, find_all(detector(NAME), data))
    assert secret(1).encode() not in masked
    assert find_all(detector(NAME), masked) == []


@pytest.mark.parametrize(
    "text", ["a,password\n" + '"' * 20000, "a,password\n" + "," * 20000, "a," * 9000 + "password\n"]
)
def test_hostile_tables_end(text: str) -> None:
    assert marked(text) == []
