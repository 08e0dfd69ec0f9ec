"""The one orchestration function, and what shares its parts: ``sanitize``, ``scan`` and ``inspect``.

``sanitize`` works on a private copy from the first byte to the last: it is copied, searched, patched, searched again by
the other engine, read again by other readers and compared with the input. Only then does it get its name.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from dumpscrub import policy as policies
from dumpscrub import reopen, verifier, writer
from dumpscrub.audit import jsonl
from dumpscrub.edits import Edits
from dumpscrub.errors import ConfigError, VerificationError
from dumpscrub.findings import Findings
from dumpscrub.formats import open_dump
from dumpscrub.model import Dump, SecretValue
from dumpscrub.paths import check_input, check_paths, default_audit, default_output, input_errors
from dumpscrub.plan import changing, overlay, plan
from dumpscrub.platform.limits import usable_cpus
from dumpscrub.progress import Progress, silent
from dumpscrub.redaction import Outcome, Redaction
from dumpscrub.result import Result
from dumpscrub.rules.load import load_rules
from dumpscrub.search.engines import choose_engine, second_opinion
from dumpscrub.search.finder import CHUNK, Search
from dumpscrub.source import FileSource, MappedSource
from dumpscrub.version import __version__

ROUNDS = 4
"""How often a copy is searched again at the most, until nothing is left to change."""


@dataclass(frozen=True, slots=True)
class _Redacted:
    """What a copy was before it was patched, the outcome of the first search of it, and all edits that were made."""

    before: Dump
    outcome: Outcome
    edits: Edits


def sanitize(
    path: str | Path,
    output: str | Path | None = None,
    *,
    audit: str | Path | None = None,
    known: Sequence[SecretValue] = (),
    rules: Sequence[str | Path] = (),
    policy: str = "default",
    engine: str = "auto",
    workers: int | None = None,
    chunk_size: int = CHUNK,
    deep: bool = False,
    progress: Progress = silent,
) -> Result:
    """Write a redacted copy of the dump at ``path`` and an audit log; the input is never changed.

    ``output`` is ``NAME.sanitized.EXT`` and ``audit`` ``NAME.audit.jsonl`` beside it unless given. ``known`` are the
    user's own secrets, ``rules`` further rule files or folders, ``policy`` a name or a file, ``engine`` one of
    ``auto``, ``hyperscan``, ``re2`` and ``aho-corasick``, ``workers`` a number of processes or threads (all CPUs by
    default), ``chunk_size`` in bytes, ``deep`` to look for keys without format everywhere, however long it takes.
    Raises a DumpscrubError, and then leaves no file behind.
    """
    started = time.monotonic()
    path = Path(path)
    output = Path(output) if output else default_output(path)
    audit = Path(audit) if audit else default_audit(output)
    redaction = _prepare(known, rules, policy, engine, workers, chunk_size, deep)
    check_paths(path, output, audit)
    left_behind = writer.left_behind(path, output, audit)
    with writer.PrivateLog.make(audit) as log, writer.PrivateCopy.make(path, output.parent, progress) as copy:
        redacted = _redact(copy, redaction, progress)
        changed, checks = _verify(path, copy, redacted, redaction.workers, progress)
        result = _result(path, redacted.before, redaction, redacted.outcome, changed, started, output, audit)
        result = replace(result, notices=(*result.notices, *left_behind))
        with log.writing() as stream:
            jsonl.write(stream, result, version=__version__, verification=checks)
        writer.publish((log, audit), (copy, output))
    return result


def scan(
    path: str | Path,
    *,
    known: Sequence[SecretValue] = (),
    rules: Sequence[str | Path] = (),
    policy: str = "default",
    engine: str = "auto",
    workers: int | None = None,
    chunk_size: int = CHUNK,
    deep: bool = False,
    progress: Progress = silent,
) -> Result:
    """Say what :func:`sanitize` would redact in the dump at ``path``; nothing is written. Parameters as there."""
    started = time.monotonic()
    path = Path(path)
    redaction = _prepare(known, rules, policy, engine, workers, chunk_size, deep)
    with _opened(path) as dump:
        outcome = redaction.search(dump, progress)
        would_change = sum(len(edit.span) for edit in changing(dump.source, plan(dump, outcome.findings)))
        return _result(path, dump, redaction, outcome, would_change, started)


@contextmanager
def inspect(path: str | Path) -> Iterator[Dump]:
    """The dump at ``path`` with its regions, facts and notices; its source is open within the ``with`` block."""
    with _opened(Path(path)) as dump:
        yield dump


@contextmanager
def _opened(path: Path) -> Iterator[Dump]:
    check_input(path)
    with input_errors(path):
        source = FileSource(path)
    try:
        yield open_dump(source)
    finally:
        source.close()


def _prepare(
    known: Sequence[SecretValue],
    rules: Sequence[str | Path],
    policy: str,
    engine: str,
    workers: int | None,
    chunk: int,
    deep: bool,
) -> Redaction:
    """Load, check and compile what the user configured, before any file is touched."""
    if chunk < 1 or (workers is not None and workers < 1):
        raise ConfigError("chunk_size and workers are 1 or more: correct the call")
    loaded = load_rules([Path(extra) for extra in rules])
    search = Search(choose_engine(engine), workers or usable_cpus(), chunk)
    return Redaction(loaded, policies.load_policy(policy, loaded), search, tuple(known), deep=deep)


def _redact(copy: writer.PrivateCopy, redaction: Redaction, progress: Progress) -> _Redacted:
    """Patch ``copy`` until the other engine finds nothing in it that is not masked."""
    with _mapped(copy) as before:
        outcome = redaction.search(before, progress)
        edits = changing(before.source, plan(before, outcome.findings))
    copy.apply(edits)
    second = redaction.by_engine(second_opinion(redaction.engine))
    for _ in range(ROUNDS):
        with _mapped(copy) as opened:
            after = _as_before(before, opened)
            again = second.search(after, progress, stage="verify", earlier=outcome, edits=edits)
            left = changing(after.source, plan(after, again.findings))
        if not left:
            return _Redacted(before, outcome, edits)
        copy.apply(left)
        edits = overlay(edits, left)
        outcome = outcome.with_more(again, left)
    raise VerificationError("masking what was found brings up more each time: please report it with the rules you used")


def _as_before(before: Dump, after: Dump) -> Dump:
    """``after`` with the layout of ``before``: the same, and it may be large. Raises VerificationError otherwise."""
    if not before.layout.same_regions(after.layout) or before.facts != after.facts:
        raise VerificationError("the redacted copy reads otherwise than the input: please report the kind of dump")
    return replace(after, layout=before.layout)


@contextmanager
def _mapped(copy: writer.PrivateCopy) -> Iterator[Dump]:
    source = MappedSource(copy.descriptor)
    try:
        yield open_dump(source)
    finally:
        source.close()


def _verify(
    path: Path, copy: writer.PrivateCopy, redacted: _Redacted, workers: int, progress: Progress
) -> tuple[int, dict[str, str]]:
    """Check the patched copy. Returns how many bytes differ from the input, and each check with how it ended.

    Raises VerificationError where a check fails.
    """
    before = redacted.before
    with ThreadPoolExecutor(2) as readers:
        expected = readers.submit(reopen.summarise, path, before.format)
        # The copy gets more time, so that a machine that grew slower is not taken for a damaged copy.
        seen = readers.submit(reopen.summarise, copy.descriptor, before.format, timeout=120)
        changed = _compare(path, copy, redacted.edits, workers, progress)
        summary = expected.result()
        verifier.structure(summary, seen.result())
    return changed, {
        "searched again": "passed",
        "compared": "passed",
        "read again": "passed",
        "read by another reader": _opinion(summary),
    }


def _opinion(summary: reopen.Summary | None) -> str:
    """What the independent reader's agreement is worth, by what it saw of the input."""
    if summary is None:
        return "not possible: none can read the input"
    return "passed" if summary.is_complete else "passed, but for some of so many ranges of memory"


