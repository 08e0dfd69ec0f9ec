"""The YAML of Nosey Parker, which Titus and Kingfisher extend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dumpscrub.errors import RuleError
from dumpscrub.rules.imports.base import Foreign, text_of, texts_of

_WITHOUT_COUNTERPART = {
    "pattern_requirements": "the requirements on the characters",
    "validation": "the validation request",
    "validator": "the validator",
    "depends_on_rule": "the rules that it depends on",
    "prevalidated": "that it needs no validation",
}
_CONFIDENCES = ("low", "medium", "high")


class NoseyParker:
    """``rules:``, a list with ``pattern``."""

    name = "noseyparker"

    def read(self, text: str) -> Sequence[Mapping[str, Any]] | None:
        import yaml  # noqa: PLC0415  (no other command needs it)

        try:
            document = yaml.safe_load(text)
        except (yaml.YAMLError, RecursionError):
            return None
        tables = document.get("rules") if isinstance(document, dict) else None
        return tables if isinstance(tables, list) and all(isinstance(table, dict) for table in tables) else None

    def rule(self, table: Mapping[str, Any]) -> Foreign:
        pattern = text_of(table, "pattern")
        if not pattern:
            raise RuleError("it has no pattern")
        entropy = table.get("min_entropy") or 0
        left_out = [f"entropy {entropy}"] if entropy else []
        left_out += [what for key, what in _WITHOUT_COUNTERPART.items() if table.get(key)]
        if table.get("visible") is False:
            left_out.append("that it is not reported by itself")
        confidence = text_of(table, "confidence").lower()
        return Foreign(
            text_of(table, "id"),
            text_of(table, "name"),
            pattern,
            categories=texts_of(table, "categories"),
            references=texts_of(table, "references"),
            confidence=confidence if confidence in _CONFIDENCES else "",
            has_threshold=bool(entropy),
            left_out=tuple(left_out),
        )
