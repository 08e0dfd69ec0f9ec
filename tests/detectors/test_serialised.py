from __future__ import annotations

import pickle
import random
import string
import struct
from collections.abc import Callable

import pytest
from der_material import find_all

from dumpscrub.detectors import DETECTORS, serialised
from dumpscrub.detectors.stated import MOST
from dumpscrub.model import Confidence, Encoding
from dumpscrub.rules.load import load_rules

NAME, VALUE = b"db_password", b"7Tqv-Zx81mQ4vLr"
LONG = b"-".join(b"%04x" % (number * 7919 % 65536) for number in range(60))
UNICODE = "pärtitä-π-9x".encode()
NOISE = random.Random(9).randbytes(200)
Write = Callable[[bytes, bytes], bytes]


def groups(number: int) -> bytes:
    """Seven bits a byte, the lowest first."""
    out = b""
    while number > 0x7F:
        out, number = out + bytes([number & 0x7F | 0x80]), number >> 7
    return out + bytes([number])


def counted(text: bytes, form: str, tag: bytes = b"") -> bytes:
    return tag + struct.pack(form, len(text)) + text


def bson(name: bytes, value: bytes) -> bytes:
    return b"\x02" + name + b"\0" + struct.pack("<i", len(value) + 1) + value + b"\0"


def messagepack(name: bytes, value: bytes) -> bytes:
    short = len(value) < 32
    return (
        b"\x81"
        + bytes([0xA0 | len(name)])
        + name
        + (bytes([0xA0 | len(value)]) + value if short else counted(value, ">H", b"\xda"))
    )


def cbor_text(text: bytes) -> bytes:
    if len(text) < 24:
        return bytes([0x60 | len(text)]) + text
    return counted(text, ">B", b"\x78") if len(text) < 256 else counted(text, ">H", b"\x79")


def cbor(name: bytes, value: bytes) -> bytes:
    return b"\xa3" + cbor_text(b"user") + cbor_text(b"admin") + cbor_text(name) + cbor_text(value) + b"\x61n\x01"


def cbor_nested(name: bytes, value: bytes) -> bytes:
    inner = b"\xbf" + cbor_text(b"port") + b"\x19\x05\x39" + cbor_text(name) + cbor_text(value) + b"\xff"
    return b"\xa2" + cbor_text(b"list") + b"\x82\x01\xf5" + cbor_text(b"db") + inner


def pickled(protocol: int) -> Write:
    return lambda name, value: pickle.dumps({"user": 1, name.decode(): value.decode()}, protocol)


def java(name: bytes, value: bytes) -> bytes:
    return b"\x77\x08\0\0\0\x10\0\0\0\x01" + counted(name, ">H", b"t") + counted(value, ">H", b"t") + b"x"


def binary_formatter(name: bytes, value: bytes) -> bytes:
    return b"\x06\x07\0\0\0" + groups(len(name)) + name + b"\x06\x08\0\0\0" + groups(len(value)) + value


def binary_xml(name: bytes, value: bytes) -> bytes:
    """A ShortElement with Chars8TextWithEndElement or Chars16TextWithEndElement, of [MC-NBFX]."""
    text = counted(value, "B", b"\x99") if len(value) < 256 else counted(value, "<H", b"\x9b")
    return counted(name, "B", b"\x40") + text + b"\x01"


def protobuf(name: bytes, value: bytes) -> bytes:
    return b"\x0a" + groups(len(name)) + name + b"\x12" + groups(len(value)) + value


def protobuf_nested(name: bytes, value: bytes) -> bytes:
    return b"\x0a" + groups(len(name)) + name + b"\x12" + groups(len(value) + 2) + b"\x0a" + groups(len(value)) + value


def hpack(name: bytes, value: bytes) -> bytes:
    size = len(value)
    return b"\x40" + bytes([len(name)]) + name + (bytes([size]) if size < 127 else b"\x7f" + groups(size - 127)) + value


