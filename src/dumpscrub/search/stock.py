"""All forms of very many values: in catalogues, and the few that fit in none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice

from dumpscrub.model import Encoding, SecretValue
from dumpscrub.search.catalogue import Catalogue, Item, is_plain, odd_forms
from dumpscrub.search.copies import Member, distinct
from dumpscrub.search.forms import spelled, spelling_of, unchanged, written
from dumpscrub.search.sieve import KEY, LONG

FEW_ODD = 4096
"""Odd forms up to this number are left to an engine; more have a sieve of their own, which is slow."""
_REMEMBERED = 256
"""Forms that are made once: a text that repeats itself asks for the same few at thousands of places."""
_SHORTEST_RAW = 8
_ZEROS = b"\0" * KEY


class Stock:
    """The forms of ``values`` in catalogues; those that fit in none are ``left``. Serves any number of searches."""

    def __init__(self, values: Sequence[SecretValue]) -> None:
        self._values = tuple(values)
        self._odd: dict[int, None] = {}
        self._latest = lru_cache(_REMEMBERED)(self._form)
        self.catalogues = [Catalogue(self._plain())]
        self.left = list(islice(self._odd_members(), FEW_ODD + 1))
        if len(self.left) > FEW_ODD:
            self.left.clear()
            self.catalogues.append(Catalogue(self._raw(), raw=True))

    def form(self, catalogue: int, entry: int, encoding: Encoding) -> Member | None:
        """The form that an entry stands for where characters are kept in ``encoding``."""
        return self._latest(catalogue, entry, encoding)

    def _form(self, catalogue: int, entry: int, encoding: Encoding) -> Member | None:
        columns = self.catalogues[catalogue]
        owner, number = int(columns.owners[entry]), int(columns.numbers[entry])
        if columns.raw:
            return owner, odd_forms(self._values[owner])[number]
        candidates = written(spelling_of(self._values[owner], number))
        return next(((owner, form) for form in candidates if form.encoding is encoding), None)

    def unchanged(self) -> list[Member]:
        """The forms that are the value itself, the longest first."""
        return distinct((owner, form) for owner, value in enumerate(self._values) for form in unchanged(value))

    def alphabet(self) -> frozenset[int]:
        """The bytes in these forms, or some more."""
        odd = (form.data for owner in self._odd for form in unchanged(self._values[owner]))
        return frozenset(b"".join((b"\0", *(value.data for value in self._values), *odd)))

    def _plain(self) -> Iterator[Item]:
        """The plain spellings; notes which values have other forms."""
        for owner, value in enumerate(self._values):
            if value.binary:
                self._odd[owner] = None
            for number, spelling in enumerate(spelled(value)):
                if is_plain(spelling.text):
                    yield owner, number, spelling.text
                else:
                    self._odd[owner] = None

    def _odd_members(self) -> Iterator[Member]:
        return ((owner, form) for owner in self._odd for form in odd_forms(self._values[owner]))

    def _raw(self) -> Iterator[Item]:
        """The odd forms whose bytes a sieve can see; the others are ``left``."""
        for owner in self._odd:
            for number, form in enumerate(odd_forms(self._values[owner])):
                data = form.data
                if len(data) < _SHORTEST_RAW or _ZEROS in data[:LONG] or _ZEROS in data[-LONG:]:
                    self.left.append((owner, form))
                else:
                    yield owner, number, data.decode("latin-1")
