"""Which names say that their value is a secret: of environment variables, switches and settings."""

from __future__ import annotations

import re

_LONGEST = 256
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_KEY_OF = (
    "access|account|admin|aes|api|app|auth|client|consumer|cosmos|crypt|cryption|crypto|deploy|deployment|function|hmac|"
    "jwt|license|licence|machine|master|primary|private|rsa|secondary|secret|security|service|session|shared|signing|"
    "ssh|storage|subscription|validation|webhook"
)
_SECRET = re.compile(
    rf"""
      passwo?r?d | passphrase | passcode | pass_(?:word|phrase|code)
    | secret(?!ar) | credential
    | connection_?string | conn_?str
    | (?:{_KEY_OF})(?:_\d+)?_?keys?(?=_|\Z)
    | tokens?(?=_|\Z)
    | pwd(?=_|\Z) | (?:\A|_)(?:pw|creds?|pat)(?=_|\Z)
    | base_?64_?licen[cs]e | licen[cs]e_?base(?:_?64)?\Z
    # The rest counts at the end of a name only.
    | (?<!by)(?<!com)pass\Z | (?:\A|_)(?:auth|authorization|cookie|pin|sas)\Z
    """,
    re.VERBOSE,
)
_HARMLESS = re.compile(r"public_?key_?token|cancellation_?token|continuation_?token|application_credentials\Z")
_ABOUT_WORDS = """
age algorithm attempts audience backend count dir directory driver enabled encoding endpoint engine expiration expires
expiry file filename folder format header helper host hours interval issuer length level lifetime limit location
manager max method min minutes mode name path pattern policy port prefix prompt provider region regex required retries
rotation scheme scope scopes seconds service size sock socket state status stdin store strategy timeout ttl type uri
url version
"""
_ABOUT = frozenset(_ABOUT_WORDS.split())
"""Last words of names that say something about a secret, and not what it is."""
_QUESTIONS = frozenset(
    ("no", "ask", "prompt", "skip", "hide", "show", "has", "is", "use", "allow", "enable", "disable")
)
"""First words of names whose value is yes or no."""
_QUALIFIERS = frozenset(("old", "new", "value", "text", "base", "prod", "test", "dev", "primary", "secondary"))
_WORKING_DIRECTORIES = frozenset({"PWD", "OLDPWD"})


def words(name: str) -> tuple[str, ...]:
    """The words of ``name`` in lower case: divided at punctuation, around numbers and where camel case says so."""
    return tuple(word.lower() for word in _WORD.findall(name[-_LONGEST:]))


def telling_words(name: str) -> list[str]:
    """Those :func:`words` of ``name`` that say what it is: no numbers, and none that only tells it from others."""
    return [word for word in words(name) if not word.isdigit() and word not in _QUALIFIERS]


def is_secret_name(name: str) -> bool:
    """True where the value of a variable, switch or setting called ``name`` is taken for a secret.

    ``PWD`` and ``OLDPWD``, the working directories of a shell, are not; ``Pwd`` and ``pwd`` are.
    """
    parts = words(name)
    while parts and parts[-1].isdigit():
        parts = parts[:-1]
    if not parts or name in _WORKING_DIRECTORIES or parts[-1] in _ABOUT or parts[0] in _QUESTIONS:
        return False
    joined = "_".join(parts)
    return bool(_SECRET.search(joined)) and not _HARMLESS.search(joined)
