"""Text read twice: UTF-16LE after a zero byte also reads as UTF-16BE, one byte earlier."""

from __future__ import annotations

from collections.abc import Iterable

from dumpscrub.model import Encoding, Finding
from dumpscrub.span import Span, SpanSet


def without_shadows(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings in file order, without UTF-16BE readings of bytes that the same rule found as UTF-16LE.

    A reading goes only where all its bytes but the first, which is the high byte of a character, are found as UTF-16LE
    too. The mask of one reading is the mask of the other.
    """
    findings = tuple(findings)
    little: dict[str, list[Span]] = {}
    for finding in findings:
        if finding.encoding is Encoding.UTF16LE:
            little.setdefault(finding.rule, []).extend(finding.spans)
    found = {rule: SpanSet(spans) for rule, spans in little.items()}
    kept = (finding for finding in findings if not _is_shadow(finding, found))
    return tuple(sorted(kept, key=lambda finding: (finding.spans, finding.rule, finding.encoding.codec)))


def _is_shadow(finding: Finding, little: dict[str, SpanSet]) -> bool:
    if finding.encoding is not Encoding.UTF16BE or finding.rule not in little:
        return False
    first, *others = finding.spans
    return little[finding.rule].covers((Span(first.start + 1, first.end), *others))
