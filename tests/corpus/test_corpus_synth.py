"""The synthetic dumps: deterministic, true to their manifests, and real dumps to readers written by others."""

from __future__ import annotations

from pathlib import Path

import pytest
import udmp_parser
from elftools.elf.elffile import ELFFile
from elftools.elf.segments import NoteSegment
from minidump.minidumpfile import MinidumpFile

from corpus import manifest
from corpus.forms import forms
from corpus.synth import SHAPES, ElfShape, KeySet, MinidumpShape, build, make_keys

MINIDUMPS = [shape for shape in SHAPES if isinstance(shape, MinidumpShape)]
CORES = [shape for shape in SHAPES if isinstance(shape, ElfShape)]


@pytest.fixture(scope="module")
def keys() -> KeySet:
    return make_keys()


def _name(shape: MinidumpShape | ElfShape) -> str:
    return shape.name


@pytest.mark.parametrize("shape", SHAPES, ids=_name)
def test_the_same_seed_gives_the_same_bytes_and_another_seed_other_values(
    keys: KeySet, shape: MinidumpShape | ElfShape
) -> None:
    first, again, other = build(shape, 1, keys), build(shape, 1, keys), build(shape, 2, keys)
    assert first.data == again.data
    assert first.secrets == again.secrets
    values = {secret.value for secret in first.secrets} - {secret.value for secret in keys}
    assert not values & {secret.value for secret in other.secrets}


def test_other_keys_move_nothing_else() -> None:
    shape = MinidumpShape(64, "list64")
    first, second = build(shape, 1, make_keys()), build(shape, 1, make_keys())
    assert len(first.data) == len(second.data)
    text = [[plant.spans for plant in built.copies if plant.secret.text] for built in (first, second)]
    assert text[0] == text[1]


@pytest.mark.parametrize("shape", SHAPES, ids=_name)
def test_every_place_holds_what_it_says(keys: KeySet, shape: MinidumpShape | ElfShape) -> None:
    built = build(shape, 3, keys)
    by_label = {secret.label: secret for secret in built.secrets}
    assert len(by_label) == len(built.secrets)
    for plant in built.copies:
        data = b"".join(built.data[start:end] for start, end in plant.spans)
        secret = by_label[plant.secret.label]
        if plant.form.startswith("cut"):
            holds = len(data) >= 8 and secret.value.startswith(data.replace(b"\0", b""))
        else:
            holds = any(form in data for form in forms(secret.value, secret.text))
        assert holds, (secret.label, plant.form)
    planted = {plant.secret.label for plant in built.copies}
    assert planted == set(by_label)


@pytest.mark.parametrize("shape", SHAPES, ids=_name)
def test_each_secret_in_context_has_one_and_each_bare_one_has_none(
    keys: KeySet, shape: MinidumpShape | ElfShape
) -> None:
    built = build(shape, 3, keys)
    with_text = {plant.secret.label for plant in built.contexts}
    bare = {secret.label for secret in built.secrets if secret.context is False}
    assert bare
    assert not bare & with_text
    assert all(secret.context is not None for secret in built.secrets)


def test_secrets_are_split_across_ranges_that_are_apart_in_the_file(keys: KeySet) -> None:
    for shape in SHAPES:
        split = [plant for plant in build(shape, 3, keys).copies if len(plant.spans) > 1]
        assert len(split) >= 10
        assert all(plant.spans[0][1] != plant.spans[1][0] for plant in split)


def test_written_files_agree(tmp_path: Path, keys: KeySet) -> None:
    built = build(ElfShape(64, "<"), 5, keys)
    path = built.write(tmp_path)
    assert path.read_bytes() == built.data
    assert manifest.read(tmp_path / f"{path.name}.manifest") == list(built.secrets)
    lines = (tmp_path / f"{path.name}.places").read_text().splitlines()
    assert len(lines) == len(built.plants)
    label, form, spans = lines[0].split("\t")
    assert label == built.plants[0].secret.label
    assert form == built.plants[0].form
    start, end = (int(number, 16) for number in spans.split(",")[0].split("-"))
    assert (start, end) == built.plants[0].spans[0]


@pytest.mark.parametrize("shape", MINIDUMPS, ids=_name)
def test_udmp_parser_reads_the_minidumps(tmp_path: Path, keys: KeySet, shape: MinidumpShape) -> None:
    path = build(shape, 1, keys).write(tmp_path)
    parser = udmp_parser.UserDumpParser()
    assert parser.Parse(path)
    assert len(parser.Threads()) == 3
    assert {module.ModuleName for module in parser.Modules().values()} >= {"C:\\app\\app.exe"}
    assert len(parser.Memory()) == 57


@pytest.mark.parametrize("bits", [64, 32])
def test_the_minidump_package_reads_a_minidump_without_unknown_streams(tmp_path: Path, keys: KeySet, bits: int) -> None:
    path = build(MinidumpShape(bits, "list64", unknown=False), 1, keys).write(tmp_path)
    parsed = MinidumpFile.parse(str(path))
    assert len(parsed.threads.threads) == 3
    assert len(parsed.memory_segments_64.memory_segments) == 57
    assert len(parsed.handles.handles) == 2
    assert parsed.peb is not None
    assert parsed.peb.command_line.startswith('"C:\\app\\app.exe" run --password=')
    names = [variable["name"] for variable in parsed.peb.environment_variables]
    assert names[-4:] == ["DB_PASSWORD", "MY_API_KEY", "ConnectionStrings__Db", "windir"]


@pytest.mark.parametrize("shape", CORES, ids=_name)
def test_pyelftools_reads_the_cores(tmp_path: Path, keys: KeySet, shape: ElfShape) -> None:
    path = build(shape, 1, keys).write(tmp_path)
    with path.open("rb") as file:
        core = ELFFile(file)
        assert core.num_segments() == 57
        notes = [
            note
            for segment in core.iter_segments()
            if isinstance(segment, NoteSegment)
            for note in segment.iter_notes()
        ]
        kinds = [note["n_type"] for note in notes]
        assert kinds.count("NT_PRSTATUS") == 3
        process = next(note["n_desc"] for note in notes if note["n_type"] == "NT_PRPSINFO")
        assert process["pr_fname"].rstrip(b"\0") == b"server"
        assert process["pr_psargs"].startswith(b"/srv/app/server run")
        assert b"--password=" in process["pr_psargs"]
        assert next(note["n_desc"] for note in notes if note["n_type"] == "NT_FILE")["num_map_entries"] == 3
