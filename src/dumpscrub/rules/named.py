r"""Rules for values that only a word beside them identifies, in the notations that programs use.

Word and value stand close to each other, and what lies between them is left open: that covers JSON, XML, YAML, headers,
query strings, code and environment blocks alike. It ends with a character that belongs to neither, or with an escaped
one (``%22``, ``\u0022``, ``\n``). Where a name ends with its string, the value may be the next object of a heap: a
terminator, padding and the header of that object stand between the two. Where a second word has to stand beside the
first, it may be missing in an assignment: the brand alone is a name for its only key (``"foocloud": "..."``).
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from dumpscrub.errors import RuleError
from dumpscrub.rules import expressions
from dumpscrub.rules.expressions import Piece

LISTS: Mapping[str, tuple[str, ...]] = {
    "credential": (
        *("key", "token", "secret", "api", "auth", "access", "pass", "pwd", "cred", "pat", "sid", "bearer"),
        *("sign", "hook", "priv"),
    ),
}
"""Lists of words that ``with`` may name."""

_ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be")
"""Words are many, and a fourth encoding of each slows the search. UTF-32 is what copies of a value are found in."""
SHORTEST_WORD = 4
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/ -]*\Z")
_NEAR = 40
"""Characters between word and value, or between either and a ``with`` word."""
_OBJECT = 64
"""Code units between the end of a string and the beginning of the one in the next object."""
_SIGN = re.compile(r"\W")
_MORE = 32
"""Characters by which a value may be longer than expected."""
_MANY = 10
"""Characters of a class that a run is made of, rather than padding."""
_RUN = frozenset(string.ascii_letters + string.digits + "_-.+/=~")
"""Characters of runs. Others also stand for the end of a value, as the percent sign of ``%22``."""
_NAME_REST = r"[\w.:/-]{0,32}"
_GAP = rf"[^\x00]{{0,{_NEAR}}}?"
_LINE_GAP = rf"[^\x00\r\n]{{0,{_NEAR}}}?"
_ESCAPED = r"%[0-9A-Fa-f]{2}|\\u00[0-9A-Fa-f]{2}|\\[nrt]"
_LONGEST_ESCAPE = 6
_ASSIGNED = r"""["'\])]{0,3}[ \t]{0,3}(?:=>|:=|[:=])[ \t]{0,3}["'`]?"""
"""What stands between a word and a value that is its own: no word of ``with`` is needed then."""


def rule(alternatives: Sequence[Sequence[Piece]], words: Sequence[str], beside: tuple[str, ...]) -> dict[str, Any]:
    """The table of the rule for a value of ``alternatives`` beside one of ``words`` and, if any, of ``beside``.

    Raises RuleError for words that cannot be used.
    """
    anchors = _anchors(words)
    whole = [_extended(pieces) for pieces in alternatives]
    value = f"(?P<secret>{'|'.join(map(expressions.pattern, whole))})"
    longest = max(map(expressions.most, whole))
    reach = max(_NEAR + _LONGEST_ESCAPE, 32 + 1 + _OBJECT + 1) + (_NEAR + max(map(len, beside)) if beside else 0)
    edges = (
        _edge((pieces[0] for pieces in alternatives), "_+/"),
        _edge((pieces[-1] for pieces in alternatives), "-+/", "_"),
    )
    written = [expressions.written(pieces) for pieces in alternatives]
    shortest = min(alternatives, key=expressions.least)
    return {
        "anchors": list(anchors),
        "pattern": _forward(anchors, beside, value, *edges),
        "reverse": _backward(anchors, beside, value, *edges),
        "encodings": list(_ENCODINGS),
        "before": longest + reach,
        "after": max(map(len, anchors)) + reach + longest + 1,
        "grows": False,
        "validator": "generated",
        "confidence": "medium",
        "examples": _examples(written, anchors, beside),
        "negative_examples": _negatives(shortest, anchors, beside),
    }


def _extended(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """``pieces`` with a longer run of what they end with: beside its name a value counts as a whole."""
    last = pieces[-1]
    runs_on = len(last.choices) >= _MANY and not set(last.choices) - _RUN
    more = _MORE if runs_on else 0
    return (*pieces[:-1], replace(last, high=last.high + more))


def _anchors(words: Sequence[str]) -> tuple[str, ...]:
    """``words`` in lower case, without those that contain another one."""
    for word in words:
        if len(word) < SHORTEST_WORD or not _WORD.match(word):
            raise RuleError(
                f"words: {word!r} has fewer than {SHORTEST_WORD} characters, or others than letters, digits and _.:/ -"
            )
    anchors: list[str] = []
    for word in sorted({word.lower() for word in words}, key=lambda word: (len(word), word)):
        if not any(anchor in word for anchor in anchors):
            anchors.append(word)
    return tuple(anchors)


@lru_cache(4096)
def _any_of(words: tuple[str, ...]) -> str:
    return f"(?i:{'|'.join(_SIGN.sub(_escape, word) for word in words)})"


def _escape(found: re.Match[str]) -> str:
    return f"\\x{ord(found[0]):02x}"


def _edge(outermost: Iterable[Piece], signs: str, never: str = "") -> str:
    """A character beside a value with such an end: no letter or digit, none of ``never``, no sign that it may hold.

    Nor a plus sign: words of four letters stand in base64 by chance, and so do values behind them.
    """
    ends = "+" + "".join(piece.choices for piece in outermost)
    return "[^A-Za-z0-9" + never + "".join("\\" + sign for sign in signs if sign in ends) + "]"


def _forward(anchors: tuple[str, ...], beside: tuple[str, ...], value: str, left: str, right: str) -> str:
    """Word, then value."""
    near = f"{_GAP}(?:{_ESCAPED}|{left})"
    next_object = rf"{_NAME_REST}[\x00\x01][\x00-\xff]{{0,{_OBJECT}}}?\x00"
    between = f"(?:{near}|{next_object})"
    if beside:
        between = f"(?:{_GAP}{_any_of(beside)}{between}|{_ASSIGNED})"
    return f"{_any_of(anchors)}{between}{value}(?:{right}|$)"


def _backward(anchors: tuple[str, ...], beside: tuple[str, ...], value: str, left: str, right: str) -> str:
    """Value, then word."""
    tail = _any_of(anchors) + (_LINE_GAP + _any_of(beside) if beside else "")
    next_object = rf"[\x00\x01][\x00-\xff]{{0,{_OBJECT}}}?\x00{_NAME_REST}"
    behind = right.replace("^", r"^\x00\r\n")
    return rf"(?:^|{_ESCAPED}|{left}){value}(?:{behind}{_LINE_GAP}|{next_object}){tail}"


def _examples(values: Sequence[str], anchors: Sequence[str], beside: Sequence[str]) -> list[str]:
    """Every alternative, every word and every notation at least once."""
    count = max(len(values), len(anchors), len(_NOTATIONS))
    return [
        _NOTATIONS[number % len(_NOTATIONS)].format(
            name=_name(anchors[number % len(anchors)], beside, number), value=f"<<{values[number % len(values)]}>>"
        )
        for number in range(count)
    ]


def _negatives(shortest: Sequence[Piece], anchors: Sequence[str], beside: Sequence[str]) -> list[str]:
    """A value that is too short, none, and one without a word beside it."""
    short, name = expressions.written(expressions.shortened(shortest)), _name(anchors[0], beside, 0)
    alone = (
        f"{anchors[0]} <~{expressions.written(shortest)}~>" if beside else f"id: <~{expressions.written(shortest)}~>"
    )
    return [f'{{"{name}":"<~{short}~>"}}', f"{name}=\0", alone]


def _name(anchor: str, beside: Sequence[str], number: int) -> str:
    return f"{anchor}_{beside[number % len(beside)]}" if beside else anchor


_NOTATIONS = (
    '{{"{name}":"{value}","id":1}}',
    "{name}={value}\0PATH=/bin\0",
    '<add key="{name}" value="{value}" />',
    "{name}: {value}\r\n",
    '{{"value":"{value}","name":"{name}"}}',
    "{name}\0\0\0\x10\x80\xff\x7f\0\0\x20\0{value}\0",
    "q=%7B%22{name}%22%3A%22{value}%22%7D",
)
"""Where examples stand: JSON, environment, XML, YAML or header, the value first, objects of a heap, a query string."""
