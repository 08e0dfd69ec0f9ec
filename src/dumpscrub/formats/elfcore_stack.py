"""Arguments and environment at the top of a Linux process's main stack.

From low to high addresses (``create_elf_tables`` and ``setup_arg_pages`` of the Linux kernel)::

    argc | argv pointers, 0 | envp pointers, 0 | auxiliary vector | padding | AT_RANDOM bytes | AT_PLATFORM string
    padding | argv strings | envp strings | AT_EXECFN string | 0 in the last 4 or 8 bytes

The end of the strings is known from AT_EXECFN. Where arguments turn into environment is known from the pointers, which
stand before the copy of the auxiliary vector; a process that rewrote its title may have moved some of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dumpscrub.formats.base import AddressSpace
from dumpscrub.formats.elfcore_notes import auxiliary
from dumpscrub.layout import Layout
from dumpscrub.model import Encoding, Field, FieldKind
from dumpscrub.source import Source, read_spans

AT_PLATFORM, AT_BASE_PLATFORM, AT_RANDOM, AT_EXECFN, AT_SYSINFO_EHDR = 15, 24, 25, 31, 33

_REACH = 8 << 20  # Linux allows 6 MiB of arguments and environment
_MAX_STRING = 128 << 10  # and this much for one of them
_FIRST_READ = 4096
_MAX_MOVED = 4096
_MAX_COPIES = 16
_RANDOM_BYTES = 16
_BLANK = b"\x00" * 16
_VARIABLE = re.compile(rb"[A-Za-z_][^=\x00]*=")


@dataclass(frozen=True, slots=True)
class _Stack:
    """The upper part of the main stack: ``data`` from the address ``base`` to the end of its memory."""

    base: int
    data: bytes

    def index(self, address: int) -> int:
        """The index of ``address`` in the data, -1 where it is not in it."""
        index = address - self.base
        return index if 0 <= index < len(self.data) else -1


@dataclass(frozen=True, slots=True)
class _Vectors:
    """The addresses of the strings, in the order of the process."""

    argv: tuple[int, ...] = ()
    envp: tuple[int, ...] = ()


def stack_fields(
    source: Source, layout: Layout, auxv: bytes, word: np.dtype[np.unsignedinteger], stack_pointers: list[int]
) -> tuple[Field, ...]:
    """The ARGUMENTS and ENVIRONMENT fields; none where the dump does not hold the top of the main stack.

    ``auxv`` is the auxiliary vector as in the notes (may be empty); ``stack_pointers`` are those of all threads.
    """
    space = AddressSpace(source, layout)
    values = auxiliary(auxv, word)
    anchors = [values.get(AT_EXECFN, 0), values.get(AT_RANDOM, 0), max(stack_pointers, default=0)]
    stack = _main_stack(space, source, layout, [anchor for anchor in anchors if anchor])
    if stack is None:
        return ()
    vectors = _vectors(stack, auxv, word) if auxv else _Vectors()
    start, end = _strings(stack, values, vectors)
    border = _border(stack, vectors, start, end)
    if not vectors.envp and not values and border == end:
        return ()  # found by a stack pointer alone, and it does not look like strings of the kernel's making
    fields = [
        (FieldKind.ARGUMENTS, stack.base + start, border - start),
        (FieldKind.ENVIRONMENT, stack.base + border, end - border),
    ]
    inside = range(stack.base + start, stack.base + end)
    fields += [(FieldKind.ARGUMENTS, *moved) for moved in _moved(space, source, vectors.argv, inside)]
    fields += [(FieldKind.ENVIRONMENT, *moved) for moved in _moved(space, source, vectors.envp, inside)]
    return tuple(
        Field(kind, Encoding.UTF8, space.spans(address, length)) for kind, address, length in fields if length > 0
    )


def _main_stack(space: AddressSpace, source: Source, layout: Layout, anchors: list[int]) -> _Stack | None:
    """The memory around the first anchor that the dump holds, up to where its region of memory ends."""
    for anchor in anchors:
        offset = space.offset_of(anchor)
        if offset is None:
            continue
        parts = [
            read_spans(source, spans) for spans in (layout.backward(offset, _REACH), layout.forward(offset, _REACH))
        ]
        return _Stack(anchor - len(parts[0]), b"".join(parts))
    return None


def _vectors(stack: _Stack, auxv: bytes, word: np.dtype[np.unsignedinteger]) -> _Vectors:
    """The pointers that stand before the process's own copy of the auxiliary vector."""
    at = len(stack.data)
    for _ in range(_MAX_COPIES):
        at = stack.data.rfind(auxv, 0, at)
        if at < 0:
            break
        vectors = _pointers_before(stack.data, at, word)
        if vectors is not None:
            return vectors
        at += len(auxv) - 1
    return _Vectors()


