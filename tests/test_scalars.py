"""Bare private numbers of curves, DSA and Diffie-Hellman, wherever a process has them, and what that may take."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from random import Random

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, x448, x25519
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding as Written
from cryptography.hazmat.primitives.serialization import PublicFormat, load_der_public_key

from dumpscrub import grounds, multiples, scalars
from dumpscrub.bare import BOUNDED
from dumpscrub.detectors.public_keys import NAMES, PublicKey
from dumpscrub.layout import LayoutBuilder, RegionKind
from dumpscrub.model import Dump, Encoding, Field, FieldKind
from dumpscrub.plan import plan
from dumpscrub.policy import Policy
from dumpscrub.publics import Known
from dumpscrub.redaction import Redaction
from dumpscrub.rules.load import load_rules
from dumpscrub.rules.schema import RuleSet
from dumpscrub.search.finder import Search
from dumpscrub.search.numbers import Order
from dumpscrub.source import BytesSource
from dumpscrub.span import Span

FRAME = bytes.fromhex("40b8e200f30100001056346af67f0000")
"""A pointer to the heap and a return address."""
CURVES = (ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1(), ec.SECP256K1())
FAR = bytes(200_000)
"""More than what is near a public key."""


@cache
def redaction(deep: bool) -> Redaction:
    rules = [rule for rule in load_rules().rules if rule.detector in NAMES]
    return Redaction(RuleSet(tuple(rules)), Policy("default"), Search("re2"), deep=deep)


def masked(dump: Dump, *, deep: bool = False) -> bytes:
    """The bytes of ``dump`` after a search for bare numbers alone."""
    data = bytearray(dump.source.view(0, dump.source.size))
    for edit in plan(dump, redaction(deep).search(dump).findings):
        data[edit.span.start : edit.span.end] = edit.replacement
    return bytes(data)


def of_kind(data: bytes, kind: RegionKind, at: int = 0x10000, fields: tuple[Field, ...] = ()) -> Dump:
    """A dump that is one region."""
    builder = LayoutBuilder(len(data))
    builder.add(0, len(data), kind, "a", at)
    return Dump("made up", BytesSource(data), builder.build(), fields)


def info(public: PublicKeyTypes) -> bytes:
    """The public key as a certificate holds it."""
    return public.public_bytes(Written.DER, PublicFormat.SubjectPublicKeyInfo)


@cache
def curve_key(name: str) -> tuple[bytes, int]:
    """The public key of a key on the curve of that name, and its private number, no end of which is small."""
    curve = next(each for each in CURVES if each.name == name)
    random = Random(name)
    number = int.from_bytes(_varied(random, (curve.key_size + 7) // 8), "big") >> -curve.key_size % 8
    return info(ec.derive_private_key(number, curve).public_key()), number


def _varied(random: Random, size: int) -> bytes:
    return bytes(random.randrange(1, 255) for _ in range(size))


@cache
def group_key() -> tuple[bytes, int]:
    """The same of DSA, over a group of 1,024 and 160 bits; the number is always the same."""
    group = dsa.generate_parameters(1024).parameter_numbers()
    number = int.from_bytes(_varied(Random("dsa"), 20), "big") % (1 << 158) | 1 << 157
    known = dsa.DSAPublicNumbers(pow(group.g, number, group.p), group)
    return info(known.public_key()), number


def written(number: int, order: Order) -> bytes:
    count = -(-number.bit_length() // order.bits)
    digits = [(number >> place * order.bits) & (1 << order.bits) - 1 for place in range(count)]
    return b"".join(digit.to_bytes(order.size, "little") for digit in (digits[::-1] if order.highest_first else digits))


@pytest.mark.parametrize("curve", [curve.name for curve in CURVES])
@pytest.mark.parametrize("order", [Order.BIG, Order.LITTLE, Order.DIGITS30])
def test_a_scalar_on_a_stack_goes_wherever_its_public_key_is(curve: str, order: Order) -> None:
    public, number = curve_key(curve)
    scalar = written(number, order)
    stack = (FRAME * 20 + scalar).ljust(800, b"\0") + FRAME * 20
    data = public.ljust(200, b"\0") + FAR + stack
    for address in (0x10000, 0x10003):
        assert masked(of_kind(data, RegionKind.STACK, address)).count(scalar.rstrip(b"\0")) == 0


@pytest.mark.parametrize("kind", [RegionKind.MEMORY, RegionKind.HEAP, RegionKind.IMAGE, RegionKind.STACK])
@pytest.mark.parametrize("offset", [0, 1, 5, 7])
def test_only_the_bytes_of_the_scalar_change_at_any_alignment(kind: RegionKind, offset: int) -> None:
    public, number = curve_key("secp256r1")
    scalar = written(number, Order.BIG)
    data = public + FAR + bytes(offset) + scalar + bytes(100)
    assert masked(of_kind(data, kind)) == data.replace(scalar, b"*" * 32)


def test_words_of_java_go_behind_their_count() -> None:
    public, number = curve_key("secp256r1")
    words = written(number, Order.WORDS)
    data = public + FAR + bytes(7) + (8).to_bytes(4, "little") + words + bytes(100)
    assert masked(of_kind(data, RegionKind.MEMORY)) == data.replace(words, b"*" * 32)


@pytest.mark.parametrize("lane", [0, 8, 16, 200])
def test_a_scalar_among_other_random_registers_goes(lane: int) -> None:
    public, number = curve_key("secp256r1")
    scalar = written(number, Order.LITTLE)
    registers = bytearray(_varied(Random(lane), 256))
    registers[lane : lane + 32] = scalar
    data = public + FAR + bytes(3) + bytes(registers) + bytes(100)
    at = len(public) + len(FAR) + 3
    fields = (Field(FieldKind.REGISTERS, Encoding.BINARY, (Span(at, at + 256),)),)
    builder = LayoutBuilder(len(data))
    dump = Dump("made up", BytesSource(data), builder.build(), fields)
    assert masked(dump) == data.replace(scalar, b"*" * 32)


@pytest.mark.parametrize("cut", [8, 16, 24, 46])
def test_a_scalar_across_a_seam_of_memory_goes(cut: int) -> None:
    public, number = curve_key("secp384r1")
    scalar = written(number, Order.BIG)
    first = (public.ljust(3000, b"\0") + scalar)[: 3000 + cut]
    second = scalar[cut:].ljust(4096, b"\0")
    data = first + bytes(500) + second
    builder = LayoutBuilder(len(data))
    builder.add(0, len(first), RegionKind.MEMORY, "a", 0x10000)
    builder.add(len(first) + 500, len(data), RegionKind.MEMORY, "b", 0x10000 + len(first))
    left = masked(Dump("made up", BytesSource(data), builder.build()))
    assert left == data.replace(scalar[:cut], b"*" * cut).replace(scalar[cut:], b"*" * (48 - cut))


@pytest.mark.parametrize(
    "make",
    [
        ed25519.Ed25519PrivateKey.from_private_bytes,
        x25519.X25519PrivateKey.from_private_bytes,
        ed448.Ed448PrivateKey.from_private_bytes,
        x448.X448PrivateKey.from_private_bytes,
    ],
)
def test_a_seed_goes(make: Callable[[bytes], ed25519.Ed25519PrivateKey]) -> None:
    size = {"E": 57, "X": 56}[make.__qualname__[0]] if "448" in make.__qualname__ else 32
    seed = _varied(Random(size), size)
    data = info(make(seed).public_key()) + FAR + FRAME + seed + FRAME
    assert masked(of_kind(data, RegionKind.MEMORY)) == data.replace(seed, b"*" * size)


@pytest.mark.parametrize("order", [Order.BIG, Order.LITTLE])
def test_a_number_of_dsa_goes(order: Order) -> None:
    public, number = group_key()
    bare = written(number, order)
    data = public + FAR + bytes(5) + bare + FRAME
    assert masked(of_kind(data, RegionKind.STACK)) == data.replace(bare, b"*" * 20)


def test_a_number_of_dsa_with_two_high_bits_goes() -> None:
    group = dsa.generate_parameters(1024).parameter_numbers()
    bare = bytes.fromhex("56225cf016511ea44a61513a683f43430d107059")
    power = pow(group.g, int.from_bytes(bare, "big"), group.p)
    data = info(dsa.DSAPublicNumbers(power, group).public_key()) + FAR + bytes(5) + bare + FRAME
    assert masked(of_kind(data, RegionKind.STACK)) == data.replace(bare, b"*" * 20)


def test_a_number_of_dsa_at_the_end_of_a_freed_structure_goes() -> None:
    # Behind other numbers, and before what an allocator writes down: neither end is seen, but its header is.
    public, number = group_key()
    bare = written(number, Order.BIG)
    data = public + bytes(400) + _varied(Random(1), 300) + b"\x02\x14" + bare + b"\0\xd0\x01\0\0" + bytes(90)
    assert masked(of_kind(data, RegionKind.MEMORY)) == data.replace(bare, b"*" * 20)


def diffie_hellman(prime: int, number: int) -> bytes:
    """SubjectPublicKeyInfo of PKCS#3 with generator 2."""

    def tlv(tag: int, content: bytes) -> bytes:
        size = len(content)
        return bytes([tag, size] if size < 128 else [tag, 0x82, size >> 8, size & 255]) + content

    def integer(value: int) -> bytes:
        return tlv(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))

    parameters = tlv(0x30, integer(prime) + integer(2))
    algorithm = tlv(0x30, bytes.fromhex("06092a864886f70d010301") + parameters)
    return tlv(0x30, algorithm + tlv(3, b"\0" + integer(pow(2, number, prime))))


