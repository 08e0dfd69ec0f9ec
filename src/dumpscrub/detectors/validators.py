"""What the text of a candidate says about it: a checksum or a structure sets the confidence, a placeholder suppresses.

A validator never drops a candidate silently: it returns a :class:`Verdict`, and what is suppressed is counted under its
reason. A checksum that does not hold lowers nothing but the confidence, because memory also holds cut and altered keys.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dumpscrub.model import Confidence

_BASE62 = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_DPAPI = bytes.fromhex("01000000d08c9ddf0115d1118c7a00c04fc297eb")


@dataclass(frozen=True, slots=True)
class Verdict:
    """``confidence`` replaces the rule's, None leaves it; ``suppressed`` is the reason not to take the candidate."""

    confidence: Confidence | None = None
    suppressed: str = ""


Validator = Callable[[bytes], Verdict]

_UNDECIDED = Verdict()
_HIGH = Verdict(Confidence.HIGH)
_LOW = Verdict(Confidence.LOW)

# What stands for a value in templates, format strings, help texts and masks.
_PLACEHOLDER = re.compile(
    rb"""(?ix)
      (.)\1*                                        # one character, repeated
    | [x*.\#?_-]+
    | \{+ [^{}]* \}+ | \[+ [^\[\]]* \]+ | <+ [^<>]* >+ | \(+ [^()]* \)+
    | [$\#@!]+ [({] [^{}()]* [)}] .*               # ${x} $(x) #{x} @{x}
    | [$@%:&] [a-z_][a-z_.:\[\]'"-]* %?             # $x @x %x% :x
    | % \d* [-+.\d*]* [a-z]+                        # %s %ld
    | .* ( \{ \d+ (:[^{}]*)? \} | %[sdu@] | \$\{ | \#\{ | \{\{ | %[({]\w+[)}] ) .*
    | (your|my|the|some|example|sample|dummy|fake|insert|enter|type|new|old|current|user)
      [-_. ]* [a-z_. -]* (key|token|secret|passw(or)?d|pass|pwd|value|here)
    | chang(e|ing)[-_ ]?(me|it|this) | redacted | masked | hidden | removed | sensitive | placeholder | todo | tbd
    """,
)
_CODE = re.compile(
    rb"""(?ix)
      [a-z_$][\w$]* ( (\.|->|::|\?\.) [a-z_$][\w$]* )+ [(;,]? .{0,64}     # a.b  a->b  a::b(...)
    | [a-z_$][a-z_$.]* [(\[] .*                                       # f(...)  a[...]
    | (new|await|typeof|not|function|async|return|sizeof|delete) [ (].*
    | (qr)? / .* [\[(\\^] .* / [a-z]*                                         # /^[a-z]$/
    | ( \\u [0-9a-f]{4} )+
    | [!&|=+?:<>({\[)}\],;/\\.-]+                                               # punctuation alone
    """,
    re.DOTALL,
)
_MEMBER = re.compile(rb"(?is)[\w$.]+\.(pass|passw(or)?d|pwd|secret|token)\b.*")
_PATH = re.compile(
    rb"""(?ix)
      ( [a-z]:[\\/] | \\\\[\w.-]+\\ | \.{1,2}[\\/] | ~/ ) .*
    | / ( usr|etc|var|opt|home|root|tmp|run|proc|dev|bin|sbin|lib|lib64|mnt|srv|sys|app|work|users|private ) ( /.* )?
    | [a-z][a-z0-9+.-]{1,20}:// [^@]*
    | [\w./\\-]+ \. ( txt|json|xml|ya?ml|conf|cfg|ini|key|pem|crt|pfx|html?|js|ts|py|cs|java|c|h|cpp|dll|exe|so|aspx?|php )
    """,
)
# Names in the place of a value: password=newPassword, token: access_token.
_NAME = re.compile(rb"(?i)[a-z_.-]*(passw(or)?d|passphrase|pwd|secret|token|credential|key|username)s?[a-z_.-]{0,12}")
_PROSE = re.compile(
    rb"(?i)(.*[^a-z])?(a|an|the|your|you|is|are|was|be|must|not|no|can|cannot|for|to|of|and|or|with|if|please|enter|in|on|this"
    rb"|that|has|have|will|should|may|when|from|by|invalid|incorrect|required)[^a-z].*"
)
_STAND_INS = frozenset(b"pass password passwd pw pwd secret null none nil true false undefined required optional".split())
# Strong names of the .NET class libraries: Token=... in fragments of assembly names.
_PUBLIC_KEY_TOKENS = (
    b"b77a5c561934e089", b"b03f5f7f11d50a3a", b"31bf3856ad364e35", b"7cec85d7bea7798e", b"cc7b13ffcd2ddd51",
    b"adb9793829ddae60", b"89845dcd8080cc91",
)
# One code unit above U+00FF before ASCII: where the strings of a .NET image touch each other at odd lengths.
_STRING_TABLE = re.compile(rb"\xff[\x20-\x7e].*", re.DOTALL)
_LETTERS = re.compile(rb"[A-Za-z]+")
_WORDS = frozenset(
    rb"""null nil none true false yes no on off undefined void empty default unknown auto optional required disabled enabled
    string str text int integer bool boolean byte bytes char object any number array buffer list dict type class struct
    var let const function func return value values name names user username users login email host server port file path
    data input output field label title message error warning info debug trace result results request response header
    headers body form query param params arg args argument arguments option options setting settings config get set put
    post add new old this that self super base the and for from with use using not must is are was has have can will may
    if else then when while case end to of in at by or as an a it be do does done see used only also more other some
    such than which what where who how all each both same first last next prev previous following given current
    await async basic bearer digest negotiate ntlm oauth jwt anonymous session cookie csrf xsrf refresh access identity
    system.string securestring lpwstr lpcwstr lpstr pwstr bstr encrypted plaintext plain clear raw hash hashed salt
    public private protected internal static readonly abstract virtual override sealed partial import export require
    module exports package interface enum union template typename unsigned signed long short float double
    invalid valid missing expired changed change reset incorrect wrong expected unexpected found failed
    callback event context options props state ref stdin stdout prompt expression identifier keyword punctuator""".split()
)


