"""The pattern of a rule, compiled by RE2, which matches in linear time whatever the pattern and the text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Lock
from typing import Any

import re2

from dumpscrub.errors import RuleError
from dumpscrub.rules.schema import Rule

NOWHERE = (-1, -1)
"""The place of a group that took no part in a match."""

Groups = list[tuple[int, int]]
"""Where the groups of a match stand in the text, or :data:`NOWHERE`."""

NEAR = 64
"""Characters before the anchor up to which trying only the beginnings from there on is faster than searching."""
_HERE = re2._Anchor.ANCHOR_START
_ANYWHERE = re2._Anchor.UNANCHORED


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled pattern, asked for the matches that contain the anchor at a place of a text.

    ``groups`` are the groups that hold secrets, ``whole`` is the one that holds the match.
    """

    groups: tuple[int, ...]
    whole: int
    exact: bool
    """True where a match begins with the anchor."""
    _match: Callable[[Any, bytes, int, int], Groups]
    _mode: Any

    @classmethod
    def of(cls, rule: Rule, pattern: str, before: int) -> Expression:
        """A ``pattern`` of ``rule`` whose matches begin up to ``before`` characters in front of the anchor.

        Raises RuleError where it does not compile or names no secret.
        """
        compiled = _compile(rule.id, pattern)
        near = 0 < before <= NEAR and r"\Q" not in pattern
        if near:
            # A match begins at the anchor at the latest, so RE2 is told to give up where none has begun by then.
            compiled = _compile(rule.id, f"(?s:.{{0,{before + 1}}}?)({pattern})")
        groups = tuple(index for name, index in compiled.groupindex.items() if name.startswith(b"secret"))
        if not groups:
            raise RuleError(f"rule {rule.id}: the pattern has no group named secret: write (?P<secret>...)")
        # RE2's own method: the wrapper around it takes longer than most matches.
        match = compiled._regexp.Match
        mode = _HERE if near or not before else _ANYWHERE
        return cls(groups, int(near), not before, match, mode)

    def containing(self, text: bytes, anchor: int) -> list[Groups]:
        """The matches that contain the byte at ``anchor``, of those that follow each other from the text's start on."""
        found: list[Groups] = []
        at = anchor if self.exact else 0
        while True:
            groups = self._match(self._mode, text, at, len(text))
            start, end = groups[self.whole]
            if not 0 <= start <= anchor:
                return found
            if end > anchor:
                found.append(groups)
            if self.exact:
                return found
            at = max(end, start + 1)


class Expressions:
    """The patterns of a rule, in the order in which they are tried.

    Those of the shipped rules are compiled when a hit first needs them: most rules have none in most dumps. Threads may
    share them.
    """

    __slots__ = ("_compiled", "_lock", "_rule")

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._lock = Lock()
        self._compiled: tuple[Expression, ...] = ()
        if not rule.shipped:
            self.compiled()

    def compiled(self) -> tuple[Expression, ...]:
        """The patterns, compiled. Raises RuleError where one does not compile or names no secret."""
        if not self._compiled:
            with self._lock:
                self._compiled = self._compiled or tuple(self._compile())
        return self._compiled

    def _compile(self) -> Iterator[Expression]:
        rule = self._rule
        yield Expression.of(rule, rule.pattern, 0 if rule.reverse else rule.before)
        if rule.reverse:
            yield Expression.of(rule, rule.reverse, rule.before)


def _compile(rule: str, pattern: str) -> Any:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    options.dot_nl = False
    try:
        return re2.compile(pattern.encode("latin-1"), options)
    except re2.error as error:
        reason = error.args[0].decode("latin-1")
        raise RuleError(f"rule {rule}: the pattern does not compile ({reason}): it is RE2 syntax") from error
    except UnicodeEncodeError as error:
        raise RuleError(f"rule {rule}: the pattern holds a character beyond Latin-1: write \\xff for any") from error
