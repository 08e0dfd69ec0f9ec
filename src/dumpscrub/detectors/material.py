"""What the readers of keys and certificates give back, and the calls into ``cryptography`` that they share."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from cryptography.exceptions import InternalError, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import InvalidVersion

from dumpscrub.detectors.asn1 import Element
from dumpscrub.detectors.base import Match
from dumpscrub.model import Confidence, SecretValue

MOST_VALUE = 16 * 1024
"""Bytes of the longest structure that is swept for as a whole."""
_LEAST_VALUE = 16
_SAMPLE = 64
_FEW = 4
"""So few different bytes fill memory; no secret has only these."""
_REFUSALS = (ValueError, TypeError, UnsupportedAlgorithm, InternalError, InvalidVersion)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Material:
    """A key, certificate or store in the bytes ``[start, end)`` of a buffer; ``end`` may lie beyond it.

    ``segments`` are the index pairs that hold the secret; ``values`` and ``suppressed`` are those of a Match.
    """

    start: int
    end: int
    segments: tuple[tuple[int, int], ...]
    confidence: Confidence
    values: tuple[SecretValue, ...] = ()
    suppressed: str = ""

    def match(self) -> Match:
        """The same for a window whose raw bytes are the buffer."""
        return Match(self.segments, self.confidence, self.values, self.suppressed)


class Recogniser(Protocol):
    """Reads one class of material whose first byte is at ``start``; None where it is not there. Bounded."""

    def __call__(self, data: bytes, start: int) -> Material | None: ...


def attempt(parse: Callable[[], T]) -> T | None:
    """What ``parse``, a call into ``cryptography``, returns; None where it refuses its input.

    Warnings about odd input say nothing to the user. A panic of its Rust half derives from BaseException and cannot be
    imported; for a detector it is one more way to refuse.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return parse()
        except _REFUSALS:
            return None
        except BaseException as error:
            if type(error).__name__ != "PanicException":
                raise
            return None


def public_point(curve: ec.EllipticCurve, scalar: int) -> bytes | None:
    """The uncompressed point ``scalar * G`` of ``curve``; None for a number that is no private key."""
    loaded = attempt(lambda: ec.derive_private_key(scalar, curve))
    if loaded is None:
        return None
    numbers, size = loaded.public_key().public_numbers(), (curve.key_size + 7) // 8
    return b"\x04" + numbers.x.to_bytes(size, "big") + numbers.y.to_bytes(size, "big")


def is_blank(content: bytes) -> bool:
    """True where no secret can be: hardly any bytes that differ, or text only, as after a redaction."""
    return differ_in(content) <= min(_FEW, len(content) // 2) or (
        content.isascii() and content.decode("ascii").isprintable()
    )


def differ_in(content: bytes) -> int:
    """How many bytes of ``content`` differ; more than :data:`_FEW` are not counted to the end, which takes long."""
    differ = len(set(content[:_SAMPLE]))
    return differ if differ > _FEW else len(set(content))


def secret_segments(data: bytes, elements: Iterable[Element]) -> tuple[tuple[int, int], ...]:
    """The contents of ``elements``, as far as ``data`` holds them and they are not blank."""
    return tuple(
        (element.body, min(element.stop, len(data))) for element in elements if not is_blank(element.contents(data))
    )


class Part(Protocol):
    """A piece of a buffer: an element of ASN.1, a field."""

    def contents(self, data: bytes) -> bytes: ...

    def is_cut(self, data: bytes) -> bool: ...


def values_of(data: bytes, parts: Iterable[Part]) -> tuple[SecretValue, ...]:
    """The contents of the uncut ``parts`` without leading zeros, as values to sweep."""
    return _worth(part.contents(data).lstrip(b"\0") for part in parts if not part.is_cut(data))


def binary_values(data: bytes, elements: Iterable[Element], whole: Element | None = None) -> tuple[SecretValue, ...]:
    """The contents of the uncut ``elements`` without leading zeros, and the bytes of ``whole``, as values to sweep."""
    values = values_of(data, elements)
    if whole is not None and not whole.is_cut(data):
        return (*values, *_worth([data[whole.start : whole.end]], structure=True))
    return values


def _worth(contents: Iterable[bytes], *, structure: bool = False) -> tuple[SecretValue, ...]:
    return tuple(
        SecretValue(content, binary=True, structure=structure)
        for content in contents
        if _LEAST_VALUE <= len(content) <= MOST_VALUE
    )
