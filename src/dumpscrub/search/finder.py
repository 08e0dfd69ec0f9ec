"""Finds needles everywhere in a dump: each byte of the file in file order, then where memory goes on elsewhere.

The engine looks for the *core* of a needle, its first :data:`CORE` bytes; the rest is compared along memory. So chunks
need to overlap by less than one core, whatever the length of a needle, and a needle that the file splits is found like
any other. Zeros around a core are left to the comparison: text in UTF-16 of either byte order has the same core then.
Two passes:

1. The file from its first byte to its last, in chunks. A hit that crosses between regions which are no neighbours in
   memory is dropped, and so is one behind letters where its needle has an ``edge``.
2. The seams: wherever memory goes on at another place of the file, the bytes on both sides, put together.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np

from dumpscrub.layout import Layout
from dumpscrub.model import Dump
from dumpscrub.progress import Progress
from dumpscrub.search.blocks import busy_stretches
from dumpscrub.search.edges import SHOWN, begin_tokens, follow_words
from dumpscrub.search.engines import compile_literals
from dumpscrub.search.literals import Hits, Literal, Matcher
from dumpscrub.search.repeats import Repeats
from dumpscrub.source import read_spans
from dumpscrub.span import Span, total
from dumpscrub.threads import in_threads
from dumpscrub.walks import Looks, Seams, across, seams
from dumpscrub.workers import in_workers

CORE = 32
_SHORTEST = 3
"""Bytes that are left of a core without zeros around it: shorter ones stand everywhere."""
CHUNK = 4 << 20

MARGIN = 64
"""Bytes beyond a chunk that are searched with it: more than a core has, and enough for whoever looks along."""

Seen = TypeVar("Seen")
Answer = TypeVar("Answer")


class Watcher(Protocol[Seen]):
    """Looks at bytes that are read for a search anyhow."""

    def look(self, view: memoryview, at: int, start: int, end: int) -> Seen:
        """See what begins in the file's ``[start, end)``; ``view``, at file offset ``at``, shows a part of it and more.

        Called in any thread or process: what it returns counts alone, and must be no bytes of the dump.
        """

    def take(self, seen: Seen) -> None:
        """Take what was seen, in file order, in the thread of whoever takes the hits."""


Chunk = tuple[list["Hit"], list[Any]]
"""The hits of a chunk, and what a watcher saw there."""

Hit = tuple[int, int]
"""A pair (file offset of the needle's first byte, needle number)."""


class _Member(NamedTuple):
    """A needle with some core, how many bytes of it stand before that, and whether there are any besides the core."""

    number: int
    lead: int
    has_more: bool


def core_of(data: bytes) -> tuple[int, bytes]:
    """How many bytes stand before the core of a needle, and the core: no zeros around it, unless hardly any is left."""
    lead = len(data) - len(data.lstrip(b"\0"))
    core = data[lead : lead + CORE].rstrip(b"\0")
    return (lead, core) if len(core) >= _SHORTEST else (0, data[:CORE])


@dataclass(frozen=True, slots=True)
class Search:
    """How to search: the engine's name, the number of processes or threads, and the chunk size in bytes."""

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
        cores: dict[Literal, list[_Member]] = {}
        for number, needle in enumerate(needles):
            lead, core = (0, needle.data[:CORE]) if copies else core_of(needle.data)
            key = Literal(core.lower(), True) if needle.caseless else Literal(core)
            cores.setdefault(key, []).append(_Member(number, lead, lead > 0 or len(core) < len(needle.data)))
        self._cores = tuple(cores)
        self._members = tuple(tuple(members) for members in cores.values())
        self._longest = [max(len(self._needles[each.number].data) for each in some) for some in self._members]
        self._sizes = np.array([len(core.data) for core in self._cores], np.int64)
        groups = [[self._needles[each.number] for each in some] for some in self._members]
        self._edges = np.array([all(needle.edge for needle in some) for some in groups], bool)
        self._tokens = np.array([any(needle.token for needle in some) for some in groups], bool)
        self._matcher: Matcher = compile_literals(self._cores, search.engine)

    def find(self, dump: Dump, stage: str, progress: Progress) -> Generator[list[Hit], None, None]:
        """The hits in ``dump``, in lists: one for each chunk in file order, then those across seams.

        No hit is reported twice, unless it stands at both kinds of places. Calls ``progress`` with ``stage`` after each
        chunk.
        """
        with closing(self.in_chunks(dump, stage, progress, None, _as_found)) as chunks:
            yield from chunks
        yield self.across(dump)

    def in_chunks(
        self,
        dump: Dump,
        stage: str,
        progress: Progress,
        watcher: Watcher[Any] | None,
        answer: Callable[[list[Hit]], Answer],
    ) -> Generator[Answer, None, None]:
        """For each chunk in file order, what ``answer`` makes of the hits in it, where they were found.

        ``watcher`` sees all bytes that are not zeros, :data:`MARGIN` more on both sides, and takes what it saw in a
        chunk before the answer is given. Calls ``progress`` with ``stage`` after each chunk.
        """
        size, chunk = dump.source.size, self._search.chunk
        starts = range(0, size, chunk)

        def release(start: int) -> None:
            dump.source.release(max(0, start - chunk), start + chunk)

        def work(start: int) -> tuple[Answer, list[Any]]:
            hits, seen = self._chunk(dump, watcher, start)
            return answer(hits), seen

        with closing(in_workers(work, starts, self._search.workers, release)) as chunks:
            for start, (answered, seen) in zip(starts, chunks, strict=True):
                if watcher:
                    for each in seen:
                        watcher.take(each)
                yield answered
                # Only now: whoever took the hits has looked at windows around them.
                release(start)
                progress(stage, min(start + chunk, size), size)

    def _chunk(self, dump: Dump, watcher: Watcher[Any] | None, start: int) -> Chunk:
        """Hits whose cores begin in the chunk at ``start`` and do not leave memory's order."""
        end = start + self._search.chunk
        seen: list[Any] = []
        hits: list[Hit] = []
        reach = 0
        repeats = Repeats(dump.source, dump.layout, self._needles)
        for offset, core in self._cores_in(dump, start, end, watcher, seen):
            if self._copies and offset + self._longest[core] <= reach:
                continue
            numbers = [member.number for member in self._members[core]] if self._copies and repeats.is_row(core) else []
            absent = repeats.absent(offset, core, numbers) if numbers else 0
            for hit in self._whole(dump, offset, core, reach, absent):
                hits.append(hit)
                size = len(self._needles[hit[1]].data)
                if self._copies and size >= CORE and dump.layout.contiguous(offset, offset + size):
                    if numbers:
                        longer = numbers[: numbers.index(hit[1])]
                        hits += repeats.rest(offset, min(end, dump.source.size), core, hit[1], longer)
                    reach = max(reach, hits[-1][0] + size)
                    break  # the others are no longer, and stand within it
        return hits, seen

    def _cores_in(
        self, dump: Dump, start: int, end: int, watcher: Watcher[Any] | None, seen: list[Any]
    ) -> Iterator[Hit]:
        """Pairs (file offset, core number) of the cores that begin in ``[start, end)`` of the file, in order."""
        for stretch in busy_stretches(dump.source, start, end, MARGIN):
            if watcher:
                seen.append(watcher.look(stretch.view, stretch.at, start, end))
            for at, text in stretch.busy():
                found = self._matcher.find(text)
                if self._copies:
                    yield from ((at + within, core) for within, core in found if start <= at + within < end)
                elif found:
                    yield from self._in_one_text(dump.layout, text, at, found, Span(start, end))

    def _in_one_text(self, layout: Layout, text: memoryview, at: int, found: Hits, inside: Span) -> Iterator[Hit]:
        """The hits ``found`` in ``text``, at file offset ``at``, that begin ``inside`` a chunk and can be in memory.

        There are some hundred in a megabyte, most of them behind a letter, so they are looked at as columns.
        """
        within, cores = np.array(found, np.int64).T
        offsets = within + at
        ends = offsets + self._sizes[cores]
        regions = layout.starts.searchsorted(offsets, "right") - 1
        octets = np.frombuffer(text, np.uint8)
        follows = self._edges[cores] & follow_words(octets, within) & (layout.starts[regions] < offsets - 1)
        tokens = np.flatnonzero(follows & self._tokens[cores])
        shown = (within[tokens] + SHOWN <= len(octets)) & (offsets[tokens] + SHOWN <= layout.ends[regions[tokens]])
        # Where not all of it is shown, a window tells.
        follows[tokens[~shown]] = False
        follows[tokens[shown]] = ~begin_tokens(octets, within[tokens[shown]])
        kept = (offsets >= inside.start) & (offsets < inside.end) & ~follows
        whole = ends <= layout.ends[regions]
        for index in np.flatnonzero(kept).tolist():
            if whole[index] or layout.contiguous(int(offsets[index]), int(ends[index])):
                yield int(offsets[index]), int(cores[index])

    def across(self, dump: Dump) -> list[Hit]:
        """Hits whose core crosses a seam."""
        hits: set[Hit] = set()
        looks = Looks(dump.source)
        work = partial(self._seam_hits, dump, looks)
        with closing(in_threads(work, seams(dump.layout), self._search.workers)) as batches:
            for found in batches:
                hits.update(found)
        looks.give_back()
        return sorted(hits)

    def _seam_hits(self, dump: Dump, looks: Looks, places: Seams) -> list[Hit]:
        hits: list[Hit] = []
        texts, middles = across(dump.layout, places, CORE - 1)
        data = texts.read(dump.source)
        looks.at(texts)
        for at, core in self._matcher.find(memoryview(data)):
            end = at + len(self._cores[core].data)
            if at < middles[texts.index(at)] < end <= texts.around(at)[1]:
                offset = texts.spans(at, end)[0].start
                hits += self._whole(dump, offset, core)
        return hits

    def _whole(self, dump: Dump, offset: int, core: int, reach: int = 0, absent: int = 0) -> Iterator[Hit]:
        """The needles whose core stands at ``offset`` that are really there and end behind ``reach``.

        The first ``absent`` ones are not.
        """
        for number, lead, has_more in self._members[core][absent:]:
            needle = self._needles[number]
            if not has_more:
                begin = offset if offset + len(needle.data) > reach else None
            elif not lead and offset + len(needle.data) <= reach:
                begin = None
            else:
                begin = self._begin(dump, offset, lead, needle)
            if begin is not None:
                yield begin, number

    def _begin(self, dump: Dump, offset: int, lead: int, needle: Literal) -> int | None:
        """Where a needle begins that stands around ``offset``, ``lead`` bytes before it; None where none does."""
        size = len(needle.data)
        begin, end = offset - lead, offset - lead + size
        if begin >= 0 and end <= dump.source.size and dump.layout.contiguous(begin, end):
            return begin if needle.equals(bytes(dump.source.view(begin, end))) else None
        texts = [(*dump.layout.backward(offset, lead), *dump.layout.forward(offset, size - lead))]
        if self._copies:
            texts.append((Span(begin, min(end, dump.source.size)),))
        whole = (text for text in texts if total(text) == size)
        return next((text[0].start for text in whole if needle.equals(read_spans(dump.source, text))), None)


def _as_found(hits: list[Hit]) -> list[Hit]:
    """The answer of a search for hits alone."""
    return hits
