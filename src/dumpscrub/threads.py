"""Work in threads, with the results in order and few of them waiting."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")


def in_threads(work: Callable[[Item], Answer], items: Iterable[Item], workers: int) -> Generator[Answer, None, None]:
    """``map`` by ``workers`` threads. At most two results a thread wait to be taken, so that memory stays flat.

    Raises what ``work`` raised, in its turn. Close it (``contextlib.closing``) to leave early: then what was not begun
    is dropped, and no thread is at work any more.
    """
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[Answer]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) >= 2 * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
