"""Values that addresses alone connect with their names: entries of hash tables, objects with two fields, pairs.

The search comes across names of secrets that are a text of their own. Whatever keeps one holds its address, and beside
that the value's. So after the search, memory is looked through once for words that lead to a name, and the words around
each of them are followed. A value is of the same kind as its name and is judged as any value beside a name is.

Lists of names hold the same: there, what stands beside a name counts only where it cannot be a name itself.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice

from dumpscrub.detectors import standins
from dumpscrub.detectors.base import Detector, Match
from dumpscrub.detectors.names import is_secret_name
from dumpscrub.detectors.pairs import PairDetector, is_name, tells
from dumpscrub.detectors.pattern import Judgement
from dumpscrub.errors import DumpscrubError, ScanError
from dumpscrub.layout import Layout, RegionKind
from dumpscrub.model import Confidence, Dump, Encoding, Finding, Origin
from dumpscrub.rules.schema import Rule
from dumpscrub.search import pointers
from dumpscrub.search.keepings import KEEPINGS
from dumpscrub.search.memory import Memory
from dumpscrub.search.objects import HEADER, Around, Keeping, Name, Text
from dumpscrub.search.pointers import Wanted
from dumpscrub.search.windows import Window, to_utf8
from dumpscrub.source import releasing
from dumpscrub.span import Span

MOST_NAMES = 50_000
"""Names that are remembered."""
MOST_STARTS = 100_000
"""Places among other text where names may begin."""
MOST_PLACES = 100_000
"""Words that lead to them, each of which takes some fifty microseconds."""
BOUNDED = "there are more names of secrets, or addresses of them, than were followed to their values"
_ALIGNED, _WORD = 8, 4
_SHORTEST = 4
_NO_VALUE = re.compile(
    rb"/?[A-Za-z][\w-]*(?:[./$:][\w-]+){2,}(?: [\w.]+)?"  # a class, a path, an algorithm by its number
    rb"|(?i:.*(?:hmac|tls|pbe|sha\d|md5|secp\d|chacha).*)"
)
"""What of names and numbers is none of what people take for passwords."""
_NAMELIKE = re.compile(
    rb"""(?x)
    (?>
        [A-Z]?[a-z]{2,}+
      | (?:As|At|By|Db|Do|Ed|Ex|Id|In|Io|Ip|Is|It|My|No|Of|Ok|On|Or|Os|To|Ui|Up)(?![a-z])
      | [A-Z]++ | [0-9]{1,5}+ | [-_.:/$ ]++
      | (?<![A-Za-z0-9]) [a-z]{1,3}+ (?: [0-9]{1,3}+ [a-z]{0,3}+ )? (?![a-z0-9])
    )*+
    """
)
"""Words in camel case or between signs, and numbers: a name, a version, an identifier."""
_ADDRESS = re.compile(rb"\.[a-z]{2,}[:/]")
_SIGNS_OF_CODE = re.compile(rb"[\[\](){}|\\]")
_MOST_SIGNS = 5
_DIGIT = re.compile(rb"[0-9]")
_DIVIDED = re.compile(rb"[_.:/]")
_LONG = 12
"""Characters from which on what reads like no name needs no digit."""
_PROSE = re.compile(rb"[A-Z][a-z]+(?: [a-z]+){2,}[.!?:]?|\S+ .*[:.!?] ?|\w+:|%[sd(\[{].*|\{.*\}|<.*>|\(.*\)|[\[{]+\".*")
_SEQUENCE = 16
"""Characters of what is counted out, from which on it is no password."""


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


_Sought = dict[int, dict[int, list[tuple[Known, Keeping]]]]
"""By the bytes of a word and by the word, the names that it leads to, and how they are kept."""


class Names:
    """Collects names as an observer of a scan of a dump with ``layout``, but those that an ``earlier`` search met.

    Where one stands, what leads to it and the texts beside it change by masks alone, which are no values.
    """

    def __init__(self, layout: Layout, earlier: Iterable[Name] = ()) -> None:
        self._layout = layout
        self._earlier = frozenset(earlier)
        self._known: dict[Name, Known] = {}
        self._starts: dict[Name, Known] = {}

    @property
    def met(self) -> frozenset[Name]:
        """The names of this search and of the earlier one."""
        return self._earlier.union(self._known, self._starts)

    def observe(self, detector: Detector, window: Window, matches: Sequence[Match]) -> None:
        """Take the names that ``window`` shows, if it shows any."""
        del matches
        if not isinstance(detector, PairDetector) or len(self._known) > MOST_NAMES:
            return
        place = detector.place(window)
        if place is not None:
            self._add_whole(detector, window, *place)
        if window.encoding is Encoding.UTF8:
            self._add_starts(detector, window)

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

    def _add_starts(self, detector: PairDetector, window: Window) -> None:
        """Take all places where a name may begin among other text, as the small strings of Go stand."""
        starts = detector.starts(window)
        offset = window.locate(*window.raw(starts.start, starts.start + 1))[0].start
        region = self._layout.region_at(offset)
        if len(self._starts) >= MOST_STARTS or region.vaddr is None or region.kind is RegionKind.IMAGE:
            return
        first = region.vaddr + offset - region.span.start
        for address in range(first, first + len(starts)):
            name = Name(address, 0, window.encoding)
            if name not in self._earlier:
                self._starts.setdefault(name, Known(name, True, detector.rule, detector.judge))

    def _address(self, window: Window, at: int) -> int | None:
        """Where the text index ``at`` of ``window`` stands in memory."""
        return self._layout.address_of(window.locate(*window.raw(at, at + 1))[0].start)

    def all(self) -> tuple[Known, ...]:
        """The names as they stand in memory, and behind them where others may begin."""
        in_order = (sorted(some.values(), key=lambda known: known.order) for some in (self._known, self._starts))
        return tuple(chain.from_iterable(in_order))

    @property
    def is_all(self) -> bool:
        """True where no name was left out."""
        return len(self._known) <= MOST_NAMES


@dataclass(frozen=True, slots=True)
class Pairs:
    """What was found, and lines for the user: what was not looked at."""

    findings: tuple[Finding, ...]
    notices: tuple[str, ...]


def find(dump: Dump, names: Names) -> Pairs:
    """The values of ``names`` in ``dump``, in file order. Raises ScanError where that fails."""
    try:
        return _find(dump, names)
    except (DumpscrubError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001
        # Its text may hold bytes of the dump.
        raise ScanError(f"following names of secrets failed ({type(error).__name__}): report this") from None


def _find(dump: Dump, names: Names) -> Pairs:
    search = _Search(dump, Memory(dump.source, dump.layout))
    search.follow(_by_size(dump, search.memory, names.all()))
    search.follow(search.holders)
    is_all = search.room > 0 and names.is_all
    found = search.found
    return Pairs(tuple(found[key] for key in sorted(found)), () if is_all else (BOUNDED,))


@dataclass(slots=True)
class _Search:
    """Follows up to ``room`` words; ``holders`` are words that lead to what holds a name, to be followed next."""

    dump: Dump
    memory: Memory
    room: int = field(default_factory=lambda: MOST_PLACES)
    found: dict[tuple[Span, ...], Finding] = field(default_factory=dict, repr=False)
    holders: _Sought = field(default_factory=dict, repr=False)

    def follow(self, sought: _Sought) -> None:
        """Look for the words of ``sought``, and at what stands around each."""
        held, self.holders = sought is self.holders, {}
        for size, known in sought.items():
            places = pointers.find(self.dump, Wanted.of(set(known), size))
            for offset, word in releasing(self.dump.source, islice(places, self.room)):
                self.room -= 1
                place = self.dump.layout.address_of(offset) or 0
                around = Around.read(place, size, self.memory)
                for each, keeping in known[word]:
                    if keeping.indirect and not held:
                        self._note(keeping.holder(place, each.name, self.memory), each, keeping)
                        continue
                    own = keeping.own(around, self.memory)
                    if keeping.measures and not is_name(own):
                        continue
                    known_here = replace(each, tells=tells(own)) if own else each
                    finding = _value(around, keeping, known_here, self.memory)
                    if finding:
                        self.found.setdefault(finding.spans, finding)

    def _note(self, holder: int | None, known: Known, keeping: Keeping) -> None:
        if holder is not None:
            self.holders.setdefault(keeping.word, defaultdict(list))[holder].append((known, keeping))


def _by_size(dump: Dump, memory: Memory, names: Iterable[Known]) -> _Sought:
    sizes: _Sought = {}
    for each in releasing(dump.source, names):
        before = _before(each.name.address, memory) if each.name.length else bytes(HEADER)
        for keeping in KEEPINGS:
            address = keeping.known_as(each.name, before) if each.name.length or keeping.measures else None
            if address is not None:
                sizes.setdefault(keeping.word, defaultdict(list))[address].append((each, keeping))
    return sizes


def _before(address: int, memory: Memory) -> bytes:
    """The :data:`HEADER` bytes before ``address``; zeros for those that are not there."""
    for size in range(HEADER, 0, -_WORD):
        reading = memory.read(address - size, size)
        if reading and len(reading.data) == size:
            return reading.data.rjust(HEADER, b"\0")
    return bytes(HEADER)


def _value(around: Around, keeping: Keeping, known: Known, memory: Memory) -> Finding | None:
    """The value that stands beside the address of a name: behind it where it can, or else before it, or farther on."""
    first, *others = keeping.values
    if around[0] in (around[first], around[-first]):
        return None  # a table of names, each of which leads to itself
    texts = {at: keeping.text(around, at, memory) for at in (*keeping.values, -first, 2 * first)}
    is_list = texts[-first] is not None or texts[2 * first] is not None or keeping.is_list(around)
    is_sure = known.tells and keeping.trusted and (not is_list or keeping.is_entry(around, memory))
    candidates = [(texts[first], is_sure)]
    if texts[first] is None or not is_sure:
        candidates += [(keeping.inside(around, memory), False), *((texts[at], False) for at in others)]
    for text, sure in candidates:
        if text and not text.units.strip(b"*"):
            return None  # masked already: what stands elsewhere is none
        finding = _judged(text, known, is_sure=sure)
        if finding:
            return finding
    return None


def _judged(text: Text | None, known: Known, *, is_sure: bool) -> Finding | None:
    """The finding of ``text``, if it is a value of a name; unless ``is_sure``, only one that is no name itself.

    Words that may be a password stand elsewhere as words: those are masked here, and their copies stay.
    """
    units = text.units if text else b""
    if text is None or not units.strip(b"*") or _is_no_value(units):
        return None
    is_secret = is_secret_name(units.decode("latin-1"))
    is_name = is_secret or bool(_NAMELIKE.fullmatch(units))
    if not is_sure and (is_name or not _looks_made(units)):
        return None
    judgement = known.judge(units, to_utf8(text.data, text.encoding))
    if judgement.suppressed or (is_secret and not _DIGIT.search(units)):
        return None
    if is_name and (is_secret or _DIVIDED.search(units) or not _DIGIT.search(units)):
        judgement = Judgement(Confidence.LOW, (), "")
    rule = known.rule
    return Finding(
        *(rule.id, rule.category, text.spans, text.encoding, Origin.DIRECT, judgement.confidence, rule.action.value),
        values=judgement.values,
    )


def _looks_made(units: bytes) -> bool:
    """True for ASCII that stands in no list of words, and is no address of a server."""
    long_word = len(units) >= _LONG and b" " not in units
    return units.isascii() and not _ADDRESS.search(units) and (long_word or bool(_DIGIT.search(units)))


def _is_no_value(units: bytes) -> bool:
    """True for what is short, a name of code, prose, code or counted out."""
    return (
        len(units) < _SHORTEST
        or bool(_NAMELIKE.fullmatch(units) and _NO_VALUE.fullmatch(units))
        or bool(_PROSE.fullmatch(units))
        or (len(units) >= _SEQUENCE and standins.is_sequence(units))
        or len(_SIGNS_OF_CODE.findall(units)) >= _MOST_SIGNS
    )
