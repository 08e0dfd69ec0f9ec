"""Keys that have no format at all: found by arithmetic, after the search for all that has one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from dumpscrub import factors, roundkeys, scalars
from dumpscrub.errors import DumpscrubError, ScanError
from dumpscrub.model import Dump, Finding
from dumpscrub.publics import Found, Known
from dumpscrub.rules.schema import Rule, RuleSet
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

    def find(
        self, dump: Dump, scan: Scan, public_keys: Sequence[Known], earlier: Sequence[Known] | None = None
    ) -> Bare:
        """The keys that stand bare in ``dump``, of which ``scan`` has seen all bytes.

        Numbers are not looked for again where an ``earlier`` search did so for the same public keys: a copy holds none
        that was not there before it was patched, for edits write text.
        Raises ScanError, naming the rule, where the arithmetic of one fails.
        """
        found: list[Finding] = []
        everywhere = True
        rule = self._rules.get("aes-key-schedule")
        if rule:
            schedules = _fail_closed(rule, partial(roundkeys.find, dump, scan.seen.sights.traces, rule))
            found += schedules.findings
            everywhere = schedules.everywhere
        if earlier is not None and len(earlier) == len(public_keys):
            return Bare(tuple(found), ())
        rule = self._rules.get("rsa-private-numbers")
        if rule:
            given = [finding for finding in scan.findings if finding.category == rule.category]
            numbers = _fail_closed(rule, partial(factors.find, dump, public_keys, given, rule, deep=self._deep))
            found += numbers.findings
            everywhere = everywhere and numbers.everywhere
        rule = self._rules.get("ec-private-scalar")
        if rule:
            multiples = _fail_closed(rule, partial(scalars.find, dump, public_keys, rule, deep=self._deep))
            found += multiples.findings
            everywhere = everywhere and multiples.everywhere
        return Bare(tuple(found), () if everywhere else (BOUNDED,))


def _fail_closed(rule: Rule, search: Callable[[], Found]) -> Found:
    """What ``search`` finds. Its own errors name the rule and the kind of fault only: others may hold bytes."""
    try:
        return search()
    except (DumpscrubError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001
        raise ScanError(f"rule {rule.id} failed ({type(error).__name__}): report this rule") from None
