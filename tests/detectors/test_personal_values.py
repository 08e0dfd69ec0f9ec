"""Personal data by its text: checksums, addresses, and names that stand for nobody."""

from __future__ import annotations

from random import Random

import pytest

from dumpscrub.detectors.validators import VALIDATORS, Verdict
from dumpscrub.model import Confidence
from dumpscrub.rules.examples import generate

HIGH = Verdict(Confidence.HIGH)
LOW = Verdict(Confidence.LOW)
UNDECIDED = Verdict()
WRONG = Verdict(suppressed="checksum")


def made(expression: str) -> bytes:
    return generate(expression, Random(3)).encode()


def altered(number: bytes) -> bytes:
    """The same with another last digit."""
    return number[:-1] + (b"1" if number.endswith(b"0") else b"0")


CARD, GROUPED = made(r"@card:4\d{15}"), made(r"@card:5[1-5]\d{2} \d{4} \d{4} \d{4}")
ACCOUNT, SPACED = made(r"@iban:GB00[A-Z]{4}\d{14}"), made(r"@iban:DE00 \d{4} \d{4} \d{4} \d{4} \d{2}")


@pytest.mark.parametrize("name", ["luhn", "iban"])
def test_a_checksum_decides_alone_but_not_beside_a_name(name: str) -> None:
    for number in (CARD, GROUPED) if name == "luhn" else (ACCOUNT, SPACED, ACCOUNT.lower()):
        assert (VALIDATORS[name](number), VALIDATORS[f"named-{name}"](number)) == (HIGH, HIGH)
        wrong = altered(number)
        assert (VALIDATORS[name](wrong), VALIDATORS[f"named-{name}"](wrong)) == (WRONG, LOW)


@pytest.mark.parametrize("value", [b"", b"0", b"4" * 20, b"4x11", b"DE00"])
def test_what_is_no_number_at_all(value: bytes) -> None:
    assert (VALIDATORS["luhn"](value), VALIDATORS["iban"](value)) == (WRONG, WRONG)


@pytest.mark.parametrize(
    ("validator", "value", "reason"),
    [
        ("phone", b"+49 (0)30 901820", ""),
        ("phone", b"0301234", ""),
        ("phone", b"12345", "number"),
        ("phone", b"1234567890123456", "number"),
        ("phone", b"2024-01-31 10", "number"),
        ("phone", b"0000-0000", "placeholder"),
        ("ip-address", b"10.1.2.3", ""),
        ("ip-address", b"203.0.113.9", ""),
        ("ip-address", b"2001:db8::1", ""),
        ("ip-address", b"fe80::1ff:fe23:4567:890a", ""),
        ("ip-address", b"127.0.0.1", "number"),
        ("ip-address", b"::1", "number"),
        ("ip-address", b"10.0.0.0", "number"),
        ("ip-address", b"0.0.0.0", "number"),
        ("ip-address", b"255.255.255.255", "number"),
        ("ip-address", b"224.0.0.251", "number"),
        ("ip-address", b"10.1.2", "number"),
        ("ip-address", b"2010:01:02", "number"),
        ("ip-address", b"10.1.2.\xff", "number"),
        ("host-name", b"WEB01", ""),
        ("host-name", b"web01.corp.local", ""),
        ("host-name", b"LocalHost", "word"),
        ("host-name", b"8080", "number"),
        ("host-name", b"{host}", "placeholder"),
        ("user-name", b"jane.doe", ""),
        ("user-name", b"Jane Doe", ""),
        ("user-name", b"Public", "shared account"),
        ("user-name", b"All Users", "shared account"),
        ("user-name", b"{user}", "placeholder"),
    ],
)
def test_what_stands_for_nobody_is_suppressed(validator: str, value: bytes, reason: str) -> None:
    assert VALIDATORS[validator](value) == Verdict(suppressed=reason)
