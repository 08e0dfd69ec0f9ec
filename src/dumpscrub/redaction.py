"""What a search for secrets is as a whole: rules, process structure and copies, under one policy and by one engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass, replace

import numpy as np

from dumpscrub import bare, decoded, dotnetfields, overlaps, pairnames, pairs
from dumpscrub.detectors import build_detectors, process
from dumpscrub.errors import ScanError
from dumpscrub.findings import Findings
from dumpscrub.model import Dump, Edit, Finding, SecretValue
from dumpscrub.policy import Policy, apply
from dumpscrub.progress import Progress, silent
from dumpscrub.propagation import Sweeper, seeds_of
from dumpscrub.publics import Known, PublicKeys
from dumpscrub.rules.schema import Action, RuleSet
from dumpscrub.scanner import Scanner
from dumpscrub.search.finder import Search
from dumpscrub.search.objects import Name
from dumpscrub.settled import Seen
from dumpscrub.span import SpanSet
from dumpscrub.verification import Observers

PROTECTED = "protected"
"""The action of a finding that lies wholly in bytes that a debugger follows: it stays, and is reported."""
CROWDED = "names of secrets stand so close to each other in {} places that their text was masked as a whole"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a search found, in file order.

    ``suppressed`` counts candidates that were not taken for secrets, by reason, and ``searched`` is in bytes of the
    file. A later search of the same dump begins with what this one left: what it has ``seen``, the ``sweeper`` with its
    values, the public keys that it came across, which may be redacted since then, and the ``names`` whose values were
    looked for. ``notices`` are lines for the user: what was not looked at.
    """

    findings: Findings
    suppressed: dict[str, int]
    searched: int
    seen: Seen
    sweeper: Sweeper
    public_keys: tuple[Known, ...]
    names: frozenset[Name]
    notices: tuple[str, ...]

    @property
    def protected(self) -> int:
        """How many findings stay because a debugger follows the bytes."""
        return int(np.count_nonzero(self.findings.are(lambda kind: kind.action == PROTECTED)))

    def with_more(self, later: Outcome, edits: Iterable[Edit]) -> Outcome:
        """The same outcome with, behind its own findings, those of a later round that ``edits`` were made for."""
        more = later.findings.where(later.findings.touching(SpanSet(edit.span for edit in edits)))
        return replace(self, findings=Findings.joined(self.findings, more), sweeper=later.sweeper)


