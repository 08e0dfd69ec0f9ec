"""Rule files (TOML) to rules. An unknown key or a value of the wrong kind is an error: nothing is ignored."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import tomli

from dumpscrub.errors import RuleError
from dumpscrub.model import Confidence, Encoding
from dumpscrub.rules.families import tables as family_tables
from dumpscrub.rules.schema import Action, Boundary, Rule, RuleSet

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")
_FRAGMENT = re.compile(r"\{\{([a-z][a-z0-9-]*)\}\}")
_LARGEST = 4 << 20
_WIDEST = 1 << 20

E = TypeVar("E", bound=enum.Enum)


def load_rules(extra: Sequence[Path] = ()) -> RuleSet:
    """The shipped pack, then the rules of ``extra`` files and folders, which replace earlier ones of the same id.

    Raises RuleError for a file that cannot be read, a rule that is malformed, or one id twice in the pack.
    """
    rules: dict[str, Rule] = {}
    for name, text in _pack():
        for rule in parse(text, name, shipped=True):
            if rule.id in rules:
                raise RuleError(f"{name}: another file of the pack has a rule {rule.id}: give one of them another id")
            rules[rule.id] = rule
    for path in _files(extra):
        rules.update((rule.id, rule) for rule in parse(_read(path), path.name))
    return RuleSet(tuple(rules.values()))


def parse(text: str, name: str, *, shipped: bool = False) -> tuple[Rule, ...]:
    """The rules of one file's ``text``; ``name`` is shown in errors. ``shipped`` says that it is part of the pack."""
    try:
        document = tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        raise RuleError(f"{name}: not valid TOML ({error}): correct the file") from error
    tables, families = document.pop("rule", []), document.pop("family", [])
    shared = Shared.read(document, name)
    if document or not isinstance(tables, list):
        raise RuleError(f"{name}: a rule file holds [fragments], [anchors], [[rule]] and [[family]], nothing else")
    written = ((table, f"{name}, rule {number}") for number, table in enumerate(tables, 1))
    rules = tuple(_rule(table, shared, at, shipped) for table, at in chain(written, family_tables(families, name)))
    seen: set[str] = set()
    for rule in rules:
        if rule.id in seen:
            raise RuleError(f"{name}: two rules have the id {rule.id}: give one of them another")
        seen.add(rule.id)
    return rules


def _pack() -> Iterable[tuple[str, str]]:
    """The shipped rule files: inside the wheel, or at the top of a source checkout."""
    packed = resources.files("dumpscrub.rules") / "pack"
    if packed.is_dir():
        files = sorted((entry for entry in packed.iterdir() if entry.name.endswith(".toml")), key=lambda e: e.name)
        return [(entry.name, entry.read_text("utf-8")) for entry in files]
    checkout = Path(__file__).parents[3] / "rules"
    paths = sorted(checkout.glob("*.toml"))
    if not paths:
        raise RuleError("the shipped rules are missing: reinstall dumpscrub")
    return [(path.name, path.read_text("utf-8")) for path in paths]


def _files(paths: Sequence[Path]) -> Iterable[Path]:
    for path in paths:
        if path.is_dir():
            inside = sorted(path.glob("*.toml"))
            if not inside:
                raise RuleError(f"{path.name}: the folder holds no rule file (*.toml): check --rules")
            yield from inside
        else:
            yield path


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > _LARGEST:
            raise RuleError(f"{path.name}: a rule file has at most {_LARGEST >> 20} MiB: split it")
        return path.read_text("utf-8")
    except OSError as error:
        raise RuleError(f"{path.name}: cannot read the rule file ({error.strerror}): check --rules") from error
    except UnicodeDecodeError as error:
        raise RuleError(f"{path.name}: the rule file is not UTF-8: save it as UTF-8") from error


@dataclass(frozen=True, slots=True)
class Shared:
    """What several rules of a file use: named pieces of patterns, and named lists of anchors."""

    fragments: Mapping[str, str]
    anchors: Mapping[str, tuple[str, ...]]

    @classmethod
    def read(cls, document: dict[str, Any], name: str) -> Shared:
        """Take ``[fragments]`` and ``[anchors]`` out of a rule file. A fragment may use those above it."""
        fragments: dict[str, str] = {}
        for key, text in _table(document.pop("fragments", {}), f"{name}, fragments").items():
            where = f"{name}, fragments, {key}"
            fragments[key] = expand_pattern(_text(text, where), fragments, where)
        lists = _table(document.pop("anchors", {}), f"{name}, anchors")
        return cls(fragments, {key: _texts(value, f"{name}, anchors, {key}") for key, value in lists.items()})

    def resolve(self, table: dict[str, Any], where: str) -> dict[str, Any]:
        """The table of a rule with its pattern written out, and the list of anchors that it names."""
        resolved = dict(table)
        for key in ("pattern", "reverse"):
            if isinstance(table.get(key), str):
                resolved[key] = expand_pattern(table[key], self.fragments, f"{where}, {key}")
        if isinstance(table.get("anchors"), str):
            if table["anchors"] not in self.anchors:
                raise RuleError(f"{where}, anchors: a list of texts, or the name of one in [anchors], is expected")
            resolved["anchors"] = list(self.anchors[table["anchors"]])
        return resolved


