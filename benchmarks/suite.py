"""What is measured: which dumps, and which commands over each of them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Command

PYTHON = sys.executable
CP, SANITIZE, SCAN, ONE_SANITIZE, ONE_SCAN = "cp + fsync", "sanitize", "scan", "sanitize, 1 worker", "scan, 1 worker"
OTHER_SANITIZE, OTHER_SCAN = "sanitize, aho-corasick", "scan, aho-corasick"
KNOWN_SANITIZE, KNOWN_SCAN = "sanitize, known values", "scan, known values"
KINGFISHER, STAGES = "kingfisher scan", "stages"

_MOST_FOR_KINGFISHER = 2.0  # GiB: it takes some 2.5 times the file's size in memory
_MOST_FOR_STAGES = 2.0
_SLOW = 0.5  # GiB: the largest dump for the portable engine


@dataclass(frozen=True, slots=True)
class Case:
    """A dump, how ``benchmarks.dumps`` makes it, and the commands to run over it."""

    name: str
    recipe: tuple[str, ...]
    commands: tuple[str, ...]


def cases(sizes: Sequence[float], quick: bool) -> list[Case]:
    """The whole benchmark for dumps of ``sizes`` GiB; ``quick`` is the same with small numbers."""
    return [*_sides(sizes), *_scale(quick)]


def planted(gib: float) -> str:
    """The name of the dump of that size with ten secrets per MB."""
    return f"{gib:g} GiB"


def clean(gib: float) -> str:
    """The name of the dump of that size without secrets."""
    return f"{gib:g} GiB, no secrets"


TINY, SPARSE, RANGES, FINDINGS = "1 MiB", "sparse", "many ranges", "many secrets"


def _sides(sizes: Sequence[float]) -> list[Case]:
    found = []
    for gib in sizes:
        recipe = ("--mib", str(round(gib * 1024)))
        commands = [CP, SANITIZE, SCAN]
        if gib <= _MOST_FOR_STAGES:
            commands += [ONE_SANITIZE, ONE_SCAN, KINGFISHER, STAGES]
            found.append(Case(clean(gib), (*recipe, "--per-mb", "0"), (CP, SANITIZE, SCAN, KINGFISHER)))
        if gib <= _SLOW:
            commands += [OTHER_SANITIZE, OTHER_SCAN, KNOWN_SANITIZE, KNOWN_SCAN]
        found.append(Case(planted(gib), recipe, tuple(commands)))
    return found


def _scale(quick: bool) -> list[Case]:
    sparse = ("--mib", "256", "--data-mib", "16") if quick else ("--mib", "65536", "--data-mib", "1024")
    ranges = ("--mib", "2", "--ranges", "20000") if quick else ("--mib", "306", "--ranges", "5000000")
    secrets = ("--mib", "1", "--per-mb", "1000") if quick else ("--mib", "192", "--per-mb", "4967.05")
    distinct = ("--distinct", "200" if quick else "20000", "--text")
    return [
        Case(TINY, ("--mib", "1"), (SANITIZE, SCAN)),
        Case(SPARSE, sparse, (CP, SANITIZE)),
        Case(RANGES, ranges, (CP, SANITIZE, SCAN)),
        Case(FINDINGS, (*secrets, *distinct), (CP, SANITIZE, SCAN)),
    ]


@dataclass(frozen=True, slots=True)
class Toolbox:
    """Makes the commands for dumps in ``folder``. ``kingfisher`` is its program, None where it is not installed."""

    folder: Path
    kingfisher: Path | None

    def commands(self, case: Case, dump: Path) -> list[Command]:
        """The commands of ``case`` that can be run here."""
        return [self._command(name, dump) for name in case.commands if name != KINGFISHER or self.kingfisher]

    def _command(self, name: str, dump: Path) -> Command:
        copy, audit = self.folder / "out.dmp", self.folder / "out.audit.jsonl"
        if name == CP:
            script = 'cp "$1" "$2" && sync "$2"'
            return Command(name, ("sh", "-c", script, "sh", str(dump), str(copy)), (copy,))
        if name == STAGES:
            return Command(name, (PYTHON, "-m", "benchmarks.stages", str(dump), str(copy)), (copy, audit))
        if name == KINGFISHER:
            report = self.folder / "kingfisher.json"
            cache = ("--rule-cache-dir", str(self.folder / "kingfisher-cache"))
            options = ("--no-validate", "--max-file-size", "0", "--no-update-check", "--format", "json", *cache)
            arguments = (str(self.kingfisher), "scan", *options, "--output", str(report), str(dump))
            return Command(name, arguments, (report,), (0, 200))  # 200: something was found
        return self._dumpscrub(name, dump, copy, audit)

    def _dumpscrub(self, name: str, dump: Path, copy: Path, audit: Path) -> Command:
        verb, _, variant = name.partition(", ")
        arguments = [PYTHON, "-m", "dumpscrub", verb, str(dump), "--quiet"]
        if verb == SANITIZE:
            arguments += ["--output", str(copy), "--audit", str(audit)]
        if variant == "1 worker":
            arguments += ["--workers", "1"]
        if variant == "aho-corasick":
            arguments += ["--engine", variant]
        if variant == "known values":
            arguments += ["--known", str(self.folder / "known.txt")]
        return Command(name, tuple(arguments), (copy, audit), (0, 1) if verb == SCAN else (0,), quiet=True)
