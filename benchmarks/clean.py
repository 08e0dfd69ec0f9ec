"""``python -m benchmarks.clean [PATH ...]``: what the rules change in binaries that hold no secrets.

Each path is a folder or a file. Programs, libraries, .NET assemblies, Java classes, bytecode and resources of browsers
in them are taken in the order of their names, archives member by member, up to ``--most`` megabytes a path. They are
put together into raw dumps, with zeros between them, and searched like any dump. The tables show, by rule and by path,
the findings and the bytes that would change in a megabyte (10**6 bytes). Exit code 1 where that is over the budget.

Without a path, those of :data:`PATHS` that exist here are taken.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import dumpscrub
from dumpscrub.model import Finding
from dumpscrub.rules.schema import Action
from dumpscrub.span import total, union

PATHS = (
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/usr/lib/python3",
    "/usr/lib/jvm",
    "/usr/lib/mono",
    "/usr/lib/dotnet",
    "/usr/share/dotnet",
    "/usr/lib/chromium",
    "/usr/lib/firefox-esr",
    "/usr/lib/postgresql",
    "/usr/sbin",
)
"""Where Debian's packages put binaries of the kinds that are meant."""
MOST_IN_ALL, MOST_OF_A_RULE = 50.0, 10.0
"""Changed bytes in a megabyte: the budget."""
_BATCH = 64 << 20
_BETWEEN = bytes(4096)
_LEAST = 4096
_ARCHIVES = {".jar", ".jmod", ".nupkg", ".whl", ".zip"}
_RESOURCES = {".pak", ".pyc", ".jsa", ".dat"}
_MAGIC = (b"\x7fELF", b"MZ", b"\xda\xda\xfe\xca", b"\xca\xfe\xda\xda", b"\xca\xfe\xba\xbe")
"""Beginnings of ELF, PE, the two byte orders of a Java image, and Java classes."""
_SHOWN = 60


@dataclass
class Count:
    """What was found in some megabytes. ``changed`` is by rule; a byte that two rules find counts for both."""

    size: int = 0
    changed: int = 0
    by_rule: Counter[str] = field(default_factory=Counter)
    findings: Counter[str] = field(default_factory=Counter)
    samples: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, other: Count) -> None:
        """Add what another one holds."""
        self.size += other.size
        self.changed += other.changed
        self.by_rule += other.by_rule
        self.findings += other.findings
        for rule, samples in other.samples.items():
            self.samples[rule] += samples

    def each_mb(self, count: int) -> float:
        """``count`` in a megabyte."""
        return count / self.size * 1e6 if self.size else 0.0

    @property
    def over_budget(self) -> bool:
        """True where there is more than the budget."""
        most = max(self.by_rule.values(), default=0)
        return self.each_mb(self.changed) > MOST_IN_ALL or self.each_mb(most) > MOST_OF_A_RULE


def binaries(path: Path) -> Iterator[bytes]:
    """The binaries in a folder or file, in the order of their names. What cannot be read is left out."""
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    for file in files:
        if file.is_symlink() or not file.is_file():
            continue
        try:
            yield from _members(file)
        except (OSError, zipfile.BadZipFile):
            print(f"not read: {file.name}", file=sys.stderr)


def _members(file: Path) -> Iterator[bytes]:
    if file.suffix in _ARCHIVES and zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            for name in sorted(archive.namelist()):
                data = archive.read(name)
                if _is_binary(data, Path(name).suffix):
                    yield data
    elif file.stat().st_size >= _LEAST:
        with file.open("rb") as opened:
            head = opened.read(8)
            if _is_binary(head, file.suffix):
                yield head + opened.read()


def _is_binary(data: bytes, suffix: str) -> bool:
    return suffix in _RESOURCES or data.startswith(_MAGIC)


def batches(path: Path, most: int) -> Iterator[bytes]:
    """The binaries of ``path`` put together, at most ``most`` bytes of them in all."""
    return together(binaries(path), most)


