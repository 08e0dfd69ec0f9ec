"""Bytes of a key in one form, and which of them are private, which must stand, and which are neither."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

_LINE = 64
_PER_BASE64 = 6


@dataclass(frozen=True, slots=True)
class Part:
    """The bytes ``[start, end)`` hold a component: a private one that must go, or a public one that must stand."""

    name: str
    start: int
    end: int
    private: bool

    def moved(self, by: int) -> Part:
        """The same part, ``by`` bytes further on."""
        return replace(self, start=self.start + by, end=self.end + by)


@dataclass(frozen=True, slots=True)
class Item:
    """Bytes that stand together in memory. ``text`` is 1 or 2 for characters of so many bytes, 0 for binary.

    ``headed`` says that the bytes bring the header of their allocation with them, as a managed array does.
    """

    data: bytes = field(repr=False)
    parts: tuple[Part, ...] = ()
    text: int = 0
    headed: bool = False

    def __len__(self) -> int:
        return len(self.data)

    def cut(self, low: int, high: int) -> Item:
        """The bytes ``[low, high)`` with what is left of each part there."""
        clipped = (replace(part, start=max(low, part.start), end=min(high, part.end)) for part in self.parts)
        kept = tuple(part.moved(-low) for part in clipped if part.start < part.end)
        return replace(self, data=self.data[low:high], parts=kept)


def join(*pieces: Item | bytes) -> Item:
    """The pieces, one after the other."""
    data, parts = bytearray(), list[Part]()
    for piece in pieces:
        if isinstance(piece, Item):
            parts += [part.moved(len(data)) for part in piece.parts]
            data += piece.data
        else:
            data += piece
    return Item(bytes(data), tuple(parts))


def private(name: str, data: bytes) -> Item:
    """A component that must go."""
    return Item(data, (Part(name, 0, len(data), private=True),))


def public(name: str, data: bytes) -> Item:
    """A component that must stand: a magic, a length, a modulus, a point."""
    return Item(data, (Part(name, 0, len(data), private=False),))


def as_base64(item: Item, *, url: bool = False, line: int = 0, end: str = "\n") -> Item:
    """Base64 of the item. Parts cover the characters that hold no other bits; public parts are not kept."""
    encode = base64.urlsafe_b64encode if url else base64.b64encode
    text = encode(item.data).decode().rstrip("=" if url else "")
    parts = (
        replace(part, start=-(-8 * part.start // _PER_BASE64), end=8 * part.end // _PER_BASE64)
        for part in item.parts
        if part.private
    )
    whole = Item(text.encode(), tuple(parts), text=1)
    return _in_lines(whole, line, end.encode()) if line else whole


def _in_lines(item: Item, line: int, end: bytes) -> Item:
    """The text in lines; a part that stands in several lines becomes a part in each."""
    lines = [item.cut(at, at + line) for at in range(0, len(item), line)]
    return replace(join(*_with(lines, end)), text=1)


def _with(lines: Iterable[Item], end: bytes) -> Iterator[Item | bytes]:
    for number, line in enumerate(lines):
        if number:
            yield end
        yield line


def pem(label: str, item: Item, end: str = "\n") -> Item:
    """A PEM block; its first and last line must stand."""
    head, foot = (public(f"pem {word}", f"-----{word} {label}-----".encode()) for word in ("BEGIN", "END"))
    body = as_base64(item, line=_LINE, end=end)
    return replace(join(head, end.encode(), body, end.encode(), foot, end.encode()), text=1)


def wide(item: Item) -> Item:
    """The text as UTF-16LE."""
    parts = tuple(replace(part, start=2 * part.start, end=2 * part.end) for part in item.parts)
    return Item(item.data.decode("ascii").encode("utf-16-le"), parts, text=2)


def located(data: bytes, private_parts: Iterable[tuple[str, bytes]], public_parts: Iterable[tuple[str, bytes]]) -> Item:
    """``data`` that another library wrote, with the components that stand in it; ValueError where one does not."""
    parts = []
    for values, hidden in ((private_parts, True), (public_parts, False)):
        for name, value in values:
            start = data.index(value)
            parts.append(Part(name, start, start + len(value), hidden))
    return Item(data, tuple(parts))
