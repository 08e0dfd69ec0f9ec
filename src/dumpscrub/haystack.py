"""Where in a dump to look for numbers that stand bare: wherever memory looks random, near public keys first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from dumpscrub.columns import Mask, Offsets, distinct
from dumpscrub.layout import Layout, RegionKind
from dumpscrub.links import NO_ADDRESS
from dumpscrub.model import Dump
from dumpscrub.search import noise
from dumpscrub.search.blocks import busy_parts
from dumpscrub.search.noise import STEP
from dumpscrub.search.numbers import PACKED, UNKNOWN
from dumpscrub.source import BytesSource, Source
from dumpscrub.span import Span, SpanSet, union
from dumpscrub.walks import Looks, Seams, Texts, across, seams

_RINGS = (1 << 13, 1 << 16, 1 << 20)
"""Bytes of the file on both sides of public keys that are looked at first, those of all keys before any farther one."""
_AT_ONCE = 4 << 20
_MARGIN = 64
_LONGEST_STRETCH = 16 << 10
_EDGE = 1 << 10
"""Of longer stretches of random bytes, which are compressed or encrypted, only so many at both ends are looked at."""
_IN_IMAGES = 8
"""One sample in images for so many others: the code of programs looks random, too."""
_LEAST = 32
"""Bytes of the regions on both sides of a seam, from which on a number across it is looked for."""
_MOST_SEAMS = 20_000
"""Seams between random bytes that are looked at. Process memory has hardly any."""


@dataclass(frozen=True, slots=True, eq=False)
class Nearest:
    """File offsets of samples: ``rings``, the nearest one first, and ``in_images``; each in order.

    ``is_all`` says that no others are there.
    """

    rings: tuple[Offsets, ...]
    in_images: Offsets
    is_all: bool

    @property
    def elsewhere(self) -> Offsets:
        """Those of all rings, in order."""
        return distinct(np.concatenate([np.empty(0, np.int64), *self.rings]))


def nearest(dump: Dump, offsets: Iterable[int], most: int) -> Nearest:
    """Up to ``most`` samples, and an eighth as many in images of programs, those near ``offsets`` first.

    The inner parts of long stretches are left out. ``is_all`` does not count images.
    """
    rings: list[Offsets] = []
    images: list[Offsets] = []
    count = in_images = 0
    for spans in _rings(dump, list(offsets)):
        parts = [np.empty(0, np.int64)]
        for part in samples(dump, spans):
            is_image = _are_in_images(dump.layout, part)
            parts.append(_short(part[~is_image]))
            count += len(parts[-1])
            if in_images < most // _IN_IMAGES:
                images.append(_short(part[is_image]))
                in_images += len(images[-1])
            if count > most:
                break
        ring = np.concatenate(parts)
        rings.append(ring[: len(ring) - max(0, count - most)])
        if count > most:
            break
    other = np.concatenate([np.empty(0, np.int64), *images])
    return Nearest(tuple(map(distinct, rings)), distinct(other[: most // _IN_IMAGES]), count <= most)


def _rings(dump: Dump, offsets: Sequence[int]) -> Iterator[Sequence[Span]]:
    """The parts of the file by how far they are from the nearest of ``offsets``; together they are all of it."""
    whole, inner = Span(0, dump.source.size), SpanSet(())
    for far in _RINGS:
        near = union(Span(max(0, offset - far), min(offset + far, whole.end)) for offset in offsets)
        yield [part for span in near for part in inner.outside(span)]
        inner = SpanSet(near)
    yield list(inner.outside(whole))


def samples(dump: Dump, spans: Iterable[Span]) -> Iterator[Offsets]:
    """The file offsets of all samples in ``spans`` that look random, a part of the file at a time."""
    for span in spans:
        for start in range(span.start, span.end, _AT_ONCE):
            end = min(start + _AT_ONCE, span.end)
            for at, view in busy_parts(dump.source, start, end, _MARGIN):
                yield noise.samples(view, at, start, end) + at
            dump.source.release(start, end)


def phases(layout: Layout, samples: Offsets) -> Offsets:
    """For each sample at which offsets of the file, modulo four, the words of memory begin.

    :data:`UNKNOWN` where there are no addresses, :data:`PACKED` in images.
    """
    region = np.searchsorted(layout.starts, samples, "right") - 1
    words = (layout.starts[region] - layout.addresses[region].astype(np.int64)) % 4
    words = np.where(layout.addresses[region] == NO_ADDRESS, UNKNOWN, words)
    return np.where(layout.kinds[region] == RegionKind.IMAGE, PACKED, words)


def crossings(dump: Dump, length: int, *, both: bool = True) -> Iterator[tuple[Texts, Source, Offsets]]:
    """Texts of up to ``length`` bytes on both sides of the seams of memory with random bytes on ``both`` sides, or one.

    Some of them at a time, with their bytes one after the other, and the samples in those.
    """
    looks = Looks(dump.source)
    room = _MOST_SEAMS
    for all_places in seams(dump.layout):
        places = _between_random(dump, all_places, looks, room, both)
        room -= len(places.left)
        if not len(places.left):
            continue
        texts, _ = across(dump.layout, places, length)
        for part in texts.parts():
            looks.at(part)
            data = part.read(dump.source) + bytes(_MARGIN)
            yield part, BytesSource(data), noise.samples(memoryview(data), 0, 0, len(data))
    looks.give_back()


def _between_random(dump: Dump, places: Seams, looks: Looks, most: int, both: bool) -> Seams:
    """Up to ``most`` of ``places``: those with eight random bytes on ``both`` sides, or one of them."""
    layout = dump.layout
    sizes = [layout.ends[regions] - layout.starts[regions] for regions in (places.left, places.right)]
    places = _where(places, (sizes[0] >= _LEAST) & (sizes[1] >= _LEAST))
    if not len(places.left):
        return places
    texts, bounds = across(layout, places, noise.PAIR)
    looks.at(texts)
    data = np.frombuffer(texts.read(dump.source), np.uint8)
    here = np.array(bounds, np.int64)
    whole = np.diff(texts.bounds) == 2 * noise.PAIR
    at = here[whole, np.newaxis] + np.arange(-noise.PAIR, noise.PAIR)
    random = noise.looks_random(data[at].view(np.uint64))
    kept = np.flatnonzero(whole)[random.all(axis=1) if both else random.any(axis=1)][: max(0, most)]
    return _where(places, np.isin(np.arange(len(places.left)), kept))


def _where(places: Seams, kept: Mask) -> Seams:
    return Seams(*(column[kept] for column in (places.left, places.ends, places.right, places.starts)))


def _are_in_images(layout: Layout, offsets: Offsets) -> Mask:
    flags: Mask = layout.kinds[np.searchsorted(layout.starts, offsets, "right") - 1] == RegionKind.IMAGE
    return flags


def _short(offsets: Offsets) -> Offsets:
    """Those of ``offsets`` that stand in short stretches, or near the ends of long ones."""
    if not len(offsets):
        return offsets
    fresh = np.append(True, np.diff(offsets) != STEP)
    first = offsets[fresh][np.cumsum(fresh) - 1]
    last = offsets[np.append(fresh[1:], True)][np.cumsum(fresh) - 1]
    short = last - first <= _LONGEST_STRETCH
    kept: Offsets = offsets[short | (offsets - first < _EDGE) | (last - offsets < _EDGE)]
    return kept
