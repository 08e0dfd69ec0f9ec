"""The table of a new rule, with what to write into it."""

from __future__ import annotations

from dumpscrub.rules.load import check_id

_TEMPLATE = r"""# Fill in what follows; the manual is docs/rules.md. Then:
#   dumpscrub rules check --rules THIS-FILE
#   dumpscrub rules test SAMPLE --rules THIS-FILE --rule @id@

[[rule]]
id = "@id@"
name = "@name@"
# The first one is the class that summaries count by; others are for policies.
categories = ["token"]
# Literal text that stands in every match, as rare as possible: 3 characters or more, in any case.
anchors = ["@anchor@"]
# RE2 syntax, no look-around. What is redacted stands in (?P<secret>...); \x00 ends every text in memory, so no class of
# a value may hold it. The match begins with the anchor unless before is set.
pattern = '(?P<secret>@anchor@[A-Za-z0-9]{32})'
# Where no letter, digit or _ may touch the match: none, left, right or both.
boundary = "both"
# Characters that the pattern may see before the anchor, and from the anchor on.
before = 0
after = 64
# A check that recognises placeholders or verifies a checksum; docs/rules.md lists them.
# validator = "token"
# How sure a match is: low, medium or high.
confidence = "medium"
# mask; report to leave it and only say so; off not to search for it unless a policy asks for it.
action = "mask"
# <<expression>> stands for a generated secret that must be found, <~expression~> for generated text that is none.
# Never write a real secret here. At least two examples, in the contexts where the value occurs ...
examples = ['token=<<@anchor@\w{32}>>;', '{"token": "<<@anchor@\w{32}>>"}']
# ... and one of what looks like it and must stay.
negative_examples = ['@anchor@<~\w{12}~>']
# Where the vendor describes the format.
references = ["https://docs.example.com/"]

# A value that its beginning identifies needs one line only:
#
# [[family]]
# kind = "prefixed"
# categories = ["token"]
# references = ["https://docs.example.com/"]
# members = [
#   { id = "@id@", name = "@name@", value = '@anchor@\w{32}' },
# ]
#
# So does a value that a word beside it identifies:
#
# [[family]]
# kind = "named"
# categories = ["token"]
# references = ["https://docs.example.com/"]
# members = [
#   { id = "@id@", name = "@name@", words = ["@word@"], with = "credential", value = '[a-f0-9]{32}' },
# ]
"""


def new_rule(rule_id: str) -> str:
    """A rule file with the rule ``rule_id``, to fill in. Raises RuleError for an id that cannot be one."""
    check_id(rule_id, "a new rule")
    word = rule_id.partition("-")[0].ljust(4, "x")
    filled = {"id": rule_id, "name": rule_id.replace("-", " ").capitalize(), "anchor": f"{word}_", "word": word}
    text = _TEMPLATE
    for key, value in filled.items():
        text = text.replace(f"@{key}@", value)
    return text
