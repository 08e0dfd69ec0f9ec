"""Values of secret columns in what databases answer: the structures are those of the protocols' documentation."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from der_material import find_all, mask
from hypothesis import given
from hypothesis import strategies as st

from dumpscrub.detectors import resultrows
from dumpscrub.rules.load import load_rules

DETECTOR = resultrows.build(next(rule for rule in load_rules().rules if rule.detector in resultrows.NAMES))
Row = Sequence[str | None]
COLUMNS = ("id", "login", "password", "mail", "api_token")
ROWS: tuple[Row, ...] = (
    ("1", "ann", "kade-7Xw9-zopi", "a@example.org", "81f1a74d2ea6149d2983ef87481e2713"),
    ("2", "bob", None, "b@example.org", None),
    ("3", "eve", "mobu-4Qp1-ferila", None, ""),
)
SECRETS = ["kade-7Xw9-zopi", "mobu-4Qp1-ferila", "81f1a74d2ea6149d2983ef87481e2713"]


def postgres(columns: Sequence[str], rows: Sequence[Row]) -> bytes:
    head = b"".join(
        name.encode() + b"\0" + bytes(6) + (25).to_bytes(4, "big") + b"\xff" * 6 + bytes(2) for name in columns
    )
    answer = message(b"T", len(columns).to_bytes(2, "big") + head)
    for row in rows:
        texts = (b"\xff" * 4 if text is None else len(text).to_bytes(4, "big") + text.encode() for text in row)
        answer += message(b"D", len(row).to_bytes(2, "big") + b"".join(texts))
    return answer + message(b"C", b"SELECT 3\0") + message(b"Z", b"I")


def message(kind: bytes, body: bytes) -> bytes:
    return kind + (len(body) + 4).to_bytes(4, "big") + body


def mysql(columns: Sequence[str], rows: Sequence[Row], *, ends: bool = True) -> bytes:
    about = b"\x0c\x21\x00\xfc\x03\x00\x00\xfd\x00\x00\x00\x00\x00"
    bodies = [bytes((len(columns),))]
    for name in columns:
        texts = (counted(text.encode()) for text in ("def", "shop", "users", "users", name, name))
        bodies.append(b"".join(texts) + about)
    bodies += [b"\xfe\x00\x00\x22\x00"] if ends else []
    bodies += [b"".join(b"\xfb" if text is None else counted(text.encode()) for text in row) for row in rows]
    bodies.append(b"\xfe\x00\x00\x22\x00")
    packets = (len(body).to_bytes(3, "little") + bytes((number % 256,)) + body for number, body in enumerate(bodies, 1))
    return b"".join(packets)


def counted(text: bytes) -> bytes:
    return (bytes((len(text),)) if len(text) < 251 else b"\xfc" + len(text).to_bytes(2, "little")) + text


def without_ends(columns: Sequence[str], rows: Sequence[Row]) -> bytes:
    return mysql(columns, rows, ends=False)


ANSWERS = pytest.mark.parametrize("answer", [postgres, mysql, without_ends])
Answer = Callable[[Sequence[str], Sequence[Row]], bytes]


def marked(data: bytes) -> list[str]:
    found = [each for each in find_all(DETECTOR, bytes(64) + data + bytes(64)) if not each.match.suppressed]
    return list(dict.fromkeys(part.decode() for each in found for part in each.marked))


@ANSWERS
def test_values_of_secret_columns(answer: Answer) -> None:
    assert marked(answer(COLUMNS, ROWS)) == SECRETS


@ANSWERS
def test_long_values(answer: Answer) -> None:
    assert marked(answer(("id", "private_token"), [("1", "aB3" * 300)])) == ["aB3" * 300]


@ANSWERS
def test_columns_are_known_where_the_beginning_is_overwritten(answer: Answer) -> None:
    data = answer(COLUMNS, ROWS)
    at = data.index(b"api_token") - 4
    whole = data.rfind(b"\x03def", 0, data.rindex(b"api_token")) - 4 if answer is not postgres else at
    assert marked(bytes(whole) + data[whole:]) == ["81f1a74d2ea6149d2983ef87481e2713"]


@ANSWERS
def test_rows_end_where_one_does_not_fit(answer: Answer) -> None:
    data = bytearray(answer(("id", "password"), [("1", f"kade-7Xw{number}-zopi") for number in range(3)]))
    at = data.index(b"kade-7Xw1") - 1
    data[at] += 1
    assert marked(bytes(data)) == ["kade-7Xw0-zopi"]


@ANSWERS
@pytest.mark.parametrize("columns", [("id", "password_count"), ("id", "mail")])
def test_other_columns_stay(answer: Answer, columns: tuple[str, str]) -> None:
    assert marked(answer(columns, [("1", "kade-7Xw9-zopi")])) == []


@ANSWERS
def test_a_masked_answer_has_nothing_left_to_find(answer: Answer) -> None:
    data = answer(COLUMNS, ROWS)
    masked = mask(data, find_all(DETECTOR, data))
    assert all(secret.encode() not in masked for secret in SECRETS)
    assert find_all(DETECTOR, masked) == []


@ANSWERS
def test_an_answer_that_is_cut_anywhere(answer: Answer) -> None:
    data = answer(COLUMNS, ROWS)
    for end in range(data.index(b"password"), len(data)):
        at = data.index(b"password")
        assert all(0 <= start < stop <= end for start, stop in resultrows.find(data[:end], at))


@given(st.binary(max_size=200), st.integers(0, 200))
def test_any_bytes_are_read_without_fault(data: bytes, at: int) -> None:
    text = data[:at] + b"password\0" + bytes(18) + b"D" + data[at:]
    places = list(resultrows.find(text, min(at, len(data))))
    assert all(0 <= start < end <= len(text) for start, end in places)


def test_many_columns_and_rows_take_no_time() -> None:
    head = b"password\0" + bytes(18)
    assert list(resultrows.find(head * 1000 + b"D" + bytes(9000), 0)) == []
    assert len(list(resultrows.find(head + message(b"D", b"\0\1\0\0\0\1x") * 5000, 0))) == resultrows._MOST_ROWS
