"""The notes of an ELF core: one thread or one table of the process each.

Layouts: elf(5) for the note itself; ``struct elf_prstatus``, ``struct elf_prpsinfo`` and the register sets as in the
Linux kernel's ``include/uapi/linux/elfcore.h`` and ``arch/*/include/asm/user*.h``; XSAVE as in the Intel manual,
volume 1, chapter 13; NT_FILE as ``fs/binfmt_elf.c`` writes it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from dumpscrub.formats.base import Reader
from dumpscrub.formats.elfcore_files import MappedFiles, read_mapped_files
from dumpscrub.formats.elfcore_headers import Header
from dumpscrub.formats.elfcore_registers import GENERAL, MACHINES, vector_area
from dumpscrub.model import Encoding, Field, FieldKind
from dumpscrub.span import Span, SpanSet

AT_NULL = 0

_HEAD = 12
_MAX_NOTES = 1 << 18  # some 30,000 threads with all their register sets
_MAX_NAME = 256
_MAX_AUXV = 4096
_MAX_STATUS = 1024  # bytes of NT_PRSTATUS on any machine
_MAX_TAIL = 256  # bytes behind the registers of a note
_MAX_TYPE = 1 << 16  # of an entry of the auxiliary vector; Linux has some fifty
_PSARGS = 80
_TEXT_REGISTER = 8  # bytes of a general register that may hold enough of a text to tell
_PRPSINFO_SIZES = (124, 128, 136)  # 32 bit with 16- and with 32-bit user ids, 64 bit; psargs stands last in each

_KINDS = {
    (b"CORE", 1): "PRSTATUS",
    (b"CORE", 2): "FPREGSET",
    (b"CORE", 3): "PRPSINFO",
    (b"CORE", 6): "AUXV",
    (b"CORE", 0x46494C45): "FILE",
    (b"CORE", 0x53494749): "SIGINFO",
    (b"LINUX", 0x46E62B7F): "PRXFPREG",
    (b"LINUX", 0x200): "386_TLS",
    (b"LINUX", 0x202): "X86_XSTATE",
    (b"LINUX", 0x204): "X86_SHSTK",
    (b"LINUX", 0x205): "X86_XSAVE_LAYOUT",
    (b"LINUX", 0x400): "ARM_VFP",
    (b"LINUX", 0x401): "ARM_TLS",
    (b"LINUX", 0x402): "ARM_HW_BREAK",
    (b"LINUX", 0x403): "ARM_HW_WATCH",
    (b"LINUX", 0x404): "ARM_SYSTEM_CALL",
    (b"LINUX", 0x405): "ARM_SVE",
    (b"LINUX", 0x406): "ARM_PAC_MASK",
    (b"LINUX", 0x40B): "ARM_SSVE",
    (b"LINUX", 0x40C): "ARM_ZA",
    (b"LINUX", 0x40D): "ARM_ZT",
    (b"GNU", 3): "GNU_BUILD_ID",
    (b"GDB", 0xFF000000): "GDB_TDESC",
}
_VECTORS = frozenset({"FPREGSET", "PRXFPREG", "X86_XSTATE", "ARM_VFP", "ARM_SVE", "ARM_SSVE", "ARM_ZA", "ARM_ZT"})
_NUMBERS = {"SIGINFO": 256, "X86_XSAVE_LAYOUT": 1024, "GNU_BUILD_ID": 64}
"""The most bytes of notes of numbers. A larger one is no such note, and what it holds may be edited."""
_OTHER = "of another kind"


@dataclass(frozen=True, slots=True)
class Note:
    """One note. ``header`` is its three numbers and its owner's name, padded; ``desc`` is what it carries."""

    kind: str
    header: Span
    desc: Span


@dataclass(slots=True)
class Notes:
    """What the notes say, collected while they are read.

    ``spans`` are the whole notes with their kinds; ``rest`` is what is no note in a segment of notes; ``auxv`` is the
    auxiliary vector's bytes up to its end mark, as it stands in the process's stack too.
    """

    spans: list[tuple[str, Span]] = field(default_factory=list)
    rest: list[Span] = field(default_factory=list)
    fields: list[Field] = field(default_factory=list)
    protected: list[Span] = field(default_factory=list)
    stack_pointers: list[int] = field(default_factory=list)
    auxv: bytes = b""
    files: MappedFiles | None = None

    def counts(self) -> Counter[str]:
        """How many notes of each kind there are."""
        return Counter(kind for kind, _ in self.spans)


def read_notes(reader: Reader, header: Header, segments: tuple[Span, ...], notices: list[str]) -> Notes:
    """Read the notes in ``segments`` (disjoint file spans)."""
    notes = Notes()
    for segment in segments:
        end = segment.start
        for note in _iterate(reader, segment, _MAX_NOTES - len(notes.spans)):
            end = min(segment.end, _aligned(note.desc.end, segment.start))
            notes.spans.append((note.kind, Span(note.header.start, end)))
            known = note.kind != _OTHER
            notes.protected.append(note.header if known else Span(note.header.start, note.header.start + _HEAD))
            _interpret(reader, header, note, notes, notices)
        notes.rest.append(Span(end, segment.end))
        if segment.end - end >= _HEAD:
            notices.append("some of the core's notes are damaged: the rest of them is searched as raw bytes")
    return notes


