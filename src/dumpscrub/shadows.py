"""Text read twice: UTF-16LE after a zero byte also reads as UTF-16BE, one byte earlier."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

import numpy as np

from dumpscrub.findings import Findings
from dumpscrub.model import Encoding, Finding


def without_shadows(findings: Iterable[Finding]) -> Findings:
    """The findings in file order, without UTF-16BE readings of bytes that the same rule found as UTF-16LE.

    A reading goes only where all its bytes but the first, which is the high byte of a character, are found as UTF-16LE
    too. The mask of one reading is the mask of the other.
    """
    findings = Findings.collect(findings).in_order()
    kept = np.ones(len(findings), bool)
    both = _rules(findings, Encoding.UTF16BE) & _rules(findings, Encoding.UTF16LE)
    for rule in both:
        little = findings.where(findings.are(partial(_is, rule, Encoding.UTF16LE))).bytes()
        rows = np.flatnonzero(findings.are(partial(_is, rule, Encoding.UTF16BE)))
        readings = findings.take(rows)
        kept[rows] = ~replace(readings, starts=readings.starts + 1).within(little)
    return findings.where(kept)


def _rules(findings: Findings, encoding: Encoding) -> set[str]:
    return {kind.rule for kind in findings.of if kind.encoding is encoding}


def _is(rule: str, encoding: Encoding, kind: Finding) -> bool:
    return kind.encoding is encoding and kind.rule == rule
