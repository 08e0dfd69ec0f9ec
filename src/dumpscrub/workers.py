"""Work in processes of our own, where the platform can split one in two (Linux); in threads elsewhere.

Python runs one thread at a time, but for the inner loops of engines and numpy, so that threads gain little. A child
made by ``fork`` has everything that its parent has, and answers through a pipe: what passes are answers, so ``work``
must return no bytes of a dump. A child never writes anything else, and ends by ``_exit``: it neither cleans up what
belongs to its parent nor shows a traceback.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from io import BufferedReader
from typing import Any, TypeVar

from dumpscrub.errors import DumpscrubError, ScanError
from dumpscrub.threads import in_threads

Item = TypeVar("Item")
Answer = TypeVar("Answer")

_LENGTH = 8
"""Bytes before each answer that say how long it is."""


def in_workers(
    work: Callable[[Item], Answer],
    items: Sequence[Item],
    workers: int,
    after: Callable[[Item], None] | None = None,
) -> Generator[Answer, None, None]:
    """``map`` by so many processes or threads, with the answers in order and few of them waiting.

    Where a process works on an item it calls ``after`` with it behind that, to give back what it mapped. Raises what
    ``work`` raised instead of its answer; of what is no DumpscrubError, only the kind. Who leaves early closes it
    (``contextlib.closing``).
    """
    children: list[_Child] = []
    try:
        if workers > 1 and len(items) >= 2 * workers and _can_split():
            children = _children(work, items, workers, after)
        for index in range(len(items) if children else 0):
            yield children[index % workers].answer()
    finally:
        for child in children:
            child.end()
    if not children:
        with closing(in_threads(work, items, workers)) as answers:
            yield from answers


def _can_split() -> bool:
    """True where a process may be split: another thread might hold a lock, which nobody would free in the child."""
    return sys.platform == "linux" and threading.active_count() == 1


def _children(
    work: Callable[[Item], Answer], items: Sequence[Item], workers: int, after: Callable[[Item], None] | None
) -> list[_Child]:
    """The processes, at work; none where the system has no room for all of them."""
    children: list[_Child] = []
    for number in range(workers):
        try:
            children.append(_split(work, items[number::workers], after, children))
        except OSError:
            for child in children:
                child.end()
            return []
    return children


@dataclass(frozen=True, slots=True)
class _Child:
    """A process and its pipe."""

    number: int
    pipe: BufferedReader

    def answer(self) -> Any:
        """The next answer. Raises what the child raised, or ScanError where it is gone."""
        length = self.pipe.read(_LENGTH)
        data = self.pipe.read(int.from_bytes(length, "little"))
        if len(length) < _LENGTH or len(data) < int.from_bytes(length, "little"):
            raise ScanError("a worker was killed: free some memory, or retry with --workers 1")
        answer, error = pickle.loads(data)  # noqa: S301  (from a child of our own)
        if error is not None:
            raise error
        return answer

    def end(self) -> None:
        """Stop the process, whatever it is doing."""
        self.pipe.close()
        os.kill(self.number, signal.SIGKILL)
        os.waitpid(self.number, 0)


def _split(
    work: Callable[[Item], Answer],
    items: Sequence[Item],
    after: Callable[[Item], None] | None,
    others: Sequence[_Child],
) -> _Child:
    """A child that works on ``items``. It lets go of the pipes of ``others``, which end when their parent does."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        # From 3.12 on Python warns of any thread, such as those of numpy, which can bear it.
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            number = os.fork()
        except OSError:
            os.close(reading)
            os.close(writing)
            raise
    if number:
        os.close(writing)
        return _Child(number, os.fdopen(reading, "rb"))
    try:
        gc.freeze()  # what was there before is the parent's
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent gets it as well, and ends this process
        for descriptor in (reading, *(other.pipe.fileno() for other in others)):
            os.close(descriptor)
        _serve(work, items, after, writing)
    finally:
        os._exit(0)


def _serve(
    work: Callable[[Item], Answer], items: Sequence[Item], after: Callable[[Item], None] | None, pipe: int
) -> None:
    """Work on ``items`` and write the answers; the last one may be an error."""
    for item in items:
        try:
            data = pickle.dumps((work(item), None), pickle.HIGHEST_PROTOCOL)
        except Exception as error:  # noqa: BLE001  (it is raised by the parent)
            _write(pipe, pickle.dumps((None, _harmless(error))))
            return
        _write(pipe, data)
        if after:
            after(item)


def _harmless(error: Exception) -> Exception:
    """``error`` as it may be shown: the text of any but our own may hold bytes of the dump."""
    if isinstance(error, DumpscrubError):
        return type(error)(*error.args)
    if isinstance(error, MemoryError):
        return MemoryError()
    return ScanError(f"a worker failed ({type(error).__name__}): please report it with the kind of dump")


def _write(pipe: int, data: bytes) -> None:
    rest = memoryview(len(data).to_bytes(_LENGTH, "little") + data)
    while rest:
        rest = rest[os.write(pipe, rest) :]
