"""On real dumps: each planted secret that stands beside a name, or in a format of its own, is found by a rule."""

from __future__ import annotations

import lzma
from pathlib import Path

import pytest

from dumpscrub.detectors import build_detectors
from dumpscrub.layout import LayoutBuilder
from dumpscrub.model import Dump
from dumpscrub.propagation import seeds_of
from dumpscrub.rules.load import load_rules
from dumpscrub.scanner import Scanner
from dumpscrub.search.finder import Search
from dumpscrub.source import BytesSource

PLANTED = {
    ("java-live.hprof", "java"): {"cmdline", "sysprop", "str_0", "str_1", "str_2", "props"},
    ("ms-plant-heap.dmp", "plant-windows"): {"cmdline", "env_DB_PASSWORD", "SetEnvironmentVariable", "sql", "octopus"},
    ("net3.1-normal.core", "net3.1-linux"): {"env_DB_PASSWORD", "env_AWS_SECRET_ACCESS_KEY", "env_OCTOPUS_API_KEY"},
    ("python-kernel.core", "python"): {"cmdline", "env_DB_PASSWORD", "str_0", "str_2", "github"},
}


def manifest(path: Path) -> dict[str, bytes]:
    """The planted passwords and keys by name."""
    lines = (line.split("\t") for line in path.read_text().splitlines())
    return {
        name: bytes(byte ^ 0x5A for byte in bytes.fromhex(value))
        for kind, name, form, value in lines
        if form == "str" and kind in ("password", "api_key")
    }


@pytest.mark.shared
@pytest.mark.parametrize(("dump", "planted"), PLANTED)
def test_what_stands_in_a_context_is_found(shared: Path, dump: str, planted: str) -> None:
    data = lzma.decompress((shared / "dumps" / f"{dump}.xz").read_bytes())
    values = manifest(shared / "dumps" / f"{planted}.manifest")
    scanner = Scanner(build_detectors(load_rules()), Search("hyperscan"))
    scan = scanner.scan(Dump("raw", BytesSource(data), LayoutBuilder(len(data)).build()))
    found = {seed.value.data for seed in seeds_of(scan.findings)}
    assert {name for name in PLANTED[dump, planted] if values[name] not in found} == set()
