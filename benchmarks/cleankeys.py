"""``python -m benchmarks.cleankeys [PATH ...]``: keys that are found where there are none.

Searched are the binaries of each path (as ``benchmarks.clean`` takes them), its compressed files and images as they
are, and data from a seed: random bytes, small numbers, tables and compressed text. The table shows, for each source,
the megabytes (10**6 bytes), the findings of rules that a structure decides, certificates apart from keys. Exit code 1
where a private key, a store or a key schedule is found, or less was searched than ``--least`` says.

Some programs do hold a key that everybody knows, such as one for a test: those of :data:`PUBLISHED` are counted apart.
``--samples`` writes what was found with the bytes around it.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

import dumpscrub
from benchmarks.clean import PATHS, Count, sample, together
from benchmarks.clean import binaries as binaries_of
from dumpscrub.model import Finding
from dumpscrub.rules.load import load_rules
from dumpscrub.rules.schema import Action, Rule

PATTERN, PROCESS = "pattern", "process-"
"""Detectors that decide by text, and those of a process' arguments and environment: not of keys."""
CERTIFICATE, PRIVATE_KEY = "certificate", "private-key"
PUBLISHED_KEY = "published key"
PUBLISHED = frozenset(
    {
        # A key on P-256 in PKCS#8 that stands in the program of Chromium; its scalar, and the whole of it.
        "dd2e4bf3bfddc0256ddf74d51a6a8cab0a6fc35051f1cd42fdf2911ff6b20387",
        "c92270ee5b47c115eba1ea23276388e96405b7d0da7d1f3f8d308bd5786d30db",
    }
)
"""SHA-256 of what is redacted of keys that are part of programs that everybody has."""
MORE_PATHS = ("/usr/share", "/var/cache")
_COMPRESSED = frozenset(
    (".7z", ".br", ".bz2", ".deb", ".gz", ".jar", ".jpeg", ".jpg", ".png", ".tgz", ".webp", ".whl", ".woff2", ".xz")
) | {".zip", ".zst", ".rpm", ".pack", ".nupkg", ".crx"}
_LEAST = 4096
_BEFORE = bytes(64)
"""What stands before all data: a file that begins with what is compressed would be refused."""
_APART = 64  # bytes between the parts of one certificate: its signature's algorithm
_PART = 16 << 20
_WORDS = ("deployment", "finished", "step", "worker", "the", "of", "web", "queue", "INFO", "retry", "to", "at")

Make = Callable[[int, int], Iterator[bytes]]
"""Data from a seed, in parts of at least so many bytes in all."""


def rules_of_keys() -> Mapping[str, bool]:
    """The rules of keys and of what else a structure decides, but of words, by id; True for those of certificates."""
    return {rule.id: CERTIFICATE in rule.categories for rule in load_rules().rules if _of_keys(rule)}


WORDS = ("password", "secret", "possible-secret")
"""Categories of what a structure may hold that is no key."""


def _of_keys(rule: Rule) -> bool:
    structural = rule.detector != PATTERN and not rule.detector.startswith(PROCESS)
    return (structural and rule.categories[0] not in WORDS) or rule.categories[0] == PRIVATE_KEY


def search(data: bytes, rules: Mapping[str, bool]) -> Count:
    """What those rules find in ``data``, read as a raw dump. Published keys are counted as a rule of that name."""
    size, data = len(data), _BEFORE + data
    with tempfile.TemporaryDirectory(prefix="dumpscrub-clean-") as folder:
        dump = Path(folder) / "clean.raw"
        dump.write_bytes(data)
        everything = dumpscrub.scan(dump).findings
    one = Count(size)
    masked = [finding for finding in everything if finding.rule in rules and finding.action == Action.MASK.value]
    for group in _groups(masked):
        rule = PUBLISHED_KEY if any(_published(data, finding) for finding in group) else group[0].rule
        one.findings[rule] += 1
        one.samples[rule].append(sample(data, group[0]))
    return one


def _groups(findings: Iterable[Finding]) -> Iterator[list[Finding]]:
    """The findings of one rule that stand close together: the parts of one key or certificate."""
    group: list[Finding] = []
    end = 0
    for finding in sorted(findings, key=lambda one: (one.rule, one.spans[0].start)):
        if group and (finding.rule != group[0].rule or finding.spans[0].start - end > _APART):
            yield group
            group, end = [], 0
        group.append(finding)
        end = max(end, finding.spans[-1].end)
    if group:
        yield group


def _published(data: bytes, finding: Finding) -> bool:
    secret = b"".join(data[span.start : span.end] for span in finding.spans)
    return hashlib.sha256(secret).hexdigest() in PUBLISHED


def compressed(path: Path) -> Iterator[bytes]:
    """Archives, compressed files and images below ``path`` as they are, in the order of their names."""
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if file.suffix in _COMPRESSED and file.is_file() and not file.is_symlink() and file.stat().st_size >= _LEAST:
            yield file.read_bytes()