class Redaction:
    """Compiled rules under a policy. Use it for any number of dumps.

    ``rules`` are those that are searched for, ``switched_off`` the ids of those that the policy leaves out. ``deep`` is
    for keys without format: they are looked for everywhere then, however long it takes.
    """

    def __init__(
        self, rules: RuleSet, policy: Policy, search: Search, known: Sequence[SecretValue] = (), *, deep: bool = False
    ) -> None:
        self.rules = policy.searched(rules)
        self.switched_off = policy.switched_off(rules)
        self.policy = policy
        self._search = search
        self._known = tuple(known)
        self._actions = policy.decide(rules)
        self._scanner = Scanner(build_detectors(self.rules), search)
        self._fields = process.build(self.rules)
        self._bare = bare.BareKeys(self.rules, deep=deep)

    @property
    def engine(self) -> str:
        """The name of the engine that searches."""
        return self._search.engine

    @property
    def workers(self) -> int:
        """The number of processes or threads that search."""
        return self._search.workers

    def by_engine(self, engine: str) -> Redaction:
        """The same redaction by another engine."""
        other = copy(self)
        other._search = replace(self._search, engine=engine)
        other._scanner = self._scanner.by_engine(other._search)
        return other

    def search(
        self,
        dump: Dump,
        progress: Progress = silent,
        *,
        stage: str = "search",
        earlier: Outcome | None = None,
        edits: Sequence[Edit] = (),
    ) -> Outcome:
        """Everything that is secret in ``dump``: by rule, by process structure, and every copy of it.

        What an ``earlier`` search of the dump found is swept again. ``edits``, which are in order and disjoint, were
        made since then. Calls ``progress`` with the stage ``stage`` for the rules and ``stage`` + " copies" for the
        sweep.
        """
        public = PublicKeys(earlier.public_keys if earlier else ())
        seen = earlier.seen if earlier else None
        edited = [edit.span for edit in edits]
        names = pairnames.Names(dump.layout, earlier.names if earlier else ())
        modules = dotnetfields.Modules(dump.layout)
        observers = Observers((public, names, modules))
        scan = self._scanner.scan(dump, progress, stage, observers, seen, edited)
        if scan.searched != dump.source.size:
            raise ScanError("part of the input was not searched: please report the kind of dump")
        in_fields = process.find(dump, self._fields)
        inside = decoded.find(dump, scan.seen.sights.places, self._scanner)
        keys, pointed = public.all(), pairs.find(dump, names, self.workers)
        of_fields = dotnetfields.find(dump, modules, self.workers)
        without_format = self._bare.find(dump, scan, public, earlier.public_keys if earlier else None)
        # What is found without a format tells more: a key as such, with all that follows from it.
        better = frozenset(without_format.findings)
        others = Findings.collect(each for each in scan.findings if each not in better) if better else scan.findings
        followed = Findings.collect((*in_fields, *pointed.findings, *of_fields.findings))
        outside = Findings.joined(Findings.collect(without_format.findings), others, followed)
        direct = self._direct(outside, Findings.collect(inside.findings))
        before, places = earlier.sweeper if earlier else None, scan.seen.sights.places
        sweeper = self._sweeper(direct, before)
        swept = sweeper.sweep(dump, progress, f"{stage} copies")
        compressed = decoded.copies(dump, places, inside, sweeper.sweep)
        findings = _with_copies(dump, direct, Findings.joined(swept, Findings.collect(compressed)))
        suppressed = dict(sorted((Counter(scan.suppressed) + Counter(inside.suppressed)).items()))
        of_search = (*without_format.notices, *pointed.notices, *of_fields.notices)
        notices = (*of_search, *_crowded(scan.crowded + inside.crowded))
        return Outcome(findings, suppressed, scan.searched, scan.seen, sweeper, keys, names.met, notices)

    def _sweeper(self, direct: Findings, before: Sweeper | None) -> Sweeper:
        """A search for copies of what is masked, of what the user knows, and of what was swept ``before``."""
        values = _masked(direct).one_for_each_value()
        return Sweeper(seeds_of(values, self._known, before.seeds if before else ()), self._search, before)

    def _direct(self, outside: Findings, encoded: Findings) -> Findings:
        """All of them under the policy: what stands ``outside`` of encoded text, and what only decoding shows."""
        decided = apply(self._actions, outside)
        return Findings.joined(decided, _not_in(_masked(decided), apply(self._actions, encoded)))


def _with_copies(dump: Dump, direct: Findings, copies: Findings) -> Findings:
    """All findings, in file order: ``direct`` ones, their ``copies``, and what of both stands elsewhere in the file."""
    masked = _masked(direct)
    new = _not_in(masked, copies)
    elsewhere = Findings.collect(overlaps.again(dump.layout, Findings.joined(masked, new)))
    return _possible(dump, Findings.joined(direct, new, elsewhere)).in_order()


def _crowded(stretches: int) -> tuple[str, ...]:
    """What the user is told where text was masked without a look at each value in it."""
    return (CROWDED.format(stretches),) if stretches else ()


def _masked(findings: Findings) -> Findings:
    return findings.where(findings.are(_is_masked))


def _is_masked(kind: Finding) -> bool:
    return kind.action != Action.REPORT.value


def _not_in(found: Findings, findings: Findings) -> Findings:
    """Those of ``findings`` that hold more bytes than all that is ``found``."""
    return findings.where(~findings.within(found.bytes()))


def _possible(dump: Dump, findings: Findings) -> Findings:
    """``findings``, in any order, each with the action that is possible in ``dump``."""
    protected = findings.are(_is_masked) & findings.within(SpanSet(dump.protected))
    if not protected.any():
        return findings
    staying = findings.where(protected).changed(lambda kind: replace(kind, action=PROTECTED))
    return Findings.joined(findings.where(~protected), staying)
