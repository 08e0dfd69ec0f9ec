"""Random arrays in dumps: what goes, what stays because it is public, and that a second run changes nothing."""

from __future__ import annotations

import base64
import hashlib
import struct
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random

import certifi
import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from dumpscrub import randomarrays
from dumpscrub.layout import LayoutBuilder, RegionKind
from dumpscrub.model import Confidence, Dump, Finding, Origin
from dumpscrub.plan import plan
from dumpscrub.policy import Policy
from dumpscrub.publics import PublicKeys
from dumpscrub.redaction import Redaction
from dumpscrub.rules.load import load_rules
from dumpscrub.rules.schema import Action, RuleSet
from dumpscrub.search.finder import Search
from dumpscrub.search.lengths import LengthList
from dumpscrub.search.lengths import look as lengths_of
from dumpscrub.source import BytesSource

NAMES = ("random-array", "ec-private-scalar", "der-certificate")
TYPE = 0x7FFA_1C2A_4400
ADDRESS = 0x1F2_0000_0000


@cache
def redaction(chunk: int = 1 << 22, action: Action = Action.MASK) -> Redaction:
    rules = [rule for rule in load_rules().rules if rule.detector in NAMES]
    return Redaction(RuleSet(tuple(rules)), Policy("own", {"possible-key": action}), Search("re2", 2, chunk))


def dump_of(data: bytes) -> Dump:
    builder = LayoutBuilder(len(data))
    builder.add(0, len(data), RegionKind.HEAP, "heap", ADDRESS)
    return Dump("raw", BytesSource(data), builder.build())


def search(data: bytes, subject: Redaction | None = None) -> Sequence[Finding]:
    return (subject or redaction()).search(dump_of(data)).findings


def sanitized(data: bytes, subject: Redaction | None = None) -> bytes:
    left = bytearray(data)
    for edit in plan(dump_of(data), search(data, subject)):
        left[edit.span.start : edit.span.end] = edit.replacement
    return bytes(left)


def heap(arrays: Iterable[bytes], *others: bytes) -> bytes:
    """Arrays of .NET one behind the other, then ``others`` between zeros."""
    objects = (struct.pack("<QQQ", 0, TYPE, len(data)) + data + bytes(-len(data) % 8) for data in arrays)
    return b"".join(objects) + bytes(64) + b"".join(other + bytes(64 - len(other) % 8) for other in others)


def keys(count: int, size: int = 32) -> list[bytes]:
    rng = Random(size)
    return [rng.randbytes(size - 1) + b"\x81" for _ in range(count)]


def info(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize("size", [16, 24, 32, 48, 57, 64, 66])
def test_an_array_goes_and_its_header_stays(size: int) -> None:
    (key,) = keys(1, size)
    data = heap([b"text" * 8, key, b"text" * 8])
    assert sanitized(data) == data.replace(key, b"*" * size)
    (finding,) = search(data)
    assert (finding.rule, finding.category, finding.confidence) == ("random-array", "possible-key", Confidence.LOW)


@pytest.mark.parametrize("chunk", [64, 1000, 4096])
def test_chunks_make_no_difference(chunk: int) -> None:
    data = heap(keys(50))
    assert search(data, redaction(chunk)) == search(data)
    assert len(search(data)) == 50


def test_nothing_is_left_for_a_second_run() -> None:
    once = sanitized(heap([*keys(5), *keys(5, 16)], *keys(1)))
    assert b"*" * 32 in once
    assert sanitized(once) == once


def test_long_ones_are_looked_for_elsewhere() -> None:
    (short,), (key,) = keys(1, 16), keys(1)
    data = heap([short, key], key[::-1], short, key)
    left = sanitized(data)
    assert left.count(b"*" * 32) == 3
    assert left.count(short) == 1
    assert sorted(finding.origin.value for finding in search(data)) == sorted(
        origin.value for origin in (Origin.DIRECT, Origin.DIRECT, Origin.PROPAGATED, Origin.PROPAGATED)
    )


@pytest.mark.parametrize(("count", "stay"), [(100, False), (101, True)])
def test_very_many_short_ones_are_data(count: int, stay: bool) -> None:
    data = heap([*keys(count, 16), *keys(1)])
    assert len(search(data)) == (1 if stay else count + 1)


@pytest.mark.parametrize("action", [Action.REPORT, Action.OFF])
def test_a_policy_keeps_them(action: Action) -> None:
    data = heap(keys(3))
    subject = redaction(action=action)
    assert sanitized(data, subject) == data
    assert len(search(data, subject)) == (3 if action is Action.REPORT else 0)


def test_images_and_files_without_regions_stay() -> None:
    data = heap(keys(3))
    builder = LayoutBuilder(len(data))
    builder.add(0, len(data), RegionKind.IMAGE, "image", ADDRESS)
    for layout in (builder.build(), LayoutBuilder(len(data)).build()):
        assert redaction().search(Dump("raw", BytesSource(data), layout)).findings == ()


CURVES = (ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1(), ec.SECP256K1())


@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve.name)
@pytest.mark.parametrize("order", ["big", "little"])
def test_coordinates_stay_without_any_certificate(curve: ec.EllipticCurve, order: str) -> None:
    key = ec.derive_private_key(Random(7).getrandbits(curve.key_size - 2), curve)
    numbers, size = key.private_numbers(), (curve.key_size + 7) // 8
    public = numbers.public_numbers
    secret, x, y = (
        number.to_bytes(size, "big" if order == "big" else "little")
        for number in (numbers.private_value, public.x, public.y)
    )
    data = heap([x, secret, y])
    assert sanitized(data) == data.replace(secret, b"*" * size)


