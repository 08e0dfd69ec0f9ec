"""What every format of foreign rules is read into."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from dumpscrub.errors import RuleError


@dataclass(frozen=True, slots=True)
class Foreign:
    """A rule of another scanner, as far as it can be carried over.

    ``group`` is the number of the group that holds the secret, 0 where the rule leaves that open. ``has_threshold``
    says that matches had to be random enough. ``left_out`` names, in a few words each, what has no counterpart.
    """

    id: str
    name: str
    pattern: str
    keywords: tuple[str, ...] = ()
    group: int = 0
    categories: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    confidence: str = ""
    has_threshold: bool = False
    left_out: tuple[str, ...] = ()


class Format(Protocol):
    """A format of rule files."""

    @property
    def name(self) -> str:
        """What the format is called."""

    def read(self, text: str) -> Sequence[Mapping[str, Any]] | None:
        """The tables of the rules in a file's ``text``, or None where it is of another format."""

    def rule(self, table: Mapping[str, Any]) -> Foreign:
        """The rule of one table. Raises RuleError, with the reason alone, where it cannot be one."""


def text_of(table: Mapping[str, Any], key: str) -> str:
    """The text of ``key``, empty where there is none. Raises RuleError for anything else."""
    value = table.get(key) or ""
    if not isinstance(value, str):
        raise RuleError(f"{key} is not text")
    return value.strip()


def texts_of(table: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """The texts of the list ``key``; what is no text is ignored."""
    value = table.get(key) or ()
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, (list, tuple)) else ()


def own_id(text: str) -> str:
    """``text`` as the id of a rule: small letters, digits and single hyphens."""
    return "-".join(re.findall(r"[a-z0-9]+", text.lower()))