def _pointers_before(data: bytes, end: int, word: np.dtype[np.unsignedinteger]) -> _Vectors | None:
    """Read ``argc, argv..., 0, envp..., 0`` that ends at ``end``; None where it is something else."""
    words = np.frombuffer(data, word, end // word.itemsize, end % word.itemsize)
    zeros = np.flatnonzero(words == 0)
    if len(zeros) < 2 or int(zeros[-1]) != len(words) - 1:
        return None
    envp = words[int(zeros[-2]) + 1 : -1]
    below = words[: int(zeros[-2])][::-1]
    counts = np.flatnonzero(below == np.arange(len(below), dtype=np.uint64))
    if not len(counts):
        return None
    argv = below[: int(counts[0])][::-1]
    return _Vectors(tuple(argv.tolist()), tuple(envp.tolist()))


def _strings(stack: _Stack, values: dict[int, int], vectors: _Vectors) -> tuple[int, int]:
    """Where the strings of both kinds begin and end, as indices of the stack's data."""
    data = stack.data
    end = min(values.get(AT_EXECFN, 0) - stack.base, len(data))
    if end <= 0:
        end = data.rfind(b"\x00", 0, len(data.rstrip(b"\x00"))) + 1
    lowest = _end_of_auxiliary_strings(stack, values, end)
    known = [index for index in map(stack.index, vectors.argv) if lowest <= index < end]
    if known:
        return min(known), end
    if not lowest:
        lowest = data.rfind(_BLANK, 0, end) + 1
    return end - len(data[lowest:end].lstrip(b"\x00")), end


def _end_of_auxiliary_strings(stack: _Stack, values: dict[int, int], end: int) -> int:
    """Behind the random bytes and the platform's names, which stand below the arguments; 0 where none is known."""
    lowest = 0
    for kind in (AT_RANDOM, AT_PLATFORM, AT_BASE_PLATFORM):
        index = stack.index(values.get(kind, 0))
        if 0 <= index < end:
            after = index + _RANDOM_BYTES if kind == AT_RANDOM else stack.data.find(b"\x00", index) + 1
            lowest = max(lowest, min(after, end))
    return lowest


def _border(stack: _Stack, vectors: _Vectors, start: int, end: int) -> int:
    """Where the environment begins, as an index of the stack's data."""
    first = stack.index(vectors.envp[0]) if vectors.envp else -1
    if start <= first < end:
        return first
    last = max((index for index in map(stack.index, vectors.argv) if start <= index < end), default=-1)
    if last >= 0:
        return min(end, stack.data.find(b"\x00", last, end) + 1 or end)
    *strings, rest = stack.data[start:end].split(b"\x00")
    border = end - len(rest)
    for string in reversed(strings):
        if string and not _VARIABLE.match(string):
            break
        border -= len(string) + 1
    return max(start, border)


def _moved(space: AddressSpace, source: Source, pointers: tuple[int, ...], inside: range) -> Iterator[tuple[int, int]]:
    """Address and length, with its NUL, of each string that the process moved elsewhere."""
    outside = sorted({pointer for pointer in pointers if pointer not in inside})
    for address in outside[:_MAX_MOVED]:
        for length in (_FIRST_READ, _MAX_STRING):
            data = read_spans(source, space.spans(address, length))
            end = data.find(b"\x00")
            if end > 0:
                yield address, end + 1
            if end >= 0:
                break
