"""Validators: checksums and structures set the confidence, placeholders are suppressed for a stated reason."""

from __future__ import annotations

import base64
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dumpscrub.detectors.validators import VALIDATORS, Verdict
from dumpscrub.model import Confidence
from dumpscrub.rules.examples import generate

HIGH = Verdict(Confidence.HIGH)
LOW = Verdict(Confidence.LOW)
MEDIUM = Verdict(Confidence.MEDIUM)
UNDECIDED = Verdict()


def made(expression: str, seed: int = 1) -> bytes:
    return generate(expression, Random(seed)).encode()


def der_public_key() -> bytes:
    """What RFC 5280 puts a public RSA key of 2048 bits in: a sequence of the algorithm and a bit string."""
    head = bytes.fromhex("30820122300d06092a864886f70d01010105000382010f003082010a0282010100")
    return head + Random(8).randbytes(256) + bytes.fromhex("0203010001")


def suppressed(reason: str) -> Verdict:
    return Verdict(suppressed=reason)


@pytest.mark.parametrize(
    ("validator", "value", "verdict"),
    [
        ("crc-base62", made("@crc:ghp_"), HIGH),
        ("crc-base62", made("@crc:npm_"), HIGH),
        ("crc-base62", made("@crc:ghp_") + b"y", Verdict(Confidence.HIGH, size=40)),
        ("crc-base62", made("@crc:ghp_") + b"5waiting", Verdict(Confidence.HIGH, size=40)),
        ("crc-base62", made(r"ghp_\w{36}"), UNDECIDED),
        ("crc-base62", made(r"ghp_\w{44}"), UNDECIDED),
        ("crc-base62", made("@crc:ghp_").lower(), UNDECIDED),
        ("jwt", made("@jwt"), HIGH),
        ("jwt", made("@jwt-unsigned"), HIGH),
        ("jwt", made(r"eyJ\w{20}.eyJ\w{20}"), UNDECIDED),
        ("aes-key", made("@base64:16"), HIGH),
        ("aes-key", made("@base64:32"), HIGH),
        ("aes-key", made("@base64:24"), UNDECIDED),
        ("cipher-iv", made("@aes-cbc:48"), HIGH),
        ("cipher-iv", made("@aes-cbc:47"), LOW),
        ("machine-key", made("@machine-key"), HIGH),
        ("machine-key", made("@machine-key:31"), LOW),
        ("key-store", base64.b64encode(b"\x30\x82\x0a\x10" + bytes(60)), HIGH),
        ("key-store", base64.b64encode(bytes.fromhex("01000000d08c9ddf0115d1118c7a00c04fc297eb") + bytes(60)), HIGH),
        ("key-store", made("@base64:64"), UNDECIDED),
        ("basic", made(r"@base64-of:admin:\w{12}"), HIGH),
        ("basic", b"authentication", suppressed("not credentials")),
        ("basic", base64.b64encode(b"a:\x01\xff\xfe"), suppressed("not credentials")),
        ("base64-text", made(r"@base64-of:\w{12}"), HIGH),
        ("base64-text", base64.b64encode(b"\0user\0word"), HIGH),
        ("base64-text", b"mechanism", suppressed("not credentials")),
        ("generated", made(r"[a-f0-9]{32}"), UNDECIDED),
        ("generated", made(r"\w{40}"), UNDECIDED),
        ("generated", b"0" * 8 + b"-" + b"0" * 12, suppressed("placeholder")),
        ("generated", b"xxxxxxxxxxxxxxxxxxxxxxxx", suppressed("placeholder")),
        ("generated", b"$2a$10$" + b"x" * 53, suppressed("placeholder")),
        ("generated", b"m_localSignatureMetadataToken", suppressed("name")),
        ("generated", b"catchMetadataToken", suppressed("name")),
        ("generated", b"InvalidParameterSpec2Exception", suppressed("name")),
        ("generated", b"kGetDbIdByNetworkIsolationKey", suppressed("name")),
        ("generated", b"REQUEST_BODY_TOO_BIG", suppressed("name")),
        ("generated", b"_ZN16GenCollectedHeap18attempt_allocationEmbb", suppressed("name")),
        ("generated", b"internationalisationof", LOW),
        ("generated", b"my_secret_token_name", LOW),
        ("generated", b"CPyDef_nodes___TypeInfo___get_full_name", suppressed("name")),
        ("generated", b"usr/share/doc/tools/keys", LOW),
        ("generated", b"0123456789abcdef0123456789abcdef", LOW),
        ("generated", b"1a-example-value-38f0a", LOW),
        ("aws-key-id", made("AKIA[A-Z2-7]{16}"), HIGH),
        ("aws-key-id", made("AKIA[A-Z]{15}") + b"1", LOW),
        ("aws-key-id", b"AKIA" + b"IOSFODNN7EXAMPLE", suppressed("placeholder")),
        ("octopus-api-key", made(r"API-[A-Z]{20}\d{7}"), HIGH),
        ("octopus-api-key", made(r"API-[a-z]{20}\d{7}"), MEDIUM),
        ("octopus-api-key", b"API-InternalAuthenticationHandlers", suppressed("word")),
        ("cipher-block", bytes(range(100, 164)), UNDECIDED),
        ("cipher-block", b"DIV__ROUND_TO_NEAREST_EVEN_MODES", suppressed("not ciphertext")),
        ("cipher-block", b"\xff" * 32, suppressed("not ciphertext")),
    ],
)
def test_structures(validator: str, value: bytes, verdict: Verdict) -> None:
    assert VALIDATORS[validator](value) == verdict


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"ab", "too short"),
        (b"********", "placeholder"),
        (b"xxxxxxxx", "placeholder"),
        (b"x-x-x-x", "placeholder"),
        (b"{0}", "placeholder"),
        (b"{password}", "placeholder"),
        (b"<password>", "placeholder"),
        (b"${DB_PASSWORD}", "placeholder"),
        (b"#{Project.Password}", "placeholder"),
        (b"$(Secret)", "placeholder"),
        (b"$i18n{editPassword}", "placeholder"),
        (b"mF_9.B5f-4.1JqM", "placeholder"),
        (base64.b64encode(der_public_key()), "public key"),
        (b"$password", "placeholder"),
        (b"%PASSWORD%", "placeholder"),
        (b"%s:%s", "placeholder"),
        (b"%ld", "placeholder"),
        (b"0x%08lX", "placeholder"),
        (b"%.2f%%", "placeholder"),
        (b"0x{0:x8", "placeholder"),
        (b"%scustomer", "placeholder"),
        (b"user %s, host %s", "placeholder"),
        (b"your-api-key-here", "placeholder"),
        (b"YOUR_PASSWORD", "placeholder"),
        (b"null", "word"),
        (b"Undefined", "word"),
        (b"System.String", "word"),
        (b"required", "word"),
        (b"password", "name"),
        (b"passwordsOnce", "name"),
        (b"password.value", "name"),
        (b"newValue", "word"),
        (b"options->pw", "code"),
        (b"getPassword(user)", "code"),
        (b"b64encode(f", "code"),
        (b"args[0]", "code"),
        (b"0]=", "code"),
        (b"!this.passphrase_", "code"),
        (b"!0}s.reqCnf=n}return", "code"),
        (b"(self.value", "code"),
        (b"await read", "code"),
        (b"`cmd /c cd`", "code"),
        (b"/^[a-z]+$/", "code"),
        (b"\\u53E3\\u4EE4", "code"),
        (b"/usr/share/keys", "path"),
        (b"C:\\keys\\a.txt", "path"),
        (b"https://example.org/token", "path"),
        (b"server.pfx", "path"),
        (b"Please enter your password", "prose"),
        (b"1.2.840.113549.1.9", "number"),
        (b"--password=", "switch"),
        (b"\xffthe\xffother", "string table"),
        (b"true\xff)CreateUser", "string table"),
    ],
)
def test_what_stands_for_a_password_is_none(value: bytes, reason: str) -> None:
    assert VALIDATORS["generic"](value) == suppressed(reason)


