"""Families: groups of alike rules, one line a member, written out as the tables of ordinary rules.

::

    [[family]]
    kind = "prefixed"                    # a value that its own beginning identifies
    categories = ["token"]               # defaults for the members, which may override them
    members = [{ id = "acme-key", name = "Acme key", value = 'acme_[a-f0-9]{32}' }]

    [[family]]
    kind = "named"                       # a value that only a word beside it identifies
    categories = ["api-key"]
    members = [{ id = "foo-key", name = "Foo key", words = ["foocloud"], with = "credential", value = '[a-f0-9]{32}' }]

``value`` is an expression (:mod:`dumpscrub.rules.expressions`), or a list of alternatives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from dumpscrub.errors import RuleError
from dumpscrub.rules import expressions, named
from dumpscrub.rules.expressions import Piece

SHORTEST_BEGINNING = 3
_FAMILY = ("kind", "members")
_MEMBER = ("id", "name", "examples", "negative_examples")
"""Keys that only a member has."""
_SHARED = (
    "action",
    "categories",
    "confidence",
    "decoders",
    "encodings",
    "propagate",
    "references",
    "validator",
    "value",
)
"""Keys of every kind, which stand in the family for all members, or in a member."""

Table = dict[str, Any]


def tables(families: Any, file: str) -> Iterator[tuple[Table, str]]:
    """The table of an ordinary rule for each member, and where it comes from. Raises RuleError for what is malformed.

    ``families`` is what the TOML file ``file`` holds as ``[[family]]``.
    """
    if not isinstance(families, list):
        raise RuleError(f"{file}: a family is a table: write [[family]]")
    for number, family in enumerate(families, 1):
        where = f"{file}, family {number}"
        kind = family.get("kind") if isinstance(family, dict) else None
        if not isinstance(kind, str) or kind not in KINDS:
            raise RuleError(f"{where}: the kind of a family is one of {', '.join(KINDS)}")
        own, make = KINDS[kind]
        _known_keys(family, (*_FAMILY, *_SHARED, *own), where)
        members = family.get("members")
        if not isinstance(members, list) or not members:
            raise RuleError(f"{where}: members is a list of tables, one for each rule")
        defaults = {key: value for key, value in family.items() if key not in _FAMILY}
        for place, member in enumerate(members, 1):
            at = f"{where}, {_called(member, place)}"
            if not isinstance(member, dict):
                raise RuleError(f"{at}: a member is a table")
            _known_keys(member, (*_MEMBER, *_SHARED, *own), at)
            yield make({**defaults, **member}, at), at


def _called(member: Any, place: int) -> str:
    name = member.get("id") if isinstance(member, dict) else None
    return name if isinstance(name, str) else f"member {place}"


def _known_keys(table: Mapping[str, Any], known: Sequence[str], where: str) -> None:
    unknown = sorted(set(table) - set(known))
    if unknown:
        raise RuleError(f"{where}: unknown key {unknown[0]!r}: the keys are {', '.join(sorted(known))}")


def _alternatives(table: Table, where: str) -> tuple[tuple[Piece, ...], ...]:
    """The alternatives of the value, the longest first: RE2 takes the first one that matches."""
    alternatives = []
    for text in _texts(table.pop("value", None), f"{where}, value"):
        try:
            pieces = expressions.read_strictly(text)
        except RuleError as error:
            raise RuleError(f"{where}, value: {error}") from error
        if any(mark in text for mark in (">>", "~>")) or text.endswith((">", "~")):
            raise RuleError(f"{where}, value: a value with >> or ~>, or > or ~ at its end, takes a [[rule]] of its own")
        alternatives.append(pieces)
    return tuple(sorted(alternatives, key=lambda pieces: (-expressions.most(pieces), expressions.written(pieces))))


def _texts(value: Any, where: str) -> tuple[str, ...]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) and text for text in texts):
        raise RuleError(f"{where}: text that is not empty is expected, or a list of such texts")
    return tuple(texts)


def _prefixed(table: Table, where: str) -> Table:
    """The rule of a value that begins in a way of its own."""
    alternatives = _alternatives(table, where)
    beginnings = sorted({expressions.literal_beginning(pieces) for pieces in alternatives}, key=len)
    if len(beginnings[0]) < SHORTEST_BEGINNING:
        raise RuleError(
            f"{where}, value: each alternative begins with at least {SHORTEST_BEGINNING} literal characters"
        )
    anchors: list[str] = []
    for text in beginnings:
        if not text.startswith(tuple(anchors)):
            anchors.append(text)
    rule = {
        "anchors": anchors,
        "pattern": f"(?P<secret>{'|'.join(map(expressions.pattern, alternatives))})",
        "caseless": False,
        "boundary": "left",
        "after": max(map(expressions.most, alternatives)) + 1,
        "grows": False,
        "confidence": "high",
        "examples": _bare_examples([expressions.written(pieces) for pieces in alternatives]),
        "negative_examples": _bare_negatives(alternatives),
    }
    return {**rule, **table}


_BARE = ("<<{}>>", '{{"token": "<<{}>>", "id": 1}}', "TOKEN=<<{}>>\0", "Authorization: Bearer <<{}>>\r\n")


def _bare_examples(values: Sequence[str]) -> list[str]:
    """Every alternative at least once, and every context."""
    count = max(len(values), len(_BARE))
    return [_BARE[number % len(_BARE)].format(values[number % len(values)]) for number in range(count)]


def _bare_negatives(alternatives: Sequence[Sequence[Piece]]) -> list[str]:
    """A text that is too short, and one within a word whose rest is a word, too."""
    shortest = min(alternatives, key=expressions.least)
    word = expressions.written(expressions.as_word(shortest))
    return [f"<~{expressions.written(expressions.shortened(shortest))}~>", f"a <~x{word}~>"]


def _named(table: Table, where: str) -> Table:
    """The rule of a value that stands beside a word."""
    alternatives = _alternatives(table, where)
    words = _texts(table.pop("words", None), f"{where}, words")
    beside = table.pop("with", [])
    if isinstance(beside, str):
        if beside not in named.LISTS:
            raise RuleError(f"{where}, with: a list of words is expected, or one of {', '.join(named.LISTS)}")
        beside = named.LISTS[beside]
    beside = _texts(list(beside), f"{where}, with") if beside else ()
    try:
        return {**named.rule(alternatives, words, beside), **table}
    except RuleError as error:
        raise RuleError(f"{where}, {error}") from error


KINDS: Mapping[str, tuple[tuple[str, ...], Callable[[Table, str], Table]]] = {
    "prefixed": (("boundary",), _prefixed),
    "named": (("words", "with"), _named),
}
"""Kinds of families: the keys that only this kind has, and what makes a member a rule."""
