"""Values to find copies of, prepared for searches by any engine."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from dumpscrub.model import SecretValue
from dumpscrub.search.copies import FewCopies, Member
from dumpscrub.search.finder import Search
from dumpscrub.search.forms import forms
from dumpscrub.search.many import ManyCopies
from dumpscrub.search.stock import Stock

MANY = 8_000
"""Forms from which on a sieve is faster than the engines, the time in which they compile included."""
_BY_END = "re2"
"""The engine beside which the sieve knows texts by their ends: of two engines that search one after the other, one."""


class Wanted:
    """Copies of ``values`` are wanted."""

    def __init__(self, values: Sequence[SecretValue]) -> None:
        self._members: list[Member] = []
        self._stock: Stock | None = None
        for owner, value in enumerate(values):
            self._members += ((owner, form) for form in forms(value))
            # A sieve reads words as bytes, the lowest first.
            if len(self._members) > MANY and sys.byteorder == "little":
                self._members, self._stock = [], Stock(values)
                break

    def finder(self, search: Search) -> FewCopies:
        """A search for all their forms."""
        if self._stock:
            return ManyCopies(self._stock, search, by_end=search.engine == _BY_END)
        return FewCopies(self._members, search)
