"""Rule files of other scanners as a rule file of ours, and what could not be carried over."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dumpscrub.detectors import build_detectors
from dumpscrub.errors import RuleError
from dumpscrub.printable import printable
from dumpscrub.rules.imports import Converted, convert_file
from dumpscrub.rules.load import parse
from dumpscrub.rules.schema import RuleSet


@dataclass(frozen=True, slots=True)
class Imported:
    """``text`` is the rule file, with ``rules`` rules. ``refused`` and ``partial`` name each rule with the reasons."""

    text: str
    rules: int
    refused: tuple[tuple[str, str], ...]
    partial: tuple[tuple[str, tuple[str, ...]], ...]


def import_rules(files: Iterable[tuple[str, str]]) -> Imported:
    """The rules of foreign ``files``, pairs of a name and a text, that can be used here.

    Raises RuleError where a file has no format that is known.
    """
    written: dict[str, str] = {}
    refused: list[tuple[str, str]] = []
    partial: list[tuple[str, tuple[str, ...]]] = []
    for name, text in files:
        for foreign_id, result in convert_file(text, name):
            if isinstance(result, str):
                refused.append((foreign_id, result))
                continue
            own_id = result.table["id"]
            table = _write(result)
            reason = "another rule has its id already" if own_id in written else _unusable(table)
            if reason:
                refused.append((foreign_id, reason))
                continue
            written[own_id] = table
            if result.left_out:
                partial.append((foreign_id, result.left_out))
    return Imported("\n".join(written.values()), len(written), tuple(refused), tuple(partial))


def _unusable(table: str) -> str:
    """Why a rule of ours cannot be used; empty where it can."""
    try:
        build_detectors(RuleSet(parse(table, "rule")))
    except RuleError as error:
        return str(error)
    return ""


def _write(converted: Converted) -> str:
    """One table of a rule file."""
    lines = ["[[rule]]", *(f"{key} = {_value(key, value)}" for key, value in converted.table.items()), ""]
    if converted.left_out:
        lines.insert(0, printable(f"# Not carried over: {'; '.join(converted.left_out)}."))
    return "\n".join(lines)


def _value(key: str, value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case list():
            return f"[{', '.join(_value('', item) for item in value)}]"
        case _:
            # A pattern holds neither apostrophes nor anything that is not printable.
            return f"'{value}'" if key == "pattern" else json.dumps(printable(str(value)), ensure_ascii=False)


def summary(imported: Imported) -> Mapping[str, int]:
    """How many rules were refused, or are left without something, by reason."""
    counts: dict[str, int] = {}
    for _, reason in imported.refused:
        counts[f"not imported: {reason}"] = counts.get(f"not imported: {reason}", 0) + 1
    for _, reasons in imported.partial:
        for reason in reasons:
            kind = "an entropy threshold" if reason.startswith("entropy ") else reason
            counts[f"without {kind}"] = counts.get(f"without {kind}", 0) + 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
