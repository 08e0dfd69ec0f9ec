"""What all tests share: where the real dumps are, and findings without a pipeline."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

from dumpscrub.findings import Findings
from dumpscrub.layout import LayoutBuilder, RegionKind
from dumpscrub.model import Confidence, Encoding, Finding, Origin, SecretValue
from dumpscrub.result import Result
from dumpscrub.span import Span

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs the dumps of ../shared where they are not."""
    if (SHARED / "dumps").is_dir():
        return
    absent = pytest.mark.skip(reason="NOT RUN: ../shared/dumps is not there")
    for item in items:
        if "shared" in item.keywords:
            item.add_marker(absent)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real dumps, manifests and tools; use it in tests marked ``shared`` only."""
    return SHARED


@pytest.fixture
def result() -> Result:
    """A run over a made-up dump of 4,096 bytes: three findings, one of them split in the file."""
    builder = LayoutBuilder(4096)
    builder.add(0, 256, RegionKind.METADATA, "header")
    builder.add(256, 1024, RegionKind.HEAP, "heap", 0x7F0000001000)
    builder.add(2048, 1024, RegionKind.STACK, "stack", 0x7F0000001400)
    findings = (
        _finding("known-value", "known", (Span(2048, 2060),), Encoding.UTF16LE, Origin.KNOWN, "mask"),
        _finding(
            "octopus-api-key", "api-key", (Span(1270, 1280), Span(2048, 2058)), Encoding.UTF8, Origin.DIRECT, "mask"
        ),
        _finding("thumbprint", "identifier", (Span(16, 56),), Encoding.UTF8, Origin.PROPAGATED, "report"),
    )
    return Result(
        path=Path("folder") / "app\x1b[31m.dmp",
        output=Path("folder") / "app.sanitized.dmp",
        audit=Path("folder") / "app.audit.jsonl",
        format="minidump",
        layout=builder.build(),
        findings=Findings.collect(findings),
        suppressed={"placeholder": 2},
        bytes_scanned=4096,
        bytes_changed=22,
        notices=("the dump is truncated",),
        rules=60,
        engine="hyperscan",
        policy="default",
        elapsed=0.5,
    )


def _finding(
    rule: str, category: str, spans: tuple[Span, ...], encoding: Encoding, origin: Origin, action: str
) -> Finding:
    return Finding(rule, category, spans, encoding, origin, Confidence.HIGH, action, (SecretValue(b"Zq7-never-shown"),))


# A test says nothing about time: on a busy machine the same example may take ten times as long.
settings.register_profile("timeless", deadline=None)
settings.load_profile("timeless")
