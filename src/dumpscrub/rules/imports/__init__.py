"""Rule files of other scanners to tables of ours. A new format is one module and one line in ``FORMATS``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dumpscrub.errors import RuleError
from dumpscrub.rules.imports.base import Format
from dumpscrub.rules.imports.convert import Converted, convert
from dumpscrub.rules.imports.gitleaks import Gitleaks
from dumpscrub.rules.imports.noseyparker import NoseyParker

FORMATS: tuple[Format, ...] = (Gitleaks(), NoseyParker())
"""In the order in which they are tried."""


def convert_file(text: str, file: str) -> Iterator[tuple[str, Converted | str]]:
    """For each rule of a foreign file its id, and our table or the reason why there is none.

    Raises RuleError where the file is of no format that is known.
    """
    for form in FORMATS:
        tables = form.read(text)
        if tables is not None:
            break
    else:
        names = ", ".join(form.name for form in FORMATS)
        raise RuleError(f"{file}: no rule file that can be imported: it has none of the formats {names}")
    for number, table in enumerate(tables, 1):
        yield _name(table, number), _converted(form, table)


def _name(table: Any, number: int) -> str:
    name = table.get("id") or table.get("description")
    return name if isinstance(name, str) and name else f"rule {number}"


def _converted(form: Format, table: Any) -> Converted | str:
    try:
        return convert(form.rule(table))
    except RuleError as error:
        return str(error)


__all__ = ["FORMATS", "Converted", "Format", "convert_file"]
