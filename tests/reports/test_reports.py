"""The reports: a table for people, a document for machines."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from dumpscrub.findings import Findings
from dumpscrub.reports import REPORTS, Report
from dumpscrub.reports.document import Document
from dumpscrub.reports.table import Table
from dumpscrub.result import Result


def text_of(report: Report, result: Result) -> str:
    stream = io.StringIO()
    report.write(result, stream)
    return stream.getvalue()


def test_names_are_unique() -> None:
    assert sorted(report.name for report in REPORTS) == ["json", "table"]


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.name)
def test_no_report_holds_a_secret_or_a_terminal_escape(report: Report, result: Result) -> None:
    text = text_of(report, replace(result, output=Path("out\x1b]0;title\x07.dmp")))
    assert "never-shown" not in text
    assert "\x1b" not in text
    assert "\x07" not in text


def test_the_table_counts_by_class_and_names_the_files(result: Result) -> None:
    lines = [line.split() for line in text_of(Table(), result).splitlines() if line.strip()]
    assert lines[0] == ["class", "found", "copies", "elsewhere"]
    assert lines[2:5] == [["api-key", "1", "0"], ["identifier", "0", "1"], ["known", "1", "0"]]
    assert ["all", "2", "1"] in lines
    text = text_of(Table(), result)
    assert "1 of the findings are reported only" in text
    assert "Searched 4,096 of 4,096 bytes (minidump) with 60 rules in 0.5 s, 8.2 kB/s." in text
    assert "Note: the dump is truncated\n" in text
    assert f"Redacted copy (22 bytes changed): {Path('folder') / 'app.sanitized.dmp'}\n" in text
    assert f"Audit log (tells where secrets stood; keep it): {Path('folder') / 'app.audit.jsonl'}\n" in text


def test_a_long_path_is_not_wrapped(result: Result) -> None:
    path = Path("x" * 300)
    assert f"{path}\n" in text_of(Table(), replace(result, output=path))


def test_markup_in_a_name_is_shown_as_it_is(result: Result) -> None:
    assert "[bold]:smile:.dmp\n" in text_of(Table(), replace(result, output=Path("[bold]:smile:.dmp")))


def test_a_dump_without_findings_points_to_known_values(result: Result) -> None:
    text = text_of(Table(), replace(result, findings=Findings.collect(()), output=None, audit=None))
    assert text.startswith("Nothing was found.")
    assert "--known" in text
    assert "Redacted copy" not in text


@pytest.mark.parametrize("count", [0, 1, 3])
def test_the_document_is_one_json_object(result: Result, count: int) -> None:
    document = json.loads(text_of(Document(), replace(result, findings=result.findings[:count])))
    assert len(document["findings"]) == count
    assert document["totals"]["findings"] == count
    assert document["totals"]["coverage"]["bytes_skipped"] == 0
    assert document["output"] == str(Path("folder") / "app.sanitized.dmp")
    assert set(document) == {
        "input", "output", "audit", "format", "rules", "policy", "engine", "elapsed", "notices", "totals", "findings",
    }  # fmt: skip
