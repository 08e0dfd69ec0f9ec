"""The names of secrets that a search comes across and that are a text of their own, for :mod:`dumpscrub.pairs`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from dumpscrub.detectors.base import Detector, Match
from dumpscrub.detectors.pairs import PairDetector, is_name, tells
from dumpscrub.detectors.pattern import Judgement
from dumpscrub.layout import Layout, Region, RegionKind
from dumpscrub.model import Encoding
from dumpscrub.rules.schema import Rule
from dumpscrub.search.objects import Name
from dumpscrub.search.windows import Window

MOST_NAMES = 50_000
"""Names that are remembered."""
MOST_BLOCKS = 50_000
"""Blocks of memory in which small names may begin."""
BLOCK = 4
"""Bits of the size of the blocks in which Go keeps small strings, one behind the other (``runtime/malloc.go``)."""
_ALIGNED = 8


@dataclass(frozen=True, slots=True)
class Known:
    """A name, whether it ``tells`` that its value is secret for sure, and the rule and the judge of its values."""

    name: Name
    tells: bool
    rule: Rule
    judge: Callable[[bytes, bytes], Judgement] = field(repr=False, compare=False)

    @property
    def order(self) -> tuple[int, int, str]:
        """By what names are put in a fixed order."""
        return self.name.address, self.name.length, self.name.encoding.codec


class Names:
    """Collects names as an observer of a scan of a dump with ``layout``, but those that an ``earlier`` search met.

    Where one stands, what leads to it and the texts beside it change by masks alone, which are no values.
    """

    def __init__(self, layout: Layout, earlier: Iterable[Name] = ()) -> None:
        self._layout = layout
        self._earlier = frozenset(earlier)
        self._known: dict[Name, Known] = {}
        self._earlier_blocks = frozenset(name.address for name in self._earlier if not name.length)
        self._blocks: dict[int, Known] = {}
        self._region: Region | None = None

    @property
    def met(self) -> frozenset[Name]:
        """The names of this search and of the earlier one."""
        return self._earlier.union(self._known, (known.name for known in self._blocks.values()))

    def watches(self, detector: Detector) -> bool:
        """True for what finds names."""
        return isinstance(detector, PairDetector)

    def observe(self, detector: Detector, window: Window, matches: Sequence[Match]) -> bool:
        """Take the names that ``window`` shows. True where it shows any that are new."""
        del matches
        if not isinstance(detector, PairDetector) or len(self._known) > MOST_NAMES:
            return False
        before = len(self._known) + len(self._blocks)
        place = detector.place(window)
        if place is not None:
            self._add_whole(detector, window, *place)
        if window.encoding is Encoding.UTF8 and window.text[window.anchor - 1 : window.anchor] > b" ":
            self._add_block(detector, window)
        return len(self._known) + len(self._blocks) > before

    def _add_whole(self, detector: PairDetector, window: Window, start: int, end: int) -> None:
        """Take the text ``[start, end)`` of ``window``, if it is a name.

        What stands before it may read as text, but for the objects that begin with a word of memory.
        """
        address = self._address(window, start) or 0
        for skipped in {0, -address % _ALIGNED if window.unit == 1 else 0}:
            text = window.text[start + skipped : end]
            name = Name(address + skipped, len(text), window.encoding)
            if address and start + skipped <= window.anchor and is_name(text) and name not in self._earlier:
                self._known.setdefault(name, Known(name, tells(text), detector.rule, detector.judge))

    def _add_block(self, detector: PairDetector, window: Window) -> None:
        """Take the block of memory in which the hit stands, amid other texts perhaps, as the small strings of Go do."""
        if len(self._blocks) >= MOST_BLOCKS:
            return
        address = self._address(window, window.anchor)
        if not address or self._is_image:
            return
        block = address >> BLOCK << BLOCK
        if block not in self._earlier_blocks and block not in self._blocks:
            self._blocks[block] = Known(Name(block, 0, window.encoding), True, detector.rule, detector.judge)

    def _address(self, window: Window, at: int) -> int | None:
        """Where the text index ``at`` of ``window`` stands in memory; most are in the region of the one before."""
        offset = window.locate(*window.raw(at, at + 1))[0].start
        if self._region is None or offset not in self._region.span:
            self._region = self._layout.region_at(offset)
        start = self._region.vaddr
        return None if start is None else start + offset - self._region.span.start

    @property
    def _is_image(self) -> bool:
        return self._region is not None and self._region.kind is RegionKind.IMAGE

    def all(self) -> tuple[Known, ...]:
        """The names in a fixed order."""
        return tuple(sorted(self._known.values(), key=lambda known: known.order))

    @property
    def blocks(self) -> Mapping[int, Known]:
        """The blocks of memory in which small names may begin, by their addresses."""
        return self._blocks

    @property
    def is_all(self) -> bool:
        """True where no name was left out, nor a block in which one may begin."""
        return len(self._known) <= MOST_NAMES and len(self._blocks) < MOST_BLOCKS
