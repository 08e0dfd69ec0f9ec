"""Builds process-like dumps of any size: ``python -m benchmarks.dumps FILE --mib 512``. The same options and seed give
the same bytes on the same interpreter.

Secrets stand in the pages of text, three of five in UTF-16. They recur, as in a real process, where a password is read
again for each connection: by default 500 distinct values per GiB, drawn unevenly.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks import elfcore, minidump
from benchmarks.content import ASCII, PAGE, PROCESS, TEXT, UTF16, Bytes, Kinds, Pages
from benchmarks.planted import SLOT, Secrets, known_values

CHUNK = 16 << 20
"""Bytes that are made at a time."""
_KEYS = 500  # one secret in so many is a private key
_WIDE = 0.6  # share of secrets in UTF-16


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to build: ``size`` bytes of memory.

    ``per_mb`` secrets per million bytes, of ``distinct`` values (None: 500 per GiB of data); ``mix`` is the share of
    each kind of page; ``ranges`` memory ranges (None: one per MiB); ``data`` bytes, in whole chunks, that are not holes
    (None: all); ``elf`` for an ELF core instead of a minidump.
    """

    size: int
    seed: int = 1
    per_mb: float = 10
    distinct: int | None = None
    mix: Mapping[int, float] = field(default_factory=lambda: PROCESS)
    ranges: int | None = None
    data: int | None = None
    elf: bool = False


def build(path: Path, recipe: Recipe) -> int:
    """Write the dump and return how many secrets stand in it."""
    pages = Pages(recipe.seed)
    secrets = Secrets(recipe.seed, recipe.distinct or max(50, (recipe.data or recipe.size) * 500 >> 30))
    count = -(-recipe.size // CHUNK)
    filled = count if recipe.data is None else min(count, recipe.data // CHUNK)
    places = set(np.linspace(0, count - 1, filled).astype(int).tolist())
    placed = 0
    with path.open("wb") as file:
        write_headers = elfcore.write_headers if recipe.elf else minidump.write_headers
        write_headers(file, recipe.size, recipe.ranges or max(16, recipe.size >> 20), recipe.seed)
        start = file.tell()
        for number in range(count):
            length = min(CHUNK, recipe.size - number * CHUNK)
            if number not in places:
                file.seek(length, os.SEEK_CUR)
                continue
            kinds = pages.kinds(-(-length // PAGE), recipe.mix)
            data = pages.fill(kinds)
            due = round((number * CHUNK + length) * recipe.per_mb / 1e6) - round(number * CHUNK * recipe.per_mb / 1e6)
            placed += _plant(data, kinds, secrets, due, recipe.seed + number)
            file.write(data.data.cast("B")[:length])
        file.truncate(start + recipe.size)
    return placed


def _plant(pages: Bytes, kinds: Kinds, secrets: Secrets, count: int, seed: int) -> int:
    """Write ``count`` secrets over the text in ``pages``, no two in one place; returns how many found room."""
    random = np.random.default_rng(seed)
    keys = int(random.binomial(count, 1 / _KEYS))
    narrow, wide = _places(kinds, ASCII, SLOT), _places(kinds, UTF16, 2 * SLOT)
    wide_count = min(len(wide), max(round(count * _WIDE), count - len(narrow)))
    data = pages.data.cast("B")
    for place in random.choice(wide, wide_count, replace=False).tolist():
        _write(data, place, secrets.placed().encode("utf-16-le"), 2)
    narrow = random.choice(narrow, min(len(narrow), count - wide_count), replace=False)
    for place in narrow[keys:].tolist():
        _write(data, place, secrets.placed().encode(), 1)
    for place in narrow[:keys].tolist():
        _write(data, place // PAGE * PAGE, secrets.key().encode(), 1)
    return wide_count + len(narrow)


def _places(kinds: Kinds, kind: int, size: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The offset of each slot of ``size`` bytes in pages of a kind."""
    starts = np.flatnonzero(kinds == kind)[:, None] * PAGE
    return (starts + np.arange(0, PAGE, size)).reshape(-1)


def _write(data: memoryview, start: int, text: bytes, unit: int) -> None:
    """Write the text with a NUL before and after."""
    data[start : start + len(text) + 2 * unit] = bytes(unit) + text + bytes(unit)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Build a process-like dump; or, with --known, a list of values.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--mib", type=int, default=512, help="memory (default: 512)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--per-mb", type=float, default=10, help="secrets per million bytes (default: 10)")
    parser.add_argument("--distinct", type=int, help="distinct secrets (default: 500 per GiB)")
    parser.add_argument("--ranges", type=int, help="memory ranges (default: one per MiB)")
    parser.add_argument("--data-mib", type=int, help="memory that is not a hole (default: all)")
    parser.add_argument("--text", action="store_true", help="pages of text only")
    parser.add_argument("--elf", action="store_true", help="an ELF core instead of a minidump")
    parser.add_argument("--known", type=int, metavar="N", help="a list of N values of 8 to 40 characters")
    args = parser.parse_args()
    if args.known:
        args.file.write_text("\n".join(known_values(args.seed, args.known)) + "\n")
        return
    mix = TEXT if args.text else PROCESS
    data = args.data_mib << 20 if args.data_mib else None
    placed = build(
        args.file, Recipe(args.mib << 20, args.seed, args.per_mb, args.distinct, mix, args.ranges, data, args.elf)
    )
    print(f"{args.file}: {args.file.stat().st_size:,} bytes, {placed:,} secrets")


if __name__ == "__main__":
    main()
