"""Independent readers of dumps: the `minidump` package for minidumps, pyelftools for core dumps.

They share no code with :mod:`dumpscrub.formats`, so that a misunderstanding there does not hide itself. They bound
little: run them through :mod:`dumpscrub.reopen` only. What they see comes out as tables of numbers. They make an object
of each range of memory, and so are shown the first :data:`RANGES` only; the table :data:`LEFT_OUT` says of how many.
"""

from __future__ import annotations

import enum
import json
import logging
import os
import struct
from array import array
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from operator import attrgetter
from pathlib import Path
from typing import Any, BinaryIO, Literal

from elftools.elf.elffile import ELFFile
from elftools.elf.enums import ENUM_CORE_NOTE_N_TYPE, ENUM_E_MACHINE, ENUM_E_TYPE, ENUM_P_TYPE_BASE
from minidump.minidumpfile import MinidumpFile

from dumpscrub.platform import limits
from dumpscrub.tables import LEFT_OUT, READY, Table

MEMORY = 768 << 20
"""Bytes of address space that the child may use."""
ANSWER = 32 << 20
"""Bytes that the child may answer with: more than all ranges take that a reader is shown."""

_MASK = 2**64 - 1
_STREAMS = 1024

RANGES = 1 << 17
"""Ranges of memory that a reader is shown: seconds of its time. Linux lets a process map half as many by default."""


def minidump_tables(dump: BinaryIO) -> Iterator[Table]:
    """The structure of a minidump. Raises whatever the `minidump` package raises."""
    lists = list(_long_lists(dump))
    seen = MinidumpFile.parse_external(_Patched(dump, {at: count for _, _, at, count in lists}))
    yield _table(LEFT_OUT, ("type", "rows"), ((kind, claimed) for kind, claimed, _, _ in lists))
    yield _attributes("streams", seen.directories, "StreamType", "Location.DataSize", "Location.Rva")
    yield _table("threads", _THREAD, (_thread(thread) for thread in _list(seen.threads, "threads")))
    yield _attributes("modules", _list(seen.modules, "modules"), "baseaddress", "size", "checksum", "timestamp")
    yield _attributes("unloaded modules", _list(seen.unloaded_modules, "modules"), "baseaddress", "size")
    for name in ("memory_segments", "memory_segments_64"):
        memory = _list(getattr(seen, name), "memory_segments")
        yield _attributes(name, memory, "start_virtual_address", "size", "start_file_address")
    info = _list(seen.memory_info, "infos")
    yield _attributes("memory info", info, "BaseAddress", "RegionSize", "AllocationBase", "State", "Protect", "Type")
    yield _attributes("thread info", _list(seen.thread_info, "infos"), "ThreadId", "StartAddress")
    yield _attributes("handles", _list(seen.handles, "handles"), "Handle")
    records = _list(seen.exception, "exception_records")
    yield _attributes("exceptions", records, "ThreadId", "ExceptionRecord.ExceptionAddress")


_COUNTS = {5: (0, 4), 9: (0, 8), 16: (8, 8)}
"""Where the number of rows stands in MemoryList, Memory64List and MemoryInfoList, and its bytes."""


def _long_lists(dump: BinaryIO) -> Iterator[tuple[int, int, int, bytes]]:
    """The lists with too many rows: stream type, rows, the file offset of that count, and the count to read there."""
    streams, directory = struct.unpack("<8xII", dump.read(16).ljust(16, b"\0"))
    dump.seek(directory)
    for kind, _, place in struct.iter_unpack("<III", _whole(dump.read(min(streams, _STREAMS) * 12), 12)):
        at, size = _COUNTS.get(kind, (0, 0))
        dump.seek(place + at)
        claimed = int.from_bytes(dump.read(size), "little")
        if claimed > RANGES:
            yield kind, claimed, place + at, RANGES.to_bytes(size, "little")


