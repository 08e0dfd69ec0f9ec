"""Results come in order, whatever the number of threads, and none behind a failure."""

from __future__ import annotations

from contextlib import closing

import pytest

from dumpscrub.threads import in_threads


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_results_come_in_order(workers: int) -> None:
    assert list(in_threads(lambda item: item * item, range(100), workers)) == [item * item for item in range(100)]


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_a_failure_comes_before_any_later_result(workers: int) -> None:
    taken: list[float] = []
    with (
        pytest.raises(ZeroDivisionError),
        closing(in_threads(lambda item: 1 / (item - 20), range(40), workers)) as some,
    ):
        taken += some
    assert len(taken) <= 20


def test_no_thread_works_while_results_are_taken() -> None:
    done: list[int] = []
    with closing(in_threads(done.append, range(64), 2)) as results:
        for number, _ in enumerate(results):
            assert len(done) == min(64, (number // 8 + 1) * 8)


@pytest.mark.parametrize("workers", [1, 3])
def test_only_one_wave_is_worked_on_ahead(workers: int) -> None:
    at_work: list[int] = []
    with closing(in_threads(at_work.append, range(1000), workers)) as results:
        next(results)
    assert len(at_work) <= max(8, 2 * workers)
