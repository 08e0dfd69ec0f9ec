"""``dumpscrub inspect``."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich import box
from rich.table import Table
from rich.text import Text

from dumpscrub import pipeline
from dumpscrub.cli.boundary import Boundary
from dumpscrub.cli.options import EXIT_CODES, FILE
from dumpscrub.cli.progress import ProgressBar
from dumpscrub.composition import Composition, composition
from dumpscrub.layout import Layout, RegionKind
from dumpscrub.model import Dump
from dumpscrub.printable import printable
from dumpscrub.reports.table import PlainConsole


@click.command("inspect", epilog=EXIT_CODES)
@click.argument("dump", type=FILE)
@click.option("--json", "as_json", is_flag=True, help="Write one JSON document to standard output.")
@click.pass_obj
def command(boundary: Boundary, dump: Path, as_json: bool) -> None:
    """Show what DUMP holds: its streams or notes, its regions by kind, and what their bytes look like.

    Nothing is searched for and nothing is written.

    \b
    Examples:
      dumpscrub inspect app.dmp
      dumpscrub inspect core.1234 --json
    """  # noqa: D301
    boundary.stage = "reading"
    with pipeline.inspect(dump) as opened:
        with ProgressBar(boundary) as progress:
            kinds = composition(opened, progress)
        (_write_json if as_json else _write_tables)(dump, opened, kinds)


def _write_json(path: Path, dump: Dump, kinds: Sequence[Composition]) -> None:
    document: dict[str, Any] = {
        "input": printable(str(path)),
        "format": dump.format,
        "size": dump.layout.size,
        "facts": [{"name": name, "value": value} for name, value in dump.facts],
        "structure": [{"label": printable(label), "bytes": size} for label, size in _structure(dump.layout)],
        "regions": [
            {
                "kind": row.kind.name.lower(),
                "regions": row.regions,
                "bytes": row.total,
                "zero": row.zero,
                "ascii": row.ascii,
                "utf16": row.utf16,
            }
            for row in kinds
        ],
        "notices": list(dump.notices),
    }
    sys.stdout.write(json.dumps(document, indent=2) + "\n")


def _write_tables(path: Path, dump: Dump, kinds: Sequence[Composition]) -> None:
    console = PlainConsole(sys.stdout)
    console.print(Text(f"{printable(str(path))}: {dump.format}, {dump.layout.size:,} bytes"))
    for name, value in dump.facts:
        console.print(Text(f"{printable(name)}: {printable(value)}"))
    console.print(_structure_table(dump.layout))
    console.print(_region_table(kinds))
    for notice in dump.notices:
        console.print(Text(f"Note: {printable(notice)}"))


def _structure(layout: Layout) -> list[tuple[str, int]]:
    """What is not memory, by label: headers, streams, notes, gaps. Names and bytes, in file order."""
    sizes: Counter[str] = Counter()
    for index in (layout.kinds < RegionKind.MEMORY).nonzero()[0]:
        region = layout.region(int(index))
        sizes[region.label] += len(region.span)
    return list(sizes.items())


def _structure_table(layout: Layout) -> Table:
    table = Table(box=box.SIMPLE)
    table.add_column("structure")
    table.add_column("bytes", justify="right")
    for label, size in _structure(layout):
        table.add_row(Text(printable(label)), f"{size:,}")
    return table


def _region_table(kinds: Sequence[Composition]) -> Table:
    table = Table(box=box.SIMPLE)
    table.add_column("region")
    for heading in ("count", "bytes", "zero", "ASCII", "UTF-16"):
        table.add_column(heading, justify="right")
    for row in kinds:
        shares = (f"{share / max(1, row.total):.0%}" for share in (row.zero, row.ascii, row.utf16))
        table.add_row(row.kind.name.lower(), f"{row.regions:,}", f"{row.total:,}", *shares)
    return table