def auxiliary(auxv: bytes, word: np.dtype[np.unsignedinteger]) -> dict[int, int]:
    """The auxiliary vector as type and value; the first of each type counts."""
    numbers = np.frombuffer(auxv, word).tolist()
    return dict(reversed(list(zip(numbers[::2], numbers[1::2], strict=True))))


def _iterate(reader: Reader, segment: Span, limit: int) -> Iterator[Note]:
    """The notes of a segment, until one does not fit into it. Name and desc are padded to 4 bytes."""
    at = segment.start
    for _ in range(limit):
        if at + _HEAD > segment.end:
            return
        name_size, desc_size, number = reader.unpack("III", at)
        desc = at + _HEAD + (name_size + 3) // 4 * 4
        if name_size > _MAX_NAME or desc + desc_size > segment.end:
            return
        owner = reader.bytes(at + _HEAD, min(name_size, 16)).rstrip(b"\x00")
        yield Note(_KINDS.get((owner, number), _OTHER), Span(at, desc), Span(desc, desc + desc_size))
        at = _aligned(desc + desc_size, segment.start)


def _aligned(offset: int, base: int) -> int:
    return base + (offset - base + 3) // 4 * 4


def _interpret(reader: Reader, header: Header, note: Note, notes: Notes, notices: list[str]) -> None:
    if note.kind == "PRSTATUS":
        _thread(reader, header, note.desc, notes)
    elif note.kind == "PRPSINFO":
        _arguments(reader, note.desc, notes)
    elif note.kind == "FILE":
        files, numbers = read_mapped_files(reader, header.word, note.desc, notices)
        notes.files = notes.files or files
        notes.protected.append(numbers)
    elif note.kind in _VECTORS:
        _vectors(header, note, notes)
    elif note.kind == "AUXV":
        auxv = _up_to_null(reader, header.word, note.desc)
        notes.protected.append(Span(note.desc.start, note.desc.start + _up_to_text(auxv, header.word)))
        notes.auxv = notes.auxv or auxv
    elif len(note.desc) <= _NUMBERS.get(note.kind, -1):
        notes.protected.append(note.desc)


def _thread(reader: Reader, header: Header, desc: Span, notes: Notes) -> None:
    """A thread's status: numbers to keep, except times and general registers, which may hold data.

    Where the registers are not known, all is kept, as far as it may be such a status.
    """
    layout = GENERAL.get((MACHINES.get(header.machine, ""), header.wide))
    if layout is None or len(desc) < layout.first + layout.count * layout.word:
        if len(desc) <= _MAX_STATUS:
            notes.protected.append(desc)
        return
    registers = desc.start + layout.first
    times = Span(*layout.times).shift(desc.start)
    followed = Span(desc.start, registers + layout.count * layout.word)
    data = tuple(Span(first * layout.word, last * layout.word).shift(registers) for first, last in layout.editable)
    notes.protected.extend(SpanSet((times, *data)).outside(followed))
    if layout.word == _TEXT_REGISTER:
        notes.fields.append(Field(FieldKind.REGISTERS, Encoding.BINARY, data))
    pointer = desc.start + layout.first + layout.stack_pointer * layout.word
    notes.stack_pointers.append(reader.unpack("Q" if layout.word == 8 else "I", pointer)[0])


def _arguments(reader: Reader, desc: Span, notes: Notes) -> None:
    """The first 80 bytes of the command line, the one text in NT_PRPSINFO besides the program's name."""
    if len(desc) not in _PRPSINFO_SIZES:
        return
    start = desc.end - _PSARGS
    notes.protected.append(Span(desc.start, start - 16))
    text = reader.bytes(start, _PSARGS).split(b"\x00", 1)[0]
    if text:
        # Linux ends the text with a NUL even where it had to cut it.
        cut = len(text) >= _PSARGS - 1
        notes.fields.append(Field(FieldKind.COMMAND_LINE, Encoding.UTF8, (Span(start, start + len(text)),), cut=cut))


def _vectors(header: Header, note: Note, notes: Notes) -> None:
    """Floating point and vector registers are data; the control words around them are numbers to keep."""
    at = note.desc.start
    spans = []
    for first, last in vector_area(MACHINES.get(header.machine, ""), note.kind, len(note.desc)):
        spans.append(Span(note.desc.start + first, note.desc.start + last))
        notes.protected.append(Span(at, spans[-1].start))
        at = spans[-1].end
    notes.protected.append(Span(at, min(note.desc.end, at + _MAX_TAIL)))
    if spans:
        notes.fields.append(Field(FieldKind.REGISTERS, Encoding.BINARY, tuple(spans)))


def _up_to_null(reader: Reader, word: np.dtype[np.unsignedinteger], desc: Span) -> bytes:
    """The auxiliary vector up to and with its AT_NULL pair; without that mark, all whole pairs."""
    pair = 2 * word.itemsize
    count = min(len(desc) // pair, _MAX_AUXV)
    data = reader.bytes(desc.start, count * pair)
    ends = np.flatnonzero(np.frombuffer(data, word)[::2] == AT_NULL)
    return data[: (int(ends[0]) + 1) * pair] if len(ends) else data


def _up_to_text(auxv: bytes, word: np.dtype[np.unsignedinteger]) -> int:
    """The bytes of an auxiliary vector before the first pair whose type is none."""
    ends = np.flatnonzero(np.frombuffer(auxv, word)[::2] >= _MAX_TYPE)
    return int(ends[0]) * 2 * word.itemsize if len(ends) else len(auxv)
