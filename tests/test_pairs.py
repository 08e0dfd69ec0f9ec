"""Values that addresses alone connect with their names: found in each runtime's way to keep them, and nothing else."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dumpscrub import pairnames, pairs
from dumpscrub.errors import ScanError
from dumpscrub.layout import LayoutBuilder, RegionKind
from dumpscrub.model import Confidence, Dump, Finding, Origin
from dumpscrub.plan import plan
from dumpscrub.policy import Policy
from dumpscrub.redaction import Redaction
from dumpscrub.rules.load import load_rules
from dumpscrub.rules.schema import Action, RuleSet
from dumpscrub.search import pointers
from dumpscrub.search.finder import Search
from dumpscrub.search.pointers import Wanted
from dumpscrub.source import BytesSource

SECRET = "kade-7Xw9-zopi"
FIRST, FIRST_32 = 0x1F2_0000_0000, 0x0234_0000
TYPE, OTHER_TYPE = 0x7FFA_1C2A_4400, 0x7FFA_1C2A_5500
ROOM = 0x400
"""Bytes from one object of a heap to the next."""


@dataclass
class Heap:
    """Objects far from each other, in the order in which they are added, in one region of memory."""

    first: int = FIRST
    data: bytearray = field(default_factory=bytearray)

    def add(self, content: bytes) -> int:
        """The address of ``content``."""
        address = self.first + len(self.data)
        self.data += content.ljust(ROOM, b"\0")
        return address

    def dump(self, *, seam: int | None = None, kind: RegionKind = RegionKind.HEAP) -> Dump:
        """The heap as a file; at ``seam`` memory goes on behind a gap of the file."""
        data = bytes(self.data)
        if seam is not None:
            data = data[:seam] + bytes(100) + data[seam:]
        builder = LayoutBuilder(len(data))
        if seam is None:
            builder.add(0, len(data), kind, "heap", self.first)
        else:
            builder.add(0, seam, kind, "heap", self.first)
            builder.add(seam + 100, len(data) - seam - 100, kind, "heap", self.first + seam)
        return Dump("raw", BytesSource(data), builder.build())


@cache
def redaction(action: Action = Action.MASK) -> Redaction:
    rules = [rule for rule in load_rules().rules if rule.detector == "pointed-value"]
    policy = Policy("own", {"password": action, "secret": action})
    return Redaction(RuleSet(tuple(rules)), policy, Search("re2", 1, 1 << 20))


def search(heap: Heap) -> Sequence[Finding]:
    return redaction().search(heap.dump()).findings


def found(heap: Heap) -> set[bytes]:
    return {bytes(heap.data[span.start : span.end]) for each in search(heap) for span in each.spans}


def masked(heap: Heap) -> Heap:
    data = bytearray(heap.data)
    for edit in plan(heap.dump(), search(heap)):
        data[edit.span.start : edit.span.end] = edit.replacement
    return Heap(heap.first, data)


def words(*numbers: int, size: int = 8) -> bytes:
    return b"".join(number.to_bytes(size, "little") for number in numbers)


def net(text: str, kind: int = TYPE) -> bytes:
    return struct.pack("<QI", kind, len(text)) + text.encode("utf-16-le") + bytes(2)


def net_32(text: str) -> bytes:
    return struct.pack("<II", 0x7152_4400, len(text)) + text.encode("utf-16-le") + bytes(2)


def mono(text: str) -> bytes:
    return struct.pack("<QQI", TYPE, 0, len(text)) + text.encode("utf-16-le") + bytes(2)


def python(text: str, *, old: bool = False) -> bytes:
    state = 0xE5 if old else 0x65
    return struct.pack("<QQQqQ", 3, TYPE, len(text), hash_of(text), state) + bytes(8 * old) + text.encode() + b"\0"


def python_bytes(text: str) -> bytes:
    return struct.pack("<QQQq", 1, TYPE, len(text), hash_of(text)) + text.encode() + b"\0"


def php(text: str) -> bytes:
    return struct.pack("<IIqQ", 1, 0x16, hash_of(text), len(text)) + text.encode() + b"\0"


def ruby(text: str) -> bytes:
    return struct.pack("<QQQ", 0x5, TYPE, len(text)) + text.encode() + b"\0"


def ruby_old(text: str) -> bytes:
    return struct.pack("<QQ", 0x5 | len(text) << 14, TYPE) + text.encode() + b"\0"


def plain(text: str) -> bytes:
    return text.encode() + b"\0"


def wide(text: str) -> bytes:
    return text.encode("utf-16-le") + bytes(2)


def hash_of(text: str) -> int:
    return Random(text).getrandbits(63)


Build = Callable[[Heap, str, str], object]


def objects(build: Callable[[str], bytes], entry: Callable[[Heap, str, int, int], bytes]) -> Build:
    """A heap with the object of a name, others, the object of a value, and an entry that holds both addresses."""

    def fill(heap: Heap, name: str, value: str) -> None:
        key = heap.add(build(name))
        heap.add(b"something else" * 20)
        other = heap.add(build(value))
        heap.add(entry(heap, name, key, other))

    return fill


def dictionary(heap: Heap, name: str, key: int, value: int) -> bytes:
    """.NET: hash and index of the next entry before key and value."""
    others = [heap.add(net(text)) for text in ("region", "west-4b", "user", "anna-77c")]
    one, two = words(0xFFFFFFFF_11112222, *others[:2]), words(0xFFFFFFFF_33334444, *others[2:])
    return words(TYPE + 8, 3) + one + words(0xFFFFFFFF_12345678, key, value) + two


def table(heap: Heap, name: str, key: int, value: int) -> bytes:
    """CPython: the hash of the key before key and value."""
    return words(2, 0x0303_0101, hash_of(name), key, value) + bytes(48)


def bucket(heap: Heap, name: str, key: int, value: int) -> bytes:
    """PHP: value and its type, hash and key."""
    return words(value, 6, hash_of(name), key) + bytes(32)


def perl(heap: Heap, name: str, value: str) -> None:
    key = heap.add(struct.pack("<Ii", 77, len(name)) + name.encode() + b"\0\0")
    text = heap.add(value.encode())
    body = heap.add(words(0, 0, len(value), 32))
    scalar = heap.add(struct.pack("<QIIQ", body, 1, 0x4403, text))
    heap.add(words(0, key, scalar))


def go_struct(heap: Heap, name: str, value: str) -> None:
    heap.add(words(heap.add(plain(name)), len(name), heap.add(value.encode()), len(value)))


def go_map(heap: Heap, name: str, value: str) -> None:
    keys = words(heap.add(plain(name)), len(name)) + bytes(7 * 16)
    heap.add(bytes(8) + keys + words(heap.add(value.encode()), len(value)) + bytes(7 * 16))


def go_interface(heap: Heap, name: str, value: str) -> None:
    keys = words(heap.add(plain(name)), len(name)) + bytes(7 * 16)
    held = heap.add(words(heap.add(value.encode()), len(value)))
    heap.add(bytes(8) + keys + words(OTHER_TYPE, held) + bytes(7 * 16))


def go_small_strings(heap: Heap, name: str, value: str) -> None:
    """Names and values one behind the other, without anything between them."""
    block = heap.add(f"host{value}{name}west-4b".encode())
    key, other = words(block + 4 + len(value), len(name)), words(block + 4, len(value))
    heap.add(words(block, 4) + words(block + 4 + len(value) + len(name), 7) + key + other)


def cpp_pair(heap: Heap, name: str, value: str) -> None:
    """Two std::string of libstdc++, short ones with their text inside."""
    place = heap.first + len(heap.data)
    first = words(place + 16, len(name)) + name.encode().ljust(16, b"\0")
    heap.add(first + words(place + 48, len(value)) + value.encode().ljust(16, b"\0"))


def ruby_elsewhere(heap: Heap, text: str) -> int:
    """The address of a string with its text elsewhere."""
    return heap.add(words(0x5 | 1 << 13, TYPE, len(text), heap.add(text.encode()), len(text)))


def ruby_long_value(heap: Heap, name: str, value: str) -> None:
    heap.add(words(hash_of(name), heap.add(ruby_old(name)), ruby_elsewhere(heap, value)))


def ruby_long_name(heap: Heap, name: str, value: str) -> None:
    heap.add(words(hash_of(name), ruby_elsewhere(heap, name), heap.add(ruby(value))))


def java(shift: int, at: int, codec: str = "latin-1") -> Build:
    """Entries of hash tables, with addresses of four bytes; that of the array stands ``at`` bytes in a string."""

    def string(heap: Heap, text: str) -> int:
        array = heap.add(struct.pack("<QII", 1, 0x1234, len(text)) + text.encode(codec) + b"\1")
        fields = struct.pack("<QI", 1, 0x5678).ljust(at, b"\0") + words(array >> shift, size=4)
        return heap.add(fields.ljust(24, b"\0")) >> shift

    def fill(heap: Heap, name: str, value: str) -> None:
        heap.first = 0x7_0000_0000 if shift else 0x8000_0000
        heap.add(struct.pack("<QIIIII", 1, 0x9999, 77, string(heap, name), string(heap, value), 0))

    return fill


WAYS: dict[str, Build] = {
    "net dictionary": objects(net, dictionary),
    "net object": objects(net, lambda heap, name, key, value: words(OTHER_TYPE, key, value, 1)),
    "net object, value first": objects(net, lambda heap, name, key, value: words(OTHER_TYPE, value, key, 1)),
    "net object with another field": objects(
        net, lambda heap, name, key, value: words(OTHER_TYPE, key, heap.add(words(OTHER_TYPE, 1)), value)
    ),
    "net, value in a list": objects(
        net,
        lambda heap, name, key, value: words(
            OTHER_TYPE, key, heap.add(words(OTHER_TYPE, heap.add(words(OTHER_TYPE, 1, value)), 1))
        ),
    ),
    "net, value in an object": objects(
        net, lambda heap, name, key, value: words(OTHER_TYPE, key, heap.add(words(OTHER_TYPE, value)))
    ),
    "mono": objects(mono, lambda heap, name, key, value: words(0, key, value)),
    "python": objects(python, table),
    "python 3.11": objects(lambda text: python(text, old=True), table),
    "python bytes": objects(python_bytes, table),
    "python pair": objects(python, lambda heap, name, key, value: words(1, OTHER_TYPE, 2, key, value)),
    "python, value in a list": objects(
        python,
        lambda heap, name, key, value: words(
            hash_of(name), key, heap.add(words(1, OTHER_TYPE, 1, heap.add(words(value))))
        ),
    ),
    "php array": objects(php, bucket),
    "php object": objects(php, lambda heap, name, key, value: words(OTHER_TYPE, key, 6, value, 6)),
    "ruby": objects(ruby, lambda heap, name, key, value: words(hash_of(name), key, value)),
    "ruby 3.1": objects(ruby_old, lambda heap, name, key, value: words(hash_of(name), key, value)),
    "ruby, long value": ruby_long_value,
    "ruby, long name": ruby_long_name,
    "java": java(3, 20),
    "java, small heap": java(0, 20),
    "java 11": java(3, 12),
    "java 8": java(3, 12, "utf-16-le"),
    "perl": perl,
    "c": objects(plain, lambda heap, name, key, value: words(7, key, value)),
    "c, value first": objects(plain, lambda heap, name, key, value: words(7, value, key)),
    "windows": objects(wide, lambda heap, name, key, value: words(7, key, value)),
    "go struct": go_struct,
    "go map": go_map,
    "go map of anything": go_interface,
    "go, small strings": go_small_strings,
    "c++": cpp_pair,
}


def heap_of(way: str, name: str = "db_password", value: str = SECRET) -> Heap:
    heap = Heap()
    WAYS[way](heap, name, value)
    return heap


def text_in(heap: Heap, text: str = SECRET) -> bytes:
    """The bytes of ``text`` as the heap has them."""
    return next(data for data in (text.encode("utf-16-le"), text.encode()) if data in heap.data)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["db_password", "apiKey"])
def test_the_value_goes_and_nothing_else(way: str, name: str) -> None:
    heap = heap_of(way, name)
    secret = text_in(heap)
    assert found(heap) == {secret}
    left = masked(heap)
    assert bytes(left.data) == bytes(heap.data).replace(secret, mask_of(secret))
    assert search(left) == ()


def mask_of(secret: bytes) -> bytes:
    return b"*\0" * (len(secret) // 2) if secret[1] == 0 else b"*" * len(secret)


def test_addresses_of_four_bytes() -> None:
    heap = Heap(FIRST_32)
    key, value = heap.add(net_32("Sql.Password")), heap.add(net_32(SECRET))
    heap.add(words(0x7152_5500, key, value, size=4))
    assert found(heap) == {SECRET.encode("utf-16-le")}


@pytest.mark.parametrize("name", ["Azure.Password", "ConnectionStrings:Default", "X-Api-Key", "--password", "Db Token"])
def test_names(name: str) -> None:
    assert found(heap_of("net object", name)) == {SECRET.encode("utf-16-le")}


@pytest.mark.parametrize(
    "name", ["user", "PasswordPolicy", "password_file", "CancellationToken", "the password is wrong!"]
)
def test_other_names(name: str) -> None:
    assert found(heap_of("net object", name)) == set()


@pytest.mark.parametrize(
    "value", ["correct horse battery", "Summer.Winter", "hunter", "Grüße-aus-Köln", "Passw0rd!", "p4aß{9x"]
)
def test_what_people_take_for_passwords(value: str) -> None:
    assert found(heap_of("net dictionary", "Password", value)) == {value.encode("utf-16-le")}


@pytest.mark.parametrize(
    "value",
    [
        "String",
        "true",
        "${db.password}",
        "Password",
        "passwordField",
        "The password of the user",
        "Enter it: ",
        "abc",
        "****",
        "Server=db-7;Database=app;Timeout=30",
        "Server=tcp:sql",
        "https://login.example:8443/v2",
    ],
)
@pytest.mark.parametrize("way", ["net dictionary", "python", "c"])
def test_what_is_no_value(way: str, value: str) -> None:
    assert found(heap_of(way, "password", value)) == set()


def test_words_are_not_looked_for_elsewhere() -> None:
    heap = heap_of("net dictionary", "Password", "butterfly-house")
    (finding,) = search(heap)
    assert (finding.confidence, finding.values) == (Confidence.LOW, ())
    again = heap_of("net dictionary", "Password")
    again.add(b"log: " + SECRET.encode())
    assert [each.origin for each in search(again)] == [Origin.DIRECT, Origin.PROPAGATED]


def lists(names: Sequence[str], build: Callable[[str], bytes], head: Sequence[int]) -> Heap:
    heap = Heap()
    heap.add(words(*head, *[heap.add(build(name)) for name in names]))
    return heap


NAMES = ("username", "password", "email", "ed25519_key", "token", "sha256Digest", "x509.Certificate", "address_1")


@pytest.mark.parametrize("build", [net, python, php, ruby, plain, wide])
def test_lists_of_names_stay(build: Callable[[str], bytes]) -> None:
    assert found(lists(NAMES, build, (1, OTHER_TYPE, len(NAMES)))) == set()
    assert found(lists(["password", "str_", "x"], python, (1, OTHER_TYPE, 3))) == set()


def test_a_table_in_which_names_lead_to_themselves() -> None:
    heap = Heap()
    places = [heap.add(python(name)) for name in ("host", "password", "b64_Xy9Zq-encode")]
    heap.add(words(*[place for place in places for _ in range(2)]))
    assert found(heap) == set()


def test_pairs_one_behind_the_other() -> None:
    heap = Heap()
    texts = ("user", "anna-77c", "password", SECRET, "region", "west-4b")
    heap.add(words(OTHER_TYPE, 3, *[heap.add(net(text)) for text in texts]))
    assert found(heap) == {SECRET.encode("utf-16-le")}


def test_the_value_of_the_pair_before_stays() -> None:
    heap = Heap()
    texts = ("region", "west-4bX-zz9q", "password", "localhost", "user", "anna")
    heap.add(words(OTHER_TYPE, 3, *[heap.add(net(text)) for text in texts]))
    assert found(heap) == set()


def test_a_value_of_another_class_is_none() -> None:
    heap = Heap()
    heap.add(words(OTHER_TYPE, heap.add(net("password")), heap.add(net(SECRET, OTHER_TYPE))))
    assert found(heap) == set()


def test_images_are_not_looked_at_for_addresses() -> None:
    heap = heap_of("net object")
    assert redaction().search(heap.dump(kind=RegionKind.IMAGE)).findings == ()


@pytest.mark.parametrize("wrong", [0, 1, 7, FIRST, FIRST + 4, FIRST - 1, (1 << 63), (1 << 64) - 1, FIRST + (1 << 46)])
@pytest.mark.parametrize("build", [net, mono, python, python_bytes, php, ruby, plain, wide])
def test_addresses_that_lead_nowhere(build: Callable[[str], bytes], wrong: int) -> None:
    heap = Heap()
    key = heap.add(build("password"))
    heap.add(words(wrong, wrong, wrong, key, wrong, 6, wrong, 6, wrong))
    heap.add(words(key, key, key, key))
    assert found(heap) == set()


@pytest.mark.parametrize("length", [0, 1 << 20, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])
def test_lengths_that_nothing_has(length: int) -> None:
    heap = Heap()
    value = heap.add(struct.pack("<QI", TYPE, length) + SECRET.encode("utf-16-le") + bytes(2))
    heap.add(words(OTHER_TYPE, heap.add(net("password")), value))
    assert found(heap) == set()
    heap = Heap()
    value = heap.add(struct.pack("<QQQqQ", 3, TYPE, length << 32, 5, 0x65) + SECRET.encode())
    heap.add(words(5, heap.add(python("password")), value))
    assert found(heap) == set()


def test_a_value_that_ends_with_memory() -> None:
    heap = Heap()
    name = heap.add(net("password"))
    heap.add(words(OTHER_TYPE, name, heap.first + 2 * ROOM))
    heap.data += net(SECRET)[:-2]
    assert found(heap) == set()
    heap.data += bytes(2)
    assert found(heap) == {SECRET.encode("utf-16-le")}


def test_a_value_across_a_seam_of_memory() -> None:
    heap = heap_of("net object")
    seam = heap.data.index(SECRET.encode("utf-16-le")) + 6
    findings = redaction().search(heap.dump(seam=seam)).findings
    (finding,) = [each for each in findings if each.origin is Origin.DIRECT]
    assert [(span.start, span.end) for span in finding.spans] == [(seam - 6, seam), (seam + 100, seam + 122)]


def test_too_many_names_and_places_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    heap = heap_of("net object")
    heap.add(words(*[heap.first] * 100))
    assert redaction().search(heap.dump()).notices == ()
    for bound in ("MOST_PLACES", "MOST_OF_ONE", "MOST_WORDS"):
        monkeypatch.setattr(pairs, bound, 50)
        assert redaction().search(heap.dump()).notices == (pairs.BOUNDED,)
        monkeypatch.undo()
    monkeypatch.setattr(pairnames, "MOST_NAMES", 0)
    assert redaction().search(heap.dump()).notices == (pairs.BOUNDED,)
    monkeypatch.undo()
    monkeypatch.setattr(pairnames, "MOST_BLOCKS", 1)
    assert redaction().search(heap_of("go, small strings").dump()).notices == (pairs.BOUNDED,)


def test_a_policy_may_report_them() -> None:
    heap = heap_of("net object")
    (finding,) = redaction(Action.REPORT).search(heap.dump()).findings
    assert finding.action == "report"


def test_the_second_search_looks_for_new_names_only(monkeypatch: pytest.MonkeyPatch) -> None:
    heap = heap_of("net object")
    first, after = redaction().search(heap.dump()), masked(heap)
    edits = list(plan(heap.dump(), first.findings))
    assert len(first.names) == 1
    looks: list[Wanted] = []
    monkeypatch.setattr(pointers, "find", lambda dump, wanted: looks.append(wanted))
    again = redaction().search(after.dump(), earlier=first, edits=edits)
    assert (looks, again.names, list(again.findings)) == ([], first.names, [])


def test_without_names_memory_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pointers, "find", lambda dump, wanted: pytest.fail("looked"))
    assert found(heap_of("net object", "user")) == set()


def test_a_fault_tells_nothing_of_the_dump(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(dump: Dump, wanted: object) -> None:
        raise ValueError(SECRET)

    monkeypatch.setattr(pointers, "find", fail)
    with pytest.raises(ScanError) as caught:
        search(heap_of("net object"))
    assert SECRET not in str(caught.value)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(WAYS)),
    st.lists(st.tuples(st.integers(0, 8 * ROOM), st.binary(min_size=1, max_size=12)), max_size=40),
)
def test_damaged_memory_does_no_harm(way: str, damage: list[tuple[int, bytes]]) -> None:
    heap = heap_of(way, value="kade-7Xw9-zo")
    for place, data in damage:
        at = place % (len(heap.data) - len(data))
        heap.data[at : at + len(data)] = data
    assert search(masked(heap)) == ()


def test_names_like_words_take_linear_time() -> None:
    heap = heap_of("net dictionary", "password", "aB" * 2000 + "9" + "-_.:" * 20)
    assert len(search(heap)) <= 1
