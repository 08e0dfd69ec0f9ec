"""Checksums of numbers that people have, payment cards and bank accounts, and of tokens."""

from __future__ import annotations

import zlib

_BASE62 = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_DIGITS = 6


def luhn(digits: str) -> int:
    """The remainder of ``digits`` by the formula of ISO/IEC 7812-1, annex B: 0 for the number of a payment card."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = int(digit) << (place & 1)
        total += number - 9 if number > 9 else number
    return total % 10


def iban(account: str) -> int:
    """The remainder of ``account``, ASCII letters and digits, by ISO 7064 MOD 97-10: 1 for an IBAN (ISO 13616)."""
    turned = account[4:] + account[:4]
    return int("".join(str(int(character, 36)) for character in turned)) % 97


def ends_in_crc(body: bytes) -> bool:
    """True where the last six characters of a token's ``body`` are the CRC-32 of those before them, in base 62.

    Source: GitHub, "Behind GitHub's new authentication token formats" (2021); npm uses the same scheme.
    """
    number = zlib.crc32(body[:-_DIGITS])
    digits = bytearray()
    for _ in range(_DIGITS):
        number, digit = divmod(number, len(_BASE62))
        digits.append(_BASE62[digit])
    return bytes(reversed(digits)) == body[-_DIGITS:]
