"""End to end over synthetic dumps: every planted secret goes, from every place, and nothing else changes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import dumpscrub
from corpus import check
from corpus.forms import NUMBER_FORMS
from corpus.synth import ElfShape, MinidumpShape, Synthetic, build, make_keys
from corpus.synth.pieces import Plant
from corpus.synth.values import CONNECTIONS

SHAPES = (MinidumpShape(64, "both"), MinidumpShape(32, "list"), ElfShape(64, "<"), ElfShape(32, ">"))

BASE64 = re.compile(rb"[A-Za-z0-9+/_-]+={0,2}")

SLACK = 24
"""Bytes around a planted text that may change with it: what stands behind a value that no NUL ends, and the rest of a
value of which memory keeps more than the planted part."""


@dataclass(frozen=True)
class Sanitised:
    """A synthetic dump, its redacted copy and where that stands."""

    synthetic: Synthetic
    path: Path
    data: bytes = field(repr=False)


@pytest.fixture(scope="module", params=SHAPES, ids=lambda shape: shape.name)
def sanitised(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Sanitised:
    folder = tmp_path_factory.mktemp("synthetic")
    synthetic = build(request.param, 11, make_keys())
    output = folder / "out"
    dumpscrub.sanitize(synthetic.write(folder), output)
    return Sanitised(synthetic, output, output.read_bytes())


def _kept(plant: Plant, before: bytes, after: bytes) -> int:
    """How many bytes of the plant are as they were; the zeros of UTF-16 and the ends of lines do not count."""
    pairs = (pair for start, end in plant.spans for pair in zip(before[start:end], after[start:end], strict=True))
    return sum(old == new and old not in b"\0\r\n" for old, new in pairs)


def test_every_copy_of_a_text_is_gone_from_its_place(sanitised: Sanitised) -> None:
    texts = [plant for plant in sanitised.synthetic.copies if plant.secret.context and plant.secret.text]
    kept = {
        (plant.secret.label, plant.form): count
        for plant in texts
        if (count := _kept(plant, sanitised.synthetic.data, sanitised.data))
    }
    assert kept == {}


def test_no_secret_with_a_context_stands_in_any_form(sanitised: Sanitised) -> None:
    secrets = [secret for secret in sanitised.synthetic.secrets if secret.context]
    hits = check.find(sanitised.path, secrets)
    assert sorted({(secrets[hit.secret].label, hit.form) for hit in hits if hit.form not in NUMBER_FORMS}) == []


def test_nothing_changes_but_planted_texts(sanitised: Sanitised) -> None:
    before, after = sanitised.synthetic.data, sanitised.data
    assert len(before) == len(after)
    position = 0
    for start, end in _ranges(sanitised.synthetic.plants):
        same = before[position:start] == after[position:start]
        assert same, f"changed in {position:#x}-{start:#x}"
        position = end
    same = before[position:] == after[position:]
    assert same, f"changed after {position:#x}"


def _ranges(plants: tuple[Plant, ...]) -> Iterator[tuple[int, int]]:
    """The plants' bytes with some slack, sorted and disjoint."""
    spans = sorted((max(0, start - SLACK), end + SLACK) for plant in plants for start, end in plant.spans)
    position = 0
    for start, end in spans:
        if end > position:
            yield max(start, position), end
            position = end


def test_what_stands_around_a_password_in_a_connection_string_stays(sanitised: Sanitised) -> None:
    categories = {entry.category for entry in CONNECTIONS}
    before, after = sanitised.synthetic.data, sanitised.data
    values = {plant.spans for plant in sanitised.synthetic.copies}
    checked = 0
    for plant in sanitised.synthetic.contexts:
        if plant.secret.category not in categories or len(plant.spans) != 1:
            continue
        [(start, end)] = plant.spans
        if BASE64.fullmatch(before[start:end].replace(b"\0", b"")):
            continue  # in one piece: random text of its own
        inner = next(span for spans in values for span in spans if start <= span[0] and span[1] <= end)
        around = [(start, inner[0]), (inner[1], end)]
        same = [before[low:high] == after[low:high] for low, high in around]
        assert same == [True, True], (plant.secret.label, hex(start))
        checked += 1
    assert checked > 50


def test_known_values_go_even_where_nothing_gives_them_away(tmp_path: Path) -> None:
    synthetic = build(MinidumpShape(64, "list64"), 12, make_keys())
    secrets = list(synthetic.secrets)
    known = [dumpscrub.SecretValue(secret.value, binary=not secret.text) for secret in secrets]
    output = tmp_path / "out"
    dumpscrub.sanitize(synthetic.write(tmp_path), output, known=known)
    left = {(secrets[hit.secret].label, hit.form) for hit in check.find(output, secrets)}
    assert sorted(name for name in left if name[1] not in NUMBER_FORMS) == []