def ruby(name: bytes, value: bytes) -> bytes:
    size = bytes([len(value) + 5]) if len(value) < 123 else b"\x02" + struct.pack("<H", len(value))
    return b'\x04\x08{\x06I"' + bytes([len(name) + 5]) + name + b'\x06:\x06ETI"' + size + value + b"\x06;\0T"


def listpack(name: bytes, value: bytes) -> bytes:
    head = bytes([0x80 | len(value)]) if len(value) < 64 else struct.pack(">H", 0xE000 | len(value))
    return bytes([0x80 | len(name)]) + name + bytes([len(name) + 1]) + head + value + b"\x10"


def ziplist(name: bytes, value: bytes) -> bytes:
    head = bytes([len(value)]) if len(value) < 64 else struct.pack(">H", 0x4000 | len(value))
    return b"\0" + bytes([len(name)]) + name + bytes([len(name) + 2]) + head + value


def php(name: bytes, value: bytes) -> bytes:
    return b'a:1:{s:%d:"%s";s:%d:"%s";}' % (len(name), name, len(value), value)


def resp(name: bytes, value: bytes) -> bytes:
    return b"*4\r\n$4\r\nHSET\r\n$1\r\nk\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n" % (len(name), name, len(value), value)


NOTATIONS: dict[str, Write] = {
    "bson": bson,
    "messagepack": messagepack,
    "messagepack-binary": lambda name, value: counted(name, "B", b"\xd9") + counted(value, ">H", b"\xc5"),
    "cbor": cbor,
    "cbor-nested": cbor_nested,
    "cbor-bytes": lambda name, value: b"\xa1" + cbor_text(name) + counted(value, ">H", b"\x59"),
    **{f"pickle-{protocol}": pickled(protocol) for protocol in (1, 2, 3, 4, 5)},
    "java": java,
    "write-utf": lambda name, value: counted(name, ">H") + counted(value, ">H"),
    "binary-formatter": binary_formatter,
    "binary-xml": binary_xml,
    "protobuf": protobuf,
    "amqp-table": lambda name, value: counted(name, "B") + counted(value, ">I", b"S"),
    "amqp-1": lambda name, value: counted(name, "B", b"\xa3") + counted(value, ">I", b"\xb1"),
    "ruby": ruby,
    "erlang": lambda name, value: b"h\x02" + counted(name, ">H", b"d") + counted(value, ">I", b"m"),
    "listpack": listpack,
    "ziplist": ziplist,
    "avro": lambda name, value: groups(2 * len(name)) + name + groups(2 * len(value)) + value,
    "thrift": lambda name, value: counted(name, ">I") + counted(value, ">I"),
    "little-endian": lambda name, value: counted(name, "<I") + counted(value, "<I"),
    "little-endian-64": lambda name, value: counted(name, "<Q") + counted(value, "<Q"),
    "binary-writer": lambda name, value: groups(len(name)) + name + groups(len(value)) + value,
    "hpack": hpack,
    "php": php,
    "resp": resp,
    "bencode": lambda name, value: b"d4:user5:admin%d:%s%d:%se" % (len(name), name, len(value), value),
    "netstrings": lambda name, value: b"%d:%s,%d:%s," % (len(name), name, len(value), value),
}
SHORT_ONLY: dict[str, Write] = {
    "protobuf-nested": protobuf_nested,
    "smile": lambda name, value: bytes([0x7F + len(name)]) + name + bytes([0x3F + len(value)]) + value,
}
"""Notations, or ways of them, for values of up to 64 bytes."""
BARE = ("write-utf", "avro", "thrift", "little-endian", "little-endian-64", "binary-writer", "hpack")
TEXTS = ("php", "resp", "bencode", "netstrings")
RULE = load_rules().get("password-serialised")


def marked(data: bytes) -> list[bytes]:
    assert RULE is not None
    found = find_all(DETECTORS["serialised"](RULE), data)
    return [part for each in found if not each.match.suppressed for part in each.marked]


