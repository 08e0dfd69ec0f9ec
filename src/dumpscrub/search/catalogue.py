"""Very many values by the ends of their spellings: which of them may stand where a :class:`Sieve` saw a key.

Two million forms can neither be kept nor compiled by an engine. So of each spelling the catalogue keeps some fifty
bytes: whose it is, its length, a hash of it and what a sieve knows it by. The text is spelled again where it matters.

A spelling in ASCII is the same text in every encoding, and one entry stands for all its forms. The forms of all others
are *odd*: each is bytes of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice

import numpy as np
import numpy.typing as npt

from dumpscrub.model import SecretValue
from dumpscrub.search.forms import Form, spelled, unspelled, written
from dumpscrub.search.packed import Places
from dumpscrub.search.sieve import KEY, LONG, SHORTEST, Ends, Sieve, ends

Item = tuple[int, int, str]
"""Number of a value, number of its spelling or odd form, and the text of that (of bytes, as Latin-1)."""
Column = npt.NDArray[np.int32]
Hashes = npt.NDArray[np.int64]
_AT_ONCE = 1 << 16
_GROUPS = 1 << 14
_ALIKE = 64
"""Entries with the same text, but for case, that are looked at: a thousand values may end alike, and have a piece of
that each.
"""
_PADDING = "\0" * 16


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """Columns: number of the value, of its spelling or odd form, characters, hash of the text in lower case, ends."""

    owners: Column
    numbers: Column
    lengths: Column
    hashes: Hashes
    outer: tuple[Ends, ...]


def is_plain(text: str) -> bool:
    """True for ASCII whose outermost characters a sieve can see."""
    seen = text if text.isprintable() else text[:LONG] + text[-LONG:]
    return len(text) >= SHORTEST and text.isascii() and seen.isprintable()


def odd_forms(value: SecretValue) -> tuple[Form, ...]:
    """The forms of ``value`` that are not a plain spelling in some encoding, no two with the same bytes."""
    odd = [form for spelling in spelled(value) if not is_plain(spelling.text) for form in written(spelling)]
    return tuple({form.data: form for form in (*odd, *unspelled(value))}.values())


Group = dict[int, dict[int, list[int]]]
"""Numbers of entries by length, the longest first, and by hash."""


class Catalogue:
    """Entries for items: the texts of spellings, or (``raw``) the bytes of odd forms; in order of their values."""

    def __init__(self, items: Iterable[Item], *, raw: bool = False) -> None:
        parts = list(_parts(iter(items)))
        self.raw = raw
        self.owners: Column = np.concatenate([part.owners for part in parts])
        self.numbers: Column = np.concatenate([part.numbers for part in parts])
        lengths: Column = np.concatenate([part.lengths for part in parts])
        hashes = np.concatenate([part.hashes for part in parts])
        outer = [Ends.joined([part.outer[at_end] for part in parts]) for at_end in (False, True)]
        del parts
        self._sides = tuple(Side(outer.pop(0), lengths, hashes, at_end=at_end, raw=raw) for at_end in (False, True))
        widths = np.where(self.numbers == 0, 4, 2) if not raw else np.ones_like(lengths)
        self.longest = int((lengths * widths).max(initial=0))
        """The most bytes that one of them may take: in UTF-32 if it is a value itself, which is its first spelling."""

    def side(self, *, at_end: bool) -> Side:
        """The entries by their beginnings, or by their ends."""
        return self._sides[at_end]


class Side:
    """A sieve for one end of entries, and which entries it knows by each of its keys."""

    def __init__(self, outer: Ends, lengths: Column, hashes: Hashes, *, at_end: bool, raw: bool) -> None:
        self.sieve = Sieve(outer, at_end=at_end, anything=raw)
        self._at_end = at_end
        self._lengths, self._hashes = lengths, hashes
        keys = outer.keys(at_end=at_end)
        self._order = np.argsort(keys, kind="stable").astype(np.int32)
        self._bounds = np.append(np.searchsorted(keys[self._order], self.sieve.keys), len(keys)).astype(np.int32)
        self._longest = np.maximum.reduceat(lengths[self._order], self._bounds[:-1]) if len(keys) else lengths
        self._size = (self.sieve.keys.view(np.uint8).reshape(-1, KEY) != 0).sum(axis=1)
        self._group = lru_cache(_GROUPS)(self._group_of)

    def longer(self, key: int, length: int) -> Iterator[int]:
        """The numbers of the entries with the key of that number that are longer, the longest first."""
        for size, by_hash in self._group(key).items():
            if size <= length:
                return
            yield from chain.from_iterable(by_hash.values())

    def extent(self, key: Places, width: Places) -> tuple[Places, Places]:
        """How far the longest entries with these keys reach from there: bytes before, bytes from there on."""
        longest, size = self._longest[key].astype(np.int64) * width, self._size[key] * width
        return (longest - size, size) if self._at_end else (np.zeros_like(longest), longest)

    def standing(self, data: bytes, at: int, width: int, key: int) -> Iterator[tuple[int, int, int]]:
        """Rows (length, place, entry): the entries with that key whose text is in ``data``, where the key is at ``at``.

        Regardless of case, and by their hash alone. The longest first.
        """
        behind = at + int(self._size[key]) * width
        text = (data[at % width : behind : width] if self._at_end else data[at::width]).decode("latin-1").lower()
        size = len(text)
        for length, by_hash in self._group(key).items():
            if length <= size:
                entries = by_hash.get(hash(text[size - length :] if self._at_end else text[:length]))
                if entries:
                    first = behind - length * width if self._at_end else at
                    yield from ((length, first, entry) for entry in entries)

    def _group_of(self, key: int) -> Group:
        entries = self._order[self._bounds[key] : self._bounds[key + 1]]
        entries = entries[np.argsort(-self._lengths[entries], kind="stable")]
        group: Group = {}
        columns = (column.tolist() for column in (entries, self._lengths[entries], self._hashes[entries]))
        for entry, length, text in zip(*columns, strict=True):
            alike = group.setdefault(length, {}).setdefault(text, [])
            if len(alike) < _ALIKE:
                alike.append(entry)
        return group


def _parts(items: Iterator[Item]) -> Iterator[_Part]:
    """Columns for some of ``items`` at a time; at least one of each."""
    while True:
        some = list(islice(items, _AT_ONCE))
        texts = [text for _, _, text in some]
        lengths = np.fromiter(map(len, texts), np.int64, len(texts))
        together = np.frombuffer("".join((*texts, _PADDING)).encode("latin-1"), np.uint8)
        starts = np.cumsum(lengths) - lengths
        yield _Part(
            np.fromiter((owner for owner, _, _ in some), np.int32, len(some)),
            np.fromiter((number for _, number, _ in some), np.int32, len(some)),
            lengths.astype(np.int32),
            np.fromiter((hash(text.lower()) for text in texts), np.int64, len(some)),
            tuple(ends(together, starts, lengths, at_end=at_end) for at_end in (False, True)),
        )
        if len(some) < _AT_ONCE:
            return
