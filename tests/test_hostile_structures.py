"""Structures that were damaged or made up to do harm: no detector fails, and none takes long over one."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Sequence
from functools import cache
from random import Random
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from corpus.keymaterial.catalogue import FORMS
from corpus.keymaterial.keys import Factory
from dumpscrub import decoded, pieces
from dumpscrub.detectors import asn1, build_detectors, keys, openssh, pem_blocks
from dumpscrub.detectors.material import differ_in, is_blank
from dumpscrub.layout import LayoutBuilder, RegionKind
from dumpscrub.model import Dump, SecretValue
from dumpscrub.rules.load import load_rules
from dumpscrub.scanner import Scanner
from dumpscrub.search.copies import FewCopies
from dumpscrub.search.finder import Search
from dumpscrub.search.forms import Form, forms
from dumpscrub.source import BytesSource
from dumpscrub.span import Span
from dumpscrub.walks import Texts

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


def noting(calls: list[tuple[Any, ...]], function: Callable[..., Any]) -> Callable[..., Any]:
    """``function``, which notes the arguments of each call."""

    def noted(*arguments: Any, **more: Any) -> Any:
        calls.append(arguments)
        return function(*arguments, **more)

    return noted


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


@pytest.mark.parametrize(
    ("unit", "most"), [(b"\x24\x80", 60), (b"\x04\x02ab", 60), (b"\x04\x82\x03\xe8" + b"\x80" * 1000, 90)]
)
def test_the_end_of_an_indefinite_length_is_looked_for_in_few_steps(
    unit: bytes, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[tuple[Any, ...]] = []
    read = asn1.read
    monkeypatch.setattr(asn1, "read", noting(steps, read))
    data = b"\x30\x80" + unit * (65_536 // len(unit))
    element = read(data, 0, indefinite=True)
    assert element is not None
    assert element.is_cut(data)
    assert len(steps) <= most


def test_octets_in_as_many_chunks_as_writers_make_have_their_end() -> None:
    octets = b"\x24\x80" + (b"\x04\x82\x03\xe8" + b"\x80" * 1000) * 60 + b"\0\0"
    element = asn1.read(octets + b"behind", 0, indefinite=True)
    assert element is not None
    assert element.end == len(octets)


def test_the_numbers_of_openssh_files_are_those_that_their_reader_finds() -> None:
    key = rsa.generate_private_key(65537, 1024)
    text = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    data = base64.b64decode(b"".join(text.splitlines()[1:-1]))
    numbers = openssh.rsa_numbers(data, data.rindex(b"\0\0\0\x07ssh-rsa"))
    assert {value.data for value in numbers} == {value.data for value in keys.numbers_of(key)}
    assert not openssh.rsa_numbers(data[:-40], data.rindex(b"\0\0\0\x07ssh-rsa"))


@pytest.mark.parametrize(
    "content", [b"", b"\0" * 100, b"\0" * 100 + b"abcdef\xff", bytes(range(100)), b"plain text " * 9]
)
def test_few_bytes_that_differ_are_told_as_if_all_were_counted(content: bytes) -> None:
    few = len(set(content)) <= min(4, len(content) // 2)
    assert is_blank(content) is (few or (content.isascii() and content.decode().isprintable()))
    assert differ_in(content) == len(set(content)) or differ_in(content) > 4


def test_an_end_line_behind_another_one_closes_no_block(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[tuple[Any, ...]] = []
    monkeypatch.setattr(pem_blocks, "read_block", noting(read, pem_blocks.read_block))
    body = b"-----BEGIN RSA PRIVATE KEY-----\n" + (b"QUJD" * 16 + b"\n") * 100
    scanner().scan(dump(body + b"-----END RSA PRIVATE KEY-----\n" * 500))
    # Each detector of PEM asks once for the END line that closes the block.
    assert 0 < len(read) < 20


@pytest.mark.parametrize("unit", [b"%22\0", b"&lt;%22\\u0022\0", b"%22&lt;\\u0022\n"])
def test_short_texts_with_escapes_side_by_side_are_decoded_together(
    unit: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[tuple[Any, ...]] = []
    monkeypatch.setattr(pieces, "read", noting(read, pieces.read))
    data = dump(unit * (65_536 // len(unit)))
    decoded.find(data, scanner().scan(data).seen.sights.places, scanner())
    assert len(read) < 400, "there are thousands of texts, and each would be read at each level"


def test_secrets_in_short_texts_with_escapes_are_found_each_in_its_place() -> None:
    secrets = [b"Tr0ub4dor%d&3x" % number for number in range(200)]
    texts = [b"%22password%22%3A%22" + secret.replace(b"&", b"%26") + b"%22" for secret in secrets]
    data = b"\0".join(texts)
    every = Scanner(build_detectors(load_rules()), Search("hyperscan"))
    scanned = every.scan(dump(data))
    found = decoded.find(dump(data), scanned.seen.sights.places, every).findings
    spans = {data[span.start : span.end] for finding in found for span in finding.spans}
    assert {secret.replace(b"&", b"%26") for secret in secrets} <= spans


def test_a_long_text_is_compared_with_longer_values_only(monkeypatch: pytest.MonkeyPatch) -> None:
    values = [b"secret=" * count + b"1" for count in range(3, 90)]
    members = [(number, form) for number, value in enumerate(values) for form in forms(SecretValue(value))]
    finder = FewCopies(members, Search("hyperscan"))
    compared: list[tuple[Any, ...]] = []
    monkeypatch.setattr(Form, "is_cut_to", noting(compared, lambda form, text, *, at_end: False))
    data = b"secret=" * 5000 + bytes(8)
    list(finder.pieces(dump(data), Texts.one((Span(0, len(data)),)), at_end=True))
    assert len(compared) < 40 * 90 * 90, "it was each of 5,000 places with each value"
