"""What a report is: one way of showing a finished run."""

from __future__ import annotations

from typing import IO, Protocol

from dumpscrub.result import Result


class Report(Protocol):
    """Shows a result. ``name`` is what a command calls it by."""

    @property
    def name(self) -> str:
        """Short and unique among the reports."""

    def write(self, result: Result, stream: IO[str]) -> None:
        """Write the report to ``stream``. It holds places and counts, never a value."""
