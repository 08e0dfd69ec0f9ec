"""The report for machines: one JSON document."""

from __future__ import annotations

import json
from pathlib import Path
from typing import IO

from dumpscrub.printable import printable
from dumpscrub.records import finding_records, totals
from dumpscrub.result import Result


class Document:
    """One JSON object: the run's facts, its totals, and a list of findings as in the audit log."""

    name = "json"

    def write(self, result: Result, stream: IO[str]) -> None:
        facts = {
            "input": printable(str(result.path)),
            "output": _path(result.output),
            "audit": _path(result.audit),
            "format": result.format,
            "rules": result.rules,
            "policy": result.policy,
            "engine": result.engine,
            "elapsed": round(result.elapsed, 3),
            "notices": list(result.notices),
            "totals": totals(result),
        }
        # The findings are written one by one: a list of millions would not fit in memory as text.
        stream.write(json.dumps(facts)[:-1] + ', "findings": [')
        for number, record in enumerate(finding_records(result)):
            stream.write((",\n" if number else "\n") + json.dumps(record))
        stream.write("]}\n")


def _path(path: Path | None) -> str | None:
    return None if path is None else printable(str(path))
