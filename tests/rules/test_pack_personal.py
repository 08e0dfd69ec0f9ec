"""The pack for personal data: off unless wanted; then it finds what programs write, and leaves what only looks so."""

from __future__ import annotations

from random import Random

import pytest

from dumpscrub.detectors import build_detectors
from dumpscrub.layout import LayoutBuilder, RegionKind
from dumpscrub.model import Confidence, Dump, Encoding
from dumpscrub.policy import BUILT_IN
from dumpscrub.rules.examples import generate
from dumpscrub.rules.load import load_rules
from dumpscrub.rules.schema import Action, RuleSet
from dumpscrub.scanner import Scanner
from dumpscrub.search.finder import Search
from dumpscrub.source import BytesSource

PACK = tuple(rule for rule in load_rules().rules if "personal" in rule.categories)
CLASSES = {"email", "phone", "payment-card", "iban", "user-name", "host-name", "ip-address"}
CARD = generate(r"@card:4\d{3}-\d{4}-\d{4}-\d{4}", Random(5))
ACCOUNT = generate(r"@iban:DE00\d{18}", Random(5))


@pytest.fixture(scope="module")
def scanner() -> Scanner:
    switched_on = BUILT_IN["personal"].searched(RuleSet(PACK))
    return Scanner(build_detectors(switched_on), Search("hyperscan"))


def found(scanner: Scanner, text: str, encoding: Encoding = Encoding.UTF8) -> dict[str, set[str]]:
    """What is found in ``text``, by class."""
    data = bytes(16) + text.encode(encoding.codec) + bytes(16)
    layout = LayoutBuilder(len(data))
    layout.add(0, len(data), RegionKind.MEMORY, "text", 1 << 32)
    values: dict[str, set[str]] = {}
    for finding in scanner.scan(Dump("raw", BytesSource(data), layout.build())).findings:
        value = b"".join(data[span.start : span.end] for span in finding.spans)
        values.setdefault(finding.category, set()).add(value.decode(encoding.codec))
    return values


def test_the_whole_pack_is_off_and_not_looked_for_elsewhere() -> None:
    assert {rule.category for rule in PACK} == CLASSES
    assert {rule.action for rule in PACK} == {Action.OFF}
    assert {rule.categories[1:] for rule in PACK} == {("personal",)}
    assert not any(rule.propagate for rule in PACK)
    assert build_detectors(RuleSet(PACK)) == ()


@pytest.mark.parametrize("encoding", [Encoding.UTF8, Encoding.UTF16LE])
@pytest.mark.parametrize(
    ("text", "kind", "values"),
    [
        ("bob@corp.com and 'ann.lee@x.co.uk' <j@d.de>", "email", {"bob@corp.com", "ann.lee@x.co.uk", "j@d.de"}),
        ('{\\"email\\":\\"jo@contoso.example\\"}', "email", {"jo@contoso.example"}),
        ("C:\\Users\\jane\\x", "user-name", {"jane"}),
        ('"C:\\\\Users\\\\jane doe\\\\x"', "user-name", {"jane doe"}),
        ("in D:\\Users\\jane, line 3", "user-name", {"jane"}),
        ("C:/Users/jane/x", "user-name", {"jane"}),
        ("file:///home/jane/x", "user-name", {"jane"}),
        ("/home/jane:/usr/bin", "user-name", {"jane"}),
        ("\\\\fs01\\share\\x", "host-name", {"fs01"}),
        ('"\\\\\\\\fs01\\\\share\\\\x"', "host-name", {"fs01"}),
        ("Machine name: WEB01", "host-name", {"WEB01"}),
        ("http://web01:8080/x https://app.corp.local/", "host-name", {"web01", "app.corp.local"}),
        ("Data Source=sql01\\inst,1433;Initial Catalog=x", "host-name", {"sql01"}),
        ("tel. +49 (0)30 901820", "phone", {"+49 (0)30 901820"}),
        ('"phone": "+1-202-555-0143"', "phone", {"+1-202-555-0143"}),
        (f"paid by {CARD}.", "payment-card", {CARD}),
        (f'"cardNumber":"{CARD.replace("-", "")}"', "payment-card", {CARD.replace("-", "")}),
        (f"to {ACCOUNT} AG", "iban", {ACCOUNT}),
        ("X-Forwarded-For: 203.0.113.9, 10.0.0.7", "ip-address", {"203.0.113.9", "10.0.0.7"}),
        ("192.168.0.12:80 [fe80::1ff:fe23:4567:890a]", "ip-address", {"192.168.0.12", "fe80::1ff:fe23:4567:890a"}),
    ],
)
def test_what_programs_write_is_found(
    scanner: Scanner, text: str, kind: str, values: set[str], encoding: Encoding
) -> None:
    assert found(scanner, text, encoding)[kind] == values


@pytest.mark.parametrize(
    "text",
    [
        "Version=10.0.4.2, Culture=neutral, 10.0.19041.1 v10.0.1.2",
        "00000000-4111-1111-1111-111111111111 at 2024:10:11 12:00:00",
        "Phone numbers of 2024-01-02 10:00",
        "http://localhost:5000/ https://www.example.org/ C:\\Users\\Public\\x /home/{user}/x",
        "org.example.plugin.internal left-pad@1.3.0 com.sun.mail.util@x",
    ],
)
def test_what_only_looks_like_it_stays(scanner: Scanner, text: str) -> None:
    assert found(scanner, text) == {}


def test_a_number_that_only_its_name_tells_is_masked_with_low_confidence(scanner: Scanner) -> None:
    wrong = CARD[:-1] + ("1" if CARD.endswith("0") else "0")
    assert found(scanner, f"paid by {wrong}.") == {}
    data = f"card number {wrong}".encode()
    findings = scanner.scan(Dump("raw", BytesSource(data), LayoutBuilder(len(data)).build())).findings
    assert {finding.confidence for finding in findings} == {Confidence.LOW}
