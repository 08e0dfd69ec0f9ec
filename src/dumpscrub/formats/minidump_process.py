"""The process's own structures on Windows: from a thread's TEB to the command line and the environment block.

The structures are undocumented but have kept these offsets from Windows XP on. Every pointer may lead nowhere.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from dumpscrub.formats.base import AddressSpace
from dumpscrub.model import Encoding, Field, FieldKind
from dumpscrub.source import Source, read_spans
from dumpscrub.span import Span, total

MAX_ENVIRONMENT = 1 << 20
"""Bytes of an environment block that are looked at: Windows itself allows 32,767 characters a variable."""


@dataclass(frozen=True, slots=True)
class ProcessLayout:
    """Offsets in bytes within TEB, PEB and RTL_USER_PROCESS_PARAMETERS for one width of pointers."""

    pointer: str
    teb_stack_base: int
    teb_peb: int
    peb_parameters: int
    command_line: int
    environment: int
    environment_size: int

    @property
    def width(self) -> int:
        """Bytes of a pointer."""
        return struct.calcsize("<" + self.pointer)


X86 = ProcessLayout("I", 0x04, 0x30, 0x10, 0x40, 0x48, 0x290)
X64 = ProcessLayout("Q", 0x08, 0x60, 0x20, 0x70, 0x80, 0x3F0)

# By the processor architecture of the SystemInfo stream: x86, ARM, x64, ARM64.
_LAYOUTS = {0: (X86,), 5: (X86,), 9: (X64,), 12: (X64,)}


def process_layouts(architecture: int | None) -> tuple[ProcessLayout, ...]:
    """The layouts to try for a processor architecture: both where it does not decide."""
    return (X64, X86) if architecture is None else _LAYOUTS.get(architecture, (X64, X86))


def process_fields(
    source: Source, space: AddressSpace, layout: ProcessLayout, tebs: Iterable[int]
) -> tuple[Field, ...]:
    """The command line and the environment, from the first of the thread blocks at ``tebs`` that leads to any."""
    seen: set[int] = set()
    for teb in tebs:
        peb = _pointer(space, layout, teb + layout.teb_peb)
        if peb is None or peb in seen:
            continue
        seen.add(peb)
        parameters = _pointer(space, layout, peb + layout.peb_parameters)
        if parameters is None:
            continue
        fields = (_command_line(space, layout, parameters), _environment(source, space, layout, parameters))
        if any(fields):
            return tuple(field for field in fields if field is not None)
    return ()


def _pointer(space: AddressSpace, layout: ProcessLayout, address: int) -> int | None:
    """The pointer stored at ``address``, None where the dump does not hold it or it is null."""
    data = space.bytes(address, layout.width)
    if data is None:
        return None
    value: int = struct.unpack("<" + layout.pointer, data)[0]
    return value or None


def _command_line(space: AddressSpace, layout: ProcessLayout, parameters: int) -> Field | None:
    """The UNICODE_STRING CommandLine: length in bytes, capacity, pointer to the characters."""
    length = space.bytes(parameters + layout.command_line, 2)
    buffer = _pointer(space, layout, parameters + layout.command_line + layout.width)
    if length is None or buffer is None:
        return None
    wanted = int.from_bytes(length, "little") & ~1
    return _field(FieldKind.COMMAND_LINE, space.spans(buffer, wanted), wanted)


def _environment(source: Source, space: AddressSpace, layout: ProcessLayout, parameters: int) -> Field | None:
    """The environment block: up to its end mark, or as long as the parameters say where that is more."""
    address = _pointer(space, layout, parameters + layout.environment)
    if address is None:
        return None
    data = read_spans(source, space.spans(address, MAX_ENVIRONMENT))
    end = _end_of_block(data)
    wanted = max(end or 0, _declared_size(space, layout, parameters)) or len(data)
    field = _field(FieldKind.ENVIRONMENT, space.spans(address, wanted), wanted)
    if field is None or end is not None:
        return field
    return Field(field.kind, field.encoding, field.spans, cut=True)


def _declared_size(space: AddressSpace, layout: ProcessLayout, parameters: int) -> int:
    """EnvironmentSize, which the parameters carry from Windows Vista on; 0 where it is absent or cannot be true."""
    length = space.bytes(parameters + 4, 4)
    if length is None or int.from_bytes(length, "little") < layout.environment_size + layout.width:
        return 0
    size = _pointer(space, layout, parameters + layout.environment_size) or 0
    return size & ~1 if size <= MAX_ENVIRONMENT else 0


def _end_of_block(data: bytes) -> int | None:
    """The length of the block up to and with its two NUL characters, None where they do not come."""
    units = np.frombuffer(data, "<u2", count=len(data) // 2)
    pairs = np.flatnonzero((units[:-1] == 0) & (units[1:] == 0))
    return (int(pairs[0]) + 2) * 2 if len(pairs) else None


def _field(kind: FieldKind, spans: tuple[Span, ...], wanted: int) -> Field | None:
    """UTF-16 text at ``spans``; cut where they hold less than ``wanted`` bytes."""
    return Field(kind, Encoding.UTF16LE, spans, cut=total(spans) < wanted) if spans else None
