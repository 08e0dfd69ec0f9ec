"""``python -m benchmarks.hostile``: what dumps cost that were made up to cost time or space.

Each kind of :mod:`benchmarks.hostileinputs` is made from a seed and sanitised in a process of its own, with one worker.
The table shows the seconds of CPU time and the peak of memory for each megabyte (10**6 bytes) beyond what noise of the
same size costs. Exit code 1 where a run fails, or takes more than ``--most`` seconds a megabyte.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from random import Random

from benchmarks.hostileinputs import HOSTILE, Hostile
from benchmarks.measure import Command, RunError, Sample, run

NOISE = "noise"
"""What the others are compared with."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns its exit code."""
    options = _parse(arguments)
    names = [name for name in HOSTILE if options.only.lower() in name.lower()]
    fixed = measure(HOSTILE[NOISE], options.seed, 4096, options.limit)
    print(f"{'':36} {'MB':>6} {'s':>7} {'s/MB':>7} {'peak MB':>8}")
    worst = 0.0
    for name in names:
        try:
            size, sample = _size_and_sample(HOSTILE[name], options)
        except RunError as error:
            print(f"{name:36} {error}", flush=True)
            worst = float("inf")
            continue
        cost = max(0.0, sample.cpu - fixed[1].cpu) / size * 1e6
        worst = max(worst, cost)
        print(f"{name:36} {size / 1e6:6.2f} {sample.cpu:7.2f} {cost:7.2f} {sample.peak / 1e6:8.0f}", flush=True)
    return int(worst > options.most)


def measure(hostile: Hostile, seed: int, size: int, limit: float) -> tuple[int, Sample]:
    """The bytes of a dump of that kind, and what it costs to sanitise it. Raises RunError where that fails."""
    with tempfile.TemporaryDirectory(prefix="dumpscrub-hostile-") as name:
        folder = Path(name)
        dump, known = folder / "hostile.dmp", folder / "known.txt"
        dump.write_bytes(hostile.make(Random(seed), size))
        command = [sys.executable, "-m", "dumpscrub", "sanitize", str(dump), "--workers", "1", "--quiet"]
        if hostile.known:
            known.write_bytes(hostile.known())
            command += ["--known", str(known)]
        return dump.stat().st_size, run(Command("sanitize", tuple(command)), limit)


def _size_and_sample(hostile: Hostile, options: argparse.Namespace) -> tuple[int, Sample]:
    return measure(hostile, options.seed, int(options.size * 1e6), options.limit)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.hostile", description="Measure dumps made to cost time."
    )
    parser.add_argument("--only", default="", metavar="NAME", help="only kinds with this in their name")
    parser.add_argument("--size", type=float, default=1, metavar="MB")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=float, default=120, metavar="SECONDS", help="of one run")
    parser.add_argument("--most", type=float, default=3, metavar="SECONDS", help="a megabyte may take")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
