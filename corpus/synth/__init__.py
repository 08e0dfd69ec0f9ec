"""Synthetic dumps with secrets at known places.

Nothing here is shared with the package's readers: each structure is written again from its public documentation, so
that a reader with a wrong idea of a format meets bytes that contradict it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from corpus import manifest
from corpus.manifest import Secret
from corpus.synth.elfcore import ElfShape, build_elf_core
from corpus.synth.keys import KeySet, make_keys
from corpus.synth.minidump import MinidumpShape, build_minidump
from corpus.synth.pieces import CONTEXT, Plant

__all__ = ["SHAPES", "ElfShape", "KeySet", "MinidumpShape", "Synthetic", "build", "make_keys"]

SHAPES: tuple[MinidumpShape | ElfShape, ...] = (
    MinidumpShape(64, "list64"),
    MinidumpShape(64, "list"),
    MinidumpShape(64, "both"),
    MinidumpShape(64, "list64", unknown=False),
    MinidumpShape(32, "list64"),
    MinidumpShape(32, "list"),
    ElfShape(64, "<"),
    ElfShape(64, ">"),
    ElfShape(32, "<"),
    ElfShape(32, ">"),
    ElfShape(64, "<", many=True),
)
"""Every kind of dump that the corpus holds."""


@dataclass(frozen=True, slots=True)
class Synthetic:
    """A dump: its bytes, the secrets in it, and every place of each."""

    name: str
    data: bytes = field(repr=False)
    secrets: tuple[Secret, ...] = field(repr=False)
    plants: tuple[Plant, ...] = field(repr=False)

    @property
    def copies(self) -> list[Plant]:
        """The places of the secrets themselves."""
        return [plant for plant in self.plants if plant.form != CONTEXT]

    @property
    def contexts(self) -> list[Plant]:
        """The texts around secrets, each with the secret in it."""
        return [plant for plant in self.plants if plant.form == CONTEXT]

    def write(self, folder: Path) -> Path:
        """Write the dump, ``NAME.manifest`` and ``NAME.places``; returns the path of the dump.

        A line of places is ``category/name TAB form TAB start-end[,start-end]``: hexadecimal file offsets, in the order
        of the value's bytes. It holds no values.
        """
        path = folder / self.name
        path.write_bytes(self.data)
        manifest.write(folder / f"{self.name}.manifest", self.secrets)
        lines = (f"{plant.secret.label}\t{plant.form}\t{_spans(plant)}\n" for plant in self.plants)
        (folder / f"{self.name}.places").write_text("".join(lines), "ascii", newline="\n")
        return path


def _spans(plant: Plant) -> str:
    return ",".join(f"{start:x}-{end:x}" for start, end in plant.spans)


def build(shape: MinidumpShape | ElfShape, seed: int, keys: KeySet) -> Synthetic:
    """A dump of that shape. The same shape, seed and keys give the same bytes."""
    if isinstance(shape, MinidumpShape):
        image, scene = build_minidump(shape, seed, keys)
    else:
        image, scene = build_elf_core(shape, seed, keys)
    return Synthetic(shape.name, bytes(image.data), tuple(scene.secrets), tuple(image.plants.values()))
