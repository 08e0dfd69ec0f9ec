"""``python -m corpus.report``: sanitise every real dump and say which planted secrets are left.

A line a dump, secret and form: how often it was planted, how often it is left. Without ``--known``, nothing may be left
of a secret that stands in a context anywhere in its dump; with it all values of the manifest are given as known, and
none may be left. Numbers as arithmetic libraries keep them (limbs, swapped words) are shown, but nothing is required of
them. Exit code 1 where something is left that must not be, or a dump could not be sanitised.

With ``--keys`` there is a line a dump and class of key material instead: secrets and copies, in every form that the
checker knows, before and after, and which secrets are left.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import dumpscrub
from corpus import check, contexts, dumps, manifest
from corpus.dumps import RealDump
from corpus.forms import NUMBER_FORMS
from corpus.manifest import Secret

KEY_CLASSES = (
    *("rsa_private", "pkcs1_der", "pkcs8_der", "ec_der", "pem", "pfx", "capi_blob", "bcrypt_blob", "dpapi_blob"),
    *("aes_key", "sym_key"),
)
"""Categories of manifests that are key material."""


@dataclass(frozen=True, slots=True)
class Row:
    """One form of one secret in one dump, and how often it stands before and after."""

    secret: Secret
    form: str
    planted: int
    left: int
    known: bool

    @property
    def standing(self) -> str:
        """Why something may be left of it, "" where nothing may."""
        if self.form in NUMBER_FORMS:
            return "number"
        if self.known:
            return ""
        return "public" if self.secret.public else "" if self.secret.context else "bare"

    @property
    def failed(self) -> bool:
        """True where something is left that must not be."""
        return bool(self.left) and not self.standing


@dataclass(frozen=True, slots=True)
class Report:
    """What became of one dump. ``size`` and ``changed`` are bytes, ``elapsed`` seconds."""

    name: str
    rows: tuple[Row, ...]
    size: int
    changed: int
    elapsed: float

    @property
    def failures(self) -> int:
        """How many copies are left that must not be."""
        return sum(row.left for row in self.rows if row.failed)

    def lines(self, *, left_only: bool) -> Iterator[str]:
        """The table, a line a row, and a summary."""
        for row in self.rows:
            if row.left or not left_only:
                verdict = "LEFT" if row.failed else row.standing
                label = row.secret.label
                yield f"{self.name:24} {label:42} {row.form:24} {row.planted:7} {row.left:5}  {verdict}".rstrip()
        yield self.summary()

    def keys(self) -> Iterator[str]:
        """A line a class of key material that the dump holds."""
        for category in KEY_CLASSES:
            rows = [row for row in self.rows if row.secret.category == category]
            if not rows:
                continue
            left = sorted({row.secret.name for row in rows if row.left})
            of = {row.secret.name for row in rows if row.planted}
            copies = sum(row.planted for row in rows), sum(row.left for row in rows)
            named = " ".join(f"{name}({','.join(_forms_left(rows, name))})" for name in left)
            secrets = f"{len(of):4} secrets {len(left):4} left"
            yield f"{self.name:22} {category:12} {secrets}   {copies[0]:5} copies {copies[1]:5} left  {named}".rstrip()

    def summary(self) -> str:
        """One line: secrets in context and those that are gone, copies, bare secrets by name, cost."""
        required = {row.secret.label for row in self.rows if not row.standing}
        failed = {row.secret.label for row in self.rows if row.failed}
        bare = sorted({row.secret.label for row in self.rows if row.standing == "bare"} - required)
        planted, left = (sum(getattr(row, name) for row in self.rows) for name in ("planted", "left"))
        return (
            f"== {self.name}: {len(required) - len(failed)} of {len(required)} secrets to be found are gone, "
            f"{left} of {planted} copies are left, {self.changed} of {self.size} bytes changed in {self.elapsed:.1f} s"
            + (f"; bare: {' '.join(bare)}" if bare else "")
        )


def _forms_left(rows: Sequence[Row], name: str) -> list[str]:
    return sorted({row.form for row in rows if row.secret.name == name and row.left})


def report(dump: RealDump, *, known: bool) -> Report:
    """Sanitise a copy of ``dump`` and compare what stands in both."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = dump.unpack(folder)
        secrets = manifest.read(dump.manifest)
        before = check.find(path, secrets)
        if all(secret.context is None for secret in secrets):
            secrets = contexts.label(path, secrets, before)
        values = [dumpscrub.SecretValue(secret.value, binary=not secret.text) for secret in secrets]
        output = folder / f"sanitized-{dump.name}"
        result = dumpscrub.sanitize(path, output, audit=folder / "audit.jsonl", known=values if known else ())
        planted, left = check.count(before), check.count(check.find(output, secrets))
        # A masked neighbour can complete a form that did not stand before: count those as well.
        rows = (
            Row(secrets[index], form, planted[index, form], left[index, form], known)
            for index, form in sorted(planted | left)
        )
        return Report(dump.name, tuple(rows), result.size, result.bytes_changed, result.elapsed)


def choose(folders: Sequence[Path]) -> list[RealDump]:
    """The dumps in ``folders``; one that stands in several is taken from the first."""
    chosen: dict[str, RealDump] = {}
    for folder in folders:
        for dump in dumps.in_folder(folder):
            chosen.setdefault(dump.name, dump)
    return list(chosen.values())


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m corpus.report", description="What is left of planted secrets.")
    parser.add_argument("--dumps", type=Path, metavar="DIR", help="another folder of dumps with manifests")
    parser.add_argument("--only", metavar="TEXT", default="", help="dumps whose name contains TEXT")
    parser.add_argument("--known", action="store_true", help="give the manifest's values as known")
    parser.add_argument("--left", action="store_true", help="print only the forms of which something is left")
    parser.add_argument("--keys", action="store_true", help="print sums by class of key material instead")
    options = parser.parse_args(arguments)
    folders = [options.dumps] if options.dumps else [folder for folder in (dumps.REAL, dumps.SHARED) if folder.is_dir()]
    if not options.keys:
        print(f"{'dump':24} {'secret':42} {'form':24} {'planted':>7} {'left':>5}")
    failed = False
    for dump in choose(folders):
        if options.only not in dump.name:
            continue
        try:
            outcome = report(dump, known=options.known)
        except dumpscrub.DumpscrubError as error:
            print(f"== {dump.name}: FAILED: {error}", flush=True)
            failed = True
            continue
        lines = outcome.keys() if options.keys else outcome.lines(left_only=options.left)
        for line in lines:
            print(line, flush=True)
        failed = failed or outcome.failures > 0
    print("== FAILED: something is left that must not be" if failed else "== nothing is left that must not be")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
