"""What an independent reader says of a dump, as tables of numbers."""

from __future__ import annotations

from array import array
from dataclasses import dataclass

READABLE = ("minidump", "elf-core")
"""The formats that have such a reader, by :attr:`dumpscrub.model.Dump.format`."""
READY = b'"ready"\n'
"""What the process of the reader says first."""
LEFT_OUT = "left out"
"""The table of the lists, by their type, that were not shown whole, and of the rows that they claim to have."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of unsigned 64-bit numbers, one after the other in ``values``; ``columns`` names the numbers of a row."""

    name: str
    columns: tuple[str, ...]
    values: array[int]

    def rows(self) -> list[tuple[int, ...]]:
        """The rows as tuples."""
        return list(zip(*[iter(self.values)] * len(self.columns), strict=True))
