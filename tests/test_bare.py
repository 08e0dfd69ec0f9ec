"""Where the arithmetic behind bare keys fails, the run ends with an error that names the rule and no bytes."""

from __future__ import annotations

from types import ModuleType

import pytest
from test_factors import redaction

from dumpscrub import factors, randomarrays, randomtexts, roundkeys, scalars
from dumpscrub.bare import BareKeys
from dumpscrub.errors import InputError, ScanError
from dumpscrub.layout import LayoutBuilder
from dumpscrub.model import Dump
from dumpscrub.publics import PublicKeys
from dumpscrub.redaction import Redaction
from dumpscrub.rules.load import load_rules
from dumpscrub.source import BytesSource

BYTES = "bytes of the dump"


def dump() -> Dump:
    return Dump("raw", BytesSource(bytes(500)), LayoutBuilder(500).build())


@pytest.mark.parametrize(
    ("module", "rule"),
    [
        (roundkeys, "aes-key-schedule"),
        (factors, "rsa-private-numbers"),
        (scalars, "ec-private-scalar"),
        (randomarrays, "random-array"),
        (randomtexts, "random-text"),
    ],
)
def test_an_error_names_the_rule_and_no_bytes(module: ModuleType, rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError(BYTES)

    monkeypatch.setattr(module, "find", fail)
    search: Redaction = redaction(False)
    scan = search._scanner.scan(dump())
    with pytest.raises(ScanError, match=rf"^rule {rule} failed \(ZeroDivisionError\): please report it$") as caught:
        BareKeys(load_rules()).find(dump(), scan, PublicKeys())
    assert BYTES not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("error", [InputError("the input shrank"), MemoryError()])
def test_errors_of_the_input_stay_what_they_are(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(factors, "find", fail)
    with pytest.raises(type(error)):
        redaction(False).search(dump())
