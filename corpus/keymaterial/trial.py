"""Dumps full of keys, and what a redacted copy has left of them.

Each type of key stands in each form once a dump, with a key of its own, so that no form is found through another one.
From dump to dump its place moves on by one, so that after as many dumps as there are places all have been seen. Each
asymmetric key's public part stands elsewhere in the dump, as in a process that uses it; a bare AES key's schedule does,
and for pieces of bare numbers, which nothing else proves, the whole key.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from corpus.keymaterial import structures, symmetric
from corpus.keymaterial.catalogue import FRAGMENTS, SCHEDULED, Form, combinations
from corpus.keymaterial.files import WRITERS
from corpus.keymaterial.item import Item
from corpus.keymaterial.keys import KINDS, Factory, Key
from corpus.keymaterial.places import PLACES, Memory, fitting
from corpus.manifest import Secret
from corpus.synth.pieces import Mark, Piece, Plant

ASYMMETRIC = frozenset({"rsa", "multiprime", "ec", "edwards", "dsa", "dh"})
_SIGNING = frozenset({"rsa", "ec", "dsa"})
_SMALLEST = 8
"""Bytes of a component that a half must still hold to count as planted."""
_PROOF_PLACE = "managed heap"


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """A cell of the table."""

    form: str
    kind: str
    place: str


@dataclass(frozen=True, slots=True)
class Planted:
    """One component in one place: private ones must go, public ones must stand."""

    cell: Cell
    name: str
    private: bool
    plant: Plant = field(repr=False)

    def kept(self, before: bytes, after: bytes) -> int:
        """How many bytes are as they were; those that are zero do not count, nor do the ends of lines."""
        pairs = (
            pair for start, end in self.plant.spans for pair in zip(before[start:end], after[start:end], strict=True)
        )
        return sum(old == new and old not in b"\0\r\n" for old, new in pairs)

    def covered(self) -> Iterator[int]:
        """The file offsets of its bytes."""
        for start, end in self.plant.spans:
            yield from range(start, end)

    @property
    def size(self) -> int:
        """Bytes of the component in the file."""
        return sum(end - start for start, end in self.plant.spans)

    def left(self, before: bytes, after: bytes) -> bool:
        """True where more of a private component is left than a mask leaves by chance."""
        return self.kept(before, after) > 4 + self.size // 32

    def damaged(self, before: bytes, after: bytes) -> bool:
        """True where a byte of a public component was changed."""
        return any(before[start:end] != after[start:end] for start, end in self.plant.spans)


@dataclass(frozen=True, slots=True)
class Trial:
    """A dump, what was planted in it, and the private values themselves."""

    name: str
    data: bytes = field(repr=False)
    planted: tuple[Planted, ...] = field(repr=False)
    secrets: tuple[Secret, ...] = field(repr=False)

    def write(self, folder: Path) -> Path:
        """Write the dump; returns its path."""
        path = folder / f"{self.name}.{'dmp' if self.name.startswith('minidump') else 'core'}"
        path.write_bytes(self.data)
        return path


class Keys:
    """The key of each type in each form, made when first asked for: the same one in every dump."""

    def __init__(self, seed: int) -> None:
        self._factory = Factory(str(seed))
        self._made: dict[tuple[str, str], Key] = {}

    def of(self, kind: str, form: str) -> Key:
        """The key of that type for that form."""
        if (kind, form) not in self._made:
            self._made[kind, form] = self._factory.make(kind, form)
        return self._made[kind, form]


def trials(keys: Keys, kinds: Sequence[str] = tuple(KINDS), *, seed: int = 1, rotations: int = 0) -> Iterator[Trial]:
    """A dump of each format for each rotation of the places; all of them without a number."""
    for rotation in range(rotations or len(PLACES)):
        for file_format in WRITERS:
            yield build(keys, kinds, file_format, rotation, seed)


def build(keys: Keys, kinds: Sequence[str], file_format: str, rotation: int, seed: int) -> Trial:
    """One dump."""
    name = f"{file_format} {rotation}".replace(" ", "-").lower()
    rng = Random(f"{seed}/{name}")
    scene = _Scene(Memory(rng), rng)
    # Formats begin at different places, so that few rotations show many.
    first = rotation + 3 * list(WRITERS).index(file_format)
    for number, (kind, form) in enumerate(combinations(kinds)):
        scene.plant(keys.of(kind, form.name), form, PLACES[(number + first) % len(PLACES)])
    image = WRITERS[file_format](scene.memory.ranges(), scene.memory.vectors)
    return Trial(name, bytes(image.data), tuple(scene.planted), tuple(scene.secrets.values()))


@dataclass(slots=True)
class _Scene:
    """A dump under construction."""

    memory: Memory
    rng: Random
    planted: list[Planted] = field(default_factory=list)
    secrets: dict[bytes, Secret] = field(default_factory=dict)
    proofs: int = 0

    def plant(self, key: Key, form: Form, place: str) -> None:
        """The key in its form, and what proves it elsewhere."""
        items = form.items(key, self.rng)
        place = fitting(place, items)
        cell = Cell(form.name, key.kind, place)
        for item in items:
            self.memory.put(place, item, self._marked(cell, item))
        for name, value in _values(key):
            self.secrets.setdefault(value, Secret(key.kind, f"{form.name}: {name}", False, value))
        if key.family in ASYMMETRIC:
            self._prove(key)
        if form.name in FRAGMENTS:
            whole = structures.pkcs8(key)
            self.memory.put(_PROOF_PLACE, whole, Piece(whole.data))
        if form.name == SCHEDULED:
            for item in symmetric.schedule(key, self.rng):
                self.memory.put(place, item, self._marked(cell, item))

    def _prove(self, key: Key) -> None:
        """The public key, and for every second one a certificate of it."""
        shown = structures.spki(key)
        self.memory.put(_PROOF_PLACE, shown, self._marked(Cell("public key", key.kind, _PROOF_PLACE), shown))
        self.proofs += 1
        if key.family in _SIGNING and self.proofs % 2:
            data = Item(structures.certificate(key))
            self.memory.put("native heap", data, Piece(data.data))

    def _marked(self, cell: Cell, item: Item) -> Piece:
        """The item's bytes, with a plant for each component; one that stands in several lines is one plant."""
        plants: dict[tuple[str, bool], Plant] = {}
        marks, seen = list[Mark](), dict[tuple[str, bool], int]()
        sizes: dict[tuple[str, bool], int] = {}
        for part in item.parts:
            sizes[part.name, part.private] = sizes.get((part.name, part.private), 0) + part.end - part.start
        for part in item.parts:
            identity = part.name, part.private
            if part.private and sizes[identity] < _SMALLEST:
                continue
            plant = plants.setdefault(identity, Plant(Secret(cell.kind, part.name, False, b""), cell.form))
            marks.append(Mark(plant, seen.get(identity, 0), part.start, part.end))
            seen[identity] = seen.get(identity, 0) + part.end - part.start
        self.planted += [Planted(cell, name, hidden, plant) for (name, hidden), plant in plants.items()]
        return Piece(item.data, tuple(marks))


def _values(key: Key) -> Iterator[tuple[str, bytes]]:
    """The private numbers as bytes, to be searched for in every form."""
    for name in key.private:
        yield name, key.hidden(name, key.size) if name == "key" else key.hidden(name)
