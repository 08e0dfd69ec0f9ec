"""Independent readers of dumps: the `minidump` package for minidumps, pyelftools for core dumps.

They share no code with :mod:`dumpscrub.formats`, so that a misunderstanding there does not hide itself. They bound
nothing: run them through :mod:`dumpscrub.reopen` only. What they see comes out as tables of numbers.
"""

from __future__ import annotations

import enum
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, BinaryIO, Literal

from elftools.elf.elffile import ELFFile
from elftools.elf.enums import ENUM_CORE_NOTE_N_TYPE, ENUM_E_MACHINE, ENUM_E_TYPE, ENUM_P_TYPE_BASE
from minidump.minidumpfile import MinidumpFile

_MASK = 2**64 - 1


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of unsigned 64-bit numbers, one after the other in ``values``; ``columns`` names the numbers of a row."""

    name: str
    columns: tuple[str, ...]
    values: array[int]

    def rows(self) -> list[tuple[int, ...]]:
        """The rows as tuples."""
        return list(zip(*[iter(self.values)] * len(self.columns), strict=True))


def minidump_tables(dump: BinaryIO) -> Iterator[Table]:
    """The structure of a minidump. Raises whatever the `minidump` package raises."""
    seen = MinidumpFile.parse_external(dump)
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
    segments: list[Any] = list(elf.iter_segments())
    fields = ("p_offset", "p_vaddr", "p_filesz", "p_memsz", "p_flags")
    kinds = (ENUM_P_TYPE_BASE.get(segment["p_type"], segment["p_type"]) for segment in segments)
    rows = ((kind, *(segment[field] for field in fields)) for kind, segment in zip(kinds, segments, strict=True))
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
