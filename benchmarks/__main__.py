"""``python -m benchmarks``: build the dumps, run all commands over them, print the tables."""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from benchmarks import report, suite
from benchmarks.measure import Series, interleaved

_KINGFISHER = "kingfisher-bin==2.14.0"
_PACKAGES = ("dumpscrub", "hyperscan", "google-re2", "pyahocorasick", "numpy")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns 1 where a command failed."""
    args = _parse(arguments)
    with tempfile.TemporaryDirectory(dir=args.folder, prefix="dumpscrub-bench-") as name:
        folder = Path(name)
        sizes = [1 / 32] if args.quick else args.sizes
        kingfisher = None if args.quick else _install_kingfisher(folder)
        _build(folder / "known.txt", "--known", "100" if args.quick else "50000")
        toolbox = suite.Toolbox(folder, kingfisher)
        results: dict[str, tuple[str, report.Rows]] = {}
        for case in suite.cases(sizes, args.quick):
            if args.only in case.name:
                results[case.name] = _measure(case, toolbox, 1 if args.quick else args.runs, not args.quick, args.limit)
    figures = report.render(results, _machine(args), sizes, quick=args.quick)
    print(figures)
    if args.write:
        report.write_into(args.write, figures)
    return int(any(series.problem for _, rows in results.values() for series in rows.values()))


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks", description="Measure dumpscrub beside cp and kingfisher.")
    parser.add_argument("--quick", action="store_true", help="small dumps, one run, without kingfisher: under a minute")
    parser.add_argument("--sizes", type=float, nargs="+", default=[0.5, 2, 8], metavar="GIB")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", default="", metavar="TEXT", help="only dumps with this in their name")
    parser.add_argument("--limit", type=float, default=1800, metavar="SECONDS", help="of one run of one command")
    parser.add_argument("--folder", type=Path, help="where the dumps go: twice the largest size (default: TMPDIR)")
    parser.add_argument("--write", type=Path, metavar="FILE", help="a document that the tables go into")
    return parser.parse_args(arguments)


def _measure(
    case: suite.Case, toolbox: suite.Toolbox, runs: int, warm_up: bool, limit: float
) -> tuple[str, report.Rows]:
    """What the dump holds, and the runs of each command over it."""
    dump = toolbox.folder / "dump.dmp"
    holds = _build(dump, *case.recipe)
    _log(f"{case.name}: {holds}")
    try:
        measured = interleaved(toolbox.commands(case, dump), runs, warm_up, limit, lambda line: _log(f"  {line}"))
    finally:
        dump.unlink()
    return holds, {name: measured.get(name, Series(problem="not installed")) for name in case.commands}


def _build(path: Path, *options: str) -> str:
    """In a process of its own: the memory of this one would count as its children's."""
    command = [sys.executable, "-m", "benchmarks.dumps", str(path), *options]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.partition(": ")[2].strip()


def _install_kingfisher(folder: Path) -> Path | None:
    target = folder / "kingfisher"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(target), _KINGFISHER]
    done = subprocess.run(command, check=False, capture_output=True)
    return target / "kingfisher" / "bin" / "kingfisher" if done.returncode == 0 else None


def _machine(args: argparse.Namespace) -> list[str]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in _PACKAGES)
    how = "one run" if args.quick else f"median of {args.runs} runs after one for warming up"
    return [
        f"{datetime.now(UTC):%Y-%m-%d}, {how}",
        f"{_processor()}, {len(os.sched_getaffinity(0))} CPUs, {memory / 1e9:.0f} GB of memory, {platform.system()}",
        f"Python {platform.python_version()}, {versions}, {_KINGFISHER.replace('==', ' ')}",
    ]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.machine()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())


def _log(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
