"""PuTTY's files, written by the description of their format."""

from __future__ import annotations

import base64

import pytest
from der_material import detector, find_all, mask, noise, rsa_components, rsa_key

from dumpscrub.model import Confidence
from dumpscrub.rules.schema import TEXT_ENCODINGS

NAME = "putty-key"


def number(content: bytes) -> bytes:
    content = b"\0" + content if content[0] & 0x80 else content
    return len(content).to_bytes(4, "big") + content


def lines(data: bytes) -> list[str]:
    encoded = base64.b64encode(data).decode()
    return [encoded[at : at + 64] for at in range(0, len(encoded), 64)]


def ppk(private: bytes, version: int = 3, encryption: str = "none", end: str = "\n") -> tuple[str, list[str]]:
    """A file, and what has to be marked in it."""
    mac = noise(9, 32 if version == 3 else 20).hex()
    body = lines(private)
    derivation = ["Key-Derivation: Argon2id", "Argon2-Memory: 8192", "Argon2-Salt: " + noise(8, 16).hex()]
    text = [
        *(f"PuTTY-User-Key-File-{version}: ssh-rsa", f"Encryption: {encryption}", "Comment: me", "Public-Lines: 1"),
        *lines(noise(7, 40)),
        *(derivation if encryption != "none" and version == 3 else []),
        *(f"Private-Lines: {len(body)}", *body, f"Private-MAC: {mac}", ""),
    ]
    return end.join(text), [*body, mac]


PRIVATE = b"".join(number(rsa_components(rsa_key(3, 2048))[index]) for index in (0, 1, 2, 5))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\\n", "\\r\\n"])
@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("encryption", ["none", "aes256-cbc"])
def test_private_lines_and_mac_are_marked(end: str, version: int, encryption: str) -> None:
    private = PRIVATE if encryption == "none" else noise(3, 1200)
    text, expected = ppk(private, version, encryption, end)
    for encoding in TEXT_ENCODINGS:
        data = noise(1, 33) + text.encode(encoding.codec) + noise(2, 33)
        exact = [each for each in find_all(detector(NAME), data) if each.encoding is encoding]
        assert [part.decode(encoding.codec) for each in exact for part in each.marked] == expected
        assert exact[0].match.confidence is Confidence.HIGH
        masked = mask(data, exact)
        assert "Encryption: ".encode(encoding.codec) in masked
        assert [each for each in find_all(detector(NAME), masked) if each.encoding is encoding] == []


def test_numbers_of_unencrypted_files_are_looked_for_elsewhere() -> None:
    text, _ = ppk(PRIVATE)
    values = {value.data for value in find_all(detector(NAME), text.encode())[0].match.values}
    d, p, q, _, _, iqmp = rsa_components(rsa_key(3, 2048))
    assert values >= {d, p, q, iqmp, PRIVATE}
    text, _ = ppk(PRIVATE, encryption="aes256-cbc")
    assert p not in {value.data for value in find_all(detector(NAME), text.encode())[0].match.values}


def test_a_file_without_its_end() -> None:
    text, expected = ppk(PRIVATE)
    kept = text[: text.index(expected[10]) + 30]
    found = find_all(detector(NAME), kept.encode() + bytes(20))
    assert [part.decode() for part in found[0].marked] == [*expected[:10], expected[10][:30]]
    assert found[0].match.confidence is Confidence.MEDIUM


def test_what_only_looks_like_a_file() -> None:
    for text in ("Private-Lines: %d\n", "Private-Lines: 14 of them follow", "Private-Lines: 2\nshort\n-"):
        assert find_all(detector(NAME), text.encode()) == []
