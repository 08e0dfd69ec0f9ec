"""The dumps of the benchmark: what they promise about themselves."""

from __future__ import annotations

from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from minidump.minidumpfile import MinidumpFile

import dumpscrub
from benchmarks.content import TEXT
from benchmarks.dumps import CHUNK, Recipe, build
from benchmarks.planted import SLOT, Secrets, known_values
from dumpscrub.span import union

MIB = 1 << 20


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("planted") / "dump.dmp"
    assert build(path, Recipe(6 * MIB)) == 63
    return path


def places(path: Path) -> int:
    """How many places hold something to mask; what several rules find there counts once."""
    result = dumpscrub.scan(path)
    return len(union(span for finding in result.findings if finding.action == "mask" for span in finding.spans))


def test_the_same_seed_gives_the_same_bytes(planted: Path, tmp_path: Path) -> None:
    build(tmp_path / "again.dmp", Recipe(6 * MIB))
    build(tmp_path / "other.dmp", Recipe(6 * MIB, seed=2))
    assert (tmp_path / "again.dmp").read_bytes() == planted.read_bytes()
    assert (tmp_path / "other.dmp").read_bytes() != planted.read_bytes()


def test_ten_secrets_per_megabyte_are_found(planted: Path) -> None:
    assert 9 <= places(planted) / (planted.stat().st_size / 1e6) <= 11


def test_next_to_none_are_found_in_a_clean_dump(tmp_path: Path) -> None:
    assert build(tmp_path / "clean.dmp", Recipe(6 * MIB, per_mb=0)) == 0
    assert places(tmp_path / "clean.dmp") <= 1


def test_an_independent_reader_reads_the_minidump(planted: Path) -> None:
    dump = MinidumpFile.parse(str(planted))
    assert (len(dump.threads.threads), len(dump.modules.modules)) == (24, 80)
    segments = dump.memory_segments_64.memory_segments
    assert (len(segments), sum(segment.size for segment in segments)) == (16, 6 * MIB)
    with dumpscrub.inspect(planted) as ours:
        assert not ours.notices
        assert {"threads": "24", "modules": "80", "memory ranges": "16"}.items() <= dict(ours.facts).items()


def test_an_independent_reader_reads_the_elf_core(tmp_path: Path) -> None:
    path = tmp_path / "dump.core"
    build(path, Recipe(4 * MIB, ranges=40, elf=True))
    with path.open("rb") as file:
        loads = [segment for segment in ELFFile(file).iter_segments() if segment["p_type"] == "PT_LOAD"]
    assert (len(loads), sum(segment["p_filesz"] for segment in loads)) == (40, 4 * MIB)
    assert loads[-1]["p_offset"] + loads[-1]["p_filesz"] == path.stat().st_size
    with dumpscrub.inspect(path) as ours:
        assert (ours.format, ours.notices) == ("elf-core", ())


def test_many_tiny_ranges_none_of_which_continues_another(tmp_path: Path) -> None:
    build(tmp_path / "ranges.dmp", Recipe(64 * 2000, ranges=2000))
    with dumpscrub.inspect(tmp_path / "ranges.dmp") as dump:
        memory = [region for region in dump.layout if region.kind.is_memory]
        assert {len(region.span) for region in memory} == {64}
        assert len(memory) == 2000
        assert not any(True for _ in dump.layout.seams())


def test_a_sparse_dump_has_holes_and_secrets_in_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "sparse.dmp"
    assert build(path, Recipe(8 * CHUNK, data=CHUNK)) == 168
    status = path.stat()
    assert status.st_size > 8 * CHUNK
    assert status.st_blocks * 512 < 3 * CHUNK


def test_text_has_room_for_a_million_secrets_in_200_megabytes(tmp_path: Path) -> None:
    assert build(tmp_path / "many.dmp", Recipe(2 * MIB, per_mb=4967.05, distinct=20, mix=TEXT)) == 10417


def test_secrets_fit_their_place_and_recur() -> None:
    secrets = Secrets(1, 60)
    assert all(len(secrets.placed()) <= SLOT - 2 for _ in range(1000))
    assert len(set(secrets.values)) == 60
    assert [Secrets(1, 60).placed() for _ in range(3)] == [Secrets(1, 60).placed() for _ in range(3)]


def test_known_values_are_distinct_and_of_real_lengths() -> None:
    values = known_values(1, 500)
    assert len(set(values)) == 500
    assert (min(map(len, values)), max(map(len, values))) == (8, 40)
