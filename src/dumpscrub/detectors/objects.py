"""How programs keep a text to which others point: what stands before it, and where the text of a value is from there.

Whoever keeps a name and its value keeps two addresses, mostly side by side: an entry of a hash table, an object with two
fields, a pair. A :class:`Keeping` says by which address a name is known, given where its text stands, and reads the texts
to which the words around such an address lead. Sources of the layouts:

* .NET: type, length in four bytes, UTF-16LE (``src/coreclr/vm/object.h``); Mono has a word for locks between them;
* CPython: count of references, type, length, hash, and for ``str`` a state (``Include/cpython/unicodeobject.h``), and up
  to 3.11 one word more; ``bytes`` have no state;
* PHP: count, type, hash, length (``Zend/zend_types.h``); a value has a type of its own behind its address;
* Ruby: flags, class, length (``include/ruby/internal/core/rstring.h``); up to 3.1 the flags hold the length;
* Perl: the key of a hash is a hash, a length and text (``hv.h``), the value an SV with its text elsewhere (``sv.h``);
* C, and wide characters on Windows: text and NUL; Go and C++: address and length, side by side.

No reader loops over pointers: a circle of them costs no more than a value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from dumpscrub.model import Encoding
from dumpscrub.search.memory import Memory, Reading
from dumpscrub.span import Span

HEADER = 48
"""Bytes before a text that its object may have."""
LONGEST = 4096
"""Code units of the longest value."""
_LOWEST, _HIGHEST = 1 << 16, 1 << 47
"""Addresses of a process."""
_MOST_REFERENCES = 1 << 33
_AROUND = 4
"""Words on both sides of an address that are read."""


@dataclass(frozen=True, slots=True)
class Name:
    """A text ``length`` code units long that stands at ``address``."""

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
        """The text with one byte a code unit, if it is ASCII; else empty."""
        if self.encoding.unit == 1:
            return self.data if self.data.isascii() else b""
        return b"" if any(self.data[1::2]) else self.data[::2]


@dataclass(frozen=True, slots=True)
class Around:
    """The words around one that leads to a name, by how many words they stand behind it."""

    words: Mapping[int, int]
    place: int
    size: int


class Keeping(Protocol):
    """A way to keep texts. ``word`` are the bytes of an address; ``values`` where the value is, in words."""

    @property
    def word(self) -> int: ...

    @property
    def values(self) -> tuple[int, ...]: ...

    def known_as(self, name: Name, before: bytes) -> int | None:
        """The address that leads to ``name``, before which :data:`HEADER` bytes stand; None where it is kept otherwise."""

    def text(self, around: Around, at: int, memory: Memory) -> Text | None:
        """The text to which the word ``at`` leads."""

    def inside(self, around: Around, memory: Memory) -> Text | None:
        """The text in the list, or the other object, that stands in the place of the value."""

    def is_entry(self, around: Around, memory: Memory) -> bool:
        """True where what stands around proves that a value belongs to the name."""


def around(place: int, size: int, memory: Memory) -> Around | None:
    """The words of ``size`` bytes around the one at address ``place``."""
    first = place - _AROUND * size
    reading = memory.read(first, (2 * _AROUND + 1) * size)
    before = _AROUND
    if reading is None:
        reading, before = memory.read(place, (_AROUND + 1) * size), 0
    if reading is None:
        return None
    count = len(reading.data) // size
    words = {at - before: _number(reading.data, at * size, size) for at in range(count)}
    return Around(words, place, size)


Lengths = Callable[[bytes], int]
"""The code units that the bytes before a text say it has; -1 where they say nothing."""


@dataclass(frozen=True, slots=True)
class Objects:
    """Objects with ``header`` bytes before their text. All texts have the same class at ``kind`` of it.

    ``length`` reads the header. ``hash`` is where the object keeps a hash that stands before its address in the entries
    of tables, if it does. ``inner`` says which word of a list leads to its elements, or of another object to a text, and
    which word of the elements is the first one.
    """

    word: int
    header: int
    encoding: Encoding
    length: Lengths
    kind: slice
    values: tuple[int, ...] = (1, -1, 2)
    hash: int | None = None
    inner: tuple[int, int] | None = None

    def known_as(self, name: Name, before: bytes) -> int | None:
        address = name.address - self.header
        if name.encoding is not self.encoding or address % self.word or not _is_address(address):
            return None
        return address if self.length(before[HEADER - self.header :]) == name.length else None

    def text(self, around: Around, at: int, memory: Memory) -> Text | None:
        return self._text(around.words.get(0, 0), around.words.get(at, 0), memory)

    def inside(self, around: Around, memory: Memory) -> Text | None:
        first = self.values[0]
        if self.inner is None:
            return None
        field = self._field(around.words.get(first, 0), self.inner[0], memory)
        own = around.words.get(0, 0)
        return self._text(own, field, memory) or self._text(own, self._field(field, self.inner[1], memory), memory)

    def _field(self, address: int, index: int, memory: Memory) -> int:
        """The word ``index`` of the object at ``address``; 0 where there is none."""
        reading = None
        if address % self.word == 0 and _is_address(address):
            reading = memory.read(address + index * self.word, self.word)
        return _number(reading.data, 0, self.word) if reading and len(reading.data) == self.word else 0

    def _text(self, own: int, other: int, memory: Memory) -> Text | None:
        """The text of the object at address ``other``, which is as the name's at address ``own``."""
        if other == own or other % self.word or not _is_address(other):
            return None
        head = memory.read(other, self.header)
        if head is None or len(head.data) < self.header:
            return None
        length = self.length(head.data)
        name = memory.read(own, self.header) if 0 < length <= LONGEST else None
        if name is None or name.data[self.kind] != head.data[self.kind]:
            return None
        return _text(memory.read(other + self.header, (length + 1) * self.encoding.unit), length, self.encoding)

    def is_entry(self, around: Around, memory: Memory) -> bool:
        before = around.words.get(-1, 0)
        if self.hash is None or not before:
            return False
        own = memory.read(around.words.get(0, 0) + self.hash, self.word)
        return own is not None and _number(own.data, 0, self.word) == before


