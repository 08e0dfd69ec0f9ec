"""Answers come in order from processes as from threads; whatever goes wrong in one ends the work with a safe error."""

from __future__ import annotations

import mmap
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

import dumpscrub
from dumpscrub import workers
from dumpscrub.errors import InputError, ScanError
from dumpscrub.search.finder import Chunk, Finder
from dumpscrub.workers import in_workers

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are split on Linux alone")


@pytest.fixture(params=[True, False], ids=["processes", "threads"])
def split(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether work is done in processes. Test runners have threads of their own, so that it would not be."""
    monkeypatch.setattr(workers, "_can_split", lambda: request.param)
    return bool(request.param)


def children() -> int:
    try:
        return os.waitpid(-1, os.WNOHANG)[0] + 1
    except ChildProcessError:
        return 0


@pytest.mark.parametrize("count", [1, 2, 5])
def test_answers_come_in_order(split: bool, count: int) -> None:
    with closing(in_workers(lambda item: (item, os.getpid()), range(100), count)) as answers:
        found = list(answers)
    assert [item for item, _ in found] == list(range(100))
    assert len({process for _, process in found} - {os.getpid()}) == (count if split and count > 1 else 0)
    assert children() == 0


def test_answers_longer_than_a_pipe_holds_pass(split: bool) -> None:
    with closing(in_workers(lambda item: [item] * 300_000, range(9), 2)) as answers:
        assert [len(answer) for answer in answers] == [300_000] * 9


def test_who_leaves_early_leaves_no_process(split: bool) -> None:
    with closing(in_workers(time.sleep, [0, 0, *[60] * 10] if split else [0] * 12, 2)) as answers:
        next(answers)
    assert children() == 0


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (lambda: InputError("it became shorter"), InputError, "it became shorter"),
        (lambda: MemoryError("Zx81mQ4v"), MemoryError, ""),
        (
            lambda: ValueError("Zx81mQ4v"),
            ScanError,
            "a worker failed (ValueError): please report it with the kind of dump",
        ),
    ],
)
def test_a_failure_comes_in_its_place_and_says_nothing_of_the_dump(
    monkeypatch: pytest.MonkeyPatch, error: Callable[[], Exception], kind: type[Exception], text: str
) -> None:
    def work(item: int) -> int:
        if item == 5:
            raise error()
        return item

    monkeypatch.setattr(workers, "_can_split", lambda: True)
    taken: list[int] = []
    with pytest.raises(kind) as raised, closing(in_workers(work, range(20), 2)) as answers:
        taken.extend(answers)
    assert (taken, str(raised.value)) == ([0, 1, 2, 3, 4], text)
    assert children() == 0


def test_what_a_worker_did_is_given_back_where_it_was_done(split: bool) -> None:
    with mmap.mmap(-1, 4096) as shared:

        def after(item: int) -> None:
            shared[item] = 1

        with closing(in_workers(lambda item: item, range(20), 2, after)) as answers:
            list(answers)
        assert list(shared[:18]) == [int(split)] * 18  # the last ones may be stopped before


def test_where_there_is_no_room_for_processes_threads_work(monkeypatch: pytest.MonkeyPatch) -> None:
    fork = os.fork
    left = [1]

    def one_fork() -> int:
        if not left:
            raise BlockingIOError(11, "Resource temporarily unavailable")
        left.pop()
        return fork()

    monkeypatch.setattr(workers, "_can_split", lambda: True)
    monkeypatch.setattr(os, "fork", one_fork)
    open_files = len(list(Path("/proc/self/fd").iterdir()))
    with closing(in_workers(lambda item: (item, os.getpid()), range(20), 2)) as answers:
        assert list(answers) == [(item, os.getpid()) for item in range(20)]
    assert left == []
    assert children() == 0
    assert len(list(Path("/proc/self/fd").iterdir())) == open_files


def test_a_killed_worker_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chunk, parent = Finder._chunk, os.getpid()

    def killed(self: Finder, dump: object, watcher: object, start: int) -> Chunk:
        if os.getpid() != parent and start >= 1 << 16:
            os.kill(os.getpid(), signal.SIGKILL)
        return chunk(self, dump, watcher, start)  # type: ignore[arg-type]

    path = tmp_path / "app.bin"
    path.write_bytes(b"Password=Zx81mQ4vLr7Kp2Wd0s;" + b"abc " * 100_000)
    monkeypatch.setattr(workers, "_can_split", lambda: True)
    monkeypatch.setattr(Finder, "_chunk", killed)
    with pytest.raises(ScanError, match="a worker was killed: free some memory, or retry with --workers 1"):
        dumpscrub.sanitize(path, workers=2, chunk_size=1 << 14)
    assert [entry.name for entry in tmp_path.iterdir()] == ["app.bin"]
    assert children() == 0


def test_processes_find_what_one_thread_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "app.bin"
    secrets = b"".join(b"name=%d;Password=Zx81mQ4v%05dLr7;\0" % (number, number) for number in range(400))
    path.write_bytes((secrets + bytes(5000)) * 5 + secrets.decode().encode("utf-16-le"))
    alone = dumpscrub.sanitize(path, tmp_path / "alone.bin", workers=1, chunk_size=1 << 14)
    monkeypatch.setattr(workers, "_can_split", lambda: True)
    together = dumpscrub.sanitize(path, tmp_path / "together.bin", workers=3, chunk_size=1 << 14)
    assert list(together.findings) == list(alone.findings)
    assert (tmp_path / "alone.bin").read_bytes() == (tmp_path / "together.bin").read_bytes()
    assert len(alone.findings) >= 2400
