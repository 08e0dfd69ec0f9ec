"""``python -m corpus.demo``: sanitise a real dump with the command and count planted secrets before and after."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from corpus import check, dumps, manifest
from corpus.dumps import RealDump

OUT = Path(__file__).parent / "out"
DUMP = RealDump(dumps.REAL / "ms-net31-heap.dmp.xz", dumps.REAL / "ms-net31-heap.dmp.manifest")
"""A .NET server on Windows, heap and stacks: it holds the most classes of secrets of the small dumps."""


def main() -> int:
    """The command. Returns the exit code of ``dumpscrub sanitize``."""
    OUT.mkdir(exist_ok=True)
    print(f"unpacking {DUMP.path.name}", flush=True)
    path = DUMP.unpack(OUT)
    output, audit = OUT / f"{path.stem}.sanitized{path.suffix}", OUT / f"{path.stem}.audit.jsonl"
    output.unlink(missing_ok=True)
    audit.unlink(missing_ok=True)
    command = [sys.executable, "-m", "dumpscrub", "sanitize", str(path), "--output", str(output), "--audit", str(audit)]
    done = subprocess.run(command, check=False)
    if done.returncode == 0:
        print(_compare(path, output))
    return done.returncode


def _compare(path: Path, output: Path) -> str:
    secrets = [secret for secret in manifest.read(DUMP.manifest) if not secret.public]
    before, after = check.find(path, secrets), check.find(output, secrets)
    lines = [f"{len(secrets)} secrets were planted in the process. Copies of them, in any form:"]
    for title, context in (("in a context somewhere", True), ("without any context", False)):
        counts = [sum(secrets[hit.secret].context is context for hit in hits) for hits in (before, after)]
        lines.append(f"  {title:24} {counts[0]:4} before, {counts[1]:4} after")
    lines.append("What has no context anywhere can be found only if it is known: see --known.")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
