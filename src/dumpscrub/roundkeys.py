"""AES key schedules: what :mod:`dumpscrub.search.schedules` takes for one, read along memory and proven."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dumpscrub.columns import Mask
from dumpscrub.detectors import aes
from dumpscrub.layout import Layout
from dumpscrub.links import Column
from dumpscrub.model import Confidence, Dump, Encoding, Finding, Origin, SecretValue
from dumpscrub.publics import Found
from dumpscrub.rules.schema import Rule
from dumpscrub.search import noise, schedules
from dumpscrub.search.schedules import SHAPES, Trace
from dumpscrub.search.windows import Windows
from dumpscrub.source import releasing
from dumpscrub.span import Span, part_of
from dumpscrub.walks import Looks, Seams, across, seams

_AROUND = 512
"""Bytes on both sides of a trace that are read: a schedule has 240, and one for decryption may follow it."""

_MOST = 10_000
"""Traces that are followed. Process memory has some hundred, made-up memory may have one in every few words."""
_LEAST = 32
"""Bytes of the regions on both sides of a seam, from which on a schedule across it is looked for."""
_MARGIN = bytes(schedules.REACH)


def find(dump: Dump, traces: Iterable[Trace], rule: Rule) -> Found:
    """The round keys in ``dump``, with their keys as values, in file order."""
    windows = Windows(dump)
    found: dict[tuple[Span, ...], Finding] = {}
    done: set[int] = set()
    places = sorted({*traces, *_across(dump)})
    for offset, lag in releasing(dump.source, places[:_MOST]):
        if offset in done:
            continue
        around = windows.around(offset, Encoding.BINARY, _AROUND, _AROUND)
        schedule = aes.schedule(around.data, around.hit, SHAPES[lag])
        for start, end in schedule.segments if schedule else ():
            spans = part_of(around.spans, start, end)
            done.update(offset for span in spans for offset in range(span.start, span.end))
            values = (SecretValue(schedule.key, binary=True),) if schedule and not _is_counted(schedule.key) else ()
            found[spans] = Finding(
                *(rule.id, rule.category, spans, Encoding.BINARY, Origin.DIRECT, Confidence.HIGH, rule.action.value),
                values=values,
            )
    return Found(tuple(found[spans] for spans in sorted(found)), everywhere=len(places) <= _MOST)


def _is_counted(key: bytes) -> bool:
    """True for the numbers from 0 on: generators of random numbers derive with that key (SP 800-90A, 10.3.2).

    It is no secret, and programs are full of it otherwise: in tables of characters, and to turn words around.
    """
    return key == bytes(range(len(key)))


def _across(dump: Dump) -> Iterator[Trace]:
    """The traces where memory goes on elsewhere in the file, between regions that hold a part worth the look."""
    looks = Looks(dump.source)
    for all_places in seams(dump.layout):
        kept = _is_long(dump.layout, all_places.left) & _is_long(dump.layout, all_places.right)
        if not kept.any():
            continue
        columns = (all_places.left, all_places.ends, all_places.right, all_places.starts)
        texts, _ = across(dump.layout, Seams(*(column[kept] for column in columns)), schedules.LONGEST)
        looks.at(texts)
        view = memoryview(_MARGIN + texts.read(dump.source) + _MARGIN)
        for index, lag in schedules.look(view, 0, noise.samples(view, 0, 0, len(view))):
            at = index - len(_MARGIN)
            yield texts.spans(at, at + 1)[0].start, lag
    looks.give_back()


def _is_long(layout: Layout, regions: Column) -> Mask:
    """For each of ``regions`` whether it may hold so much: a dump may have millions of shorter ones."""
    return layout.ends[regions] - layout.starts[regions] >= _LEAST
