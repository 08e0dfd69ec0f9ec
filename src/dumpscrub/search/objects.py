"""How programs keep texts to which others point: an object with the text in it, and beside its address a value's.

Whoever keeps a name and its value keeps two addresses, mostly side by side: an entry of a hash table, an object with
two fields, a pair. A :class:`Keeping` says by which address a name is known, given where its text stands, and reads the
texts to which the words around such an address lead; :mod:`dumpscrub.search.keepings` lists them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field

from dumpscrub.model import Encoding
from dumpscrub.search.memory import Memory, Reading
from dumpscrub.search.windows import squeeze
from dumpscrub.span import Span

HEADER = 48
"""Bytes before a text that its object may have."""
LONGEST = 4096
"""Code units of the longest value."""
AROUND = 18
"""Words on both sides of an address that are read: as many as the keys of a map of Go, and a value."""
_LOWEST, _HIGHEST = 1 << 16, 1 << 47
"""Addresses of a process."""


@dataclass(frozen=True, slots=True)
class Name:
    """A text ``length`` code units long that stands at ``address``; 0 where only what leads to it can say how long."""

    address: int
    length: int
    encoding: Encoding


@dataclass(frozen=True, slots=True)
class Text:
    """A text to which a word leads: its bytes, and where they stand in the file."""

    data: bytes = field(repr=False)
    spans: tuple[Span, ...]
    encoding: Encoding

    @property
    def units(self) -> bytes:
        """The text with one byte a code unit, as windows show it; empty unless all of it can be printed."""
        try:
            is_text = self.data.decode(self.encoding.codec).isprintable()
        except UnicodeDecodeError:
            return b""
        return squeeze(self.data, self.encoding) if is_text else b""


@dataclass(frozen=True, slots=True)
class Around:
    """The words around the one at address ``place``, by how many words they stand behind it; 0 where there is none."""

    place: int
    size: int
    words: Mapping[int, int] = field(repr=False)

    def __getitem__(self, at: int) -> int:
        return self.words.get(at, 0)

    @classmethod
    def read(cls, place: int, size: int, memory: Memory) -> Around:
        """The words of ``size`` bytes around address ``place``, as far as ``memory`` has them."""
        before = AROUND
        reading = memory.read(place - before * size, (2 * AROUND + 1) * size)
        if reading is None:
            before = 0
            reading = memory.read(place, (AROUND + 1) * size)
        data = reading.data if reading else b""
        words = {at - before: number(data, at * size, size) for at in range(len(data) // size)}
        return cls(place, size, words)


@dataclass(frozen=True, slots=True)
class Keeping(ABC):
    """A way to keep texts in ``encoding``, with addresses of ``word`` bytes.

    ``values`` tells where the value is, in words behind the name's: the likeliest place first. Where it is not
    ``trusted``, what stands beside a name may be there by chance. An ``indirect`` one says what leads to the text, and
    then what leads to what holds that. Where one ``measures``, the length of a text stands beside its address.
    """

    encoding: Encoding
    word: int = 8
    values: tuple[int, ...] = (1, -1, 2)
    trusted: bool = True
    indirect: bool = False
    measures: bool = False

    @abstractmethod
    def known_as(self, name: Name, before: bytes) -> int | None:
        """The word that leads to ``name``, behind :data:`HEADER` bytes; None where it is kept in another way."""

    @abstractmethod
    def text(self, around: Around, at: int, memory: Memory) -> Text | None:
        """The text to which the word ``at`` leads."""

    def own(self, around: Around, memory: Memory) -> bytes:
        """The name as what stands around its address says, where the keeping measures."""
        del around, memory
        return b""

    def holder(self, place: int, name: Name, memory: Memory) -> int | None:
        """The word that leads to what holds the text of ``name``, an address of which stands at address ``place``."""
        del place, name, memory
        return None

    def inside(self, around: Around, memory: Memory) -> Text | None:
        """The text in a list, or in another object, that stands in the place of the value."""
        del around, memory
        return None

    def is_entry(self, around: Around, memory: Memory) -> bool:
        """True where what stands around proves that a value belongs to the name."""
        del around, memory
        return False

    def is_list(self, around: Around) -> bool:
        """True where what stands around proves that the name is one of many elements."""
        del around
        return False


def text_of(reading: Reading | None, length: int, encoding: Encoding, *, ended: bool = True) -> Text | None:
    """The first ``length`` code units of ``reading``, if all are there; ``ended`` ones only where a NUL follows."""
    size = length * encoding.unit
    if reading is None or length <= 0 or len(reading.data) < size + ended * encoding.unit:
        return None
    if ended and any(reading.data[size : size + encoding.unit]):
        return None
    return Text(reading.data[:size], reading.locate(0, size), encoding)


def number(data: bytes, at: int, size: int) -> int:
    """The number of ``size`` bytes at index ``at``, as far as there are."""
    return int.from_bytes(data[at : at + size], "little")


def is_address(word: int) -> bool:
    """True for what may be an address of a process."""
    return _LOWEST <= word < _HIGHEST
