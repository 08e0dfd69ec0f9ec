from __future__ import annotations

import warnings
from typing import NoReturn

import pytest

from dumpscrub.detectors.asn1 import read
from dumpscrub.detectors.material import attempt, binary_values, is_blank, secret_segments


class PanicException(BaseException):
    """As the Rust half of ``cryptography`` raises it."""


def refuse(error: BaseException) -> NoReturn:
    raise error


def test_refusals_and_panics_are_no_result() -> None:
    assert attempt(lambda: refuse(ValueError())) is None
    assert attempt(lambda: refuse(TypeError())) is None
    assert attempt(lambda: refuse(PanicException())) is None
    assert attempt(lambda: 5) == 5


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, MemoryError, KeyError])
def test_everything_else_goes_on(error: type[BaseException]) -> None:
    with pytest.raises(error):
        attempt(lambda: refuse(error()))


def test_warnings_are_kept_quiet() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert attempt(lambda: warnings.warn("odd", UserWarning, stacklevel=1)) is None


def test_blank_contents() -> None:
    for content in (b"", b"*" * 32, bytes(64), b"[redacted:private-key:0001]", b"\x2a\x00" * 16):
        assert is_blank(content)
    for content in (b"\x80", bytes(range(200, 232)), b"some text\x00 with binary\xff"):
        assert not is_blank(content)


def test_segments_end_where_the_buffer_does() -> None:
    data = b"\x04\x20" + bytes(range(1, 20))
    element = read(data, 0)
    assert element is not None
    assert secret_segments(data, [element]) == ((2, 21),)
    assert binary_values(data, [element]) == ()


def test_values_lose_leading_zeros_and_have_a_least_length() -> None:
    data = b"\x02\x14" + bytes(2) + bytes(range(1, 19)) + b"\x02\x04\x01\x02\x03\x04"
    first = read(data, 0)
    second = read(data, 22)
    assert first is not None
    assert second is not None
    assert [value.data for value in binary_values(data, [first, second])] == [bytes(range(1, 19))]
