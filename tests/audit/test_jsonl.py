"""The audit log: what each line says, what no line ever says, and that it is written line by line."""

from __future__ import annotations

import io
import json
import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from dumpscrub.audit import jsonl
from dumpscrub.findings import Findings
from dumpscrub.result import Result

NOON = datetime(2024, 5, 17, 12, 0, tzinfo=UTC)


def written(result: Result) -> list[dict[str, Any]]:
    stream = io.StringIO()
    jsonl.write(stream, result, version="1.2.3", verification={"compare": "passed"}, time=NOON)
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_the_header_names_the_run_and_the_file_without_its_folder(result: Result) -> None:
    assert written(result)[0] == {
        "type": "header",
        "schema": 1,
        "dumpscrub": "1.2.3",
        "time": "2024-05-17T12:00:00+00:00",
        "input": "app\\x1b[31m.dmp",
        "format": "minidump",
        "size": 4096,
        "rules": 60,
        "policy": "default",
        "engine": "hyperscan",
        "notices": ["the dump is truncated"],
    }


def test_findings_stand_in_file_order_with_offset_address_and_region(result: Result) -> None:
    first, split, last = written(result)[1:-1]
    assert first == {
        "type": "finding",
        "sequence": 1,
        "rule": "thumbprint",
        "class": "identifier",
        "encoding": "utf-8",
        "offset": "0x10",
        "address": None,
        "region": "metadata",
        "length": 40,
        "action": "report",
        "origin": "propagated",
        "confidence": "high",
    }
    assert (split["sequence"], split["offset"], split["address"], split["length"]) == (2, "0x4f6", "0x7f00000013f6", 20)
    assert split["spans"] == [
        {"offset": "0x4f6", "address": "0x7f00000013f6", "region": "heap", "length": 10},
        {"offset": "0x800", "address": "0x7f0000001400", "region": "stack", "length": 10},
    ]
    assert (last["sequence"], last["rule"], last["encoding"], last["region"]) == (
        3,
        "known-value",
        "utf-16-le",
        "stack",
    )
    assert "spans" not in last


def test_the_footer_counts_and_says_what_was_covered(result: Result) -> None:
    assert written(result)[-1] == {
        "type": "footer",
        "findings": 3,
        "by_class": {
            "api-key": {"findings": 1, "bytes": 20},
            "identifier": {"findings": 1, "bytes": 40},
            "known": {"findings": 1, "bytes": 12},
        },
        "by_region": {
            "heap": {"findings": 1, "bytes": 20},
            "metadata": {"findings": 1, "bytes": 40},
            "stack": {"findings": 1, "bytes": 12},
        },
        "suppressed": {"placeholder": 2},
        "coverage": {"bytes": 4096, "bytes_scanned": 4096, "bytes_skipped": 0, "bytes_changed": 22},
        "verification": {"compare": "passed"},
        "outcome": "sanitized",
        "elapsed": 0.5,
    }


def test_no_line_holds_a_secret(result: Result) -> None:
    stream = io.StringIO()
    jsonl.write(stream, result, version="1.2.3", verification={})
    assert "never-shown" not in stream.getvalue()
    assert "SecretValue" not in stream.getvalue()


def test_every_line_is_ascii_whatever_the_file_is_called(result: Result) -> None:
    stream = io.StringIO()
    odd = replace(result, path=result.path.with_name("d\u202e\udcff\u00fc\n.dmp"))
    jsonl.write(stream, odd, version="1.2.3", verification={})
    assert stream.getvalue().isascii()
    assert json.loads(stream.getvalue().splitlines()[0])["input"] == "d\\u202e\\udcff\u00fc\\n.dmp"


def test_a_log_whose_stream_fails_has_no_footer(result: Result) -> None:
    class FullDisk(io.StringIO):
        def write(self, text: str) -> int:
            if self.tell() > 300:
                raise OSError(28, "No space left on device")
            return super().write(text)

    stream = FullDisk()
    with pytest.raises(OSError, match="No space left"):
        jsonl.write(stream, result, version="1.2.3", verification={})
    assert '"footer"' not in stream.getvalue()


def test_text_is_not_kept_in_memory(result: Result) -> None:
    class Counter(io.StringIO):
        lines = 0

        def write(self, text: str) -> int:
            self.lines += 1
            return len(text)

    many = replace(result, findings=Findings.collect(tuple(result.findings[:1]) * 50_000))
    stream = Counter()
    tracemalloc.start()
    jsonl.write(stream, many, version="1.2.3", verification={})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert stream.lines == 50_002
    assert peak < 2_000_000  # the list that is sorted; the text would be more than 10 MB
