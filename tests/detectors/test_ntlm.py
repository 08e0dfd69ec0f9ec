from __future__ import annotations

import struct

import pytest
from der_material import detector, find, find_all, mask, noise

from dumpscrub.model import Confidence

NAME = "ntlm-response"
FIELDS = ("lm", "nt", "domain", "user", "workstation", "key")


def message(**fields: bytes) -> bytes:
    """AUTHENTICATE_MESSAGE with a version and a MIC; names in UTF-16."""
    order = ("domain", "user", "workstation", "lm", "nt", "key")
    offsets, body = {}, b""
    for name in order:
        offsets[name] = 88 + len(body)
        body += fields.get(name, b"")
    head = b"NTLMSSP\0" + struct.pack("<I", 3)
    for name in FIELDS:
        size = len(fields.get(name, b""))
        head += struct.pack("<HHI", size, size, offsets[name])
    return head + struct.pack("<I", 0xE2888215) + bytes(8) + noise(9, 16) + body


NAMES = {
    "domain": "EXAMPLE".encode("utf-16-le"),
    "user": "svc-deploy".encode("utf-16-le"),
    "workstation": "BUILD01".encode("utf-16-le"),
}
NT, KEY = noise(2, 16) + noise(3, 180), noise(4, 16)


def test_responses_and_session_key_are_marked_and_names_stay() -> None:
    lm = noise(1, 24)
    found = find(NAME, noise(5, 99) + message(lm=lm, nt=NT, key=KEY, **NAMES) + noise(6, 99))
    assert found.marked == (lm, NT, KEY)
    assert found.match.confidence is Confidence.HIGH
    assert [value.data for value in found.match.values] == [lm, NT, KEY]


@pytest.mark.parametrize("nt", [noise(2, 24), NT], ids=["v1", "v2"])
def test_an_empty_response_and_no_session_key(nt: bytes) -> None:
    assert find(NAME, message(lm=bytes(24), nt=nt, **NAMES)).marked == (nt,)


def test_a_cut_message_and_a_redacted_one() -> None:
    data = message(lm=noise(1, 24), nt=NT, key=KEY, **NAMES)
    secret = data.index(noise(1, 24))
    for length in range(60, len(data), 11):
        found = find_all(detector(NAME), data[:length])
        marked = b"".join(part for each in found for part in each.marked)
        assert data[secret:length].startswith(marked)
        assert len(data[secret:length]) - len(marked) <= 1
        assert find_all(detector(NAME), mask(data[:length], found)) == []


def test_anonymous_messages_and_constants_are_none() -> None:
    assert find_all(detector(NAME), message(lm=b"\0", **NAMES)) == []
    assert find_all(detector(NAME), b"NTLMSSP\0\3\0\0\0" + bytes(200)) == []
    assert find_all(detector(NAME), b"NTLMSSP\0\3\0\0\0" + noise(1, 200)) == []
    assert find_all(detector(NAME), b"NTLMSSP\0\2\0\0\0" + message(nt=NT)[12:]) == []
