"""Arrays of a few random bytes in the objects of runtimes and in blocks of memory: what their headers say of them.

On 64 bits, an array stands behind

* .NET: the address of its type, its length in four bytes, four zeros; elements are bytes or words of 32 bits;
* HotSpot: a word that says that it is neither locked nor hashed, its type in four bytes, its length in four; without
  compressed addresses of types, as in .NET;
* CPython: a count of references, the address of its type, its length in eight bytes; for ``bytes`` a hash follows, and
  a zero byte behind the data; for ``int`` digits of 30 bits do, whose count 3.12 keeps above three bits of sign;
* glibc's malloc: the size of the block with three flags; the next block's size stands right behind its last bytes. Once
  the block is freed, a link or two stand in its first 16 bytes, and what was there before behind them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dumpscrub.detectors import public_keys
from dumpscrub.detectors.public_keys import PublicKeyDetector
from dumpscrub.rules.schema import Rule
from dumpscrub.search.lengths import BITS, BLOCKS, BYTES, COUNTS, DIGITS, LINKS, LONGEST, SIGNED, WORD
from dumpscrub.search.memory import Memory
from dumpscrub.search.numbers import Order
from dumpscrub.search.randomness import looks_random

BEFORE = 3 * WORD
"""Bytes that are read before a length."""
BEHIND = max(*BLOCKS, WORD + LONGEST) + 2 * WORD
"""Bytes that are read behind a length."""

_LOWEST, _HIGHEST = 1 << 16, 1 << 47
"""Addresses of a process."""
_FEW = 1 << 32
"""A word with up to four bytes of data in it is below."""
_MOST_REFERENCES = 1 << 32
_FREE = frozenset((age << 3) | lock for age in range(16) for lock in (1, 5))
"""The first word of an array of HotSpot that nobody locked or hashed."""
_FLAGS = 7
_BLOCK_BYTES = sorted(size for size in BYTES - SIGNED if size == 20 or size >= 32)
"""Bytes of keys in blocks. Others are identifiers of keys in certificates, and there are many."""
_IDENTIFIERS = (bytes.fromhex("0414"), bytes.fromhex("30168014"))
"""What such identifiers begin with in DER (RFC 5280)."""
_MOST_BLOCK = 1 << 40
_IN_USE = 1
"""The flag of a size that says that the block before is in use."""
_FREED = "freed block"
_HIGHEST_LINK = 1 << 48
"""Links are addresses, or since glibc 2.32 addresses xored with one that is shifted."""
_LOWER_HALF = 0xFFFFFFFF
_CLEARED = ("java", "net")
"""What fills memory with zeros first: behind the bytes of other objects, what stood there before goes on."""
_ZEROS = bytes(2)
_SIGNS = (0, 2)
"""Of CPython's integers above and below zero."""
_FULL_DIGIT = 0x40
_LINE = 0x80
_ENTRIES = {15: 0, 14: 0, 13: 0, 12: 2, 11: 2, 10: 2}
"""Bytes of an entry of CPython's table of locations behind its first two, by its code."""


NAMES = ("random-array",)


def build(rule: Rule) -> PublicKeyDetector:
    """The detector for a rule of arrays: numbers of groups, which are public, are random as well."""
    return public_keys.groups(rule)


@dataclass(frozen=True, slots=True)
class Array:
    """The bytes ``[start, end)`` behind a length; ``order`` is that of the number there, None for plain bytes.

    ``kind`` names what keeps it.
    """

    kind: str
    start: int
    end: int
    order: Order | None = None

    def value(self, data: bytes) -> bytes:
        """What the array's bytes ``data`` stand for: themselves, or the number in big-endian order."""
        return data if self.order is None else _big_endian(self.order.number(data))


Reader = Callable[[bytes, int, bytes], Iterator[Array]]


def read(before: bytes, length: int, behind: bytes, memory: Memory) -> Array | None:
    """The array of random bytes whose header holds the word ``length``, if it is one.

    ``before`` are up to :data:`BEFORE` bytes of memory before that word, ``behind`` up to :data:`BEHIND` behind it.
    """
    before = before.rjust(BEFORE, b"\0")
    possible = (array for reader in _READERS for array in reader(before, length, behind))
    found = next((array for array in possible if _is_key(array, behind)), None)
    return found if found and _fits(found, _word(before, 2), memory) else None


def _fits(array: Array, kind: int, memory: Memory) -> bool:
    """True unless the object's type says something else: CPython's are objects, whose type is its own type.

    So strings of CPython, whose hash stands behind their length, are not taken for arrays of .NET.
    """
    of_type = _pointer(memory, kind + WORD) if array.kind.startswith(("net", "python")) else None
    if of_type is None:
        return True
    return (of_type > 0 and _pointer(memory, of_type + WORD) == of_type) == array.kind.startswith("python")


def _pointer(memory: Memory, address: int) -> int | None:
    """The word at ``address``, if the dump holds it."""
    reading = memory.read(address, WORD)
    return _word(reading.data, 0) if reading and len(reading.data) == WORD else None


