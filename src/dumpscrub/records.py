"""Findings and totals as plain JSON values: what the audit log and the JSON report both write.

A record says where something was found and what was done about it, never what it said.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from dumpscrub.columns import BLOCK, Offsets
from dumpscrub.findings import Findings
from dumpscrub.layout import Layout, RegionKind
from dumpscrub.links import NO_ADDRESS
from dumpscrub.result import Result

Record = dict[str, Any]

_REGIONS = tuple(kind.name.lower() for kind in RegionKind)


def finding_records(result: Result) -> Iterator[Record]:
    """One record a finding, in file order, numbered from 1. Made as they are asked for: there may be millions."""
    findings = result.findings.take(np.argsort(result.findings.starts, kind="stable"))
    for first in range(0, len(findings), BLOCK):
        yield from _records(first + 1, findings[first : first + BLOCK], result.layout)


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


def _records(sequence: int, findings: Findings, layout: Layout) -> Iterator[Record]:
    """The records of some findings, numbered from ``sequence`` on."""
    places = _places(findings.starts, layout)
    columns = findings.kinds.tolist(), places, findings.lengths().tolist()
    for number, (kind_number, place, length) in enumerate(zip(*columns, strict=True)):
        kind = findings.of[kind_number]
        record = {
            "sequence": sequence + number,
            "rule": kind.rule,
            "class": kind.category,
            "encoding": kind.encoding.codec,
            **place,
            "length": length,
            "action": kind.action,
            "origin": kind.origin.value,
            "confidence": kind.confidence.name.lower(),
        }
        if number in findings.split:
            spans = findings.split[number]
            starts = np.array([span.start for span in spans], np.int64)
            record["spans"] = [
                {**place, "length": len(span)} for place, span in zip(_places(starts, layout), spans, strict=True)
            ]
        yield record


def _places(offsets: Offsets, layout: Layout) -> Iterator[Record]:
    """Where each of the ``offsets`` is: it and its virtual address as hex strings (no address outside memory)."""
    regions = layout.starts.searchsorted(offsets, "right") - 1
    addresses = layout.addresses[regions]
    inside = (offsets - layout.starts[regions]).tolist()
    for offset, address, by, region in zip(
        offsets.tolist(), addresses.tolist(), inside, layout.kinds[regions].tolist(), strict=True
    ):
        yield {
            "offset": hex(offset),
            "address": None if address == NO_ADDRESS else hex(address + by),
            "region": _REGIONS[region],
        }


def _counts(counts: dict[str, tuple[int, int]]) -> Record:
    return {name: {"findings": findings, "bytes": size} for name, (findings, size) in counts.items()}
