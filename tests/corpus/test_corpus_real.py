"""The real dumps of the corpus: their manifests, how they are unpacked, and the report over them."""

from __future__ import annotations

import lzma
import os
from pathlib import Path

import pytest

from corpus import check, contexts, demo, dumps, manifest, report
from corpus.dumps import RealDump
from corpus.manifest import Secret
from corpus.report import Report, Row

SMALL = [dump for dump in dumps.in_folder(dumps.REAL) if dump.path.stat().st_size < 2_200_000]


def _name(dump: RealDump) -> str:
    return dump.name


def test_every_archive_has_a_manifest_and_together_they_stay_small() -> None:
    archives = list(dumps.REAL.glob("*.xz"))
    assert len(archives) == 9
    assert {dump.path for dump in dumps.in_folder(dumps.REAL)} == set(archives)
    assert sum(path.stat().st_size for path in dumps.REAL.iterdir()) < 16_000_000


@pytest.mark.parametrize("dump", SMALL, ids=_name)
def test_the_last_column_of_a_manifest_is_what_the_dump_says(tmp_path: Path, dump: RealDump) -> None:
    secrets = manifest.read(dump.manifest)
    path = dump.unpack(tmp_path)
    assert contexts.label(path, secrets, check.find(path, secrets)) == secrets


def test_unpacking_keeps_zeros_as_holes(tmp_path: Path) -> None:
    data = b"start" + bytes(40 << 20) + b"middle" + bytes(9 << 20)
    archive = tmp_path / "x.core.xz"
    archive.write_bytes(lzma.compress(data, preset=0))
    target = tmp_path / "x.core"
    dumps.decompress(archive, target)
    assert target.read_bytes() == data
    if hasattr(os, "SEEK_HOLE"):
        assert target.stat().st_blocks * 512 < 8 << 20


def test_a_folder_offers_the_dumps_that_have_a_manifest(tmp_path: Path) -> None:
    for name in ("a.dmp", "a.dmp.manifest", "b.core.xz", "ms-net31-full.dmp.xz", "net31-windows.manifest", "c.txt"):
        (tmp_path / name).write_bytes(b"")
    found = {dump.name: dump.manifest.name for dump in dumps.in_folder(tmp_path)}
    assert found == {"a.dmp": "a.dmp.manifest", "ms-net31-full.dmp": "net31-windows.manifest"}


@pytest.mark.parametrize(
    ("before", "encoding"),
    [
        (b'{"password":"', "utf-8"),
        (b"Server=s;User ID=u;Password=", "utf-16-le"),
        (b'{"Name":"Storage.Key","Value":"', "utf-16-be"),
        (b"<MasterKey>", "utf-8"),
        (b"postgresql://svc:", "utf-8"),
        (b"DB_PASSWORD=", "utf-32-le"),
        (b"run --password ", "utf-8"),
        (b"Authorization: Bearer ", "utf-8"),
    ],
)
def test_a_name_before_a_value_is_a_context(tmp_path: Path, before: bytes, encoding: str) -> None:
    secret = Secret("password", "x", True, b"Abc123Def456Ghi789")
    path = tmp_path / "dump"
    path.write_bytes(bytes(9) + (before + secret.value).decode().encode(encoding) + b"\1\1\1\1\0\0\0\0")
    labelled = contexts.label(path, [secret], check.find(path, [secret]))
    assert [found.context for found in labelled] == [True]


@pytest.mark.parametrize("before", [b"", b"deployer0\0", b"the value is ", b"https://host/", b"password\0\0\0"])
def test_a_value_alone_is_bare(tmp_path: Path, before: bytes) -> None:
    secret = Secret("password", "x", True, b"Abc123Def456Ghi789")
    path = tmp_path / "dump"
    path.write_bytes(bytes(9) + before + secret.value + bytes(8))
    labelled = contexts.label(path, [secret], check.find(path, [secret]))
    assert [found.context for found in labelled] == [False]


def test_an_absent_value_is_neither(tmp_path: Path) -> None:
    path = tmp_path / "dump"
    path.write_bytes(bytes(64))
    secret = Secret("password", "x", True, b"Abc123Def456Ghi789")
    assert contexts.label(path, [secret], []) == [secret]


def _row(form: str, left: int, *, context: bool, known: bool = False, category: str = "password") -> Row:
    return Row(Secret(category, "x", True, b"", context), form, 3, left, known)


def test_what_may_be_left_and_what_may_not() -> None:
    assert _row("utf8", 1, context=True).failed
    assert not _row("utf8", 0, context=True).failed
    assert not _row("utf8", 1, context=False).failed
    assert _row("utf8", 1, context=False, known=True).failed
    assert not _row("limbs28", 1, context=True, known=True).failed
    assert not _row("raw", 1, context=True, category="rsa_public").failed
    assert _row("raw", 1, context=True, category="rsa_public", known=True).failed


def test_the_report_counts_and_names_what_is_left() -> None:
    rows = (_row("utf8", 1, context=True), _row("plain.utf16le", 0, context=True))
    outcome = Report("a.dmp", rows, 4096, 40, 0.5)
    assert outcome.failures == 1
    assert next(line.split() for line in outcome.lines(left_only=True)) == [
        *("a.dmp", "password/x", "utf8", "3", "1", "LEFT")
    ]
    assert outcome.summary() == (
        "== a.dmp: 0 of 1 secrets to be found are gone, 1 of 6 copies are left, 40 of 4096 bytes changed in 0.5 s"
    )


def test_classes_of_keys_are_summed() -> None:
    rows = (
        Row(Secret("aes_key", "a", False, b"", False), "raw", 2, 1, False),
        Row(Secret("aes_key", "a", False, b"", False), "b64", 1, 1, False),
        Row(Secret("aes_key", "b", False, b"", True), "raw", 3, 0, False),
        _row("utf8", 1, context=True),
    )
    [line] = Report("a.dmp", rows, 4096, 40, 0.5).keys()
    assert line.split() == [
        *("a.dmp", "aes_key", "2", "secrets", "1", "left", "6", "copies", "2", "left", "a(b64,raw)")
    ]


def test_a_small_real_dump_is_reported_without_values(capsys: pytest.CaptureFixture[str]) -> None:
    assert report.main(["--only", "ms-plant-normal", "--known"]) == 0
    out = capsys.readouterr().out
    assert "ms-plant-normal.dmp      password/stack_0" in out
    assert out.splitlines()[-1] == "== nothing is left that must not be"
    dump = next(dump for dump in dumps.in_folder(dumps.REAL) if dump.name == "ms-plant-normal.dmp")
    assert not [secret.label for secret in manifest.read(dump.manifest) if secret.value.decode("latin-1") in out]


def test_a_dump_that_cannot_be_sanitised_is_a_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.dmp").write_bytes(b"")
    (tmp_path / "a.dmp.manifest").write_text("")
    assert report.main(["--dumps", str(tmp_path)]) == 1
    assert "== a.dmp: FAILED: " in capsys.readouterr().out


def test_the_demo_sanitises_a_dump_and_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    small = next(dump for dump in SMALL if dump.name == "net3.1-triage.core")
    monkeypatch.setattr(demo, "DUMP", small)
    monkeypatch.setattr(demo, "OUT", tmp_path / "out")
    for _ in range(2):  # a second run replaces what the first one left
        assert demo.main() == 0
    out = capfd.readouterr().out
    lines = [line.split() for line in out.splitlines() if line.endswith("after")]
    assert [(line[-4], line[-2]) for line in lines] == [("16", "0"), ("24", "0")] * 2