def generic(value: bytes) -> Verdict:
    """A value beside a name such as ``password``. Suppresses what only stands for one; doubts a lone short word."""
    text = value.strip()
    reason = _not_a_value(text)
    if reason:
        return Verdict(suppressed=reason)
    return _LOW if _LETTERS.fullmatch(text) and len(text) <= 12 and not _mixed(text) else _UNDECIDED


def token(value: bytes) -> Verdict:
    """A value that a machine made, beside a name such as ``token`` or ``secret``: a plain word is none."""
    verdict = generic(value)
    text = value.strip()
    if verdict.suppressed:
        return verdict
    if len(text) < 6:
        return Verdict(suppressed="too short")
    if any(known.startswith(text) for known in _PUBLIC_KEY_TOKENS):
        return Verdict(suppressed="public key token")
    wordlike = not re.search(rb"[0-9]", text) and not (_mixed(text) and len(text) >= 12)
    return Verdict(suppressed="word") if wordlike else _UNDECIDED


def _not_a_value(text: bytes) -> str:
    """Why ``text`` cannot be a secret value, or nothing."""
    if len(text) < 3:
        return "too short"
    if text.lower() in _WORDS:
        return "word"
    if _STRING_TABLE.fullmatch(text):
        return "string table"
    for reason, pattern in (("placeholder", _PLACEHOLDER), ("path", _PATH), ("name", _NAME)):
        if pattern.fullmatch(text):
            return reason
    if _is_code(text):
        return "code"
    return "prose" if b" " in text and _PROSE.fullmatch(text) else ""


def _is_code(text: bytes) -> bool:
    """True for an expression of a programming language; one with several digits is rather a token."""
    return bool(_CODE.fullmatch(text)) and (sum(48 <= byte <= 57 for byte in text) < 3 or text.startswith((b"\\u", b"/", b"qr/")))


def _mixed(letters: bytes) -> bool:
    """True where capitals stand too close for words in camel case."""
    capitals = sum(65 <= letter <= 90 for letter in letters)
    return 0.3 <= capitals / len(letters) <= 0.8


