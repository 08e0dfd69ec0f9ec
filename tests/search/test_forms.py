from __future__ import annotations

import ast
import base64
import html
import json
import pickle
import random
import unicodedata
import urllib.parse
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dumpscrub.model import Encoding, SecretValue
from dumpscrub.operators import OPERATORS
from dumpscrub.search.escapes import in_documents
from dumpscrub.search.forms import PLAIN, Form, decoded, forms, spelled, spelling_of, worth_sweeping
from dumpscrub.search.obfuscated import obfuscated, revealed

MODERATE = settings(max_examples=60, deadline=None)
PRINTABLE = st.characters(exclude_categories=("Cs", "Cc", "Cn", "Co", "Zl", "Zp", "Zs"))
TRICKY = st.sampled_from("aZ09&<>\"'+/%\\ {}`~;=é€ßк🔑\n")
TEXTS = st.text(st.one_of(PRINTABLE, TRICKY), min_size=4, max_size=40).filter(lambda text: len(text.strip()) >= 4)
BINARIES = st.one_of(
    st.binary(min_size=8, max_size=300),
    st.binary(min_size=2, max_size=80).map(
        lambda data: bytes(9) + b"\x01\x02" + data + bytes(40) + b"\x03" + bytes(17)
    ),
)


def text_value(text: str) -> SecretValue:
    return SecretValue(text.encode())


def binary_value(data: bytes) -> SecretValue:
    return SecretValue(data, binary=True)


def stands_in(form: Form, buffer: bytes) -> int:
    """The index of ``form`` in ``buffer``, -1 where it does not stand there."""
    return buffer.lower().find(form.data.lower()) if form.caseless else buffer.find(form.data)


def masked(buffer: bytes, found: tuple[Form, ...]) -> bytes:
    result = bytearray(buffer)
    for form in found:
        at = stands_in(form, buffer)
        while at >= 0:
            end = at + len(form.data)
            result[at:end] = OPERATORS["mask"].replacement(end - at, form.encoding)
            rest = stands_in(form, buffer[at + 1 :])
            at = -1 if rest < 0 else at + 1 + rest
    return bytes(result)


def datas(value: SecretValue) -> set[bytes]:
    return {form.data for form in forms(value)}


UNDO: dict[str, Callable[[str], str]] = {
    "lines": lambda text: text,
    "reversed": lambda text: text[::-1],
    "json": lambda text: str(json.loads(f'"{text}"', strict=False)),
    "json(json)": lambda text: str(json.loads(json.loads(f'"\\"{text}\\""'))),
    "percent": urllib.parse.unquote,
    "percent(percent)": lambda text: urllib.parse.unquote(urllib.parse.unquote(text)),
    "cesu-8": lambda text: text,
    "misread(latin-1)": lambda text: text.encode("latin-1").decode(),
    "misread(cp1252)": lambda text: text.encode("cp1252").decode(),
    "percent+": urllib.parse.unquote_plus,
    "xml": html.unescape,
}
QUOTED: tuple[Callable[[str], str], ...] = (
    lambda text: text.replace('""', '"'),
    lambda text: text.replace("''", "'"),
    lambda text: text.replace("}}", "}"),
    lambda text: text.replace('\\"', '"'),
    lambda text: text.replace("\\'", "'"),
    lambda text: text.replace("'\\''", "'"),
    lambda text: text.replace("\\\\", "\\"),
    lambda text: text.replace("\\'", "'").replace("\\\\", "\\"),
)


