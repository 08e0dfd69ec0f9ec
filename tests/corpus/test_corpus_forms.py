"""Forms and manifests of the corpus."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from corpus import manifest
from corpus.forms import forms
from corpus.manifest import Secret


def test_a_text_has_its_forms_under_their_names() -> None:
    found = forms('Ab<"é/9xyz'.encode(), True)
    expected = {
        "utf8": 'Ab<"é/9xyz'.encode(),
        "latin1": 'Ab<"é/9xyz'.encode("latin-1"),
        "plain.utf16le": 'Ab<"é/9xyz'.encode("utf-16-le"),
        "plain.utf16be": 'Ab<"é/9xyz'.encode("utf-16-be"),
        "utf32le": 'Ab<"é/9xyz'.encode("utf-32-le"),
        "lower.utf8": 'ab<"é/9xyz'.encode(),
        "reversed.utf8": 'zyx9/é"<bA'.encode(),
        "percent.utf8": b"Ab%3C%22%C3%A9%2F9xyz",
        "xml.utf8": "Ab&lt;&quot;é/9xyz".encode(),
        "json.utf8": rb"Ab<\"\u00e9/9xyz",
        "json.unicode.utf8": 'Ab<\\"é/9xyz'.encode(),
        "json.slash.utf8": 'Ab<\\"é\\/9xyz'.encode(),
        "json.html.utf8": rb"Ab\u003C\u0022\u00E9/9xyz",
        "hex(utf8)": 'Ab<"é/9xyz'.encode().hex().encode(),
    }
    by_name: dict[str, set[bytes]] = {}
    for data, name in found.items():
        by_name.setdefault(name, set()).add(data)
    assert {name: data for name, data in expected.items() if data not in by_name.get(name, ())} == {}


@pytest.mark.parametrize("lead", [b"", b"x", b"xy"])
def test_base64_is_found_at_each_phase_and_without_what_stands_beside(lead: bytes) -> None:
    value = b"correct horse"
    encoded = base64.b64encode(lead + value + b"tail")
    assert any(data in encoded for data, name in forms(value, True).items() if name == "b64(utf8)")


def test_a_number_has_its_forms() -> None:
    value = bytes(range(1, 65))
    names = set(forms(value, False).values())
    assert {"raw", "raw.reversed", "raw.words32", "raw.words64", "b64", "hex", "pem", "limbs28", "limbs30"} <= names
    number = int.from_bytes(value, "big")
    limbs = next(data for data, name in forms(value, False).items() if name == "limbs30")
    digits = [int.from_bytes(limbs[at : at + 4], "little") for at in range(0, len(limbs), 4)]
    assert sum(digit << 30 * index for index, digit in enumerate(digits)) == number % (1 << 30 * len(digits))


def test_a_manifest_survives_writing_and_reading(tmp_path: Path) -> None:
    secrets = [
        Secret("password", "a", True, "pä".encode(), True),
        Secret("aes_key", "b", False, bytes(range(16)), False),
        Secret("rsa_public", "c.n", False, b"\xff" * 8),
    ]
    path = tmp_path / "x.manifest"
    manifest.write(path, secrets)
    assert manifest.read(path) == secrets
    assert path.read_text("ascii").splitlines()[0].split("\t") == ["password", "a", "str", "2a99fe", "ctx"]
    assert [secret.public for secret in secrets] == [False, False, True]


@pytest.mark.parametrize("line", ["a\tb\tstr", "a\tb\ttext\t00", "a\tb\tbin\t00\tmaybe"])
def test_a_malformed_manifest_is_refused(tmp_path: Path, line: str) -> None:
    path = tmp_path / "x.manifest"
    path.write_text(f"{line}\n")
    with pytest.raises(ValueError, match=r"x\.manifest, line 1"):
        manifest.read(path)


def test_a_secret_does_not_show_its_value() -> None:
    assert "hidden" not in repr(Secret("password", "a", True, b"hidden-value"))
