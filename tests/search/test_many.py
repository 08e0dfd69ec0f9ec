"""The search for many values finds what the search for few finds: every form, wherever it stands."""

from __future__ import annotations

import base64
import random

import pytest

from dumpscrub.layout import LayoutBuilder, RegionKind
from dumpscrub.model import Dump, SecretValue
from dumpscrub.progress import silent
from dumpscrub.search import many, stock, wanted
from dumpscrub.search.copies import FewCopies
from dumpscrub.search.engines import ENGINES, second_opinion
from dumpscrub.search.finder import Search
from dumpscrub.search.forms import SENT, Form, worth_sweeping
from dumpscrub.search.forms import forms as all_forms
from dumpscrub.search.many import ManyCopies
from dumpscrub.search.stock import Stock
from dumpscrub.search.wanted import Wanted
from dumpscrub.source import BytesSource

ALPHABETS = ("abAB01", "abcdefghijkl01234XYZ", "aZ09&<>\"'+/% \\{}~;=é€к🔑\n", "q7!zk_-")
Found = set[tuple[int, int, bytes]]


def raw(data: bytes) -> Dump:
    builder = LayoutBuilder(len(data))
    builder.add(0, len(data), RegionKind.MEMORY, "raw")
    return Dump("raw", BytesSource(data), builder.build())


def some_value(rng: random.Random) -> SecretValue:
    if rng.random() < 0.25:
        return SecretValue(bytes(rng.randint(0, 2)) + rng.randbytes(rng.choice((6, 8, 12, 24, 70))), binary=True)
    length = rng.choice((4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 20, 60))
    return SecretValue("".join(rng.choices(rng.choice(ALPHABETS), k=length)).encode())


def some_values(rng: random.Random, count: int) -> list[SecretValue]:
    values: dict[bytes, SecretValue] = {}
    while len(values) < count:
        value = some_value(rng)
        if worth_sweeping(value):
            values[value.data] = value
    return list(values.values())


def some_memory(rng: random.Random, values: list[SecretValue]) -> bytes:
    every = [form for value in values for form in forms(value)]
    memory = bytearray(rng.randint(0, 9))
    for _ in range(50):
        data = rng.choice(every).data
        data = data.swapcase() if rng.random() < 0.2 else data
        memory += data + rng.choice((b"", b"\0", b" x", bytes(3), rng.randbytes(rng.randint(0, 9)), bytes(40)))
    return bytes(memory)


def forms(value: SecretValue) -> list[Form]:
    """The forms in which very many values are searched for."""
    return [form for form in all_forms(value) if form.name != SENT]


def hits(finder: FewCopies, dump: Dump) -> Found:
    found: list[tuple[int, int, bytes]] = []
    for some in finder.find(dump, "sweep", silent):
        members = [(offset, finder.member(number)) for offset, number in some]
        found += ((offset, owner, form.data) for offset, (owner, form) in members)
    assert len(set(found)) == len(found), "a hit was reported twice"
    assert [offset for offset, _, _ in found] == sorted(offset for offset, _, _ in found)
    return set(found)


def occurrences(values: list[SecretValue], data: bytes) -> Found:
    """Every occurrence of every form, by the plainest search there is."""
    found: Found = set()
    lowered = data.lower()
    for owner, value in enumerate(values):
        for form in forms(value):
            needle, text = (form.data.lower(), lowered) if form.caseless else (form.data, data)
            at = text.find(needle)
            while at >= 0:
                found.add((at, owner, form.data))
                at = text.find(needle, at + 1)
    return found


def within_another(row: tuple[int, int, bytes], found: Found) -> bool:
    start, end = row[0], row[0] + len(row[2])
    return any(at <= start and end <= at + len(data) and len(data) > len(row[2]) for at, _, data in found)


