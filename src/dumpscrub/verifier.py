"""Checks of the redacted copy before it is published: every byte, and the structure as another reader sees it.

Messages name file offsets and tables, never bytes of the dump.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from contextlib import closing

import numpy as np

from dumpscrub.errors import VerificationError
from dumpscrub.model import Edit
from dumpscrub.progress import Progress, silent
from dumpscrub.reopen import Summary
from dumpscrub.source import Source
from dumpscrub.span import Span
from dumpscrub.threads import in_threads

CHUNK = 1 << 19
"""Bytes compared at a time: the C library returns larger buffers to the system, and new pages cost four times that."""


def compare(
    original: Source, patched: Source, edits: Sequence[Edit], progress: Progress = silent, workers: int = 1
) -> int:
    """Check that ``patched`` is ``original`` with ``edits`` written over it, and differs nowhere else.

    Compares with ``workers`` threads. Returns how many bytes differ. Raises VerificationError with the first file
    offset that is not as it should be.
    """
    size = original.size
    ordered = sorted(edits, key=lambda edit: edit.span)
    starts = [edit.span.start for edit in ordered]
    ends = [edit.span.end for edit in ordered]
    if patched.size != size or (ends and max(ends) > size):
        raise VerificationError("the redacted copy has another size than the input: retry when nobody writes the input")
    chunks = [Span(start, min(start + CHUNK, size)) for start in range(0, size, CHUNK)]

    def compared(chunk: Span) -> tuple[int, int | None]:
        here = ordered[bisect_right(ends, chunk.start) : bisect_left(starts, chunk.end)]
        return _compare_chunk(original, patched, chunk, here)

    changed = 0
    with closing(in_threads(compared, chunks, workers)) as results:
        for chunk, (differing, wrong) in zip(chunks, results, strict=True):
            if wrong is not None:
                raise VerificationError(
                    f"the redacted copy is not the input with its edits at file offset {wrong:#x}: "
                    "retry when nobody writes the input, or on another disk"
                )
            changed += differing
            original.release(chunk.start, chunk.end)
            patched.release(chunk.start, chunk.end)
            progress("compare", chunk.end, size)
    return changed


def _compare_chunk(original: Source, patched: Source, chunk: Span, edits: Sequence[Edit]) -> tuple[int, int | None]:
    """How many bytes of ``chunk`` differ, and the file offset of the first that is wrong (None where all are right).

    It returns rather than raises, so that no traceback keeps views of a map that is about to be closed.
    """
    if not (edits or original.filled(chunk.start, chunk.end) or patched.filled(chunk.start, chunk.end)):
        return 0, None
    before = np.frombuffer(original.view(chunk.start, chunk.end), np.uint8)
    after = np.frombuffer(patched.view(chunk.start, chunk.end), np.uint8)
    if not edits and np.array_equal(before, after):
        return 0, None
    expected = before.copy()
    for edit in edits:
        piece = edit.span.intersection(chunk)
        replacement = edit.replacement[piece.start - edit.span.start : piece.end - edit.span.start]
        expected[piece.start - chunk.start : piece.end - chunk.start] = np.frombuffer(replacement, np.uint8)
    if np.array_equal(expected, after):
        return int(np.count_nonzero(before != after)), None
    return 0, chunk.start + int(np.argmax(expected != after))


def structure(before: Summary | None, after: Summary | None) -> bool:
    """Check that the independent reader sees the same in the copy as in the input.

    Returns False where it could not read the input, so that there is no second opinion. Raises VerificationError where
    it cannot read the copy any more, or sees something else in it.
    """
    if before is None:
        return False
    if after is None:
        raise VerificationError("an independent reader can read the input but not the redacted copy: report it")
    for first, second in zip(before.tables, after.tables, strict=True):
        if first != second:
            raise VerificationError(
                f"an independent reader sees other {first.name} in the redacted copy than in the input: report it"
            )
    return True
