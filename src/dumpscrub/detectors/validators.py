"""What the text of a candidate says about it: a checksum or a structure sets the confidence, a placeholder suppresses.

A checksum that does not hold lowers nothing but the confidence: memory also holds cut and altered keys.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dumpscrub import checksums
from dumpscrub.detectors import personal, standins
from dumpscrub.model import Confidence

_CAPITALS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_USUAL = 36
"""Characters behind the prefix of tokens that end in a checksum."""
_DPAPI = bytes.fromhex("01000000d08c9ddf0115d1118c7a00c04fc297eb")


@dataclass(frozen=True, slots=True)
class Verdict:
    """``confidence`` replaces the rule's, None leaves it; ``suppressed`` is the reason not to take the candidate.

    A value of LOW confidence is masked where it stands, and not looked for elsewhere. ``size`` characters of it are
    proven to be all of the value: what follows them belongs to something else, as text that no NUL ends does.
    """

    confidence: Confidence | None = None
    suppressed: str = ""
    size: int = 0


Validator = Callable[[bytes], Verdict]

_UNDECIDED = Verdict()
_HIGH = Verdict(Confidence.HIGH)
_LOW = Verdict(Confidence.LOW)

_DOUBTFUL = ("name", "code", "word")
_NEVER = ("too short", "placeholder", "string table", "public key token", "public key")
"""Reasons that leave no doubt even where a value has the shape of a key."""
_LETTERS = re.compile(rb"[A-Za-z]+")
_STAND_INS = frozenset(b"null none nil true false undefined required optional".split())
_NAMES = frozenset(b"pass password passwd pw pwd secret".split())
# Strong names of the .NET class libraries: "Token=" also begins a piece of an assembly's name.
_PUBLIC_KEY_TOKENS = tuple(
    b"b77a5c561934e089 b03f5f7f11d50a3a 31bf3856ad364e35 7cec85d7bea7798e cc7b13ffcd2ddd51 adb9793829ddae60 "
    b"89845dcd8080cc91".split()
)


def generic(value: bytes) -> Verdict:
    """A value beside a name such as ``password``. A short lone word may be one, but is not looked for elsewhere."""
    text = value.strip()
    reason = standins.reason(text)
    if reason:
        return _doubtful(text, reason)
    wordlike = _LETTERS.fullmatch(text) and len(text) <= 12 and not _mixed(text)
    return _LOW if wordlike and (len(text) < 8 or not text.islower()) else _UNDECIDED


def _heap_entry(value: bytes) -> Verdict:
    """As :func:`generic` beside a name in memory of Java, which holds names and statements by the thousand."""
    return Verdict(suppressed="name") if standins.is_program_text(value.strip()) else generic(value)


def token(value: bytes) -> Verdict:
    """A value that a machine made, beside a name such as ``token`` or ``secret``: a plain word is none."""
    text = value.strip()
    reason = standins.reason(text) or _no_token(text)
    return Verdict(suppressed=reason) if reason else _UNDECIDED


def _generated(value: bytes) -> Verdict:
    """A value of the shape that a service gives its keys, beside its name: only filler and identifiers are none.

    What people make up has the shape, too: words, a path, a sequence. It is masked where it stands.
    """
    if standins.is_filler(value):
        return Verdict(suppressed="placeholder")
    if standins.is_identifier(value):
        return Verdict(suppressed="name")
    reason = standins.reason(value) or _no_token(value)
    if reason in _NEVER:
        return Verdict(suppressed=reason)
    doubtful = reason or standins.is_sequence(value) or standins.is_typed(value)
    return _LOW if doubtful else _UNDECIDED


def _quoted_token(value: bytes) -> Verdict:
    """As :func:`token` where name and value are quoted, as in JSON: that is rather data than code."""
    verdict = token(value)
    if verdict.suppressed and standins.is_name_of_secret(value.strip()):
        return verdict
    return _doubtful(value.strip(), verdict.suppressed) if verdict.suppressed else verdict


def _doubtful(text: bytes, reason: str) -> Verdict:
    """What becomes of a value that reads like a name: words that may be a password are masked where they stand."""
    doubtful = reason in _DOUBTFUL and standins.is_passphrase(text)
    return _LOW if doubtful else Verdict(suppressed=reason)


def _no_token(text: bytes) -> str:
    if len(text) < 6:
        return "too short"
    if any(known.startswith(text) for known in _PUBLIC_KEY_TOKENS):
        return "public key token"
    return "" if re.search(rb"[0-9]", text) or (_mixed(text) and len(text) >= 12) else "word"


def placeholder(value: bytes) -> Verdict:
    """A value in a place that only a password can have: nothing but a placeholder is suppressed."""
    text = value.strip()
    reason = "placeholder" if text.lower() in _STAND_INS else standins.placeholder_reason(text)
    if reason:
        return Verdict(suppressed=reason)
    return _LOW if len(text) < 4 or text.lower() in _NAMES else _UNDECIDED


def _command(value: bytes) -> Verdict:
    """As :func:`placeholder` in a command, as help texts show them: what a password is called is none."""
    return Verdict(suppressed="word") if value.strip(b" <>[].\"'").lower() in _NAMES else placeholder(value)


def _loose(value: bytes) -> Verdict:
    """As :func:`generic` where prose is as likely, as after a colon: a value without digit or sign is a word."""
    verdict = generic(value)
    wordlike = not re.search(rb"[0-9!-/:-@\[-`{-~]", value.strip().rstrip(b".,:;!?"))
    return _LOW if wordlike and not verdict.suppressed else verdict


def _told(value: bytes) -> Verdict:
    """A value in a sentence: letters and digits, and no number, date or version."""
    text = value.rstrip(b".!?")
    ordinary = re.fullmatch(rb"v?[0-9.:/,-]+[a-z]{0,5}", text) or not re.search(rb"[0-9]", text)
    return Verdict(suppressed="word") if ordinary else token(text)


def _interleaved(value: bytes) -> Verdict:
    """As :func:`_told` amid prose, code and tables of strings."""
    mixed = standins.is_interleaved(value.rstrip(b".!?"))
    return _told(value) if mixed else Verdict(suppressed="word")


def _mixed_case(value: bytes) -> Verdict:
    """As :func:`_interleaved` beside a name that may be any key: capitals, small letters and digits, unlike a hash."""
    mixed = all(re.search(kind, value) for kind in (rb"[A-Z]", rb"[a-z]", rb"[0-9]"))
    return _interleaved(value) if mixed else Verdict(suppressed="word")


def _environment(value: bytes) -> Verdict:
    """The value of an environment variable: a short lone word is a setting."""
    verdict = generic(value)
    return Verdict(suppressed="word") if verdict == _LOW and value.strip().islower() else verdict


def _mixed(text: bytes) -> bool:
    """True where capitals stand too close for words in camel case."""
    capitals = len(text) - len(text.translate(None, _CAPITALS))
    return 0.3 <= capitals / len(text) <= 0.8


def _crc_base62(value: bytes) -> Verdict:
    """The last six characters are a checksum; or those of a token as long as they mostly are, and others follow it."""
    start = value.find(b"_") + 1
    if checksums.ends_in_crc(value[start:]):
        return _HIGH
    usual = start + _USUAL
    return Verdict(Confidence.HIGH, size=usual) if checksums.ends_in_crc(value[start:usual]) else _UNDECIDED


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
    decoded = _decode(value)
    credentials = b":" in decoded and _is_text(decoded)
    return _HIGH if credentials else Verdict(suppressed="not credentials")


def _base64_text(value: bytes) -> Verdict:
    """Base64 of text, which may hold NULs."""
    decoded = _decode(value)
    return _HIGH if decoded and _is_text(decoded.replace(b"\0", b" ")) else Verdict(suppressed="not credentials")


def _aws_key_id(value: bytes) -> Verdict:
    """Key ids are base 32 after their prefix of four."""
    if b"EXAMPLE" in value:
        return Verdict(suppressed="placeholder")
    return _HIGH if not value[4:].strip(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") else _LOW


def _octopus_api_key(value: bytes) -> Verdict:
    """Real keys are capitals and digits; one in mixed case must at least hold digits."""
    body = value[4:]
    if not re.search(rb"[0-9]", body):
        return Verdict(suppressed="word")
    return _HIGH if body == body.upper() else Verdict(Confidence.MEDIUM)


def _is_text(data: bytes) -> bool:
    """True for UTF-8 without control characters."""
    try:
        return data.decode("utf-8").isprintable()
    except UnicodeDecodeError:
        return False


def _cipher_block(value: bytes) -> Verdict:
    """Bytes of a ciphertext: not text, not padding."""
    return Verdict(suppressed="not ciphertext") if len(set(value)) < 12 or value.isascii() else _UNDECIDED


def _checked(holds: Callable[[bytes], bool], otherwise: Verdict) -> Validator:
    """High confidence for a value that ``holds``, and ``otherwise`` that verdict."""
    return lambda value: _HIGH if holds(value) else otherwise


def _unless(reason: Callable[[bytes], str]) -> Validator:
    """Whatever there is no ``reason`` against."""
    return lambda value: Verdict(suppressed=reason(value))


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
    "base64-text": _base64_text,
    "cipher-block": _cipher_block,
    "cipher-iv": _cipher_iv,
    "command": _command,
    "crc-base62": _crc_base62,
    "environment": _environment,
    "generated": _generated,
    "generic": generic,
    "heap-entry": _heap_entry,
    "host-name": _unless(personal.no_host),
    "iban": _checked(personal.is_iban, Verdict(suppressed="checksum")),
    "ip-address": _unless(personal.no_address),
    "interleaved": _interleaved,
    "jwt": _jwt,
    "key-store": _key_store,
    "loose": _loose,
    "luhn": _checked(personal.is_card_number, Verdict(suppressed="checksum")),
    "machine-key": _machine_key,
    "mixed-case": _mixed_case,
    "named-iban": _checked(personal.is_iban, _LOW),
    "named-luhn": _checked(personal.is_card_number, _LOW),
    "octopus-api-key": _octopus_api_key,
    "phone": _unless(personal.no_phone_number),
    "placeholder": placeholder,
    "quoted-token": _quoted_token,
    "told": _told,
    "token": token,
    "user-name": _unless(personal.no_user),
}
"""Every validator by the name that rules use."""
