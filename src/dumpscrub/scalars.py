"""Private numbers of elliptic curves, DSA and Diffie-Hellman that stand bare: one makes a public key that is known.

So there are no false ones. Such a number has 20 to 66 bytes, as much else has, and each one costs a multiplication of
tens to hundreds of microseconds. So only what looks random and stands alone is multiplied: first on the stacks and in
the registers, then near public keys and across seams of memory, then in all other memory, until :data:`_MOST`
microseconds are spent by a fixed tariff (and not by the clock: the same dump always gives the same findings).
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, takewhile

from dumpscrub.columns import Offsets
from dumpscrub.grounds import Ground, Grounds
from dumpscrub.model import Confidence, Dump, Encoding, Finding, Origin
from dumpscrub.multiples import Target, is_sought, targets
from dumpscrub.publics import Found, Known
from dumpscrub.rules.schema import Action, Rule
from dumpscrub.search import isolated
from dumpscrub.search.isolated import Runs
from dumpscrub.search.numbers import Order
from dumpscrub.source import Source, read
from dumpscrub.span import Span, SpanSet

NAMES = ("ec-private-scalar", "group-private-number")
"""The detectors of rules for such numbers."""
_MOST, _MOST_DEEP = 2_500_000, 600_000_000
"""Microseconds of multiplications."""
_KEPT = 4
"""The part of these that is kept for numbers of which one end only is seen."""
_FAR = 3
"""The part of what is left that one kind of number gets far from public keys and stacks."""
_SHORTEST = 20
"""Bytes of a private number of Diffie-Hellman."""
_CANDIDATE = 3
"""Microseconds that a number takes that is not even multiplied."""
_RUN = 8
"""The same of random bytes that are read as a whole."""
_WORD = 4
"""Bytes of a word, and of a digit of 30 bits."""
_MOST_DIGIT = 1 << 6
"""The highest byte of such a digit is smaller."""
_MOST_TRIED = 1 << 19
"""Different numbers that are remembered, so that each is multiplied once."""


def find(dump: Dump, keys: Sequence[Known], given: Iterable[Finding], rule: Rule, *, deep: bool) -> Found:
    """The private numbers in ``dump`` of the public ones among ``keys``; ``deep`` is for looking everywhere.

    What the ``given`` findings mask needs no proof.
    """
    own = [known for known in keys if (deep or not known.everybodys) and is_sought(known.key, rule.detector)]
    sought = targets(own)
    if not sought:
        return Found((), everywhere=True)
    masked = SpanSet(span for each in given if each.action != Action.REPORT.value for span in each.spans)
    search = _Search(sought, masked, _MOST_DEEP if deep else _MOST, deep)
    is_complete = _look(search, Grounds(dump, search.shortest, deep), own)
    return Found(search.findings(rule), is_complete)


def _look(search: _Search, grounds: Grounds, own: Iterable[Known]) -> bool:
    """Try everything in its order. Returns whether there was time for what is meant to be looked at."""
    threads = [*grounds.registers(), *grounds.stacks()]
    near = [*grounds.across(), *grounds.nearby(offset for known in own for offset in known.offsets)]
    search.run(threads, _TELLING)
    if search.deep:
        return _look_everywhere(search, grounds, (*threads, *near))
    elsewhere = list(grounds.elsewhere())
    search.run(near, _TELLING, elsewhere)
    is_complete = not search.is_over
    search.go_on()
    search.run((*threads, *near), (_Stage.LOOSE,))
    is_complete = is_complete and not search.is_over
    search.run(threads, (_Stage.INNER,))
    search.run(elsewhere, (_Stage.LOOSE,))
    return is_complete


def _look_everywhere(search: _Search, grounds: Grounds, first: Sequence[Ground]) -> bool:
    """The same in all memory and for all stages, of which the last one takes longest."""
    search.go_on()
    search.run(first, (_Stage.LOOSE,))
    for stages in ((*_TELLING, _Stage.LOOSE), (_Stage.INNER,)):
        for ground in takewhile(lambda _: not search.is_over, chain(first, grounds.elsewhere())):
            search.run([ground], stages)
    return not search.is_over


class _Stage(enum.Enum):
    """Why a number is tried. The value is how unlikely it is to be one: stages and targets go by it and by the cost."""

    BESIDE = 0  # its public key stands beside it
    EXACT = 1  # it stands alone
    ANNOUNCED = 2  # a header says how long it is
    LOOSE = 4  # it begins or ends where random bytes do
    INNER = 8  # it begins in random bytes where a word of memory does


_TELLING = (_Stage.BESIDE, _Stage.EXACT, _Stage.ANNOUNCED)
"""Why a number is tried wherever it stands."""
_IN_STRUCTURES = frozenset({_Stage.BESIDE, _Stage.ANNOUNCED})


@dataclass(slots=True)
class _Search:
    """Multiplies what may be private numbers of ``targets``, as long as there is ``room``, in microseconds."""

    targets: Sequence[Target]
    masked: SpanSet
    room: int
    deep: bool
    kept: int = field(init=False)
    least: int = field(default=0, init=False)
    found: dict[tuple[Span, ...], tuple[Target, bytes]] = field(default_factory=dict, repr=False)
    tried: set[tuple[str, bytes]] = field(default_factory=set, repr=False)
    used: set[str] = field(default_factory=set)
    announced: dict[tuple[int, int], Offsets] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self.kept = self.room // _KEPT
        self.room -= self.kept

    def go_on(self) -> None:
        """Spend the part as well that is kept."""
        self.room, self.kept = max(0, self.room) + self.kept, 0

    @property
    def is_over(self) -> bool:
        """True where something was not multiplied because no time was left."""
        return self.room < self.least

    @property
    def shortest(self) -> int:
        """Bytes of the shortest private number."""
        return min(_SHORTEST if not target.fixed else target.length(Order.BIG) for target in self.targets)

    def run(self, grounds: Sequence[Ground], stages: Sequence[_Stage], far: Sequence[Ground] = ()) -> None:
        """Try what is the likeliest to be found in a given time first: all of ``grounds`` for one target and stage.

        Those that are ``far`` follow, but no target and stage gets more than a part of what is left there.
        """
        pairs = ((target, stage) for target in self.targets for stage in stages)
        for target, stage in sorted(pairs, key=lambda pair: pair[0].expected * pair[1].value):
            for place, ground in enumerate((*grounds, *far)):
                if place == len(grounds):
                    self.least = self.room - self.room // _FAR
                if not self.is_over and target.fixed:
                    self._of_size(ground, target, stage)
                elif not self.is_over and stage is _Stage.EXACT:
                    self._of_any_length(ground, target)
            self.least = 0
        self.announced.clear()

    def _of_size(self, ground: Ground, target: Target, stage: _Stage) -> None:
        if stage in _IN_STRUCTURES:
            self._in_structure(ground, target, stage)
            return
        # Words and digits stand behind a header of their own, so that they stand alone or are what is tried last.
        for order in target.orders[:2] if stage is _Stage.LOOSE and not self.deep else target.orders:
            size = target.length(order)
            if stage is _Stage.LOOSE:
                self._try(ground, target, order, ground.runs.loose(size, ground.phases))
            elif stage is _Stage.EXACT:
                starts = ground.runs.exact(size, order)
                if order is Order.WORDS:
                    starts = isolated.counted(ground.source, starts[: max(0, self.room)], size)
                self._try(ground, target, order, starts)
            elif ground.phases is not None:
                self._try(ground, target, order, ground.runs.inner(size, ground.phases))

    def _in_structure(self, ground: Ground, target: Target, stage: _Stage) -> None:
        """Try what stands in structures: beside its public key in its order, else big-endian numbers and seeds."""
        size = target.length(Order.BIG)
        if stage is _Stage.BESIDE:
            starts = ground.runs.loose(size, ground.phases)[: self.room]
            self.room -= len(starts)
            for order, tails, heads in target.beside:
                self._try(ground, target, order, isolated.beside(ground.source, starts, size, tails, heads))
            return
        place = id(ground), size
        if place not in self.announced:
            self.announced[place] = isolated.announced(ground.source, self._some(ground.runs), size)
        self._try(ground, target, Order.BIG, self.announced[place])

    def _some(self, runs: Runs) -> Runs:
        """As many of ``runs`` as there is room for: each is read."""
        some = runs.upto(max(0, self.room) // _RUN)
        self.room -= _RUN * len(some)
        return some

    def _try(self, ground: Ground, target: Target, order: Order, starts: Offsets) -> None:
        starts = starts[: max(0, self.room)]
        self.room -= len(starts)
        for start, data in isolated.numbers(ground.source, starts, target.length(order), order, target.highest):
            self._test(ground, target, Span(start, start + len(data)), target.secret(data, order))
            if self.is_over:
                return

    def _of_any_length(self, ground: Ground, target: Target) -> None:
        """Try what stands alone and is a number of at least 160 bits, and INTEGERs of DER with as many."""
        longest = (target.bits + 7) // 8
        alone = ground.runs.between(_SHORTEST, Order.DIGITS30.length(target.bits))
        integers = isolated.integers(ground.source, self._some(ground.runs), _SHORTEST, longest)
        for start, end in chain(alone, integers):
            for at, secret in _readings(ground.source, start, end):
                if self.is_over:
                    return
                if len(secret) <= longest:
                    self._test(ground, target, at, secret)

    def _test(self, ground: Ground, target: Target, at: Span, secret: bytes) -> None:
        self.room -= _CANDIDATE
        identity = target.name, secret
        if not secret or identity in self.tried:
            return
        spans = ground.spans(at.start, at.end)
        if not spans or spans in self.found or self.masked.covers(spans):
            return
        if len(self.tried) < _MOST_TRIED:
            self.tried.add(identity)
        self.room -= target.cost if target.name in self.used else target.cost + target.setup
        self.used.add(target.name)
        if target.owns(secret):
            self.found[spans] = target, secret

    def findings(self, rule: Rule) -> tuple[Finding, ...]:
        """What was found, in file order."""
        return tuple(
            Finding(
                *(rule.id, rule.category, spans, Encoding.BINARY, Origin.DIRECT, Confidence.HIGH, rule.action.value),
                values=target.values(secret.lstrip(b"\0") if target.is_number else secret),
            )
            for spans, (target, secret) in sorted(self.found.items())
        )


def _readings(source: Source, start: int, end: int) -> Iterator[tuple[Span, bytes]]:
    """The numbers, big-endian, that the bytes ``[start, end)`` may be, each with the place where it stands.

    Words stand behind their count. Zeros end the bytes, and may belong to the last word or digit, or the first word.
    """
    data = read(source, start, end)
    yield Span(start, end), data
    yield Span(start, end), data[::-1]
    for first in (start, start - _WORD):
        size = end - first + (first - end) % _WORD
        if first >= _WORD and read(source, first - _WORD, first) == (size // _WORD).to_bytes(_WORD, "little"):
            at = Span(first, first + size)
            yield at, _number(source, at, Order.WORDS)
    if max(data[_WORD - 1 :: _WORD]) < _MOST_DIGIT:
        at = Span(start, end + (start - end) % _WORD)
        yield at, _number(source, at, Order.DIGITS30)


def _number(source: Source, at: Span, order: Order) -> bytes:
    number = order.number(read(source, at.start, at.end))
    return number.to_bytes((number.bit_length() + 7) // 8, "big")
