"""The floors: imports only go down, and no module is left out of its package's registry.

Read from the source with ``ast``, so that an import inside a function counts too.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import dumpscrub

PACKAGE = Path(dumpscrub.__file__).parent
DOCUMENT = Path(__file__).parents[1] / "docs" / "architecture.md"

FLOORS: tuple[tuple[str, ...], ...] = (
    (
        *("errors", "version", "printable", "platform", "columns", "checksums", "span", "progress"),
        *("threads", "workers", "source", "links", "partition", "layout", "walks", "model", "findings", "edits"),
    ),
    ("formats", "rules"),
    ("search",),
    ("detectors", "operators"),
    (
        "shadows",
        "overlaps",
        "settled",
        "crowds",
        "longvalues",
        "users",
        "verification",
        "scanner",
        "pieces",
        "inflated",
        "decoded",
        "publics",
        "haystack",
        "roundkeys",
        "exponents",
        "factors",
        "grounds",
        "multiples",
        "scalars",
        "randomarrays",
        "randomtexts",
        "bare",
        "pairnames",
        "pairs",
        "dotnetfields",
        "propagation",
        "policy",
        "plan",
        "redaction",
        "known",
        "result",
    ),
    (
        "paths",
        "composition",
        "records",
        "rulecheck",
        "ruleimport",
        "ruletest",
        "rulenotes",
        "writer",
        "tables",
        "independent",
        "reopen",
        "verifier",
        "audit",
        "reports",
    ),
    ("pipeline", "__init__", "cli", "__main__"),
)
"""From the bottom up: modules and packages directly below ``dumpscrub``. On a floor, later ones may import earlier."""

ORDER = tuple(name for members in FLOORS for name in members)

NETWORK = {"asyncio", "ftplib", "http", "http.client", "requests", "smtplib", "socket", "ssl", "urllib.request"}
"""Modules of the standard library (and one other) by which a program could send something."""

REGISTRIES = ("formats", "rules.imports", "detectors", "operators", "reports", "cli")


def modules() -> dict[str, Path]:
    """Every module by its dotted name below ``dumpscrub``; a package is named without its ``__init__``."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)] = path
    return found


MODULES = modules()


def imports(module: str) -> Iterator[str]:
    """The modules of dumpscrub that ``module`` imports."""
    for node in ast.walk(ast.parse(MODULES[module].read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.removeprefix("dumpscrub.") for alias in node.names if "dumpscrub." in alias.name)
        elif isinstance(node, ast.ImportFrom) and top_of(node.module or "") == "dumpscrub":
            base = (node.module or "").removeprefix("dumpscrub").removeprefix(".")
            for alias in node.names:
                name = f"{base}.{alias.name}".removeprefix(".")
                yield name if name in MODULES else base or "__init__"


def top_of(module: str) -> str:
    """The module or package directly below ``dumpscrub`` that ``module`` belongs to."""
    return module.partition(".")[0]


def reachable(start: str) -> set[str]:
    """The modules that come along when ``start`` is imported, packages on the way included."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        module = waiting.pop()
        if module in seen:
            continue
        seen.add(module)
        waiting += imports(module)
        if "." in module:
            waiting.append(module.rpartition(".")[0])
    return seen


def test_the_document_shows_these_floors() -> None:
    rows = re.findall(r"^\| \d \| ([^|]+) \|", DOCUMENT.read_text("utf-8"), re.MULTILINE)
    shown = [set(re.findall(r"`(\w+)/?`", row)) for row in rows]
    assert shown == [set(members) - {"__init__"} for members in FLOORS]


@pytest.mark.parametrize("module", MODULES)
def test_no_module_talks_to_a_network(module: str) -> None:
    nodes = list(ast.walk(ast.parse(MODULES[module].read_text("utf-8"))))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    assert not names & NETWORK


def test_every_module_stands_on_a_floor() -> None:
    assert {top_of(module) for module in MODULES} <= set(ORDER)


@pytest.mark.parametrize("module", MODULES)
def test_imports_only_go_down(module: str) -> None:
    below = ORDER[: ORDER.index(top_of(module)) + 1]
    assert {top_of(target) for target in imports(module)} <= set(below)


@pytest.mark.parametrize("module", MODULES)
def test_imports_are_absolute(module: str) -> None:
    nodes = ast.walk(ast.parse(MODULES[module].read_text("utf-8")))
    assert not [node for node in nodes if isinstance(node, ast.ImportFrom) and node.level]


@pytest.mark.parametrize("package", REGISTRIES)
def test_every_sibling_is_registered(package: str) -> None:
    siblings = {module for module in MODULES if module.startswith(f"{package}.")}
    assert siblings <= reachable(package) | {f"{package}.base"}


def test_no_module_is_left_over() -> None:
    # The readers are imported by a child process alone.
    assert set(MODULES) - reachable("__main__") - {"__init__", "independent"} == set()
