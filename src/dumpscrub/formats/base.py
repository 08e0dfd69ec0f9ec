"""What every format reader is, and the bounded reads that they share.

Each count that a file claims is checked against the bytes that remain before any loop runs over it, and no read leaves
the file: hostile input costs at most what its real size costs.
"""

from __future__ import annotations

import struct
from typing import Protocol

import numpy as np
import numpy.typing as npt

from dumpscrub.errors import FormatError
from dumpscrub.layout import Layout
from dumpscrub.model import Dump
from dumpscrub.source import Source, read, read_spans
from dumpscrub.span import Span, total

Records = np.ndarray[tuple[int], np.dtype[np.void]]
"""Structures of one type, one after the other, as a numpy array."""

MAX_PIECES = 1 << 16
"""Runs of records in a table that count, where others stand in between."""

_LARGE = 1 << 20  # bytes that are not left resident twice

HEAD = 64
"""Bytes from the start of a file that a format may look at to recognise itself."""


class Format(Protocol):
    """A dump format. ``detect`` never raises; ``parse`` raises FormatError where the structure cannot be followed."""

    name: str

    def detect(self, head: bytes) -> bool:
        """True where ``head``, the first :data:`HEAD` bytes, carries the format's signature."""

    def parse(self, source: Source) -> Dump:
        """Read the structure. What it cannot explain is left to be searched as raw bytes, with a notice."""


class Reader:
    """Bounded reads of fixed structures by file offset, in one byte order (``<`` or ``>``)."""

    def __init__(self, source: Source, order: str = "<") -> None:
        self.source = source
        self.order = order
        self.size = source.size

    def bytes(self, offset: int, length: int) -> bytes:
        """Exactly ``length`` bytes at ``offset``; FormatError where the file does not hold them."""
        if offset < 0 or length < 0 or offset + length > self.size:
            raise FormatError("the dump is damaged: a structure lies outside the file")
        data = read(self.source, offset, offset + length)
        if length >= _LARGE:
            self.source.release(offset, offset + length)
        return data

    def unpack(self, layout: str, offset: int) -> tuple[int, ...]:
        """The integers of a struct ``layout`` (without its byte order) at ``offset``."""
        layout = self.order + layout
        return struct.unpack(layout, self.bytes(offset, struct.calcsize(layout)))

    def fits(self, count: int, each: int, offset: int) -> int:
        """How many of ``count`` records of ``each`` bytes at ``offset`` the file really holds."""
        if offset < 0 or offset > self.size:
            return 0
        return max(0, min(count, (self.size - offset) // each))

    def records(self, dtype: np.dtype[np.void], count: int, offset: int) -> Records:
        """``count`` records of ``dtype`` at ``offset`` as one array; call :meth:`fits` first."""
        return np.frombuffer(self.bytes(offset, count * dtype.itemsize), dtype)


def record_spans(start: int, step: int, size: int, which: npt.NDArray[np.bool_]) -> list[Span]:
    """Where those of a table's records stand for which ``which`` is true, neighbours joined.

    Records have ``size`` bytes; one begins every ``step`` bytes from ``start`` on. At most :data:`MAX_PIECES` spans.
    """
    if step == size:
        edges = np.flatnonzero(np.diff(which, prepend=False, append=False))
        first, behind = edges[::2][:MAX_PIECES], edges[1::2][:MAX_PIECES]
    else:
        first = np.flatnonzero(which)[:MAX_PIECES]
        behind = first + 1
    ends = (start + (behind - 1) * step + size).tolist()
    return [Span(*span) for span in zip((start + first * step).tolist(), ends, strict=True)]


class AddressSpace:
    """Reads by virtual address, for following a process's own structures."""

    def __init__(self, source: Source, layout: Layout) -> None:
        self._source = source
        self._layout = layout

    def offset_of(self, address: int) -> int | None:
        """The file offset of the byte at ``address``, None where the dump does not hold it."""
        return self._layout.offset_of(address)

    def spans(self, address: int, length: int) -> tuple[Span, ...]:
        """The file spans of up to ``length`` bytes at ``address``, as far as the dump holds them."""
        offset = self.offset_of(address)
        return () if offset is None else self._layout.forward(offset, length)

    def bytes(self, address: int, length: int) -> bytes | None:
        """Exactly ``length`` bytes at ``address``, None where the dump does not hold all of them."""
        spans = self.spans(address, length)
        if total(spans) != length:
            return None
        return read_spans(self._source, spans)
