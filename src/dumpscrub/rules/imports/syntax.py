r"""Reads regular expressions as Go, Rust and Hyperscan write them.

That is: flags ``i``, ``m``, ``s``, ``U`` and ``x`` (free spacing with comments) for the rest of a group or for a group,
named groups in either spelling, POSIX classes, and possessive quantifiers, which are read as greedy ones.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from dumpscrub.errors import RuleError
from dumpscrub.rules.imports.classes import CLASSES, POSIX
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

_CONTROLS = {"n": 10, "r": 13, "t": 9, "f": 12, "v": 11, "a": 7, "e": 27}
_ASSERTIONS = {"b": r"\b", "B": r"\B", "A": "^", "z": "$", "Z": "$"}
_COUNT = re.compile(r"\{(\d*)(,?)(\d*)\}")
_GROUP = re.compile(r"\?(?:P?<(?P<name>[A-Za-z_]\w*)>|(?P<flags>[a-zA-Z]*)(?:-(?P<off>[a-zA-Z]+))?(?P<end>[:)]))")
_HEX = re.compile(r"x\{([0-9A-Fa-f]{1,6})\}|x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|u\{([0-9A-Fa-f]{1,6})\}")
_DEEPEST = 60


@dataclass(frozen=True, slots=True)
class _Flags:
    caseless: bool = False
    lines: bool = False
    dot_all: bool = False
    free: bool = False
    lazy: bool = False

    def changed(self, letters: str, value: bool) -> _Flags:
        names = {"i": "caseless", "m": "lines", "s": "dot_all", "x": "free", "U": "lazy", "u": ""}
        unknown = sorted(set(letters) - set(names))
        if unknown:
            raise RuleError(f"the flag {unknown[0]} is not supported")
        return replace(self, **{names[letter]: value for letter in letters if names[letter]})


def read(pattern: str) -> Node:
    """The tree of ``pattern``. Raises RuleError, with the reason alone, for what RE2 could not match either."""
    parser = _Parser(pattern)
    node = parser.choice(_Flags(), 0)
    if parser.at < len(pattern):
        raise RuleError("a closing bracket has no opening one")
    return node


class _Parser:
    """Recursive descent over ``text``; ``at`` is the next character."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.groups = 0

    def choice(self, flags: _Flags, depth: int) -> Node:
        """Branches up to the end of the group. Flags that are set in one branch go on in the next."""
        if depth > _DEEPEST:
            raise RuleError("groups are nested too deeply")
        branches: list[Node] = []
        parts: list[Node] = []
        while self.at < len(self.text) and self.text[self.at] != ")":
            if self.text[self.at] == "|":
                self.at += 1
                branches.append(_sequence(parts))
                parts = []
                continue
            if self._skip_remark() or (flags.free and self._skip_space()):
                continue
            if self.text.startswith("(?", self.at):
                found = _GROUP.match(self.text, self.at + 1)
                if found and found["end"] == ")":
                    self.at = found.end()
                    flags = flags.changed(found["flags"], True).changed(found["off"] or "", False)
                    continue
            parts.append(self._repeated(flags, depth))
        branches.append(_sequence(parts))
        return _choice(branches)

    def _skip_remark(self) -> bool:
        """Step over ``(?#...)``."""
        if not self.text.startswith("(?#", self.at):
            return False
        end = self.text.find(")", self.at)
        self.at = end + 1 if end >= 0 else len(self.text)
        return True

    def _skip_space(self) -> bool:
        """Step over white space or a comment of free spacing."""
        if self.text[self.at].isspace():
            self.at += 1
            return True
        if self.text[self.at] == "#":
            end = self.text.find("\n", self.at)
            self.at = end + 1 if end >= 0 else len(self.text)
            return True
        return False

    def _repeated(self, flags: _Flags, depth: int) -> Node:
        node = self._atom(flags, depth)
        while True:
            while self.at < len(self.text) and (self._skip_remark() or (flags.free and self._skip_space())):
                pass
            count = self._count()
            if count is None:
                return node
            lazy = flags.lazy
            if self.text[self.at : self.at + 1] in ("?", "+"):
                lazy = lazy != (self.text[self.at] == "?")
                self.at += 1
            node = Repeat(node, *count, lazy)

    def _count(self) -> tuple[int, int] | None:
        """The quantifier here, if there is one."""
        sign = self.text[self.at : self.at + 1]
        if sign in ("?", "*", "+") and sign:
            self.at += 1
            return {"?": (0, 1), "*": (0, UNBOUNDED), "+": (1, UNBOUNDED)}[sign]
        found = _COUNT.match(self.text, self.at)
        if not found or not (found[1] or found[3]):
            return None
        self.at = found.end()
        low = int(found[1] or 0)
        high = int(found[3]) if found[3] else (UNBOUNDED if found[2] else low)
        if high < low:
            raise RuleError("a count ends below its beginning")
        return low, high

    def _atom(self, flags: _Flags, depth: int) -> Node:
        character = self.text[self.at]
        self.at += 1
        match character:
            case "(":
                return self._group(flags, depth)
            case "[":
                return Chars(self._class(flags))
            case ".":
                return Chars(ALL if flags.dot_all else ALL - {10})
            case "^" | "$":
                return Assertion(character, flags.lines)
            case "\\":
                return self._escape(flags)
            case "*" | "+" | "?":
                raise RuleError(f"{character} repeats nothing")
            case _:
                return Chars(_cased(frozenset([_code(ord(character))]), flags))

    def _group(self, flags: _Flags, depth: int) -> Node:
        """The group whose bracket was just read."""
        found = _GROUP.match(self.text, self.at)
        if self.text.startswith("?", self.at) and not found:
            ahead = self.text[self.at + 1 : self.at + 2]
            raise RuleError("look-around is not supported" if ahead in "=!<" else f"(?{ahead} is not supported")
        number, name = 0, ""
        if found:
            self.at = found.end()
            name = found["name"] or ""
            flags = flags.changed(found["flags"] or "", True).changed(found["off"] or "", False)
        if not found or name:
            self.groups += 1
            number = self.groups
        inner = self.choice(flags, depth + 1)
        if not self.text.startswith(")", self.at):
            raise RuleError("an opening bracket has no closing one")
        self.at += 1
        return Capture(inner, number, name) if number else inner

    def _escape(self, flags: _Flags) -> Node:
        letter = self.text[self.at : self.at + 1]
        if letter in _ASSERTIONS and letter:
            self.at += 1
            return Assertion(_ASSERTIONS[letter])
        return Chars(_cased(self._escaped_codes(), flags))

    def _escaped_codes(self) -> frozenset[int]:
        """The characters of the escape whose backslash was just read, in a class or outside."""
        found = _HEX.match(self.text, self.at)
        if found:
            self.at = found.end()
            return frozenset([_code(int(next(filter(None, found.groups())), 16))])
        letter = self.text[self.at : self.at + 1]
        self.at += 1
        if letter in CLASSES and letter:
            return CLASSES[letter]
        if letter in _CONTROLS and letter:
            return frozenset([_CONTROLS[letter]])
        if letter == "0":
            return frozenset([0])
        if not letter or letter.isdigit():
            raise RuleError("back-references are not supported")
        if letter.isalpha():
            raise RuleError(f"\\{letter} is not supported")
        return frozenset([_code(ord(letter))])

    def _class(self, flags: _Flags) -> frozenset[int]:
        """The class whose bracket was just read."""
        negated = self.text.startswith("^", self.at)
        self.at += negated
        codes: set[int] = set()
        first = True
        while first or not self.text.startswith("]", self.at):
            if self.at >= len(self.text):
                raise RuleError("a class has no end")
            if self.text.startswith(("&&", "--", "~~"), self.at) and not first:
                raise RuleError("operations on classes are not supported")
            if flags.free and self.text[self.at] in "\n\r\t ":
                self.at += 1
                continue
            codes |= self._members()
            first = False
        self.at += 1
        cased = _cased(frozenset(codes), flags)
        return ALL - cased if negated else cased

    def _members(self) -> frozenset[int]:
        """A character of a class, a range of them, or a class in it."""
        if self.text.startswith("[:", self.at):
            end = self.text.find(":]", self.at)
            name = self.text[self.at + 2 : end].removeprefix("^")
            if end >= 0 and name in POSIX:
                inverted = self.text[self.at + 2] == "^"
                self.at = end + 2
                return ALL - POSIX[name] if inverted else POSIX[name]
        low = self._member()
        if len(low) > 1 or not re.match(r"-[^\]]", self.text[self.at : self.at + 2]):
            return low
        self.at += 1
        high = self._member()
        if len(high) > 1:
            return low | {ord("-")} | high
        (start,), (end,) = low, high
        if end < start:
            raise RuleError("a range of a class ends before its beginning")
        return frozenset(range(start, end + 1))

    def _member(self) -> frozenset[int]:
        character = self.text[self.at : self.at + 1]
        self.at += 1
        if character == "\\":
            if self.text.startswith("b", self.at):
                self.at += 1
                return frozenset([8])
            return self._escaped_codes()
        return frozenset([_code(ord(character))])


def _sequence(parts: list[Node]) -> Node:
    return parts[0] if len(parts) == 1 else Sequence(tuple(parts))


def _choice(branches: list[Node]) -> Node:
    characters = [branch.codes for branch in branches if isinstance(branch, Chars)]
    if len(characters) == len(branches):
        return Chars(frozenset().union(*characters))
    return branches[0] if len(branches) == 1 else Choice(tuple(branches))


def _code(code: int) -> int:
    """The character that a window shows for the one of number ``code``."""
    return min(code, 0xFF)


def _cased(codes: frozenset[int], flags: _Flags) -> frozenset[int]:
    if not flags.caseless:
        return codes
    return codes | {code + 32 for code in codes & UPPER} | {code - 32 for code in codes & LOWER}
