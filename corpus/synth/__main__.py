"""``python -m corpus.synth FOLDER [--seed N]`` writes every synthetic dump with its manifest and places."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from corpus.synth import SHAPES, build, make_keys


def main() -> int:
    """The command. Returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m corpus.synth", description="Write the synthetic dumps.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    keys = make_keys()
    for shape in SHAPES:
        synthetic = build(shape, options.seed, keys)
        path = synthetic.write(options.folder)
        secrets, copies = len(synthetic.secrets), len(synthetic.copies)
        print(f"{path.name}: {len(synthetic.data)} bytes, {secrets} secrets, {copies} copies")
    return 0


if __name__ == "__main__":
    sys.exit(main())
