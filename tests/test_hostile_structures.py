"""Structures that were damaged or made up to do harm: no detector fails, and none takes long over one."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import cache
from random import Random

import pytest

from corpus.keymaterial.catalogue import FORMS
from corpus.keymaterial.keys import Factory
from dumpscrub.detectors import build_detectors
from dumpscrub.layout import LayoutBuilder, RegionKind
from dumpscrub.model import Dump
from dumpscrub.rules.load import load_rules
from dumpscrub.scanner import Scanner
from dumpscrub.search.finder import Search
from dumpscrub.source import BytesSource

KINDS = ("rsa1024", "p256", "ed25519", "dsa1024", "dh1024", "aes256", "hmac256", "opaque")
LENGTHS = (bytes(4), b"\xff" * 4, b"\x7f\xff\xff\xff", b"\0\0\0\x80", b"\x30\x80", b"\x84\xff\xff\xff\xff", b"\x02\0")
CASES = 200


@cache
def scanner() -> Scanner:
    """All detectors but those of patterns, which know no structures."""
    detectors = build_detectors(load_rules())
    return Scanner([each for each in detectors if each.rule.detector != "pattern"], Search("hyperscan"))


@cache
def structures() -> Sequence[bytes]:
    """One key of each family in every form that it has."""
    factory, rng = Factory("hostile"), Random("hostile")
    keys = [(kind, factory.make(kind, "hostile")) for kind in KINDS]
    return tuple(
        item.data
        for form in FORMS
        if not form.damage
        for kind, key in keys
        if form.takes(kind)
        for item in form.items(key, rng)
    )


def dump(data: bytes) -> Dump:
    builder = LayoutBuilder(len(data))
    builder.add(0, len(data), RegionKind.HEAP, "heap", 0x1000)
    return Dump("test", BytesSource(data), builder.build())


def damaged(data: bytes, rng: Random) -> bytes:
    """``data`` with up to four faults: other bytes, other lengths, parts gone, or parts of another structure."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        if not changed:
            break
        at = rng.randrange(min(len(changed), rng.choice((16, 64, 256, len(changed)))))
        fault = rng.randrange(6)
        if fault == 0:
            changed[at] = rng.randrange(256)
        elif fault == 1:
            length = rng.choice(LENGTHS)
            changed[at : at + len(length)] = length
        elif fault == 2:
            del changed[at : at + rng.choice((1, 2, 4, 64))]
        elif fault == 3:
            changed[at:at] = rng.choice(LENGTHS)
        elif fault == 4:
            changed[at:at] = rng.choice(structures())[: rng.randrange(512)]
        else:
            changed = changed[: at + 8]
    return bytes(changed)


@pytest.mark.parametrize("seed", range(8))
def test_damaged_structures_make_no_detector_fail(seed: int) -> None:
    rng = Random(seed)
    for _ in range(CASES):
        data = damaged(rng.choice(structures()), rng)
        findings = scanner().scan(dump(data)).findings
        assert all(0 <= span.start < span.end <= len(data) for finding in findings for span in finding.spans)


def test_structures_that_end_anywhere_in_their_first_bytes() -> None:
    for data in {data[:48] for data in structures()}:
        for end in range(4, len(data), 3):
            scanner().scan(dump(data[:end]))


@pytest.mark.parametrize("literal", [b"<RSAKeyValue>", b"RSAKeyValue", b"\x02\x01\x03\x30\x80", b"MII"])
def test_one_anchor_again_and_again_costs_what_it_is_worth(literal: bytes) -> None:
    data = dump(literal * (8192 // len(literal)))
    started = time.process_time()
    scanner().scan(data)
    assert time.process_time() - started < 1
