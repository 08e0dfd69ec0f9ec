"""Finds needles everywhere in a dump: each byte of the file in file order, then where memory goes on elsewhere.

The engine looks for the first :data:`CORE` bytes of a needle; the rest is compared along memory. So chunks need to
overlap by less than one core, whatever the length of a needle, and a needle that the file splits is found like any
other. Two passes:

1. The file from its first byte to its last, in chunks. A hit that crosses between regions which are no neighbours in
   memory is dropped.
2. The seams: wherever memory goes on at another place of the file, the bytes on both sides, put together.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

from dumpscrub.model import Dump
from dumpscrub.progress import Progress
from dumpscrub.search.literals import Literal, Matcher, compile_literals
from dumpscrub.source import read_spans
from dumpscrub.span import Span, total

CORE = 32
CHUNK = 4 << 20
_SEAMS_AT_ONCE = 4096

Hit = tuple[int, int]
"""A pair (file offset of the needle's first byte, needle number)."""


@dataclass(frozen=True, slots=True)
class Search:
    """How to search: the engine's name, the number of threads, and the chunk size in bytes."""

    engine: str
    workers: int = 1
    chunk: int = CHUNK


class Finder:
    """Compiled needles. ``needles`` may share bytes; each gets its own hits.

    With ``copies`` the needles are whole values. Each then also counts where its bytes follow each other in the file
    but not in memory: that is no chance, and a dump may be wrong about its addresses. One that stands within a longer
    one may be left out; with the longest needles first, most are.
    """

    def __init__(self, needles: Sequence[Literal], search: Search, *, copies: bool = False) -> None:
        self._needles = tuple(needles)
        self._search = search
        self._copies = copies
        cores: dict[Literal, list[int]] = {}
        for number, needle in enumerate(needles):
            core = needle.data[:CORE]
            key = Literal(core.lower(), True) if needle.caseless else Literal(core)
            cores.setdefault(key, []).append(number)
        self._cores = tuple(cores)
        self._members = tuple(tuple(numbers) for numbers in cores.values())
        self._matcher: Matcher = compile_literals(self._cores, search.engine)

    def find(self, dump: Dump, stage: str, progress: Progress) -> Iterator[list[Hit]]:
        """The hits in ``dump``, in lists: one for each chunk in file order, then those across seams.

        No hit is reported twice, unless it stands at both kinds of places. Calls ``progress`` with ``stage`` after each
        chunk.
        """
        size = dump.source.size
        starts = range(0, size, self._search.chunk)
        with ThreadPoolExecutor(max(1, self._search.workers)) as pool:
            chunks = _ahead(pool, lambda start: self._chunk(dump, start), starts, 2 * max(1, self._search.workers))
            for start, hits in zip(starts, chunks, strict=True):
                yield hits
                # Only now: whoever took the hits has looked at windows around them.
                dump.source.release(max(0, start - self._search.chunk), start + self._search.chunk)
                progress(stage, min(start + self._search.chunk, size), size)
        yield self._across(dump)

    def _chunk(self, dump: Dump, start: int) -> list[Hit]:
        """Hits that begin in the chunk at ``start`` and do not leave memory's order."""
        end = start + self._search.chunk
        view = dump.source.view(start, end + CORE - 1)
        hits: list[Hit] = []
        reach = 0
        for at, core in self._matcher.find(view):
            offset = start + at
            if offset >= end or not (self._copies or self._is_one_text(dump, offset, self._cores[core])):
                continue
            for number in self._whole(dump, offset, core, reach):
                hits.append((offset, number))
                needle = self._needles[number]
                if self._copies and len(needle.data) >= CORE and self._is_one_text(dump, offset, needle):
                    reach = max(reach, offset + len(needle.data))
        return hits

    @staticmethod
    def _is_one_text(dump: Dump, offset: int, needle: Literal) -> bool:
        return dump.layout.contiguous(offset, offset + len(needle.data))

    def _across(self, dump: Dump) -> list[Hit]:
        """Hits whose core crosses a seam."""
        hits: set[Hit] = set()
        seams = iter(_seams(dump))
        while batch := list(islice(seams, _SEAMS_AT_ONCE)):
            hits.update(self._seam_batch(dump, batch))
            dump.source.release(0, dump.source.size)
        return sorted(hits)

    def _seam_batch(self, dump: Dump, seams: list[_Seam]) -> Iterator[Hit]:
        texts = [read_spans(dump.source, seam.left) + read_spans(dump.source, seam.right) for seam in seams]
        for seam, text in zip(seams, texts, strict=True):
            middle = total(seam.left)
            for at, core in self._matcher.find(memoryview(text)):
                if at < middle < at + len(self._cores[core].data):
                    offset = _offset_in(seam.left, at)
                    yield from ((offset, number) for number in self._whole(dump, offset, core))

    def _whole(self, dump: Dump, offset: int, core: int, reach: int = 0) -> Iterator[int]:
        """The needles with this core that really stand at ``offset`` and end behind ``reach``."""
        for number in self._members[core]:
            needle = self._needles[number]
            if offset + len(needle.data) <= reach:
                continue
            if len(needle.data) <= CORE or self._stands_at(dump, offset, needle):
                yield number

    def _stands_at(self, dump: Dump, offset: int, needle: Literal) -> bool:
        size = len(needle.data)
        along_file = (Span(offset, min(offset + size, dump.source.size)),)
        places = [dump.layout.forward(offset, size), *([along_file] if self._copies else [])]
        return any(needle.equals(read_spans(dump.source, spans)) for spans in places)


@dataclass(frozen=True, slots=True)
class _Seam:
    left: tuple[Span, ...]
    right: tuple[Span, ...]


def _seams(dump: Dump) -> Iterator[_Seam]:
    layout = dump.layout
    for index, offset in layout.seams():
        yield _Seam(layout.tail(index, CORE - 1), layout.forward(offset, CORE - 1))
    for _, index in layout.entries():
        start = int(layout.starts[index])
        yield _Seam(layout.backward(start, CORE - 1), layout.forward(start, CORE - 1))


def _offset_in(spans: tuple[Span, ...], at: int) -> int:
    """The file offset of byte ``at`` of ``spans``."""
    for span in spans:
        if at < len(span):
            return span.start + at
        at -= len(span)
    raise IndexError("outside the spans")


def _ahead(
    pool: ThreadPoolExecutor, work: Callable[[int], list[Hit]], items: Iterable[int], limit: int
) -> Iterator[list[Hit]]:
    """``pool.map`` that keeps at most ``limit`` results waiting, so that memory stays flat."""
    waiting: deque[Future[list[Hit]]] = deque()
    for item in items:
        waiting.append(pool.submit(work, item))
        if len(waiting) >= limit:
            yield waiting.popleft().result()
    for future in waiting:
        yield future.result()
