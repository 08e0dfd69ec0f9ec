"""Trees of regular expressions as RE2 syntax."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from collections.abc import Sequence as Texts

from dumpscrub.rules.imports.nodes import (
    ALL,
    LOWER,
    UNBOUNDED,
    UPPER,
    Assertion,
    Capture,
    Chars,
    Choice,
    Node,
    Repeat,
    Sequence,
)

MOST = 1000
"""The largest count that RE2 takes, and the largest product of nested ones. What is more is left open."""
_WORD = re.compile(r"\(\?i:([^()|]+)\)")
_META = frozenset(b"\\.+*?()|[]{}^$")
_CLASS_META = frozenset(b"\\[]^-")


def render(node: Node, secrets: Mapping[int, str]) -> str:
    """``node`` in RE2 syntax. ``secrets`` are the names of the groups that are kept, by their numbers."""
    match node:
        case Chars(codes):
            return f"(?i:{chr(max(codes))})" if _is_pair(codes) else _chars(codes)
        case Assertion(kind, lines):
            return f"(?m:{kind})" if lines else kind
        case Sequence(parts):
            return "".join(_runs(parts, secrets))
        case Choice(branches):
            return _choice([render(branch, secrets) for branch in branches])
        case Repeat():
            return _repeat(node, secrets)
        case Capture(inner, number):
            text = render(inner, secrets)
            return f"(?P<{secrets[number]}>{text})" if number in secrets else f"(?:{text})"


def _choice(texts: Texts[str]) -> str:
    """A choice of texts; letters in any case are put under one flag."""
    words = [_WORD.fullmatch(text) for text in texts]
    if all(words):
        return f"(?i:{'|'.join(word[1] for word in words if word)})"
    return f"(?:{'|'.join(texts)})"


def _is_pair(codes: frozenset[int]) -> bool:
    """True for a letter whose case does not matter."""
    return len(codes) == 2 and max(codes) - min(codes) == 32 and min(codes) in UPPER


def _runs(parts: Iterable[Node], secrets: Mapping[int, str]) -> Iterable[str]:
    """The parts of a sequence, with neighbouring letters in any case under one flag."""
    run = ""
    for part in parts:
        if isinstance(part, Chars) and _is_pair(part.codes):
            run += chr(max(part.codes))
            continue
        if run and isinstance(part, Chars) and len(part.codes) == 1 and not part.codes & (LOWER | UPPER):
            run += _quoted(min(part.codes))
            continue
        if run:
            yield f"(?i:{run})"
            run = ""
        yield render(part, secrets)
    if run:
        yield f"(?i:{run})"


def _repeat(node: Repeat, secrets: Mapping[int, str]) -> str:
    inner = render(node.inner, secrets)
    if not isinstance(node.inner, (Chars, Capture, Choice)):
        inner = f"(?:{inner})"
    low, high = min(node.low, MOST), node.high
    if high > MOST:
        high = UNBOUNDED
    if high != UNBOUNDED and high * _count(node.inner) > MOST:
        low, high = min(low, 1), UNBOUNDED
    return inner + _counted(low, high) + ("?" if node.lazy else "")


def _counted(low: int, high: int) -> str:
    match low, high:
        case 0, 1:
            return "?"
        case 0, int(most) if most == UNBOUNDED:
            return "*"
        case 1, int(most) if most == UNBOUNDED:
            return "+"
        case _, int(most) if most == UNBOUNDED:
            return f"{{{low},}}"
        case _:
            return f"{{{low}}}" if low == high else f"{{{low},{high}}}"


def _count(node: Node) -> int:
    """The largest product of nested counts in ``node``."""
    match node:
        case Repeat(inner, low, high):
            return max(1, low if high == UNBOUNDED else high) * _count(inner)
        case Sequence(parts) | Choice(parts):
            return max(map(_count, parts), default=1)
        case Capture(inner):
            return _count(inner)
        case _:
            return 1


def _chars(codes: frozenset[int]) -> str:
    if len(codes) == 1:
        return _quoted(min(codes))
    if codes == ALL:
        return r"[\x00-\xff]"
    # A class of nothing matches nothing.
    negated = len(codes) > 128 or not codes
    return f"[{'^' if negated else ''}{_ranges(ALL - codes if negated else codes)}]"


def _ranges(codes: Iterable[int]) -> str:
    ranges: list[list[int]] = []
    for code in sorted(codes):
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    text = ""
    for low, high in ranges:
        text += _in_class(low) + ("-" if high > low + 1 else "") + (_in_class(high) if high > low else "")
    return text


def _quoted(code: int) -> str:
    return "\\" + chr(code) if code in _META else _plain(code)


def _in_class(code: int) -> str:
    return "\\" + chr(code) if code in _CLASS_META else _plain(code)


def _plain(code: int) -> str:
    """A character without a meaning of its own. An apostrophe would end a literal text of TOML."""
    return chr(code) if 0x20 <= code < 0x7F and chr(code) != "'" else f"\\x{code:02x}"
