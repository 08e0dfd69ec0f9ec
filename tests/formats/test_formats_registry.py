"""Which format takes which file, and that no format is left out."""

from __future__ import annotations

import importlib
import inspect
import pkgutil

import pytest
from elf_builder import CoreBuilder
from hypothesis import given, settings
from hypothesis import strategies as st

from dumpscrub import formats
from dumpscrub.errors import FormatError, InputError
from dumpscrub.formats import FORMATS, open_dump
from dumpscrub.formats.base import HEAD
from dumpscrub.source import BytesSource

CORE = CoreBuilder().load(0x1000, b"memory" * 8).build().data


def test_every_format_in_the_package_is_registered() -> None:
    found = set()
    for module in pkgutil.iter_modules(formats.__path__):
        members = inspect.getmembers(importlib.import_module(f"dumpscrub.formats.{module.name}"), inspect.isclass)
        found |= {
            cls
            for _, cls in members
            if hasattr(cls, "detect") and hasattr(cls, "parse") and not getattr(cls, "_is_protocol", False)
        }
    assert found == {type(form) for form in FORMATS}


def test_names_are_unique_and_raw_comes_last() -> None:
    assert [form.name for form in FORMATS] == ["minidump", "elf-core", "raw"]


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (CORE, "elf-core"),
        (CORE[:16] + b"\x02\x00" + CORE[18:], "raw"),
        (b"PAGEDU64" + b"\x00" * 100, "raw"),
        (b"some text", "raw"),
        (b"\x00", "raw"),
    ],
)
def test_the_first_format_that_recognises_a_file_takes_it(data: bytes, name: str) -> None:
    dump = open_dump(BytesSource(data))
    assert dump.format == name
    assert dump.layout.size == len(data)


def test_an_empty_file_is_an_input_error() -> None:
    with pytest.raises(InputError, match=r"^the input is empty: check that the dump was written completely$"):
        open_dump(BytesSource(b""))


@given(st.sampled_from([b"", b"MDMP", b"MDMP\x93\xa7\x00\x00", CORE[:18]]), st.binary(min_size=1, max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_file_is_partitioned_or_refused(head: bytes, rest: bytes) -> None:
    data = head + rest
    for form in FORMATS:
        assert form.detect(data[:HEAD]) in {True, False}
    try:
        layout = open_dump(BytesSource(data)).layout
    except FormatError:
        return
    assert [0, *layout.ends.tolist()] == [*layout.starts.tolist(), len(data)]