@pytest.mark.parametrize("by_end", [False, True])
@pytest.mark.parametrize("few_odd", [0, 4096])
@pytest.mark.parametrize("seed", range(12))
def test_every_form_is_found_and_nothing_else(
    seed: int, few_odd: int, by_end: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(seed)
    monkeypatch.setattr(stock, "FEW_ODD", few_odd)
    monkeypatch.setattr(many, "_AT_ONCE", rng.choice((64, 500, 4 << 20)))
    values = some_values(rng, rng.choice((1, 3, 8)))
    memory = some_memory(rng, values)
    search = Search("hyperscan", rng.choice((1, 2)), rng.choice((100, 777, 1 << 20)))
    found = hits(ManyCopies(Stock(values), search, by_end=by_end), raw(memory))
    expected = occurrences(values, memory)
    assert found <= expected
    # Of forms that differ in case only, and of values with the same form, some may stand for the others.
    places = {(at, len(data)) for at, _, data in found}
    missing = {row for row in expected if (row[0], len(row[2])) not in places}
    assert all(within_another(row, expected) for row in missing)


@pytest.mark.parametrize("by_end", [False, True])
def test_values_that_begin_and_end_alike(by_end: bool) -> None:
    rng = random.Random(5)
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').decode().rstrip("=")
    values = [
        SecretValue(f"{head}.{rng.randbytes(rng.randint(9, 40)).hex()}.signature{'=' * (number % 3)}".encode())
        for number in range(300)
    ]
    memory = b"\0".join(value.data for value in values[::7])
    found = hits(ManyCopies(Stock(values), Search("hyperscan", 1, 4096), by_end=by_end), raw(memory))
    whole = {(at, owner) for at, owner, data in found if data == values[owner].data}
    assert whole == {(memory.index(value.data), owner) for owner, value in enumerate(values) if owner % 7 == 0}


@pytest.mark.parametrize("by_end", [False, True])
def test_an_end_that_many_values_share_is_found_for_a_few_of_them(by_end: bool) -> None:
    # For each place of it there was a hit for each of a thousand values, which took minutes.
    rng = random.Random(6)
    values = [SecretValue(rng.randbytes(9).hex().encode() + b"CommonEnd8xQ7zLw") for _ in range(300)]
    found = hits(ManyCopies(Stock(values), Search("hyperscan"), by_end=by_end), raw(b"CommonEnd8xQ7zLw\0" * 50))
    pieces = {data for _, _, data in found}
    assert {len({at for at, _, data in found if data == piece}) for piece in pieces} == {50}
    assert len(found) <= 4 * 50 * len(pieces)


def test_what_is_left_to_an_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    values = [
        SecretValue(b"Tr0ub4dor&Stapler"),
        SecretValue("Größe-4711".encode()),
        SecretValue(bytes(range(1, 33)), True),
    ]
    few = Stock(values)
    assert len(few.catalogues) == 1
    assert {owner for owner, _ in few.left} == {1, 2}
    monkeypatch.setattr(stock, "FEW_ODD", 3)
    more = Stock(values)
    assert len(more.catalogues) == 2
    assert all(len(form.data) < 8 or bytes(8) in form.data for _, form in more.left)


def test_unchanged_forms_and_their_bytes() -> None:
    values = [
        SecretValue(b"Tr0ub4dor&Stapler"),
        SecretValue("Größe-4711".encode()),
        SecretValue(bytes(range(1, 33)), True),
    ]
    made = Stock(values)
    unchanged = made.unchanged()
    expected = {(owner, form.data) for owner, value in enumerate(values) for form in forms(value) if form.is_unchanged}
    assert {(owner, form.data) for owner, form in unchanged} == expected
    assert [len(form.data) for _, form in unchanged] == sorted((len(data) for _, data in expected), reverse=True)
    assert made.alphabet() >= set(b"".join(data for _, data in expected))


def test_few_values_go_to_the_engine_and_many_to_the_sieve(monkeypatch: pytest.MonkeyPatch) -> None:
    values = [SecretValue(b"Tr0ub4dor&Stapler"), SecretValue(b"an0ther-One")]
    assert not isinstance(Wanted(values).finder(Search("hyperscan")), ManyCopies)
    monkeypatch.setattr(wanted, "MANY", 80)
    assert isinstance(Wanted(values).finder(Search("hyperscan")), ManyCopies)
    assert not isinstance(Wanted(values[1:]).finder(Search("hyperscan")), ManyCopies)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_second_search_knows_texts_by_their_other_ends(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wanted, "MANY", -1)
    made = Wanted([SecretValue(b"Tr0ub4dor&Stapler")])
    first, second = (made.finder(Search(name)) for name in (engine, second_opinion(engine)))
    assert isinstance(first, ManyCopies)
    assert isinstance(second, ManyCopies)
    assert first.by_end != second.by_end
