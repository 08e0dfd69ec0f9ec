"""Text that looks random: told from names, and seen at every alignment, whatever part of the file is looked at."""

from __future__ import annotations

import struct
from base64 import b64encode
from random import Random
from string import ascii_letters

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_material import ALPHABET, random_text

from dumpscrub.search import randomtexts


@pytest.mark.parametrize(
    "name",
    [
        b"InvalidParameterSpec2Exception",
        b"EVP_PKEY_CTX_set1_pbe_pass",
        b"RtlIpv6StringToAddressExA",
        b"_ZN4llvm2cl6Option11addArgumentEv",
        b"Microsoft.NETCore.App/3.1.23",
        b"0b8c1f2e-5d3a-4f6b-9c7e-1a2b3c4d5e6f",
        b"ABCDEFGHIJKLMNOP",
        b"correcthorsebatterystaple",
        b"12345678901234567890",
        b"X509v3 Subject Key",
        b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz",
        b"PBKDF2WithHmacSHA256",
        b"HmacPKCS12PBECore$HmacPKCS12PBE",
        b"PBESv2SHA256AndAES256CBC",
        b"RpcPktBindNAckHdr",
        b"GyMdkHmsSEDFwWahKzZYuXL",
        b"NtDxgkSubmitPresentToHwQueue",
        b"DaysUpToHijriYear",
        b"IiIiwiiIiwIisIiiIw",
    ],
)
def test_names_words_and_numbers_are_not_random(name: bytes) -> None:
    assert not list(randomtexts.random_parts(name))


def test_nineteen_of_twenty_generated_passwords_are_random() -> None:
    random = Random(1)
    found = sum(randomtexts.is_random("".join(random.choices(ALPHABET, k=24)).encode()) for _ in range(1000))
    assert found >= 920


@pytest.mark.parametrize(("size", "least"), [(16, 800), (20, 830), (32, 920), (100, 900)])
def test_passwords_of_letters_alone_are_random(size: int, least: int) -> None:
    random = Random(1)
    found = sum(randomtexts.is_random("".join(random.choices(ascii_letters, k=size)).encode()) for _ in range(1000))
    assert found >= least


def test_fewer_than_sixteen_letters_are_not() -> None:
    assert not randomtexts.is_random(b"VdNpYcSoHxGkQtJ")
    assert randomtexts.is_random(b"VdNpYcSoHxGkQtJX")


def test_the_random_part_between_signs_is_what_counts() -> None:
    secret = random_text(1, 20)
    assert list(randomtexts.random_parts(b"db-name:" + secret + b";x")) == [(8, 28)]


def test_random_base64_counts_as_a_whole() -> None:
    key = b64encode(Random(5).randbytes(64))
    assert {b"+", b"/", b"="} <= {key[at : at + 1] for at in range(len(key))}
    other = random_text(1, 20)
    text = b"Key " + key + b"; " + other
    assert list(randomtexts.random_parts(text)) == [(4, 92), (94, 114)]


def test_digests_of_packages_are_not_random() -> None:
    assert not list(randomtexts.random_parts(b"sha512-" + b64encode(Random(5).randbytes(64))))


@given(st.integers(0, 40), st.integers(16, 40), st.booleans(), st.integers(0, 500))
def test_random_text_is_seen_at_any_alignment(start: int, size: int, wide: bool, seed: int) -> None:
    text = random_text(seed, size)
    data = text.decode().encode("utf-16-le") if wide else text
    before = bytes(60 + start) + struct.pack("<I", size)
    found = randomtexts.look(memoryview(before + data + bytes(80)), 0, 0, 144 + start + len(data))
    # A text in UTF-16 of both byte orders is the same, but for one character.
    assert any(64 + start <= offset < 64 + start + 16 for offset in found.tolist())


@given(st.integers(100, 700), st.integers(0, 500))
def test_parts_of_a_file_show_what_all_of_it_does(cut: int, seed: int) -> None:
    random = Random(seed)
    data = b"".join(
        struct.pack("<I", size) + random_text(random.randrange(50), size) + bytes(random.randrange(1, 30))
        for size in random.choices(range(12, 60), k=20)
    )
    view, cut = memoryview(data), min(cut, len(data) - 64)
    whole = sorted(randomtexts.look(view, 0, 0, len(data)).tolist())
    low = max(0, cut - 64)
    parts = [
        *randomtexts.look(view[: cut + 64], 0, 0, cut).tolist(),
        *randomtexts.look(view[low:], low, cut, len(data)).tolist(),
    ]
    assert sorted(parts) == whole
