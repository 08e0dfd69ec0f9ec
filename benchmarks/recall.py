"""``python -m benchmarks.recall``: which share of generated secrets the whole pack finds, by rule file and encoding.

Each rule's examples say what its secrets look like; more seeds make more of them, with valid checksums. A secret of a
*fixed format* holds an anchor of its rule, and is planted bare, in JSON, in XML, in an environment block and in an HTTP
header, under names that say nothing. A *contextual* one stands in its examples as they are, and, where one of them is a
pair of JSON, beside the same name in the four notations.

Every text is a region of its own in a dump for each encoding, at an even or odd offset, and the dump is searched once
by all rules. A secret counts as found where findings of any rules cover all its characters; copies of values found
elsewhere do not count. In base64 these are the characters that hold its bytes. Exit code 1 where less is found, in any
encoding, than :data:`LEAST` says.
"""

from __future__ import annotations

import argparse
import base64
import html
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from random import Random
from zlib import crc32

import numpy as np

from dumpscrub import decoded
from dumpscrub.detectors import build_detectors
from dumpscrub.layout import LayoutBuilder, RegionKind
from dumpscrub.model import Dump, Encoding
from dumpscrub.rules.examples import expand, generate
from dumpscrub.rules.load import load_rules
from dumpscrub.rules.schema import Action, Rule, RuleSet
from dumpscrub.scanner import Scanner
from dumpscrub.search.engines import choose_engine
from dumpscrub.search.finder import Search
from dumpscrub.source import BytesSource
from dumpscrub.span import Span, SpanSet

FIXED, CONTEXTUAL = "fixed format", "contextual"
LEAST = {FIXED: 99.5, CONTEXTUAL: 95.0}
"""Per cent of the secrets of each kind that must be found in every encoding."""
NOTATIONS: Mapping[str, tuple[str, Callable[[str], str]]] = {
    "JSON": ('{{"id":17,"{name}":"{value}","type":"text"}}', lambda text: json.dumps(text)[1:-1]),
    "XML": ('<item id="17"><add key="{name}" value="{value}" /></item>', html.escape),
    "environment": ("LANG=C\0{name}={value}\0PATH=/bin\0", str),
    "header": ("Host: example.org\r\n{name}: {value}\r\nAccept: */*\r\n", str),
}
"""Where a value stands beside a name, and how it is written there."""
_EXAMPLE = "example"
_BARE = "bare"
_NEUTRAL = {"JSON": "data", "XML": "data", "environment": "DATA", "header": "X-Data"}
_PAIR = re.compile(r'\{"(?P<name>[\w.:/ -]+)":"<<(?P<value>[^<>]+)>>"(?:,"id":1)?\}')
_HOLE = re.compile(r"<<(.+?)>>", re.DOTALL)
_FAR = 1 << 32
_ROOM = 48
_WORST = 40


@dataclass(frozen=True, slots=True)
class Text:
    """A text with secrets of one rule at its index pairs ``secrets``."""

    rule: Rule
    kind: str
    where: str
    text: str = field(repr=False)
    secrets: tuple[tuple[int, int], ...]

    @property
    def family(self) -> str:
        """The rule's file."""
        return self.rule.source.partition(",")[0].removesuffix(".toml")


