"""Keys that have no format at all: found by arithmetic, after the search for all that has one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dumpscrub import factors, randomarrays, roundkeys, scalars
from dumpscrub.model import Dump, Finding
from dumpscrub.publics import Found, Known, PublicKeys
from dumpscrub.rules.schema import RuleSet
from dumpscrub.scanner import Scan

BOUNDED = "there is much that looks like bare keys, so they were looked for in a part of memory only: see --deep"


@dataclass(frozen=True, slots=True)
class Bare:
    """What was found, and lines for the user: what was not looked at."""

    findings: tuple[Finding, ...]
    notices: tuple[str, ...]


class BareKeys:
    """Finds what those of ``rules`` stand for that no literal announces; ``deep`` is for everywhere, at any cost."""

    def __init__(self, rules: RuleSet, *, deep: bool = False) -> None:
        self._rules = {rule.detector: rule for rule in rules.rules}
        self._deep = deep

    def find(self, dump: Dump, scan: Scan, public: PublicKeys, earlier: Sequence[Known] | None = None) -> Bare:
        """The keys that stand bare in ``dump``, of which ``scan`` has seen all bytes, and the ``public`` keys.

        Numbers are not looked for again where an ``earlier`` search did so for the same public keys: a copy holds none
        that was not there before it was patched, for edits write text.
        """
        found: list[Finding] = []
        everywhere = True
        rule = self._rules.get("aes-key-schedule")
        if rule:
            schedules = roundkeys.find(dump, scan.seen.sights.traces, rule)
            found += schedules.findings
            everywhere = schedules.everywhere
        keys = public.all()
        if earlier is None or len(earlier) != len(keys):
            for numbers in self._numbers(dump, scan, keys):
                found += numbers.findings
                everywhere = everywhere and numbers.everywhere
        rule = self._rules.get("random-array")
        if rule:
            lengths, given = scan.seen.sights.lengths, (*scan.findings, *found)
            arrays = randomarrays.find(dump, lengths, public, given, rule, deep=self._deep)
            found += arrays.findings
            everywhere = everywhere and arrays.everywhere
        return Bare(tuple(found), () if everywhere else (BOUNDED,))

    def _numbers(self, dump: Dump, scan: Scan, keys: Sequence[Known]) -> Iterator[Found]:
        """What belongs to the public ``keys``, and what proves itself."""
        rule = self._rules.get("rsa-private-numbers")
        if rule:
            given = [finding for finding in scan.findings if finding.category == rule.category]
            yield factors.find(dump, keys, given, rule, deep=self._deep)
        rule = self._rules.get("ec-private-scalar")
        if rule:
            yield scalars.find(dump, keys, rule, deep=self._deep)
