"""What is counted in binaries without secrets."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path
from random import Random

import pytest

from benchmarks import clean

PASSWORD = b'\0{"password":"Tr0ub4dor&3x"}\0'
ELF = b"\x7fELF" + bytes(8000)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.so").write_bytes(ELF)
    (tmp_path / "b.txt").write_bytes(PASSWORD * 1000)
    (tmp_path / "c").write_bytes(ELF + PASSWORD)
    with zipfile.ZipFile(tmp_path / "d.jar", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.class", b"\xca\xfe\xba\xbe" + PASSWORD)
        archive.writestr("x.properties", PASSWORD)
    (tmp_path / "e.jar").write_bytes(b"PK\3\4 and then nothing")
    (tmp_path / "f.so").symlink_to(tmp_path / "c")
    return tmp_path


def test_binaries_are_taken_and_archives_unpacked(folder: Path) -> None:
    assert [len(data) for data in clean.binaries(folder)] == [8004, 8004 + len(PASSWORD), 4 + len(PASSWORD)]
    assert list(clean.binaries(folder / "a.so")) == [ELF]


def test_no_more_is_taken_than_was_asked_for(folder: Path) -> None:
    (batch,) = clean.batches(folder, 10_000)
    assert len(batch) == 10_000 + 2 * 4096


def test_what_would_change_is_counted(folder: Path) -> None:
    (batch,) = clean.batches(folder, 1 << 20)
    count = clean.search(batch)
    assert count.changed == 2 * len("Tr0ub4dor&3x")
    assert count.over_budget
    assert sum(count.findings.values()) == 2
    assert ">>Tr0ub4dor&3x<<" in next(iter(count.samples.values()))[0]


def test_what_begins_with_a_compressed_file_is_searched() -> None:
    data = gzip.compress(Random(4).randbytes(8000)) + PASSWORD
    count = clean.search(data)
    assert (count.size, count.changed) == (len(data), len("Tr0ub4dor&3x"))
    assert ">>Tr0ub4dor&3x<<" in count.samples["password-quoted"][0]


def test_the_command(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert clean.main([str(folder / "a.so")]) == 0
    assert clean.main([str(folder), "--samples", str(folder / "samples.txt")]) == 1
    shown = capsys.readouterr().out
    assert "in all" in shown
    assert "password-quoted" in shown
    assert "Tr0ub4dor" not in shown
    assert "Tr0ub4dor" in (folder / "samples.txt").read_text("utf-8")
