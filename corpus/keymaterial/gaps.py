"""The cells of the table in which something is still left: a list that must only become shorter.

``gaps.toml`` holds patterns ``form | type | place``, with ``*`` for all of them. ``python -m corpus.keys --update``
writes it anew.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from corpus.keymaterial.damage import DAMAGES
from corpus.keymaterial.trial import Cell

PATH = Path(__file__).with_name("gaps.toml")
_CHANCES = frozenset({"odd offset", "seam", "file-backed"})
"""Places where some bare numbers are found and others are not."""
NOTHING_PROVES = {
    ("PKCS#8 DER, last half", kind): f"{known} of {size} bytes of a private key: to prove them takes {work} trials each"
    for kind, known, size, work in (
        ("ed25519", 24, 32, "2^64"),
        ("x25519", 24, 32, "2^32 (an interval of 64 bits, by kangaroos)"),
        ("ed448", 37, 57, "2^160"),
    )
}
"""Form and type of what stays by design in :data:`UNTOLD` places, and why: no header or number is left that proves it.

A seed is hashed before it makes the public key, so that the bytes which are gone have to be guessed, for every place in
memory at which so many random bytes end.
"""
UNTOLD = frozenset({"stack", "registers", "vector registers", "file-backed", "seam", "odd offset"})
"""Places where nothing says how long a key is: its rest may as well be a public number, code or packed data."""
_HEAD = """\
# What still goes wrong with planted keys. Written by: python -m corpus.keys --update
# left: private components that stand after sanitising, "form | type | place", * for all.
# changed: public components that do not stand as they were, "form | component".

"""


@dataclass(frozen=True, slots=True)
class Gaps:
    """What is known to go wrong."""

    left: tuple[str, ...]
    changed: tuple[str, ...]

    def covers(self, cell: Cell, *, everywhere: bool = False) -> bool:
        """True where a pattern names the cell; with ``everywhere``, one that is for all places."""
        text = f"{cell.form} | {cell.kind} | {cell.place}"
        listed = (pattern for pattern in self.left if not everywhere or pattern.endswith("| *"))
        return any(fnmatchcase(text, pattern) for pattern in listed)


def read(path: Path = PATH) -> Gaps:
    """The list as it stands."""
    table = tomllib.loads(path.read_text("utf-8"))
    return Gaps(tuple(table["left"]), tuple(table["changed"]))


def write(cells: Set[Cell], known: Set[Cell], changed: Iterable[str], path: Path = PATH) -> None:
    """Write patterns for ``cells``, out of all those that there are, and the names of changed public components."""
    lists = (("left", patterns(cells, known)), ("changed", sorted(changed)))
    text = "\n".join(f"{name} = [\n{_lines(lines)}]\n" for name, lines in lists)
    path.write_text(_HEAD + text, "utf-8", newline="\n")


def _lines(lines: Iterable[str]) -> str:
    return "".join(f'  "{line}",\n' for line in lines)


def by_chance(form: str) -> bool:
    """True for a form of which some copies are found and others are not, by where in the file they happen to stand."""
    return form.startswith("schedule") or form.endswith(tuple(f", {damage}" for damage in DAMAGES))


def patterns(cells: Set[Cell], known: Set[Cell]) -> Iterator[str]:
    """As few patterns as say the same: a whole form, a type of it, a place of it, or a single cell."""
    for form in sorted({cell.form for cell in cells}):
        every = {cell for cell in known if cell.form == form}
        ours = {cell for cell in cells if cell.form == form}
        if every == ours or by_chance(form):
            yield f"{form} | * | *"
            continue
        places = sorted({cell.place for cell in ours if cell.place in _CHANCES})
        yield from (f"{form} | * | {place}" for place in places)
        ours = {cell for cell in ours if cell.place not in places}
        for kind in sorted({cell.kind for cell in every}):
            group = {cell for cell in every if cell.kind == kind}
            if group <= ours:
                yield f"{form} | {kind} | *"
                ours -= group
        for place in sorted({cell.place for cell in ours}):
            group = {cell for cell in every if cell.place == place}
            if group <= ours and len(group) > 1:
                yield f"{form} | * | {place}"
                ours -= group
        yield from (f"{cell.form} | {cell.kind} | {cell.place}" for cell in sorted(ours))
