"""How serialised objects and binary protocols write a name and its value: a table of notations.

A name whose stated length is exactly its own is no chance, nor is a value right behind it whose length fits as well.
Sources, by the order of the table: bsonspec.org; the MessagePack specification; RFC 8949 (CBOR); Python's pickletools;
the Java Object Serialization Protocol; [MS-NRBF]; [MC-NBFX]; Protocol Buffers' encoding; AMQP 0-9-1 (4.2) and 1.0
(part 1); Ruby's marshal format; Erlang's external term format; the Smile format; Redis' listpack and ziplist; Avro
1.11; Thrift's binary and compact protocols; RFC 7541 (HPACK); PHP's serialize; RESP; BEP 3 (bencode); netstrings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from dumpscrub.detectors import cbor
from dumpscrub.detectors.stated import Decimal, Ended, Groups, Length, Number

_NOTHING = re.compile(rb"")

Proof = Callable[[bytes, int, bytes], bool]
"""Given a text, the index of a name in it, and the value: True where more than the lengths speaks for the notation."""


@dataclass(frozen=True, slots=True)
class Notation:
    """How names and values stand: the length of a name, what lies between, the length of a value, what ends it.

    With ``step``, the last byte between is the length of the name plus so much. ``proof`` is asked last. ``is_text``
    notations are text themselves and stand in any encoding. With ``is_inside`` the length before a name reads as a part
    of it. ``is_bare`` notations have nothing but lengths, ``is_nested`` ones the value in a message of its own.
    """

    names: tuple[Length, ...]
    values: tuple[Length, ...]
    between: re.Pattern[bytes] = _NOTHING
    ending: bytes = b""
    step: int = 0
    proof: Proof | None = None
    is_text: bool = False
    is_inside: bool = False
    is_bare: bool = False
    is_nested: bool = False


def _u8(tag: bytes = b"", *, binary: bool = False) -> Number:
    return Number(tag, binary=binary)


def _big(tag: bytes, width: int, *, binary: bool = False) -> Number:
    return Number(tag, width, binary=binary)


def _little(tag: bytes, width: int, *, binary: bool = False) -> Number:
    return Number(tag, width, little=True, binary=binary)


_BSON_STRING = Number(width=4, little=True, base=1)
_MSGPACK = (Number(base=0xA0, most=31), _u8(b"\xd9"), _big(b"\xda", 2))
_MSGPACK_VALUES = (
    *(*_MSGPACK, _big(b"\xdb", 4)),
    *(_u8(b"\xc4", binary=True), _big(b"\xc5", 2, binary=True), _big(b"\xc6", 4, binary=True)),
)
_CBOR_VALUES = (
    *(Number(base=0x60, most=23), _u8(b"\x78"), _big(b"\x79", 2), _big(b"\x7a", 4)),
    Number(base=0x40, most=23, binary=True),
    *(_u8(b"\x58", binary=True), _big(b"\x59", 2, binary=True), _big(b"\x5a", 4, binary=True)),
)
_PICKLE = (_u8(b"\x8c"), _little(b"X", 4), _u8(b"U"), _little(b"T", 4), _little(b"\x8d", 8))
_PICKLE_VALUES = (
    *_PICKLE,
    *(_u8(b"C", binary=True), _little(b"B", 4, binary=True)),
    *(_little(b"\x8e", 8, binary=True), _little(b"\x96", 8, binary=True)),
)
_ERLANG = (_u8(b"w"), _big(b"d", 2), _big(b"m", 4), _big(b"k", 2))
_LEB = (Groups(),)
_NBFX_TEXTS = (
    *(_u8(b"\x98"), _u8(b"\x99"), _little(b"\x9a", 2), _little(b"\x9b", 2), _little(b"\x9c", 4), _little(b"\x9d", 4)),
    *(_u8(b"\x9e", binary=True), _u8(b"\x9f", binary=True)),
)

NOTATIONS: tuple[Notation, ...] = (
    # BSON: type, name, NUL, length with the NUL at the end. Binary data has a type of its own.
    Notation((Ended(b"\x02"), Ended(b"\x0d"), Ended(b"\x0e")), (_BSON_STRING,), re.compile(rb"\0"), b"\0"),
    Notation((Ended(b"\x05"),), (Number(width=4, little=True, skip=1, binary=True),), re.compile(rb"\0")),
    # MessagePack.
    Notation(_MSGPACK, _MSGPACK_VALUES),
    # CBOR. The length of a short name reads as a letter of a longer one: the map around it decides.
    Notation((Number(b"\x78", least=24),), _CBOR_VALUES),
    Notation((Number(base=0x60, most=23),), _CBOR_VALUES, proof=cbor.is_key, is_inside=True),
    # Pickle: the name may be put into the memo first.
    Notation(_PICKLE, _PICKLE_VALUES, re.compile(rb"(?s:\x94|q.|r.{4}|)")),
    # Java: TC_STRING and TC_LONGSTRING; writeUTF alone, as in MQTT's user properties.
    Notation((_big(b"t", 2),), (_big(b"t", 2), _big(b"|", 8))),
    Notation((_big(b"", 2),), (_big(b"", 2),), is_bare=True),
    # BinaryFormatter of .NET: BinaryObjectString with an id.
    Notation((_u8(),), _LEB, re.compile(rb"(?s:\x06.{3}[\0\xff])")),
    # Binary XML of .NET: an element or an attribute, and a text record with the end of the element or without.
    Notation((_u8(),), _NBFX_TEXTS),
    # Protocol Buffers: a field and the next one, as in every map; the value may be in a message of its own.
    Notation((_u8(b"\x0a"),), _LEB, re.compile(rb"\x12")),
    Notation((_u8(b"\x12"),), _LEB, re.compile(rb"\x1a")),
    Notation((_u8(b"\x0a"),), _LEB, re.compile(rb"\x12[\x02-\x7f]\x0a"), is_nested=True),
    # AMQP 0-9-1: tables. AMQP 1.0: symbols and strings.
    Notation((_u8(),), (_big(b"S", 4), _big(b"x", 4, binary=True))),
    Notation(
        (_u8(b"\xa1"), _u8(b"\xa3")),
        (_u8(b"\xa1"), _big(b"\xb1", 4), _u8(b"\xa0", binary=True), _big(b"\xb0", 4, binary=True)),
    ),
    # Ruby: a symbol or a text, which its encoding follows.
    Notation(
        (Number(b'"', base=5), Number(b":", base=5)),
        (Number(b'I"', base=5, most=122), _u8(b'I"\x01'), _little(b'I"\x02', 2)),
        re.compile(rb"(?s:\x06:\x06E[TF]|\x06;.[TF]|)"),
    ),
    # Erlang: atoms, binaries, lists of characters.
    Notation(_ERLANG, (_big(b"m", 4), _big(b"k", 2))),
    # Smile: names and values of up to 64 bytes of ASCII.
    Notation((Number(base=0x7F, most=64),), (Number(base=0x3F, most=64),), is_bare=True),
    # Redis: listpack, each entry with its length behind it; ziplist, with the one of the entry before.
    Notation(
        (Number(base=0x80, most=63),),
        (Number(base=0x80, most=63), Number(width=2, base=0xE000, most=4095), _little(b"\xf0", 4)),
        re.compile(rb"[\x01-\x41]"),
        step=1,
    ),
    Notation((_u8(),), (Number(most=63), Number(width=2, base=0x4000)), re.compile(rb"[\x05-\x50]"), step=2),
    # Avro: lengths are signed.
    Notation((Number(scale=2),), (Groups(scale=2),), is_bare=True),
    # Thrift and XDR, and what writes lengths in the order of the processor.
    Notation((_big(b"", 4),), (_big(b"", 4),), is_bare=True),
    Notation((_little(b"", 4),), (_little(b"", 4),), is_bare=True),
    Notation((_little(b"", 8),), (_little(b"", 8),), is_bare=True),
    # BinaryWriter of .NET, Thrift's compact protocol; HPACK and QPACK without Huffman's code.
    Notation((_u8(),), (Groups(), Groups(prefix=0x7F)), is_bare=True),
    # Texts: PHP, RESP, bencode.
    Notation((Decimal(b"s:", b':"'),), (Decimal(b"s:", b':"'),), re.compile(rb'";'), b'"', is_text=True),
    Notation((Decimal(b"$", b"\r\n"),), (Decimal(b"$", b"\r\n"),), re.compile(rb"\r\n"), b"\r\n", is_text=True),
    Notation((Decimal(b"", b":"),), (Decimal(b"", b":"),), re.compile(rb",?"), is_text=True, is_inside=True),
)


@dataclass(frozen=True, slots=True)
class Endings:
    """For each byte before a name, the lengths that may end with it, in the order of the notations.

    ``least`` and ``most`` are the shortest and the longest name behind each; where no length ends so, there is none
    between the two.
    """

    least: tuple[int, ...]
    most: tuple[int, ...]
    lengths: Mapping[int, tuple[tuple[Length, Notation], ...]]

    def fit(self, last: int, shortest: int, longest: int) -> bool:
        """True where the byte ``last`` may end the length of a name that has so many bytes."""
        return self.least[last] <= longest and self.most[last] >= shortest


def endings_of(notations: Iterable[Notation]) -> Endings:
    """The index of ``notations``."""
    least, most = [1 << 16] * 256, [0] * 256
    lengths: dict[int, dict[tuple[Length, int], Notation]] = {}
    for number, notation in enumerate(notations):
        for length in notation.names:
            for byte, shortest, longest in length.endings():
                least[byte], most[byte] = min(least[byte], shortest), max(most[byte], longest)
                lengths.setdefault(byte, {}).setdefault((length, number), notation)
    pairs = {byte: tuple((key[0], each) for key, each in found.items()) for byte, found in lengths.items()}
    return Endings(tuple(least), tuple(most), MappingProxyType(pairs))


ANY = endings_of(notation for notation in NOTATIONS if not notation.is_inside)
TEXTS = endings_of(notation for notation in NOTATIONS if notation.is_text and not notation.is_inside)
ANY_INSIDE = endings_of(notation for notation in NOTATIONS if notation.is_inside)
TEXTS_INSIDE = endings_of(notation for notation in NOTATIONS if notation.is_inside and notation.is_text)
