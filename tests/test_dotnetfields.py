"""Texts in fields of .NET objects: found through metadata, descriptions of fields and types, and nothing else."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from functools import cache
from random import Random

import pytest
from clr_material import INT, LITERAL, OBJECT, PUBLIC, STATIC, TYPES, VARIABLE, Field, Process, structure
from hypothesis import given, settings
from hypothesis import strategies as st

from dumpscrub import dotnetfields
from dumpscrub.detectors.dotnetfields import plain_name
from dumpscrub.errors import ScanError
from dumpscrub.model import Confidence, Dump, Finding
from dumpscrub.plan import plan
from dumpscrub.policy import Policy
from dumpscrub.redaction import Redaction
from dumpscrub.rules.load import load_rules
from dumpscrub.rules.schema import Action, RuleSet
from dumpscrub.search import clrtypes
from dumpscrub.search.finder import Search
from dumpscrub.source import BytesSource, read

SECRET = "kade-7Xw9-zopi"
_OF_MEMORY = ("MOST_TRIES", "MOST_PLACES", "MOST_OF_ONE")


@cache
def redaction() -> Redaction:
    rules = [rule for rule in load_rules().rules if rule.id in ("password-field", "secret-field")]
    return Redaction(RuleSet(tuple(rules)), Policy("own", {"password": Action.MASK}), Search("re2", 1, 1 << 20))


def findings(process: Process) -> Sequence[Finding]:
    return redaction().search(process.dump()).findings


def found(process: Process) -> list[str]:
    dump = process.dump()
    spans = [span for each in findings(process) for span in each.spans]
    return [read(dump.source, span.start, span.end).decode("utf-16-le") for span in spans]


def one(name: str = "_password", value: str = SECRET, *, recent: bool = False, relative: bool = False) -> Process:
    """A process with a type of three fields, the second of which is called ``name``, and an object of it."""
    process = Process(recent=recent, relative=relative)
    row = process.declare(Field("_host", offset=0), Field(name, offset=8), Field("Port", INT, 16))
    process.instance(process.load(row, 40), process.text("db-4.internal"), process.text(value), 5432)
    return process


@pytest.mark.parametrize(("recent", "relative"), [(False, False), (True, False), (False, True)])
def test_a_private_field(recent: bool, relative: bool) -> None:
    assert found(one(recent=recent, relative=relative)) == [SECRET]


@pytest.mark.parametrize(
    "name",
    ["password", "_pwd", "m_token", "<ApiKey>k__BackingField", "<secret>5__2", "ClientSecret", "Password@", "s_apiKey"],
)
def test_names_as_programmers_and_compilers_write_them(name: str) -> None:
    assert found(one(name)) == [SECRET]


@pytest.mark.parametrize(
    "name", ["_host", "tokenType", "SecretName", "<Path>k__BackingField", "compass", "_passwordFile"]
)
def test_other_names(name: str) -> None:
    assert found(one(name)) == []


@pytest.mark.parametrize("value", ["true", "<none>", "****", "", "abc", "{password}", "System.String[]"])
def test_values_that_are_none(value: str) -> None:
    assert found(one(value=value)) == []


def test_the_rule_follows_the_name() -> None:
    assert [each.rule for each in findings(one("_password"))] == ["password-field"]
    assert [each.rule for each in findings(one("_apiKey"))] == ["secret-field"]


def test_plain_words_are_masked_and_not_looked_for() -> None:
    (each,) = findings(one(value="Harbor"))
    assert (each.confidence, each.values) == (Confidence.LOW, ())


def test_wide_heaps() -> None:
    process = one()
    process.metadata.wide = True
    assert found(process) == [SECRET]


def test_a_field_alone_in_its_type() -> None:
    process = Process()
    row = process.declare(Field("_secret"))
    process.instance(process.load(row, 24), process.text(SECRET))
    assert found(process) == [SECRET]


def test_literals_and_statics_stand_elsewhere() -> None:
    process = Process()
    literal, static = Field("Password", flags=STATIC | LITERAL), Field("Secret", flags=STATIC)
    row = process.declare(Field("a"), literal, Field("_token", offset=8, flags=PUBLIC), static, Field("b", offset=16))
    process.instance(process.load(row, 40), process.text("one"), process.text(SECRET), process.text("another-77"))
    assert found(process) == [SECRET]


def test_inherited_fields() -> None:
    process = Process()
    base, own = process.declare(Field("_token")), process.declare(Field("_apiKey", offset=8))
    first = process.load(base, 24)
    second = process.load(own, 32, parent=first)
    third = process.table(9, 40, parent=second)
    process.instance(second, process.text("one-token-8812"), process.text("one-key-5541"))
    process.instance(third, process.text("two-token-7712"), process.text("two-key-9941"), 1)
    assert sorted(found(process)) == ["one-key-5541", "one-token-8812", "two-key-9941", "two-token-7712"]


@pytest.mark.parametrize("recent", [True, False])
def test_types_made_of_a_generic_one(recent: bool) -> None:
    process = Process(recent=recent)
    row = process.declare(Field("Value", VARIABLE), Field("_secret", offset=8))
    made = process.table(row, 32, stands_for=process.load(row, 32))
    process.instance(made, 0, process.text(SECRET))
    assert found(process) == [SECRET]


@pytest.mark.parametrize("signature", [OBJECT, VARIABLE])
def test_fields_of_any_type_count_where_they_hold_strings(signature: bytes) -> None:
    process = Process()
    kind = process.load(process.declare(Field("_credential", signature)), 24)
    process.instance(kind, process.text(SECRET))
    process.instance(kind, process.text("no-string-81x", TYPES + 8))
    assert found(process) == [SECRET]


def test_structures_in_objects_boxes_and_arrays() -> None:
    process = Process()
    inner = process.declare(Field("User", flags=PUBLIC), Field("Password", offset=8, flags=PUBLIC))
    outer = process.declare(Field("Id", INT), Field("Login", structure(inner), offset=8))
    box = process.load(inner, 32)
    user = process.text("anna")
    process.instance(process.load(outer, 40), 3, user, process.text("in-object-81x"))
    process.instance(box, user, process.text("in-box-82x"))
    elements = [word for at in (1, 2) for word in (user, process.text(f"in-array-8{at}x"))]
    process.instance(process.arrays(box, 16), 2, *elements)
    assert sorted(found(process)) == ["in-array-81x", "in-array-82x", "in-box-82x", "in-object-81x"]


def test_what_has_no_type_of_that_row_is_no_description() -> None:
    process = Process()
    row = process.declare(Field("_password"))
    process.metadata.types[row - 1 : row - 1] = [()]
    process.instance(process.load(row, 24, describe=False), process.text(SECRET))
    assert found(process) == []


def test_neighbours_have_to_fit() -> None:
    process = one()
    at = process.types.index(struct.pack("<II", 1 | 0x55 << 17 | 1 << 27, 0x12 << 27))
    process.types[at] = 7
    assert found(process) == []


def test_masks_are_no_values() -> None:
    process = one()
    dump = process.dump()
    outcome = redaction().search(dump)
    data = bytearray(read(dump.source, 0, dump.source.size))
    for edit in plan(dump, outcome.findings):
        data[edit.span.start : edit.span.end] = edit.replacement
    masked = Dump("raw", BytesSource(bytes(data)), dump.layout)
    assert redaction().search(masked).findings == ()
    changed = [at for at, byte in enumerate(data) if byte != read(dump.source, at, at + 1)[0]]
    start = outcome.findings[0].spans[0].start
    assert set(changed) <= set(range(start, start + 2 * len(SECRET)))


@pytest.mark.parametrize("size", range(0, 260, 7))
def test_truncated_metadata(size: int) -> None:
    process = one()
    whole = process.metadata.build()
    process.metadata.build = lambda: whole[:size]  # type: ignore[method-assign]
    assert found(process) in ([], [SECRET])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=8))
def test_broken_metadata_and_types_never_fail(changes: list[tuple[int, int]]) -> None:
    process = one()
    whole = bytearray(process.metadata.build())
    for at, value in changes:
        whole[at % len(whole)] = value
        process.types[64 + at % (len(process.types) - 64)] = value
    process.metadata.build = lambda: bytes(whole)  # type: ignore[method-assign]
    assert set(found(process)) <= {SECRET, "db-4.internal"}


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1 << 30), st.integers(1, 12), st.booleans(), st.booleans())
def test_any_type(seed: int, count: int, recent: bool, relative: bool) -> None:
    """Of types with fields in any order exactly the values of those with telling names are found."""
    random = Random(seed)
    process = Process(recent=recent, relative=relative)
    expected = []
    for _ in range(3):
        names = [random.choice(["_password", "host", "apiKey", "title", "count"]) for _ in range(count)]
        places = random.sample(range(count), count)
        row = process.declare(*(Field(name, offset=8 * at) for name, at in zip(names, places, strict=True)))
        values = {at: f"{name[0]}{random.getrandbits(60):x}7Xz" for name, at in zip(names, places, strict=True)}
        process.instance(process.load(row, 16 + 8 * count), *(process.text(values[at]) for at in range(count)))
        expected += [values[at] for name, at in zip(names, places, strict=True) if name in ("_password", "apiKey")]
    assert sorted(found(process)) == sorted(expected)


def test_without_metadata_nothing_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    process = one()
    process.metadata.build = lambda: bytes(100)  # type: ignore[method-assign]
    monkeypatch.setattr(clrtypes, "descriptions", None)
    assert found(process) == []


@pytest.mark.parametrize(
    ("bound", "value"),
    [("MOST_MODULES", 0), ("MOST_WORK", 300), ("MOST_MEMBERS", 0), *((bound, 0) for bound in _OF_MEMORY)],
)
def test_bounds_are_told(monkeypatch: pytest.MonkeyPatch, bound: str, value: int) -> None:
    process = one()
    process.instance(TYPES, 0)
    second = process.declare(Field("_apiKey"))
    process.load(second, 24)
    monkeypatch.setattr(dotnetfields, bound, value)
    outcome = redaction().search(process.dump())
    assert outcome.notices == (dotnetfields.BOUNDED,)
    assert len(outcome.findings) == (bound == "MOST_MEMBERS")


def test_a_field_of_many_objects_is_followed_in_each() -> None:
    process = Process()
    kind = process.load(process.declare(Field("_password")), 24)
    for at in range(2_000):
        process.instance(kind, process.text(f"kade-7Xw9-{at}"))
    assert len(found(process)) == 2_000


def test_many_types_alike_are_tried_a_few_times_each() -> None:
    """As many types, with fields of one name, as a made-up module may have: each is told from the others by its row."""
    process = Process()
    process.metadata.wide = True
    for at in range(1, 400):
        row = process.declare(Field("_password"))
        process.instance(process.load(row, 24), process.text(f"kade-7Xw9-{at}"))
    assert len(found(process)) == 399


def test_an_error_tells_nothing_of_the_dump(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ValueError(SECRET)

    monkeypatch.setattr(clrtypes, "descriptions", fail)
    with pytest.raises(ScanError, match=r"\(ValueError\)") as error:
        findings(one())
    assert SECRET not in str(error.value)


def test_plain_names() -> None:
    assert plain_name("<ApiKey>k__BackingField") == "ApiKey"
    assert plain_name("m_token") == "token"
    assert plain_name("mask") == "mask"


def test_a_class_whose_base_is_itself_ends() -> None:
    process = Process()
    row = process.declare(Field("_password"))
    kind = process.load(row, 24)
    at = kind - TYPES + 16
    process.types[at : at + 8] = kind.to_bytes(8, "little")
    process.instance(kind, process.text(SECRET))
    assert found(process) == [SECRET]