def _is_key(array: Array, behind: bytes) -> bool:
    data = behind[array.start : array.end]
    value = array.value(data)
    if len(data) < array.end - array.start or data.startswith(_IDENTIFIERS) or not looks_random(value):
        return False
    if array.kind.startswith(_CLEARED) and _goes_on(behind[array.end + -array.end % WORD :]):
        return False
    if array.order is not None:
        return _is_private_number(value)
    return len(data) not in SIGNED or array.kind == _FREED or not data[0] or not data[-1]


def _goes_on(behind: bytes) -> bool:
    """True where no object follows, whose first word is small, an address, or (.NET) zeros and a hash.

    So the first bytes of longer arrays of words are not taken for arrays of as many bytes.
    """
    word = _word(behind, 0)
    return word > _HIGHEST and word & _LOWER_HALF != 0


def _is_private_number(value: bytes) -> bool:
    """True for numbers as long as private ones are. Runtimes keep tables of powers, too, which end with zeros."""
    bits = int.from_bytes(value, "big").bit_length()
    return any(size - 8 <= bits <= size for size in BITS) and not value.endswith(_ZEROS)


def _python_bytes(before: bytes, length: int, behind: bytes) -> Iterator[Array]:
    end = WORD + length
    is_bytes = length in BYTES and _is_python(before) and behind[end : end + 1] == b"\0"
    # Arrays of other runtimes begin where the hash is, and so end a word earlier: in zeros, as they are cleared.
    is_other = behind.count(0, end - WORD, end) > WORD // 2
    if is_bytes and not is_other and not _is_location_table(behind[WORD:end]):
        yield Array("python bytes", WORD, end)


def _python_int(before: bytes, length: int, behind: bytes) -> Iterator[Array]:
    count = length if length in DIGITS else length >> 3
    if count not in DIGITS or (length != count and length & _FLAGS not in _SIGNS) or not _is_python(before):
        return
    if all(byte < _FULL_DIGIT for byte in behind[3 : 4 * count : 4]):
        yield Array("python int", 0, 4 * count, Order.DIGITS30)


def _is_python(before: bytes) -> bool:
    return 0 < _word(before, 1) < _MOST_REFERENCES and _is_address(_word(before, 2))


def _java(before: bytes, length: int, behind: bytes) -> Iterator[Array]:
    count, kind = length >> 32, length & 0xFFFFFFFF
    if count and kind and _word(before, 2) in _FREE:
        yield from _elements("java", count, Order.WORDS)


def _net(before: bytes, length: int, behind: bytes) -> Iterator[Array]:
    if _is_address(_word(before, 2)):
        yield from _elements("net", length, Order.LITTLE)


def _elements(runtime: str, count: int, order: Order) -> Iterator[Array]:
    """So many words of 32 bits, or bytes: what the type is, no dump says. So what is random as words comes first."""
    if count in COUNTS:
        yield Array(f"{runtime} words", 0, 4 * count, order)
    if count in BYTES:
        yield Array(f"{runtime} bytes", 0, count)


def _block(before: bytes, length: int, behind: bytes) -> Iterator[Array]:
    room = length & ~_FLAGS
    following = behind[room - WORD : room]
    if room not in BLOCKS or not _is_size(length) or not _is_size(int.from_bytes(following, "little")):
        return
    # Where the data do not fill it, what is left of its last use stands behind them: zeros, an address, its size.
    whole, shorter = behind[: room - WORD], behind[: room - 2 * WORD]
    last = _word(whole[-WORD:], 0)
    is_data = (last < _FEW and last != room) or last > _HIGHEST
    for data in (whole, shorter) if is_data else (shorter,):
        end = len(data.rstrip(b"\0"))
        size = next((size for size in _BLOCK_BYTES if end <= size < end + 4), None)
        if size is not None:
            yield Array("block", 0, size)


def _freed_block(before: bytes, length: int, behind: bytes) -> Iterator[Array]:
    """The rest of what a block held before it was freed, behind a link and another one, or malloc's random number.

    That number is the same in all freed blocks, so that eight bytes more that look random may well be no key's.
    """
    link = _word(behind, 0)
    if length & _IN_USE and (not link or _LOWEST <= link < _HIGHEST_LINK):
        for block in _block(before, length, behind):
            yield Array(_FREED, LINKS, block.end)


def _is_size(word: int) -> bool:
    """True for the size of a block that is not mapped for itself, with its flags."""
    return 2 * WORD <= word < _MOST_BLOCK and word & WORD == 0 and word & 2 == 0


def _word(data: bytes, index: int) -> int:
    return int.from_bytes(data[WORD * index : WORD * index + WORD], "little")


def _is_address(word: int) -> bool:
    return _LOWEST <= word < _HIGHEST and word % WORD == 0


def _is_location_table(data: bytes) -> bool:
    """True for ``co_linetable`` of CPython 3.11 and later: only the first byte of an entry has its highest bit set."""
    at = 0
    while at < len(data):
        first = data[at]
        if first < _LINE:
            return False
        at += 1
        least = at + _ENTRIES.get(first >> 3 & 15, 1)
        while at < len(data) and data[at] < _LINE:
            at += 1
        if at < least and at < len(data):
            return False
    return True


def _big_endian(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


_READERS: tuple[Reader, ...] = (_python_bytes, _python_int, _java, _net, _freed_block, _block)
