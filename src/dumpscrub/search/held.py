"""Strings that hold their text by its address: of Ruby, where it is long, and of Java, whose text is an array.

* Ruby: flags, class, length, and behind these the text or its address (``include/ruby/internal/core/rstring.h``); up to
  3.1 a short text stands behind the class, and the flags hold its length;
* Java: HotSpot with compressed addresses, which are shifted by three bits where the heap is large. An array is a word
  of marks, class, length and elements (``arrayOop.hpp``); a string has the address of one before or behind other
  fields.
"""

from __future__ import annotations

from dataclasses import dataclass

from dumpscrub.model import Encoding
from dumpscrub.search.memory import Memory
from dumpscrub.search.objects import HEADER, LONGEST, Around, Keeping, Name, Text, is_address, number, text_of

_STRING, _TYPE, _ELSEWHERE = 5, 0x1F, 1 << 13
_LENGTH_BITS, _LENGTH = 14, 0x1F
_RUBY_HEADER = 32
_ARRAY, _STRING_HEADER = 16, 24
_MARKS, _UNLOCKED = 3, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RubyStrings(Keeping):
    """Strings of Ruby whose own text, where it is short, stands ``inside_at`` bytes from their beginning."""

    inside_at: int

    def known_as(self, name: Name, before: bytes) -> int | None:
        address = name.address - self.inside_at
        head = before[HEADER - self.inside_at :]
        is_one = name.encoding is self.encoding and address % self.word == 0 and _is_ruby(head)
        return address if is_one and self._short(head) == name.length else None

    def text(self, around: Around, at: int, memory: Memory) -> Text | None:
        own, value = around[0], memory.read(around[at], _RUBY_HEADER)
        name = memory.read(own, self.inside_at)
        if value is None or name is None or own == around[at] or around[at] % self.word or not _is_ruby(value.data):
            return None
        if name.data[8:16] != value.data[8:16]:
            return None
        if number(value.data, 0, 8) & _ELSEWHERE:
            address, length = number(value.data, 24, 8), number(value.data, 16, 8)
            found = memory.read(address, length) if is_address(address) and length <= LONGEST else None
            return text_of(found, length, self.encoding, ended=False)
        length = self._short(value.data)
        found = memory.read(around[at] + self.inside_at, length + 1) if 0 < length <= LONGEST else None
        return text_of(found, length, self.encoding)

    def _short(self, head: bytes) -> int:
        """The length that the beginning of a string says its own text has; -1 where it has none."""
        flags = number(head, 0, 8)
        if flags & _ELSEWHERE:
            return -1
        return flags >> _LENGTH_BITS & _LENGTH if self.inside_at == 16 else number(head, 16, 8)


@dataclass(frozen=True, slots=True, kw_only=True)
class RubyLongNames(RubyStrings):
    """The same for names that stand elsewhere."""

    def known_as(self, name: Name, before: bytes) -> int | None:
        del before
        return name.address if name.encoding is self.encoding else None

    def holder(self, place: int, name: Name, memory: Memory) -> int | None:
        head = memory.read(place - 24, 24)
        is_one = head is not None and len(head.data) == 24 and _is_ruby(head.data) and place % self.word == 0
        fits = is_one and head is not None and number(head.data, 16, 8) == name.length
        return place - 24 if fits and head and number(head.data, 0, 8) & _ELSEWHERE else None


@dataclass(frozen=True, slots=True, kw_only=True)
class JavaStrings(Keeping):
    """Strings of Java with addresses of four bytes, which are ``shift`` bits to the right; ``at`` is the array's."""

    shift: int
    array_at: int

    def known_as(self, name: Name, before: bytes) -> int | None:
        array = name.address - _ARRAY
        length, kind = number(before, HEADER - 4, 4), number(before, HEADER - 8, 4)
        is_array = name.encoding is self.encoding and array % 8 == 0 and before[HEADER - _ARRAY] & _MARKS == _UNLOCKED
        return self._word(array) if is_array and kind and length == name.length else None

    def holder(self, place: int, name: Name, memory: Memory) -> int | None:
        del name
        head = memory.read(place - self.array_at, self.array_at)
        is_string = head is not None and head.data[:1] != b"" and head.data[0] & _MARKS == _UNLOCKED
        is_string = is_string and head is not None and number(head.data, 8, 4) > 0
        return self._word(place - self.array_at) if is_string and (place - self.array_at) % 8 == 0 else None

    def text(self, around: Around, at: int, memory: Memory) -> Text | None:
        if around[0] == around[at]:
            return None
        own, other = (self._array(word, memory) for word in (around[0], around[at]))
        if own is None or other is None or own[0] != other[0] or own[2][8:12] != other[2][8:12]:
            return None
        length = number(other[2], 12, 4)
        found = memory.read(other[1] + _ARRAY, length * self.encoding.unit) if 0 < length <= LONGEST else None
        return text_of(found, length, self.encoding, ended=False)

    def _array(self, word: int, memory: Memory) -> tuple[int, int, bytes] | None:
        """Class of the string to which ``word`` leads, address of its array, and what that begins with."""
        string = memory.read(word << self.shift, _STRING_HEADER)
        if not word or string is None or len(string.data) < _STRING_HEADER:
            return None
        address = number(string.data, self.array_at, 4) << self.shift
        array = memory.read(address, _ARRAY)
        return (number(string.data, 8, 4), address, array.data) if array and len(array.data) == _ARRAY else None

    def _word(self, address: int) -> int | None:
        """The word that leads to ``address``, if one can."""
        word = address >> self.shift
        return word if 0 < word < 1 << 32 and word << self.shift == address else None


def _is_ruby(head: bytes) -> bool:
    return number(head, 0, 8) & _TYPE == _STRING and is_address(number(head, 8, 8))


_UTF8, _UTF16 = Encoding.UTF8, Encoding.UTF16LE
HELD: tuple[Keeping, ...] = (
    RubyStrings(_UTF8, inside_at=24),
    RubyStrings(_UTF8, inside_at=16),
    RubyLongNames(_UTF8, inside_at=24, indirect=True),
    RubyLongNames(_UTF8, inside_at=16, indirect=True),
    *(
        JavaStrings(encoding, 4, (1,), shift=shift, array_at=at, indirect=True)
        for encoding, at in ((_UTF8, 20), (_UTF8, 12), (_UTF16, 12))
        for shift in (3, 0)
    ),
)
"""All of them."""
