"""The checker: it must see every form, wherever it stands, and nothing where nothing stands."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from corpus import check, manifest
from corpus.check import Hit
from corpus.forms import forms
from corpus.manifest import Secret
from corpus.synth import SHAPES, ElfShape, KeySet, MinidumpShape, build, make_keys

MIB = 1 << 20


@pytest.fixture(scope="module")
def keys() -> KeySet:
    return make_keys()


def _secret(seed: int, size: int = 20) -> Secret:
    letters = random.Random(seed).choices("abcdefghijkLMNOPQRSTuvwxyz0123456789", k=size)
    return Secret("password", f"p{seed}", True, "".join(letters).encode())


def test_each_form_is_found_at_every_alignment(tmp_path: Path) -> None:
    secret = _secret(1)
    expected, data = [], bytearray()
    for number, (form, name) in enumerate(forms(secret.value, True).items()):
        data += bytes(16 + number % 8)
        expected.append(Hit(0, name, len(data), len(data) + len(form)))
        data += form
    path = tmp_path / "x"
    path.write_bytes(data)
    found = check.find(path, [secret])
    missing = [hit for hit in expected if not _covered((hit.start, hit.end), found)]
    assert missing == []


@pytest.mark.parametrize("at", [0, 1, MIB - 21, MIB - 20, MIB - 7, MIB - 1, MIB, MIB + 1, 3 * MIB - 20])
def test_chunk_boundaries_hide_nothing_and_count_nothing_twice(tmp_path: Path, at: int) -> None:
    secret = _secret(2)
    data = bytearray(3 * MIB)
    data[at : at + 20] = secret.value
    path = tmp_path / "x"
    path.write_bytes(data)
    assert check.find(path, [secret]) == [Hit(0, "utf8", at, at + 20)]


def test_holes_are_passed_over(tmp_path: Path) -> None:
    secret = _secret(3)
    path = tmp_path / "x"
    with path.open("wb") as file:
        for at in (5, 9 * MIB + 3, 40 * MIB - 20):
            file.seek(at)
            file.write(secret.value)
        file.truncate(60 * MIB)
    assert [hit.start for hit in check.find(path, [secret])] == [5, 9 * MIB + 3, 40 * MIB - 20]


def test_a_little_endian_text_is_not_counted_as_big_endian_too(tmp_path: Path) -> None:
    secret = _secret(4)
    path = tmp_path / "x"
    path.write_bytes(bytes(9) + secret.value.decode().encode("utf-16-le") + bytes(8))
    assert [hit.form for hit in check.find(path, [secret])] == ["plain.utf16le"]


def test_an_empty_file_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"")
    assert check.find(path, [_secret(5)]) == []


@pytest.mark.parametrize("shape", [MinidumpShape(64, "both"), ElfShape(32, ">")], ids=lambda shape: shape.name)
def test_every_planted_form_is_found_and_nothing_in_a_masked_copy(
    tmp_path: Path, keys: KeySet, shape: MinidumpShape | ElfShape
) -> None:
    synthetic = build(shape, 7, keys)
    path = synthetic.write(tmp_path)
    secrets = list(synthetic.secrets)
    hits = check.find(path, secrets)
    by_label: dict[str, list[Hit]] = {}
    for hit in hits:
        by_label.setdefault(secrets[hit.secret].label, []).append(hit)
    # A split copy is two pieces in the file, and one that is cut is no whole copy.
    whole = [plant for plant in synthetic.copies if len(plant.spans) == 1 and not plant.form.startswith("cut")]
    missing = [plant for plant in whole if not _covered(plant.spans[0], by_label[plant.secret.label])]
    assert [(plant.secret.label, plant.form) for plant in missing] == []
    masked = bytearray(synthetic.data)
    for plant in synthetic.copies:
        for start, end in plant.spans:
            masked[start:end] = b"*" * (end - start)
    path.write_bytes(masked)
    assert check.find(path, secrets) == []


def _covered(span: tuple[int, int], hits: list[Hit]) -> bool:
    """True where a hit lies in the span; UTF-16BE text between NULs is reported as UTF-16LE, one byte further on."""
    return any(span[0] <= hit.start and hit.end <= span[1] + hit.form.endswith("utf16le") for hit in hits)


def test_the_command_prints_counts_and_no_values(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    secret = _secret(6)
    (tmp_path / "dump").write_bytes(b"pw=" + secret.value)
    manifest.write(tmp_path / "m", [secret])
    assert check.main([str(tmp_path / "dump"), str(tmp_path / "m"), "--where"]) == 1
    out = capsys.readouterr().out
    assert "password/p6" in out
    assert "0x3" in out
    assert "1 of 1 secrets stand, in 1 places" in out
    assert secret.value.decode() not in out


def test_all_shapes_have_names_of_their_own() -> None:
    assert len({shape.name for shape in SHAPES}) == len(SHAPES)