@pytest.mark.parametrize("size", [28, 64, 96])
@pytest.mark.parametrize("order", ["big", "little"])
def test_a_number_of_diffie_hellman_goes_however_long_it_is(size: int, order: str) -> None:
    prime = int.from_bytes(b"\xff" * 8 + _varied(Random(2), 120), "big") | 1
    number = int.from_bytes(_varied(Random(size), size), "big")
    bare = number.to_bytes(size, "big" if order == "big" else "little")
    data = diffie_hellman(prime, number) + FAR + FRAME + bare + FRAME
    assert masked(of_kind(data, RegionKind.STACK)) == data.replace(bare, b"*" * size)


@pytest.mark.parametrize("kind", [RegionKind.HEAP, RegionKind.IMAGE])
@pytest.mark.parametrize("bits", [225, 482, 512, 1000])
@pytest.mark.parametrize("order", [Order.WORDS, Order.DIGITS30])
def test_a_number_of_diffie_hellman_in_words_or_digits_goes(kind: RegionKind, bits: int, order: Order) -> None:
    # At an odd offset no array is recognised by its length. The highest word or digit is small with some of these bits.
    prime = int.from_bytes(b"\xff" * 8 + _varied(Random(2), 120), "big") | 1
    number = int.from_bytes(_varied(Random(bits), bits // 8 + 1), "big") & (1 << bits) - 1 | 1 << bits - 1
    bare = written(number, order)
    head = bytes.fromhex("300c0000") + (len(bare) // 4).to_bytes(4, "little") + bytes(4 * (order is Order.DIGITS30))
    data = diffie_hellman(prime, number) + FAR + bytes(3) + head + bare + bytes(80)
    assert masked(of_kind(data, kind, 0x10001)) == data.replace(bare, b"*" * len(bare))


def test_beside_its_generator_a_number_of_dsa_is_tried_before_others(monkeypatch: pytest.MonkeyPatch) -> None:
    # As in a PRIVATEKEYBLOB whose header was overwritten: p, q, g, x, all little-endian, then a seed that there is not.
    monkeypatch.setattr(scalars, "_MOST", 40_000)
    public, number = group_key()
    group = load_der_public_key(public).public_numbers().parameter_numbers  # type: ignore[union-attr]
    bare, random = written(number, Order.LITTLE), Random(3)
    others = b"".join(bytes(8) + _varied(random, 200) for _ in range(300))
    data = public + bytes(100) + others + bytes(8) + group.g.to_bytes(128, "little")[16:] + bare
    data += b"\xff" * 4 + bytes(60)
    assert masked(of_kind(data, RegionKind.IMAGE)) == data.replace(bare, b"*" * 20)


def test_keys_of_two_groups_with_one_prime_do_not_hide_each_other() -> None:
    # What was tried in one group was taken for tried in the other.
    public, number = group_key()
    prime = _prime_of(public)
    bare = written(number, Order.BIG)
    data = diffie_hellman(prime, 12345) + public + FAR + FRAME + bare + FRAME
    assert masked(of_kind(data, RegionKind.STACK)) == data.replace(bare, b"*" * 20)


def _prime_of(public: bytes) -> int:
    at = public.index(bytes.fromhex("02818100")) + 4
    return int.from_bytes(public[at : at + 128], "big")


def test_beside_its_point_a_scalar_is_tried_before_others(monkeypatch: pytest.MonkeyPatch) -> None:
    # As in a blob of Windows whose header was overwritten, when there is time for a few multiplications only.
    monkeypatch.setattr(scalars, "_MOST", 40_000)
    public, number = curve_key("secp256r1")
    scalar, random = written(number, Order.BIG), Random(3)
    others = b"".join(bytes(8) + _varied(random, 200) for _ in range(300))
    data = public + bytes(100) + others + bytes(8) + public[-64:][16:] + scalar + bytes(60)
    assert masked(of_kind(data, RegionKind.MEMORY)) == data.replace(scalar, b"*" * 32)


def test_deep_finds_a_scalar_inside_random_bytes() -> None:
    public, number = curve_key("secp256r1")
    scalar, random = written(number, Order.BIG), Random(4)
    data = public.ljust(104, b"\0") + FAR + _varied(random, 4000) + scalar + _varied(random, 4000)
    assert masked(of_kind(data, RegionKind.MEMORY)) == data
    assert masked(of_kind(data, RegionKind.MEMORY), deep=True) == data.replace(scalar, b"*" * 32)


def test_numbers_of_nobody_stay() -> None:
    random = Random(5)
    others = b"".join(bytes(8) + _varied(random, size) for size in (20, 32, 48, 64, 66) * 20)
    keys = b"".join(info_of for info_of, _ in (*map(curve_key, ("secp256r1", "secp384r1", "secp521r1")), group_key()))
    data = keys + others + bytes(100)
    for kind in (RegionKind.MEMORY, RegionKind.STACK):
        assert masked(of_kind(data, kind)) == data


def test_memory_full_of_numbers_is_not_multiplied_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []

    def counted(curve: ec.EllipticCurve, scalar: int) -> None:
        tried.append(scalar)

    monkeypatch.setattr(multiples, "multiple", counted)
    monkeypatch.setattr(scalars, "_MOST", 20_000)
    random = Random(6)
    public, _ = curve_key("secp256r1")
    data = public + b"".join(bytes(8) + random.randbytes(32) for _ in range(20_000))
    assert redaction(False).search(of_kind(data, RegionKind.MEMORY)).notices == (BOUNDED,)
    assert 100 < len(tried) < 20_000 // 35
    assert len(set(tried)) == len(tried)


@pytest.mark.parametrize("numbers", [b"\x02\x01\x00\x02\x01\x00", b"\x02\x01\x01\x02\x01\x01", b"\x02\x01\x03"])
def test_groups_that_are_none_do_no_harm(numbers: bytes) -> None:
    identifier = bytes.fromhex("06072a8648ce380401")
    made_up = identifier + bytes([0x30, len(numbers)]) + numbers + bytes.fromhex("0303000201") + b"\x05"
    data = made_up + bytes(100) + _varied(Random(7), 20) + bytes(100)
    assert masked(of_kind(data, RegionKind.MEMORY)) == data


@pytest.mark.parametrize("order", [1, 3, (1 << 150) + 1, 1 << 4000])
def test_orders_that_are_none_do_no_harm(order: int) -> None:
    prime = int.from_bytes(b"\xff" * 8 + _varied(Random(8), 120), "big") | 1
    key = PublicKey("dsa", numbers=(prime,), group=(prime, 2, order), power=pow(2, 77, prime))
    assert multiples.targets([Known(key, False, (0,))]) == ()


def test_powers_are_those_of_the_generator() -> None:
    prime, random = int.from_bytes(_varied(Random(9), 128), "big") | 1, Random(10)
    for number in (1, 63, 64, 4095, *(random.getrandbits(bits) for bits in (160, 256, 512, 1000))):
        key = PublicKey("dh", numbers=(prime, 5), group=(prime, 5, 0), power=pow(5, number, prime))
        [target] = multiples.targets([Known(key, False, (0,))])
        assert target.owns(number.to_bytes(130, "big"))
        assert not target.owns((number + 1).to_bytes(130, "big"))


def test_parts_of_many_regions_are_handled_together() -> None:
    spans = [Span(at, at + 10) for at in range(0, 100_000, 20)]
    parts = list(grounds._parts(spans))
    assert [span for part in parts for span in part] == spans
    assert len(parts) == 2
