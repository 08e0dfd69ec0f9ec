"""Values that addresses alone connect with their names: entries of hash tables, objects with two fields, pairs.

The search comes across names of secrets that are a text of their own. Whatever keeps one holds its address, and beside
that the value's. So after the search, memory is looked through once for words that lead to a name, and the words around
each of them are followed. A value is of the same kind as its name and is judged as any value beside a name is.

Lists of names hold the same: there, what stands beside a name counts only where it cannot be a name itself.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from dumpscrub.detectors import objects
from dumpscrub.detectors.base import Detector, Match
from dumpscrub.detectors.names import is_secret_name
from dumpscrub.detectors.objects import HEADER, KEEPINGS, Around, Keeping, Name, Text
from dumpscrub.detectors.pairs import PairDetector
from dumpscrub.detectors.pattern import Judgement
from dumpscrub.layout import Layout
from dumpscrub.model import Confidence, Dump, Finding, Origin
from dumpscrub.rules.schema import Rule
from dumpscrub.search import pointers
from dumpscrub.search.memory import Memory
from dumpscrub.search.pointers import Wanted
from dumpscrub.search.windows import Window, to_utf8
from dumpscrub.source import releasing

MOST_NAMES = 50_000
"""Names that are remembered."""
MOST_PLACES = 100_000
"""Words that lead to them, each of which takes some fifty microseconds."""
BOUNDED = "there are more names of secrets, or addresses of them, than were followed to their values"
_SIGNS = re.compile(rb"[\x20-\x7e]{4,}")
_NO_VALUE = re.compile(
    rb"/?[A-Za-z][\w-]*(?:[./$:][\w-]+)+(?:[ ][\w.]+)?"  # a class, a path, an algorithm by its number
    rb"|(?i:.*(?:hmac|tls|pbe|sha\d|md5|secp\d|chacha).*)"
)
_PROSE = re.compile(rb"(?:\S+ ){3,}.*|[A-Z][a-z]+(?: [a-z]+)+[.!?:]?|[%{<].*|.*[:.!?] ?")


@dataclass(frozen=True, slots=True)
class Known:
    """A name, and the rule and the judge of its values."""

    name: Name
    rule: Rule
    judge: Callable[[bytes, bytes], Judgement] = field(repr=False, compare=False)


class Names:
    """Collects names as an observer of a scan of a dump with ``layout``."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._known: dict[Name, Known] = {}

    def observe(self, detector: Detector, window: Window, matches: Sequence[Match]) -> None:
        """Take the names that ``window`` shows, if it shows any."""
        del matches
        if not isinstance(detector, PairDetector) or len(self._known) > MOST_NAMES:
            return
        for start, end in detector.names(window):
            spans = window.locate(*window.raw(start, end))
            address = self._layout.address_of(spans[0].start)
            if address is not None:
                name = Name(address, end - start, window.encoding)
                self._known.setdefault(name, Known(name, detector.rule, detector.judge))

    def all(self) -> tuple[Known, ...]:
        """The names as they stand in memory."""
        return tuple(self._known[name] for name in sorted(self._known, key=lambda name: (name.address, name.length)))


@dataclass(frozen=True, slots=True)
class Pairs:
    """What was found, and lines for the user: what was not looked at."""

    findings: tuple[Finding, ...]
    notices: tuple[str, ...]


def find(dump: Dump, names: Sequence[Known]) -> Pairs:
    """The values of ``names`` in ``dump``, in file order."""
    memory = Memory(dump.source, dump.layout)
    found: dict[object, Finding] = {}
    room = MOST_PLACES
    for size, known in _by_size(dump, memory, islice(names, MOST_NAMES)).items():
        places = pointers.find(dump, Wanted.of(set(known), size))
        for offset, address in releasing(dump.source, islice(places, room)):
            room -= 1
            place = dump.layout.address_of(offset)
            around = objects.around(place, size, memory) if place else None
            for each, keeping in known[address] if around else ():
                finding = _value(around, keeping, each, memory)
                if finding:
                    found.setdefault(finding.spans, finding)
    is_all = room > 0 and len(names) <= MOST_NAMES
    return Pairs(tuple(found[key] for key in sorted(found)), () if is_all else (BOUNDED,))


def _by_size(dump: Dump, memory: Memory, names: Iterable[Known]) -> dict[int, dict[int, list[tuple[Known, Keeping]]]]:
    """By the bytes of an address and by the address, the names that it leads to, and how they are kept."""
    sizes: dict[int, dict[int, list[tuple[Known, Keeping]]]] = {}
    for each in releasing(dump.source, names):
        reading = memory.read(each.name.address - HEADER, HEADER)
        before = reading.data if reading and len(reading.data) == HEADER else bytes(HEADER)
        for keeping in KEEPINGS.values():
            address = keeping.known_as(each.name, before)
            if address is not None:
                sizes.setdefault(keeping.word, defaultdict(list))[address].append((each, keeping))
    return sizes


def _value(around: Around, keeping: Keeping, known: Known, memory: Memory) -> Finding | None:
    """The value that stands beside the address of a name: behind it where it can, or else before it, or farther on."""
    texts = {at: keeping.text(around, at, memory) for at in (*keeping.values, -keeping.values[0], 2 * keeping.values[0])}
    first, *others = keeping.values
    is_list = any(texts[at] is not None for at in (-first, 2 * first))
    is_sure = not is_list or keeping.is_entry(around, memory)
    found = _judged(texts[first], known, is_sure=is_sure)
    if found or texts[first] is not None and is_sure:
        return found
    candidates = [keeping.inside(around, memory), *(texts[at] for at in others)]
    return next((finding for finding in (_judged(text, known, is_sure=False) for text in candidates) if finding), None)


def _judged(text: Text | None, known: Known, *, is_sure: bool) -> Finding | None:
    """The finding of ``text``, if it is a value of a name; unless ``is_sure``, only one that is no name itself."""
    units = text.units if text else b""
    if text is None or not _SIGNS.fullmatch(units) or not units.strip(b"*"):
        return None
    if is_secret_name(units.decode("ascii")) or _NO_VALUE.fullmatch(units) or _PROSE.fullmatch(units):
        return None
    judgement = known.judge(units, to_utf8(text.data, text.encoding))
    if judgement.suppressed or (not is_sure and judgement.confidence is Confidence.LOW):
        return None
    if not is_sure and not re.search(rb"[0-9]", units):
        return None
    rule = known.rule
    return Finding(
        *(rule.id, rule.category, text.spans, text.encoding, Origin.DIRECT, judgement.confidence, rule.action.value),
        values=judgement.values,
    )
