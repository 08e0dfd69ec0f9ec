"""Copies of values are found in other forms, where they are cut short, and in registers."""

from __future__ import annotations

import base64
import random
import string

import pytest

from dumpscrub.layout import LayoutBuilder, RegionKind
from dumpscrub.model import Confidence, Dump, Encoding, Field, FieldKind, Finding, Origin, SecretValue
from dumpscrub.progress import silent
from dumpscrub.propagation import KNOWN_RULE, Seed, Sweeper, seeds_of
from dumpscrub.rules.schema import Action
from dumpscrub.search import wanted
from dumpscrub.search.engines import ENGINES
from dumpscrub.search.finder import Search
from dumpscrub.source import BytesSource
from dumpscrub.span import Span, union

VALUE = "Tr0ub4dor&Stapler"


@pytest.fixture(autouse=True, params=["few", "many"])
def _both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test runs with the search for few values and with the one for many."""
    monkeypatch.setattr(wanted, "MANY", -1 if request.param == "many" else 1 << 30)


def seed(text: str, origin: Origin = Origin.PROPAGATED) -> Seed:
    return Seed(SecretValue(text.encode()), "rule", "class", "mask", origin)


def memory(data: bytes, fields: tuple[Field, ...] = ()) -> Dump:
    builder = LayoutBuilder(len(data))
    builder.add(0, len(data), RegionKind.HEAP, "heap", 0x1000)
    return Dump("test", BytesSource(data), builder.build(), fields)


def sweep(dump: Dump, *seeds: Seed, engine: str = "hyperscan") -> list[tuple[tuple[Span, ...], Encoding]]:
    copies = Sweeper(seeds, Search(engine, 1, 4096)).sweep(dump)
    return [(copy.spans, copy.encoding) for copy in copies]


def covered(copies: list[tuple[tuple[Span, ...], Encoding]]) -> tuple[Span, ...]:
    return union(span for spans, _ in copies for span in spans)


FORMS = [
    (VALUE.encode(), Encoding.UTF8),
    (VALUE.upper().encode(), Encoding.UTF8),
    (VALUE.encode("utf-16-le"), Encoding.UTF16LE),
    (VALUE.lower().encode("utf-16-le"), Encoding.UTF16LE),
    (VALUE.encode("utf-16-be"), Encoding.UTF16BE),
    (VALUE.encode("utf-32-le"), Encoding.UTF32LE),
    (VALUE[::-1].encode(), Encoding.UTF8),
    (VALUE.encode().hex().encode(), Encoding.UTF8),
    (VALUE.replace("&", "&amp;").encode(), Encoding.UTF8),
    (VALUE.replace("&", "%26").encode("utf-16-le"), Encoding.UTF16LE),
    (VALUE.replace("&", "\\u0026").encode("utf-16-le"), Encoding.UTF16LE),
]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("shift", [0, 1])
@pytest.mark.parametrize(("form", "encoding"), FORMS)
def test_every_form_is_found_at_its_exact_span(form: bytes, encoding: Encoding, shift: int, engine: str) -> None:
    data = b"\x01" * (64 + shift) + form + b"\x01" * 64
    start = 64 + shift
    assert sweep(memory(data), seed(VALUE), engine=engine) == [((Span(start, start + len(form)),), encoding)]


@pytest.mark.parametrize("before", [b"", b"a", b"ab"])
def test_base64_is_found_at_each_phase(before: bytes) -> None:
    text = base64.b64encode(before + VALUE.encode() + b"tail")
    (((span,), _),) = sweep(memory(b"\x01" * 10 + text + b"\x01" * 10), seed(VALUE))
    assert 10 <= span.start <= 14
    # What is left of the text tells at most a part of the first and of the last character.
    assert len(span) >= len(VALUE) * 4 // 3 - 2


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kept", range(8, len(VALUE)))
def test_beginning_of_a_value_where_memory_is_cut(kept: int, engine: str) -> None:
    data = b"x" * 30 + VALUE.encode()[:kept]
    assert sweep(memory(data), seed(VALUE), engine=engine) == [((Span(30, 30 + kept),), Encoding.UTF8)]


def test_seven_characters_at_a_cut_are_not_taken() -> None:
    assert sweep(memory(b"x" * 30 + VALUE.encode()[:7]), seed(VALUE)) == []


def test_seven_characters_elsewhere_are_not_taken() -> None:
    assert sweep(memory(b"x" * 30 + VALUE.encode()[:7] + b"\0" * 30), seed(VALUE)) == []


@pytest.mark.parametrize("kept", range(8, 13))
def test_both_parts_of_a_value_that_two_buffers_hold_go(kept: int) -> None:
    text = "Kq7xWm2vLp9dR4tZh3bY"
    first, last = text[:kept].encode("utf-16-le"), text[kept:].encode("utf-16-le")
    found = sweep(memory(bytes(30) + first + bytes(30) + last + bytes(30)), seed(text))
    spans = (Span(30, 30 + 2 * kept),), (Span(60 + 2 * kept, 100),)
    assert found == [(span, Encoding.UTF16LE) for span in spans]


@pytest.mark.parametrize("kept", range(8, len(VALUE)))
def test_end_of_a_value_where_memory_begins(kept: int) -> None:
    data = VALUE.encode("utf-16-le")[-2 * kept :] + b"x" * 30
    assert sweep(memory(data), seed(VALUE)) == [((Span(0, 2 * kept),), Encoding.UTF16LE)]


def test_value_cut_short_in_a_field() -> None:
    arguments = b"run --password=" + VALUE.encode()[:9] + b"\0"
    data = b"\x01" * 16 + arguments + b"\x01" * 16
    field = Field(FieldKind.COMMAND_LINE, Encoding.UTF8, (Span(16, 16 + len(arguments)),), cut=True)
    assert sweep(memory(data, (field,)), seed(VALUE)) == [((Span(31, 40),), Encoding.UTF8)]


def test_eight_characters_in_a_register() -> None:
    register = VALUE.encode("utf-16-le")[4:20]
    data = b"\x01" * 32 + bytes(16) + register + bytes(16) + VALUE[3:11].encode() + bytes(8)
    field = Field(FieldKind.REGISTERS, Encoding.BINARY, (Span(32, len(data)),))
    assert sweep(memory(data, (field,)), seed(VALUE)) == [
        ((Span(48, 64),), Encoding.UTF16LE),
        ((Span(80, 88),), Encoding.UTF8),
    ]


def test_a_value_that_is_another_one_reversed_in_a_register() -> None:
    values = (seed("abcdefgh1234"), seed("4321hgfedcba"))
    data = b"\x01" * 32 + b"21hgfedc"
    field = Field(FieldKind.REGISTERS, Encoding.BINARY, (Span(32, len(data)),))
    assert sweep(memory(data, (field,)), *values) == [((Span(32, 40),), Encoding.UTF8)]


@pytest.mark.parametrize(("neighbours", "found"), [(b"x\0", 0), (b"\0x", 0), (b"\0\0", 1), (b"=;", 1), (b'""', 1)])
def test_a_short_value_counts_only_where_it_stands_alone(neighbours: bytes, found: int) -> None:
    data = b"\x01" * 8 + neighbours[:1] + b"q7!zk" + neighbours[1:] + b"\x01" * 8
    assert len(sweep(memory(data), seed("q7!zk"))) == found


NAMES = ["vault-worker", "token-vault", "com.acme.vault.Client", "/etc/vault/conf", "vault::Client", "Hang$vault"]


@pytest.mark.parametrize("encoding", [Encoding.UTF8, Encoding.UTF16LE, Encoding.UTF16BE])
@pytest.mark.parametrize("name", NAMES)
def test_a_short_word_is_no_part_of_a_name_of_threads_types_and_files(name: str, encoding: Encoding) -> None:
    data = b"\x01" * 8 + f"({name})".encode(encoding.codec) + b"\x01" * 8
    assert sweep(memory(data), seed("vault")) == []
    assert len(sweep(memory(data), seed("vault", Origin.KNOWN))) == 1


@pytest.mark.parametrize(
    "text", ["u:vault@db", "pwd=vault;x", "'vault'", "is vault.", "vault, or", "-p vault-", "//vault"]
)
def test_a_short_word_is_found_wherever_it_is_no_part_of_a_name(text: str) -> None:
    data = b"\x01" * 8 + text.encode() + b"\x01" * 8
    assert len(sweep(memory(data), seed("vault"))) == 1


@pytest.mark.parametrize("encoding", [Encoding.UTF8, Encoding.UTF16LE, Encoding.UTF16BE, Encoding.UTF32LE])
@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ("\\u0022", "\\u0022", 1),
        ("%22", "%22", 1),
        ("\\n", "\\n", 1),
        ("\\x3d", "&", 1),
        ("\\\\u003e", "<", 1),
        ("&#34;", "&#34;", 1),
        ("u0022", "", 0),
        ("22", "", 0),
        ("\\n", "x", 0),
        ("\u20ac", "\u20ac", 1),
    ],
)
def test_the_letters_of_an_escape_do_not_touch_a_short_value(
    before: str, after: str, found: int, encoding: Encoding
) -> None:
    data = bytes(9) + f"{before}q7!zk{after}".encode(encoding.codec) + bytes(9)
    assert len(sweep(memory(data), seed("q7!zk"))) == found


def mapped(*ranges: tuple[int, bytes]) -> Dump:
    """A dump of ranges (address, bytes) that follow each other in the file."""
    data = b"".join(content for _, content in ranges)
    builder, at = LayoutBuilder(len(data)), 0
    for address, content in ranges:
        builder.add(at, len(content), RegionKind.HEAP, "heap", address)
        at += len(content)
    return Dump("test", BytesSource(data), builder.build())


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("value", [VALUE, VALUE * 5])
@pytest.mark.parametrize("cut", [1, 8, 16])
def test_a_value_that_only_the_file_puts_together_is_found(value: str, cut: int, engine: str) -> None:
    text = value.encode()
    dump = mapped((0x1000, b"x" * 40 + text[:cut]), (0x9000, text[cut:] + b"x" * 40))
    assert covered(sweep(dump, seed(value), engine=engine)) == (Span(40, 40 + len(text)),)


def test_a_value_that_both_file_and_memory_put_together_is_found_twice() -> None:
    text = VALUE.encode()
    dump = mapped((0x1000, b"x" * 40 + text[:9]), (0x9000, text[9:] + b"y" * 40), (0x1031, text[9:] + b"z" * 40))
    behind = 40 + len(text) + 40
    assert covered(sweep(dump, seed(VALUE))) == (Span(40, 40 + len(text)), Span(behind, behind + len(text) - 9))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("value", [VALUE, VALUE * 5])
@pytest.mark.parametrize("cut", [1, 8, 16])
def test_a_value_that_goes_on_behind_the_end_of_the_file_is_found_whole(value: str, cut: int, engine: str) -> None:
    text = value.encode()
    dump = mapped((0x1000 + cut, text[cut:] + b"x" * 40), (0x1000 - 40, b"x" * 40 + text[:cut]))
    rest, size = len(text) - cut, dump.source.size
    assert sweep(dump, seed(value), engine=engine) == [((Span(size - cut, size), Span(0, rest)), Encoding.UTF8)]


@pytest.mark.parametrize("kept", [4095, 4096, 5000, 29_999])
def test_a_long_beginning_is_found_where_memory_is_cut(kept: int) -> None:
    value = "".join(f"{number:06}" for number in range(5000))
    assert covered(sweep(memory(b"x" * 30 + value.encode()[:kept]), seed(value))) == (Span(30, 30 + kept),)
    assert covered(sweep(memory(value.encode()[-kept:] + b"x" * 30), seed(value))) == (Span(0, kept),)


def test_utf_16_le_text_after_a_zero_byte_is_found_once() -> None:
    data = b"\x01\0\0" + VALUE.encode("utf-16-le") + b"\0\0\x01"
    assert sweep(memory(data), seed(VALUE)) == [((Span(3, 3 + 2 * len(VALUE)),), Encoding.UTF16LE)]


def test_long_values_are_compared_to_their_end() -> None:
    value = "-----BEGIN THING-----" + "".join(f"{number:05}" for number in range(500))
    data = b"\x01" * 9 + value.encode() + b"\x01" * 9 + value.encode()[:-1] + b"#" + b"\x01" * 9
    assert sweep(memory(data), seed(value)) == [((Span(9, 9 + len(value)),), Encoding.UTF8)]


def test_seeds_are_distinct_and_known_values_come_first() -> None:
    values = (SecretValue(b'p"w\\n1x'), SecretValue(b"password"), SecretValue(b"abc"), SecretValue(VALUE.encode()))
    found = Finding("r", "c", (Span(0, 1),), Encoding.UTF8, Origin.DIRECT, Confidence.HIGH, "mask", values)
    seeds = seeds_of((found, found), known=[SecretValue(VALUE.encode())])
    assert seeds[0].rule == KNOWN_RULE
    assert seeds[0].origin is Origin.KNOWN
    texts = [seed.value.data for seed in seeds]
    assert texts.count(VALUE.encode()) == 1
    assert b"password" not in texts, "a common word is not swept"
    assert b"abc" not in texts, "nothing under four characters is swept"
    assert b'p"w\\n1x' in texts
    assert b'p"w\n1x' in texts, "the value is also swept without its escapes"


def test_seeds_of_an_earlier_search_hold_the_known_ones() -> None:
    known = [SecretValue(VALUE.encode())]
    earlier = seeds_of((), known)
    other = SecretValue(b"an0ther-One")
    found = Finding("r", "c", (Span(0, 1),), Encoding.UTF8, Origin.DIRECT, Confidence.HIGH, "mask", (*known, other))
    seeds = seeds_of((found,), known, earlier)
    assert seeds == (*earlier, Seed(other, "r", "c", "mask", Origin.PROPAGATED))
    assert seeds[0] is earlier[0]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_search_by_another_engine_finds_the_same_in_the_same_forms(engine: str) -> None:
    seeds = (seed(VALUE), seed("an0ther-One"))
    dump = memory(bytes(40) + VALUE.encode("utf-16-le") + bytes(9) + b"AN0THER-ONE" + bytes(9))
    first = Sweeper(seeds, Search("hyperscan", 1, 64))
    assert first.sweep(dump) == Sweeper(seeds, Search(engine, 1, 64), first).sweep(dump)
    assert len(first.sweep(dump)) == 2
    assert len(Sweeper(seeds[:1], Search(engine, 1, 64), first).sweep(dump)) == 1


def test_no_value_shows_in_a_representation() -> None:
    assert "ub4dor" not in f"{seed(VALUE)!r}{seed(VALUE)}{(seed(VALUE).value,)!r}"


@pytest.mark.parametrize("chunk", [64, 1000, 1 << 20])
def test_a_copy_within_a_longer_one_is_part_of_it(chunk: int) -> None:
    values = [VALUE, f"user={VALUE};", VALUE[4:14]]
    text = f"user={VALUE}; and {VALUE} and {VALUE[4:14]}".encode()
    data = (bytes(40) + text + bytes(40)) * 20
    expected = []
    for start in range(40, len(data), len(text) + 80):
        alone = start + len(values[1]) + 5
        tail = alone + len(VALUE) + 5
        expected += [Span(start, start + len(values[1])), Span(alone, alone + len(VALUE)), Span(tail, tail + 10)]
    for order in (values, values[::-1]):
        copies = Sweeper([seed(value) for value in order], Search("hyperscan", 2, chunk)).sweep(memory(data))
        assert [copy.spans for copy in copies] == [(span,) for span in expected]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("chunk", [40, 333, 1 << 20])
def test_values_that_repeat_themselves_are_the_same_for_every_chunk(chunk: int, engine: str) -> None:
    values = [seed(("pw=" * 200)[:length]) for length in (7, 8, 9, 40, 41, 100, 599)]
    dump = memory(bytes(33) + b"pw=" * 700 + bytes(33))
    found = Sweeper(values, Search(engine, 2, chunk)).sweep(dump)
    assert found == Sweeper(values, Search("hyperscan", 1, 1 << 20)).sweep(dump)
    assert union(span for copy in found for span in copy.spans) == (Span(33, 33 + 2100),)


def test_hits_within_a_whole_value_change_nothing_whether_a_finder_gives_them_or_not() -> None:
    sweeper = Sweeper([seed("abcdefgh1"), seed("abcdefgh1-xyz-2345"), seed("xyz-2345")], Search("hyperscan", 1, 64))
    dump = memory(bytes(9) + b"abcdefgh1-xyz-2345" + bytes(9) + b"xyz-2345" + bytes(9))
    apart = memory(b"abcdefgh1\0abcdefgh1-xyz-2345\0xyz-2345\0")
    found = [number for some in sweeper._finder.find(apart, "", silent) for _, number in some]
    members = {sweeper._finder.member(number)[1].data: number for number in found}
    whole, head, tail = (members[data] for data in (b"abcdefgh1-xyz-2345", b"abcdefgh1", b"xyz-2345"))
    hits = [(9, whole), (9, head), (19, tail), (36, tail)]
    assert list(sweeper._outermost(dump, hits)) == [(9, whole), (36, tail)]


TOKEN = "".join(random.Random(21).choices(string.ascii_letters + string.digits, k=40))
POINTERS = bytes.fromhex("785634123a7f0000157c4a7fb979379e")
"""What an allocator writes over the first 16 bytes of memory that was freed."""


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("overwritten", [8, 16])
@pytest.mark.parametrize("encoding", [Encoding.UTF8, Encoding.UTF16LE, Encoding.UTF16BE])
def test_what_pointers_left_of_a_freed_value(encoding: Encoding, overwritten: int, engine: str) -> None:
    left = TOKEN.encode(encoding.codec)[overwritten:]
    data = b"\x01" * 32 + POINTERS[:overwritten] + left + b"\x01" * 32
    copies = sweep(memory(data), seed(TOKEN), engine=engine)
    assert covered(copies) == (Span(32 + overwritten, len(data) - 32),)
    assert encoding in {found for _, found in copies}


@pytest.mark.parametrize("kept", [slice(0, 20), slice(20, 40), slice(7, 31)])
def test_a_part_of_a_value_on_its_own(kept: slice) -> None:
    part = TOKEN[kept].encode("utf-16-le")
    data = b"\x01" * 33 + part + b"\x01" * 32
    assert sweep(memory(data), seed(TOKEN)) == [((Span(33, 33 + len(part)),), Encoding.UTF16LE)]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("order", [1, -1])
def test_what_pointers_left_of_a_freed_number(order: int, engine: str) -> None:
    prime = random.Random(22).randbytes(128)
    data = b"\x01" * 32 + POINTERS + prime[::order][16:] + b"\0" * 32
    number = Seed(SecretValue(prime, binary=True), "key", "key", Action.MASK.value, Origin.PROPAGATED)
    assert sweep(memory(data), number, engine=engine) == [((Span(48, 160),), Encoding.BINARY)]


def test_the_rest_of_a_value_goes_on_in_other_memory() -> None:
    left = TOKEN.encode()[8:]
    dump = mapped((0x1000 + 20, left[20:] + b"x" * 40), (0x1000 - 40, b"x" * 40 + left[:20]))
    size = dump.source.size
    assert sweep(dump, seed(TOKEN)) == [((Span(size - 20, size), Span(0, len(left) - 20)), Encoding.UTF8)]


def test_a_copy_that_is_whole_is_one_finding() -> None:
    data = b"\x01" * 32 + TOKEN.encode() + b"\x01" * 32
    assert sweep(memory(data), seed(TOKEN)) == [((Span(32, 72),), Encoding.UTF8)]


@pytest.mark.parametrize("cut", range(8, 15))
def test_words_in_the_chunks_of_a_string_builder(cut: int) -> None:
    text = "VioletWizard-Window545"
    first, last = text[:cut].encode("utf-16-le"), text[cut:].encode("utf-16-le")
    found = sweep(memory(bytes(30) + first + bytes(30) + last + bytes(30)), seed(text))
    assert covered(found) == (Span(30, 30 + len(first)), Span(60 + len(first), 60 + 2 * len(text)))
    assert sweep(memory(bytes(30) + first[:16] + bytes(30)), seed(text)) == []