def _table(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise RuleError(f"{where}: a table is expected")
    return value


def expand_pattern(text: str, fragments: Mapping[str, str], where: str) -> str:
    """The pattern that ``text`` writes out.

    Line breaks and the white space around them are no part of a pattern, a line that begins with ``# `` is a comment,
    and ``{{name}}`` stands for a fragment.
    """
    lines = (line.strip() for line in text.splitlines())
    joined = "".join(line for line in lines if not line.startswith("# ")) if "\n" in text else text

    def replace(found: re.Match[str]) -> str:
        if found[1] not in fragments:
            raise RuleError(f"{where}: unknown fragment {found[1]!r}: define it in [fragments], above its use")
        return fragments[found[1]]

    return _FRAGMENT.sub(replace, joined)


def _rule(table: Any, shared: Shared, where: str, shipped: bool) -> Rule:
    if not isinstance(table, dict):
        raise RuleError(f"{where}: a rule is a table")
    known = _READERS
    unknown = sorted(set(table) - set(known))
    if unknown:
        raise RuleError(f"{where}: unknown key {unknown[0]!r}: the keys are {', '.join(sorted(known))}")
    missing = [key for key in ("id", "name", "categories") if key not in table]
    if missing:
        raise RuleError(f"{where}: the key {missing[0]!r} is missing")
    values = shared.resolve(table, where).items()
    rule = Rule(**{key: known[key](value, f"{where}, {key}") for key, value in values}, source=where, shipped=shipped)
    _consistent(rule, where)
    return rule


def check_id(rule_id: str, where: str) -> None:
    """Raise RuleError where ``rule_id`` cannot be the id of a rule."""
    if not _ID.match(rule_id):
        raise RuleError(f"{where}: the id holds small letters, digits and single hyphens only")


def _consistent(rule: Rule, where: str) -> None:
    check_id(rule.id, where)
    if not all(rule.categories) or not rule.categories:
        raise RuleError(f"{where}: name at least one category, and none that is empty")
    if not rule.encodings:
        raise RuleError(f"{where}: name at least one encoding, or leave the key out for all")
    if rule.detector == "pattern" and (not rule.pattern or not rule.anchors):
        raise RuleError(f"{where}: a pattern rule has a pattern and at least one anchor")
    if rule.detector == "pattern" and Encoding.BINARY in rule.encodings:
        raise RuleError(f"{where}: a pattern is for text: name utf-8 instead of binary")


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise RuleError(f"{where}: text is expected")
    return value


def _texts(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise RuleError(f"{where}: a list of texts is expected")
    return tuple(_text(item, where) for item in value)


def _switch(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise RuleError(f"{where}: true or false is expected")
    return value


def _width(value: Any, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _WIDEST:
        raise RuleError(f"{where}: a number from 0 to {_WIDEST} is expected")
    return value


def _choice(choices: Mapping[str, E]) -> Callable[[Any, str], E]:
    def read(value: Any, where: str) -> E:
        if not isinstance(value, str) or value not in choices:
            raise RuleError(f"{where}: one of {', '.join(choices)} is expected")
        return choices[value]

    return read


def _encodings(value: Any, where: str) -> tuple[Encoding, ...]:
    choose = _choice({encoding.codec: encoding for encoding in Encoding})
    return tuple(choose(item, where) for item in _texts(value, where))


_READERS: Mapping[str, Callable[[Any, str], Any]] = {
    "id": _text,
    "name": _text,
    "categories": _texts,
    "anchors": _texts,
    "pattern": _text,
    "reverse": _text,
    "detector": _text,
    "encodings": _encodings,
    "caseless": _switch,
    "boundary": _choice({boundary.value: boundary for boundary in Boundary}),
    "before": _width,
    "after": _width,
    "grows": _switch,
    "open": _switch,
    "validator": _text,
    "decoders": _texts,
    "confidence": _choice({confidence.name.lower(): confidence for confidence in Confidence}),
    "action": _choice({action.value: action for action in Action}),
    "propagate": _switch,
    "examples": _texts,
    "negative_examples": _texts,
    "references": _texts,
}
