"""The bytes around a hit, in memory order, with an exact map back to the file.

A window is read from the dump's layout and not from the chunk that was searched, so that what a detector sees cannot
depend on the chunk size. Text is shown as bytes with one byte a code unit, aligned to the hit: index ``i`` of the text
is the code unit at raw index ``origin + i * unit``. Units above 0xFF read as 0xFF, so that a pattern written for
Latin-1 works on every encoding without a decoder that could fail half-way.

Most hits have several detectors, and a window costs more than what a detector does with it. So memory is read once a
hit, as far as the farthest-sighted detector looks (:class:`Surroundings`); each one's window is a view of that.
"""

from __future__ import annotations

import numpy as np

from dumpscrub.model import Dump, Encoding
from dumpscrub.search.edges import SHOWN, WORD, begins_token
from dumpscrub.search.heapdump import TAGS
from dumpscrub.search.memory import Memory
from dumpscrub.source import read_spans
from dumpscrub.span import Span, in_order, part_of, total

_BEYOND = 0xFF
"""How a unit above Latin-1 reads."""
_BIG_UNITS = np.minimum(np.arange(0x10000), _BEYOND).astype(np.uint8)
"""How each unit of UTF-16BE reads. What a heap dump of Java has behind a text, a tag and a zero, ends the text."""
_BIG_UNITS[[tag << 8 for tag in TAGS]] = 0
_DTYPES = {Encoding.UTF16LE: "<u2", Encoding.UTF16BE: ">u2", Encoding.UTF32LE: "<u4"}


class Surroundings:
    """Bytes ``data`` of memory, which stand at the file's ``spans`` (in memory order), around a hit at index ``hit``.

    ``text`` shows them with one byte a code unit, from the first whole unit at the hit's parity on, which stands at
    index ``origin``; ``anchor`` is the index of the hit in it. ``text_size`` counts the code units from the hit to the
    first NUL, which ends every text in memory, or else to the end; what is binary has none. ``memory`` is all of it.
    """

    __slots__ = ("anchor", "data", "encoding", "hit", "memory", "origin", "spans", "text", "text_size", "unit")

    def __init__(
        self, data: bytes, spans: tuple[Span, ...], hit: int, encoding: Encoding, memory: Memory | None = None
    ) -> None:
        self.data = data
        self.memory = memory
        self.spans = spans
        self.hit = hit
        self.encoding = encoding
        self.unit = encoding.unit
        self.anchor, self.origin = divmod(hit, encoding.unit)
        self.text = squeeze(data[self.origin :] if self.origin else data, encoding)
        end = self.text.find(0, self.anchor) if encoding is not Encoding.BINARY else self.anchor
        self.text_size = (end if end >= 0 else len(self.text)) - self.anchor


class Window:
    """What a detector sees: up to ``before`` code units before a hit, and ``after`` from it on, of its surroundings.

    Raw indices count the bytes of :attr:`data`, text indices those of ``text``, which shows one byte a code unit.
    ``anchor`` is the text index of the hit, ``origin`` the raw index of the first whole code unit at its parity.
    ``spent`` are the code units that a detector had to decode or take apart to tell what stands there, and ``steps`` is
    what else it did beyond one quick look, in quarters of a microsecond or so.
    """

    __slots__ = ("_around", "after", "anchor", "spent", "steps", "text")

    def __init__(self, around: Surroundings, before: int, after: int) -> None:
        self._around = around
        self.after = after
        self.spent = self.steps = 0
        self.anchor = before if before < around.anchor else around.anchor
        self.text = around.text[around.anchor - self.anchor : around.anchor + after]

    @property
    def encoding(self) -> Encoding:
        """The encoding of the anchor that was hit."""
        return self._around.encoding

    @property
    def unit(self) -> int:
        """Bytes of one code unit."""
        return self._around.unit

    @property
    def origin(self) -> int:
        return self._around.origin if self.anchor == self._around.anchor else 0

    @property
    def hit(self) -> int:
        """Raw index of the hit."""
        return self.origin + self.anchor * self._around.unit

    @property
    def _skipped(self) -> int:
        """Bytes of the surroundings before the window."""
        around = self._around
        return 0 if self.anchor == around.anchor else around.hit - self.anchor * around.unit

    @property
    def memory(self) -> Memory:
        """All memory of the dump, for structures that point elsewhere."""
        return self._around.memory or Memory()

    def __len__(self) -> int:
        """Bytes of the window."""
        around = self._around
        return min(around.hit + self.after * around.unit, len(around.data)) - self._skipped

    @property
    def data(self) -> bytes:
        """The bytes of the window."""
        around = self._around
        return around.data[self._skipped : around.hit + self.after * around.unit]

    @property
    def at_end(self) -> bool:
        """True where memory itself ends there, rather than the window."""
        around = self._around
        return len(around.data) < around.hit + self.after * around.unit

    @property
    def is_text_to_end(self) -> bool:
        """True where no NUL stands behind the hit."""
        return self._around.text_size >= self.after

    @property
    def text_end(self) -> int:
        """Raw index of the first NUL behind the hit, or else of the window's end; the hit's own in what is binary."""
        return self.hit + min(self._around.text_size, self.after) * self._around.unit

    def raw(self, start: int, end: int) -> tuple[int, int]:
        """Raw indices of the text indices ``[start, end)``."""
        origin, unit = self.origin, self._around.unit
        return origin + start * unit, origin + end * unit

    def locate(self, start: int, end: int) -> tuple[Span, ...]:
        """The file spans of the raw bytes ``[start, end)``, in memory order."""
        spans, skipped = self._around.spans, self._skipped
        if len(spans) > 1:
            return part_of(spans, skipped + start, skipped + end)
        first = spans[0].start + skipped
        return (Span(first + start, first + end),) if start < end else ()

    def utf8(self, start: int, end: int) -> bytes:
        """The text indices ``[start, end)`` as UTF-8."""
        around = self._around
        first = around.hit - self.anchor * around.unit
        return to_utf8(around.data[first + start * around.unit : first + end * around.unit], around.encoding)


