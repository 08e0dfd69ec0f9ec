"""Example templates: what a seed makes of them, and where the secrets stand."""

from __future__ import annotations

import base64
import json
import re
import zlib
from random import Random

import pytest

from dumpscrub import checksums
from dumpscrub.errors import RuleError
from dumpscrub.rules.examples import GENERATORS, expand, generate


def test_the_span_of_a_secret_is_exact() -> None:
    example = expand(r"Server=db;Password=<<\w{12}>>;User=<~[a-z]{3}~>;Pwd=<<\d{4}>>", seed=1)
    found = re.fullmatch(r"Server=db;Password=(\w{12});User=[a-z]{3};Pwd=(\d{4})", example.text)
    assert found
    assert example.secrets == (found.span(1), found.span(2))


def test_numbers_with_a_checksum_keep_the_form_that_is_asked_for() -> None:
    for seed in range(20):
        card = generate(r"@card:4\d{3} \d{4} \d{4} \d{4}", Random(seed))
        account = generate(r"@iban:DE00 [A-Z]{4} \d{4} \d{2}", Random(seed))
        assert re.fullmatch(r"4\d{3}( \d{4}){3}", card)
        assert re.fullmatch(r"DE\d\d [A-Z]{4} \d{4} \d\d", account)
        assert checksums.luhn(card.replace(" ", "")) == 0
        assert checksums.iban(account.replace(" ", "")) == 1


def test_a_seed_fixes_the_text() -> None:
    assert expand(r"<<\w{40}>>", 7) == expand(r"<<\w{40}>>", 7)
    assert expand(r"<<\w{40}>>", 7) != expand(r"<<\w{40}>>", 8)


def test_text_without_holes_stays() -> None:
    example = expand("a < b > c \\w {2}", 1)
    assert (example.text, example.secrets) == ("a < b > c \\w {2}", ())


def test_a_hole_ends_at_the_first_closing_mark() -> None:
    assert re.fullmatch(r"<password>\w{5}</password>", expand(r"<password><<\w{5}>></password>", 3).text)


@pytest.mark.parametrize(
    ("expression", "pattern"),
    [
        (r"\d{3}", r"\d{3}"),
        (r"\w{2,9}", r"[A-Za-z0-9]{2,9}"),
        (r"[a-f0-9-]{30}", r"[a-f0-9-]{30}"),
        (r"[A-Z\d]{30}", r"[A-Z0-9]{30}"),
        (r"x\\y\{z", r"x\\y\{z"),
        ("API-[A-Z]{2}", r"API-[A-Z]{2}"),
        ("a.b$c", r"a\.b\$c"),
    ],
)
def test_expressions(expression: str, pattern: str) -> None:
    for seed in range(20):
        assert re.fullmatch(pattern, generate(expression, Random(seed)))


@pytest.mark.parametrize("expression", ["[a-z", "a{", "{3}", "@nothing:3"])
def test_a_broken_expression_is_a_rule_error(expression: str) -> None:
    with pytest.raises(RuleError, match=r"example"):
        expand(f"<<{expression}>>", 1)


def test_the_checksum_of_a_token_holds() -> None:
    text = generate("@crc:ghp_", Random(4))
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    checksum = 0
    for character in text[-6:]:
        checksum = checksum * 62 + alphabet.index(character)
    assert text.startswith("ghp_")
    assert checksum == zlib.crc32(text[4:-6].encode())


def test_generators_make_what_they_say() -> None:
    random = Random(2)
    header = generate("@jwt:RS256", random).split(".")[0]
    assert json.loads(base64.urlsafe_b64decode(header + "=="))["alg"] == "RS256"
    assert generate("@jwt-unsigned", random).count(".") == 1
    assert len(base64.b64decode(generate("@base64:32", random))) == 32
    assert re.fullmatch(rb"admin:\w{9}", base64.b64decode(generate(r"@base64-of:admin:\w{9}", random)))
    assert [len(base64.b64decode(part)) for part in generate("@aes-cbc:48", random).split("|")] == [48, 16]
    assert [len(base64.b64decode(part)) for part in generate("@machine-key", random).split(".")] == [32, 16]


def test_every_generator_is_documented() -> None:
    assert set(GENERATORS) == {
        *("aes-cbc", "base64", "base64-of", "card", "crc", "iban", "jwt", "jwt-unsigned", "machine-key"),
    }
