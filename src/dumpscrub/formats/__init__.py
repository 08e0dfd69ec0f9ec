"""Dump formats: bytes to a partition of regions. A new format is one module and one line in ``FORMATS``."""

from __future__ import annotations

from dumpscrub.errors import InputError
from dumpscrub.formats.base import HEAD, Format
from dumpscrub.formats.elfcore import ElfCore
from dumpscrub.formats.minidump import Minidump
from dumpscrub.formats.raw import Raw
from dumpscrub.model import Dump
from dumpscrub.source import Source, read

FORMATS: tuple[Format, ...] = (Minidump(), ElfCore(), Raw())
"""In the order in which they are asked; :class:`Raw` takes what no other format knows."""


def open_dump(source: Source) -> Dump:
    """Parse ``source`` with the first format that recognises it.

    Raises InputError for an empty file, FormatError where the format cannot make anything of it.
    """
    if not source.size:
        raise InputError("the input is empty: check that the dump was written completely")
    head = read(source, 0, HEAD)
    return next(form for form in FORMATS if form.detect(head)).parse(source)


__all__ = ["FORMATS", "Format", "open_dump"]
