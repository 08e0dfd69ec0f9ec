"""The bytes around a hit, in memory order, with an exact map back to the file.

A window is read from the dump's layout and not from the chunk that was searched, so that what a detector sees cannot
depend on the chunk size. Text is shown as bytes with one byte a code unit, aligned to the hit: index ``i`` of the text
is the code unit at raw index ``origin + i * unit``. Units above 0xFF read as 0xFF, so that a pattern written for
Latin-1 works on every encoding without a decoder that could fail half-way.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from dumpscrub.model import Dump, Encoding, SecretValue
from dumpscrub.source import Source, read
from dumpscrub.span import Span, in_order

_DTYPES = {Encoding.UTF16LE: "<u2", Encoding.UTF16BE: ">u2", Encoding.UTF32LE: "<u4"}


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """Raw bytes ``data`` at file ``spans`` (memory order), the hit at raw index ``hit``.

    ``at_start`` and ``at_end`` say that memory itself begins or ends there, rather than the window.
    """

    data: bytes = field(repr=False)
    spans: tuple[Span, ...]
    hit: int
    encoding: Encoding
    at_start: bool = False
    at_end: bool = False

    @property
    def unit(self) -> int:
        """Bytes of one code unit."""
        return self.encoding.unit

    @property
    def origin(self) -> int:
        """Raw index of the first whole code unit at the hit's parity."""
        return self.hit % self.unit

    @property
    def anchor(self) -> int:
        """Index in :meth:`text` where the hit begins."""
        return self.hit // self.unit

    def text(self) -> bytes:
        """The window with one byte a code unit."""
        return squeeze(self.data[self.origin :], self.encoding)

    def raw(self, start: int, end: int) -> tuple[int, int]:
        """Raw indices of the text indices ``[start, end)``."""
        return self.origin + start * self.unit, self.origin + end * self.unit

    def locate(self, start: int, end: int) -> tuple[Span, ...]:
        """The file spans of the raw bytes ``[start, end)``, in memory order."""
        found: list[Span] = []
        position = 0
        for span in self.spans:
            low, high = max(start, position), min(end, position + len(span))
            if low < high:
                found.append(Span(span.start + low - position, span.start + high - position))
            position += len(span)
        return tuple(found)

    def value(self, start: int, end: int) -> SecretValue:
        """The secret at the text indices ``[start, end)``, as UTF-8."""
        low, high = self.raw(start, end)
        return SecretValue(to_utf8(self.data[low:high], self.encoding))


def squeeze(data: bytes, encoding: Encoding) -> bytes:
    """One byte a code unit; units above 0xFF become 0xFF; a trailing part of a unit is dropped."""
    dtype = _DTYPES.get(encoding)
    if dtype is None:
        return data
    units = np.frombuffer(data, dtype, count=len(data) // encoding.unit)
    return bytes(np.minimum(units, 0xFF).astype(np.uint8).tobytes())


def to_utf8(data: bytes, encoding: Encoding) -> bytes:
    """The text in ``data`` as UTF-8. Bytes that are not valid UTF-8 are taken for Latin-1; lone surrogates for '?'."""
    if encoding in _DTYPES:
        return data.decode(encoding.codec, "replace").encode("utf-8", "replace")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1").encode("utf-8")
    return data


def read_spans(source: Source, spans: tuple[Span, ...]) -> bytes:
    """The bytes of ``spans``, one after the other."""
    return b"".join(read(source, span.start, span.end) for span in spans)


def window_at(dump: Dump, offset: int, encoding: Encoding, before: int, after: int) -> Window:
    """The window around the hit that begins at file ``offset``; ``before`` and ``after`` are code units."""
    source, layout = dump.source, dump.layout
    wanted_before, wanted_after = before * encoding.unit, after * encoding.unit
    left = layout.backward(offset, wanted_before)
    right = layout.forward(offset, wanted_after)
    left_size, right_size = sum(map(len, left)), sum(map(len, right))
    return Window(
        read_spans(source, left) + read_spans(source, right),
        in_order((*left, *right)),
        left_size,
        encoding,
        at_start=left_size < wanted_before,
        at_end=right_size < wanted_after,
    )
