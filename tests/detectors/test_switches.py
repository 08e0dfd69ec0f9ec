"""Values in the string of .NET behind the one that holds a switch: lengths and the class decide."""

from __future__ import annotations

import pytest
from der_material import find_all, mask
from hypothesis import given
from hypothesis import strategies as st

from dumpscrub.detectors import switches
from dumpscrub.model import SecretValue
from dumpscrub.rules.load import load_rules

SECRET = "kade-7Xw9-zopi"
SUBJECT = switches.build(next(each for each in load_rules().rules if each.id == "dotnet-switch"))


def string(text: str, kind: int = 0x7F4C_0123_4560) -> bytes:
    """A string of .NET: class, length, characters and a zero, and the word before the next object's class."""
    data = kind.to_bytes(8, "little") + len(text).to_bytes(4, "little") + text.encode("utf-16-le") + bytes(2)
    return data.ljust(-(-len(data) // 8) * 8, b"\0") + bytes(8)


def marked(data: bytes) -> list[str]:
    found = find_all(SUBJECT, bytes(64) + data + bytes(64))
    return [part.decode("utf-16-le") for each in found if not each.match.suppressed for part in each.marked]


@pytest.mark.parametrize("switch", ["--password", "-dbpassword", "--client-secret", "-apikey", "--db.pwd"])
@pytest.mark.parametrize("value", [SECRET, "Pä7-ßwörd Ж9", f'"{SECRET}"'])
def test_a_value_in_the_next_string(switch: str, value: str) -> None:
    data = string("-u") + string("sa") + string(switch) + string(value) + string("--verbose")
    assert set(marked(data)) == {value.strip('"')}


def test_the_value_is_swept_for() -> None:
    data = bytes(8) + string("--password") + string(SECRET) + bytes(8)
    (found,) = find_all(SUBJECT, data)
    assert found.match.values == (SecretValue(SECRET.encode()),)
    assert find_all(SUBJECT, mask(data, [found])) == []


@pytest.mark.parametrize(
    "data",
    [
        string("password") + string(SECRET),
        string("--password") + string("--user2-name"),
        string("--password") + string("verbose"),
        string("--password-file") + string(SECRET),
        string("--password") + string(SECRET, kind=0x7F4C_0123_4568),
        string("--password") + bytes(8) + string(SECRET),
        string("the --password") + string(SECRET),
        string("--password")[:-8],
        "--password".encode("utf-16-le") + bytes(8) + string(SECRET),
    ],
)
def test_what_is_no_switch_and_its_value(data: bytes) -> None:
    assert marked(data) == []


@given(st.binary(max_size=120), st.integers(0, 200))
def test_any_bytes_are_read_without_fault(data: bytes, at: int) -> None:
    text = data[:60] + "--password".encode("utf-16-le") + data[60:]
    place = switches.find(text, min(at, len(text)))
    assert place is None or 0 <= place[0] < place[1] <= len(text)
