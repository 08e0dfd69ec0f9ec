"""The literals of which one stands in every match of a tree, in lower case, and how far behind its beginning."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dumpscrub.rules.imports.nodes import (
    UNBOUNDED,
    UPPER,
    Assertion,
    Capture,
    Chars,
    Choice,
    Node,
    Repeat,
    longest,
)
from dumpscrub.rules.imports.nodes import Sequence as Parts

SHORTEST = 3
_MOST = 64
"""Literals that one rule may need."""
_MOST_OF_A_CLASS = 4
"""Characters of a class that are worth a literal each."""
_LONGEST = 32


@dataclass(frozen=True, slots=True)
class Literals:
    """One of ``texts`` stands in every match, at most ``lead`` characters behind its beginning."""

    texts: frozenset[str]
    lead: int

    @property
    def shortest(self) -> int:
        """Characters of the shortest one."""
        return min(map(len, self.texts), default=0)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a node: all that it can match, if that is little, and the best literals that stand in it."""

    exact: frozenset[str] | None
    best: Literals | None


def required(node: Node, common: Iterable[str] = ()) -> Literals | None:
    """The best literals for ``node``, or None where there are none. Those in ``common`` are the last resort."""
    best = _Search(frozenset(common)).of(node).best
    return _without_longer(best) if best and best.shortest >= SHORTEST else None


def _without_longer(literals: Literals) -> Literals:
    """``literals`` without those that hold another one."""
    kept: list[str] = []
    behind = 0
    for text in sorted(literals.texts, key=lambda text: (len(text), text)):
        found = [text.index(other) for other in kept if other in text]
        if found:
            behind = max(behind, min(found))
        else:
            kept.append(text)
    return Literals(frozenset(kept), min(UNBOUNDED, literals.lead + behind))


class _Search:
    """Walks a tree; ``common`` literals count as worse than they are long."""

    def __init__(self, common: frozenset[str]) -> None:
        self._common = common

    def of(self, node: Node) -> _Known:
        match node:
            case Chars(codes):
                lowered = {code + 32 if code in UPPER else code for code in codes}
                few = len(lowered) <= _MOST_OF_A_CLASS and all(0x20 <= code < 0x7F for code in lowered)
                return self._exactly(frozenset(map(chr, lowered)) if few else None)
            case Assertion():
                return self._exactly(frozenset([""]))
            case Capture(inner):
                return self.of(inner)
            case Choice(branches):
                return self._choice([self.of(branch) for branch in branches])
            case Repeat():
                return self._repeat(node)
            case Parts(parts):
                return self._sequence(parts)

    def _exactly(self, texts: frozenset[str] | None) -> _Known:
        return _Known(texts, Literals(texts, 0) if texts and "" not in texts else None)

    def _repeat(self, node: Repeat) -> _Known:
        inner = self.of(node.inner)
        if node.low == 0:
            return self._exactly(inner.exact | {""} if node.high == 1 and inner.exact is not None else None)
        if node.low == node.high:
            return self._sequence([node.inner] * min(node.low, _LONGEST), whole=node.low <= _LONGEST)
        return _Known(None, inner.best)

    def _choice(self, branches: Sequence[_Known]) -> _Known:
        exact: frozenset[str] | None = frozenset()
        for branch in branches:
            exact = exact | branch.exact if exact is not None and branch.exact is not None else None
        if exact is not None and len(exact) <= _MOST:
            return self._exactly(exact)
        found = [branch.best for branch in branches if branch.best]
        if len(found) < len(branches):
            return _Known(None, None)
        texts = frozenset[str]().union(*(best.texts for best in found))
        best = Literals(texts, max(best.lead for best in found)) if len(texts) <= _MOST else None
        return _Known(None, best)

    def _sequence(self, parts: Sequence[Node], *, whole: bool = True) -> _Known:
        """Literals of parts that follow each other are put together as long as they stay few."""
        run: frozenset[str] = frozenset([""])
        run_lead = at = 0
        candidates: list[Literals] = []
        for part in parts:
            known = self.of(part)
            joined = self._joined(run, known.exact)
            if joined is None:
                whole = False
                candidates.append(Literals(run, run_lead))
                run, run_lead = (known.exact, at) if known.exact is not None else (frozenset([""]), at + longest(part))
                if known.best and known.exact is None:
                    candidates.append(Literals(known.best.texts, min(UNBOUNDED, at + known.best.lead)))
            else:
                run = joined
            at = min(UNBOUNDED, at + longest(part))
        candidates.append(Literals(run, run_lead))
        usable = [each for each in candidates if each.shortest]
        return _Known(run if whole else None, max(usable, key=self._worth, default=None))

    def _joined(self, run: frozenset[str], more: frozenset[str] | None) -> frozenset[str] | None:
        if more is None or len(run) * len(more) > _MOST:
            return None
        joined = frozenset(left + right for left in run for right in more)
        return joined if max(map(len, joined), default=0) <= _LONGEST else None

    def _worth(self, literals: Literals) -> tuple[int, int, int]:
        """Longer ones are better up to a point, then fewer, then those that stand nearer to the beginning."""
        worst = min(map(self._worth_of_one, literals.texts))
        return worst, -len(literals.texts), -literals.lead

    def _worth_of_one(self, text: str) -> int:
        if len(text) < SHORTEST:
            return 0
        return 1 if text in self._common or len(set(text)) == 1 else min(len(text), 8)
