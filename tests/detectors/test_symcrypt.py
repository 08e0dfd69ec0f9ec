from __future__ import annotations

import struct

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from der_material import detector, ec_key, find, find_all, mask, noise, number_bytes, rsa_key, scalar
from windows_material import little

from dumpscrub.model import Confidence

NAME = "windows-private-key"


def padded(content: bytes, size: int) -> bytes:
    return content + bytes(-len(content) % size)


def integer(number: int, size: int, *, wide: bool = True) -> bytes:
    """SYMCRYPT_INT: in 64-bit processes a header of 32 bytes and digits of 64, else 16 and 16."""
    head, digit = (32, 64) if wide else (16, 16)
    size += -size % digit
    return padded(struct.pack("<III", 0x67490000, size // digit, head + size), head) + little(number, size)


def modulus(number: int, size: int, *, wide: bool = True) -> tuple[bytes, bytes]:
    """SYMCRYPT_MODULUS with its divisor and integer, then R^2; and that last number."""
    inner = integer(number, size, wide=wide)
    align, digit = (32, 64) if wide else (16, 16)
    size += -size % digit
    square = little((1 << 16 * size) % number, size)
    head = padded(struct.pack("<IIIII", 0x6D4D0040, size // digit, len(inner), 0, size), 8) + noise(1, 8)
    divisor = padded(struct.pack("<IIIIQQ", 0x67440000, size // digit, len(inner), 8 * size, 0, 77), align)
    return padded(head + struct.pack("<QQ", 0, 0x1234567890), align) + divisor + inner + square, square


def rsa_block(key: rsa.RSAPrivateKey, *, wide: bool = True) -> tuple[bytes, list[bytes]]:
    """SYMCRYPT_RSAKEY and all behind it; and the secret bytes in their order."""
    numbers = key.private_numbers()
    whole, half = key.key_size // 8, key.key_size // 16
    head = padded(struct.pack("<IIII", 0, 3552, 1, key.key_size) + bytes(160), 32)
    public, _ = modulus(numbers.public_numbers.n, whole, wide=wide)
    p, p_square = modulus(numbers.p, half, wide=wide)
    q, q_square = modulus(numbers.q, half, wide=wide)
    coefficients = noise(8, len(p_square) + len(q_square))
    exponents = [(numbers.d, whole), (numbers.dmp1, half), (numbers.dmq1, half)]
    digit = 64 if wide else 16
    secrets = [little(numbers.p, half + -half % digit), p_square, little(numbers.q, half + -half % digit), q_square]
    secrets += [coefficients, *(little(number, size + -size % digit) for number, size in exponents)]
    behind = b"".join(integer(number, size, wide=wide) for number, size in exponents)
    return head + public + p + q + coefficients + behind, secrets


@pytest.mark.parametrize("wide", [True, False], ids=["64-bit", "32-bit"])
@pytest.mark.parametrize("bits", [1024, 2048])
def test_an_rsa_key_is_told_by_primes_that_divide_the_modulus(bits: int, wide: bool) -> None:
    key = rsa_key(2, bits)
    block, secrets = rsa_block(key, wide=wide)
    data = noise(1, 64) + block + noise(2, 500)
    found = find(NAME, data)
    assert list(found.marked) == secrets
    assert found.match.confidence is Confidence.HIGH
    values = {value.data for value in found.match.values}
    numbers = key.private_numbers()
    assert {number_bytes(each) for each in (numbers.p, numbers.q, numbers.d, numbers.dmp1, numbers.dmq1)} <= values
    assert find_all(detector(NAME), mask(data, [found])) == []


def test_what_is_left_of_a_cut_block_goes_as_far_as_it_is_proven() -> None:
    block, secrets = rsa_block(rsa_key(2))
    second = block.index(secrets[2])
    found = find(NAME, block[: second - 40])
    assert list(found.marked) == [*secrets[:2]]
    assert find_all(detector(NAME), block[: block.index(secrets[0]) + 20]) == []


def curve_block(size: int, secret: bytes, *, old: bool = False, wide: bool = True) -> bytes:
    """SYMCRYPT_ECKEY, its public point of three coordinates and the scalar."""
    head, align, digit = (64, 32, 64) if wide else (32, 16, 16)
    word = "<Q" if wide else "<I"
    digits = size + -size % digit
    address, curve = (0x1F0000001000, 0x7FFA12340000) if wide else (0x0F001000, 0x71230000)
    point = align + 3 * digits
    pointers = b"".join(struct.pack(word, each) for each in (curve, address + head, address + head + point))
    public = padded(struct.pack(word, 0) + struct.pack(word, curve), align) + noise(3, 3 * digits)
    key_head = padded(struct.pack("<II", *((1, 0) if old else (5, 1))) + pointers, head)
    return key_head + public + integer(int.from_bytes(secret, "big"), size, wide=wide)


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("wide", [True, False], ids=["64-bit", "32-bit"])
@pytest.mark.parametrize(("bits", "size"), [(256, 32), (384, 48), (521, 66)])
def test_a_scalar_is_told_by_the_header_that_points_to_it(bits: int, size: int, wide: bool, old: bool) -> None:
    secret = scalar(ec_key(4, bits))
    data = noise(1, 96) + curve_block(size, secret, old=old, wide=wide) + noise(2, 100)
    found = find(NAME, data)
    assert found.marked == (secret[::-1] + bytes(-size % (64 if wide else 16)),)
    assert found.match.confidence is Confidence.HIGH
    assert [value.data for value in found.match.values] == [secret.lstrip(b"\0")]
    assert find_all(detector(NAME), mask(data, [found])) == []


def test_other_integers_are_none() -> None:
    lonely = integer(rsa_key().private_numbers().public_numbers.n, 128)
    scalar_alone = integer(int.from_bytes(noise(4, 32), "big"), 32)
    wrong = struct.pack("<III", 0x67490000, 0, 32) + noise(5, 200)
    huge = struct.pack("<III", 0x67490000, 0xFFFFFFFF, 0xFFFFFFFF) + noise(5, 200)
    for data in (lonely, scalar_alone * 40, wrong, huge, b"\0\0Ig" * 200):
        assert find_all(detector(NAME), noise(6, 700) + data) == []