def random_bytes(seed: int, most: int) -> Iterator[bytes]:
    """Bytes of which each is as likely as any other."""
    rng = np.random.default_rng(seed)
    for _ in range(0, most, _PART):
        yield rng.bytes(min(_PART, most))


def tables(seed: int, most: int) -> Iterator[bytes]:
    """Numbers as programs keep them: small ones, growing ones, floating-point ones, in words of 1 to 8 bytes."""
    rng = np.random.default_rng(seed)
    for number in range(0, most, _PART // 4):
        count = min(_PART // 4, most) // 8
        kinds = (
            rng.integers(0, 1 << 10, 2 * count, np.uint32),
            np.cumsum(rng.integers(0, 99, count, np.uint64)),
            rng.normal(size=count),
            rng.integers(0, 7, 8 * count, np.uint8),
        )
        yield kinds[number // (_PART // 4) % len(kinds)].tobytes()


def deflated(seed: int, most: int) -> Iterator[bytes]:
    """Text, compressed."""
    rng = np.random.default_rng(seed)
    made = 0
    while made < most:
        text = " ".join(f"{_WORDS[word]} {word * 7919}" for word in rng.integers(0, len(_WORDS), 1 << 16).tolist())
        data = zlib.compress(text.encode() + rng.bytes(1 << 18), 6)
        made += len(data)
        yield data


def count(parts: Iterator[bytes], most: int, rules: Mapping[str, bool]) -> Count:
    """What those rules find in at most ``most`` bytes of the parts."""
    whole = Count()
    for batch in together(parts, most):
        whole.add(search(batch, rules))
    return whole


def table(counts: Mapping[str, Count], rules: Mapping[str, bool]) -> str:
    """The tables by source and by rule."""
    lines = [f"{'':48} {'MB':>7} {'keys':>6} {'certificates':>12}"]
    whole = Count()
    for name, one in counts.items():
        whole.add(one)
        lines.append(_line(name, one, rules))
    lines += [_line("in all", whole, rules), ""]
    lines += [f"{rule:48} {'certificate' if rules[rule] else 'key':>12} {whole.findings[rule]:6}" for rule in rules]
    lines.append(f"{PUBLISHED_KEY:48} {'':12} {whole.findings[PUBLISHED_KEY]:6}")
    return "\n".join(lines)


def _line(name: str, one: Count, rules: Mapping[str, bool]) -> str:
    keys, certificates = (found(one, rules, certificates=wanted) for wanted in (False, True))
    return f"{name[-48:]:48} {one.size / 1e6:7.1f} {keys:6} {certificates:12}"


def found(one: Count, rules: Mapping[str, bool], *, certificates: bool) -> int:
    """How many certificates, or keys, were found."""
    return sum(number for rule, number in one.findings.items() if rules.get(rule) is certificates)


def sources(paths: Sequence[Path], seed: int, most: int) -> Iterator[tuple[str, Iterator[bytes]]]:
    """What is searched, with its name."""
    for path in paths:
        yield f"binaries of {path}", binaries_of(path)
        yield f"compressed in {path}", compressed(path)
    made: tuple[tuple[str, Make], ...] = (("random bytes", random_bytes), ("tables", tables), ("deflated", deflated))
    for name, make in made:
        yield f"{name}, seed {seed}", make(seed, most)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cleankeys", description="Search keys where none are.")
    parser.add_argument("paths", type=Path, nargs="*", metavar="PATH")
    parser.add_argument("--most", type=float, default=300, metavar="MB", help="of each source (default: 300)")
    parser.add_argument("--least", type=float, default=0, metavar="MB", help="in all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--samples", type=Path, metavar="FILE", help="write what was found, with what is around it")
    options = parser.parse_args(arguments)
    paths = options.paths or [path for path in map(Path, (*PATHS, *MORE_PATHS)) if path.exists()]
    most, rules = int(options.most * 1e6), rules_of_keys()
    counts = {name: count(parts, most, rules) for name, parts in sources(paths, options.seed, most)}
    print(table({name: one for name, one in counts.items() if one.size}, rules))
    if options.samples:
        options.samples.write_text("".join(_samples(counts, rules)), "utf-8")
    keys = sum(found(one, rules, certificates=False) for one in counts.values())
    size = sum(one.size for one in counts.values())
    return int(keys > 0 or size < options.least * 1e6)


def _samples(counts: Mapping[str, Count], rules: Mapping[str, bool]) -> Iterator[str]:
    for name, one in counts.items():
        for rule in sorted(one.samples):
            yield f"## {rule}: {name}\n"
            yield from (f"{line}\n" for line in one.samples[rule])


if __name__ == "__main__":
    sys.exit(main())