def check_round_trip(text: str, form: Form) -> None:
    name, _, codec = form.name.partition("/")
    if form.name in PLAIN:
        assert form.data.decode(form.name) == text
        return
    if name == "cesu-8":
        units = form.data.decode("utf-8", "surrogatepass").encode("utf-16-le", "surrogatepass")
        assert units.decode("utf-16-le") == text
        return
    if name == "tds":
        assert revealed(form.data) == text
        return
    written = form.data.decode(codec or "utf-8")
    assert form.encoding.codec == (codec or "utf-8")
    unix = text.replace("\r\n", "\n")
    lines = (text, unix, unix.replace("\n", "\r\n"))
    if name in ("lower", "upper"):
        assert written == getattr(text, name)()
    elif name.startswith("hex("):
        assert bytes.fromhex(written.replace("-", "").replace(":", "")) == text.encode(name[4:-1])
    elif name in ("nfc", "nfd"):
        assert written == unicodedata.normalize(name.upper(), text)  # type: ignore[arg-type]
    elif name.startswith(("base64", "escaped base64")):
        standard = urllib.parse.unquote(written.replace("\\/", "/").replace("\\u002b", "+").replace("\\u002B", "+"))
        standard = standard.replace("-", "+").replace("_", "/")
        inner = name.partition("(")[2][:-1]
        datas = [text.encode(inner)] if inner != "json" else [document.encode() for document in in_documents(text)]
        assert any(standard in base64.b64encode(bytes(before) + data).decode() for data in datas for before in range(3))
    elif name in {"piece", "half"}:
        assert form.at is not None
        codec = form.encoding.codec
        assert text.encode(codec)[form.at :].decode(codec).startswith(written)
    elif name == "quoted":
        assert any(undo(written) in lines for undo in QUOTED)
    else:
        assert UNDO[name](written) in lines


@MODERATE
@given(TEXTS)
@example("00000000012A")  # the end of it is a piece of its own
def test_each_text_form_leads_back_to_the_value(text: str) -> None:
    stripped = text.strip(" \t\r\n\0")
    for form in forms(text_value(text)):
        check_round_trip(stripped, form)


@MODERATE
@given(st.one_of(TEXTS.map(text_value), BINARIES.map(binary_value)))
def test_forms_are_distinct_stable_and_searchable(value: SecretValue) -> None:
    found = forms(value)
    assert found == forms(value)
    assert len({form.data for form in found}) == len(found)
    folded = [form.data.lower() for form in found if form.caseless]
    assert len(set(folded)) == len(folded)
    for form in found:
        assert len(form.data) >= (4 if form.name in PLAIN else 6)
        assert form.unit == form.encoding.unit
        assert len(form.data) % form.unit == 0
        # Neither end may be zeros alone: pieces of a form are searched for too.
        assert form.data[: 8 * form.unit].strip(b"\0")
        assert form.data[-8 * form.unit :].strip(b"\0")


@MODERATE
@given(TEXTS, st.binary(max_size=5), st.binary(max_size=5))
def test_base64_is_found_whatever_stands_around_the_value(text: str, before: bytes, after: bytes) -> None:
    text = text.strip(" \t\r\n\0") + "1"
    found = forms(text_value(text))
    for data in (text.encode(), text.encode("utf-16-le")):
        if len(data) < 6:
            continue
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            encoded = encode(before + data + after).decode()
            for codec in ("ascii", "utf-16-le", "utf-16-be"):
                assert any(
                    form.name.startswith("base64") and stands_in(form, encoded.encode(codec)) >= 0 for form in found
                )


@pytest.mark.shared
@pytest.mark.parametrize("seed", range(12))
def test_no_form_that_plant_check_counts_outlives_the_mask(seed: int, shared: Path) -> None:
    rng = random.Random(seed)
    alphabet = 'abcXYZ0189&<>"+/%\\ ;=é€к'
    text = "".join(rng.choices(alphabet, k=rng.randint(6, 30))).strip()
    binary = bytes(seed % 3) + rng.randbytes(rng.choice((16, 32, 128, 256, 400)))
    for kind, value in (("str", text_value(text)), ("bin", binary_value(binary))):
        found = forms(value)
        for copy, name in plant_check_forms(shared)(kind, value.data).items():
            assert copy not in masked(b"\x01\x02" + copy + b"\x03", found), name


def plant_check_forms(shared: Path) -> Callable[[str, bytes], dict[bytes, str]]:
    """The function that lists forms, without the rest of the tool."""
    path = shared / "tools" / "plant_check.py"
    tree = ast.parse(path.read_text("utf-8"))
    wanted = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name in ("b64_cores", "forms")]
    assert len(wanted) == 2
    import collections

    names = {"base64": base64, "urllib": urllib, "html": html, "json": json, "collections": collections}
    exec(compile(ast.Module([*wanted], []), path, "exec"), names)
    return names["forms"]  # type: ignore[return-value]


