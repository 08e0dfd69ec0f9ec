"""Detectors: what a hit in a window means. A new one is one module and one line in ``DETECTORS``."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dumpscrub.detectors import (
    aes,
    arrays,
    chacha,
    columns,
    der,
    directory,
    dotnetfields,
    encoded_der,
    encoded_windows,
    javastores,
    keyxml,
    logins,
    neighbours,
    openssh,
    pairs,
    pattern,
    pem,
    pgp,
    process,
    public_keys,
    putty,
    randomtext,
    resultrows,
    serialised,
    sexpr,
    switches,
    tls,
    windows_keys,
)
from dumpscrub.detectors.base import Detector
from dumpscrub.errors import RuleError
from dumpscrub.rules.schema import Action, Rule, RuleSet

_MODULES = (
    pattern,
    pem,
    der,
    encoded_der,
    openssh,
    javastores,
    keyxml,
    putty,
    sexpr,
    pgp,
    windows_keys,
    encoded_windows,
    aes,
    chacha,
    tls,
    public_keys,
    arrays,
    randomtext,
    serialised,
    logins,
    columns,
    neighbours,
    resultrows,
    directory,
    dotnetfields,
    pairs,
    switches,
)

DETECTORS: Mapping[str, Callable[[Rule], Detector]] = {
    name: module.build for module in _MODULES for name in module.NAMES
}
"""Builders by the name that a rule gives. Rules for fields (:mod:`dumpscrub.detectors.process`) have no anchors."""


def build_detectors(rules: RuleSet) -> tuple[Detector, ...]:
    """The detectors of those of ``rules`` that are not off.

    Raises RuleError for a rule that names an unknown one or does not compile.
    """
    on = (rule for rule in rules.rules if rule.action is not Action.OFF)
    searched = [rule for rule in on if rule.detector not in process.KINDS]
    for rule in searched:
        if rule.detector not in DETECTORS:
            raise RuleError(f"{rule.source}: unknown detector: one of {', '.join((*DETECTORS, *process.KINDS))}")
    return tuple(DETECTORS[rule.detector](rule) for rule in searched)
