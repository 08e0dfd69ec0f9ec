"""Rules that are off cost nothing and find nothing; a policy switches categories on and off."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import certifi
import pytest

import dumpscrub
from dumpscrub.rules.load import load_rules
from dumpscrub.rules.schema import Action

MAIL = "ann.lee@corp.example.com"
TEXT = f"Password=Zx81mQ4vLr7Kp2Wd0s; from {MAIL} at 192.168.7.12 "


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    path = tmp_path / "app.bin"
    path.write_bytes(bytes(64) + TEXT.encode("utf-16-le") + bytes(64))
    return path


def policy(folder: Path, text: str) -> str:
    path = folder / "ours.toml"
    path.write_text(f"[categories]\n{text}")
    return str(path)


def classes(path: Path, name: str) -> set[str]:
    return set(dumpscrub.scan(path, policy=name, workers=1).by_class()) & {"email", "ip-address", "password"}


def test_what_is_off_is_not_searched_for(dump: Path) -> None:
    rules = load_rules().rules
    result = dumpscrub.scan(dump, workers=1)
    assert classes(dump, "default") == {"password"}
    assert result.rules == sum(rule.action is not Action.OFF for rule in rules) < len(rules)
    assert not any("switches off" in notice for notice in result.notices)


def test_a_policy_switches_one_category_on_or_all_of_a_pack(dump: Path, tmp_path: Path) -> None:
    assert classes(dump, policy(tmp_path, 'email = "report"')) == {"email", "password"}
    assert classes(dump, "personal") == {"email", "ip-address", "password"}
    assert classes(dump, policy(tmp_path, 'personal = "mask"\nemail = "off"')) == {"ip-address", "password"}


def test_a_copy_under_the_policy_holds_none_of_it(dump: Path) -> None:
    result = dumpscrub.sanitize(dump, policy="personal", workers=1)
    assert result.output is not None
    assert MAIL.encode("utf-16-le") not in result.output.read_bytes()
    assert not dumpscrub.scan(result.output, policy="personal", workers=1).to_redact


def test_what_a_policy_switches_off_is_said(dump: Path, tmp_path: Path) -> None:
    name = policy(tmp_path, 'password = "off"')
    off = sum("password" in rule.categories for rule in load_rules().rules)
    expected = f"the policy switches off {off} rules: what only they find stays, and is not listed"
    assert classes(dump, name) == set()
    assert dumpscrub.scan(dump, policy=name, workers=1).notices[-1] == expected
    result = dumpscrub.sanitize(dump, policy=name, workers=1)
    assert result.audit is not None
    assert json.loads(result.audit.read_text().splitlines()[0])["notices"][-1] == expected


def test_a_rule_that_is_off_is_compiled_only_when_it_is_switched_on(dump: Path, tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text(
        '[[rule]]\nid = "broken"\nname = "Broken"\ncategories = ["odd"]\nanchors = ["odd-"]\naction = "off"\n'
        "pattern = '(?P<secret>odd-'\n"
    )
    dumpscrub.scan(dump, rules=[rules], workers=1)
    with pytest.raises(dumpscrub.DumpscrubError, match="rule broken: the pattern does not compile"):
        dumpscrub.scan(dump, rules=[rules], policy=policy(tmp_path, 'odd = "mask"'), workers=1)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("default", 0), ("keep-certificates", 0), ("all-certificates", 3), ("identifiers", 0)],
)
def test_certificates_of_public_authorities_are_masked_where_the_policy_wants_it(
    tmp_path: Path, name: str, expected: int
) -> None:
    block = re.findall("-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----", Path(certifi.where()).read_text())[
        0
    ]
    body = "".join(block.splitlines()[1:-1])
    path = tmp_path / "app.bin"
    path.write_bytes(b"\0\0".join((b"", block.encode(), base64.b64decode(body), body.encode("utf-16-le"), b"")))
    result = dumpscrub.scan(path, policy=name, workers=1)
    assert len({finding.rule for finding in result.findings if finding.action == "mask"}) == expected