class Windows:
    """Reads a dump around its hits. Hits in file order cost least: most lie in the region of the one before."""

    def __init__(self, dump: Dump) -> None:
        self._source = dump.source
        self._layout = dump.layout
        self._memory = Memory(dump.source, dump.layout)
        self._region = Span(0, 0)
        self._offset = -1
        self._before = self._after = 0
        self._around = Surroundings(b"", (), 0, Encoding.BINARY)

    @property
    def latest(self) -> Surroundings:
        """What was read last: all that was read around the last hit."""
        return self._around

    def around(self, offset: int, encoding: Encoding, before: int, after: int) -> Surroundings:
        """At least ``before`` code units before the hit at file ``offset`` and ``after`` from it on, where they exist.

        What was read last serves once more where several anchors stand at one place.
        """
        if offset == self._offset and encoding is self._around.encoding:
            if before <= self._before and after <= self._after:
                return self._around
            before, after = max(before, self._before), max(after, self._after)
        self._offset, self._before, self._after = offset, before, after
        self._around = self._read(offset, encoding, before * encoding.unit, after * encoding.unit)
        return self._around

    def is_within_word(self, offset: int, encoding: Encoding) -> bool:
        """True where two word characters stand right before the file ``offset``, in the file and in memory.

        A single one may be a length. False also where a token may begin, and where file and memory differ: then a
        window has to tell.
        """
        begin, size = offset - 2 * encoding.unit, SHOWN * encoding.unit
        before = squeeze(bytes(self._source.view(begin, offset)), encoding) if begin >= 0 else b""
        if len(before) < 2 or not WORD.issuperset(before):
            return False
        region = self.region_of(offset)
        if region.start > begin and not self._layout.contiguous(begin, offset + 1):
            return False
        is_whole = offset + size <= region.end
        spans = (Span(offset, offset + size),) if is_whole else self._layout.forward(offset, size)
        return not begins_token(squeeze(read_spans(self._source, spans), encoding))

    def reads_as_little(self, offset: int, before: int, after: int) -> bool:
        """True where text in UTF-16BE at file ``offset`` is, up to its NUL, the same in UTF-16LE one byte later.

        Text in UTF-16LE behind a zero byte always is, but for its first character. ``before`` and ``after`` are the
        code units that are read around it, for whoever looks at it as UTF-16LE next.
        """
        if self.region_of(offset).end <= offset + 1 and not self._layout.contiguous(offset, offset + 2):
            return False
        around = self.around(offset + 1, Encoding.UTF16LE, before, after)
        start, end = around.anchor, around.anchor + around.text_size
        return end < min(len(around.text), start + after) and _BEYOND not in around.text[start:end]

    def region_of(self, offset: int) -> Span:
        """The region around the file ``offset``: mostly the one of the last hit."""
        if not self._region.start <= offset < self._region.end:
            self._region = self._layout.region_at(offset).span
        return self._region

    def _read(self, offset: int, encoding: Encoding, before: int, after: int) -> Surroundings:
        """``before`` and ``after`` are bytes."""
        start, end, region = offset - before, offset + after, self.region_of(offset)
        if region.start <= start and end <= region.end:
            data = bytes(self._source.view(start, end))
            return Surroundings(data, (Span(start, end),), before, encoding, self._memory)
        left, right = self._layout.backward(offset, before), self._layout.forward(offset, after)
        spans = in_order((*left, *right))
        return Surroundings(read_spans(self._source, spans), spans, total(left), encoding, self._memory)


def window_at(dump: Dump, offset: int, encoding: Encoding, before: int, after: int) -> Window:
    """The window around the hit that begins at file ``offset``; ``before`` and ``after`` are code units."""
    return Window(Windows(dump).around(offset, encoding, before, after), before, after)


def squeeze(data: bytes, encoding: Encoding) -> bytes:
    """One byte a code unit; units above 0xFF become 0xFF; a trailing part of a unit is dropped."""
    if encoding.unit == 1:
        return data
    units = np.frombuffer(data, _DTYPES[encoding], count=len(data) // encoding.unit)
    if encoding is Encoding.UTF16BE:
        return bytes(_BIG_UNITS[units].tobytes())
    return bytes(np.minimum(units, 0xFF).astype(np.uint8).tobytes())


def to_utf8(data: bytes, encoding: Encoding) -> bytes:
    """The text in ``data`` as UTF-8. Bytes that are not valid UTF-8 are taken for Windows-1252, which holds Latin-1 but
    for its control characters, or else for Latin-1; lone surrogates for '?'.
    """
    if encoding in _DTYPES:
        return data.decode(encoding.codec, "replace").encode("utf-8", "replace")
    for codec in ("utf-8", "cp1252"):
        try:
            return data.decode(codec).encode("utf-8")
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1").encode("utf-8")
