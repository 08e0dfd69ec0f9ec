"""The progress bar: one line on a terminal's stderr, nothing anywhere else."""

from __future__ import annotations

import sys
import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import TransferSpeedColumn as SpeedColumn

from dumpscrub.cli.boundary import Boundary

_REDRAW = 0.1  # seconds


class ProgressBar:
    """A progress callback and context manager. It also tells the boundary which stage is running."""

    def __init__(self, boundary: Boundary, *, quiet: bool = False) -> None:
        self._boundary = boundary
        self._task: TaskID | None = None
        self._drawn = 0.0
        # Drawn from the callback, which comes often enough, and not from a thread of its own.
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(binary_units=True),
            SpeedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            auto_refresh=False,
            transient=True,
            disable=quiet or not sys.stderr.isatty(),
        )

    def __enter__(self) -> ProgressBar:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def __call__(self, stage: str, done: int, of: int) -> None:
        """Show that ``done`` of ``of`` bytes of ``stage`` are done."""
        if stage != self._boundary.stage or self._task is None:
            self._boundary.stage = stage
            if self._task is not None:
                self._bar.remove_task(self._task)
            self._task = self._bar.add_task(stage, total=of)
        self._bar.update(self._task, completed=done)
        now = time.monotonic()
        if done >= of or now - self._drawn >= _REDRAW:
            self._drawn = now
            self._bar.refresh()