def public_keys() -> Sequence[tuple[bytes, bytes]]:
    """What a runtime keeps of public keys of Ed25519, Ed448 and secp256k1, and their SubjectPublicKeyInfo."""
    edwards = ed25519.Ed25519PrivateKey.from_private_bytes(keys(1)[0]).public_key()
    longer = ed448.Ed448PrivateKey.from_private_bytes(keys(1, 57)[0]).public_key()
    single = ec.derive_private_key(Random(8).getrandbits(255), ec.SECP256K1()).public_key()
    x = single.public_numbers().x.to_bytes(32, "big")
    return (
        (edwards.public_bytes_raw(), info(edwards)),
        (longer.public_bytes_raw(), info(longer)),
        (x, info(single)),
    )


@pytest.mark.parametrize("kind", range(3))
def test_numbers_of_public_keys_stay(kind: int) -> None:
    number, shown = public_keys()[kind]
    for array in (number, number[::-1]):
        data = heap([array], b"\0" + shown)
        assert sanitized(data) == data
        assert sanitized(heap([array])) != heap([array])


def test_the_size_behind_a_freed_block_is_none_of_its_bytes() -> None:
    key = ec.derive_private_key(Random(8).getrandbits(383), ec.SECP384R1())
    x = key.public_key().public_numbers().x.to_bytes(48, "big")
    block = struct.pack("<QQQ", 0x51, TYPE, 48) + x + struct.pack("<QQ", 0x50, 0x41)
    data = bytes(64) + block + bytes(64) + info(key.public_key()) + bytes(64)
    assert sanitized(data) == data
    secret = keys(1, 48)[0]
    hidden = data.replace(block, block.replace(x, secret))
    assert sanitized(hidden) == hidden.replace(secret, b"*" * 48)


def test_twenty_bytes_are_a_digest_unless_there_is_a_key_of_dsa() -> None:
    key = dsa.generate_private_key(1024)
    private = key.private_numbers()
    q = private.public_numbers.parameter_numbers.q.to_bytes(20, "big")
    x = private.x.to_bytes(20, "big")
    digest = hashlib.sha1(b"x", usedforsecurity=False).digest()
    alone = heap([q, x, digest])
    assert sanitized(alone) == alone
    data = heap([q, x, digest], b"\0" + info(key.public_key()))
    assert sanitized(data) == data.replace(x, b"*" * 20).replace(digest, b"*" * 20)


def test_constants_stay() -> None:
    words = [0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19]
    nothing = hashlib.sha256().digest()
    b = bytes.fromhex("5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b")
    data = heap([struct.pack("<8I", *words), struct.pack(">8I", *words), nothing, b, b[::-1]])
    assert sanitized(data) == data


def test_digests_of_public_certificates_stay() -> None:
    block = Path(certifi.where()).read_bytes().partition(b"-----BEGIN CERTIFICATE-----")[2].partition(b"-----")[0]
    root = base64.b64decode(block)
    digest = hashlib.sha256(root).digest()
    data = heap([digest], b"\0" + root)
    assert sanitized(data) == data
    assert sanitized(heap([digest])) != heap([digest])


def test_what_arrays_made_resident_is_given_back_after_a_few_hundred_of_them() -> None:
    class Counted(BytesSource):
        released = 0

        def release(self, start: int, end: int) -> None:
            self.released += end - start == self.size

    dump = dump_of(heap(keys(600)))
    counted = Counted(bytes(dump.source.view(0, dump.source.size)))
    lengths = LengthList()
    lengths.add(lengths_of(counted.view(0, counted.size), 0, 0, counted.size, dump.layout).tolist())
    (rule,) = (rule for rule in load_rules().rules if rule.detector == "random-array")
    found = randomarrays.find(replace(dump, source=counted), lengths, PublicKeys(), (), rule, deep=False)
    assert len(found.findings) >= 590
    assert counted.released >= 2
