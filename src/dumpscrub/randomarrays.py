"""Keys that nothing proves but their length: arrays of runtimes and blocks of memory that are random all over.

Symmetric keys, and private numbers far from their public ones, are such arrays. So are digests and nonces: what is
found is a possible key. What is known to be public stays: numbers and digests of keys and certificates that stay,
points on curves of which both coordinates stand in arrays, the constants of curves and hash functions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from dumpscrub.detectors import arrays
from dumpscrub.detectors.arrays import BEFORE, BEHIND, Array
from dumpscrub.detectors.public_keys import PublicKey
from dumpscrub.model import Confidence, Dump, Encoding, Finding, Origin, SecretValue
from dumpscrub.publics import Found, PublicKeys
from dumpscrub.rules.schema import Action, Rule
from dumpscrub.search import constants
from dumpscrub.search.lengths import WORD, LengthList, at_seams
from dumpscrub.search.memory import Memory
from dumpscrub.search.numbers import Order
from dumpscrub.source import read, read_spans, releasing
from dumpscrub.span import Span, SpanSet, part_of

_MOST = 200_000
"""Lengths that are looked at, each in microseconds."""
_SHORT = 24
"""Bytes of an array below which copies are not looked for: digests and nonces are as short."""
_MOST_SHORT = 100
"""Short arrays of one kind and length, from which on they are data rather than keys."""
_MOST_VALUES = 256
"""Different arrays whose copies are looked for."""
_DIGEST = 20
_PAIR = 8


@dataclass(frozen=True, slots=True)
class _Standing:
    """An array that stands at ``spans``, and what its bytes may be read as."""

    array: Array
    spans: tuple[Span, ...]
    value: bytes = field(repr=False)
    numbers: frozenset[int] = field(repr=False)

    @property
    def is_short(self) -> bool:
        return len(self.value) < _SHORT

    @property
    def is_digest(self) -> bool:
        """True where it is as long as SHA-1's digests, which are everywhere, and as DSA's numbers."""
        return len(self.value) == _DIGEST


def find(
    dump: Dump, lengths: LengthList, public: PublicKeys, given: Iterable[Finding], rule: Rule, *, deep: bool
) -> Found:
    """The random arrays in ``dump`` behind ``lengths``, but those of ``public`` numbers, in file order.

    ``given`` are the findings of other rules: copies of their values are theirs, and what they mask proves nothing.
    ``deep`` is for looking everywhere.
    """
    given = [finding for finding in given if finding.action != Action.REPORT.value]
    masked = SpanSet(span for finding in given for span in finding.spans)
    places = sorted({*lengths, *at_seams(dump.source, dump.layout)})
    standing = list(_standing(dump, islice(places, None if deep else _MOST)))
    keys = _staying(public, masked)
    known = {*constants.constants(), *(_number(digest) for digest in public.digests)}
    known |= {number for key in keys for number in key.all()}
    known |= {_number(value.data) for finding in given for value in finding.values}
    known |= constants.points(number for each in standing for number in each.numbers)
    has_dsa = any(key.kind == "dsa" for key in keys)
    unknown = [each for each in standing if not each.numbers & known and (has_dsa or not each.is_digest)]
    kinds = Counter((each.array.kind, len(each.value)) for each in unknown if each.is_short)
    kept = [each for each in unknown if kinds[each.array.kind, len(each.value)] <= _MOST_SHORT]
    swept = set(islice(dict.fromkeys(each.value for each in kept if not each.is_short), _MOST_VALUES))
    found = (_finding(each, each.value in swept, rule) for each in kept)
    return Found(tuple(dict.fromkeys(found)), everywhere=deep or len(places) <= _MOST)


def _staying(public: PublicKeys, masked: SpanSet) -> list[PublicKey]:
    """The keys that stay. Of others the redacted copy says nothing, which is to be redacted in the same way."""
    return [
        known.key
        for known in public.all()
        if not all(masked.covers((Span(offset, offset + 1),)) for offset in known.offsets)
    ]


def _number(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _standing(dump: Dump, places: Iterable[int]) -> Iterator[_Standing]:
    """The arrays whose lengths stand at these ``places`` of the file."""
    memory = Memory(dump.source, dump.layout)
    for offset in releasing(dump.source, places):
        before, spans, behind = _around(dump, offset)
        length, data = int.from_bytes(behind[:WORD], "little"), behind[WORD:]
        array = arrays.read(before, length, data, memory)
        if array:
            own = data[array.start : array.end]
            at = part_of(spans, WORD + array.start, WORD + array.end)
            yield _Standing(array, at, array.value(own), _numbers(array, own))


def _around(dump: Dump, offset: int) -> tuple[bytes, tuple[Span, ...], bytes]:
    """What stands in memory before the length at ``offset``; it and what stands behind it: where, and the bytes."""
    whole = Span(max(0, offset - BEFORE), offset + WORD + BEHIND)
    if offset >= BEFORE and dump.layout.holds(whole):
        data = read(dump.source, whole.start, whole.end)
        return data[:BEFORE], (Span(offset, whole.end),), data[BEFORE:]
    spans = dump.layout.forward(offset, WORD + BEHIND)
    return read_spans(dump.source, dump.layout.backward(offset, BEFORE)), spans, read_spans(dump.source, spans)


def _numbers(array: Array, data: bytes) -> frozenset[int]:
    """The numbers that ``data`` may be: in either order of bytes, or with the highest word first."""
    if array.order is Order.DIGITS30:
        return frozenset({_number(array.value(data))})
    numbers = {_number(data), _number(data[::-1])}
    for size in (4, _PAIR):
        if len(data) % size == 0:
            numbers.add(_number(b"".join(data[at : at + size][::-1] for at in range(0, len(data), size))))
    return frozenset(numbers)


def _finding(standing: _Standing, swept: bool, rule: Rule) -> Finding:
    values = (SecretValue(standing.value, binary=True),) if swept and rule.propagate else ()
    return Finding(
        *(rule.id, rule.category, standing.spans, Encoding.BINARY, Origin.DIRECT, Confidence.LOW, rule.action.value),
        values=values,
    )
