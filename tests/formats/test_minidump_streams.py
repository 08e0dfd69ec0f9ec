"""The streams of a minidump that carry text or numbers, and the strings that they point to."""

from __future__ import annotations

import struct

import pytest
from minidump_builder import X64, MinidumpBuilder
from test_minidump import free, parse, protected, spans_of

from dumpscrub.model import Encoding, FieldKind
from dumpscrub.span import Span


def test_strings_elsewhere_in_the_file_are_labelled_and_keep_their_lengths() -> None:
    builder = MinidumpBuilder()
    names = [
        builder.string(text) for text in ("C:\\app\\server.exe", "Service Pack 1", "old.dll", "File", "\\pipe\\x", "io")
    ]
    module, version, unloaded, handle_type, handle_name, thread = names
    rsds = builder.place(b"RSDS" + bytes(20) + b"server.pdb\0")
    nb10 = builder.place(b"NB10" + bytes(12) + b"old.pdb\0")
    elf = builder.place(b"LEpB" + bytes(20))
    builder.system_info(X64, version)
    builder.modules(
        [(1 << 20, 4096, module, 35, rsds), (2 << 20, 4096, module, 24, nb10), (3 << 20, 4096, module, 24, elf)]
    )
    unloads = builder.stream(14, struct.pack("<III", 12, 32, 1) + struct.pack("<QIIII8x", 0, 0, 0, 0, unloaded))
    handles = builder.stream(
        12, struct.pack("<IIII", 16, 32, 1, 0) + struct.pack("<QIIIIII", 4, handle_type, handle_name, 0, 0, 0, 0)
    )
    thread_names = builder.stream(24, struct.pack("<I", 1) + struct.pack("<IQ", 9, thread))
    data = builder.build()
    dump = parse(data)
    for label, rvas in {
        "module names": [module],
        "system strings": [version],
        "unloaded module names": [unloaded],
        "handle names": [handle_type, handle_name],
        "thread names": [thread],
    }.items():
        for rva in rvas:
            size = int.from_bytes(data[rva : rva + 4], "little")
            assert dump.layout.region_at(rva).label == label
            assert dump.layout.region_at(rva + 4 + size + 1).label == label
            assert protected(dump, rva, rva + 4)
            assert free(dump, rva + 4, rva + 4 + size + 2)
    assert spans_of(dump, "codeview") == [Span(rsds, elf + 24)]
    assert protected(dump, rsds, rsds + 24)
    assert free(dump, rsds + 24, rsds + 35)
    assert protected(dump, nb10, nb10 + 16)
    assert free(dump, nb10 + 16, nb10 + 24)
    assert protected(dump, elf, elf + 24)
    assert protected(dump, unloads, unloads + 12 + 32)
    assert protected(dump, handles, handles + 16 + 32)
    assert protected(dump, thread_names, thread_names + 16)
    assert dump.notices == ()


def test_crashpad_annotations() -> None:
    builder = MinidumpBuilder()
    strings = [builder.utf8(text) for text in (b"name", b"value", b"listed", b"object", b"bytes")]
    name, value, listed, annotation, content = strings
    pairs = builder.place(struct.pack("<III", 1, name, value))
    rvas = builder.place(struct.pack("<II", 1, listed))
    objects = builder.place(struct.pack("<IIHHI", 1, annotation, 1, 0, content))
    module = builder.place(struct.pack("<IIIIIII", 1, 8, rvas, 12, pairs, 16, objects))
    links = builder.place(struct.pack("<IIII", 1, 0, 28, module))
    stream = builder.stream(0x43500001, struct.pack("<I32xIIII", 1, 12, pairs, 16, links))
    dump = parse(builder.build())
    assert spans_of(dump, "annotations") == [Span(name, links + 16)]
    assert spans_of(dump, "stream CrashpadInfo") == [Span(stream, stream + 52)]
    for at, text in zip(strings, (b"name", b"value", b"listed", b"object", b"bytes"), strict=True):
        assert protected(dump, at, at + 4)
        assert free(dump, at + 4, at + 4 + len(text) + 1)
    assert protected(dump, pairs, links + 16)
    assert dump.notices == ()


def test_misc_info_keeps_its_numbers_and_gives_up_its_text() -> None:
    builder = MinidumpBuilder()
    at = builder.stream(15, bytes(1364))
    dump = parse(builder.build())
    numbers = [Span(at, at + 64), Span(at + 128, at + 148), Span(at + 212, at + 232), Span(at + 832, at + 1364)]
    assert [span for span in dump.protected if span.start >= at] == numbers


@pytest.mark.parametrize(
    ("kind", "name", "field", "encoding"),
    [
        (10, "CommentA", FieldKind.COMMAND_LINE, Encoding.UTF8),
        (11, "CommentW", FieldKind.COMMAND_LINE, Encoding.UTF16LE),
        (0x47670006, "LinuxCmdLine", FieldKind.ARGUMENTS, Encoding.UTF8),
        (0x47670007, "LinuxEnviron", FieldKind.ENVIRONMENT, Encoding.UTF8),
    ],
)
def test_streams_of_text_become_fields(kind: int, name: str, field: FieldKind, encoding: Encoding) -> None:
    builder = MinidumpBuilder()
    at = builder.stream(kind, b"A=1\0B=2\0")
    dump = parse(builder.build())
    assert [(f.kind, f.encoding, f.spans, f.cut) for f in dump.fields] == [
        (field, encoding, (Span(at, at + 8),), False)
    ]
    assert spans_of(dump, f"stream {name}") == [Span(at, at + 8)]
    assert free(dump, at, at + 8)


def test_streams_of_numbers_are_protected_whole() -> None:
    builder = MinidumpBuilder()
    kinds = (21, 22, 0x47670008, 0x4767000A)
    places = [builder.stream(kind, bytes(40)) for kind in kinds]
    dump = parse(builder.build())
    assert [span for span in dump.protected if span.start >= places[0]] == [Span(places[0], places[-1] + 40)]


def test_the_thread_info_list_is_protected() -> None:
    builder = MinidumpBuilder()
    at = builder.stream(17, struct.pack("<III", 12, 64, 2) + bytes(128))
    assert protected(parse(builder.build()), at, at + 140)