@dataclass(frozen=True, slots=True)
class Values(Objects):
    """Objects of PHP, to which values point: an address and behind it the type of what is there."""

    values: tuple[int, ...] = (-3, 2, -2)

    def text(self, around: Around, at: int, memory: Memory) -> Text | None:
        if around.words.get(at + 1, 0) & 0xFF != _PHP_STRING:
            return None
        return Objects.text(self, around, at, memory)


@dataclass(frozen=True, slots=True)
class Plain:
    """Texts that end with a NUL, and addresses of their first character."""

    encoding: Encoding
    word: int = 8
    values: tuple[int, ...] = (1, -1)

    def known_as(self, name: Name, before: bytes) -> int | None:
        del before
        return name.address if name.encoding is self.encoding and name.address % self.encoding.unit == 0 else None

    def text(self, around: Around, at: int, memory: Memory) -> Text | None:
        address = around.words.get(at, 0)
        if address == around.words.get(0) or not _is_address(address) or address % self.encoding.unit:
            return None
        unit = self.encoding.unit
        reading = memory.read(address, (_LONGEST_PLAIN + 1) * unit)
        if reading is None:
            return None
        end = _end(reading.data, unit)
        return _text(reading, end // unit, self.encoding) if end > 0 else None

    def inside(self, around: Around, memory: Memory) -> Text | None:
        return None

    def is_entry(self, around: Around, memory: Memory) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class Counted:
    """Texts whose length stands behind their address, as in strings of Go and C++."""

    values: tuple[int, ...] = (2, 4, -2, -4, 16)
    encoding: Encoding = Encoding.UTF8
    word: int = 8

    def known_as(self, name: Name, before: bytes) -> int | None:
        del before
        return name.address if name.encoding is self.encoding else None

    def text(self, around: Around, at: int, memory: Memory) -> Text | None:
        reading = memory.read(around.place + at * self.word, 2 * self.word)
        if reading is None or len(reading.data) < 2 * self.word:
            return None
        address, length = _number(reading.data, 0, self.word), _number(reading.data, self.word, self.word)
        if not _is_address(address) or not 0 < length <= LONGEST:
            return None
        return _text(memory.read(address, length), length, self.encoding, ended=False)

    def inside(self, around: Around, memory: Memory) -> Text | None:
        return None

    def is_entry(self, around: Around, memory: Memory) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class Scalars:
    """Values of Perl: what stands behind the address of a key leads to a structure with the address of the text."""

    values: tuple[int, ...] = (1,)
    encoding: Encoding = Encoding.UTF8
    word: int = 8

    def known_as(self, name: Name, before: bytes) -> int | None:
        is_key = name.encoding is self.encoding and _u32(before, HEADER - 4) == name.length
        return name.address - 8 if is_key and name.address % 8 == 0 else None

    def text(self, around: Around, at: int, memory: Memory) -> Text | None:
        value = memory.read(around.words.get(at, 0), 24)
        if value is None or len(value.data) < 24:
            return None
        body, flags, address = _number(value.data, 0, 8), _u32(value.data, 12), _number(value.data, 16, 8)
        if flags & 0xFF not in _PERL_TYPES or not flags & _PERL_TEXT or not _is_address(address):
            return None
        size = memory.read(body + 16, 8)
        length = _number(size.data, 0, 8) if size and len(size.data) == 8 else 0
        return _text(memory.read(address, length), length, self.encoding, ended=False) if length <= LONGEST else None

    def inside(self, around: Around, memory: Memory) -> Text | None:
        return None

    def is_entry(self, around: Around, memory: Memory) -> bool:
        return True


_LONGEST_PLAIN = 512
_PHP_STRING = 6
_PERL_TYPES = range(3, 8)
"""Types of SV with text, from PV on."""
_PERL_TEXT = 0x400


def _text(reading: Reading | None, length: int, encoding: Encoding, *, ended: bool = True) -> Text | None:
    """The first ``length`` code units of ``reading``, if all are there, and, where it is ``ended``, a NUL behind them."""
    size = length * encoding.unit
    if reading is None or length <= 0 or len(reading.data) < size + ended * encoding.unit:
        return None
    if ended and any(reading.data[size : size + encoding.unit]):
        return None
    return Text(reading.data[:size], reading.locate(0, size), encoding)


def _end(data: bytes, unit: int) -> int:
    """Where the first NUL stands in ``data``, in bytes; -1 where there is none."""
    at = data.find(bytes(unit))
    while at % unit and at >= 0:
        at = data.find(bytes(unit), at + 1)
    return at


def _number(data: bytes, at: int, size: int) -> int:
    return int.from_bytes(data[at : at + size], "little")


def _u32(data: bytes, at: int) -> int:
    return _number(data, at, 4)


def _u64(data: bytes, at: int) -> int:
    return _number(data, at, 8)


def _is_address(word: int) -> bool:
    return _LOWEST <= word < _HIGHEST


def _net(word: int) -> Lengths:
    """.NET: the address of the type, then the length."""

    def length(head: bytes) -> int:
        kind = _number(head, 0, word)
        return _u32(head, word) if _is_address(kind) and kind % word == 0 else -1

    return length


def _mono(head: bytes) -> int:
    kind = _u64(head, 0)
    return _u32(head, 16) if _is_address(kind) and kind % 8 == 0 and not _is_address(_u64(head, 8)) else -1


def _python(head: bytes) -> int:
    """CPython: counts of references are small, or say that the object never goes; then comes the type."""
    kind, references = _u64(head, 8), _u64(head, 0)
    known = _is_address(kind) and kind % 8 == 0 and (0 < references < _MOST_REFERENCES or references >> 61)
    return _u64(head, 16) if known else -1


def _python_text(head: bytes) -> int:
    """The state says that a character is a byte, and that the text is ASCII and stands behind it (3.14 has more bits)."""
    state = _u32(head, 32)
    is_ascii = state & 0x7C == 0x64 or state >> 16 & 0x1F == 0x19
    return _python(head) if is_ascii else -1


def _php(head: bytes) -> int:
    return _u64(head, 16) if head[4] & 0xF == _PHP_STRING else -1


def _ruby(head: bytes) -> int:
    return _u64(head, 16) if _is_ruby(head) else -1


def _ruby_short(head: bytes) -> int:
    return _u64(head, 0) >> 14 & 0x1F if _is_ruby(head) else -1


def _is_ruby(head: bytes) -> bool:
    """True for a string whose text stands in the object itself."""
    flags = _u64(head, 0)
    return flags & 0x1F == 5 and not flags & 1 << 13 and _is_address(_u64(head, 8))


_UTF16, _UTF8 = Encoding.UTF16LE, Encoding.UTF8
KEEPINGS: Mapping[str, Keeping] = {
    "net": Objects(8, 12, _UTF16, _net(8), slice(0, 8), inner=(1, 2)),
    "net-32": Objects(4, 8, _UTF16, _net(4), slice(0, 4), inner=(1, 2)),
    "mono": Objects(8, 20, _UTF16, _mono, slice(0, 8)),
    "python": Objects(8, 40, _UTF8, _python_text, slice(8, 16), hash=24, inner=(3, 0)),
    "python-old": Objects(8, 48, _UTF8, _python_text, slice(8, 16), hash=24, inner=(3, 0)),
    "python-bytes": Objects(8, 32, _UTF8, _python, slice(8, 16), hash=24, inner=(3, 0)),
    "php": Values(8, 24, _UTF8, _php, slice(0, 0), hash=8),
    "ruby": Objects(8, 24, _UTF8, _ruby, slice(8, 16), inner=(2, 0)),
    "ruby-old": Objects(8, 16, _UTF8, _ruby_short, slice(8, 16), inner=(2, 0)),
    "perl": Scalars(),
    "counted": Counted(),
    "plain": Plain(_UTF8),
    "plain-wide": Plain(_UTF16),
}
"""Every way by its name; the more one asks for, the earlier it is tried."""
