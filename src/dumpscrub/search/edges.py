"""What stands directly before a needle: letters that make it a part of a word, unless a token begins there.

In memory a token may follow other text with nothing between: the tag and the length of a field, the ``n`` of an escape,
the string before it in a table. But most short needles behind letters stand within names, hundreds in a megabyte. So
those are told apart by what begins with the needle, before any detector looks: a name has few digits in it.
"""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt

WORD = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")
"""What a name or a number is made of: letters, digits and ``_``."""
SHOWN = 40
"""Characters from a needle's beginning on that are looked at: of 32 random letters and digits one is a digit."""
_SHORTEST = 16
"""Characters of the shortest token, with its beginning."""
_CHANGES = 2
"""How often letters and digits take turns at least: ``AKIA`` and 16 capitals and digits do so some six times."""

_IS_WORD: npt.NDArray[np.bool_] = np.isin(np.arange(256), tuple(WORD))
_IS_DIGIT: npt.NDArray[np.bool_] = np.isin(np.arange(256), tuple(b"0123456789"))
_IS_ALPHANUMERIC: npt.NDArray[np.bool_] = _IS_WORD & (np.arange(256) != ord("_"))
_IS_SHOWN: npt.NDArray[np.bool_] = np.isin(np.arange(256), range(0x20, 0x7F))
_AHEAD = np.arange(SHOWN)
_RUN = re.compile(rb"[ -~]*")
_TURN = re.compile(rb"(?<=[A-Za-z])[0-9]|(?<=[0-9])[A-Za-z]")


def follow_words(text: npt.NDArray[np.uint8], at: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Which of the indices ``at`` of ``text`` stand behind two word characters. A single one may be a length."""
    return (at > 1) & _IS_WORD[text[at - 1]] & _IS_WORD[text[at - 2]]


def begin_tokens(text: npt.NDArray[np.uint8], at: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """At which of the indices ``at`` a token may begin, each at least :data:`SHOWN` before the end of ``text``."""
    ahead = text[at[:, None] + _AHEAD]
    shown = np.logical_and.accumulate(_IS_SHOWN[ahead], axis=1)
    digits = _IS_DIGIT[ahead] & shown
    pairs = _IS_ALPHANUMERIC[ahead] & shown
    changes = (digits[:, 1:] != digits[:, :-1]) & pairs[:, 1:] & pairs[:, :-1]
    enough: npt.NDArray[np.bool_] = changes.sum(axis=1) >= _CHANGES
    return shown[:, _SHORTEST - 1] & enough


def begins_token(text: bytes) -> bool:
    """True where a token may begin with ``text``, of which the first :data:`SHOWN` characters count."""
    run = _RUN.match(text, 0, SHOWN)
    return run is not None and len(run[0]) >= _SHORTEST and len(_TURN.findall(run[0])) >= _CHANGES
