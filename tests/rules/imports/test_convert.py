"""Foreign rules become rules that work in memory."""

from __future__ import annotations

import pytest

from dumpscrub.errors import RuleError
from dumpscrub.rules.imports.base import Foreign
from dumpscrub.rules.imports.convert import convert


def table(pattern: str, **more: object) -> dict[str, object]:
    return dict(convert(Foreign("Acme.Key.1", "Acme  key", pattern, **more)).table)  # type: ignore[arg-type]


def test_all_that_is_carried_over() -> None:
    made = table(
        "acme_([a-z]{4})",
        categories=("API",),
        references=("https://example.org",),
        confidence="high",
        has_threshold=True,
    )
    assert made == {
        "id": "acme-key-1",
        "name": "Acme key",
        "categories": ["imported", "api"],
        "anchors": ["acme_"],
        "pattern": "acme_(?P<secret>[a-z]{4})",
        "before": 0,
        "after": 10,
        "grows": False,
        "validator": "generic",
        "confidence": "high",
        "references": ["https://example.org"],
    }


@pytest.mark.parametrize(
    ("pattern", "written"),
    [
        # The secret is the whole match, a group by its name, the first group, or that of each branch.
        ("acme_[a-z]{4}", "(?P<secret>acme_[a-z]{4})"),
        (r"\bacme_[a-z]{4}(?:[^a-z]|$)", r"\b(?P<secret>acme_[a-z]{4})(?:[^a-z]|(?:$|\x00))"),
        ("acme(?P<id>a)(?P<Token>b)", "acme(?:a)(?P<secret>b)"),
        ("acme(a)(b)", "acme(?P<secret>a)(?:b)"),
        ("acme(?:x(a)|y(b))", "acme(?:x(?P<secret>a)|y(?P<secret2>b))"),
        # What ends a value may also be a NUL, or the end of memory.
        (r"acme([a-z]+)['\s]", r"acme(?P<secret>[a-z]+)(?:[\x00\x09-\x0d \x27]|$)"),
        (r"acme([a-z]+)(?:['\s;]|\\[nr]|$)", r"acme(?P<secret>[a-z]+)(?:[\x09-\x0d \x27;]|\\[nr]|(?:$|\x00))"),
        (r"acme([a-z]+)(?:'|&quot;)", r"acme(?P<secret>[a-z]+)(?:\x27|&quot;|\x00|$)"),
        (r"acme([a-z=]+)\b", r"acme(?P<secret>[=a-z]+)(?:\b|[^+\-/-9=A-Z_a-z]|$)"),
        # So may what stands before it.
        (r"[\s'](acme[a-z]+)", r"(?:^|[\x00\x09-\x0d \x27])(?P<secret>acme[a-z]+)"),
        (r"(?:^|,)(acme[a-z]+)", r"(?:(?:^|\x00)|,)(?P<secret>acme[a-z]+)"),
        # A value holds no NUL, nor does what lies before it.
        (r"acme.{0,9}?([^,]{8})[^,]", r"acme[^\x00\x0a]{0,9}?(?P<secret>[^\x00,]{8})[^,]"),
        # What may stand before the anchor or not does not matter.
        (r"[\w.-]{0,50}?acme(x)", "acme(?P<secret>x)"),
    ],
)
def test_patterns_are_made_fit_for_memory(pattern: str, written: str) -> None:
    assert table(pattern)["pattern"] == written


@pytest.mark.parametrize(
    ("pattern", "window"),
    [
        ("acme[a-z]{4}", (0, 9, False)),
        ("[0-9]{8}acme[a-z]{4}", (8, 17, False)),
        ("[0-9]+acme[a-z]+", (512, 1024, True)),
        ("acme[a-z]{20,}", (0, 1024, True)),
    ],
)
def test_the_window_is_as_wide_as_the_pattern(pattern: str, window: tuple[int, int, bool]) -> None:
    made = table(pattern)
    assert (made["before"], made["after"], made["grows"]) == window


def test_keywords_are_anchors_where_the_pattern_has_none() -> None:
    assert table("[a-z]{9}", keywords=("Acme", "other"))["anchors"] == ["acme", "other"]
    assert table("acmekey[a-z]{9}", keywords=("ac",))["anchors"] == ["acmekey"]


def test_what_is_lost_is_told() -> None:
    left_out = convert(Foreign("a", "a", "[0-9]+acme[a-z]{2000}", left_out=("entropy 3",))).left_out
    assert left_out == (
        "entropy 3",
        "what begins more than 512 characters before an anchor",
        "counts above 1000, which are open",
    )


@pytest.mark.parametrize(
    ("foreign", "reason"),
    [
        (Foreign("a", "a", "[a-z]{9}"), "no text of 3 characters stands in every match: nothing can be its anchor"),
        (Foreign("a", "a", "[a-z]{9}", keywords=("ab",)), "no text of 3 characters stands in every match: nothing can"),
        (Foreign("a", "a", "acme(x)", group=2), "it has no group 2"),
        (Foreign("?", "a", "acme"), "it has no id"),
        (Foreign("a", "a", "acme(?!x)"), "look-around is not supported"),
    ],
)
def test_a_rule_that_cannot_be_one_has_a_reason(foreign: Foreign, reason: str) -> None:
    with pytest.raises(RuleError) as caught:
        convert(foreign)
    assert str(caught.value).startswith(reason)
