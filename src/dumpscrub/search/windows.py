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
from dumpscrub.source import read_spans
from dumpscrub.span import Span, in_order, part_of

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

    def is_text_to_end(self) -> bool:
        """True where no NUL, which ends every text in memory, stands behind the hit."""
        dtype = _DTYPES.get(self.encoding)
        if dtype is None:
            return self.data.find(0, self.hit) < 0
        units = np.frombuffer(self.data, dtype, (len(self.data) - self.hit) // self.unit, self.hit)
        return bool(units.all())

    def raw(self, start: int, end: int) -> tuple[int, int]:
        """Raw indices of the text indices ``[start, end)``."""
        return self.origin + start * self.unit, self.origin + end * self.unit

    def locate(self, start: int, end: int) -> tuple[Span, ...]:
        """The file spans of the raw bytes ``[start, end)``, in memory order."""
        return part_of(self.spans, start, end)

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
    """The text in ``data`` as UTF-8. Bytes that are not valid UTF-8 are taken for Windows-1252, which holds Latin-1 but
    for its control characters, or else for Latin-1; lone surrogates for '?'.
    """
    if encoding in _DTYPES:
        return data.decode(encoding.codec, "replace").encode("utf-8", "replace")
    for codec in ("utf-8", "cp1252"):
        try:
            return data.decode(codec).encode("utf-8")
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1").encode("utf-8")


def window_at(dump: Dump, offset: int, encoding: Encoding, before: int, after: int) -> Window:
    """The window around the hit that begins at file ``offset``; ``before`` and ``after`` are code units."""
    source, layout = dump.source, dump.layout
    wanted_before, wanted_after = before * encoding.unit, after * encoding.unit
    whole = Span(max(0, offset - wanted_before), offset + wanted_after)
    if len(whole) == wanted_before + wanted_after and layout.holds(whole):
        return Window(read_spans(source, (whole,)), (whole,), wanted_before, encoding)
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
