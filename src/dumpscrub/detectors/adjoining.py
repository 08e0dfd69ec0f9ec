r"""Whether a token begins directly behind a letter or a digit, or ends before one, and no word or other data goes on.

Between two texts in memory there need be nothing: tags and lengths of fields may read as letters, tables hold strings
one after the other, and an escape such as ``\n`` or ``%0A`` ends with a letter. Where no length proves a value, it has
to look random, and what stands before it must not be what it is a part of: a word that its beginning ends
(``task-1c3f...``, where ``sk-`` begins a key), or more random text.
"""

from __future__ import annotations

import re

from dumpscrub.detectors.standins import changes, is_interleaved, is_mixed
from dumpscrub.search.edges import WORD

REACH = 32
"""Characters before a token that tell what it stands in."""
_ESCAPE = re.compile(
    rb"(?<!\\)(?:\\\\)*\\(?:[abefnrtv0]|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|[0-3][0-7]{2})\Z"
    rb"|%[0-9A-Fa-f]{2}\Z|\x1b\[[0-9;]{0,12}m\Z"
)
"""One character as source code, JSON or a URL write it, or what sets the colour of a terminal."""
_LONGEST_ESCAPE = 16
_RUN = re.compile(rb"[A-Za-z0-9+/_=-]*\Z")
_ENDINGS = frozenset(
    b"""
    account aks al api apikey apk cal ck cli cog cr cs db dub es fc hawk ico ion key lip live master mb mint mob nf nfo
    org ory pa pat pha phs pi pk polar production ptr pts re rk sat sdk secret sg sk stage test tid ts web
    """.split()
)
"""Beginnings of tokens, less the sign behind them, that are how words end: ``action_``, ``desk-``, ``latest_``."""
_HEX = re.compile(rb"[0-9a-f-]{8,}|[0-9A-F-]{8,}")
_OFTEN = 0.37
"""Of random letters and digits each second one is of another kind than the one before; in names of C++ each fifth."""
_MANGLED = re.compile(rb"S[0-9A-Z]?_|St[0-9]|N[0-9]{1,2}[A-Za-z_]|E[ESv]")
"""What stands in names of C++ as compilers write them, and hardly twice in a token: types once more, lengths, ends."""
_SIGNS = re.compile(rb"[^A-Za-z0-9]+")
_FEW_LETTERS = 8
"""Letters for each digit, at most."""
_LONG = 4
"""Characters of a beginning, a sign among them, that random text does not have by chance."""


def ends_escape(head: bytes) -> bool:
    """True where ``head`` ends with an escape: what comes next begins a text."""
    return _ESCAPE.search(head[-_LONGEST_ESCAPE:]) is not None


def ends_text(head: bytes) -> bool:
    """True where ``head`` ends with two word characters: the last one need not be a length."""
    return len(head) > 1 and WORD.issuperset(head[-2:])


def stands_alone(head: bytes, value: bytes, beginning: bytes, *, goes_on: bool) -> bool:
    """True where ``value``, which looks random, is no part of what ``head`` ends with, a letter or a digit.

    ``beginning`` is what all values of the kind begin with; ``goes_on`` says that a word character follows, too.
    """
    rest = value[len(beginning) :]
    if len(_MANGLED.findall(rest)) > 1:
        return False
    if _ends_word(head, beginning):
        return _is_scrambled(rest)
    has_sign = bool(beginning) and not beginning.isalnum()
    if goes_on and not (has_sign and (_is_scrambled(rest) or _is_code(rest))):
        return False
    if len(beginning) >= _LONG and has_sign:
        return True
    run = _RUN.search(head[-REACH:])
    return run is None or _HEX.fullmatch(run[0]) is not None or not is_interleaved(run[0])


def looks_random(value: bytes, beginning: bytes, *, follows: bool) -> bool:
    """True for a ``value`` that has letters and digits amid each other behind its ``beginning``.

    A number has no letters: what goes on is another one. Where the value ``follows`` a letter or a digit, names count
    as well whose words are joined by signs.
    """
    rest = value[len(beginning) :]
    if rest.lower() == rest.upper():
        return False
    return is_mixed(rest) or (not follows and is_interleaved(value))


def _ends_word(head: bytes, beginning: bytes) -> bool:
    """True where ``beginning`` may be how a word in ``head`` ends."""
    last, first = head[-1:], beginning[:1]
    is_same_word = last == b"_" or (last.isalpha() and last.islower() == first.islower())
    return is_same_word and beginning[:-1].lower() in _ENDINGS


def _is_scrambled(rest: bytes) -> bool:
    """True for small letters, capitals and digits that change places too often for names of any program."""
    plain = _SIGNS.sub(b"", rest)
    return rest not in (rest.lower(), rest.upper()) and changes(plain) >= _OFTEN * len(plain)


def _is_code(rest: bytes) -> bool:
    """True for letters of one case among which are as many digits as in digests and base32."""
    digits = sum(48 <= byte <= 57 for byte in rest)
    return rest in (rest.lower(), rest.upper()) and digits >= len(rest) // _FEW_LETTERS
