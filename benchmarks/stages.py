"""``python -m benchmarks.stages DUMP OUTPUT``: sanitise once, and print as JSON how long each stage took.

The progress callback tells the stages apart, so nothing in dumpscrub is measured from within.
Importing dumpscrub is part of what comes before the first stage.
"""

from __future__ import annotations

import json
import sys
import time


class Clock:
    """Seconds of each stage: ``before NAME`` up to its first callback, then ``NAME`` up to its last."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.monotonic()

    def progress(self, stage: str, done: int, of: int) -> None:
        """The callback."""
        if stage not in self.seconds:
            self._count(f"before {stage}")
        self._count(stage)

    def end(self) -> None:
        """Count what came after the last callback."""
        self._count("after")

    def _count(self, name: str) -> None:
        now = time.monotonic()
        self.seconds[name] = self.seconds.get(name, 0.0) + now - self._last
        self._last = now


def main(dump: str, output: str) -> None:
    """Sanitise ``dump``."""
    clock = Clock()
    from dumpscrub import sanitize  # noqa: PLC0415 (importing it is part of what is measured)

    sanitize(dump, output, progress=clock.progress)
    clock.end()
    print(json.dumps(clock.seconds))


if __name__ == "__main__":
    main(*sys.argv[1:])
