"""Sources against the bytes of a file."""

from __future__ import annotations

import errno
import mmap
import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dumpscrub.errors import InputError
from dumpscrub.source import BytesSource, FileSource, MappedSource, Source, read

SIZE = 3 * mmap.ALLOCATIONGRANULARITY + 17
CONTENT = bytes(index * 31 % 251 for index in range(SIZE))


def mapped(path: Path) -> MappedSource:
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        return MappedSource(descriptor)
    finally:
        os.close(descriptor)


OPENERS: dict[str, Callable[[Path], Source]] = {
    "file": FileSource,
    "mapped": mapped,
    "bytes": lambda path: BytesSource(path.read_bytes()),
}


@pytest.fixture(params=OPENERS)
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Source]:
    path = tmp_path / "file"
    path.write_bytes(CONTENT)
    with closing(OPENERS[request.param](path)) as opened:
        yield opened


offsets = st.integers(0, 2 * SIZE)


@given(offsets, offsets)
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_views_are_clipped_to_the_file(source: Source, start: int, end: int) -> None:
    assert source.size == SIZE
    assert bytes(source.view(start, end)) == CONTENT[start:end]
    assert read(source, start, end) == CONTENT[start:end]


@given(offsets, offsets)
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_release_takes_any_range_and_changes_nothing(source: Source, start: int, end: int) -> None:
    source.release(start, end)
    assert bytes(source.view(0, SIZE)) == CONTENT


def test_views_are_read_only_where_a_file_is_mapped(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(CONTENT)
    with closing(mapped(path)) as source, pytest.raises(TypeError):
        source.view(0, 4)[0] = 0


def test_a_negative_start_reads_from_the_beginning(source: Source) -> None:
    assert read(source, -5, 5) == CONTENT[:5]


def test_a_disk_that_fails_is_an_input_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> int:
        raise OSError(errno.EIO, "Input/output error")

    path = tmp_path / "file"
    path.write_bytes(CONTENT)
    with closing(FileSource(path)) as source, monkeypatch.context() as patch:
        patch.setattr(os, "preadv", fail)
        with pytest.raises(InputError, match="cannot be read any more"):
            read(source, 0, 100)


def test_a_file_that_shrinks_is_an_input_error(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(CONTENT)
    with closing(FileSource(path)) as source:
        os.truncate(path, 100)
        assert read(source, 0, 100) == CONTENT[:100]
        with pytest.raises(InputError, match="became shorter while it was read"):
            source.view(90, 101)


def test_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    with closing(FileSource(path)) as source:
        assert (source.size, read(source, 0, 10)) == (0, b"")


def test_a_map_is_closed_though_an_exception_keeps_views(tmp_path: Path) -> None:
    """An interrupt ends functions that hold views, and its traceback keeps what they hold."""
    (tmp_path / "file").write_bytes(CONTENT)

    def work() -> None:
        held = np.frombuffer(opened.view(0, 100), np.uint8)
        try:
            raise ValueError
        except ValueError:
            raise KeyboardInterrupt(len(held)) from None

    opened = mapped(tmp_path / "file")
    with pytest.raises(KeyboardInterrupt), closing(opened):
        work()
    with pytest.raises(ValueError, match=r"closed|released"):
        opened.view(0, 1)


def test_a_map_that_is_really_in_use_is_not_closed(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(CONTENT)
    opened = mapped(tmp_path / "file")
    held = np.frombuffer(opened.view(0, 100), np.uint8)
    with pytest.raises(BufferError):
        opened.close()
    assert bytes(held) == CONTENT[:100]
