"""The Python API's own promise: whatever goes wrong with what the caller configured is a DumpscrubError."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import dumpscrub
from dumpscrub.errors import ConfigError, RuleError

RULE = """
[[rule]]
id = "ours"
name = "Our token"
categories = ["api-key"]
anchors = ["OUR-"]
pattern = '(?P<secret>OUR-[0-9]{12})'
"""


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    path = tmp_path / "app.bin"
    path.write_bytes(b"\0OUR-123456789012\0" * 3)
    return path


@pytest.mark.parametrize(
    "options", [{"workers": 0}, {"workers": -1}, {"chunk_size": 0}, {"engine": "grep"}, {"policy": "lenient"}]
)
def test_what_cannot_be_used_is_a_configuration_error(dump: Path, options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        dumpscrub.scan(dump, **options)
    with pytest.raises(ConfigError):
        dumpscrub.sanitize(dump, **options)
    assert [path.name for path in dump.parent.iterdir()] == ["app.bin"]


def test_paths_may_be_texts(dump: Path, tmp_path: Path) -> None:
    rules = tmp_path / "ours.toml"
    rules.write_text(RULE)
    found = [finding for finding in dumpscrub.scan(str(dump), rules=[str(rules)]).findings if finding.rule == "ours"]
    assert len(found) == 3


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ('encodings = ["binary"]', "a pattern is for text"),
        ("encodings = []", "name at least one encoding"),
        ('categories = [""]', "none that is empty"),
    ],
)
def test_a_rule_that_could_never_match_is_refused(dump: Path, tmp_path: Path, more: str, says: str) -> None:
    rules = tmp_path / "ours.toml"
    rules.write_text(
        RULE.replace('categories = ["api-key"]\n', "") + (more if "cat" in more else f'categories = ["x"]\n{more}')
    )
    with pytest.raises(RuleError, match=says):
        dumpscrub.scan(dump, rules=[rules])
