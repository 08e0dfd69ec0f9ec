"""Text that looks random: told from names."""

from __future__ import annotations

from base64 import b64encode
from random import Random
from string import ascii_letters, ascii_lowercase, ascii_uppercase, digits

import pytest
from random_material import ALPHABET, random_text

from dumpscrub.search import randomparts


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
        b"6f1ed002ab5595859014ebf0951522d9",
        b"0h0h0h0h0h0h0h0h0h0h0h0h0h0h0h0h",
        b"libicudata67windows1252",
        b"GyMdkHmsSEDFwWahKzZYuXL",
        b"NtDxgkSubmitPresentToHwQueue",
        b"DaysUpToHijriYear",
        b"IiIiwiiIiwIisIiiIw",
    ],
)
def test_names_words_and_numbers_are_not_random(name: bytes) -> None:
    assert not list(randomparts.random_parts(name))


def test_nineteen_of_twenty_generated_passwords_are_random() -> None:
    random = Random(1)
    found = sum(randomparts.is_random("".join(random.choices(ALPHABET, k=24)).encode()) for _ in range(1000))
    assert found >= 920


@pytest.mark.parametrize(("size", "least"), [(16, 800), (20, 830), (32, 920), (100, 900)])
def test_passwords_of_letters_alone_are_random(size: int, least: int) -> None:
    random = Random(1)
    found = sum(randomparts.is_random("".join(random.choices(ascii_letters, k=size)).encode()) for _ in range(1000))
    assert found >= least


def test_fewer_than_sixteen_letters_are_not() -> None:
    assert not randomparts.is_random(b"VdNpYcSoHxGkQtJ")
    assert randomparts.is_random(b"VdNpYcSoHxGkQtJX")


@pytest.mark.parametrize("letters", [ascii_lowercase, ascii_uppercase])
@pytest.mark.parametrize(("size", "least"), [(16, 780), (20, 800), (32, 880)])
def test_passwords_in_one_case_are_random(letters: str, size: int, least: int) -> None:
    random = Random(1)
    texts = ("".join(random.choices(letters + digits, k=size)).encode() for _ in range(1000))
    assert sum(map(randomparts.is_random_in_one_case, texts)) >= least


def test_in_one_case_names_of_files_stay() -> None:
    name = b"0c1v4n8zqk2m5x7yj9wp3drt6hsb"
    assert list(randomparts.random_parts(b"id " + name)) == [(3, 3 + len(name))]
    for text in (b"/store/" + name + b"-glibc", b"C:\\Temp\\" + name, name + b"/lib"):
        assert not list(randomparts.random_parts(text))


def test_the_random_part_between_signs_is_what_counts() -> None:
    secret = random_text(1, 20)
    assert list(randomparts.random_parts(b"db-name:" + secret + b";x")) == [(8, 28)]


def test_random_base64_counts_as_a_whole() -> None:
    key = b64encode(Random(5).randbytes(64))
    assert {b"+", b"/", b"="} <= {key[at : at + 1] for at in range(len(key))}
    other = random_text(1, 20)
    text = b"Key " + key + b"; " + other
    assert list(randomparts.random_parts(text)) == [(4, 92), (94, 114)]


def test_digests_of_packages_are_not_random() -> None:
    assert not list(randomparts.random_parts(b"sha512-" + b64encode(Random(5).randbytes(64))))
