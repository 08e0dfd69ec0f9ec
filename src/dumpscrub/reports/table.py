"""The report for people: findings by class, what the run covered, and where the files are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import IO

import numpy as np
from rich import box
from rich.console import Console
from rich.filesize import decimal
from rich.table import Table as RichTable
from rich.text import Text

from dumpscrub.model import Origin
from dumpscrub.printable import printable
from dumpscrub.result import Result


class PlainConsole(Console):
    """A rich console that leaves a closed pipe to the caller, and names from dumps as they are."""

    def __init__(self, stream: IO[str]) -> None:
        super().__init__(file=stream, highlight=False, markup=False, emoji=False, soft_wrap=True)

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


class Table:
    """A table by class and a few lines below it; coloured on a terminal, plain text elsewhere."""

    name = "table"

    def write(self, result: Result, stream: IO[str]) -> None:
        console = PlainConsole(stream)
        if result.findings:
            console.print(_by_class(result))
        for line in _lines(result):
            console.print(Text(line))


def _by_class(result: Result) -> RichTable:
    """Findings by class. Bytes are left to the line below: findings overlap, so their bytes don't add up."""
    found, copies = Counter[str](), Counter[str]()
    for kind, count in zip(result.findings.of, np.bincount(result.findings.kinds).tolist(), strict=False):
        (copies if kind.origin is Origin.PROPAGATED else found)[kind.category] += count
    table = RichTable(box=box.SIMPLE, show_footer=True)
    table.add_column("class", "all")
    table.add_column("found", f"{found.total():,}", justify="right")
    table.add_column("copies elsewhere", f"{copies.total():,}", justify="right")
    for name in sorted(found | copies):
        table.add_row(Text(printable(name)), f"{found[name]:,}", f"{copies[name]:,}")
    return table


def _lines(result: Result) -> Iterator[str]:
    """What stands below the table."""
    reported = len(result.findings) - result.to_redact
    if not result.findings:
        yield "Nothing was found. A secret that has nothing around it is found only if you know it: see --known."
    if reported:
        yield f"{reported:,} of the findings are reported only: by rule or policy their bytes stay."
    yield (
        f"Searched {result.bytes_scanned:,} of {result.size:,} bytes ({result.format}) with {result.rules} rules"
        f" in {result.elapsed:.1f} s{_speed(result)}."
    )
    for notice in result.notices:
        yield f"Note: {printable(notice)}"
    if result.output is not None:
        yield f"Redacted copy ({result.bytes_changed:,} bytes changed): {printable(str(result.output))}"
    if result.audit is not None:
        yield f"Audit log (tells where secrets stood; keep it): {printable(str(result.audit))}"


def _speed(result: Result) -> str:
    return f", {decimal(int(result.size / result.elapsed))}/s" if result.elapsed > 0 else ""
