"""What stands in the place of a secret and is none: placeholders, code, paths, names, everyday words.

Source code, help texts, templates and string tables are part of every process. There a name such as ``password`` is
followed by something that only refers to a value.
"""

from __future__ import annotations

import base64
import re
from itertools import pairwise

_PLACEHOLDER = re.compile(
    rb"""(?ix)
      (.)\1*                                                                    # one character, repeated
    | [x*.\#?_-]+
    | \{+ [^{}]* \}+ | \[+ [^\[\]]* \]+ | <+ [^<>]* >+ | \(+ [^()]* \)+
    | [$\#@!]+ [({] [^{}()]* [)}] .*                                            # ${x} $(x) #{x} @{x}
    | [$@%:&] [a-z_][a-z_.:\[\]'"-]* %?                                         # $x @x %x% :x
    | \$ [a-z]\w{0,15} \{ [a-z_.]+ \}                                           # $i18n{x}
    | .* ( \{ \d+ (:[^{}]*)? (\}|\Z) | (?-i:%[sdux@])(?![a-z0-9]) | \$\{ | \#\{ | \{\{ | %[({]\w+[)}] ) .*
    | (0x)? ( % [-+.\d]* (hh|ll|h|l|z)? [cdefgiosuxp] [^a-z0-9]* )+             # format strings
    | (?-i:%[sd])[a-z]*                                                        # a message that goes on
    | (your|example|sample|dummy|fake|insert|enter)
      [-_. ]* [a-z_. -]* (key|token|secret|passw(or)?d|pass|pwd|value|here)
    | (my|the|some|type|new|old|current|user)
      [-_. ] [a-z_. -]* (key|token|secret|passw(or)?d|pass|pwd|value|here)
    | redacted | masked | hidden | removed | sensitive | placeholder | todo | tbd
    """,
    re.DOTALL,
)
_CODE = re.compile(
    rb"""(?ix)
      [a-z_$]+ ( (\.|->|::|\?\.) [a-z_$]+ )+ [;,]?                              # a.b  a->b
    | [a-z_$][\w$]* ( (\.|->|::|\?\.) [a-z_$][\w$]* )+ [ (].{0,64}              # a.b1(...)
    | [a-z_]\w* (::\w+)+ .*                                                     # a::b<c>
    | [a-z_$][a-z_$.]* [(\[] .*                                                 # f(...)  a[...]
    | (?-i: [a-z_$][\w$.]* [(\[] .* )                                           # b64encode(...)
    | [(\[] [\w\s.,:'"()\[\]=+*-]*
    | (new|await|typeof|not|function|async|return|sizeof|delete) [ (].*
    | [!&|=+?:<>({\[)}\],;/\\.-]+                                               # punctuation alone
    | !{1,2} this (\.[\w$]+)+ | ![01] ([}\]),;&|?:] .*)? | \d{1,4} \] =?         # !this.x  !0}return  x[0]=
    """,
    re.DOTALL,
)
_LITERAL_CODE = re.compile(rb"(?i)`[a-z_./ -]*|`.*`.*|(qr)?/.*[\[(\\^].*/[a-z]*|(\\u[0-9a-f]{4})+", re.DOTALL)
_NUMBERED = re.compile(rb"(?i)b(ase)?(16|32|64)|[a-z]25519|x509|utf_?8|sha\d+|md5|65537|[(\[].*", re.DOTALL)
"""Names in code that hold digits of their own, and arguments."""
_MEMBER = re.compile(rb"(?is)[\w$]+(\.[\w$]+)*\.(pass|passw(or)?d|pwd|secret|token)\b.*")
_PATH = re.compile(
    rb"""(?ix)
      ( [a-z]:[\\/] | \\\\(?!u[0-9a-f]{4})[\w.-]+\\ | \.{1,2}[\\/] | ~/ ) .*
    | / ( usr|etc|var|opt|home|root|tmp|run|proc|dev|bin|sbin|lib|lib64|mnt|srv|sys|app|work|users|private ) ( /.* )?
    | [a-z][a-z0-9+.-]{1,20}:// [^@]*
    | [\w./\\-]+ \.
      ( txt|json|xml|ya?ml|conf|cfg|ini|key|pem|crt|pfx|html?|js|ts|py|cs|java|c|h|cpp|dll|exe|so|aspx?|php )
    """,
)
_NAME = re.compile(
    rb"""(?x)
      (?i: _{0,2} (passw(or)?d|passphrase|pwd|secret|token|credential|key|username)s? )
    | (?i: [a-z_.-]*[_.-](passw(or)?d|passphrase|pwd|secret|token|credential|key|username)s?[a-z_.-]{0,12} )
    | (?i: (passw(or)?d|passphrase|pwd|secret|token|credential|key|username)s?[_.-][a-z_.-]{0,16} )
    | [A-Za-z]*[a-z](Password|Passwd|Passphrase|Pwd|Secret|Token|Credential|Key|[Uu]serName)s?[A-Za-z]{0,12}
    | (password|passwd|secret|token|key)s?[A-Z][A-Za-z]{0,16}
    """
)
_IDENTITY = re.compile(rb"(?:[a-z]\w*\.){2,}[A-Z][\w$]*@[0-9a-f]{1,8}[;,)]?")
"""What Java shows of an object that shows nothing of itself: its class and the number by which locks are told apart."""
_NUMBER = re.compile(rb"v?[0-9]{1,10}(\.[0-9]{1,10}){2,}|HTTP/[0-9](\.[0-9])?")
"""Versions, IP addresses, object identifiers; how the first line of a request ends."""
_SWITCH = re.compile(rb"--?[A-Za-z][A-Za-z-]*=?")
_PROSE = re.compile(
    rb"(?is)(.* )?(an|the|your|you|is|are|was|be|must|not|no|can|cannot|for|to|of|and|or|with|if|please|enter|in|on"
    rb"|this|that|has|have|will|should|may|when|from|by|invalid|incorrect|required)[ .,:;!?)].*"
)
# A code unit above U+00FF before ASCII: where the strings of a .NET image touch each other at odd lengths.
_STRING_TABLE = re.compile(
    rb"(?i)(\xff[\x20-\x7e]|(true|false|null|none|empty|yes|no)[.;,!?]?[\x7f-\xff]).*", re.DOTALL
)
_WORDS = frozenset(
    rb"""
    null nil none true false yes no on off undefined void empty default unknown auto optional required disabled
    enabled string str text int integer bool boolean byte bytes char object any number array buffer list dict type
    class struct var let const function func return value values name names user username users login email host
    server port file path data input output field label title message error warning info debug trace result results
    request response header headers body form query param params arg args argument arguments option options setting
    settings config get set put post add new old this that self super base the and for from with use using not must
    is are was has have can will may if else then when while case end to of in at by or as an a it be do does done
    see used only also more other some such than which what where who how all each both same first last next prev
    previous following given current await async basic bearer digest negotiate ntlm oauth jwt anonymous session
    cookie csrf xsrf refresh access identity system.string securestring lpwstr lpcwstr lpstr pwstr bstr encrypted
    plaintext plain clear raw hash hashed salt public private protected internal static readonly abstract virtual
    override sealed partial import export require module exports package interface enum union template typename
    unsigned signed long short float double invalid valid missing expired changed change reset incorrect wrong
    expected unexpected found failed callback event context props state ref stdin stdout prompt expression
    identifier keyword punctuator define checkbox newvalue oldvalue 5839
    """.split()
)
"""Types, keywords and settings, in lower case; and the /password of every Type 1 font."""
_PUBLISHED = re.compile(
    rb"2YotnFZFEjr1zCsicMWpAA|tGzv3JOkF0XG5Qx2TlKWIA|SplxlOBeZQQYbYS6WxSbIA|czZCaGRSa3F0MzpnWDFmQmF0M2JW"
    rb"|mF_9[.]B5f-4[.]1JqM|h480djs93hd8"
)
"""Tokens and codes of the examples in RFC 6749 and RFC 6750, which help texts and libraries repeat."""
_PUBLIC_KEYS = tuple(
    base64.b64encode(bytes.fromhex(head))[: len(head) * 2 // 3]
    for head in (
        "30819f300d06092a864886f70d0101010500",
        "30820122300d06092a864886f70d01010105",
        "308201a2300d06092a864886f70d01010105",
        "30820222300d06092a864886f70d01010105",
        "3059301306072a8648ce3d020106082a8648ce3d",
        "3076301006072a8648ce3d020106052b81040022",
        "302a300506032b6570032100",
        "302a300506032b656e032100",
    )
)
"""How SubjectPublicKeyInfo (RFC 5280) begins in base64: RSA of 1024 to 4096 bits, P-256, P-384, Ed25519, X25519."""
_PASSPHRASE = re.compile(rb"[A-Za-z]+([._#@!$^*+~-][A-Za-z]+)*")
_REFERENCE = re.compile(
    rb"(?i)(.*[._-])?(pass|passw(or)?d|passphrase|pwd)(\.value)?|secret|token|key"
    rb"|(?-i:[a-z]*[Pp]asswords([A-Z][a-z]+)*)"
)
"""What names a password, or several: ``options.password``, ``passwordsOnce``."""
_TYPED = re.compile(rb"example|placeholder|changeme|changeit|your|insert|dummy|sample|redacted|xxxx")
_IDENTIFIER = re.compile(
    rb"""(?x)
      [a-z]* ( ([A-Z][a-z]){0,3} [A-Z][a-z]{2,} \d? ){3,} ([A-Z][a-z]){0,2}     # InvalidParameterSpec2Exception
    | ([a-z]{0,2}_{1,2})? [a-z]{3,} ([A-Z][a-z]{3,} \d?){2,}                  # m_catchMetadataToken
    | _{0,3} [A-Z]{2,} ( _ [A-Z]{2,} ){2,}                                     # LOST_PACKETS_ERROR
    | _{1,3} Z [A-Z]{0,3} \d .*                                                # _ZN4Node4ruleEv
    | _{0,5} [A-Za-z]+ \d{0,2} ( _{1,5} ( [A-Za-z]+ \d{0,2} | \d{1,2} ) ){4,} _{0,5}  # visit_any__Visitor_glue
    """,
    re.DOTALL,
)
_NAME_OF_TOKEN = re.compile(
    rb"(?i)(?:access|acquire|auth|client|id|refresh|session)[_-]?(?:token|secret)s?|token[_-]?secret"
)
_SECRET_WORD = re.compile(rb"(?:Token|Secret|Password|Credential|Key)s?(?![a-z])")
_PROGRAM_TEXT = re.compile(
    rb"""(?xs)
      (?: [a-z][a-z0-9_]* [./] ){2,} [A-Za-z][\w$]*                              # java.util.Map, java/util/Map$Entry
    | [A-Z][A-Za-z0-9]{2,} (?: \$ [A-Za-z0-9]{3,} )+                            # Outer$Inner
    | (?: \( (?: \[* (?: [BCDFIJSZ] | L[\w/$]+; ) )* \) )? \[* (?: [BCDFIJSVZ] | L[\w/$]+; )  # (Ljava/lang/Object;)V
    | [A-Z]{2,} (?: _ [A-Z]{2,} )+                                             # API_TOKEN
    | (?i: select\b .* \bfrom | insert\s+into | update\s+\S+\s+set | delete\s+from | merge\s+into ) \b .*
    """
)
_RUN = re.compile(rb"(.)\1{15,}", re.DOTALL)
_SIGNS = b"_-.:/+= "
_KINDS = bytes(
    3 if 48 <= code <= 57 else 2 if 65 <= code <= 90 else 1 if 97 <= code <= 122 else 0 for code in range(256)
)
"""Signs, small letters, capitals and digits told apart."""
_WORDS_OF_NAMES = re.compile(rb"([A-Z]?[a-z]{3,}|[A-Z]{4,})+")
_CHANGES = 5
_FEW = 2
_DIGITS = frozenset(b"0123456789")
_PARTS = re.compile(rb"[A-Za-z0-9]+")
_TURN = re.compile(rb"(?<=[A-Za-z])[0-9]|(?<=[0-9])[A-Za-z]")
_LONGEST = 256
"""Characters above which a value is too long to stand for another one."""


def reason(text: bytes) -> str:
    """Why ``text`` is no secret, in a word or two; empty where it may be one."""
    if len(text) < 3:
        return "too short"
    if text.startswith(_PUBLIC_KEYS):
        return "public key"
    return _reason(text) if len(text) <= _LONGEST else ""


def _reason(text: bytes) -> str:
    if text.lower() in _WORDS:
        return "word"
    for name, pattern in (
        ("placeholder", _PUBLISHED),
        ("string table", _STRING_TABLE),
        ("placeholder", _PLACEHOLDER),
        ("path", _PATH),
        ("name", _NAME),
        ("name", _IDENTITY),
        ("code", _LITERAL_CODE),
        ("number", _NUMBER),
        ("switch", _SWITCH),
    ):
        if pattern.fullmatch(text):
            return name
    if _is_expression(text):
        return "code"
    return "prose" if b" " in text and _PROSE.fullmatch(text) else ""


def is_passphrase(text: bytes) -> bool:
    """True for words that people take for a password although they look like a name: ``Summer.Winter``, ``changeme``.

    Such a value is masked where it stands and not looked for elsewhere, where it would mostly be a name.
    """
    if len(text) > _LONGEST or text.lower() in _WORDS or _REFERENCE.fullmatch(text):
        return False
    return bool(_PASSPHRASE.fullmatch(text))


def placeholder_reason(text: bytes) -> str:
    """As :func:`reason` for a place that only a password can have: words, names and short values may be one."""
    for name, pattern in (
        ("placeholder", _PUBLISHED),
        ("string table", _STRING_TABLE),
        ("placeholder", _PLACEHOLDER),
        ("code", _MEMBER),
    ):
        if len(text) <= _LONGEST and pattern.fullmatch(text):
            return name
    return ""


def is_filler(text: bytes) -> bool:
    """True for a value in which hardly anything differs, or that is mostly one character: ``00000000-0000``."""
    plain = text.lower().translate(None, _SIGNS)
    run = _RUN.search(plain)
    return len(set(plain)) < 4 or (run is not None and 2 * len(run[0]) >= len(plain))


def is_identifier(text: bytes) -> bool:
    """True for a name of code: ``InvalidParameterSpec2Exception``, ``LOST_PACKETS_ERROR``, ``_ZN4Node4ruleEv``."""
    return bool(_IDENTIFIER.fullmatch(text))


def is_name_of_secret(text: bytes) -> bool:
    """True for a name of code that says that it is a secret: ``acquireTokenFromCache``, ``access_token``."""
    return bool(_NAME_OF_TOKEN.fullmatch(text) or (is_identifier(text) and _SECRET_WORD.search(text)))


def is_program_text(text: bytes) -> bool:
    """True for what memory of Java holds besides values: names of classes and variables, statements of SQL."""
    return bool(_PROGRAM_TEXT.fullmatch(text))


def is_sequence(text: bytes) -> bool:
    """True for a value that is mostly counted out: ``0123456789abcdef``, ``abcdefghijklmnop``."""
    plain = text.lower().translate(None, _SIGNS)
    return sum(after - before == 1 for before, after in pairwise(plain)) >= 0.75 * len(plain)


def is_typed(text: bytes) -> bool:
    """True for a value with words that people write into values that they make up: ``my-example-key-01``."""
    return bool(_TYPED.search(text.lower().translate(None, _SIGNS)))


def is_interleaved(text: bytes) -> bool:
    """True where letters, digits and signs change places too often for a name: ``qT7v-Zx8``, not ``Form2.SHA256``."""
    return changes(text) >= _CHANGES and not is_identifier(text)


def is_mixed(text: bytes) -> bool:
    """True where letters and digits change places in ``text``: for one of a known form, of which the place is in doubt.

    In words with numbers joined by signs, ``der2slh_dsa_sha2_128s``, they do not within any of the words.
    """
    parts = _PARTS.findall(text)
    is_one = any(sum(map(_DIGITS.__contains__, part)) >= _FEW <= len(_TURN.findall(part)) for part in parts)
    if is_one and len(parts) == 1:
        return True
    return (is_one or len(parts) == 1) and is_interleaved(text.translate(None, _SIGNS))


def changes(text: bytes) -> int:
    """How often letters of one case, digits and signs change places; a word counts as one letter."""
    kinds = _WORDS_OF_NAMES.sub(b"w", text).translate(_KINDS)
    return sum(before != after for before, after in pairwise(kinds))


def _is_expression(text: bytes) -> bool:
    """True for an expression of a programming language; one with several digits is rather a token."""
    digits = sum(48 <= byte <= 57 for byte in _NUMBERED.sub(b"", text))
    return digits < 3 and bool(_CODE.fullmatch(text))
