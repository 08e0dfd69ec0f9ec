"""Which texts are the name of a secret and nothing else."""

from __future__ import annotations

import pytest

from dumpscrub.detectors import pairs
from dumpscrub.detectors.pairs import LONGEST, PairDetector, is_name, tells
from dumpscrub.layout import LayoutBuilder
from dumpscrub.model import Dump, Encoding
from dumpscrub.rules.load import load_rules
from dumpscrub.search.windows import window_at
from dumpscrub.source import BytesSource
from dumpscrub.span import Span


def subject() -> PairDetector:
    return pairs.build(next(rule for rule in load_rules().rules if rule.id == "password-pointed"))


def place(data: bytes, encoding: Encoding, at: int) -> Span | None:
    """Where the text stands around the hit at offset ``at``."""
    dump = Dump("raw", BytesSource(data), LayoutBuilder(len(data)).build())
    detector = subject()
    window = window_at(dump, at, encoding, detector.before, detector.after)
    assert detector.verify(window) == ()
    found = detector.place(window)
    return window.locate(*window.raw(*found))[0] if found else None


@pytest.mark.parametrize("encoding", [Encoding.UTF8, Encoding.UTF16LE])
@pytest.mark.parametrize("name", ["password", "Azure.Password", "Db Password 2", "--password"])
def test_a_text_that_ends_with_a_nul(encoding: Encoding, name: str) -> None:
    before, text = bytes(9 * encoding.unit), name.encode(encoding.codec)
    at = len(before) + (name.lower().index("passw")) * encoding.unit
    expected = Span(len(before), len(before) + len(text))
    assert place(before + text + bytes(20), encoding, at) == expected
    assert place(text + bytes(20), encoding, at - len(before)) == Span(0, len(text))


@pytest.mark.parametrize(
    "data", [b"password\xff\0", b"password", b"password\n\0", b"password" + b"x" * LONGEST + b"\0"]
)
def test_other_texts(data: bytes) -> None:
    assert place(data, Encoding.UTF8, 0) is None
    assert place(b"x" * LONGEST + data, Encoding.UTF8, LONGEST) is None


@pytest.mark.parametrize(
    ("name", "is_one", "is_telling"),
    [
        (b"password", True, True),
        (b"ApiKeys", True, True),
        (b"Octopus.Action[Deploy 1].Azure.Password", True, True),
        (b"ConnectionStrings:Default", True, True),
        (b"Main_Connection_String", True, True),
        (b"Secrets__Db", True, True),
        (b"certpassword", True, True),
        (b"db_pass", True, True),
        (b"password_db", True, False),
        (b"PasswordHasher", True, False),
        (b"password_file", False, False),
        (b"PublicKeyToken", False, True),
        (b"key", False, True),
        (b"user", False, False),
        (b"passwords are: a, b", False, False),
    ],
)
def test_names(name: bytes, is_one: bool, is_telling: bool) -> None:
    assert (is_name(name), tells(name)) == (is_one, is_telling)
