"""The TOML of gitleaks and Betterleaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import tomli

from dumpscrub.errors import RuleError
from dumpscrub.rules.imports.base import Foreign, text_of, texts_of

_WITHOUT_COUNTERPART = {
    "allowlists": "allowlists",
    "allowlist": "allowlists",
    "path": "the condition on the path",
    "filter": "the filter expression",
    "prefilter": "the filter expression",
    "validate": "the validation request",
    "required": "the other rules that have to match",
    "skipReport": "that it is not reported by itself",
}


class Gitleaks:
    """``[[rules]]`` with ``regex`` and ``keywords``."""

    name = "gitleaks"

    def read(self, text: str) -> Sequence[Mapping[str, Any]] | None:
        try:
            document = tomli.loads(text)
        except tomli.TOMLDecodeError:
            return None
        tables = document.get("rules")
        return tables if isinstance(tables, list) and all(isinstance(table, dict) for table in tables) else None

    def rule(self, table: Mapping[str, Any]) -> Foreign:
        pattern = text_of(table, "regex")
        if not pattern:
            raise RuleError("it has no regular expression" + (" but a path" if "path" in table else ""))
        group = table.get("secretGroup", 0)
        entropy = table.get("entropy", 0)
        left_out = [f"entropy {entropy}"] if entropy else []
        left_out += [what for key, what in _WITHOUT_COUNTERPART.items() if table.get(key)]
        # Up to its seventh version rules have no id, but a description as short as one.
        own_name = text_of(table, "id") or text_of(table, "description")
        return Foreign(
            own_name,
            own_name.replace("-", " ").replace("_", " "),
            pattern,
            keywords=texts_of(table, "keywords"),
            group=group if isinstance(group, int) else 0,
            categories=texts_of(table, "tags"),
            has_threshold=bool(entropy) or "entropy" in text_of(table, "filter"),
            left_out=tuple(dict.fromkeys(left_out)),
        )
