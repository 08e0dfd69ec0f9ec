"""A bounded reader for ASN.1 elements (ITU-T X.690): tag, length, contents.

It reads one header at a time, never recurses, and treats a length only as a claim: an element may end beyond the buffer
(memory was cut there), which its ``end`` then says. Multi-byte tags do not occur in keys and certificates and are
refused. Indefinite lengths (BER) are read where the caller asks for them: some PKCS#12 writers use them.
"""

from __future__ import annotations

from typing import NamedTuple

INTEGER = 0x02
BIT_STRING = 0x03
OCTET_STRING = 0x04
OBJECT_IDENTIFIER = 0x06
UTC_TIME = 0x17
GENERALIZED_TIME = 0x18
SEQUENCE = 0x30

_CONSTRUCTED = 0x20
_INDEFINITE = 0x80
_LONGEST_LENGTH = 4
_NO_TAGS = frozenset((0, *range(0x1F, 0x100, 0x20)))
"""The first bytes of no element, and of tags of several bytes."""
LENGTH = rb"(?:[\x00-\x7f]|\x81.|\x82..|\x83...|\x84....)"
"""A definite length, for expressions that tell most of what is no such structure before its elements are read."""
_FREE_STEPS, _CHUNK = 32, 128
"""Elements in which the end of an indefinite length is looked for: so many, and one more for so many bytes of them.
Writers cut octets into chunks of 1,000 bytes; what was cut into dust was made up to take long."""


def context(number: int) -> int:
    """The tag of the constructed context-specific element ``[number]``."""
    return 0xA0 | number


class Element(NamedTuple):
    """One element, as indices of the buffer: header ``[start, body)``, contents ``[body, stop)``.

    ``end`` is where the next element begins; it differs from ``stop`` only for an indefinite length. Where ``end`` lies
    beyond the buffer, the element is cut.
    """

    tag: int
    start: int
    body: int
    stop: int
    end: int

    @property
    def length(self) -> int:
        """Bytes of the contents, as the header claims."""
        return self.stop - self.body

    def contents(self, data: bytes) -> bytes:
        """The contents, as far as ``data`` holds them."""
        return data[self.body : self.stop]

    def is_cut(self, data: bytes) -> bool:
        """True where ``data`` does not hold the whole element."""
        return self.end > len(data)


def read(data: bytes, at: int, *, indefinite: bool = False) -> Element | None:
    """The element whose header begins at ``at``, or None where none can begin there."""
    body = at + 2
    if body > len(data):
        return None
    tag, length = data[at], data[at + 1]
    if tag in _NO_TAGS:
        return None
    if length >= _INDEFINITE:
        if length == _INDEFINITE:
            return _read_indefinite(data, at) if indefinite and tag & _CONSTRUCTED else None
        count = length - _INDEFINITE
        if count > _LONGEST_LENGTH or body + count > len(data):
            return None
        length, body = int.from_bytes(data[body : body + count], "big"), body + count
    end = body + length
    return Element(tag, at, body, end, end)


def children(data: bytes, parent: Element, most: int = 16, *, indefinite: bool = False) -> list[Element]:
    """The first ``most`` elements in ``parent``'s contents, up to the first one that does not fit into it."""
    found: list[Element] = []
    at, open_ended = parent.body, parent.stop != parent.end and parent.is_cut(data)
    while at < parent.stop and len(found) < most:
        element = read(data, at, indefinite=indefinite)
        if element is None or (element.end > parent.stop and not open_ended):
            break
        found.append(element)
        at = element.end
    return found


def unsigned(data: bytes, element: Element) -> int:
    """The contents as an unsigned big-endian number. Keys hold no negative ones."""
    return int.from_bytes(element.contents(data), "big")


def _read_indefinite(data: bytes, at: int) -> Element:
    """The element at ``at`` with an indefinite length; where no end mark is found, it counts as cut."""
    position, depth, steps, size = at + 2, 1, 0, len(data)
    while position + 2 <= size and steps <= _FREE_STEPS + (position - at) // _CHUNK:
        steps += 1
        tag, length = data[position], data[position + 1]
        if not tag and not length:
            depth, position = depth - 1, position + 2
            if not depth:
                return Element(data[at], at, at + 2, position - 2, position)
        elif length == _INDEFINITE:
            depth, position = depth + 1, position + 2
        elif length < _INDEFINITE and tag not in _NO_TAGS:
            position += 2 + length
        else:
            inner = read(data, position)
            if inner is None:
                break
            position = inner.end
    return Element(data[at], at, at + 2, len(data), len(data) + 2)
