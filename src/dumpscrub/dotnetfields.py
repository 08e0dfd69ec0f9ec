"""Texts in fields of .NET objects, whose names only the metadata of modules hold.

The search comes across metadata. Those name the fields that may hold a secret; the descriptions that the runtime makes
of them say where they stand in objects of which type; and objects begin with the address of their type. So memory is
looked through for descriptions, then for addresses of types: of those that have such a field, that inherit it, or that
are made of a generic one, and of arrays of structures. In each object, the field leads to the text, which is judged as
any value beside a name is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice

from dumpscrub.detectors.base import Detector, Match
from dumpscrub.detectors.dotnetfields import FieldDetector, plain_name
from dumpscrub.detectors.pairs import tells
from dumpscrub.errors import fail_closed
from dumpscrub.layout import Layout
from dumpscrub.model import Dump, Encoding, Finding
from dumpscrub.pairs import judged
from dumpscrub.search import clrtypes, pointers
from dumpscrub.search.climetadata import STRING, VALUE_TYPE, Member, MetadataReader
from dumpscrub.search.clrtypes import ELEMENT, MARKS, PARENT, STANDS_FOR, WORD, Described, Placed
from dumpscrub.search.memory import Memory
from dumpscrub.search.objects import LONGEST, Text, is_address, number, text_of
from dumpscrub.search.pointers import Wanted
from dumpscrub.search.windows import Window
from dumpscrub.source import releasing
from dumpscrub.span import Span

MOST_MODULES = 5_000
"""Metadata that are read; the largest programs have a thousand modules."""
MOST_WORK = 1 << 29
"""Bytes of metadata that are read; names that are looked at count, too."""
MOST_MEMBERS = 50_000
"""Fields that are looked for."""
MOST_TRIES, _MOST_ALIKE, _MOST_INNER = 200_000, 16, 64
"""Places that may describe one of them, and fields that one may describe."""
MOST_PLACES, MOST_OF_ONE = 400_000, 20_000
"""Fields of objects that are followed, which takes ten microseconds each, and objects of one type."""
MOST_WORDS = 2_000_000
"""Addresses of types."""
MOST_ELEMENTS = 1_000
"""Elements of an array that are looked at."""
BOUNDED = "there are more modules, fields or objects of .NET than were followed to the texts in them"
_ROUNDS = 5
"""How often memory is looked through for types: for those with such a field, for those that inherit it, and so on."""
_TEXT = 12


class Modules:
    """Collects the metadata of modules as an observer of a scan of a dump with ``layout``."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._roots: dict[int, None] = {}
        self._detectors: dict[str, FieldDetector] = {}
        self.is_all = True

    def watches(self, detector: Detector) -> bool:
        """True for what finds metadata."""
        return isinstance(detector, FieldDetector)

    def observe(self, detector: Detector, window: Window, matches: Sequence[Match]) -> bool:
        """Take the metadata that begin at the hit of ``window``. True where they do."""
        del matches
        if not isinstance(detector, FieldDetector) or not detector.is_root(window):
            return False
        address = self._layout.address_of(window.locate(*window.raw(window.anchor, window.anchor + 1))[0].start)
        if address is not None and len(self._roots) < MOST_MODULES:
            self._roots[address] = None
            self._detectors[detector.rule.id] = detector
        else:
            self.is_all = self.is_all and address is None
        return True

    @property
    def roots(self) -> tuple[int, ...]:
        """The addresses of metadata, in order."""
        return tuple(sorted(self._roots))

    def detector_of(self, name: str) -> FieldDetector | None:
        """The detector whose rule is for values of fields called ``name``, if there is one."""
        return next((each for _, each in sorted(self._detectors.items()) if each.takes(name)), None)


@dataclass(frozen=True, slots=True)
class Fields:
    """What was found, and lines for the user: what was not looked at."""

    findings: tuple[Finding, ...]
    notices: tuple[str, ...]


