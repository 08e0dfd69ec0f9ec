"""Keys of every type, form and place, end to end: what is left of them is what the list says, and becomes less."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from minidump.minidumpfile import MinidumpFile

from corpus import check, keys
from corpus.keymaterial import gaps
from corpus.keymaterial.gaps import Gaps
from corpus.keymaterial.places import PLACES
from corpus.keymaterial.trial import Cell, Keys, Trial, build, trials
from corpus.keys import Tally

FEW = ("rsa1024", "p256", "aes128", "chacha20")
FORMATS = ("minidump", "ELF core")
SPOKEN = frozenset(
    {
        *("traditional DER", "PKCS#8 DER", "PKCS#8 base64", "CNG RSA3", "CAPI blob", "CNG ECS", "CNG KDBM", "BKS"),
        *("raw big-endian", "limbs 64", "limbs 32", ".NET arrays", ".NET BigInteger", "schedule", "XML", "OpenSSH"),
        *("Java BigInteger", "ChaCha20 state"),
    }
)
"""Forms in which the independent search knows every number, if it stands whole in one range."""


@pytest.fixture(scope="module")
def made() -> Keys:
    return Keys(3)


@pytest.fixture(scope="module", params=FORMATS)
def trial(request: pytest.FixtureRequest, made: Keys) -> Trial:
    return build(made, FEW, request.param, 0, 3)


@pytest.fixture(scope="module")
def tally() -> Tally:
    return keys.run(Keys(1), keys.BOUNDED, rotations=1)


def test_nothing_is_left_but_what_is_listed(tally: Tally) -> None:
    listed = gaps.read()
    new = sorted(cell for cell in tally.cells if not listed.covers(cell))
    assert [f"{cell.form} | {cell.kind} | {cell.place}" for cell in new] == []
    assert sorted(tally.changed - set(listed.changed)) == []
    assert tally.elsewhere == 0


def test_what_is_listed_is_still_left(tally: Tally) -> None:
    """Where this fails, something has become better: ``python -m corpus.keys --update`` shortens the list."""
    listed = gaps.read()
    certain = (cell for cell in tally.planted if not gaps.by_chance(cell.form))
    clean = sorted(cell for cell in certain if listed.covers(cell, everywhere=True) and cell not in tally.cells)
    assert [f"{cell.form} | {cell.kind} | {cell.place}" for cell in clean] == []
    # Which component of a form is changed depends on the type and place, of which this run sees some only.
    seen = {form for form, _ in tally.damaged}
    changed = {name.partition(" | ")[0] for name in tally.changed}
    assert sorted(({name.partition(" | ")[0] for name in listed.changed} & seen) - changed) == []


def test_the_table_says_what_is_left_by_design() -> None:
    kinds = (("ed25519", "seam"), ("ed25519", "native heap"), ("p256", "seam"))
    cells = [Cell("PKCS#8 DER, last half", *each) for each in kinds]
    lines = list(keys.table(Tally(planted=Counter(cells), left=Counter(cells))))
    assert [line for line in lines if "by design" in line] == [
        "  of these by design 1: PKCS#8 DER, last half, ed25519: "
        "24 of 32 bytes of a private key: to prove them takes 2^64 trials each"
    ]


def test_the_bounded_run_is_large_enough_and_seen_everywhere(tally: Tally) -> None:
    assert sum(tally.planted.values()) >= 1000
    assert {cell.place for cell in tally.planted} == set(PLACES)
    assert tally.found["before"] > 300


def test_the_full_table_is_large_enough(made: Keys) -> None:
    first = build(made, FEW, "minidump", 0, 3)
    each = sum(planted.private for planted in first.planted)
    # The full table has these types among others, in two formats at every place.
    assert each * len(FORMATS) * len(PLACES) > 3000
    assert len(list(trials(made, ("aes128",)))) == len(FORMATS) * len(PLACES)


def test_the_same_seed_gives_the_same_places(made: Keys) -> None:
    first, again = (build(made, ("p256", "aes128"), "minidump", 2, 5) for _ in range(2))
    assert [planted.plant.spans for planted in first.planted] == [planted.plant.spans for planted in again.planted]
    assert [planted.cell for planted in first.planted] == [planted.cell for planted in again.planted]


def test_the_search_finds_what_was_planted_and_only_there(trial: Trial, tmp_path: Path) -> None:
    hits = check.find(trial.write(tmp_path), trial.secrets)
    starts = {hit.start for hit in hits} | {hit.start + 1 for hit in hits}
    whole = [planted for planted in trial.planted if planted.private and planted.cell.form in SPOKEN]
    missing = [
        (planted.cell, planted.name)
        for planted in whole
        if planted.cell.place != "seam"
        and planted.name != "round keys"
        and not any(start in starts for start in range(planted.plant.spans[0][0] - 2, planted.plant.spans[-1][1]))
    ]
    assert missing == []
    assert len(whole) > 40


def test_an_untouched_copy_is_left_and_a_masked_one_is_not(trial: Trial) -> None:
    untouched, masked = Tally(), Tally()
    untouched.add(trial, trial.data)
    assert untouched.left == untouched.planted
    assert untouched.failed
    assert untouched.changed == set()
    hidden = bytearray(trial.data)
    for planted in trial.planted:
        if planted.private:
            for start, end in planted.plant.spans:
                hidden[start:end] = b"*" * (end - start)
    masked.add(trial, bytes(hidden))
    assert masked.cells == set()
    assert masked.changed == set()
    assert not masked.failed


def test_one_changed_public_byte_is_seen(trial: Trial) -> None:
    planted = next(planted for planted in trial.planted if not planted.private and planted.name == "n")
    data = bytearray(trial.data)
    data[planted.plant.spans[0][0]] ^= 1
    tally = Tally()
    tally.add(trial, bytes(data))
    assert tally.changed == {f"{planted.cell.form} | n"}


def test_half_of_a_component_counts_as_left(trial: Trial) -> None:
    planted = next(planted for planted in trial.planted if planted.private and planted.cell.form == "raw big-endian")
    data = bytearray(trial.data)
    [(start, end)] = planted.plant.spans[:1]
    middle = (start + end) // 2
    data[start:middle] = b"*" * (middle - start)
    assert planted.left(trial.data, bytes(data))


def test_other_readers_see_the_memory_that_was_written(made: Keys, tmp_path: Path) -> None:
    dump = build(made, ("aes128", "p256"), "minidump", 0, 3)
    reader = MinidumpFile.parse(str(dump.write(tmp_path)))
    segments = reader.memory_segments_64.memory_segments
    vectors = {planted.plant.spans[0] for planted in dump.planted if planted.cell.place == "vector registers"}
    contexts = [thread.ThreadContext.Rva for thread in reader.threads.threads]
    assert vectors
    assert all(any(at + 0x1A0 <= start and end <= at + 0x2A0 for at in contexts) for start, end in vectors)
    assert sum(segment.size for segment in segments) + 4096 > len(dump.data) - 16384
    core = build(made, ("aes128", "p256"), "ELF core", 0, 3)
    with core.write(tmp_path).open("rb") as file:
        loads = [segment.header for segment in ELFFile(file).iter_segments() if segment["p_type"] == "PT_LOAD"]
        file.seek(loads[0].p_offset)
        assert file.read(16) == core.data[loads[0].p_offset : loads[0].p_offset + 16]
    addresses = {load.p_vaddr: load.p_filesz for load in loads}
    assert sum(load.p_filesz for load in loads) > 0.9 * len(core.data) - 16384
    assert any(address + size in addresses for address, size in addresses.items())


def test_a_key_across_a_seam_is_apart_in_the_file(trial: Trial) -> None:
    private = [planted for planted in trial.planted if planted.private]
    seams = [planted.plant.spans for planted in private if planted.cell.place == "seam"]
    others = [planted.plant.spans for planted in private if planted.cell.place != "seam"]
    apart = [any(abs(after[0] - before[1]) >= 0x1000 for before, after in pairwise(spans)) for spans in seams]
    # A key's middle lies in one of its components, in some forms between two of them.
    assert sum(apart) > 10
    assert not any(after[0] - before[1] > 0x100 for spans in others for before, after in pairwise(spans))


def _cells(*names: str) -> Iterator[Cell]:
    for name in names:
        yield Cell(*name.split(" | "))


def test_the_list_says_the_same_in_as_few_lines(tmp_path: Path) -> None:
    known = {Cell(form, kind, place) for form in "AB" for kind in "xy" for place in "12"}
    left = {cell for cell in known if cell.form == "A"} | set(_cells("B | x | 1", "B | x | 2", "B | y | 1"))
    path = tmp_path / "gaps.toml"
    gaps.write(left, known, {"A | n"}, path)
    listed = gaps.read(path)
    assert listed == Gaps(("A | * | *", "B | x | *", "B | y | 1"), ("A | n",))
    assert {cell for cell in known if listed.covers(cell)} == left
    assert not listed.covers(Cell("B", "y", "1"), everywhere=True)
    gaps.write(set(), known, (), path)
    assert gaps.read(path) == Gaps((), ())


def test_the_command_prints_the_table_and_fails_where_something_is_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(keys, "BOUNDED", ("aes128",))
    assert keys.main(["--bounded", "--write", str(tmp_path)]) == 0
    assert {path.suffix for path in tmp_path.iterdir()} == {".dmp", ".core"}
    monkeypatch.setattr(keys, "run", lambda *_, **__: _tally())
    assert keys.main(["--bounded"]) == 1
    out = capsys.readouterr().out
    assert "1/2" in out
    assert "private components: 1 of 2 left, in 1 of 1 cells" in out


def _tally() -> Tally:
    cell = Cell("schedule", "aes128", "stack")
    tally = Tally()
    tally.planted[cell], tally.left[cell] = 2, 1
    return tally
