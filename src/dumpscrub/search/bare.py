"""Places of keys that stand bare: no literal announces them, so every chunk of a search is looked at for what they are.

It takes some 0.2 ns a byte, and half as much again where memory is full of code or compressed data.
"""

from __future__ import annotations

from dumpscrub.search import noise, schedules
from dumpscrub.search.noise import Stretches
from dumpscrub.search.schedules import TraceList


class BarePlaces:
    """Collects, from any thread, the ``traces`` of key schedules and where memory looks ``random``."""

    def __init__(self) -> None:
        self.traces = TraceList()
        self.random = Stretches()

    def look(self, view: memoryview, at: int, start: int, end: int) -> None:
        """Look at the file's ``[start, end)``, of which ``view``, at file offset ``at``, shows a part and some more."""
        samples = noise.samples(view, at, start, end)
        self.random.add(samples + at)
        self.traces.add(schedules.look(view, at, samples))
