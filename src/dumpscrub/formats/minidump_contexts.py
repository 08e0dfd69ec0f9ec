"""The CPU contexts of a minidump's threads: which words a debugger follows, and which registers may hold text.

Layouts are those of ``CONTEXT`` in winnt.h, and of Breakpad's own structures for ARM64 on other systems.
"""

from __future__ import annotations

from dataclasses import dataclass

from dumpscrub.formats.base import Reader
from dumpscrub.span import Span

_XSAVE_HEADER = 64


@dataclass(frozen=True, slots=True)
class ContextLayout:
    """Spans are relative to the context. ``size`` is the least that holds all that debuggers need.

    ``followed`` holds flags, segments, instruction, stack and frame pointer. ``data`` are runs of registers of 8 or 16
    bytes: the other general ones, floating point and vectors. ``extended`` is where a CONTEXT_EX follows in contexts
    that carry more state (AVX).
    """

    size: int
    followed: tuple[Span, ...]
    data: tuple[Span, ...]
    extended: int | None = None


_X86 = ContextLayout(
    0xCC,
    (Span(0x00, 0x04), Span(0x8C, 0x9C), Span(0xB4, 0xCC)),
    (Span(0x38, 0x88), Span(0xEC, 0x1EC)),
    0x2CC,
)
_X64 = ContextLayout(
    0x100,
    (Span(0x30, 0x48), Span(0x98, 0xA8), Span(0xF8, 0x100)),
    (Span(0x00, 0x30), Span(0x78, 0x98), Span(0xA8, 0xF8), Span(0x120, 0x2A0), Span(0x300, 0x4A0)),
    0x4D0,
)
_ARM = ContextLayout(
    0x48, (Span(0x00, 0x04), Span(0x20, 0x24), Span(0x30, 0x34), Span(0x38, 0x48)), (Span(0x50, 0x150),)
)
_ARM64 = ContextLayout(0x110, (Span(0x00, 0x08), Span(0xF0, 0x110)), (Span(0x08, 0xF0), Span(0x110, 0x310)))
_ARM64_BREAKPAD = ContextLayout(0x114, (Span(0x00, 0x08), Span(0xF0, 0x114)), (Span(0x08, 0xF0), Span(0x11C, 0x31C)))

# By the processor architecture of the SystemInfo stream; 10 is x86 code on a 64-bit Windows.
LAYOUTS = {0: _X86, 5: _ARM, 9: _X64, 10: _X86, 12: _ARM64, 0x8003: _ARM64_BREAKPAD}


def followed(layout: ContextLayout | None, context: Span) -> tuple[Span, ...]:
    """The file spans of what a debugger follows in ``context``: nothing where the layout is not known."""
    if layout is None:
        return ()
    return tuple(span.shift(context.start).intersection(context) for span in layout.followed)


def data(reader: Reader, layout: ContextLayout | None, context: Span) -> tuple[Span, ...]:
    """The file spans of the registers in ``context`` that may hold text, as far as it reaches."""
    if layout is None or len(context) < layout.size:
        return ()
    found = [span.shift(context.start) for span in layout.data]
    if layout.extended is not None and len(context) >= layout.extended + 24:
        found.append(_extended(reader, context.start + layout.extended))
    return tuple(part for span in found if (part := span.intersection(context)))


def _extended(reader: Reader, offset: int) -> Span:
    """The registers behind the XSAVE header that the third chunk of the CONTEXT_EX at ``offset`` points to."""
    distance, length = reader.unpack("iI", offset + 16)
    if distance < 24 or length <= _XSAVE_HEADER:
        return Span(offset, offset)
    start = offset + distance
    return Span(start + _XSAVE_HEADER, start + length)