@pytest.mark.parametrize(
    "value", [b"Summer.Winter", b"Berlin_Token", b"tiger-Secret", b"access_token", b"passwordHash", b"this.state.value"]
)
def test_words_that_may_be_a_password_are_masked_but_not_swept(value: bytes) -> None:
    assert VALIDATORS["generic"](value) == Verdict(Confidence.LOW)


@pytest.mark.parametrize(
    "value",
    [
        b"hunter2",
        b"P@ssw0rd!",
        b"Summer2024!",
        b"correcthorse",
        b"correct horse battery",
        b"100%s3cure",
        b"abc.def.9xyz",
        b"{s3cr3t}x1",
        b"$ecr3tPa55",
        b"$x{4b}",
        b"%d0%9ax7Q",
        b"MySecret1",
        b"password123",
        b"supersecret",
        b'it\'s"q7"x9',
        b"\\\\u041a\\\\u043b7x",
        b"/a+b/c9Zq==",
        b"A7T0O6 XWP",
        b"\xd0\xba\xd0\xbb\xd1\x8e7x",
    ],
)
def test_real_passwords_pass(value: bytes) -> None:
    assert VALIDATORS["generic"](value) == UNDECIDED


@pytest.mark.parametrize("value", [b"letmein", b"hunter", b"SecretStr", b"acct"])
def test_a_short_word_is_masked_with_low_confidence(value: bytes) -> None:
    assert VALIDATORS["generic"](value) == LOW


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        (b"identifier", suppressed("word")),
        (b"CancellationTokenSource", suppressed("name")),
        (b"correcthorse", suppressed("word")),
        (b"abc1", suppressed("too short")),
        (b"com.acme.auth.TokenProvider@1a2b3c4d", suppressed("name")),
        (b"Winter@2024", UNDECIDED),
        (b"a.Winter@2024", UNDECIDED),
        (b"b03f5f7f11", suppressed("public key token")),
        (b"a1b2c3", UNDECIDED),
        (b"QwErTyUiOpAs", UNDECIDED),
    ],
)
def test_tokens_are_made_by_machines(value: bytes, verdict: Verdict) -> None:
    assert VALIDATORS["token"](value) == verdict


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        (b"cacheManagerGetRefreshToken", suppressed("name")),
        (b"correctHorseBatteryStaple", LOW),
        (b"acquireToken", suppressed("name")),
        (b"ACCESS_TOKEN", suppressed("name")),
        (b"a1b2c3d4", UNDECIDED),
    ],
)
def test_a_quoted_name_of_code_is_no_token(value: bytes, verdict: Verdict) -> None:
    assert VALIDATORS["quoted-token"](value) == verdict


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        (b"sa", LOW),
        (b"letmein", UNDECIDED),
        (b"newPassword", UNDECIDED),
        (b"a.b", LOW),
        (b"password", LOW),
        (b"null", suppressed("placeholder")),
        (b"{0}", suppressed("placeholder")),
        (b"******", suppressed("placeholder")),
        (b"this.options.password || ''", suppressed("code")),
        (b"\xff done", suppressed("string table")),
    ],
)
def test_a_sure_place_suppresses_placeholders_only(value: bytes, verdict: Verdict) -> None:
    assert VALIDATORS["placeholder"](value) == verdict


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        (b"password", suppressed("word")),
        (b"passwd>", suppressed("word")),
        (b"letmein", UNDECIDED),
        (b"$PASSWORD", suppressed("placeholder")),
    ],
)
def test_a_command_in_a_help_text_names_its_password(value: bytes, verdict: Verdict) -> None:
    assert VALIDATORS["command"](value) == verdict


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        (b"hunter2", UNDECIDED),
        (b"P@ss9word.", UNDECIDED),
        (b"incorrect", suppressed("word")),
        (b"2019-04-01", suppressed("word")),
        (b"v1.2.3", suppressed("word")),
        (b"30days", suppressed("word")),
    ],
)
def test_sentences_tell_a_password_with_digits_only(value: bytes, verdict: Verdict) -> None:
    assert VALIDATORS["told"](value) == verdict


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        (b"commands", LOW),
        (b"eingeben:", LOW),
        (b"m\xc3\xbcssen", LOW),
        (b"hunter2", UNDECIDED),
        (b"horse-battery", UNDECIDED),
        (b"string", suppressed("word")),
    ],
)
def test_words_after_a_switch_may_be_prose(value: bytes, verdict: Verdict) -> None:
    assert VALIDATORS["loose"](value) == verdict


