"""``inspect``: structure, regions and composition, as tables and as JSON."""

from __future__ import annotations

import json
import lzma
from pathlib import Path

import pytest
from click.testing import CliRunner

from dumpscrub.cli import cli

ARCHIVE = Path(__file__).parents[2] / "corpus" / "real" / "ms-plant-normal.dmp.xz"


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    """A small real minidump."""
    path = tmp_path / "app.dmp"
    path.write_bytes(lzma.decompress(ARCHIVE.read_bytes()))
    return path


def inspect(*arguments: str) -> str:
    ended = CliRunner().invoke(cli, ["inspect", *arguments], prog_name="dumpscrub")
    assert (ended.exit_code, ended.stderr) == (0, "")
    return ended.stdout


def test_json_accounts_for_every_byte(dump: Path) -> None:
    document = json.loads(inspect(str(dump), "--json"))
    size = dump.stat().st_size
    assert (document["format"], document["size"]) == ("minidump", size)
    assert sum(region["bytes"] for region in document["regions"]) == size
    outside = sum(region["bytes"] for region in document["regions"] if region["kind"] in ("gap", "metadata"))
    assert sum(part["bytes"] for part in document["structure"]) == outside
    assert {"name": "threads", "value": "3"} in document["facts"]
    assert "stack" in [region["kind"] for region in document["regions"]]


def test_tables_name_streams_and_regions(dump: Path) -> None:
    text = inspect(str(dump))
    assert text.startswith(f"{dump}: minidump, {dump.stat().st_size:,} bytes\n")
    for expected in ("threads: 3\n", "stream ThreadList", "header", "region", "stack", "UTF-16"):
        assert expected in text
    assert "\x1b" not in text


def test_what_is_no_dump_is_said_to_be_raw(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_bytes(b"just some text\n" * 30)
    document = json.loads(inspect(str(tmp_path / "notes.txt"), "--json"))
    assert document["format"] == "raw"
    assert document["notices"]
    assert [region["ascii"] for region in document["regions"]] == [450]


def test_inspect_writes_nothing(dump: Path) -> None:
    inspect(str(dump))
    assert list(dump.parent.iterdir()) == [dump]
