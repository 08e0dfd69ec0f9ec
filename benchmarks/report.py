"""The measurements as Markdown."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from benchmarks import suite
from benchmarks.measure import Series

Rows = Mapping[str, Series]
"""The runs by command."""
Results = Mapping[str, tuple[str, Rows]]
"""By the dump's name: what it holds, and its rows."""

Tables = Mapping[str, Rows]

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


def render(results: Results, machine: Sequence[str], sizes: Sequence[float], *, quick: bool = False) -> str:
    """All tables for which there are measurements; ``sizes`` in GiB are those that are compared with each other.

    A ``quick`` run is not held against what is required.
    """
    tables = {name: rows for name, (_, rows) in results.items()}
    parts = ["".join(f"- {line}\n" for line in machine), "" if quick else _required(tables, sizes), "## Side by side\n"]
    parts += [_sides(name, *measured) for name, measured in results.items()]
    parts += [_stages(tables), _linear(tables, sizes)]
    return "\n".join(filter(None, parts))


def write_into(document: Path, figures: str) -> None:
    """Replace what stands between the markers of ``document``. Raises ValueError where there are none."""
    text = document.read_text("utf-8")
    head, rest = text.split(BEGIN)
    document.write_text(f"{head}{BEGIN}\n\n{figures}\n{END}{rest.split(END)[1]}", "utf-8")


def _sides(name: str, holds: str, rows: Rows) -> str:
    table = [("", "seconds", "least to most", "CPU seconds", "peak MB", "x cp", "x kingfisher")]
    for command, series in rows.items():
        if command == suite.STAGES:
            continue
        if series.problem:
            table.append((command, series.problem, "", "", "", "", ""))
            continue
        least, most = series.spread
        costs = (f"{series.wall:.2f}", f"{least:.2f} to {most:.2f}", f"{series.cpu:.2f}", f"{series.peak / 1e6:.0f}")
        table.append((command, *costs, _against(series, rows, suite.CP), _against(series, rows, suite.KINGFISHER)))
    return f"### {name}\n\n{holds}\n\n{_table(table)}"


def _against(series: Series, rows: Rows, other: str) -> str:
    base = rows.get(other)
    return f"{series.wall / base.wall:.2f}" if base and not base.problem else ""


def _stages(tables: Tables) -> str:
    parts = []
    for name, rows in tables.items():
        series = rows.get(suite.STAGES)
        if not series or series.problem:
            continue
        runs = [json.loads(sample.output) for sample in series.samples]
        medians = {stage: statistics.median(run.get(stage, 0.0) for run in runs) for stage in runs[0]}
        total = sum(medians.values())
        table = [("stage", "seconds", "share")]
        table += [(stage, f"{spent:.2f}", f"{spent / total:.0%}") for stage, spent in medians.items()]
        parts.append(f"### {name}\n\n{_table(table)}")
    return "## Stages of sanitize\n\n" + "\n".join(parts) if parts else ""


def _linear(tables: Tables, sizes: Sequence[float]) -> str:
    """Seconds per GiB at each size, and what that is of the first one's."""
    table = [("dump", "sanitize, s per GiB", "scan, s per GiB", "sanitize, peak MB", "of the first")]
    first = 0.0
    for gib in sizes:
        rows = tables.get(suite.planted(gib), {})
        sanitize, scan = (_measured(rows, name) for name in (suite.SANITIZE, suite.SCAN))
        if sanitize and scan:
            rate = sanitize.wall / gib
            first = first or rate
            peak = f"{sanitize.peak / 1e6:.0f}"
            row = (suite.planted(gib), f"{rate:.2f}", f"{scan.wall / gib:.2f}", peak, f"{rate / first:.2f}")
            table.append(row)
    return f"## Cost by size\n\n{_table(table)}" if first else ""


def _measured(rows: Rows, command: str) -> Series | None:
    series = rows.get(command)
    return series if series and not series.problem else None


_RATIOS = (
    ("sanitize, 2 GiB: to cp", suite.planted(2), suite.SANITIZE, suite.CP, "at most 2.5"),
    ("sanitize, 2 GiB: to kingfisher's scan", suite.planted(2), suite.SANITIZE, suite.KINGFISHER, "at most 0.2"),
    ("sanitize, 2 GiB: 1 worker to all", suite.planted(2), suite.ONE_SANITIZE, suite.SANITIZE, "at least 1.6"),
    ("scan, 2 GiB: 1 worker to all", suite.planted(2), suite.ONE_SCAN, suite.SCAN, "at least 1.6"),
    ("sanitize, 0.5 GiB: known values to none", suite.planted(0.5), suite.KNOWN_SANITIZE, suite.SANITIZE, "at most 2"),
)
_COSTS = (
    ("scan, 1 MiB, start to end", suite.TINY, suite.SCAN, "0.4 s to the first byte"),
    ("sanitize, many ranges", suite.RANGES, suite.SANITIZE, "60 s, 1000 MB"),
    ("sanitize, many secrets", suite.FINDINGS, suite.SANITIZE, "120 s"),
    ("sanitize, sparse", suite.SPARSE, suite.SANITIZE, "300 MB"),
)  # fmt: skip


def _required(tables: Tables, sizes: Sequence[float]) -> str:
    """What was asked for, and what was measured."""
    table = [("", "required", "measured")]
    for what, case, command, base, limit in _RATIOS:
        rows = tables.get(case, {})
        ours, other = _measured(rows, command), _measured(rows, base)
        if ours and other:
            table.append((what, limit, f"{ours.wall / other.wall:.2f}"))
    for what, case, command, limit in _COSTS:
        series = _measured(tables.get(case, {}), command)
        if series:
            table.append((what, limit, f"{series.wall:.1f} s, {series.peak / 1e6:.0f} MB"))
    peaks = [series.peak for gib in sizes if (series := _measured(tables.get(suite.planted(gib), {}), suite.SANITIZE))]
    if peaks:
        table.append(("sanitize: peak of all sizes", "at most 300 MB", f"{max(peaks) / 1e6:.0f} MB"))
    return f"## Against what is required\n\n{_table(table)}" if len(table) > 1 else ""


def _table(rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; the first row is its head, and all columns but the first are numbers."""
    head, *body = rows
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "".join(f"| {' | '.join(row)} |\n" for row in (head, rule, *body))