def test_a_plain_password() -> None:
    found = {form.name: form for form in forms(text_value("Summer2024xy"))}
    assert found["utf-8"] == Form(b"Summer2024xy", Encoding.UTF8, "utf-8", caseless=True)
    assert found["utf-16-le"].data == "Summer2024xy".encode("utf-16-le")
    assert found["utf-16-be"].encoding is Encoding.UTF16BE
    assert found["utf-32-le"].unit == 4
    assert found["reversed/utf-16-le"].data == "yx4202remmuS".encode("utf-16-le")
    assert "lower" not in found
    assert "json" not in found
    assert not found["base64(utf-8)"].caseless
    assert found["hex(utf-16-le)/utf-16-be"].caseless
    assert len(forms(text_value("Summer2024xy"))) < 54


def test_a_password_as_the_clients_of_sql_server_send_it() -> None:
    """[MS-TDS] 2.2.6.4: "a" is 61 00, with its halves swapped 16 00, and XOR 0xA5 makes that b3 a5."""
    sent = {form.name: form for form in forms(text_value("a\u20ac\u00df1"))}["tds"]
    assert sent.data == bytes.fromhex("b3a5 6fa7 58a5 b6a5")
    assert sent.unit == 1
    assert revealed(sent.data) == "a\u20ac\u00df1"
    assert revealed(obfuscated("".join(map(chr, range(1, 129))))) == "".join(map(chr, range(1, 129)))
    assert "tds" not in {form.name for form in forms(text_value("x1" * 65))}
    assert "tds" not in {form.name for form in forms(binary_value(bytes(range(32))))}


def test_short_and_non_ascii_text_is_searched_for_in_each_case() -> None:
    assert {b"Ab1xyz", b"ab1xyz", b"AB1XYZ"} <= datas(text_value("Ab1xyz"))
    assert {text.encode("utf-16-le") for text in ("Schlüssel", "schlüssel", "SCHLÜSSEL")} <= datas(
        text_value("Schlüssel")
    )
    assert "Schlüssel".encode("latin-1") in datas(text_value("Schlüssel"))
    assert "preis10€".encode("cp1252") in datas(text_value("preis10€"))
    assert not any(form.caseless and form.name in PLAIN for form in forms(text_value("Schlüssel")))


def test_four_characters_are_searched_for_exactly_and_wide_only() -> None:
    found = forms(text_value("Ab1x"))
    assert b"Ab1x" in {form.data for form in found}
    assert not {b"ab1x", b"AB1X", b"x1bA"} & {form.data for form in found}
    assert "ab1x".encode("utf-16-le") in {form.data for form in found}
    assert not any(form.name == "base64(utf-8)" for form in found)
    assert forms(text_value("Ab1")) == ()
    assert forms(text_value(" Ab1\n")) == ()
    assert forms(binary_value(b"\0\0\1\2\3\0")) == ()


@pytest.mark.parametrize(
    ("text", "copy"),
    [
        ("a+b/c&d", "a%2Bb%2Fc%26d"),
        ("a+b/c&d", "a%2bb%2fc%26d"),
        ("a+b/c&d", "a%2Bb/c%26d"),
        ("one two!", "one+two!"),
        ("one two!", "one%20two%21"),
        ("a~b.c-d_", "a%7Eb.c-d_"),
        ('a"b\\c/d', 'a\\"b\\\\c/d'),
        ('a"b\\c/d', 'a\\"b\\\\c\\/d'),
        ("a\"b'c<d+é", "a\\u0022b\\u0027c\\u003Cd\\u002B\\u00E9"),
        ("a<b>c'd&", "a\\u003cb\\u003ec\\u0027d\\u0026"),
        ("a<b>c=d&", "a\\u003cb\\u003ec\\u003dd\\u0026"),
        ("pässé", "p\\u00e4ss\\u00e9"),
        ("key🔑key", "key\\ud83d\\udd11key"),
        ('a"b\\c', 'a\\\\\\"b\\\\\\\\c'),
        ('a"b+c', "a\\\\u0022b\\\\u002Bc"),
        ("pässé", "p\\\\u00e4ss\\\\u00e9"),
        ("a+b/c&d", "a%252Bb%252Fc%2526d"),
        ("pässé", "pa\u0308sse\u0301"),
        ("pässé", "pÃ¤ssÃ©"),
        ("10€ now", "10\u00e2\u201a\u00ac now"),
        ("a&b<c>d", "a&amp;b&lt;c&gt;d"),
        ("a&b<c>d", "a&amp;b&lt;c>d"),
        ("a\"b'c&", "a&quot;b&apos;c&amp;"),
        ("a\"b'c&", "a&quot;b&#39;c&amp;"),
        ("a\"b'c&", "a&quot;b&#x27;c&amp;"),
        ("a\"b'c&", "a&#34;b&#39;c&amp;"),
        ("a\"b'c&", "a&quot;b'c&amp;"),
        ("é€+'x", "&#233;€+&#39;x"),
        ("é€+'x", "&#xE9;&#x20AC;&#x2B;&#x27;x"),
        ("é€+'x", "&#233;&#8364;+&#39;x"),
        ("one\ntwo", "one&#xA;two"),
        ("one\ntwo", "one\\ntwo"),
        ("one\ntwo", "one\r\ntwo"),
        ("one\r\ntwo", "one\ntwo"),
        ('say "x"', 'say ""x""'),
        ("it's so", "it''s so"),
        ("it's so", "it\\'s so"),
        ("it's so", "it'\\''s so"),
        ("a}b{cd", "a}}b{cd"),
        ("a\\b'c", "a\\\\b\\'c"),
    ],
)
def test_escapes(text: str, copy: str) -> None:
    found = forms(text_value(text))
    for codec in ("utf-8", "utf-16-le", "utf-16-be"):
        assert any(
            stands_in(form, copy.encode(codec)) == 0 and len(form.data) == len(copy.encode(codec)) for form in found
        )