def find(dump: Dump, modules: Modules, workers: int = 1) -> Fields:
    """The texts in fields of ``modules``' types in ``dump``, in file order. Raises ScanError where that fails."""
    if not modules.roots:
        return Fields((), () if modules.is_all else (BOUNDED,))
    with fail_closed("following fields of .NET"):
        return _find(dump, modules, workers)


def _find(dump: Dump, modules: Modules, workers: int) -> Fields:
    search = _Search(dump, Memory(dump.source, dump.layout), modules, workers)
    types = search.types()
    for _ in range(_ROUNDS):
        types = search.follow(types)
    found = search.found
    notices = () if search.is_all and modules.is_all and not types else (BOUNDED,)
    return Fields(tuple(found[key] for key in sorted(found)), notices)


@dataclass(frozen=True, slots=True)
class _Type:
    """A type whose objects are ``size`` bytes long, and its fields by their places. ``step`` tells arrays apart."""

    size: int
    fields: Mapping[int, Member]
    step: int = 0


_Types = dict[int, _Type]


@dataclass(slots=True)
class _Search:
    """Looks for descriptions of fields, types and objects; ``known`` are the fields that were followed, by type."""

    dump: Dump
    memory: Memory
    modules: Modules
    workers: int
    known: dict[int, set[int]] = field(default_factory=dict)
    count: int = 0
    words: int = 0
    found: dict[tuple[Span, ...], Finding] = field(default_factory=dict, repr=False)
    strings: dict[int, bool | None] = field(default_factory=dict)
    is_all: bool = True

    def types(self) -> _Types:
        """The types with fields that are wanted, by their addresses."""
        placed = list(releasing(self.dump.source, self._placed(self._members())))
        structures: dict[tuple[int, int], list[Placed]] = {}
        types: dict[int, dict[int, Member]] = {}
        for each in placed:
            if each.member.element != VALUE_TYPE:
                structures.setdefault((each.member.module, each.member.owner), []).append(each)
                types.setdefault(each.owner, {})[each.offset] = each.member
        for each in placed:
            if each.member.element == VALUE_TYPE:
                inside = structures.get((each.member.module, each.member.inner), ())[:_MOST_INNER]
                fields = types.setdefault(each.owner, {})
                fields.update((each.offset + other.offset, other.member) for other in inside)
        return {owner: _Type(clrtypes.size_of(owner, self.memory), fields) for owner, fields in types.items()}

    def _members(self) -> Mapping[int, Sequence[Member]]:
        """The fields that are wanted, by their rows."""
        rows: dict[int, list[Member]] = {}
        reader, count = MetadataReader(self.memory, MOST_WORK), 0
        for root in releasing(self.dump.source, self.modules.roots):
            for member in islice(reader.members(root, self._is_wanted), MOST_MEMBERS + 1 - count):
                rows.setdefault(member.row, []).append(member)
                count += 1
        self.is_all = self.is_all and reader.work > 0 and count <= MOST_MEMBERS
        return rows

    def _is_wanted(self, name: str) -> bool:
        return self.modules.detector_of(plain_name(name)) is not None

    def _placed(self, rows: Mapping[int, Sequence[Member]]) -> Iterator[Placed]:
        """Where the fields at ``rows`` stand in objects."""
        tries = 0
        for address in clrtypes.descriptions(self.dump, rows) if rows else ():
            described = Described.read(address, self.memory)
            here = rows.get(described.own.row, ()) if described else ()
            tries += 1 + len(here)
            if tries > MOST_TRIES:
                self.is_all = False
                return
            fitting = [member for member in here if described and described.fits(member)][:_MOST_ALIKE]
            each = (described.placed(member, self.memory) for member in fitting if described)
            yield from (place for place in each if place)

    def follow(self, types: _Types) -> _Types:
        """Look at the objects of ``types``; the types that are made of these, with fields that nobody followed yet."""
        for owner, each in types.items():
            self.known.setdefault(owner, set()).update(each.fields)
        sought = {word + mark for word, each in types.items() for mark in (0, *MARKS) if not mark or not each.step}
        if not sought:
            return {}
        with closing(pointers.find(self.dump, Wanted.of(sought, WORD), self.workers)) as words:
            return self._follow(releasing(self.dump.source, words), types)

    def _follow(self, words: Iterable[tuple[int, int]], types: _Types) -> _Types:
        """The same by the ``words`` that are addresses of ``types``, as far as they are not too many."""
        more: _Types = {}
        followed: Counter[int] = Counter()
        for offset, word in words:
            followed[word] += 1
            self.words += 1
            self.is_all = self.is_all and followed[word] <= MOST_OF_ONE
            if self.count >= MOST_PLACES or self.words > MOST_WORDS:
                self.is_all = False
                return more
            if followed[word] > MOST_OF_ONE:
                continue
            place = self.dump.layout.address_of(offset) or 0
            own = types.get(word)
            if own:
                self._look(place, own)
            for owner, other in self._made_of(place, own, types.get(word & -WORD)):
                fresh = {at: each for at, each in other.fields.items() if at not in self.known.get(owner, ())}
                if fresh:
                    more[owner] = _Type(
                        other.size, {**fresh, **(more[owner].fields if owner in more else {})}, other.step
                    )
        return more

    def _made_of(self, place: int, own: _Type | None, generic: _Type | None) -> Iterator[tuple[int, _Type]]:
        """The type that has, at address ``place``, the address of ``own``, or of what stands for it."""
        if own is None and generic:
            if clrtypes.size_of(place - STANDS_FOR, self.memory) >= generic.size:
                yield place - STANDS_FOR, generic
        elif own and not own.step:
            self.count += 1
            if clrtypes.size_of(place - PARENT, self.memory) >= own.size:
                yield place - PARENT, own
            step = clrtypes.step_of(place - ELEMENT, self.memory)
            if step == own.size - 2 * WORD:
                yield place - ELEMENT, _Type(own.size, own.fields, step)

    def _look(self, place: int, own: _Type) -> None:
        """Look at the fields of the object, or of an array's elements, at address ``place``."""
        first, count = place + WORD, 1
        if own.step:
            length = self.memory.read(first, WORD)
            first, count = first + WORD, min(number(length.data, 0, 4), MOST_ELEMENTS) if length else 0
        for at in range(first, first + count * (own.step or 1), own.step or 1):
            for offset, member in own.fields.items():
                self.count += 1
                if self.count < MOST_PLACES:
                    self._take(at + offset, member)

    def _take(self, place: int, member: Member) -> None:
        """Take the text whose address stands at address ``place``, if it is a value of ``member``."""
        name = plain_name(member.name)
        detector = self.modules.detector_of(name)
        text = self._text(place, member)
        if detector and text and text.units.strip(b"*"):
            is_sure = tells(name.encode("ascii", "replace"))
            finding = judged(text, detector.rule, detector.judge, is_sure=is_sure)
            if finding:
                self.found.setdefault(finding.spans, finding)

    def _text(self, place: int, member: Member) -> Text | None:
        """The text of the string whose address stands at address ``place``."""
        reference = self.memory.read(place, WORD)
        address = number(reference.data, 0, WORD) if reference else 0
        head = self.memory.read(address, _TEXT) if is_address(address) and address % WORD == 0 else None
        if head is None or len(head.data) < _TEXT:
            return None
        kind, length = number(head.data, 0, WORD), number(head.data, WORD, 4)
        if kind not in self.strings and len(self.strings) < MOST_PLACES:
            self.strings[kind] = clrtypes.is_string(kind, self.memory)
        is_one = self.strings.get(kind)
        if not 0 < length <= LONGEST or not (is_one or (is_one is None and member.element == STRING)):
            return None
        return text_of(self.memory.read(address + _TEXT, (length + 1) * 2), length, Encoding.UTF16LE)
