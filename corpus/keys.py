"""``python -m corpus.keys``: keys of every type, form and place in dumps; how many are left after sanitising.

A line a form and type, a column a place: ``left/planted`` components, where private bytes stand as they were. Then, by
form, the public parts (moduli, points, magics, lengths) that were changed, and the copies of private numbers that an
independent search finds in all their forms before and after. Exit code 1 where anything is left
that must go, or changed that must stand. ``keymaterial/gaps.toml`` lists where that is so today.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import dumpscrub
from corpus import check
from corpus.keymaterial import gaps
from corpus.keymaterial.keys import KINDS
from corpus.keymaterial.places import PLACES
from corpus.keymaterial.trial import Cell, Keys, Trial, trials

BOUNDED = (
    *("rsa1024", "rsa2048x3", "p256", "ed25519", "dsa1024", "dh1024"),
    *("aes128", "aes256", "chacha20", "hmac256", "opaque"),
)
"""The types of the bounded run."""


@dataclass(slots=True)
class Tally:
    """What was planted and is left, by cell; public components and those that were changed, by form."""

    planted: Counter[Cell] = field(default_factory=Counter)
    left: Counter[Cell] = field(default_factory=Counter)
    names: dict[Cell, Counter[str]] = field(default_factory=dict)
    public: Counter[str] = field(default_factory=Counter)
    damaged: Counter[tuple[str, str]] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    elsewhere: int = 0

    def add(self, trial: Trial, after: bytes) -> None:
        """Compare a redacted copy with what was planted."""
        for planted in trial.planted:
            if not planted.private:
                self.public[planted.cell.form] += 1
                self.damaged[planted.cell.form, planted.name] += planted.damaged(trial.data, after)
                continue
            self.planted[planted.cell] += 1
            if planted.left(trial.data, after):
                self.left[planted.cell] += 1
                self.names.setdefault(planted.cell, Counter())[planted.name] += 1

    def search(self, trial: Trial, before: Path, after: Path) -> None:
        """Count the copies of all private numbers, in every form that the checker knows, wherever they stand."""
        self.found["before"] += len(check.find(before, trial.secrets))
        places = {at for planted in trial.planted if planted.private for at in planted.covered()}
        for hit in check.find(after, trial.secrets):
            self.found["after"] += 1
            self.elsewhere += hit.start not in places and hit.end - 1 not in places

    @property
    def cells(self) -> set[Cell]:
        """The cells of which something is left."""
        return {cell for cell, count in self.left.items() if count}

    @property
    def changed(self) -> set[str]:
        """The public components that were changed somewhere, as ``form | component``."""
        return {f"{form} | {name}" for (form, name), count in self.damaged.items() if count}

    @property
    def failed(self) -> bool:
        """True where something is left that must go, or changed that must stand."""
        return bool(self.cells or self.changed) or self.elsewhere > 0


def run(keys: Keys, kinds: Sequence[str], *, rotations: int, search: bool = True, deep: bool = False) -> Tally:
    """Build, sanitise and judge the dumps; ``deep`` is for the exhaustive search for keys without format."""
    tally = Tally()
    for trial in trials(keys, kinds, rotations=rotations):
        with tempfile.TemporaryDirectory(prefix="dumpscrub-keys-") as name:
            folder = Path(name)
            path, output = trial.write(folder), folder / "output"
            dumpscrub.sanitize(path, output, audit=folder / "audit.jsonl", deep=deep)
            tally.add(trial, output.read_bytes())
            if search:
                tally.search(trial, path, output)
    return tally


def table(tally: Tally, *, left_only: bool = False) -> Iterator[str]:
    """The table and its sums."""
    yield f"{'form':36} {'type':10} " + " ".join(f"{place:>12}" for place in PLACES)
    for form, kind in dict.fromkeys((cell.form, cell.kind) for cell in tally.planted):
        cells = [Cell(form, kind, place) for place in PLACES]
        if not left_only or any(tally.left[cell] for cell in cells):
            yield f"{form:36} {kind:10} " + " ".join(f"{_cell(tally, cell):>12}" for cell in cells)
    yield ""
    yield f"{'form':36} {'left':>7} {'planted':>8}   {'public parts changed':>20}   which components are left"
    for form in dict.fromkeys((*(cell.form for cell in tally.planted), *tally.public)):
        yield _by_form(tally, form)
    yield from _sums(tally)


def _cell(tally: Tally, cell: Cell) -> str:
    return f"{tally.left[cell]}/{tally.planted[cell]}" if tally.planted[cell] else "-"


def _by_form(tally: Tally, form: str) -> str:
    cells = [cell for cell in tally.planted if cell.form == form]
    planted, left = (sum(counts[cell] for cell in cells) for counts in (tally.planted, tally.left))
    names: Counter[str] = Counter()
    for cell in cells:
        names.update(tally.names.get(cell, {}))
    damaged = {name: count for (of, name), count in tally.damaged.items() if of == form and count}
    changed = f"{sum(damaged.values())}/{tally.public[form]}"
    shown = " ".join(f"{name}:{count}" for name, count in names.most_common())
    harmed = f"   changed: {' '.join(damaged)}" if damaged else ""
    return f"{form:36} {left:7} {planted:8}   {changed:>20}   {shown}{harmed}".rstrip()


def _sums(tally: Tally) -> Iterator[str]:
    planted, left = sum(tally.planted.values()), sum(tally.left.values())
    damaged, public = sum(tally.damaged.values()), sum(tally.public.values())
    yield ""
    yield f"private components: {left} of {planted} left, in {len(tally.cells)} of {len(tally.planted)} cells"
    yield from _by_design(tally)
    yield f"public components: {damaged} of {public} changed"
    if tally.found:
        found = tally.found
        yield (
            f"searched in all forms: {found['before']} copies before, {found['after']} after, "
            f"{tally.elsewhere} of these where none was planted"
        )


def _by_design(tally: Tally) -> Iterator[str]:
    """Which of what is left nothing could prove, and why."""
    for (form, kind), why in gaps.NOTHING_PROVES.items():
        left = sum(tally.left[Cell(form, kind, place)] for place in gaps.UNTOLD)
        if left:
            yield f"  of these by design {left}: {form}, {kind}: {why}"


def _kinds(text: str) -> tuple[str, ...]:
    """The types of keys that ``text`` names."""
    kinds = tuple(text.split(","))
    unknown = sorted(set(kinds) - set(KINDS))
    if unknown:
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)}: one of {', '.join(KINDS)}")
    return kinds


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m corpus.keys", description="Keys planted, and keys left.")
    parser.add_argument("--bounded", action="store_true", help="some types, two dumps: as the tests do")
    parser.add_argument("--left", action="store_true", help="print only rows of which something is left")
    parser.add_argument("--deep", action="store_true", help="search for keys without format everywhere: takes hours")
    parser.add_argument("--kinds", type=_kinds, metavar="TYPE,...", help="keys of these types only")
    parser.add_argument("--rotations", type=int, help="so many dumps of each format")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--update", action="store_true", help=f"write {gaps.PATH.name} anew from what is left")
    parser.add_argument("--write", type=Path, metavar="DIR", help="write the dumps there, and sanitise nothing")
    options = parser.parse_args(arguments)
    if options.update and (options.bounded or options.kinds or options.rotations or options.deep):
        parser.error("the list is written from a run of everything: leave --update or the other options out")
    keys, kinds = Keys(options.seed), options.kinds or (BOUNDED if options.bounded else tuple(KINDS))
    rotations = options.rotations or (1 if options.bounded else len(PLACES))
    if options.write:
        options.write.mkdir(parents=True, exist_ok=True)
        for trial in trials(keys, kinds, rotations=rotations):
            print(trial.write(options.write))
        return 0
    tally = run(keys, kinds, rotations=rotations, deep=options.deep)
    print("\n".join(table(tally, left_only=options.left)))
    if options.update:
        gaps.write(tally.cells, set(tally.planted), tally.changed)
    return int(tally.failed)


if __name__ == "__main__":
    sys.exit(main())