@pytest.mark.parametrize(
    ("text", "copy"),
    [
        ("pässé", "pässé".encode("cp437")),
        ("pässé", "pässé".encode("cp850")),
        ("key🔑key", b"key\xed\xa0\xbd\xed\xb4\x91key"),
        ('pa"ss+w0rd', base64.b64encode(b'{"p":"pa\\"ss+w0rd"}')),
        ('pa"ss+w0rd', base64.b64encode(b'{"p":"pa\\u0022ss\\u002Bw0rd"}')),
        ("pässwort", base64.b64encode(b'{"p":"p\\u00e4sswort"}')),
        ("pässwort", base64.b64encode(b'{"p":"p\\u00E4sswort"}')),
        ("~~~???pa", b"fn5+Pz8/cGE".replace(b"+", b"\\u002B")),
        ("~~~???pa", b"fn5+Pz8/cGE".replace(b"/", b"\\/")),
        ("~~~???pa", b"fn5+Pz8/cGE".replace(b"+", b"%2B").replace(b"/", b"%2F")),
        ("~~~???pa", b"fn5+Pz8/cGE".replace(b"+", b"%2b").replace(b"/", b"%2f")),
    ],
)
def test_unusual_bytes(text: str, copy: bytes) -> None:
    left = masked(b"\x01" + copy + b"\x01", forms(text_value(text)))
    assert copy not in left
    assert left.count(b"*") >= len(text)


def test_bytes_of_a_windows_code_page_are_read_as_that() -> None:
    assert "preis10€".encode("utf-16-le") in datas(SecretValue("preis10€".encode("cp1252")))


def test_lines_of_a_pem_in_every_style() -> None:
    data = random.Random(1).randbytes(150)
    encoded = base64.b64encode(data).decode()
    for width in (64, 76):
        lines = [encoded[at : at + width] for at in range(0, len(encoded), width)]
        for end in ("\n", "\r\n", "\\n", "\\r\\n"):
            assert end.join(lines).encode() in datas(binary_value(data))
            assert end.join(lines).encode("utf-16-le") in datas(binary_value(data))


def test_how_libraries_keep_numbers() -> None:
    number = random.Random(2).getrandbits(1021) | 1 << 1020 | 1
    data = number.to_bytes(130, "big")
    found = {form.name: form for form in reversed(forms(binary_value(data)))}
    assert found["raw"].data == data[2:]
    assert found["reversed"].data == data[:1:-1]
    for bits, size in ((28, 4), (30, 4), (60, 8)):
        digits = found[f"digits{bits}"].data
        digits += bytes(-len(digits) % size)
        values = [int.from_bytes(digits[at : at + size], "little") for at in range(0, len(digits), size)]
        assert sum(value << bits * place for place, value in enumerate(values)) == number % (1 << bits * len(values))
        assert 1021 - bits <= bits * len(values) < 1021
    words = {form.data for form in forms(binary_value(data)) if form.name == "words32"}
    padded = data[2:]
    assert b"".join(padded[at : at + 4][::-1] for at in range(0, len(padded), 4)).strip(b"\0") in words
    assert found["hex(raw)"].data == data[2:].hex().encode()


