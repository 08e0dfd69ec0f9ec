"""A second opinion on a dump's structure, from an independent reader in a child process with limits.

On hostile input such a reader may loop, or take all memory. So the child gets the dump as its standard input
(read-only where the platform can do that), an almost empty environment, and limits on memory and CPU time (on Windows
the time limit alone, see :mod:`dumpscrub.platform.limits`). It answers with JSON lines: ``"ready"`` once it has
started, then one line a table of numbers. Names and bytes of memory stay in the child.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dumpscrub.errors import DumpscrubError
from dumpscrub.paths import input_errors
from dumpscrub.platform import files
from dumpscrub.tables import LEFT_OUT, READABLE, READY, Table

_IMPORT = """
import sys, types
sys.modules["dumpscrub"] = package = types.ModuleType("dumpscrub")
package.__path__ = sys.argv[3:4]
sys.path[:] = sys.argv[4:]
from dumpscrub import independent
"""
"""Import that module alone: the package itself would load the search, whose memory would count against the limit."""
_START = _IMPORT + "independent.main(sys.argv[1], sys.argv[2])"
_KEPT = ("SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
"""What an interpreter may need from the environment in order to start."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What an independent reader saw: for one format always the same tables in the same order."""

    tables: tuple[Table, ...]

    @property
    def is_complete(self) -> bool:
        """False where there were too many ranges of memory to show all of them to the reader."""
        return not self.table(LEFT_OUT).values

    def table(self, name: str) -> Table:
        """The table ``name``; KeyError where there is none."""
        return {table.name: table for table in self.tables}[name]


def summarise(dump: Path | int, format_name: str, timeout: float = 30) -> Summary | None:
    """What the independent reader for ``format_name`` sees in ``dump``, a path or the descriptor of an open file.

    Returns None where there is no such reader, or where it cannot read the dump within its limits; ``timeout`` is in
    seconds. Raises InputError where the path cannot be opened, DumpscrubError where the child process does not start.
    """
    if format_name not in READABLE:
        return None
    descriptor = files.open_again(dump) if isinstance(dump, int) else _open(dump)
    try:
        answer = _ask(format_name, descriptor, timeout)
    finally:
        os.close(descriptor)
    return None if answer is None else Summary(tuple(_tables(answer)))


def _open(path: Path) -> int:
    with input_errors(path):
        return os.open(path, os.O_RDONLY | files.FLAGS)


def _ask(format_name: str, descriptor: int, timeout: float) -> bytes | None:
    """The child's answer, None where it is not complete."""
    # Isolated (-I), the child takes no module from the environment or the working directory, but from where we do.
    paths = [str(Path(__file__).parent), *filter(None, sys.path)]
    command = [sys.executable, "-I", "-c", _START, format_name, str(math.ceil(timeout)), *paths]
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    try:
        child = subprocess.run(
            command,
            stdin=descriptor,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    except OSError as error:
        raise _not_started() from error
    if not child.stdout.startswith(READY):
        raise _not_started()
    return child.stdout if child.returncode == 0 else None


def _not_started() -> DumpscrubError:
    return DumpscrubError("the independent reader does not start: reinstall dumpscrub in a fresh environment")


def _tables(answer: bytes) -> Iterator[Table]:
    for line in answer.splitlines()[1:]:
        table = json.loads(line)
        yield Table(table["name"], tuple(table["columns"]), array("Q", table["values"]))
