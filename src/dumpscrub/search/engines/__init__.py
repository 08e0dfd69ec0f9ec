"""The engines that search for literals. All return the same hits; a test says so for random literals and buffers.

Measured on one core over real dumps, with the 1,738 literals of the rules:

- ``hyperscan``, thousands of megabytes a second, where its wheel can be imported: the default.
- ``re2``, several hundred: the second opinion, with which a finished copy is searched again.
- ``aho-corasick`` (pyahocorasick), some fifty to seventy: plain tables, the second opinion of ``re2``.

The first two release the interpreter lock, so several threads search at once.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence

from dumpscrub.errors import ConfigError, ScanError
from dumpscrub.search.engines.aho_corasick import AhoCorasickMatcher
from dumpscrub.search.engines.hyperscan import HyperscanMatcher
from dumpscrub.search.engines.re2 import Re2Matcher
from dumpscrub.search.literals import Hits, Literal, Matcher

ENGINES: Mapping[str, Callable[[Sequence[Literal]], Matcher]] = {
    "hyperscan": HyperscanMatcher,
    "re2": Re2Matcher,
    "aho-corasick": AhoCorasickMatcher,
}
"""By the name that the user gives, the best first."""


class _Nothing:
    """The matcher of no literals."""

    def find(self, buffer: memoryview) -> Hits:
        del buffer
        return []


def choose_engine(name: str) -> str:
    """The engine for ``name``: itself, or for ``auto`` hyperscan where it can be imported and re2 elsewhere.

    Raises ConfigError for a name that is unknown, or an engine that cannot be used here.
    """
    if name == "auto":
        return "hyperscan" if _has_hyperscan() else "re2"
    if name not in ENGINES:
        raise ConfigError(f"unknown engine {name!r}: choose auto, {', '.join(ENGINES)}")
    if name == "hyperscan" and not _has_hyperscan():
        raise ConfigError("hyperscan cannot be used here: use --engine re2")
    return name


def _has_hyperscan() -> bool:
    """True where the module can be imported: installed alone, it may still lack a library or instructions."""
    try:
        importlib.import_module("hyperscan")
    except ImportError:
        return False
    return True


def second_opinion(engine: str) -> str:
    """The engine that searches what ``engine`` left: never the same one."""
    return "aho-corasick" if engine == "re2" else "re2"


def compile_literals(literals: Sequence[Literal], engine: str) -> Matcher:
    """A matcher of ``literals`` by the engine of that name. Raises ScanError where the engine refuses them."""
    if any(not literal.data.strip(b"\0") for literal in literals):
        raise ScanError("a literal of nothing but zero bytes cannot be searched: correct the rule's anchor")
    return ENGINES[engine](literals) if literals else _Nothing()
