r"""Trees for text files made fit for memory, where a NUL ends every string and nothing is sure to follow it.

- What repeats and what is secret no longer matches a NUL.
- Where a pattern wants the beginning or the end of its input, a NUL does.
- What only ends a value (``['"\s;]``, a word boundary) is also ended by a NUL, and by the end of memory.
"""

from __future__ import annotations

from dataclasses import replace

from dumpscrub.rules.imports.nodes import (
    ALL,
    DIGITS,
    LOWER,
    NUL,
    UPPER,
    WORD,
    Assertion,
    Capture,
    Chars,
    Choice,
    Node,
    Repeat,
    Sequence,
    captures,
    longest,
)

_START = Assertion("^")
_END = Assertion("$")
_LETTERS = DIGITS | LOWER | UPPER
_LONGEST_TAIL = 8


def for_memory(node: Node, secrets: frozenset[int]) -> Node:
    """``node`` for windows of memory; ``secrets`` are the numbers of the groups that are redacted."""
    parts = list(node.parts) if isinstance(node, Sequence) else [node]
    parts = [_without_nul(part, secrets, inside=False) for part in parts]
    parts[0] = _opened(parts[0])
    parts[-1] = _closed(parts[-1], secrets)
    return Sequence(tuple(parts))


def _without_nul(node: Node, secrets: frozenset[int], *, inside: bool) -> Node:
    """``node`` whose values end at a NUL. ``inside`` says that it repeats or is secret."""

    def inner(part: Node, *, more: bool = False) -> Node:
        return _without_nul(part, secrets, inside=inside or more)

    match node:
        case Chars(codes) if inside and codes != NUL:
            node = Chars(codes - NUL)
        case Assertion(kind) if kind in ("^", "$") and not inside:
            node = Choice((node, Chars(NUL)))
        case Sequence(parts):
            node = Sequence(tuple(map(inner, parts)))
        case Choice(branches):
            node = Choice(tuple(map(inner, branches)))
        case Repeat():
            node = replace(node, inner=inner(node.inner, more=node.high > 1))
        case Capture():
            node = replace(node, inner=inner(node.inner, more=node.number in secrets))
    return node


def _opened(node: Node) -> Node:
    """The first part of a pattern: what only separates a value from the text before it may be missing."""
    if isinstance(node, Sequence) and node.parts:
        return Sequence((_opened(node.parts[0]), *node.parts[1:]))
    if isinstance(node, Chars) and _separates(node):
        return Choice((_START, Chars(node.codes | NUL)))
    return node


def _closed(node: Node, secrets: frozenset[int]) -> Node:
    """The last part of a pattern: what only ends a value may be missing."""
    match node:
        case Sequence(parts) if parts:
            return Sequence((*parts[:-1], _closed(parts[-1], secrets)))
        case Chars() if _separates(node):
            return Choice((Chars(node.codes | NUL), _END))
        case Choice(branches) if not any(captures(node)) and longest(node) <= _LONGEST_TAIL and _ends(node):
            return Choice((*branches, Chars(NUL), _END))
        case Assertion(kind) if kind == r"\b":
            # A value may end with a character that is no word's: then nothing but a word would be a boundary.
            return Choice((node, Chars(ALL - WORD - frozenset(b"-+/=")), _END))
        case Capture(inner, number, name) if number not in secrets:
            return Capture(_closed(inner, secrets), number, name)
        case _:
            return node


def _separates(node: Chars) -> bool:
    return bool(node.codes) and not node.codes & _LETTERS


def _ends(node: Choice) -> bool:
    """True where a branch is a separating character, and none the end of the text."""
    separates = any(isinstance(branch, Chars) and _separates(branch) for branch in node.branches)
    return separates and not any(_is_end(branch) for branch in node.branches)


def _is_end(node: Node) -> bool:
    """True for the end of the text, and for a choice that has it."""
    return node == _END or (isinstance(node, Choice) and _END in node.branches)
