"""Secrets in compressed data: all of it up to the secret's end goes, and nothing behind it."""

from __future__ import annotations

import base64
import gzip
import io
import json
import string
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

import dumpscrub
from dumpscrub import decoded, inflated
from dumpscrub.inflated import TOO_LONG
from dumpscrub.model import SecretValue
from dumpscrub.search import compressed
from dumpscrub.search.compressed import Extent

SECRET = "Zx81mQ4vLr7Kp2Wd0s"
BEFORE = 300
PAGE = json.dumps([{"name": f"db{number}", "host": f"h{number}.corp.local"} for number in range(300)])
DOCUMENT = f'{{"servers": {PAGE}, "password": "{SECRET}", "more": {PAGE}}}'.encode()


def member(data: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("first.txt", b"nothing here " * 50)
        archive.writestr("settings.json", data)
    return file.getvalue()


def twice(data: bytes) -> bytes:
    return base64.b64encode(base64.b64encode(gzip.compress(data)))


def wide(data: bytes) -> bytes:
    return base64.b64encode(gzip.compress(data)).decode().encode("utf-16-le")


def sanitized(path: Path, data: bytes) -> tuple[dumpscrub.Result, bytes]:
    path.write_bytes(b"#" * BEFORE + data + b"#" * 300)
    result = dumpscrub.sanitize(path, workers=1)
    assert result.output is not None
    return result, result.output.read_bytes()


def expanded(data: bytes) -> bytes:
    worker = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        return worker.decompress(data)
    except zlib.error:
        return b""


def answer(data: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\n\r\n" + zlib.compress(data)


def session(data: bytes) -> bytes:
    return b"signed value: ." + base64.urlsafe_b64encode(zlib.compress(data, 9)) + b".Zx.Yw"


def stream_of_pdf(data: bytes) -> bytes:
    return b"<</Filter/FlateDecode>>stream\r\n" + zlib.compress(data, 1) + b"\nendstream"


def wide_session(data: bytes) -> bytes:
    return session(data).decode().encode("utf-16-le")


@pytest.mark.parametrize("form", [gzip.compress, member, twice, wide, answer, session, stream_of_pdf, wide_session])
def test_a_secret_in_compressed_data_is_masked(tmp_path: Path, form: object) -> None:
    data = form(DOCUMENT)  # type: ignore[operator]
    result, after = sanitized(tmp_path / "app.bin", data)
    assert {finding.rule for finding in result.findings} >= {"password-quoted"}
    assert after[:BEFORE] == b"#" * BEFORE
    assert after[-300:] == b"#" * 300
    assert after != b"#" * BEFORE + data + b"#" * 300
    assert not dumpscrub.scan(result.output or "", workers=1).to_redact


def test_what_comes_before_the_secret_goes_with_it_and_what_follows_stands(tmp_path: Path) -> None:
    data = gzip.compress(DOCUMENT, mtime=0)
    result, after = sanitized(tmp_path / "app.bin", data)
    (span,) = {finding.spans for finding in result.findings}.pop()
    assert span.start == BEFORE + 10
    assert after[BEFORE : span.start] == data[:10]
    assert set(after[span.start : span.end]) == {ord("*")}
    assert after[span.end : BEFORE + len(data)] == data[span.end - BEFORE :]
    assert SECRET.encode() in expanded(data[10 : span.end - BEFORE])
    assert SECRET.encode() not in expanded(data[10 : span.end - BEFORE - 1])


def test_what_stands_too_far_ahead_to_be_repeated_stays(tmp_path: Path) -> None:
    letters = Random(11).choices(string.ascii_lowercase, k=100_000)
    noise = " ".join("".join(letters[at : at + 5]) for at in range(0, len(letters), 5)).encode()
    data = gzip.compress(noise + b'{"password": "' + SECRET.encode() + b'"}' + noise[:500], mtime=0)
    result, after = sanitized(tmp_path / "app.bin", data)
    (span,) = {finding.spans for finding in result.findings}.pop()
    far = len(noise) - compressed.WINDOW
    before = expanded(data[10 : span.start - BEFORE])
    assert far - 1000 < len(before) <= far
    assert before == noise[: len(before)]
    assert set(after[span.start : span.end]) == {ord("*")}
    assert span.end - span.start < 0.7 * len(data)
    assert not dumpscrub.scan(result.output or "", workers=1).to_redact


def test_cut_data_masks_nothing_of_the_empty_memory_behind_it(tmp_path: Path) -> None:
    whole = gzip.compress(f'{{"servers": {PAGE}, "password": "{SECRET}"}}'.encode(), mtime=0)
    _, after = sanitized(tmp_path / "app.bin", whole[:-9] + bytes(500))
    assert after[BEFORE + len(whole) - 9 :] == bytes(500) + b"#" * 300
    assert after[BEFORE + 10 : BEFORE + 500] == b"*" * 490


def test_copies_in_compressed_data_are_found(tmp_path: Path) -> None:
    data = gzip.compress(b'{"note": "all of ' + SECRET.encode() + b' and more"}', mtime=0)
    path = tmp_path / "app.bin"
    path.write_bytes(bytes(100) + data + bytes(100))
    assert not dumpscrub.scan(path, workers=1).findings
    (finding,) = dumpscrub.scan(path, known=[SecretValue(SECRET.encode())], workers=1).findings
    assert finding.rule == "known-value"
    assert SECRET.encode() in expanded(data[10 : finding.spans[-1].end - 100])


def in_text(data: bytes) -> bytes:
    return base64.b64encode(gzip.compress(data))


def zipped_in_text(data: bytes) -> bytes:
    return b"PK:" + base64.b64encode(member(data))


def within_json(data: bytes) -> bytes:
    return base64.b64encode(b'{"kind": "archive", "data": "' + in_text(data) + b'"}')


def compressed_twice(data: bytes) -> bytes:
    return base64.b64encode(gzip.compress(b"outside " * 9 + gzip.compress(data) + b" outside" * 9))


def text_within(data: bytes) -> bytes:
    return gzip.compress(b"outside " * 9 + in_text(data))


@pytest.mark.parametrize(
    "form", [in_text, twice, wide, zipped_in_text, within_json, compressed_twice, text_within, session]
)
def test_copies_in_compressed_data_within_base64_are_found(tmp_path: Path, form: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "app.bin"
    data = form(b'{"note": "all of ' + SECRET.encode() + b' and more"}')
    path.write_bytes(b"#" * BEFORE + data + b"#" * 300)
    assert not dumpscrub.scan(path, workers=1).findings
    result = dumpscrub.sanitize(path, known=[SecretValue(SECRET.encode())], workers=1)
    assert {finding.rule for finding in result.findings} == {"known-value"}
    after = (result.output or path).read_bytes()
    assert after[:BEFORE] == b"#" * BEFORE
    assert after[-300:] == b"#" * 300
    assert not dumpscrub.scan(result.output or "", known=[SecretValue(SECRET.encode())], workers=1).to_redact


def test_data_that_expands_without_end_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoded, "_EXPANDED_MORE", 1 << 16)
    path = tmp_path / "app.bin"
    path.write_bytes(bytes(100) + gzip.compress(b"some text, and more of it " * 100_000) * 3)
    assert dumpscrub.scan(path, workers=1).suppressed == {TOO_LONG: 3}


def test_data_that_many_headers_claim_is_expanded_once_a_level(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Each header is followed by a stored block of 60,000 bytes, which holds thousands of such headers.
    data = bytes(100) + (b"\x1f\x8b\x08\x00\0\0\0\0\x00\x03" + b"\x00\x60\xea\x9f\x15") * 8000
    path = tmp_path / "app.bin"
    path.write_bytes(data)
    calls: list[int] = []
    extent = Extent

    def count(data: bytes, most: int) -> Extent:
        calls.append(len(data))
        return extent(data, most)

    monkeypatch.setattr(inflated, "Extent", count)
    assert not dumpscrub.scan(path, workers=1).findings
    assert sum(calls) < 100 * len(data)
