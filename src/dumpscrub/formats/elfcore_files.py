"""NT_FILE: which parts of the address space are mapped from which file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dumpscrub.formats.base import Reader
from dumpscrub.links import Addresses
from dumpscrub.span import Span

_MAX_NUMBER = 1 << 60  # more than any address or page of a file; a number above it is text
_MAX_BYTES = 1 << 24  # the kernel's own limit for this note, as far as it can be raised


@dataclass(frozen=True, slots=True, eq=False)
class MappedFiles:
    """Mappings ``[starts, ends)`` of virtual addresses, sorted; equal ``groups`` mean the same file.

    Names are compared and forgotten: they are never shown.
    """

    starts: Addresses
    ends: Addresses
    groups: npt.NDArray[np.intp]

    def index_at(self, addresses: Addresses) -> npt.NDArray[np.intp]:
        """For each address the index of the mapping that holds it, or -1."""
        if not len(self.starts):
            return np.full(len(addresses), -1, np.intp)
        at = np.searchsorted(self.starts, addresses, "right") - 1
        return np.where((at >= 0) & (addresses < self.ends[at]), at, -1)


def read_mapped_files(
    reader: Reader, word: np.dtype[np.unsignedinteger], desc: Span, notices: list[str]
) -> tuple[MappedFiles | None, Span]:
    """The mappings, and the span of the numbers before the names, which is empty where they are not what they claim.

    A count too large for the note is a notice.
    """
    size, nothing = word.itemsize, Span(desc.start, desc.start)
    if len(desc) < 2 * size:
        return None, nothing
    data = reader.bytes(desc.start, min(len(desc), _MAX_BYTES))
    claimed = int(np.frombuffer(data, word, 1)[0])
    count = min(claimed, (len(data) - 2 * size) // (3 * size))
    if count < claimed:
        notices.append("the list of mapped files (NT_FILE) is cut off: some mapped files count as plain memory")
    numbers = np.frombuffer(data, word, 3 * count, 2 * size).reshape(count, 3).astype(np.uint64)
    names = (2 + 3 * count) * size
    order = np.argsort(numbers[:, 0], kind="stable")
    files = MappedFiles(numbers[order, 0], numbers[order, 1], _groups(data[names:], count)[order])
    ordered = (numbers < _MAX_NUMBER).all() and (numbers[:, 0] < numbers[:, 1]).all()
    credible = count == claimed and len(data) - names >= count and ordered
    return files, Span(desc.start, desc.start + names) if credible else nothing


def _groups(names: bytes, count: int) -> npt.NDArray[np.intp]:
    """A number for each of the first ``count`` names, equal for equal names.

    Some writers leave more room than the names take, so what follows the last name does not matter.
    """
    seen: dict[bytes, int] = {}
    split = names.split(b"\x00", count)[:count]
    numbers = [seen.setdefault(name, len(seen)) for name in split]
    # Mappings without a name are files of their own.
    numbers += range(len(seen), len(seen) + count - len(split))
    return np.array(numbers, np.intp)
