"""A rule file is read strictly: what cannot be used is one clear line."""

from __future__ import annotations

from pathlib import Path

import pytest

from dumpscrub.errors import RuleError
from dumpscrub.model import Confidence, Encoding
from dumpscrub.rules import load
from dumpscrub.rules.load import load_rules, parse
from dumpscrub.rules.schema import Action, Boundary

GOOD = """
[[rule]]
id = "our-token"
name = "Our token"
categories = ["token", "ours"]
anchors = ["OUR-"]
pattern = '(?P<secret>OUR-[A-Z0-9]{12})'
encodings = ["utf-8", "utf-16-le"]
boundary = "left"
after = 32
confidence = "high"
action = "report"
propagate = false
"""


def test_every_key_is_read() -> None:
    (rule,) = parse(GOOD, "ours.toml")
    assert (rule.id, rule.category, rule.anchors) == ("our-token", "token", ("OUR-",))
    assert rule.encodings == (Encoding.UTF8, Encoding.UTF16LE)
    assert (rule.boundary, rule.after, rule.before) == (Boundary.LEFT, 32, 0)
    assert (rule.confidence, rule.action, rule.propagate) == (Confidence.HIGH, Action.REPORT, False)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("[[rule]]", "[[rule"), "ours.toml: not valid TOML"),
        (("after = 32", "aftre = 32"), "ours.toml, rule 1: unknown key 'aftre': the keys are"),
        (("after = 32", "after = -1"), "ours.toml, rule 1, after: a number from 0 to"),
        (("after = 32", 'after = "32"'), "ours.toml, rule 1, after: a number from 0 to"),
        (('"left"', '"sideways"'), "boundary: one of none, left, right, both is expected"),
        (('"utf-16-le"', '"ebcdic"'), "encodings: one of utf-8, utf-16-le, utf-16-be, utf-32-le, binary is expected"),
        (("propagate = false", "propagate = 0"), "propagate: true or false is expected"),
        (('id = "our-token"', 'id = "Our Token"'), "the id holds small letters, digits and single hyphens only"),
        (('name = "Our token"', ""), "the key 'name' is missing"),
        (('anchors = ["OUR-"]', ""), "a pattern rule has a pattern and at least one anchor"),
        (
            ("[[rule]]", "[rules]"),
            "a rule file holds [fragments], [anchors], [[rule]] and [[family]], nothing else",
        ),
    ],
)
def test_a_broken_rule_is_one_clear_line(change: tuple[str, str], message: str) -> None:
    with pytest.raises(RuleError) as caught:
        parse(GOOD.replace(*change), "ours.toml")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_pattern_over_several_lines_with_fragments() -> None:
    text = GOOD.replace(
        "pattern = '(?P<secret>OUR-[A-Z0-9]{12})'",
        "pattern = '''\n  (?P<secret>\n    # the brand\n    {{brand}}-\n    [A-Z0-9]{12}\n  )'''",
    )
    fragments = "[fragments]\nletters = 'OUR'\nbrand = '(?:{{letters}}|THEIR)'\n"
    (rule,) = parse(fragments + text, "ours.toml")
    assert rule.pattern == "(?P<secret>(?:OUR|THEIR)-[A-Z0-9]{12})"
    with pytest.raises(RuleError, match="pattern: unknown fragment 'brand': define it in"):
        parse(text, "ours.toml")


def test_several_rules_may_share_a_list_of_anchors() -> None:
    text = GOOD.replace('anchors = ["OUR-"]', 'anchors = "brands"')
    (rule,) = parse('[anchors]\nbrands = ["OUR-", "THEIR-"]\n' + text, "ours.toml")
    assert rule.anchors == ("OUR-", "THEIR-")
    with pytest.raises(RuleError, match=r"anchors: a list of texts, or the name of one in \[anchors\], is expected"):
        parse(text, "ours.toml")


def test_two_rules_with_one_id_are_refused() -> None:
    with pytest.raises(RuleError, match="two rules have the id our-token"):
        parse(GOOD + GOOD, "ours.toml")


def test_no_file_of_the_pack_takes_the_place_of_a_rule_of_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    # Two files had a rule of one id: the first one was gone, and nothing said so.
    rule = '[[rule]]\nid = "k"\nname = "K"\ncategories = ["k"]\ndetector = "der-private-key"\n'
    monkeypatch.setattr(load, "_pack", lambda: [("a.toml", rule), ("b.toml", rule)])
    with pytest.raises(RuleError, match=r"b\.toml: another file of the pack has a rule k: give one of them another id"):
        load_rules()


def test_a_later_rule_replaces_the_shipped_one(tmp_path: Path) -> None:
    shipped = load_rules()
    first = shipped.rules[0]
    (tmp_path / "mine.toml").write_text(GOOD.replace("our-token", first.id))
    mine = load_rules([tmp_path])
    assert len(mine) == len(shipped)
    replaced = mine.get(first.id)
    assert replaced is not None
    assert replaced.name == "Our token"


def test_a_missing_or_binary_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match=r"none\.toml: cannot read the rule file \(.+\): check --rules"):
        load_rules([tmp_path / "none.toml"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(RuleError, match="empty: the folder holds no rule file"):
        load_rules([tmp_path / "empty"])
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RuleError, match=r"binary\.toml: the rule file is not UTF-8"):
        load_rules([tmp_path / "binary.toml"])
