"""Keys that have no format at all: found by arithmetic, after the search for all that has one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dumpscrub import factors, randomarrays, randomtexts, roundkeys, scalars
from dumpscrub.errors import fail_closed
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
        Raises ScanError, naming the rule, where the arithmetic of one fails.
        """
        sights, keys = scan.seen.sights, public.all()
        found: list[Finding] = []
        everywhere = True
        for some in self._proven(dump, scan, keys, is_new=earlier is None or len(earlier) != len(keys)):
            found += some.findings
            everywhere = everywhere and some.everywhere
        rule = self._rules.get("random-array")
        if rule:
            given = (*scan.findings, *found)
            with fail_closed(f"rule {rule.id}"):
                arrays = randomarrays.find(dump, sights.lengths, public, given, rule, deep=self._deep)
            found += arrays.findings
            everywhere = everywhere and arrays.everywhere
        rule = self._rules.get("random-text")
        if rule:
            with fail_closed(f"rule {rule.id}"):
                texts = randomtexts.find(dump, sights.texts, scan.findings, rule, deep=self._deep)
            found += texts.findings
            everywhere = everywhere and texts.everywhere
        return Bare(tuple(found), () if everywhere else (BOUNDED,))

    def _proven(self, dump: Dump, scan: Scan, keys: Sequence[Known], *, is_new: bool) -> list[Found]:
        """Round keys and, where the search is ``is_new``, numbers that belong to ``keys`` or prove themselves."""
        found: list[Found] = []
        rule = self._rules.get("aes-key-schedule")
        if rule:
            with fail_closed(f"rule {rule.id}"):
                found.append(roundkeys.find(dump, scan.seen.sights.traces, rule))
        rule = self._rules.get("rsa-private-numbers")
        if rule and is_new:
            given = [finding for finding in scan.findings if finding.category == rule.category]
            with fail_closed(f"rule {rule.id}"):
                found.append(factors.find(dump, keys, given, rule, deep=self._deep))
        for name in scalars.NAMES if is_new else ():
            rule = self._rules.get(name)
            if rule:
                with fail_closed(f"rule {rule.id}"):
                    found.append(scalars.find(dump, keys, scan.findings, rule, deep=self._deep))
        return found