def together(parts: Iterable[bytes], most: int) -> Iterator[bytes]:
    """The parts with zeros between them, at most ``most`` bytes of them in all."""
    batch = bytearray()
    left = most
    for data in parts:
        batch += data[:left] + _BETWEEN
        left -= len(data)
        if left <= 0:
            break
        if len(batch) >= _BATCH:
            yield bytes(batch)
            batch.clear()
    if batch:
        yield bytes(batch)


def search(data: bytes, rules: Sequence[Path] = ()) -> Count:
    """What would change in ``data``, read as a raw dump."""
    # A file that begins with what is compressed, as a batch of archives does, would be refused.
    size, data = len(data), _BETWEEN + data
    with tempfile.TemporaryDirectory(prefix="dumpscrub-clean-") as folder:
        dump = Path(folder) / "clean.raw"
        dump.write_bytes(data)
        result = dumpscrub.scan(dump, rules=rules)
    masked = [finding for finding in result.findings if finding.action == Action.MASK.value]
    count = Count(size, result.bytes_changed, findings=Counter(finding.rule for finding in masked))
    for rule, findings in _by_rule(masked).items():
        count.by_rule[rule] = total(union(span for finding in findings for span in finding.spans))
        count.samples[rule] = [sample(data, finding) for finding in findings[:_SHOWN]]
    return count


def _by_rule(findings: Iterable[Finding]) -> Mapping[str, list[Finding]]:
    groups: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        groups[finding.rule].append(finding)
    return groups


def sample(data: bytes, finding: Finding) -> str:
    """The text around a finding, which stands in it between two arrows."""
    start, end = finding.spans[0].start, finding.spans[-1].end
    parts = data[max(0, start - 80) : start], data[start : min(end, start + 160)], data[end : end + 40]
    before, found, after = ("".join(chr(b) if 32 <= b < 127 else "." for b in part if b) for part in parts)
    return f"{finding.encoding.codec} {finding.origin.value}: {before}>>{found}<<{after}"


def table(counts: Mapping[str, Count]) -> str:
    """The tables by path and by rule."""
    whole = Count()
    for count in counts.values():
        whole.add(count)
    lines = [f"{'':40} {'MB':>7} {'findings':>9} {'changed bytes per MB':>21}"]
    for name, count in (*counts.items(), ("in all", whole)):
        found = sum(count.findings.values())
        lines.append(f"{name[-40:]:40} {count.size / 1e6:7.1f} {found:9} {count.each_mb(count.changed):21.2f}")
    lines.append("")
    for rule, changed in whole.by_rule.most_common():
        lines.append(f"{rule[:40]:40} {'':7} {whole.findings[rule]:9} {whole.each_mb(changed):21.2f}")
    lines.append(f"\nbudget: {MOST_IN_ALL:g} in all, {MOST_OF_A_RULE:g} a rule")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.clean", description="Search binaries without secrets.")
    parser.add_argument("paths", type=Path, nargs="*", metavar="PATH")
    parser.add_argument("--most", type=float, default=200, metavar="MB", help="of each path (default: 200)")
    parser.add_argument("--rules", type=Path, action="append", default=[], help="further rules, as for dumpscrub scan")
    parser.add_argument("--samples", type=Path, metavar="FILE", help="write what was found, with the text around it")
    options = parser.parse_args(arguments)
    paths = options.paths or [path for path in map(Path, PATHS) if path.exists()]
    counts = {str(path): _count(path, int(options.most * 1e6), options.rules) for path in paths}
    print(table(counts))
    if options.samples:
        options.samples.write_text("".join(f"{line}\n" for line in _samples(counts)), "utf-8")
    return int(any(count.over_budget for count in counts.values()))


def _count(path: Path, most: int, rules: Sequence[Path]) -> Count:
    count = Count()
    for batch in batches(path, most):
        count.add(search(batch, rules))
    return count


def _samples(counts: Mapping[str, Count]) -> Iterator[str]:
    for name, count in counts.items():
        for rule in sorted(count.samples):
            yield f"## {rule}: {count.each_mb(count.by_rule[rule]):.2f} bytes per MB of {name}"
            yield from count.samples[rule][:_SHOWN]


if __name__ == "__main__":
    sys.exit(main())
