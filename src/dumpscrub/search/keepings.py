"""The ways in which runtimes keep names and values: what stands before a text, and where the value is from there.

* .NET: type, length in four bytes, UTF-16LE (``src/coreclr/vm/object.h``); Mono has a word for locks between them;
* CPython: count of references, type, length, hash, and for ``str`` a state (``Include/cpython/unicodeobject.h``), and
  up to 3.11 one word more; ``bytes`` have no state;
* PHP: count, type, hash, length (``Zend/zend_types.h``); a value has a type of its own behind its address;
* Perl: the key of a hash is a hash, a length and text (``hv.h``), the value an SV with its text elsewhere (``sv.h``);
* Go and C++: address and length, side by side; C, and wide characters on Windows: text and NUL.

Those of Ruby and Java are in :mod:`dumpscrub.search.held`. No reader loops over pointers: a circle of them costs no
more than a value.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dumpscrub.model import Encoding
from dumpscrub.search.held import HELD
from dumpscrub.search.memory import Memory
from dumpscrub.search.objects import (
    HEADER,
    LONGEST,
    Around,
    Keeping,
    Name,
    Text,
    is_address,
    number,
    text_of,
)

_MOST_REFERENCES = 1 << 33
_PAIR, _MOST_ELEMENTS = 2, 1 << 16
_MAP = 16
"""Words from a key to its value in a map of Go: eight keys, then eight values (``runtime/map.go``)."""
_INTERFACES = (_MAP, 2)
_LONGEST_PLAIN = 512
_FEW = 8
"""Elements of a list before a name that are looked at."""
_PHP_STRING = 6
_PERL_TYPES = range(3, 8)
"""Types of SV with text, from PV on."""
_PERL_TEXT = 0x400

Lengths = Callable[[bytes], int]
"""The code units that the bytes before a text say it has; -1 where they say nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Objects(Keeping):
    """Objects with ``header`` bytes before their text, which ``length`` reads. The class stands at ``kind`` of it.

    ``hash`` is where an object keeps the hash that stands before its address in entries of tables, if it does.
    ``inner`` says which word of a list leads to its elements, or of another object to a text, and which word of the
    elements is the first one. ``counted`` lists begin with count of references, type and length.
    """

    header: int
    length: Lengths
    kind: tuple[int, int] = (0, 0)
    hash: int | None = None
    inner: tuple[int, int] | None = None
    counted: bool = False

    def known_as(self, name: Name, before: bytes) -> int | None:
        address = name.address - self.header
        if name.encoding is not self.encoding or address % self.word or not is_address(address):
            return None
        return address if self.length(before[HEADER - self.header :]) == name.length else None

    def text(self, around: Around, at: int, memory: Memory) -> Text | None:
        return self._text(around[0], around[at], memory)

    def inside(self, around: Around, memory: Memory) -> Text | None:
        if self.inner is None:
            return None
        field = self._field(around[self.values[0]], self.inner[0], memory)
        element = self._field(field, self.inner[1], memory)
        return self._text(around[0], field, memory) or self._text(around[0], element, memory)

    def is_entry(self, around: Around, memory: Memory) -> bool:
        if self.hash is None or not around[-1]:
            return False
        own = memory.read(around[0] + self.hash, self.word)
        return own is not None and number(own.data, 0, self.word) == around[-1]

    def is_list(self, around: Around) -> bool:
        """True for one of three elements or more; of two, the first may be a name and the other its value."""
        return self.counted and any(_is_list(around, -at) for at in range(1, _FEW))

    def _field(self, address: int, index: int, memory: Memory) -> int:
        """The word ``index`` of the object at ``address``; 0 where there is none."""
        if address % self.word or not is_address(address):
            return 0
        reading = memory.read(address + index * self.word, self.word)
        return number(reading.data, 0, self.word) if reading and len(reading.data) == self.word else 0

    def _text(self, own: int, other: int, memory: Memory) -> Text | None:
        """The text of the object at address ``other``, which is of the class of the name's at address ``own``."""
        if other == own or other % self.word or not is_address(other):
            return None
        head = memory.read(other, self.header)
        if head is None or len(head.data) < self.header:
            return None
        length = self.length(head.data)
        name = memory.read(own, self.header) if 0 < length <= LONGEST else None
        if name is None or name.data[slice(*self.kind)] != head.data[slice(*self.kind)]:
            return None
        return text_of(memory.read(other + self.header, (length + 1) * self.encoding.unit), length, self.encoding)


@dataclass(frozen=True, slots=True, kw_only=True)
class Values(Objects):
    """Objects of PHP, to which values point: an address, and behind it the type of what is there."""

    def text(self, around: Around, at: int, memory: Memory) -> Text | None:
        return Objects.text(self, around, at, memory) if around[at + 1] & 0xFF == _PHP_STRING else None


