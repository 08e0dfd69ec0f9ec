"""``python -m benchmarks.keyfinders``: what aeskeyfind and rsakeyfind find in dumps, before and after sanitising.

Both look for keys in images of memory (Halderman and others, 2008): the one for AES key schedules of 128 and 256 bits,
the other for RSA keys in DER. Neither knows anything of this project. The dumps are a synthetic one of each format
(``corpus.keymaterial``) and the real ones of the corpus. Exit code 1 where a tool finds a key in a redacted copy, or
none in any original; 0, with a warning, where the tools are not installed.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import dumpscrub
from corpus import dumps, report
from corpus.keymaterial.trial import Keys, trials

SYNTHETIC = ("rsa1024", "rsa2048", "aes128", "aes256")
"""Types of key that the tools know."""
_FOUND, _MODULUS = "FOUND PRIVATE KEY", "modulus ="
_LEAST = 64
"""Bytes of the shortest modulus that counts: rsakeyfind takes any few small numbers in a row for a key."""
_LIMIT = 3600
_MOST = 1000.0


@dataclass(frozen=True, slots=True)
class Count:
    """Keys that a tool finds in one dump and in its redacted copy: different ones (AES), or places (RSA)."""

    dump: str
    tool: str
    before: int
    after: int

    def line(self) -> str:
        """A line of the table."""
        return f"{self.dump:26} {self.tool:12} {self.before:7} {self.after:7}"


def installed() -> Mapping[str, str]:
    """The tools that are here, by name."""
    return {name: path for name in ("aeskeyfind", "rsakeyfind") if (path := shutil.which(name))}


def find(tool: str, path: Path) -> int:
    """How many keys the tool finds in a file."""
    options = ["-q"] if Path(tool).name == "aeskeyfind" else []
    done = subprocess.run([tool, *options, str(path)], capture_output=True, check=False, timeout=_LIMIT)
    if done.returncode < 0:
        raise RuntimeError(f"{Path(tool).name} ended by signal {-done.returncode}")
    text = done.stdout.decode("ascii", "replace")
    if options:
        return len({line for line in text.splitlines() if line.strip()})
    return sum(len(_modulus(block)) >= _LEAST for block in text.split(_FOUND)[1:])


def _modulus(block: str) -> list[str]:
    """The bytes, in hexadecimal, in the lines behind the word."""
    _, _, behind = block.partition(_MODULUS)
    number, _, _ = behind.partition("=")
    # What comes before the next equals sign ends with the next name.
    return number.split()[:-1]


def judge(path: Path, name: str) -> Iterator[Count]:
    """What each tool finds in the file at ``path`` and in its redacted copy."""
    with tempfile.TemporaryDirectory(prefix="dumpscrub-keyfinders-") as folder:
        output = Path(folder) / "output"
        dumpscrub.sanitize(path, output, audit=Path(folder) / "audit.jsonl")
        for tool, command in installed().items():
            yield Count(name, tool, find(command, path), find(command, output))


def synthetic() -> Iterator[Count]:
    """The synthetic dumps, one of each format."""
    for trial in trials(Keys(1), SYNTHETIC, rotations=1):
        with tempfile.TemporaryDirectory(prefix="dumpscrub-keyfinders-") as folder:
            yield from judge(trial.write(Path(folder)), trial.name)


def real(folders: Sequence[Path], only: str, most: float) -> Iterator[Count]:
    """The real dumps in ``folders`` of at most ``most`` megabytes."""
    for dump in report.choose(folders):
        if only not in dump.name:
            continue
        with tempfile.TemporaryDirectory(prefix="dumpscrub-keyfinders-") as folder:
            path = dump.unpack(Path(folder))
            if path.stat().st_size <= most * 1e6:
                yield from judge(path, dump.name)
            else:
                print(f"{dump.name:26} is larger than {most:g} MB: left out", file=sys.stderr)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.keyfinders", description="Run key finders on dumps.")
    parser.add_argument("--only", metavar="TEXT", default="", help="real dumps whose name contains TEXT")
    parser.add_argument("--synthetic", action="store_true", help="no real dumps")
    parser.add_argument("--most", type=float, default=_MOST, metavar="MB", help=f"size (default: {_MOST:g})")
    options = parser.parse_args(arguments)
    if len(installed()) < 2:
        print("WARNING: aeskeyfind and rsakeyfind are not both installed: what they would find is not known")
    if not installed():
        return 0
    print(f"{'dump':26} {'tool':12} {'before':>7} {'after':>7}")
    counts = []
    folders = [] if options.synthetic else [folder for folder in (dumps.REAL, dumps.SHARED) if folder.is_dir()]
    for count in chain(synthetic(), real(folders, options.only, options.most)):
        print(count.line(), flush=True)
        counts.append(count)
    return int(failed(counts))


def failed(counts: Sequence[Count]) -> bool:
    """True where a redacted copy holds a key, or a tool finds none anywhere."""
    found = {tool: sum(count.before for count in counts if count.tool == tool) for tool in installed()}
    return any(count.after for count in counts) or not all(found.values())


if __name__ == "__main__":
    sys.exit(main())
