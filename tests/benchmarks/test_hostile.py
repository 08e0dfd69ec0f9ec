"""The dumps that are made to cost time or space: each opens, and is the same for the same seed."""

from __future__ import annotations

from random import Random

import pytest

from benchmarks import hostile
from benchmarks.hostileinputs import HOSTILE
from dumpscrub.formats import open_dump
from dumpscrub.source import BytesSource

SIZE = 20_000


@pytest.mark.parametrize("name", HOSTILE)
def test_each_kind_is_a_dump_and_the_same_for_the_same_seed(name: str) -> None:
    data = HOSTILE[name].make(Random(1), SIZE)
    assert data == HOSTILE[name].make(Random(1), SIZE)
    dump = open_dump(BytesSource(data))
    assert dump.format in {"elf-core", "minidump"} or "outside" in name
    assert sum(len(region.span) for region in dump.layout) == len(data)


def test_a_kind_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    assert hostile.main(["--only", "handles of Wine", "--size", "0.01", "--most", "10000"]) == 0
    assert "handles of Wine" in capsys.readouterr().out
