"""Checksums: right for numbers made by the published formulas, wrong after any single slip of a digit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dumpscrub.checksums import iban, luhn


@given(st.text("0123456789", min_size=11, max_size=18), st.data())
def test_luhn_notices_each_wrong_digit(body: str, data: st.DataObject) -> None:
    number = body + str(-luhn(body + "0") % 10)
    assert luhn(number) == 0
    at = data.draw(st.integers(0, len(number) - 1))
    other = data.draw(st.sampled_from(sorted(set("0123456789") - {number[at]})))
    assert luhn(number[:at] + other + number[at + 1 :]) != 0


@given(st.text("0123456789ABCXYZ", min_size=11, max_size=30), st.data())
def test_mod_97_notices_each_wrong_digit(body: str, data: st.DataObject) -> None:
    account = f"DE{98 - iban('DE00' + body):02}{body}"
    assert iban(account) == iban(account.lower()) == 1
    digits = [index for index, character in enumerate(account) if character.isdigit()]
    at = data.draw(st.sampled_from(digits))
    other = data.draw(st.sampled_from(sorted(set("0123456789") - {account[at]})))
    assert iban(account[:at] + other + account[at + 1 :]) != 1
