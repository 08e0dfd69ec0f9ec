"""Findings and totals as plain JSON values: what the audit log and the JSON report both write.

A record says where something was found and what was done about it, never what it said.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dumpscrub.layout import Layout
from dumpscrub.model import Finding
from dumpscrub.result import Result
from dumpscrub.span import Span, total

Record = dict[str, Any]


def finding_records(result: Result) -> Iterator[Record]:
    """One record a finding, in file order, numbered from 1. Made one at a time: there may be millions."""
    ordered = sorted(result.findings, key=lambda finding: finding.spans[0].start)
    for sequence, finding in enumerate(ordered, 1):
        yield _finding(sequence, finding, result.layout)


def totals(result: Result) -> Record:
    """Counts by class and by region, candidates that were not taken for secrets, and what the run covered."""
    return {
        "findings": len(result.findings),
        "by_class": _counts(result.by_class()),
        "by_region": _counts(result.by_region()),
        "suppressed": dict(sorted(result.suppressed.items())),
        "coverage": {
            "bytes": result.size,
            "bytes_scanned": result.bytes_scanned,
            "bytes_skipped": result.size - result.bytes_scanned,
            "bytes_changed": result.bytes_changed,
        },
    }


def _finding(sequence: int, finding: Finding, layout: Layout) -> Record:
    first = finding.spans[0]
    record: Record = {
        "sequence": sequence,
        "rule": finding.rule,
        "class": finding.category,
        "encoding": finding.encoding.codec,
        **_place(first, layout),
        "length": total(finding.spans),
        "action": finding.action,
        "origin": finding.origin.value,
        "confidence": finding.confidence.name.lower(),
    }
    if len(finding.spans) > 1:
        record["spans"] = [{**_place(span, layout), "length": len(span)} for span in finding.spans]
    return record


def _place(span: Span, layout: Layout) -> Record:
    """Where a span begins: file offset and virtual address as hex strings (no address outside memory)."""
    address = layout.address_of(span.start)
    return {
        "offset": hex(span.start),
        "address": None if address is None else hex(address),
        "region": layout.region_at(span.start).kind.name.lower(),
    }


def _counts(counts: dict[str, tuple[int, int]]) -> Record:
    return {name: {"findings": findings, "bytes": size} for name, (findings, size) in counts.items()}