@dataclass(frozen=True, slots=True)
class Form:
    """How a text is written into a dump: ``odd`` at an odd offset, and, with ``inner``, as base64 of that encoding."""

    encoding: Encoding
    odd: bool = False
    inner: Encoding | None = None

    def write(self, text: Text) -> tuple[bytes, list[Span]]:
        """The bytes, and where in them the secrets stand."""
        codec = (self.inner or self.encoding).codec
        data = text.text.encode(codec)
        spans = [Span(*(len(text.text[:index].encode(codec)) for index in pair)) for pair in text.secrets]
        if self.inner:
            return base64.b64encode(data), [Span(span.start * 8 // 6, -(-span.end * 8 // 6)) for span in spans]
        # The first byte of UTF-16BE is a zero, which is no part of the secret when it is read as UTF-16LE.
        first = self.encoding is Encoding.UTF16BE
        return data, [Span(span.start + first, span.end) for span in spans]

    def takes(self, rule: Rule) -> bool:
        """True where the rule is for this encoding."""
        return {self.encoding, self.inner or self.encoding} <= set(rule.encodings)


FORMS: Mapping[str, Form] = {
    "UTF-8": Form(Encoding.UTF8),
    "UTF-16LE": Form(Encoding.UTF16LE),
    "UTF-16LE odd": Form(Encoding.UTF16LE, odd=True),
    "UTF-16BE": Form(Encoding.UTF16BE),
    "base64": Form(Encoding.UTF8, inner=Encoding.UTF8),
    "base64 of UTF-16LE": Form(Encoding.UTF8, inner=Encoding.UTF16LE),
}


@dataclass
class Tally:
    """Planted and found, by (kind, family, form) and by (kind, rule, context and form)."""

    planted: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    found: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    of_rule: Counter[tuple[str, str]] = field(default_factory=Counter)
    missed: dict[tuple[str, str], Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def count(self, text: Text, form: str, *, found: bool) -> None:
        """Count one text in one form."""
        key = text.kind, text.family, form
        self.planted[key] += 1
        self.found[key] += found
        self.of_rule[text.kind, text.rule.id] += 1
        if not found:
            self.missed[text.kind, text.rule.id][f"{text.where}, {form}"] += 1

    def share(self, kind: str, form: str, family: str = "") -> float:
        """Per cent found of a kind in a form, of one family or of all; 100 of nothing."""
        keys = [key for key in self.planted if key[0] == kind and key[2] == form and family in ("", key[1])]
        planted = sum(self.planted[key] for key in keys)
        return 100 * sum(self.found[key] for key in keys) / planted if planted else 100.0

    @property
    def enough(self) -> bool:
        """True where everything required was found."""
        return all(self.share(kind, form) >= least for kind, least in LEAST.items() for form in FORMS)


def texts(rules: Iterable[Rule], seeds: Sequence[int]) -> Iterator[Text]:
    """Texts with secrets of each rule that is a pattern, has examples, and is on."""
    for rule in rules:
        if rule.pattern and rule.examples and rule.action is not Action.OFF:
            for seed in seeds:
                yield from _of_rule(rule, crc32(rule.id.encode()) + 1000 * seed)


def _of_rule(rule: Rule, seed: int) -> Iterator[Text]:
    expressions = [expression for template in rule.examples for expression in _HOLE.findall(template)]
    values = [generate(expression, Random(seed)) for expression in dict.fromkeys(expressions)]
    if all(any(anchor.lower() in value.lower() for anchor in rule.anchors) for value in values):
        for value in values:
            yield Text(rule, FIXED, _BARE, value, ((0, len(value)),))
            yield from _beside_names(rule, FIXED, _NEUTRAL, value)
        return
    for number, template in enumerate(rule.examples):
        example = expand(template, seed + number)
        if not any("\x80" <= character <= "\x9f" for character in example.text):
            yield Text(rule, CONTEXTUAL, _EXAMPLE, example.text, example.secrets)
    pair = next(filter(None, map(_PAIR.fullmatch, rule.examples)), None)
    if pair:
        value = generate(pair["value"], Random(seed))
        yield from _beside_names(rule, CONTEXTUAL, dict.fromkeys(NOTATIONS, pair["name"]), value)


def _beside_names(rule: Rule, kind: str, names: Mapping[str, str], value: str) -> Iterator[Text]:
    for notation, (template, escape) in NOTATIONS.items():
        before, _, after = template.partition("{value}")
        head, written = before.format(name=names[notation], value=""), escape(value)
        text = head + written + after.format()
        yield Text(rule, kind, notation, text, ((len(head), len(head) + len(written)),))


def measure(rules: RuleSet, planted: Sequence[Text], engine: str = "auto") -> Tally:
    """Search all texts in every form by all ``rules``."""
    scanner = Scanner(build_detectors(rules), Search(choose_engine(engine)))
    tally = Tally()
    for name, form in FORMS.items():
        fitting = [text for text in planted if form.takes(text.rule)]
        dump, places = _arrange(fitting, form)
        scan = scanner.scan(dump)
        findings = (*scan.findings, *decoded.find(dump, scan.seen.sights.places, scanner).findings)
        covered = SpanSet(span for finding in findings for span in finding.spans)
        for text, spans in zip(fitting, places, strict=True):
            tally.count(text, name, found=covered.covers(spans))
    return tally


def _arrange(planted: Sequence[Text], form: Form) -> tuple[Dump, list[list[Span]]]:
    """A dump with each text in a region of its own between zeros, and where the secrets of each stand."""
    data = bytearray()
    starts, places = [], []
    for text in planted:
        starts.append(len(data))
        data += bytes(_ROOM + form.odd)
        written, spans = form.write(text)
        places.append([span.shift(len(data)) for span in spans])
        data += written + bytes(_ROOM - (len(data) + len(written)) % 16)
    builder = LayoutBuilder(len(data))
    count = len(starts)
    builder.add_many(
        np.array(starts, np.int64),
        np.array([end - start for start, end in pairwise([*starts, len(data)])], np.int64),
        np.arange(1, count + 1, dtype=np.uint64) * np.uint64(_FAR),
        np.full(count, RegionKind.MEMORY, np.uint8),
        np.full(count, builder.label("text")),
    )
    return Dump("raw", BytesSource(bytes(data)), builder.build()), places


def table(tally: Tally) -> str:
    """The share found by kind, family and form, and the rules that miss most."""
    lines = []
    for kind, least in LEAST.items():
        families = sorted({key[1] for key in tally.planted if key[0] == kind})
        lines.append(f"{kind + ', % found':28}" + "".join(f"{form:>20}" for form in FORMS))
        for family in (*families, ""):
            shares = "".join(f"{tally.share(kind, form, family):20.2f}" for form in FORMS)
            lines.append(f"{family or f'all ({least:g} required)':28}{shares}")
        planted = sum(number for key, number in tally.planted.items() if key[0] == kind)
        rules = sum(key[0] == kind for key in tally.of_rule)
        lines.append(f"{planted} places of {rules} rules\n")
    worst = sorted(tally.missed, key=lambda key: (-tally.missed[key].total() / tally.of_rule[key], key))
    for kind, rule in worst[:_WORST]:
        missed = tally.missed[kind, rule]
        most = "; ".join(f"{where} ({number})" for where, number in missed.most_common(3))
        lines.append(f"{rule}: {missed.total()} of {tally.of_rule[kind, rule]} missed, {kind}: {most}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recall", description="Search for generated secrets.")
    parser.add_argument("--seeds", type=int, default=3, help="secrets of each rule and context (default: 3)")
    parser.add_argument("--only", default="", metavar="TEXT", help="plant those of rules with this in their id only")
    parser.add_argument("--rules", type=Path, action="append", default=[], help="further rules, as for dumpscrub scan")
    parser.add_argument("--engine", default="auto")
    options = parser.parse_args(arguments)
    rules = load_rules(options.rules)
    planted = list(texts((rule for rule in rules.rules if options.only in rule.id), range(1, options.seeds + 1)))
    tally = measure(rules, planted, options.engine)
    print(table(tally))
    return int(not tally.enough)


if __name__ == "__main__":
    sys.exit(main())
