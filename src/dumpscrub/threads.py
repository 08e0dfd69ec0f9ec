"""Work in threads, with the results in order and few of them waiting."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")

_WAVE = 8
"""Items of one wave, where that gives each thread two at least."""


def in_threads(work: Callable[[Item], Answer], items: Iterable[Item], workers: int) -> Generator[Answer, None, None]:
    """``map`` by ``workers`` threads, in waves, so that memory stays flat; without a thread for one worker.

    While the results of a wave are taken, no thread is at work. Measured: threads that need the interpreter's lock a
    thousand times a second, beside Python code that holds it, take longer than both one after the other.

    Raises what ``work`` raised instead of the results of its wave. Who leaves early closes it (``contextlib.closing``).
    """
    if workers == 1:
        yield from map(work, items)
        return
    waiting = iter(items)
    with ThreadPoolExecutor(workers) as pool:
        while wave := list(islice(waiting, max(_WAVE, 2 * workers))):
            yield from [future.result() for future in [pool.submit(work, item) for item in wave]]
