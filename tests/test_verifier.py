"""The comparison finds every byte that is not as it should be, and the structure check every difference."""

from __future__ import annotations

import random
import tempfile
from array import array
from collections.abc import Sequence
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dumpscrub import verifier
from dumpscrub.errors import VerificationError
from dumpscrub.model import Edit
from dumpscrub.reopen import Summary
from dumpscrub.source import BytesSource, FileSource, MappedSource
from dumpscrub.span import Span
from dumpscrub.tables import Table
from dumpscrub.verifier import compare, structure
from dumpscrub.writer import PrivateCopy


def edit(start: int, replacement: bytes) -> Edit:
    return Edit(Span(start, start + len(replacement)), replacement, "mask")


def patched(data: bytes, edits: Sequence[Edit]) -> bytes:
    result = bytearray(data)
    for one in edits:
        result[one.span.start : one.span.end] = one.replacement
    return bytes(result)


@st.composite
def cases(draw: st.DrawFn) -> tuple[bytes, list[Edit]]:
    """Bytes, and edits that do not overlap, in any order."""
    data = draw(st.binary(min_size=1, max_size=100))
    cuts = sorted(draw(st.lists(st.integers(0, len(data)), max_size=12, unique=True)))
    spans = [Span(start, end) for start, end in zip(cuts[::2], cuts[1::2], strict=False)]
    edits = [Edit(span, draw(st.binary(min_size=len(span), max_size=len(span))), "mask") for span in spans]
    return data, draw(st.permutations(edits))


@settings(max_examples=150, deadline=None)
@given(cases(), st.integers(1, 40))
def test_what_apply_writes_compare_accepts(case: tuple[bytes, list[Edit]], chunk: int) -> None:
    data, edits = case
    with tempfile.TemporaryDirectory() as name, mock.patch.object(verifier, "CHUNK", chunk):
        path = Path(name) / "app.dmp"
        path.write_bytes(data)
        with PrivateCopy.make(path, Path(name)) as copy:
            copy.apply(edits)
            original, result = FileSource(path), MappedSource(copy.descriptor)
            changed = compare(original, result, edits)
            assert bytes(result.view(0, result.size)) == patched(data, edits)
            original.close()
            result.close()
    assert changed == sum(a != b for a, b in zip(data, patched(data, edits), strict=True))


@settings(max_examples=150, deadline=None)
@given(cases(), st.integers(1, 40), st.data())
def test_any_wrong_byte_is_found(case: tuple[bytes, list[Edit]], chunk: int, more: st.DataObject) -> None:
    data, edits = case
    result = bytearray(patched(data, edits))
    where = more.draw(st.integers(0, len(data) - 1))
    result[where] ^= more.draw(st.integers(1, 255))
    with mock.patch.object(verifier, "CHUNK", chunk), pytest.raises(VerificationError) as caught:
        compare(BytesSource(data), BytesSource(bytes(result)), edits)
    assert str(caught.value) == (
        f"the redacted copy is not the input with its edits at file offset {where:#x}: "
        "retry when nobody writes the input, or on another disk"
    )
    assert caught.value.exit_code == 7


def test_a_size_that_differs() -> None:
    with pytest.raises(VerificationError, match="has another size than the input"):
        compare(BytesSource(b"abc"), BytesSource(b"abcd"), [])


def test_an_edit_behind_the_end() -> None:
    with pytest.raises(VerificationError, match="has another size than the input"):
        compare(BytesSource(b"abc"), BytesSource(b"abc"), [edit(2, b"xx")])


def test_progress_and_release_follow_the_chunks() -> None:
    data = random.Random(3).randbytes(verifier.CHUNK + 10)
    source = mock.Mock(wraps=BytesSource(data), size=len(data))
    seen: list[tuple[str, int, int]] = []
    assert compare(source, BytesSource(data), [], lambda *step: seen.append(step)) == 0
    assert seen == [("compare", verifier.CHUNK, len(data)), ("compare", len(data), len(data))]
    assert source.release.call_args_list == [mock.call(0, verifier.CHUNK), mock.call(verifier.CHUNK, len(data))]


def test_a_failed_comparison_lets_the_map_be_closed(tmp_path: Path) -> None:
    path = tmp_path / "app.dmp"
    path.write_bytes(b"abc")
    with PrivateCopy.make(path, tmp_path) as copy:
        result = MappedSource(copy.descriptor)
        try:
            compare(BytesSource(b"abd"), result, [])
        except VerificationError:
            result.close()  # while the traceback is alive
        else:
            pytest.fail("the difference was not found")


def summary(*threads: int) -> Summary:
    return Summary((Table("threads", ("id",), array("Q", threads)), Table("modules", ("base",), array("Q", [5]))))


def test_the_same_structure() -> None:
    assert structure(summary(1, 2), summary(1, 2))


def test_no_second_opinion() -> None:
    assert not structure(None, None)
    assert not structure(None, summary(1))


def test_a_copy_that_cannot_be_read_any_more() -> None:
    with pytest.raises(VerificationError, match="can read the input but not the redacted copy"):
        structure(summary(1), None)


def test_another_structure() -> None:
    with pytest.raises(VerificationError, match="sees other threads in the redacted copy"):
        structure(summary(1, 2), summary(1, 3))
