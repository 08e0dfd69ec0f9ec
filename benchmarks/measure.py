"""Runs commands as child processes and says what they cost, by wait4 of Linux and macOS."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

_RSS_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True, slots=True)
class Command:
    """``arguments`` to run, ``leaves`` files to remove before and after, ``succeeds`` with these exit codes.

    A ``quiet`` command writes nothing unless it fails: a traceback ends with 1, as does a scan that found something.
    """

    name: str
    arguments: tuple[str, ...]
    leaves: tuple[Path, ...] = ()
    succeeds: tuple[int, ...] = (0,)
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Sample:
    """One run: wall and CPU seconds (user and system, of all its processes), peak bytes of its largest process.

    That peak begins at what this process has itself, some 20 MB.
    """

    wall: float
    cpu: float
    peak: int
    output: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """The runs of one command, or why there are none that count."""

    samples: tuple[Sample, ...] = ()
    problem: str = ""

    @property
    def wall(self) -> float:
        """Median seconds."""
        return statistics.median(sample.wall for sample in self.samples)

    @property
    def spread(self) -> tuple[float, float]:
        """Least and most seconds."""
        walls = [sample.wall for sample in self.samples]
        return min(walls), max(walls)

    @property
    def cpu(self) -> float:
        """Median CPU seconds."""
        return statistics.median(sample.cpu for sample in self.samples)

    @property
    def peak(self) -> int:
        """Most bytes of any run."""
        return max(sample.peak for sample in self.samples)


class RunError(Exception):
    """A command did not end as it should."""


def interleaved(
    commands: Sequence[Command], runs: int, warm_up: bool, limit: float, log: Callable[[str], None]
) -> dict[str, Series]:
    """Run all commands once, then all again, so that a change of the machine's speed meets all of them alike.

    The first round is the warm-up and does not count. A command that fails, or takes more than ``limit`` seconds, is
    not run again.
    """
    samples: dict[str, list[Sample]] = {command.name: [] for command in commands}
    problems: dict[str, str] = {}
    for number in range(-1 if warm_up else 0, runs):
        for command in commands:
            if command.name in problems:
                continue
            try:
                sample = run(command, limit)
            except RunError as error:
                problems[command.name] = str(error)
                log(f"{command.name}: {error}")
                continue
            log(f"{command.name}: {sample.wall:.2f} s{' (warm-up)' if number < 0 else ''}")
            if number >= 0:
                samples[command.name].append(sample)
    return {name: Series(tuple(taken), problems.get(name, "")) for name, taken in samples.items()}


def run(command: Command, limit: float) -> Sample:
    """Run a command once. Raises RunError with the reason, which is the exit code and the last line that it wrote."""
    _remove(command.leaves)
    os.sync()  # what was written before is not this command's to wait for
    started = time.monotonic()
    with subprocess.Popen(
        command.arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as child:
        timer = threading.Timer(limit, child.kill)
        timer.start()
        output = child.stdout.read() if child.stdout else ""
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - started
        timer.cancel()
        child.returncode = os.waitstatus_to_exitcode(status)
    _remove(command.leaves)
    if child.returncode not in command.succeeds or (command.quiet and output):
        last = output.strip().rpartition("\n")[2][:120]
        raise RunError(f"more than {limit:.0f} s" if wall >= limit else f"exit code {child.returncode}: {last}")
    return Sample(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * _RSS_UNIT, output)


def _remove(paths: Sequence[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
