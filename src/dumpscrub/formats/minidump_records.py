"""The records in a minidump's tables, and which of them may be what they claim to be.

Layouts follow minidumpapiset.h: packed to 4 bytes, little-endian. A table may lie about where it stands and how long it
is. So each kind of record has a check that text does not pass: what fails it may be edited like any other bytes.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from dumpscrub.formats.base import Records

Credible = npt.NDArray[np.bool_]

_SMALL = 0xFFFF  # suspend counts and priority classes
_FIXED_FILE_INFO = (0, 0xFEEF04BD)  # the signature of VS_FIXEDFILEINFO, 0 where the module has none
_STATES = (0x1000, 0x2000, 0x10000)  # MEM_COMMIT, MEM_RESERVE, MEM_FREE

THREAD = np.dtype(
    [
        ("id", "<u4"),
        ("suspend_count", "<u4"),
        ("priority_class", "<u4"),
        ("priority", "<u4"),
        ("teb", "<u8"),
        ("stack", "<u8"),
        ("stack_size", "<u4"),
        ("stack_rva", "<u4"),
        ("context_size", "<u4"),
        ("context_rva", "<u4"),
    ]
)
THREAD_EX = np.dtype([("thread", THREAD), ("backing_store", "V16")])
THREAD_INFO = np.dtype([("id", "<u4"), ("flags", "<u4"), ("error", "<u4"), ("status", "<u4"), ("numbers", "V48")])
THREAD_NAME = np.dtype([("id", "<u4"), ("name", "<u8")])
MODULE = np.dtype(
    [
        ("base", "<u8"),
        ("size", "<u4"),
        ("checksum", "<u4"),
        ("timestamp", "<u4"),
        ("name", "<u4"),
        ("version", "<u4"),
        ("version_numbers", "V48"),
        ("codeview_size", "<u4"),
        ("codeview", "<u4"),
        ("misc_size", "<u4"),
        ("misc", "<u4"),
        ("reserved", "V16"),
    ]
)
UNLOADED_MODULE = np.dtype([("base", "<u8"), ("numbers", "V12"), ("name", "<u4")])
HANDLE = np.dtype([("handle", "<u8"), ("type_name", "<u4"), ("object_name", "<u4"), ("numbers", "V16")])
MEMORY = np.dtype([("address", "<u8"), ("size", "<u4"), ("rva", "<u4")])
MEMORY64 = np.dtype([("address", "<u8"), ("size", "<u8")])
MEMORY_INFO = np.dtype(
    [
        ("base", "<u8"),
        ("allocation", "<u8"),
        ("allocation_protect", "<u4"),
        ("pad", "<u4"),
        ("size", "<u8"),
        ("state", "<u4"),
        ("protect", "<u4"),
        ("type", "<u4"),
        ("pad2", "<u4"),
    ]
)
# Crashpad's lists of annotations, and of modules that have any.
PAIR = np.dtype([("key", "<u4"), ("value", "<u4")])
RVA = np.dtype([("value", "<u4")])
LINK = np.dtype([("module", "<u4"), ("size", "<u4"), ("rva", "<u4")])
ANNOTATION = np.dtype([("name", "<u4"), ("type", "<u4"), ("value", "<u4")])


def _leads(*names: str) -> Callable[[Records, int], Credible]:
    """A check that file offsets lead into the file."""
    return lambda records, size: np.logical_and.reduce([records[name] < size for name in names])


def _in_file(records: Records, size: int) -> Credible:
    ends: npt.NDArray[np.uint64] = records["rva"].astype(np.uint64) + records["size"]
    return ends <= size


def _thread(records: Records, size: int) -> Credible:
    del size
    return (records["suspend_count"] <= _SMALL) & (records["priority_class"] <= _SMALL)


_CHECKS: dict[np.dtype[np.void], Callable[[Records, int], Credible]] = {
    THREAD: _thread,
    THREAD_EX: lambda records, size: _thread(records["thread"], size),
    THREAD_INFO: lambda records, size: records["flags"] <= _SMALL,
    THREAD_NAME: _leads("name"),
    MODULE: lambda records, size: np.isin(records["version"], _FIXED_FILE_INFO) & (records["name"] < size),
    UNLOADED_MODULE: _leads("name"),
    HANDLE: _leads("type_name", "object_name"),
    MEMORY: _in_file,
    MEMORY_INFO: lambda records, size: np.isin(records["state"], _STATES),
    PAIR: _leads("key", "value"),
    RVA: _leads("value"),
    LINK: _in_file,
    ANNOTATION: _leads("name", "value"),
}


def credible(records: Records, file_size: int) -> Credible:
    """For each of some records of one type, whether it may be such a record in a file of ``file_size`` bytes."""
    check = _CHECKS.get(records.dtype)
    return np.ones(len(records), bool) if check is None else check(records, file_size)
