"""What a run returns: to the Python API, the command line, the audit log and the reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dumpscrub.layout import Layout
from dumpscrub.model import Finding
from dumpscrub.rules.schema import Action
from dumpscrub.span import total


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
    findings: tuple[Finding, ...]
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
        return sum(finding.action != Action.REPORT.value for finding in self.findings)

    def by_class(self) -> dict[str, tuple[int, int]]:
        """For each class: how many findings, and how many bytes they hold (a byte may count for several)."""
        return self._count(lambda finding: finding.category)

    def by_region(self) -> dict[str, tuple[int, int]]:
        """For each kind of region: how many findings begin there, and how many bytes they hold."""
        layout = self.layout
        return self._count(lambda finding: layout.region_at(finding.spans[0].start).kind.name.lower())

    def _count(self, key: Callable[[Finding], str]) -> dict[str, tuple[int, int]]:
        findings: Counter[str] = Counter()
        covered: Counter[str] = Counter()
        for finding in self.findings:
            findings[key(finding)] += 1
            covered[key(finding)] += total(finding.spans)
        return {name: (findings[name], covered[name]) for name in sorted(findings)}
