"""How SQL Server's clients send passwords ([MS-TDS] 2.2.6.4): UTF-16LE, halves of each byte swapped, then XOR 0xA5."""

from __future__ import annotations

LONGEST = 128
"""Characters of the longest password."""
_KEY = 0xA5


def _swapped(byte: int) -> int:
    return (byte << 4 | byte >> 4) & 0xFF


_SENT = bytes(_swapped(byte) ^ _KEY for byte in range(256))
_TYPED = bytes(_swapped(byte ^ _KEY) for byte in range(256))


def obfuscated(text: str) -> bytes:
    """The password ``text`` as it is sent; two bytes a UTF-16 unit."""
    return text.encode("utf-16-le", "replace").translate(_SENT)


def revealed(content: bytes) -> str:
    """The password that was sent as ``content``. What is no UTF-16 reads as the replacement character."""
    return content.translate(_TYPED).decode("utf-16-le", "replace")
