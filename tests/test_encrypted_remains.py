"""What is left of a key's ciphertext where nothing around it tells what it is, after the whole key stood elsewhere."""

from __future__ import annotations

import base64
from random import Random

import pytest

from corpus.keymaterial import ssh, structures
from corpus.keymaterial.catalogue import Make
from corpus.keymaterial.keys import Factory
from dumpscrub.detectors import build_detectors
from dumpscrub.layout import LayoutBuilder, RegionKind
from dumpscrub.model import Dump
from dumpscrub.propagation import Sweeper, seeds_of
from dumpscrub.rules.load import load_rules
from dumpscrub.scanner import Scanner
from dumpscrub.search.finder import Search
from dumpscrub.source import BytesSource

SEARCH = Search("hyperscan", 1, 4096)
SCANNER = Scanner(build_detectors(load_rules()), SEARCH)
FORMS: tuple[tuple[str, Make], ...] = (
    ("PKCS#8", structures.encrypted_der),
    ("PKCS#8 in PEM", structures.encrypted_pem),
    ("PKCS#12", structures.store),
    ("OpenSSH", ssh.openssh_encrypted),
    ("OpenSSH in PEM", ssh.openssh_encrypted_pem),
)


def sanitised(*regions: bytes) -> bytes:
    """All regions, which are no neighbours in memory, with stars for what was found in them."""
    data = b"".join(regions)
    builder, at = LayoutBuilder(len(data)), 0
    for number, region in enumerate(regions):
        builder.add(at, len(region), RegionKind.HEAP, "heap", 0x100000 * (number + 1))
        at += len(region)
    dump = Dump("test", BytesSource(data), builder.build())
    found = SCANNER.scan(dump).findings
    copies = Sweeper(seeds_of(found), SEARCH).sweep(dump)
    masked = bytearray(data)
    for span in (span for finding in (*found, *copies) for span in finding.spans):
        masked[span.start : span.end] = b"*" * len(span)
    return bytes(masked)


def binary(item: bytes) -> bytes:
    """The bytes that PEM stands for; what is binary as it is."""
    return base64.b64decode(b"".join(item.split(b"-----")[2].split())) if item.startswith(b"-----") else item


@pytest.mark.parametrize(("name", "make"), FORMS, ids=[name for name, _ in FORMS])
@pytest.mark.parametrize("place", ["begins a region", "overwritten"])
def test_the_second_half_of_a_binary_copy_goes(name: str, make: Make, place: str) -> None:
    kind = "p384" if name == "PKCS#12" else "rsa2048"
    item = make(Factory("remains").make(kind, name), Random(1))[0].data
    whole = binary(item)
    noise = Random(2).randbytes(256)
    half = whole[len(whole) // 2 :]
    copy = half + noise if place == "begins a region" else noise + bytes(len(whole) - len(half)) + half + noise
    telling = half[64:96]
    assert telling in noise + item + noise + copy
    assert telling not in sanitised(noise + item + noise, copy)
