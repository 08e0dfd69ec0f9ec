"""Metadata of .NET modules (ECMA-335, II.24): which fields of which types have a name that somebody wants.

Metadata name each field and say what it holds; everything else about it is made when the type is loaded
(:mod:`dumpscrub.search.clrtypes`). The root stands in memory wherever a module does, so no header of an image is
needed. What a dump does not hold of it is left out: the tables and the names have to be there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from dumpscrub.search.memory import LONGEST, Memory
from dumpscrub.search.objects import number

ROOT = b"BSJB\1\0\1\0"
"""What a root begins with: a signature and the version of the format."""
STRING, VALUE_TYPE, TYPE_VARIABLE, OBJECT = 0x0E, 0x11, 0x13, 0x1C
"""Element types (II.23.1.16) of what may hold a text."""
LARGEST_ROW = 0x1FFFF
"""The row of a field from which on the runtime describes it in another way; no known module has so many."""
UNKNOWN = 0
"""The element type of a field whose signature the dump does not hold."""
_MODIFIERS, _MOST_MODIFIERS = (b"\x1f", b"\x20"), 4
_FIELD_SIGNATURE = 0x06
_STATIC, _LITERAL, _ACCESS = 0x10, 0x40, 0x07
_MOST_STREAMS, _LONGEST_VERSION, _LONGEST_NAME = 16, 256, 32
_MOST_TABLES, _MOST_ROWS, _MOST_HOLDERS = 0x2D, 1 << 22, 10_000
_MOST_BYTES = 32 << 20
"""Bytes of one stream: those of the largest known modules have ten million."""
_MODULE, _TYPE_REF, _TYPE_DEF, _FIELD_POINTER, _FIELD, _METHOD_POINTER, _METHOD = range(7)
_TYPE_SPEC, _MODULE_REF, _ASSEMBLY_REF = 0x1B, 0x1A, 0x23
_SMALL, _SMALL_CODED = 1 << 16, 1 << 14
_WANTED = re.compile(rb"(?i)pass|pwd|pw|secret|token|credential|key|auth|cookie|pin|sas|cred|pat|conn|licen[cs]e")
"""What stands in names of secrets: most names are settled by this."""
_LONGEST_FIELD_NAME = 512
_OF_A_LOOK = 512
"""What a look at a name or a field counts, which takes a few microseconds."""

Column = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Member:
    """A field of objects that is wanted, or one of them that holds a structure in which there is such a field.

    ``module`` is where its metadata begin, ``owner`` the row of its type there. ``head``, ``before`` and ``after`` tell
    a field from others: its row, and how visible it is, of itself and of the fields beside it (-1 where there is none).
    ``element`` says what it holds; of a structure ``inner`` is the row.
    """

    name: str
    module: int
    owner: int
    head: int
    before: int
    after: int
    element: int
    inner: int = 0

    @property
    def row(self) -> int:
        """Its row in the table of fields."""
        return self.head & LARGEST_ROW


def head_of(row: int, flags: int) -> int:
    """The row of a field and how visible it is (II.23.1.5), as one number."""
    return row | (flags & _ACCESS) << 27


class MetadataReader:
    """Reads metadata from ``memory`` until ``work`` is done, in bytes that are read; a look at a name counts, too."""

    def __init__(self, memory: Memory, work: int) -> None:
        self._memory = memory
        self.work = work

    def members(self, address: int, is_wanted: Callable[[str], bool]) -> Iterator[Member]:
        """The fields whose names are wanted, in the module whose metadata begin at ``address``."""
        streams = self._streams(address)
        if b"#~" not in streams or b"#Strings" not in streams:
            return
        tables = _Tables.read(self._bytes(*streams[b"#~"]))
        wanted = self._rows_of_names(self._bytes(*streams[b"#Strings"]), tables.names, is_wanted) if tables else None
        if tables and wanted:
            types = _Types(address, tables, self._bytes(*streams.get(b"#Blob", (0, 0))))
            for member in types.members(wanted):
                self.work -= _OF_A_LOOK
                yield member

    def _streams(self, address: int) -> Mapping[bytes, tuple[int, int]]:
        """Address and size of each stream by its name."""
        head = self._bytes(address, 16)
        length = number(head, 12, 4)
        if not head.startswith(ROOT) or length > _LONGEST_VERSION:
            return {}
        data = self._bytes(address + 16 + length, 4 + _MOST_STREAMS * (8 + _LONGEST_NAME))
        streams, at = {}, 4
        for _ in range(min(number(data, 2, 2), _MOST_STREAMS)):
            offset, size = number(data, at, 4), number(data, at + 4, 4)
            name, ended, _ = data[at + 8 : at + 8 + _LONGEST_NAME].partition(b"\0")
            if not ended:
                break
            streams[name] = (address + offset, min(size, _MOST_BYTES))
            at += 8 + (len(name) // 4 + 1) * 4
        return streams

    def _bytes(self, address: int, size: int) -> bytes:
        """Up to ``size`` bytes from ``address`` on, as far as memory and :attr:`work` go."""
        parts = []
        while size > 0 and self.work > 0:
            wanted = min(size, LONGEST)
            reading = self._memory.read(address, wanted)
            data = reading.data if reading else b""
            parts.append(data)
            self.work -= len(data)
            address, size = address + wanted, size - wanted if len(data) == wanted else 0
        return b"".join(parts)

    def _rows_of_names(self, heap: bytes, names: Column, is_wanted: Callable[[str], bool]) -> dict[int, str]:
        """The rows (from 0 on) of fields whose name is wanted. A name may be the end of another one."""
        order = np.argsort(names, kind="stable")
        ordered = names[order]
        found: dict[int, str] = {}
        last = 0
        for hit in (match.end() for match in _WANTED.finditer(heap)):
            if hit <= last:
                continue
            last = heap.find(b"\0", hit)
            first = max(heap.rfind(b"\0", 0, hit) + 1, last - _LONGEST_FIELD_NAME)
            rows = order[np.searchsorted(ordered, first) : np.searchsorted(ordered, last)]
            self.work -= _OF_A_LOOK * (1 + len(rows))
            if last < 0 or self.work <= 0:
                break
            texts = {row: heap[int(names[row]) : last].decode("utf-8", "replace") for row in rows.tolist()}
            found.update((row, text) for row, text in texts.items() if is_wanted(text))
        return found


@dataclass(frozen=True, slots=True, eq=False)
class _Tables:
    """Columns of the tables: of types, where their fields begin; of fields, flags, names and signatures."""

    first_fields: Column
    flags: Column
    names: Column
    signatures: Column

    @classmethod
    def read(cls, data: bytes) -> _Tables | None:
        """The tables in the stream ``data``; None where it does not hold them as a compiler writes them."""
        valid, rows, at = number(data, 8, 8), [0] * 64, 24
        for table in range(64):
            if valid >> table & 1:
                rows[table] = number(data, at, 4)
                at += 4
        if valid >> _MOST_TABLES or max(rows) > _MOST_ROWS or rows[_FIELD_POINTER]:
            return None
        if not 0 < rows[_FIELD] <= LARGEST_ROW:
            return None
        heaps = number(data, 6, 1)
        at += 4 if heaps & 0x40 else 0
        sizes = _Sizes(rows, 4 if heaps & 1 else 2, 4 if heaps & 2 else 2, 4 if heaps & 4 else 2)
        at += rows[_MODULE] * sizes.module + rows[_TYPE_REF] * sizes.type_ref
        types = _table(data, at, rows[_TYPE_DEF], sizes.type_def)
        fields = _table(data, at + rows[_TYPE_DEF] * sum(sizes.type_def), rows[_FIELD], sizes.field)
        return cls(np.maximum.accumulate(types[4]), *fields) if types and fields else None


@dataclass(frozen=True, slots=True)
class _Sizes:
    """How wide the columns of tables are (II.24.2.6)."""

    rows: list[int]
    name: int
    guid: int
    blob: int

    def _index(self, table: int) -> int:
        return 2 if self.rows[table] < _SMALL else 4

    def _coded(self, *tables: int) -> int:
        return 2 if max(self.rows[table] for table in tables) < _SMALL_CODED else 4

    @property
    def module(self) -> int:
        return 2 + self.name + 3 * self.guid

    @property
    def type_ref(self) -> int:
        return self._coded(_MODULE, _MODULE_REF, _ASSEMBLY_REF, _TYPE_REF) + 2 * self.name

    @property
    def type_def(self) -> tuple[int, ...]:
        """Flags, name, namespace, base, first field, first method."""
        methods = _METHOD_POINTER if self.rows[_METHOD_POINTER] else _METHOD
        base = self._coded(_TYPE_DEF, _TYPE_REF, _TYPE_SPEC)
        return 4, self.name, self.name, base, self._index(_FIELD), self._index(methods)

    @property
    def field(self) -> tuple[int, ...]:
        """Flags, name, signature."""
        return 2, self.name, self.blob


def _table(data: bytes, at: int, rows: int, widths: tuple[int, ...]) -> tuple[Column, ...]:
    """The columns of a table of ``rows`` rows at index ``at``; none where ``data`` does not hold all of it."""
    if not rows or at + rows * sum(widths) > len(data):
        return ()
    names = [f"f{column}" for column in range(len(widths))]
    kind = np.dtype({"names": names, "formats": [f"<u{width}" for width in widths]})
    table = np.frombuffer(data, kind, rows, at)
    return tuple(table[name].astype(np.int64) for name in names)


@dataclass(frozen=True, slots=True, eq=False)
class _Types:
    """Types and their fields, of which only those of objects count: literals have no place, statics another one."""

    module: int
    tables: _Tables
    blobs: bytes = field(repr=False)

    def members(self, wanted: Mapping[int, str]) -> Iterator[Member]:
        """The fields of ``wanted`` that may hold a text; then those that hold a structure with such a field."""
        structures = set()
        for row, name in wanted.items():
            element = self._element(row)
            if element in (STRING, OBJECT, TYPE_VARIABLE, UNKNOWN):
                member = self._member(row, name, element, 0)
                if member:
                    structures.add(member.owner)
                    yield member
        yield from self._holders(structures)

    def _holders(self, structures: set[int]) -> Iterator[Member]:
        """The fields of objects that hold one of ``structures``, rows of types of the same module."""
        blobs, starts = np.frombuffer(self.blobs, np.uint8), self.tables.signatures
        inside = np.flatnonzero(starts + 3 < len(blobs)) if structures else np.empty(0, np.int64)
        is_field = blobs[starts[inside] + 1] == _FIELD_SIGNATURE
        is_value = blobs[starts[inside] + 2] == VALUE_TYPE
        for row in inside[is_field & is_value][:_MOST_HOLDERS].tolist():
            at = int(starts[row]) + 3
            coded = _compressed(self.blobs[at : at + 4])[0]
            member = self._member(row, "", VALUE_TYPE, coded >> 2) if coded & 3 == 0 else None
            if member and member.inner in structures:
                yield member

    def _member(self, row: int, name: str, element: int, inner: int) -> Member | None:
        """The field at ``row``, from 0 on; None for one that is not of objects."""
        firsts = self.tables.first_fields
        owner = int(np.searchsorted(firsts, row + 1, "right"))
        end = int(firsts[owner]) - 1 if owner < len(firsts) else len(self.tables.flags)
        if not owner or not self._is_of_objects(row):
            return None
        before = self._beside(range(row - 1, max(int(firsts[owner - 1]) - 2, row - 65), -1))
        after = self._beside(range(row + 1, min(end, row + 65)))
        return Member(name, self.module, owner, self._head(row), before, after, element, inner)

    def _beside(self, rows: range) -> int:
        return next((self._head(row) for row in rows if self._is_of_objects(row)), -1)

    def _is_of_objects(self, row: int) -> bool:
        return not int(self.tables.flags[row]) & (_STATIC | _LITERAL)

    def _head(self, row: int) -> int:
        return head_of(row + 1, int(self.tables.flags[row]))

    def _element(self, row: int) -> int:
        """What the field at ``row`` holds."""
        at = int(self.tables.signatures[row]) + 1
        if self.blobs[at : at + 1] != bytes((_FIELD_SIGNATURE,)):
            return UNKNOWN if at >= len(self.blobs) else -1
        at += 1
        for _ in range(_MOST_MODIFIERS):
            if self.blobs[at : at + 1] not in _MODIFIERS:
                break
            at += 1 + _compressed(self.blobs[at + 1 : at + 5])[1]
        return self.blobs[at] if at < len(self.blobs) else UNKNOWN


def _compressed(data: bytes) -> tuple[int, int]:
    """An unsigned number as signatures keep it (II.23.2), and how many bytes it takes."""
    first = data[0] if data else 0
    if first < 0x80:
        return first, 1
    if first < 0xC0:
        return int.from_bytes(data[:2], "big") & 0x3FFF, 2
    return int.from_bytes(data[:4], "big") & 0x1FFFFFFF, 4
