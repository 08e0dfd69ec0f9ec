"""Where a text ends in a Java heap dump (HPROF): right behind it, without a NUL, stands the header of the next object.

A header is a tag, the identifier of the object (eight bytes, an address), the number of a stack trace, which is 1
unless allocations are traced, and more. Tags are text: ``!`` is an instance, ``"`` and ``#`` are arrays. Whoever takes
one for the last character of a password masks it, and no reader of heap dumps can tell where the objects behind it are.

Source: the HPROF format as OpenJDK writes it (``src/hotspot/share/services/heapDumper.cpp``).
"""

from __future__ import annotations

from dumpscrub.source import Source, read

MAGIC = b"JAVA PROFILE "
TAGS = b' !"#'
"""Class, instance, array of objects, array of numbers or characters."""
_SIZE = 13
"""Bytes of tag, identifier and stack trace."""
_HIGH = bytes(2)
"""No address has more than 48 bits."""
_TRACE = b"\0\0\0\1"


def begins_object(data: bytes, at: int) -> bool:
    """True where the header of an object stands at index ``at`` of ``data``."""
    header = data[at : at + _SIZE]
    return len(header) == _SIZE and header[0] in TAGS and header[1:3] == _HIGH and header[-4:] == _TRACE


def belongs_behind(source: Source, end: int) -> int:
    """How many of the last bytes before ``end`` are the header of an object: 1 behind text, 2 behind UTF-16BE, or 0."""
    around = read(source, end - 2, end + _SIZE)
    return next((size for size in (2, 1) if begins_object(around, 2 - size)), 0)


def is_heap_dump(source: Source) -> bool:
    """True for a file that begins as heap dumps of Java do."""
    return read(source, 0, len(MAGIC)) == MAGIC
