from __future__ import annotations

import base64

import pytest
from der_material import detector, ec_key, find, find_all, noise, rsa_key
from windows_material import capi_dss, capi_plain, capi_rsa, cng_ec, cng_plain, cng_rsa

NAME = "base64-windows-key"
BLOBS = {
    "snk": capi_rsa(rsa_key(2), 0x2400)[0],
    "capi": capi_rsa(rsa_key(2, 2048))[0],
    "dss": capi_dss()[0][:-24],
    "RSA3": cng_rsa(rsa_key(2), full=True)[0],
    "RSA2": cng_rsa(rsa_key(2), full=False)[0],
    "ECS2": cng_ec(ec_key(3), b"ECS2")[0],
    "ECK6": cng_ec(ec_key(3, 521), b"ECK6")[0],
    "KDBM": cng_plain(noise(1, 32)),
    "plain": capi_plain(noise(1, 16), 0x660E),
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le"])
@pytest.mark.parametrize("blob", BLOBS.values(), ids=BLOBS)
def test_the_whole_base64_of_a_key_is_marked(blob: bytes, encoding: str) -> None:
    text = base64.b64encode(blob).decode()
    data = noise(1, 40) + f'\0{{"key":"{text}","id":1}}\0'.encode(encoding) + noise(2, 40)
    # What stands in UTF-16 between zeros reads in both of its byte orders.
    (found,) = (each for each in find_all(detector(NAME), data) if each.encoding.codec == encoding)
    assert b"".join(found.marked) == text.encode(encoding)
    assert text.encode() in [value.data for value in found.match.values]


@pytest.mark.parametrize("blob", BLOBS.values(), ids=BLOBS)
def test_lines_keep_their_breaks(blob: bytes) -> None:
    text = base64.encodebytes(blob).replace(b"\n", b"\r\n").strip()
    found = find(NAME, b"<key>" + text + b"</key>")
    assert b"".join(found.marked) == text.replace(b"\r\n", b"")


def test_other_text_with_these_characters_is_none() -> None:
    for head in (b"UlNBMg", b"UlNBMw", b"BwIAAACkAABSU0Ey", b"S0RCTQEAAAA", b"RUNTMiAAAA"):
        for tail in (b"==", b"\0\0\0", b"A" * 400, b" and so on, " * 40):
            assert find_all(detector(NAME), b"x=" + head + tail) == []
