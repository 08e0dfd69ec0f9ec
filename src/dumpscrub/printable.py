"""Names from dumps and paths as text that is safe to show."""

from __future__ import annotations


def printable(text: str) -> str:
    r"""``text`` on one line, with every character that a terminal would act on (or could not show) escaped as ``\x1b``.

    Control and format characters are escaped, line breaks, bidirectional overrides and undecodable bytes among them.
    """
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