@pytest.mark.parametrize("name", [b"password", NAME, b"octopus.master_password"])
@pytest.mark.parametrize("notation", [*NOTATIONS, *SHORT_ONLY])
def test_a_value_is_marked_alone(notation: str, name: bytes) -> None:
    write = {**NOTATIONS, **SHORT_ONLY}[notation]
    if notation == "avro" and len(name) > 15:
        pytest.skip("such a length reads as a character")
    for before, after in ((b"", b""), (b"\0" * 9, b"\0"), (NOISE, NOISE)):
        data = before + write(name, VALUE) + after
        # Nothing, or no more than a zero, may stand before what a length of two bytes or more begins.
        assert marked(b"\0" + data) == [VALUE]


@pytest.mark.parametrize("notation", NOTATIONS)
@pytest.mark.parametrize("value", [LONG, UNICODE, b"x;y\"'= <>/\\&9"], ids=["long", "unicode", "signs"])
def test_long_values_and_those_of_any_characters(notation: str, value: bytes) -> None:
    assert marked(b"\0" + NOTATIONS[notation](NAME, value) + b"\0") == [value]


@pytest.mark.parametrize("notation", [*NOTATIONS, *SHORT_ONLY])
def test_a_length_that_is_not_the_names_is_none(notation: str) -> None:
    """The byte that states it, one more or one less. BSON states none: there the type is another one."""
    data = b"\0" + {**NOTATIONS, **SHORT_ONLY}[notation](NAME, VALUE)
    at = data.index(NAME)
    size = str(len(NAME)).encode()
    if notation == "bson":
        assert marked(data.replace(b"\x02" + NAME, b"\x10" + NAME)) == []
        return
    # With the next byte, two of them are such names again: "db_passwordt" and "db_password1".
    longer = () if notation in ("java", "bencode") else (len(NAME) + 1,)
    for wrong in (len(NAME) - 1, *longer):
        if notation in TEXTS:
            head = data[:at].rpartition(size)
            other = head[0] + str(wrong).encode() + head[2] + data[at:]
        else:
            place = next(index for index in range(at - 1, -1, -1) if data[index])
            step = 2 if notation == "avro" else 1
            other = data[:place] + bytes([data[place] + step * (wrong - len(NAME))]) + data[place + 1 :]
        assert marked(other) == []


@pytest.mark.parametrize("notation", NOTATIONS)
def test_what_memory_cuts_is_marked_as_far_as_it_stands(notation: str) -> None:
    data = b"\0" + NOTATIONS[notation](NAME, VALUE)
    start = data.index(VALUE)
    for end in range(start + 1, start + len(VALUE)):
        found = marked(data[:end])
        assert found in ([data[start:end]], [])
        # Where nothing but lengths speaks for a value, it has to be there.
        assert bool(found) is (notation not in BARE) or end - start < 6


def test_a_cut_value_is_not_swept_for() -> None:
    assert RULE is not None
    data = bson(NAME, VALUE)
    (whole,) = find_all(DETECTORS["serialised"](RULE), data)
    (cut,) = find_all(DETECTORS["serialised"](RULE), data[: data.index(VALUE) + 9])
    assert [value.data for value in whole.match.values] == [VALUE]
    assert cut.match.values == ()


@pytest.mark.parametrize("notation", ["bson", "thrift", "java", "php", "binary-writer", "little-endian"])
def test_a_length_beyond_the_value_finds_nothing(notation: str) -> None:
    """What lies within a value is text; a NUL or a control character behind it shows that the length lies."""
    data = NOTATIONS[notation](NAME, VALUE + b"\x01" + VALUE * 2)
    assert marked(b"\0" + data) == []


def test_lengths_without_end_find_nothing() -> None:
    text = VALUE * 200
    for size in (MOST + 1, 0x7FFFFFFF, 0xFFFFFFFF, 0):
        assert marked(struct.pack(">I", len(NAME)) + NAME + struct.pack(">I", size) + text) == []


