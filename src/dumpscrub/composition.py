"""What a dump's bytes look like, by kind of region: zero, text or anything else. For ``inspect`` and its readers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dumpscrub.layout import Layout, RegionKind
from dumpscrub.model import Dump
from dumpscrub.progress import Progress, silent
from dumpscrub.source import read

Bytes = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]

_BLOCK = 1 << 20  # bytes looked at in one step; a run of text is cut at its edges
_ZEROS = 64  # bytes that must all be zero to count as empty
_RUN = 6  # characters in a row that count as text
_OTHER, _ZERO, _ASCII, _UTF16 = range(4)


@dataclass(frozen=True, slots=True)
class Composition:
    """Bytes of one kind of region; ``ascii`` and ``utf16`` are runs of at least six printable ASCII characters."""

    kind: RegionKind
    regions: int
    total: int
    zero: int
    ascii: int
    utf16: int


def composition(dump: Dump, progress: Progress = silent) -> tuple[Composition, ...]:
    """Read the whole dump once and count, for each kind of region that it has."""
    layout, source = dump.layout, dump.source
    counts = np.zeros((len(RegionKind), 4), np.int64)
    for start in range(0, layout.size, _BLOCK):
        end = min(start + _BLOCK, layout.size)
        block = np.frombuffer(read(source, start, end), np.uint8)
        source.release(start, end)
        both = _kinds(layout, start, end) * 4 + _classes(block)
        counts += np.bincount(both, minlength=counts.size).reshape(counts.shape)
        progress("reading", end, layout.size)
    regions = np.bincount(layout.kinds, minlength=len(RegionKind))
    return tuple(_row(kind, int(regions[kind]), counts[kind]) for kind in RegionKind if regions[kind])


def _row(kind: RegionKind, regions: int, counts: npt.NDArray[np.int64]) -> Composition:
    zero, ascii_, utf16 = (int(counts[what]) for what in (_ZERO, _ASCII, _UTF16))
    return Composition(kind, regions, int(counts.sum()), zero, ascii_, utf16)


def _kinds(layout: Layout, start: int, end: int) -> Bytes:
    """The region kind of each byte of ``[start, end)``."""
    first, last = layout.index_at(start), layout.index_at(end - 1) + 1
    lengths = np.minimum(layout.ends[first:last], end) - np.maximum(layout.starts[first:last], start)
    return np.repeat(layout.kinds[first:last], lengths)


def _classes(block: Bytes) -> Bytes:
    """For each byte of ``block``: part of ASCII text, of UTF-16 text, of a stretch of zeros, or other."""
    if not block.any():
        return np.full(len(block), _ZERO, np.uint8)
    classes = np.full(len(block), _OTHER, np.uint8)
    whole = len(block) - len(block) % _ZEROS
    empty = ~block[:whole].reshape(-1, _ZEROS).any(axis=1)
    classes[:whole][np.repeat(empty, _ZEROS)] = _ZERO
    text = ((block >= 0x20) & (block < 0x7F)) | ((block >= 0x09) & (block <= 0x0D))
    classes[_runs(text, _RUN)] = _ASCII
    for parity in (0, 1):
        units = (len(block) - parity) // 2
        end = parity + 2 * units
        wide = _runs(text[parity:end:2] & (block[parity + 1 : end : 2] == 0), _RUN)
        classes[parity:end][np.repeat(wide, 2)] = _UTF16
    return classes


def _runs(mask: Mask, shortest: int) -> Mask:
    """``mask`` without its runs of fewer than ``shortest``."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False]))))
    starts, ends = edges[::2], edges[1::2]
    long = ends - starts >= shortest
    steps = np.zeros(len(mask) + 1, np.int8)
    steps[starts[long]] = 1
    steps[ends[long]] -= 1
    return np.cumsum(steps[:-1], dtype=np.int8).astype(np.bool_)
