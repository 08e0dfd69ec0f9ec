"""Values that addresses alone connect with their names: entries of hash tables, objects with two fields, pairs.

The search comes across names of secrets that are a text of their own. Whatever keeps one holds its address, and beside
that the value's. So after the search, memory is looked through once for words that lead to a name, and the words around
each of them are followed. A value is of the same kind as its name and is judged as any value beside a name is.

Lists of names hold the same: there, what stands beside a name counts only where it cannot be a name itself.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace

from dumpscrub.detectors import standins
from dumpscrub.detectors.names import is_secret_name
from dumpscrub.detectors.pairs import is_name, tells
from dumpscrub.detectors.pattern import Judgement
from dumpscrub.errors import fail_closed
from dumpscrub.model import Confidence, Dump, Finding, Origin
from dumpscrub.pairnames import BLOCK, Known, Names
from dumpscrub.rules.schema import Rule
from dumpscrub.search import pointers
from dumpscrub.search.keepings import KEEPINGS
from dumpscrub.search.memory import Memory
from dumpscrub.search.objects import HEADER, Around, Keeping, Text
from dumpscrub.search.pointers import Wanted
from dumpscrub.search.windows import to_utf8
from dumpscrub.source import releasing
from dumpscrub.span import Span

MOST_WORDS = 2_000_000
"""Words that lead to a name, or close to one."""
MOST_PLACES, MOST_OF_ONE = 100_000, 5_000
"""Words that are followed, of all and of one, each of which takes some fifty microseconds."""
BOUNDED = "there are more names of secrets, or addresses of them, than were followed to their values"
_WORD, _LONG_WORD = 4, 8
_MEASURING = tuple(keeping for keeping in KEEPINGS if keeping.measures)
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
      | (?<![A-Za-z0-9]) [a-z]{1,3}+ (?: [0-9]{1,3}+ [a-z]*+ )? (?![a-z0-9])
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
_SETTINGS = re.compile(
    rb"\s*[A-Za-z][\w .-]{0,63}=[^;]*;.*|[a-z][a-z0-9+.-]{1,20}://.*|(?:[A-Z][a-z]{2,20} ?){1,3}=[\w.:,/\\-]+"
)
"""Connection strings, and one setting of them: other rules know what of them is secret."""
_SEQUENCE = 16
"""Characters of what is counted out, from which on it is no password."""
_Lead = tuple[Known, Keeping]
_Sought = dict[int, dict[int, list[_Lead]]]
"""By the bytes of a word and by the word, the names that it leads to, and how they are kept."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """What was found, and lines for the user: what was not looked at."""

    findings: tuple[Finding, ...]
    notices: tuple[str, ...]


def find(dump: Dump, names: Names, workers: int = 1) -> Pairs:
    """The values of ``names`` in ``dump``, in file order. Raises ScanError where that fails."""
    with fail_closed("following names of secrets"):
        return _find(dump, names, workers)


def _find(dump: Dump, names: Names, workers: int) -> Pairs:
    search = _Search(dump, Memory(dump.source, dump.layout), names.blocks, workers)
    sought = _by_size(dump, search.memory, names.all())
    if names.blocks:
        sought.setdefault(_LONG_WORD, {})
    search.follow(sought)
    search.follow(search.holders)
    found = search.found
    notices = () if search.is_all and names.is_all else (BOUNDED,)
    return Pairs(tuple(found[key] for key in sorted(found)), notices)


@dataclass(slots=True)
class _Search:
    """Follows words; ``holders`` are those that lead to what holds a name, to be followed next."""

    dump: Dump
    memory: Memory
    blocks: Mapping[int, Known]
    workers: int
    seen: int = 0
    count: int = 0
    followed: Counter[int] = field(default_factory=Counter)
    found: dict[tuple[Span, ...], Finding] = field(default_factory=dict, repr=False)
    holders: _Sought = field(default_factory=dict, repr=False)
    is_all: bool = True

    def follow(self, sought: _Sought) -> None:
        """Look for the words of ``sought``, and at what stands around each."""
        held, self.holders = sought is self.holders, {}
        for size, known in sought.items():
            blocks = self.blocks if size == _LONG_WORD and not held else {}
            wanted = Wanted.of({*known, *blocks}, size, BLOCK if blocks else 0)
            with closing(pointers.find(self.dump, wanted, self.workers)) as words:
                self._follow(releasing(self.dump.source, words), size, known, blocks, held=held)
            if self.seen > MOST_WORDS:
                return

    def _follow(
        self,
        words: Iterable[tuple[int, int]],
        size: int,
        known: Mapping[int, Sequence[_Lead]],
        blocks: Mapping[int, Known],
        *,
        held: bool,
    ) -> None:
        """Look at what stands around each of ``words`` of ``size`` bytes, as far as they are not too many."""
        for offset, word in words:
            self.seen += 1
            if self.seen > MOST_WORDS:
                self.is_all = False
                return
            block = blocks.get(word >> BLOCK << BLOCK)
            leads = [*known.get(word, ()), *((block, keeping) for keeping in _MEASURING if block)]
            if leads and self._may_follow(word):
                self._look(self.dump.layout.address_of(offset) or 0, size, leads, held=held)

    def _may_follow(self, word: int) -> bool:
        """Count ``word``; False where there were too many of it, or of all."""
        self.followed[word] += 1
        self.count += self.followed[word] <= MOST_OF_ONE
        may = self.followed[word] <= MOST_OF_ONE and self.count <= MOST_PLACES
        self.is_all = self.is_all and may
        return may

    def _look(self, place: int, size: int, leads: Iterable[_Lead], *, held: bool) -> None:
        """Look at what stands around the word at address ``place``."""
        around = Around.read(place, size, self.memory)
        for known, keeping in leads:
            if keeping.indirect and not held:
                self._note(keeping.holder(place, known.name, self.memory), known, keeping)
                continue
            own = keeping.own(around, self.memory)
            if keeping.measures and not is_name(own):
                continue
            finding = _value(around, keeping, replace(known, tells=tells(own)) if own else known, self.memory)
            if finding:
                self.found.setdefault(finding.spans, finding)

    def _note(self, holder: int | None, known: Known, keeping: Keeping) -> None:
        if holder is not None:
            self.holders.setdefault(keeping.word, defaultdict(list))[holder].append((known, keeping))


def _by_size(dump: Dump, memory: Memory, names: Iterable[Known]) -> _Sought:
    sizes: _Sought = {}
    for each in releasing(dump.source, names):
        before = _before(each.name.address, memory)
        for keeping in KEEPINGS:
            address = keeping.known_as(each.name, before)
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
        # What stands before the name is the value of another one, where a text stands behind it.
        farther = (at for at in others if texts[first] is None or at * first > 0)
        candidates += [(keeping.inside(around, memory), False), *((texts[at], False) for at in farther)]
    for text, sure in candidates:
        if text and text.units and not text.units.strip(b"*"):
            return None  # masked already: what stands elsewhere is none
        finding = judged(text, known.rule, known.judge, is_sure=sure)
        if finding:
            return finding
    return None


def judged(
    text: Text | None, rule: Rule, judge: Callable[[bytes, bytes], Judgement], *, is_sure: bool
) -> Finding | None:
    """The finding of ``text``, if it is a value for ``rule``; unless ``is_sure``, only one that is no name itself.

    Words that may be a password stand elsewhere as words: those are masked here, and their copies stay.
    """
    units = text.units if text else b""
    if text is None or not units.strip(b"*") or _is_no_value(units):
        return None
    is_secret = is_secret_name(units.decode("latin-1"))
    is_name = is_secret or bool(_NAMELIKE.fullmatch(units))
    if not is_sure and (is_name or not _looks_made(units)):
        return None
    judgement = judge(units, to_utf8(text.data, text.encoding))
    if judgement.suppressed or (is_secret and not _DIGIT.search(units)):
        return None
    if is_name and (is_secret or _DIVIDED.search(units) or not _DIGIT.search(units)):
        judgement = Judgement(Confidence.LOW, (), "")
    return Finding(
        *(rule.id, rule.category, text.spans, text.encoding, Origin.DIRECT, judgement.confidence, rule.action.value),
        values=judgement.values,
    )


def _looks_made(units: bytes) -> bool:
    """True for ASCII that stands in no list of words, and is no address of a server."""
    long_word = len(units) >= _LONG and b" " not in units
    return units.isascii() and not _ADDRESS.search(units) and (long_word or bool(_DIGIT.search(units)))


def _is_no_value(units: bytes) -> bool:
    """True for what is short, a name of code, prose, code, counted out, or holds more than a secret."""
    return (
        len(units) < _SHORTEST
        or bool(_NAMELIKE.fullmatch(units) and _NO_VALUE.fullmatch(units))
        or bool(_PROSE.fullmatch(units) or _SETTINGS.fullmatch(units))
        or (len(units) >= _SEQUENCE and standins.is_sequence(units))
        or len(_SIGNS_OF_CODE.findall(units)) >= _MOST_SIGNS
    )