@pytest.mark.parametrize(
    "data",
    [
        bson(b"username", VALUE),
        bson(b"password_length", VALUE),
        bson(b"PublicKeyToken", VALUE),
        bson(NAME, b"*" * 15),
        bson(NAME, b"null"),
        php(b"password", b"${DB_PASSWORD}"),
        bson(b"connectionString_secret", VALUE).replace(b"_secret", b"") + b"secret",
        b"\x16ChromeUnguessableToken\x12\x1b\n\tlow_token\x18\x01 \x01(\x04".rjust(24, b"\n"),
        b'{"name":"passwordProtectionWarningTrigger":{"$ref":"enterprise.reportingPrivate.Pass"}}',
        b"\x00password\0username\0",
        b"\nPASSWORD_C=E\nPASSWORD_COLON_=&Password\nPEAK=Peak Performance 12345678 and so on\n",
        b"ectedLanguagedistanceremembertrackingpasswordmodifiedstudentsdirectlyfightingnorthern",
    ],
)
def test_other_names_stand_ins_and_code_are_none(data: bytes) -> None:
    assert marked(data) == []


def test_cbor_is_told_from_text_by_its_map() -> None:
    text = cbor_text(NAME) + cbor_text(VALUE)
    assert marked(b"\xa1" + text) == [VALUE]
    assert marked(b"user" + text) == []
    # The map is full before the name, or the name is a value.
    assert marked(b"\xa1" + cbor_text(b"a") + b"\x01" + text) == []
    assert marked(b"\xa3" + cbor_text(b"a") + text) == []
    # A long name has a length of its own.
    long = b"octopus.server.master_password"
    assert marked(counted(long, "B", b"\x78") + cbor_text(VALUE)) == [VALUE]


def test_the_next_word_of_a_list_is_doubted() -> None:
    """Two words with their lengths are also a table of words: the second is masked, and not looked for elsewhere."""
    assert RULE is not None
    data = counted(b"password", ">H") + counted(b"checkbox", ">H")
    (found,) = find_all(DETECTORS["serialised"](RULE), data)
    assert (found.match.confidence, found.match.values) == (Confidence.LOW, ())


@pytest.mark.parametrize("notation", TEXTS)
@pytest.mark.parametrize("encoding", [Encoding.UTF16LE, Encoding.UTF16BE])
def test_texts_stand_in_other_encodings(notation: str, encoding: Encoding) -> None:
    text = NOTATIONS[notation](NAME, VALUE).decode()
    assert VALUE.decode().encode(encoding.codec) in marked(b"\0\0" + text.encode(encoding.codec))


def test_the_scheme_of_a_header_stays() -> None:
    rule = load_rules().get("secret-serialised")
    assert rule is not None
    data = hpack(b"authorization", b"Bearer " + LONG)
    found = find_all(DETECTORS["serialised"](rule), b"\0" + data)
    assert {part for each in found for part in each.marked} == {LONG}


def test_bytes_are_values_where_the_notation_says_so() -> None:
    secret = random.Random(3).randbytes(32)
    assert marked(b"\xa8password" + counted(secret, "B", b"\xc4")) == [secret]
    assert marked(b"\xa8password" + counted(secret, "B", b"\xd9")) == []
    assert marked(b"\x05password\0" + struct.pack("<i", 32) + b"\0" + secret) == [secret]
    assert marked(b"\xa8password" + counted(bytes(32), "B", b"\xc4")) == []


@pytest.mark.parametrize("unit", [b"8:password", b"hpassword", b"\xa1hpassword", b"password", b"\x08password", b"d9:"])
def test_repetition_ends(unit: bytes) -> None:
    """Whatever repeats is looked at in a bounded window, once a hit."""
    data = unit * 400
    for at in range(0, len(data), len(unit)):
        found = serialised.find(data, min(at + 2, len(data) - 1))
        assert found is None or found.end <= len(data)


def test_random_bytes_around_a_name_are_none() -> None:
    chance = random.Random(11)
    letters = string.printable[:-2].encode()
    for _ in range(3000):
        before = bytes(chance.choice(letters) for _ in range(40))
        after = bytes(chance.choice(letters) for _ in range(80))
        assert serialised.find(before + b"password" + after, 40) is None
