"""The operator ``mask``: a finding reads as asterisks in its own encoding, so that anybody sees what was done."""

from __future__ import annotations

from collections.abc import Mapping

from dumpscrub.model import Encoding

ASTERISK: Mapping[Encoding, bytes] = {
    Encoding.UTF8: b"*",
    Encoding.UTF16LE: b"*\0",
    Encoding.UTF16BE: b"\0*",
    Encoding.UTF32LE: b"*\0\0\0",
    Encoding.BINARY: b"*",
}
"""One asterisk in each encoding. Binary data becomes 0x2A bytes."""


class Mask:
    """Writes asterisks."""

    name = "mask"

    def replacement(self, length: int, encoding: Encoding, phase: int = 0) -> bytes:
        """``length`` bytes of asterisks; ``phase`` bytes of the finding were written elsewhere."""
        unit = ASTERISK[encoding]
        first = phase % len(unit)
        return (unit * (length // len(unit) + 2))[first : first + length]