def _crc_base62(value: bytes) -> Verdict:
    """The last six characters are the CRC-32 of what stands between prefix and checksum, in base 62.

    Source: GitHub, "Behind GitHub's new authentication token formats" (2021); npm uses the same scheme.
    """
    body = value[value.find(b"_") + 1 :]
    number = zlib.crc32(body[:-6])
    digits = bytearray()
    for _ in range(6):
        number, digit = divmod(number, 62)
        digits.append(_BASE62[digit])
    return _HIGH if bytes(reversed(digits)) == body[-6:] else _UNDECIDED


def _jwt(value: bytes) -> Verdict:
    """The first part decodes to a JSON object that names an algorithm (RFC 7515, section 4.1.1)."""
    header = _json_object(_decode(value.partition(b".")[0]))
    return _HIGH if "alg" in header else _UNDECIDED


def _json_object(data: bytes) -> dict[str, object]:
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _aes_key(value: bytes) -> Verdict:
    """Base64 of an AES key: 16 or 32 bytes."""
    return _HIGH if len(_decode(value)) in (16, 32) else _UNDECIDED


def _cipher_iv(value: bytes) -> Verdict:
    """``base64(ciphertext)|base64(iv)`` of AES-CBC: whole blocks, and an IV of one block."""
    cipher, _, iv = (_decode(part) for part in value.partition(b"|"))
    return _HIGH if cipher and len(cipher) % 16 == 0 and len(iv) == 16 else _LOW


def _machine_key(value: bytes) -> Verdict:
    """``base64(key).base64(iv)`` with 32 and 16 bytes."""
    key, _, iv = (_decode(part) for part in value.partition(b"."))
    return _HIGH if (len(key), len(iv)) == (32, 16) else _LOW


def _key_store(value: bytes) -> Verdict:
    """Base64 of a DPAPI blob, or of DER as PKCS#12 begins with (a SEQUENCE with a long length)."""
    head = _decode(value[:64])
    return _HIGH if head.startswith((_DPAPI, b"\x30\x82", b"\x30\x80")) else _UNDECIDED


def _basic(value: bytes) -> Verdict:
    """HTTP Basic credentials decode to ``user:password`` (RFC 7617)."""
    return _HIGH if b":" in _decode(value) else Verdict(suppressed="not credentials")


def _aws_key_id(value: bytes) -> Verdict:
    """Key ids are base 32 after their prefix of four."""
    return _HIGH if not value[4:].strip(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") else _LOW


def _octopus_api_key(value: bytes) -> Verdict:
    """Real keys are capitals and digits; one in mixed case must at least hold digits."""
    body = value[4:]
    if not re.search(rb"[0-9]", body):
        return Verdict(suppressed="word")
    return _HIGH if body == body.upper() else Verdict(Confidence.MEDIUM)


def placeholder(value: bytes) -> Verdict:
    """A value in a place that only a password can have: nothing but a placeholder is suppressed."""
    text = value.strip()
    if _PLACEHOLDER.fullmatch(text) or text.lower() in _STAND_INS:
        return Verdict(suppressed="placeholder")
    if _MEMBER.fullmatch(text):
        return Verdict(suppressed="code")
    if _STRING_TABLE.fullmatch(text):
        return Verdict(suppressed="string table")
    return _LOW if len(text) < 4 else _UNDECIDED


def _environment(value: bytes) -> Verdict:
    """The value of an environment variable: no path, no switch, no word."""
    verdict = generic(value)
    return Verdict(suppressed="word") if verdict == _LOW and value.strip().islower() else verdict


def _cipher_block(value: bytes) -> Verdict:
    """Bytes of a ciphertext: not text, not padding."""
    return Verdict(suppressed="not ciphertext") if len(set(value)) < 12 or value.isascii() else _UNDECIDED


def _decode(text: bytes) -> bytes:
    """The bytes behind base64 or base64url text with or without padding; empty where it is neither."""
    text = text.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
    try:
        return base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


VALIDATORS: Mapping[str, Validator] = {
    "aes-key": _aes_key,
    "aws-key-id": _aws_key_id,
    "basic": _basic,
    "cipher-block": _cipher_block,
    "cipher-iv": _cipher_iv,
    "crc-base62": _crc_base62,
    "environment": _environment,
    "generic": generic,
    "jwt": _jwt,
    "key-store": _key_store,
    "machine-key": _machine_key,
    "octopus-api-key": _octopus_api_key,
    "placeholder": placeholder,
    "token": token,
}
"""Every validator by the name that rules use."""
