"""The private audit log of a run as JSON lines: a header, one line a finding in file order, a footer.

``docs/audit.md`` describes every field. The log holds no secret, no piece or digest of one and no bytes around one. It
does tell where secrets stood, so it is meant for the dump's owner and not for sending along. A log without a footer
belongs to a run that did not finish.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import IO

from dumpscrub.printable import printable
from dumpscrub.records import Record, finding_records, totals
from dumpscrub.result import Result

SCHEMA = 1
"""Version of the log's fields. It grows when a field changes its meaning or goes; a new field does not change it."""


def write(
    stream: IO[str],
    result: Result,
    *,
    version: str,
    verification: Mapping[str, str],
    time: datetime | None = None,
) -> None:
    """Write the whole log of ``result`` to ``stream``, line by line: millions of findings need no more memory than one.

    ``version`` is dumpscrub's. ``verification`` names each check of the redacted copy and how it ended ("passed", or
    why it could not be made). ``time`` is when the run ended, now by default. Raises OSError where the stream fails.
    """
    encode = json.JSONEncoder(separators=(",", ":")).encode
    for record in _records(result, version, verification, time or datetime.now(UTC)):
        stream.write(encode(record) + "\n")


def _records(result: Result, version: str, verification: Mapping[str, str], time: datetime) -> Iterator[Record]:
    yield {
        "type": "header",
        "schema": SCHEMA,
        "dumpscrub": version,
        "time": time.astimezone(UTC).isoformat(timespec="seconds"),
        "input": printable(result.path.name),
        "format": result.format,
        "size": result.size,
        "rules": result.rules,
        "policy": result.policy,
        "engine": result.engine,
        "notices": list(result.notices),
    }
    for record in finding_records(result):
        yield {"type": "finding", **record}
    yield {
        "type": "footer",
        **totals(result),
        "verification": dict(verification),
        "outcome": "sanitized",
        "elapsed": round(result.elapsed, 3),
    }
