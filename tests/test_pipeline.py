"""The invariants of a whole run: fail closed, nothing but the edits, the same for all engines, twice is once."""

from __future__ import annotations

import itertools
import json
import os
import random
import string
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import dumpscrub
from dumpscrub import factors, pipeline, verifier
from dumpscrub.errors import ScanError, VerificationError
from dumpscrub.findings import Findings
from dumpscrub.model import Edit, SecretValue
from dumpscrub.propagation import Sweeper
from dumpscrub.publics import Found
from dumpscrub.redaction import Outcome, Redaction
from dumpscrub.scanner import Scanner
from dumpscrub.search.finder import Search
from dumpscrub.span import Span
from dumpscrub.users import Users
from dumpscrub.verification import Verification

RNG = random.Random(11)


def secret(length: int = 20) -> str:
    return "".join(RNG.choices(string.ascii_letters + string.digits, k=length))


DB, WEB, BARE = secret(), secret(), secret()
TEXT = f"Server=sql;User ID=svc;Password={DB};Encrypt=True\0"


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    """A raw file with secrets in a context, copies without one, and noise."""
    noise = RNG.randbytes(5000)
    parts = [TEXT.encode("utf-16-le"), DB.encode(), DB.lower().encode("utf-16-le"), BARE.encode("utf-16-le")]
    parts += [f'{{"user":"svc","password":"{WEB}"}}'.encode(), WEB.encode().hex().encode(), WEB[::-1].encode()]
    path = tmp_path / "app.bin"
    path.write_bytes(noise + b"\0\0".join(part + b"\0\0" + RNG.randbytes(777) + b"\0" for part in parts) + noise)
    return path


def names(folder: Path) -> set[str]:
    return {entry.name for entry in folder.iterdir()}


def test_copies_go_wherever_they_stand_and_nothing_else_changes(dump: Path) -> None:
    before = dump.read_bytes()
    result = dumpscrub.sanitize(dump)
    assert result.output is not None
    assert result.output.name == "app.sanitized.bin"
    after = result.output.read_bytes()
    assert dump.read_bytes() == before
    assert len(after) == len(before)
    for value in (DB, WEB):
        for text in (value, value.lower(), value[::-1]):
            assert text.encode() not in after
            assert text.encode("utf-16-le") not in after
        assert value.encode().hex().encode() not in after
    assert BARE.encode("utf-16-le") in after
    assert "User ID=svc;Password=".encode("utf-16-le") + "*".encode("utf-16-le") * len(DB) in after
    changed = [a != b for a, b in zip(before, after, strict=True)]
    assert sum(changed) == result.bytes_changed
    spans = {offset for finding in result.findings for span in finding.spans for offset in range(span.start, span.end)}
    assert {offset for offset, is_changed in enumerate(changed) if is_changed} <= spans


def test_known_values_are_swept_without_any_context(dump: Path) -> None:
    result = dumpscrub.sanitize(dump, known=[SecretValue(BARE.encode())])
    assert result.output is not None
    assert BARE.encode("utf-16-le") not in result.output.read_bytes()
    assert {finding.origin.value for finding in result.findings} == {"direct", "propagated", "known"}


def test_sanitising_a_sanitised_dump_changes_nothing(dump: Path) -> None:
    once = dumpscrub.sanitize(dump).output
    assert once is not None
    twice = dumpscrub.sanitize(once)
    assert twice.output is not None
    assert twice.output.read_bytes() == once.read_bytes()
    assert twice.bytes_changed == 0
    assert dumpscrub.scan(once).bytes_changed == 0


@pytest.mark.parametrize("engine", ["hyperscan", "re2", "aho-corasick"])
@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("chunk_size", [97, 4096, 1 << 20])
def test_same_output_for_every_engine_worker_count_and_chunk_size(
    dump: Path, engine: str, workers: int, chunk_size: int
) -> None:
    reference = dumpscrub.sanitize(dump, dump.parent / "reference")
    other = dumpscrub.sanitize(dump, dump.parent / "other", engine=engine, workers=workers, chunk_size=chunk_size)
    assert other.findings == reference.findings
    assert (dump.parent / "other").read_bytes() == (dump.parent / "reference").read_bytes()


