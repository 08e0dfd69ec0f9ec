"""Keys that are found in clean files are counted, certificates apart from them."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path
from random import Random

import pytest

from benchmarks import cleankeys
from corpus.keymaterial import structures
from corpus.keymaterial.keys import Factory

KEY = Factory("clean").make("p256", "clean")
DER = structures.pkcs8(KEY).data
ELF = b"\x7fELF" + bytes(8000)


def test_rules_of_keys_and_of_certificates_are_told_apart() -> None:
    rules = cleankeys.rules_of_keys()
    assert rules["der-private-key"] is False
    assert rules["der-pkcs12"] is False
    assert rules["der-certificate"] is True
    assert rules["pem-certificate"] is True
    assert "process-environment" not in rules
    assert "password-quoted" not in rules


def test_keys_and_certificates_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.so").write_bytes(ELF + structures.certificate(KEY) + bytes(64))
    (tmp_path / "b.so").write_bytes(ELF)
    assert cleankeys.main([".", "--most", "0.1"]) == 0
    (tmp_path / "b.so").write_bytes(ELF + DER + bytes(64))
    samples = tmp_path / "samples.txt"
    assert cleankeys.main([".", "--most", "0.1", "--samples", str(samples)]) == 1
    rows = [line.split() for line in capsys.readouterr().out.splitlines() if line.startswith("binaries of")]
    assert [row[-1] for row in rows] == ["1", "1"]
    assert [row[-2] for row in rows] == ["0", "1"]
    assert "## der-private-key: binaries of" in samples.read_text("utf-8")


def test_a_published_key_is_no_failure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "a.so").write_bytes(ELF + DER + bytes(64))
    scalar = KEY.private["d"].to_bytes(32, "big")
    known = frozenset({hashlib.sha256(scalar).hexdigest(), hashlib.sha256(DER).hexdigest()})
    monkeypatch.setattr(cleankeys, "PUBLISHED", known)
    assert cleankeys.main([str(tmp_path), "--most", "0.1"]) == 0


def test_what_begins_with_a_compressed_file_is_searched() -> None:
    data = gzip.compress(Random(4).randbytes(8000)) + DER + bytes(64)
    count = cleankeys.search(data, cleankeys.rules_of_keys())
    assert count.size == len(data)
    assert count.findings["der-private-key"] == 1


def test_too_little_is_a_failure(tmp_path: Path) -> None:
    assert cleankeys.main([str(tmp_path), "--most", "0.1", "--least", "5"]) == 1


def test_compressed_files_are_taken_as_they_are(tmp_path: Path) -> None:
    data = gzip.compress(Random(1).randbytes(9000))
    (tmp_path / "a.gz").write_bytes(data)
    (tmp_path / "b.gz").write_bytes(b"short")
    (tmp_path / "c.txt").write_bytes(bytes(9000))
    (tmp_path / "d.png").symlink_to(tmp_path / "a.gz")
    assert list(cleankeys.compressed(tmp_path)) == [data]


@pytest.mark.parametrize("make", [cleankeys.random_bytes, cleankeys.tables, cleankeys.deflated])
def test_data_from_a_seed_is_the_same_each_time_and_enough(make: cleankeys.Make) -> None:
    first, again = (b"".join(make(7, 1 << 20)) for _ in range(2))
    assert first == again
    assert len(first) >= 1 << 20
    assert first != b"".join(make(8, 1 << 20))