@pytest.mark.parametrize(("value", "verdict"), [(b"gnome", suppressed("word")), (b"Zq8 x;y", UNDECIDED)])
def test_environment_values(value: bytes, verdict: Verdict) -> None:
    assert VALIDATORS["environment"](value) == verdict


@pytest.mark.parametrize(
    "value",
    [
        b"Outer$Inner",
        b"java.lang.System",
        b"com/acme/vault/Client$1",
        b"(Ljava/lang/Object;JI)[Ljava/lang/Object;",
        b"DB_PASSWORD",
        b"UPDATE app.users SET secret = @p WHERE id = 7",
        b"select a, b\nfrom t",
    ],
)
def test_a_heap_holds_names_and_statements(value: bytes) -> None:
    assert VALIDATORS["heap-entry"](value) == suppressed("name")


@pytest.mark.parametrize("value", [b"hunter2$abc", b"Tr0ub4dor", b"horse.battery1", b"ABC_DEF9", b"select a horse 7"])
def test_a_heap_holds_passwords(value: bytes) -> None:
    assert not VALIDATORS["heap-entry"](value).suppressed


@pytest.mark.parametrize("name", VALIDATORS)
@given(value=st.binary(min_size=1, max_size=300))
@settings(max_examples=40, deadline=None)
def test_no_validator_fails_on_any_bytes(name: str, value: bytes) -> None:
    verdict = VALIDATORS[name](value)
    assert isinstance(verdict, Verdict)
    assert verdict.confidence is None or not verdict.suppressed


@pytest.mark.parametrize("name", VALIDATORS)
@pytest.mark.parametrize(
    "piece", [b"a.", b"your-", b"{", b"(", b"\\u0041", b"%s ", b"the ", b"a_", b"%%", b"/a", b"A", b"{1:"]
)
def test_long_values_are_judged_at_once(name: str, piece: bytes) -> None:
    assert isinstance(VALIDATORS[name](piece * 20_000), Verdict)
