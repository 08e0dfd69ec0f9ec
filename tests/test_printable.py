"""Names that a terminal would act on."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dumpscrub.printable import printable


def test_what_a_terminal_would_act_on_is_escaped() -> None:
    assert printable("a\x1b[2J\r\n\x9b\x7f\u202e\u2028\udcff\x00b") == (
        "a\\x1b[2J\\r\\n\\x9b\\x7f\\u202e\\u2028\\udcff\\x00b"
    )


def test_ordinary_names_stay_as_they_are() -> None:
    assert printable("C:\\Dumps\\Größe 日本 'x'.dmp") == "C:\\Dumps\\Größe 日本 'x'.dmp"


@given(st.text(alphabet=st.characters(codec=None)))
def test_the_result_is_printable_and_encodable(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    shown.encode("utf-8")
    assert printable(shown) == shown