def test_der_is_no_number() -> None:
    body = random.Random(3).randbytes(300)
    found = {form.name for form in forms(binary_value(b"\x30\x82\x01\x2c" + body))}
    assert "pem" in found
    assert not {name for name in found if name.startswith(("digits", "words"))}
    assert "digits28" in {form.name for form in forms(binary_value(b"\x30\x82\x01\x2d" + body))}


def test_bytes_that_are_no_utf_8_are_taken_for_latin_1() -> None:
    assert b"pass\xe9word" in datas(SecretValue(b"pass\xe9word"))


def test_a_form_shows_no_data_and_reaches_workers() -> None:
    form = forms(text_value("Summer2024xy"))[0]
    assert "ummer" not in repr(form)
    assert pickle.loads(pickle.dumps(form)) == form


def test_the_number_of_forms_is_bounded() -> None:
    nasty = "".join(chr(code) for code in range(0x21, 0x250))
    assert len(forms(text_value(nasty * 20))) < 400


@pytest.mark.parametrize(
    "text",
    [
        "Ab1",
        "",
        "    ",
        "***",
        "********",
        "****\xff***ab*",
        "xxxxxx",
        "0000-0000",
        "12345",
        "Password",
        "SECRET",
        "true",
        "localhost",
        "admin",
        "${DB_PASSWORD}",
        "#{Octopus.Password}",
        "{password}",
        "<your password>",
        "[REDACTED]",
        "%PASSWORD%",
        "$(pw)",
        "0.0.0.0",
    ],
)
def test_not_worth_sweeping(text: str) -> None:
    assert not worth_sweeping(text_value(text))


@pytest.mark.parametrize(
    "text", ["Ab1x", "123456", "hunter2", "tiger", "zwölf", "Жук-Ящик7", "{7fb2}", "a b c", "$Ab1x", "Password1"]
)
def test_worth_sweeping(text: str) -> None:
    assert worth_sweeping(text_value(text))


def test_which_bytes_are_worth_sweeping() -> None:
    assert worth_sweeping(binary_value(bytes(range(1, 17))))
    assert not worth_sweeping(binary_value(bytes(16)))
    assert not worth_sweeping(binary_value(bytes(12) + b"\1\0\1"))
    assert not worth_sweeping(binary_value(b"\1\2" * 8))
    assert not worth_sweeping(binary_value(bytes(range(1, 6))))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Summer2024", []),
        ('a\\"b\\\\c', ['a"b\\c']),
        ("a\\u0026b\\u003C", ["a&b<"]),
        ("key\\ud83d\\udd11", ["key🔑"]),
        ("a\\/b\\nc", ["a/b\nc"]),
        ("C:\\xyz", []),
        ("a&amp;b&#39;c&quot;", ["a&b'c\""]),
        ("a%2Bb+c", ["a+b+c", "a+b c"]),
        ("caf%E9", ["café"]),
        ("100%", []),
        ('a""b', ['a"b']),
        ("a''b", ["a'b"]),
        ("a}}b", ["a}b"]),
        ('a\\\\\\"b', ['a\\"b', 'a"b']),
        ("a\\\\u0022b", ["a\\u0022b", 'a"b']),
        ("a%2526b", ["a%26b", "a&b"]),
        ("a\\u0026amp;b", ["a&amp;b", "a&b"]),
    ],
)
def test_decoded(text: str, expected: list[str]) -> None:
    assert [value.data.decode() for value in decoded(text_value(text))] == expected


def test_binary_values_are_not_decoded() -> None:
    assert decoded(binary_value(b"a%2Bb&amp;")) == ()


@MODERATE
@given(TEXTS)
def test_escaped_text_is_decoded_to_the_value(text: str) -> None:
    for copy in (json.dumps(text)[1:-1], html.escape(text), urllib.parse.quote(text)):
        if copy != text:
            assert text.encode() in {value.data for value in decoded(text_value(copy))}


@MODERATE
@given(
    st.one_of(TEXTS.map(lambda text: SecretValue(text.encode())), BINARIES.map(lambda data: SecretValue(data, True)))
)
def test_one_spelling_is_the_same_as_among_all(value: SecretValue) -> None:
    every = spelled(value)
    assert tuple(spelling_of(value, number) for number in range(len(every))) == every
