"""How a run says how far it is."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Called with the stage's name, the bytes done and the bytes of the stage in all."""


def silent(stage: str, done: int, of: int) -> None:
    """A progress callback that shows nothing."""