def _whole(data: bytes, size: int) -> bytes:
    return data[: len(data) // size * size]


class _Patched:
    """A file that reads otherwise at some offsets. It has what the `minidump` package uses of a file."""

    def __init__(self, file: BinaryIO, patches: dict[int, bytes]) -> None:
        self._file = file
        self._patches = patches
        self.seek, self.tell = file.seek, file.tell
        self.seek(0)

    def read(self, size: int = -1) -> bytes:
        start = self._file.tell()
        data = self._file.read(size)
        for at, patch in self._patches.items():
            if start <= at and at + len(patch) <= start + len(data):
                data = b"".join((data[: at - start], patch, data[at - start + len(patch) :]))
        return data


_THREAD = ("id", "teb", "stack", "stack size", "stack offset", "context offset", "ip", "sp")


def _thread(thread: Any) -> tuple[object, ...]:
    context = getattr(thread, "ContextObject", None)
    ip = getattr(context, "Rip", getattr(context, "Eip", 0))
    sp = getattr(context, "Rsp", getattr(context, "Esp", 0))
    stack = thread.Stack
    place = (stack.StartOfMemoryRange, stack.DataSize, stack.Rva)
    return (thread.ThreadId, thread.Teb, *place, thread.ThreadContext.Rva, ip, sp)


def _list(stream: Any, name: str) -> list[Any]:
    """The records of a stream, none where the dump has no such stream."""
    return [] if stream is None else list(getattr(stream, name))


def core_tables(dump: BinaryIO) -> Iterator[Table]:
    """The structure of an ELF core dump. Raises whatever pyelftools raises."""
    elf = ELFFile(dump)
    kind, machine = ENUM_E_TYPE.get(elf["e_type"], 0), ENUM_E_MACHINE.get(elf["e_machine"], 0)
    header = (elf.elfclass, elf.little_endian, kind, machine, elf["e_phoff"], elf["e_shoff"], elf["e_shnum"])
    yield _table("header", ("class", "little-endian", "type", "machine", "phoff", "shoff", "shnum"), [header])
    claimed = elf.num_segments()
    yield _table(LEFT_OUT, ("type", "rows"), [(0, claimed)] if claimed > RANGES else [])
    segments: list[Any] = list(islice(elf.iter_segments(), RANGES))
    fields = ("p_offset", "p_vaddr", "p_filesz", "p_memsz", "p_flags")
    # A type that has no name comes as a number: nobody follows such a segment.
    known = (segment for segment in segments if segment["p_type"] in ENUM_P_TYPE_BASE)
    rows = ((ENUM_P_TYPE_BASE[segment["p_type"]], *(segment[field] for field in fields)) for segment in known)
    yield _table("segments", ("type", *fields), rows)
    notes = [note for segment in segments if segment["p_type"] == "PT_NOTE" for note in segment.iter_notes()]
    yield _table("notes", ("type", "offset", "namesz", "descsz"), map(_note, notes))
    mapped = (note["n_desc"]["Elf_Nt_File_Entry"] for note in notes if note["n_type"] == "NT_FILE")
    files = ((entry["vm_start"], entry["vm_end"], entry["page_offset"]) for entries in mapped for entry in entries)
    yield _table("files", ("start", "end", "offset"), files)
    states = (note["n_descdata"] for note in notes if note["n_type"] == "NT_PRSTATUS")
    yield _table("threads", ("id", "ip", "sp"), (_status(elf, state) for state in states))


def _note(note: Any) -> tuple[object, ...]:
    kind = ENUM_CORE_NOTE_N_TYPE.get(note["n_type"], note["n_type"])
    return kind, note["n_offset"], note["n_namesz"], note["n_descsz"]


_STATUS = {
    "EM_X86_64": (32, 240, 264, 8),
    "EM_AARCH64": (32, 368, 360, 8),
    "EM_386": (24, 120, 132, 4),
    "EM_ARM": (24, 132, 124, 4),
}
"""Offsets of pr_pid and of the registers IP and SP in ``struct elf_prstatus``, and a register's bytes."""


def _status(elf: Any, state: bytes) -> tuple[int, ...]:
    """Thread id, IP and SP; zeros where the machine is not known."""
    pid, ip, sp, width = _STATUS.get(elf["e_machine"], (0, 0, 0, 0))
    order: Literal["little", "big"] = "little" if elf.little_endian else "big"
    fields = ((pid, 4 if width else 0), (ip, width), (sp, width))
    return tuple(int.from_bytes(state[at : at + size], order) for at, size in fields)


def _attributes(name: str, records: Iterable[Any], *columns: str) -> Table:
    get = attrgetter(*columns)
    return _table(name, columns, (get(record) if len(columns) > 1 else (get(record),) for record in records))


def _table(name: str, columns: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> Table:
    return Table(name, columns, array("Q", (_number(value) for row in rows for value in row)))


def _number(value: object) -> int:
    """A number in 64 bits; 0 for what a reader does not know a number for."""
    if isinstance(value, enum.Enum):
        value = value.value
    return value & _MASK if isinstance(value, int) else 0


READERS: dict[str, Callable[[BinaryIO], Iterator[Table]]] = {"minidump": minidump_tables, "elf-core": core_tables}
"""The independent reader of each format, by :attr:`dumpscrub.model.Dump.format`; other formats have none."""


def main(format_name: str, seconds: str) -> None:
    """The child: read the dump on standard input and answer on standard output. It may end with any exception."""
    limits.harden_process()
    logging.disable()
    with os.fdopen(os.dup(1), "wb") as answer, Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)  # what a reader prints is not an answer
        answer.write(READY)
        answer.flush()
        limits.limit_process(MEMORY, int(seconds))
        with open(0, "rb", closefd=False) as dump:
            dump.seek(0)
            _answer(answer, READERS[format_name](dump))


def _answer(stream: BinaryIO, tables: Iterable[Table]) -> None:
    """Write one line a table. Raises MemoryError where that is more than :data:`ANSWER` bytes."""
    room = ANSWER
    for table in tables:
        line = {"name": table.name, "columns": table.columns, "values": table.values.tolist()}
        room -= stream.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")
        if room < 0:
            raise MemoryError