@dataclass(frozen=True, slots=True)
class Plain(Keeping):
    """Texts that end with a NUL, and addresses of their first character."""

    def known_as(self, name: Name, before: bytes) -> int | None:
        del before
        return name.address if name.encoding is self.encoding and name.address % self.encoding.unit == 0 else None

    def text(self, around: Around, at: int, memory: Memory) -> Text | None:
        address, unit = around[at], self.encoding.unit
        if address == around[0] or not is_address(address) or address % unit:
            return None
        reading = memory.read(address, (_LONGEST_PLAIN + 1) * unit)
        end = _end(reading.data, unit) if reading else -1
        return text_of(reading, end // unit, self.encoding)


@dataclass(frozen=True, slots=True)
class Counted(Keeping):
    """Texts whose length stands behind their address, as in strings of Go and C++."""

    def known_as(self, name: Name, before: bytes) -> int | None:
        del before
        return name.address if name.encoding is self.encoding else None

    def own(self, around: Around, memory: Memory) -> bytes:
        name = self.text(around, 0, memory)
        return name.data if name else b""

    def text(self, around: Around, at: int, memory: Memory) -> Text | None:
        return self._text(around[at], around[at + 1], memory)

    def inside(self, around: Around, memory: Memory) -> Text | None:
        """The text of an interface of Go, in a map or behind the name: the address of a type, and of a string."""
        for at in _INTERFACES:
            held = memory.read(around[at + 1], 2 * self.word) if is_address(around[at]) else None
            if held and len(held.data) == 2 * self.word:
                text = self._text(number(held.data, 0, self.word), number(held.data, self.word, self.word), memory)
                if text:
                    return text
        return None

    def _text(self, address: int, length: int, memory: Memory) -> Text | None:
        if not is_address(address) or not 0 < length <= LONGEST:
            return None
        return text_of(memory.read(address, length), length, self.encoding, ended=False)


@dataclass(frozen=True, slots=True)
class Scalars(Keeping):
    """Values of Perl: what stands behind the address of a key leads to a structure with the address of the text."""

    def known_as(self, name: Name, before: bytes) -> int | None:
        is_key = name.encoding is self.encoding and number(before, HEADER - 4, 4) == name.length
        return name.address - 8 if is_key and name.address % 8 == 0 else None

    def text(self, around: Around, at: int, memory: Memory) -> Text | None:
        value = memory.read(around[at], 24)
        if value is None or len(value.data) < 24:
            return None
        body, flags, address = (number(value.data, *place) for place in ((0, 8), (12, 4), (16, 8)))
        if flags & 0xFF not in _PERL_TYPES or not flags & _PERL_TEXT or not is_address(address):
            return None
        size = memory.read(body + 16, 8)
        length = number(size.data, 0, 8) if size and len(size.data) == 8 else 0
        return text_of(memory.read(address, length), length, self.encoding, ended=False) if length <= LONGEST else None

    def is_entry(self, around: Around, memory: Memory) -> bool:
        del around, memory
        return True


def _is_list(around: Around, at: int) -> bool:
    """True where the word ``at`` is the length of a list of CPython that goes as far as to the name."""
    return (
        max(_PAIR, -at - 1) < around[at] < _MOST_ELEMENTS
        and is_address(around[at - 1])
        and 0 < around[at - 2] < _MOST_REFERENCES
    )


def _end(data: bytes, unit: int) -> int:
    """Where the first NUL stands in ``data``, in bytes; -1 where there is none."""
    at = data.find(bytes(unit))
    while at % unit and at >= 0:
        at = data.find(bytes(unit), at + 1)
    return at


def _net(word: int) -> Lengths:
    """.NET: the address of the type, then the length."""

    def length(head: bytes) -> int:
        kind = number(head, 0, word)
        return number(head, word, 4) if is_address(kind) and kind % word == 0 else -1

    return length


def _mono(head: bytes) -> int:
    kind = number(head, 0, 8)
    return number(head, 16, 4) if is_address(kind) and kind % 8 == 0 and not is_address(number(head, 8, 8)) else -1


def _python(head: bytes) -> int:
    """CPython: counts of references are small, or say that the object never goes; then comes the type."""
    kind, references = number(head, 8, 8), number(head, 0, 8)
    known = is_address(kind) and kind % 8 == 0 and (0 < references < _MOST_REFERENCES or references >> 61)
    return number(head, 16, 8) if known else -1


def _python_text(head: bytes) -> int:
    """The state says that a character is a byte, that the text is ASCII and stands right behind it.

    Up to 3.13 its lowest bits say so, from 3.14 on those of its upper half.
    """
    state = number(head, 32, 4)
    return _python(head) if state & 0x7C == 0x64 or state >> 16 & 0x1F == 0x19 else -1


def _php(head: bytes) -> int:
    return number(head, 16, 8) if head[4] & 0xF == _PHP_STRING else -1


_UTF16, _UTF8 = Encoding.UTF16LE, Encoding.UTF8
_TYPE = 8, 16
KEEPINGS: tuple[Keeping, ...] = (
    Objects(_UTF16, header=12, length=_net(8), kind=(0, 8), inner=(1, 2)),
    Objects(_UTF16, 4, header=8, length=_net(4), kind=(0, 4), inner=(1, 2)),
    Objects(_UTF16, header=20, length=_mono, kind=(0, 8), inner=(2, 4)),
    Objects(_UTF8, 8, (1,), header=40, length=_python_text, kind=_TYPE, hash=24, inner=(3, 0), counted=True),
    Objects(_UTF8, 8, (1,), header=48, length=_python_text, kind=_TYPE, hash=24, inner=(3, 0), counted=True),
    Objects(_UTF8, 8, (1,), header=32, length=_python, kind=_TYPE, hash=24, inner=(3, 0), counted=True),
    Values(_UTF8, 8, (-3, 2, -2), header=24, length=_php),
    *HELD,
    Scalars(_UTF8, 8, (1,)),
    Counted(_UTF8, 8, (2, 3, 4, -2, -4, _MAP), measures=True),
    Plain(_UTF8, 8, (1, -1), trusted=False),
    Plain(_UTF16, 8, (1, -1), trusted=False),
)
"""All of them; what asks for more comes first."""
