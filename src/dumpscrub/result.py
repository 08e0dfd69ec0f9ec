"""What a run returns: to the Python API, the command line, the audit log and the reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dumpscrub.findings import Findings
from dumpscrub.layout import Layout, RegionKind
from dumpscrub.rules.schema import Action


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of ``sanitize`` or ``scan``. It holds places and counts, never a value.

    ``output`` and ``audit`` are None for ``scan``. ``size``, ``bytes_scanned`` and ``bytes_changed`` are bytes of the
    file; ``suppressed`` counts candidates that were not taken for secrets, by reason. ``elapsed`` is in seconds.
    """

    path: Path
    output: Path | None
    audit: Path | None
    format: str
    layout: Layout
    findings: Findings
    suppressed: dict[str, int]
    bytes_scanned: int
    bytes_changed: int
    notices: tuple[str, ...]
    rules: int
    engine: str
    policy: str
    elapsed: float

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self.layout.size

    @property
    def to_redact(self) -> int:
        """How many findings the policy does not merely report."""
        return int(np.count_nonzero(self.findings.are(lambda kind: kind.action != Action.REPORT.value)))

    def by_class(self) -> dict[str, tuple[int, int]]:
        """For each class: how many findings, and how many bytes they hold (a byte may count for several)."""
        return self._count([kind.category for kind in self.findings.of], self.findings.kinds)

    def by_region(self) -> dict[str, tuple[int, int]]:
        """For each kind of region: how many findings begin there, and how many bytes they hold."""
        regions = self.layout.starts.searchsorted(self.findings.starts, "right") - 1
        return self._count([kind.name.lower() for kind in RegionKind], self.layout.kinds[regions])

    def _count(self, names: Sequence[str], numbers: npt.NDArray[np.integer]) -> dict[str, tuple[int, int]]:
        """For each of ``names`` the findings that have its number, and their bytes."""
        findings, covered = Counter[str](), Counter[str]()
        counts = np.bincount(numbers, minlength=len(names)).tolist()
        sizes = np.bincount(numbers, self.findings.lengths(), len(names)).tolist()
        for name, count, size in zip(names, counts, sizes, strict=True):
            findings[name] += count
            covered[name] += int(size)
        return {name: (findings[name], covered[name]) for name in sorted(findings) if findings[name]}