def test_scan_says_what_sanitize_does_and_writes_nothing(dump: Path) -> None:
    found = dumpscrub.scan(dump)
    assert names(dump.parent) == {"app.bin"}
    done = dumpscrub.sanitize(dump)
    assert found.findings == done.findings
    assert (found.output, found.audit) == (None, None)


def test_scan_says_what_sanitize_does_where_a_name_stands_between_two_values(tmp_path: Path) -> None:
    def number() -> str:
        return RNG.randbytes(16).hex()

    path = tmp_path / "app.bin"
    path.write_text("\0".join(json.dumps({"etag": number(), "datadog_api_key": number()}) for _ in range(3)))
    found = dumpscrub.scan(path)
    assert found.findings == dumpscrub.sanitize(path).findings
    assert sum(finding.rule == "datadog-key" for finding in found.findings) == 6


def test_the_audit_has_places_and_no_values(dump: Path) -> None:
    result = dumpscrub.sanitize(dump)
    assert result.audit is not None
    text = result.audit.read_text()
    assert not any(value[start : start + 4] in text for value in (DB, WEB) for start in range(len(value) - 4))
    lines = [json.loads(line) for line in text.splitlines()]
    assert [line["type"] for line in (lines[0], lines[-1])] == ["header", "footer"]
    assert len(lines) == len(result.findings) + 2
    assert lines[-1]["coverage"]["bytes_scanned"] == dump.stat().st_size
    assert lines[-1]["coverage"]["bytes_skipped"] == 0
    if os.name == "posix":
        assert result.audit.stat().st_mode & 0o777 == 0o600


def test_results_hold_no_values(dump: Path) -> None:
    result = dumpscrub.scan(dump)
    assert all(finding.values == () for finding in result.findings)
    assert DB not in repr(result)


def test_a_failing_search_leaves_nothing(dump: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ScanError("rule x failed")

    monkeypatch.setattr(Scanner, "scan", fail)
    with pytest.raises(ScanError):
        dumpscrub.sanitize(dump)
    assert names(dump.parent) == {"app.bin"}


def test_a_failing_comparison_leaves_nothing(dump: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> int:
        raise VerificationError("differs")

    monkeypatch.setattr(verifier, "compare", fail)
    with pytest.raises(VerificationError):
        dumpscrub.sanitize(dump)
    assert names(dump.parent) == {"app.bin"}


def test_a_survivor_that_the_first_engine_missed_is_masked_by_the_second(
    dump: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = Redaction.search

    def blind(self: Redaction, *args: object, **options: object) -> object:
        outcome: Outcome = search(self, *args, **options)  # type: ignore[arg-type]
        return (
            outcome
            if "earlier" in options
            else replace(outcome, findings=Findings.collect(()), sweeper=Sweeper((), Search("re2")))
        )

    monkeypatch.setattr(Redaction, "search", blind)
    result = dumpscrub.sanitize(dump)
    assert result.output is not None
    after = result.output.read_bytes()
    assert DB.encode() not in after
    assert result.findings


def test_what_the_first_search_settled_is_not_looked_at_again(dump: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []
    verify = Verification._verify

    def count(self: Verification, offset: int, number: int, users: Users) -> Span | None:
        looks.append(offset)
        return verify(self, offset, number, users)

    dump.write_bytes(b"a ring of apikeys, one by one by one\0" * 100 + bytes(1 << 17) + dump.read_bytes())
    monkeypatch.setattr(Verification, "_verify", count)
    dumpscrub.sanitize(dump)
    again = looks[looks.index(max(looks)) + 1 :]
    assert len([offset for offset in looks if offset < 3000]) >= 80
    assert [offset for offset in again if offset < 3000] == []


def test_numbers_are_looked_for_once(dump: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    find = factors.find

    def count(*args: Any, **options: Any) -> Found:
        calls.append(1)
        return find(*args, **options)

    monkeypatch.setattr(factors, "find", count)
    dumpscrub.sanitize(dump)
    assert calls == [1]


def test_a_run_that_never_comes_clean_fails(dump: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = itertools.count()
    monkeypatch.setattr(pipeline, "plan", lambda *_: (Edit(Span(0, 4), b"%04d" % next(numbers), "mask"),))
    with pytest.raises(VerificationError, match="masking what was found brings up more each time"):
        dumpscrub.sanitize(dump)
    assert names(dump.parent) == {"app.bin"}
