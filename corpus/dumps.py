"""The real dumps: where they are, which manifest belongs to which, and how they are unpacked."""

from __future__ import annotations

import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

REAL = Path(__file__).parent / "real"
"""Real dumps that are part of the repository, compressed."""

SHARED = Path(__file__).parents[2] / "shared" / "dumps"
"""More and larger ones beside the repository, where they are present."""

_SUFFIXES = (".dmp", ".core", ".hprof")
_BLOCK = 1 << 20

# A manifest may serve several dumps of one process.
_MANIFESTS = (
    ("*-net31-*", "net31-windows"),
    ("*-net21-*", "net21-windows"),
    ("*-plant-*", "plant-windows"),
    ("net3.1-*", "net3.1-linux"),
    ("net2.1-*", "net2.1-linux"),
    ("python-*", "python"),
    ("java-*", "java"),
)


@dataclass(frozen=True, slots=True)
class RealDump:
    """A dump, compressed (``.xz``) or not, and the manifest of what was planted in it."""

    path: Path
    manifest: Path

    @property
    def name(self) -> str:
        """The file's name without ``.xz``."""
        return self.path.name.removesuffix(".xz")

    def unpack(self, folder: Path) -> Path:
        """The dump as a plain file: unpacked into ``folder``, or itself where it is not compressed."""
        if self.path.suffix != ".xz":
            return self.path
        target = folder / self.name
        decompress(self.path, target)
        return target


def in_folder(folder: Path) -> list[RealDump]:
    """The dumps in ``folder`` that have a manifest there, by name."""
    found = []
    for path in sorted(folder.iterdir()):
        manifest = _manifest_of(folder, path.name.removesuffix(".xz"))
        if manifest and path.name.removesuffix(".xz").endswith(_SUFFIXES):
            found.append(RealDump(path, manifest))
    return found


def _manifest_of(folder: Path, name: str) -> Path | None:
    candidates = [name, *(manifest for pattern, manifest in _MANIFESTS if fnmatch(name, pattern))]
    paths = (folder / f"{candidate}.manifest" for candidate in candidates)
    return next((path for path in paths if path.is_file()), None)


def decompress(archive: Path, target: Path) -> None:
    """Unpack an ``.xz`` file; blocks of zeros become holes, so that a sparse dump stays sparse."""
    with lzma.open(archive) as source, target.open("wb") as file:
        for block in _blocks(source):
            if block.strip(b"\0"):
                file.write(block)
            else:
                file.seek(len(block), 1)
        file.truncate()


def _blocks(source: lzma.LZMAFile) -> Iterator[bytes]:
    while block := source.read(_BLOCK):
        yield block
