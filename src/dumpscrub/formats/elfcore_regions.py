"""What each segment of an ELF core is: a stack, a heap, an image, a mapped file, or memory of another kind."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dumpscrub.formats.elfcore_files import MappedFiles
from dumpscrub.formats.elfcore_headers import PF_W, PF_X, Segments
from dumpscrub.layout import RegionKind
from dumpscrub.links import Addresses, Index, blocks
from dumpscrub.source import Source, read

LABELS = {
    RegionKind.STACK: "stack",
    RegionKind.HEAP: "anonymous memory",
    RegionKind.IMAGE: "image",
    RegionKind.MAPPED: "mapped file",
    RegionKind.MEMORY: "memory",
}
"""The label of a region of each kind."""

_IMAGE_MAGICS = (b"\x7fELF", b"MZ")
_MAX_PROBES = 1 << 16

Kinds = npt.NDArray[np.uint8]


def classify(source: Source, loads: Segments, files: MappedFiles | None, stack_pointers: list[int], vdso: int) -> Kinds:
    """The kind of each of ``loads``, which are sorted by address.

    ``stack_pointers`` are addresses inside stacks; ``vdso`` is that of the kernel's own image. 0 stands for none.
    Without ``files`` nothing tells anonymous memory from mapped files: it counts as MEMORY.
    """
    kinds = np.full(len(loads), RegionKind.MEMORY, np.uint8)
    mapping = np.full(len(loads), -1, np.int32)
    if files is not None:
        for rows in blocks(len(loads)):
            mapping[rows] = files.index_at(loads.addresses[rows])
        image = _image_groups(source, loads, files, mapping)
        group_kinds = np.where(image, np.uint8(RegionKind.IMAGE), np.uint8(RegionKind.MAPPED))
        kinds[(mapping < 0) & ((loads.flags & (PF_W | PF_X)) == PF_W)] = RegionKind.HEAP
        mapped = np.flatnonzero(mapping >= 0)
        kinds[mapped] = group_kinds[files.groups[mapping[mapped]]]
    areas = _areas(loads, mapping)
    stacks = _areas_of(loads, areas, stack_pointers)
    kinds[np.isin(areas, stacks) & (mapping < 0)] = RegionKind.STACK
    kinds[np.isin(areas, _areas_of(loads, areas, [vdso])) & (mapping < 0)] = RegionKind.IMAGE
    return kinds


def _areas(loads: Segments, mapping: Index) -> Index:
    """A number for each segment, equal for neighbours that were one area of memory.

    Some writers split an area where they leave pages out.
    """
    if not len(loads):
        return np.empty(0, np.int32)
    apart = np.zeros(len(loads), np.bool_)
    apart[1:] = loads.addresses[:-1] + loads.memory[:-1] != loads.addresses[1:]
    apart[1:] |= loads.flags[1:] != loads.flags[:-1]
    apart[1:] |= mapping[1:] != mapping[:-1]
    return np.cumsum(apart, dtype=np.int32)


def _areas_of(loads: Segments, areas: Index, addresses: list[int]) -> Index:
    at = loads.index_at(np.array([address for address in addresses if address], np.uint64))
    return areas[at[at >= 0]]


def _image_groups(source: Source, loads: Segments, files: MappedFiles, mapping: Index) -> npt.NDArray[np.bool_]:
    """For each mapped file whether it is a program: mapped executable somewhere, or beginning like one."""
    image = np.zeros(int(files.groups.max(initial=-1)) + 1, np.bool_)
    executable = (mapping >= 0) & ((loads.flags & PF_X) != 0)
    image[files.groups[mapping[executable]]] = True
    groups, lowest = np.unique(files.groups, return_index=True)
    unknown = ~image[groups]
    groups, starts = groups[unknown][:_MAX_PROBES], files.starts[lowest[unknown]][:_MAX_PROBES]
    for group, offset in zip(groups.tolist(), _offsets(loads, starts), strict=True):
        if offset >= 0 and read(source, offset, offset + 4).startswith(_IMAGE_MAGICS):
            image[group] = True
    return image


def _offsets(loads: Segments, addresses: Addresses) -> list[int]:
    """The file offset of each address, -1 where the file does not hold it."""
    at = loads.index_at(addresses)
    if not len(loads):
        return [-1] * len(addresses)
    within = (addresses - loads.addresses[at]).astype(np.int64)
    held = (at >= 0) & (within < loads.sizes[at]) & (within >= 0)
    return [int(offset) for offset in np.where(held, loads.offsets[at] + within, -1)]
