"""What an operator is: it says what the bytes of a finding become."""

from __future__ import annotations

from typing import Protocol

from dumpscrub.model import Encoding


class Operator(Protocol):
    """Makes replacements. Stateless."""

    name: str

    def replacement(self, length: int, encoding: Encoding, phase: int = 0) -> bytes:
        """Exactly ``length`` bytes to write over a piece of a finding in ``encoding``.

        ``phase`` is how many bytes of the finding come before the piece: the file may split a code unit.
        """
