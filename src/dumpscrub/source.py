"""The bytes of a dump, read-only and by file offset.

Two sources, one interface. :class:`MappedSource` maps the private copy that ``sanitize`` works on: nobody else can
truncate it, so no SIGBUS can kill the process. :class:`FileSource` reads by position and serves ``scan`` and
``inspect``, which look at a file that others may change under them.
"""

from __future__ import annotations

import gc
import mmap
import os
import traceback
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol, TypeVar

from dumpscrub.errors import InputError
from dumpscrub.platform import files
from dumpscrub.span import Span

_PAGE = mmap.ALLOCATIONGRANULARITY
_LOOKS = 256

T = TypeVar("T")


class Source(Protocol):
    """Read-only bytes addressed by file offset."""

    size: int

    def view(self, start: int, end: int) -> memoryview:
        """The bytes ``[start, end)``, clipped to the file; valid until :meth:`release` or :meth:`close`."""

    def filled(self, start: int, end: int) -> list[Span]:
        """The parts of ``[start, end)``, clipped to the file, that are not holes: all other bytes are zero."""

    def release(self, start: int, end: int) -> None:
        """Say that ``[start, end)`` will not be looked at again soon, so that it need not stay resident."""

    def close(self) -> None:
        """Give up the file."""


def read(source: Source, start: int, end: int) -> bytes:
    """A copy of the bytes ``[start, end)`` of ``source``, clipped to the file."""
    return bytes(source.view(max(0, start), end)) if end > start else b""


def read_spans(source: Source, spans: Iterable[Span]) -> bytes:
    """The bytes of ``spans``, one after the other."""
    return b"".join(read(source, span.start, span.end) for span in spans)


def releasing(source: Source, items: Iterable[T]) -> Iterator[T]:
    """``items``, and after every few hundred what was looked at in ``source`` given back.

    A look at one byte of a map makes the pages around it resident too: some 64 KiB on Linux.
    """
    for number, item in enumerate(items, 1):
        yield item
        if number % _LOOKS == 0:
            source.release(0, source.size)


class _Extents:
    """Where an open file held data when this was made, however much of it: its holes read as zeros."""

    def __init__(self, descriptor: int, size: int) -> None:
        self._spans = [Span(start, end) for start, end in files.data_ranges(descriptor, size)]
        self._starts = [span.start for span in self._spans]
        self._ends = [span.end for span in self._spans]

    def within(self, start: int, end: int) -> list[Span]:
        bounds = Span(max(0, start), max(0, start, end))
        first, last = bisect_right(self._ends, bounds.start), bisect_left(self._starts, bounds.end)
        return [span.intersection(bounds) for span in self._spans[first:last]]


class MappedSource:
    """A memory-mapped file that no other process changes."""

    def __init__(self, descriptor: int) -> None:
        self.size = os.fstat(descriptor).st_size
        self._extents = _Extents(descriptor, self.size)
        self._map = mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)
        self._view = memoryview(self._map)

    def view(self, start: int, end: int) -> memoryview:
        return self._view[start:end]

    def filled(self, start: int, end: int) -> list[Span]:
        return self._extents.within(start, end)

    def release(self, start: int, end: int) -> None:
        # Pages of a mapped file count as resident until they are dropped; Windows trims them by itself.
        if hasattr(self._map, "madvise") and hasattr(mmap, "MADV_DONTNEED"):
            first, end = start - start % _PAGE, min(end, self.size)
            if end > first:
                self._map.madvise(mmap.MADV_DONTNEED, first, end - first)

    def close(self) -> None:
        try:
            self._unmap()
        except BufferError as error:
            # An exception is on its way, such as an interrupt, whose traceback keeps views. Windows does not delete
            # a file that is mapped.
            _clear(error.__context__)
            self._unmap()

    def _unmap(self) -> None:
        self._view.release()
        self._map.close()


def _clear(error: BaseException | None) -> None:
    """Let go of what the functions held that ``error`` ended, and the errors before it."""
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__context__
    gc.collect()


class FileSource:
    """A file read by position. A read that fails, or comes up short because the file shrank, raises InputError."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb", buffering=0)
        self.size = os.fstat(self._file.fileno()).st_size
        self._extents = _Extents(self._file.fileno(), self.size)

    def view(self, start: int, end: int) -> memoryview:
        buffer = memoryview(bytearray(max(0, min(end, self.size) - start)))
        self.fill(buffer, start)
        return buffer

    def fill(self, buffer: memoryview, start: int) -> None:
        """Read the bytes from file offset ``start`` on into all of ``buffer``."""
        try:
            count = files.read_at(self._file.fileno(), buffer, start)
        except OSError as error:
            raise InputError("the input cannot be read any more: copy it to another disk and retry") from error
        if count < len(buffer):
            raise InputError("the input became shorter while it was read: wait until it is complete and retry")

    def filled(self, start: int, end: int) -> list[Span]:
        return self._extents.within(start, end)

    def release(self, start: int, end: int) -> None:
        """Nothing is kept."""

    def close(self) -> None:
        self._file.close()


class BytesSource:
    """Bytes that are in memory already: single windows of an analysis, and tests."""

    def __init__(self, data: bytes) -> None:
        self.size = len(data)
        self._view = memoryview(data)

    def view(self, start: int, end: int) -> memoryview:
        return self._view[start:end]

    def filled(self, start: int, end: int) -> list[Span]:
        start, end = max(0, start), min(end, self.size)
        return [Span(start, end)] if start < end else []

    def release(self, start: int, end: int) -> None:
        """Nothing to give back."""

    def close(self) -> None:
        self._view.release()
