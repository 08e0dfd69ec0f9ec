"""Rules put to the test: each example must be found at its exact place, wherever and however it stands in memory.

Every example is written in each encoding of its rule, and each of these texts is placed in a made-up dump: alone in a
region, at its start and at its end, between NULs at an even and at an odd offset, and across a chunk boundary. Negative
examples are placed likewise and must not be found.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from zlib import crc32

from dumpscrub.detectors import build_detectors
from dumpscrub.errors import DumpscrubError
from dumpscrub.layout import LayoutBuilder, RegionKind
from dumpscrub.model import Dump, Encoding
from dumpscrub.rules.check import Problem, check
from dumpscrub.rules.examples import expand
from dumpscrub.rules.schema import Rule, RuleSet
from dumpscrub.scanner import Scanner
from dumpscrub.search.finder import Search
from dumpscrub.source import BytesSource
from dumpscrub.span import Span

_CHUNK = 4096
_ALIGNMENT = 16
_FAR = 1 << 32
"""Bytes of address space between two regions, so that no text goes on from one into the other."""


@dataclass(frozen=True, slots=True)
class _Text:
    """An example in one encoding: its bytes, and the index pairs of its secrets."""

    what: str
    encoding: Encoding
    data: bytes = field(repr=False)
    secrets: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class _Case:
    """An example at a place of the made-up dump, with the file spans that the rule must find there."""

    what: str
    region: Span
    encoding: Encoding
    expected: frozenset[Span]


def check_rules(rules: RuleSet, engine: str) -> tuple[Problem, ...]:
    """Everything wrong with ``rules``.

    That is what :func:`dumpscrub.rules.check.check` finds, rules that do not compile, and examples that are missed,
    found elsewhere, or found although they are negative ones. ``engine`` names the search engine to use.
    """
    problems = list(check(rules))
    for rule in rules.rules:
        try:
            problems.extend(Problem(rule.id, message) for message in _try_out(rule, Search(engine, chunk=_CHUNK)))
        except DumpscrubError as error:
            problems.append(Problem(rule.id, str(error)))
    return tuple(problems)


def _try_out(rule: Rule, search: Search) -> Iterator[str]:
    """What the examples of ``rule`` show to be wrong with it."""
    # Not as a shipped rule, whose patterns are compiled no sooner than needed; and also where it is off.
    detectors = build_detectors(RuleSet((replace(rule.switched_on(), shipped=False),)))
    texts = tuple(_texts(rule))
    if not detectors or not texts:
        return
    dump, cases = _arrange(texts)
    starts = [case.region.start for case in cases]
    found: dict[int, set[Span]] = defaultdict(set)
    for finding in Scanner(detectors, search).scan(dump).findings:
        span = Span(finding.spans[0].start, finding.spans[-1].end)
        number = bisect_right(starts, span.start) - 1
        found[number].update(_as_placed(span, finding.encoding, cases[number]))
    for number, case in enumerate(cases):
        verdict = _compare(case, found[number])
        if verdict:
            yield f"{case.what}: {verdict}"


def _as_placed(span: Span, encoding: Encoding, case: _Case) -> tuple[Span, ...]:
    """What a finding at ``case`` means: UTF-16BE also reads as UTF-16LE, one byte later and cut at a region's end."""
    if case.encoding is not Encoding.UTF16BE or encoding is not Encoding.UTF16LE:
        return (span,)
    whole = Span(span.start - 1, span.end - 1)
    return (whole,) if whole in case.expected else ()


def _compare(case: _Case, found: set[Span]) -> str:
    """What is wrong at one place; empty where nothing is."""
    if found == case.expected:
        return ""
    if not case.expected:
        return "found, but must not be"
    return "not found" if not found else "not found where it stands, or found elsewhere too"


def _texts(rule: Rule) -> Iterator[_Text]:
    """The examples of ``rule`` in each of its encodings."""
    seed = crc32(rule.id.encode())
    for kind, templates in (("example", rule.examples), ("negative example", rule.negative_examples)):
        for number, template in enumerate(templates, 1):
            example = expand(template, seed + number)
            for encoding in rule.encodings:
                secrets = tuple(
                    (len(_encode(example.text[:start], encoding)), len(_encode(example.text[:end], encoding)))
                    for start, end in example.secrets
                )
                yield _Text(f"{kind} {number}", encoding, _encode(example.text, encoding), secrets)


def _encode(text: str, encoding: Encoding) -> bytes:
    """``text`` in ``encoding``. Examples of binary data hold C1 control characters and stand for plain bytes."""
    binary = encoding is Encoding.UTF8 and any("\x80" <= character <= "\x9f" for character in text)
    return text.encode("latin-1" if binary else encoding.codec)


def _arrange(texts: tuple[_Text, ...]) -> tuple[Dump, tuple[_Case, ...]]:
    """A dump with every text at every place, each in a region of its own."""
    data = bytearray()
    cases: list[_Case] = []
    for text in texts:
        for place, before, after in _places(text, len(data)):
            start = len(data)
            at = start + len(before)
            data += before + text.data + after
            cases.append(
                _Case(
                    f"{text.what} in {text.encoding.codec}, {place}",
                    Span(start, len(data)),
                    text.encoding,
                    frozenset(Span(at + low, at + high) for low, high in text.secrets),
                )
            )
            data += bytes(-len(data) % _ALIGNMENT)
    builder = LayoutBuilder(len(data))
    for number, case in enumerate(cases, 1):
        builder.add(case.region.start, len(case.region), RegionKind.MEMORY, "example", number * _FAR)
    return Dump("raw", BytesSource(bytes(data)), builder.build()), tuple(cases)


def _places(text: _Text, start: int) -> Iterator[tuple[str, bytes, bytes]]:
    """Where to put ``text``: a description, the bytes before it, and those after it, in a region.

    ``start`` is the file offset of the first of these regions; each of them begins at a multiple of the alignment.
    """
    padding = bytes(_ALIGNMENT)
    places = (
        ("alone in a region", b"", b""),
        ("at the start of a region", b"", padding),
        ("at the end of a region", padding, b""),
        ("at an even offset", padding, padding),
        ("at an odd offset", padding + b"\0", padding),
    )
    for place, before, after in places:
        yield place, before, after
        start += len(before) + len(text.data) + len(after)
        start += -start % _ALIGNMENT
    middle = sum(text.secrets[0]) // 2 if text.secrets else len(text.data) // 2
    yield "across a chunk boundary", bytes(-(start + middle) % _CHUNK), padding