def _compare(path: Path, copy: writer.PrivateCopy, edits: Edits, workers: int, progress: Progress) -> int:
    with input_errors(path):
        original = FileSource(path)
    patched = MappedSource(copy.descriptor)
    try:
        return verifier.compare(original, patched, edits, progress, workers)
    finally:
        original.close()
        patched.close()


def _result(
    path: Path,
    dump: Dump,
    redaction: Redaction,
    outcome: Outcome,
    bytes_changed: int,
    started: float,
    output: Path | None = None,
    audit: Path | None = None,
) -> Result:
    """What a run that began at the monotonic time ``started`` returns. Values stay behind."""
    notices = (*dump.notices, *outcome.notices)
    if outcome.protected:
        notices += (f"{outcome.protected} findings lie in numbers that a debugger follows and stay: see the audit log",)
    if redaction.switched_off:
        count = len(redaction.switched_off)
        notices += (f"the policy switches off {count} rules: what only they find stays, and is not listed",)
    return Result(
        path=path,
        output=output,
        audit=audit,
        format=dump.format,
        layout=dump.layout,
        findings=Findings.collect(outcome.findings).without_values(),
        suppressed=outcome.suppressed,
        bytes_scanned=outcome.searched,
        bytes_changed=bytes_changed,
        notices=notices,
        rules=len(redaction.rules),
        engine=redaction.engine,
        policy=redaction.policy.name,
        elapsed=time.monotonic() - started,
    )
