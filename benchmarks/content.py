"""Bytes as a process has them in memory, page by page: zeros, images, text, pointers and noise, all from one seed.

Shares of blocks of 256 bytes, measured on real dumps in per cent:

    dump                            MB  zero  UTF-16  ASCII  pointers  random  images and rest  ranges
    .NET Core on Windows, full     183    23      15    2.7       1.9     0.4               57     577
    .NET Core on Windows, heaps    103    46      26    1.1        17     0.4               10     308
    C program on Windows, full      74    20     2.3    3.6       2.9     0.3               71     221
    .NET Core on Linux, heaps      184    61      16    0.4        17     0.2                5       -
    CPython on Linux               171    90       0    0.4       2.4       0                7       -

A dump of gigabytes is mostly heap: images do not grow with it. :data:`PROCESS` lies between the first two, with more
ASCII text and more noise than either, because both are what a search spends its time on.
"""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from random import Random
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

PAGE = 4096
HEAP = 0x0000_0213_4000_0000
"""The address at which memory begins."""

ZERO, IMAGE, ASCII, UTF16, POINTERS, NOISE = range(6)
PROCESS: Mapping[int, float] = MappingProxyType(
    {ZERO: 0.35, IMAGE: 0.30, ASCII: 0.05, UTF16: 0.15, POINTERS: 0.13, NOISE: 0.02}
)
"""Share of each kind of page."""
TEXT: Mapping[int, float] = MappingProxyType({ASCII: 0.5, UTF16: 0.5})

Bytes = npt.NDArray[np.uint8]
Kinds = npt.NDArray[np.uint8]

_RUN = 8  # pages of one kind in a row, on average
_IMAGE_POOL = 64 << 20
_TEXT_POOL = 4 << 20

_WORDS = (
    "order", "customer", "invoice", "request", "response", "handler", "service", "cache", "queue", "worker", "thread",
    "stream", "buffer", "index", "query", "result", "session", "context", "element", "manager", "factory", "provider",
    "builder", "listener", "message", "header", "payload", "record", "status",
)  # fmt: skip
_LINES = (
    "2026-03-{d:02}T{h:02}:{m:02}:{s:02}.{n:03}Z [{w}] INFO {W}Controller - {w} {n} took {m} ms, {s} rows, user={w}\n",
    '10.{h}.{m}.{s} - - [{d:02}/Mar/2026:{h:02}:{m:02}:{s:02} +0000] "GET /api/{w}/{n}?page={d} HTTP/1.1" 200 {n}\n',
    '{{"id":{n},"type":"{w}","name":"{W} {X}","tags":["{x}","{w}"],"total":{m}.{s:02},"active":true}}\n',
    "/usr/share/{w}/{x}/{n}.html\0{W}{X}.cpp\0{w}_{x}_init\0",
    "   at Contoso.{W}.{X}{W}.<{X}Async>d__{d}.MoveNext() in /src/{W}/{X}.cs:line {n}\n",
    "SELECT {w}_id, {x}, created_at FROM dbo.{W}s WHERE {x}_id = @p{d} ORDER BY created_at DESC\0",
)
_STRINGS = (
    "System.Collections.Generic.Dictionary`2[[System.String, System.Private.CoreLib],[Contoso.{W}.{X}, Contoso.{W}]]",
    "Contoso.{W}.{X}, Contoso.{W}, Version=4.{d}.{h}.0, Culture=neutral",
    "Microsoft.Extensions.DependencyInjection.{W}{X}", "System.Linq.Expressions.{X}Expression", "{w}", "{W}{X}Id",
    "C:\\Program Files\\Contoso\\{W}\\{X}.dll", "/api/{w}/{n}", "The {w} '{x}' could not be found in the {w} {x}.",
    "Accept-Encoding", "application/json; charset=utf-8", "{W} {X}", "2026-03-{d:02}T{h:02}:{m:02}:{s:02}.{n:03}Z",
    '{{"id":{n},"{w}":"{x}","{x}Name":"{W} {X}","status":"{w}","count":{m}}}',
)  # fmt: skip

# Harmless texts that a search has to look at: there are some 20 to 36 such places per MB in the Windows dumps.
_TELLING_LINES = (
    "https://www.example.org/{w}/{x}/{n}.html\0", "Contoso.{W}, Version=4.0.0.0, PublicKeyToken=b03f5f7f11d50a3a\0",
    "System.Threading.CancellationToken\0", "{w}: the password of the {x} has expired\n", "{W}TokenHandle\0",
)  # fmt: skip
_TELLING_STRINGS = (
    "System.Threading.CancellationTokenSource", "Microsoft.AspNetCore.Authorization.{X}Handler", "AAAAAAAAB9E{w}==",
    "The password must have {d} characters.", "client_secret", "{W}Login", "https://www.example.org/{w}",
)  # fmt: skip


class Pages:
    """Endless pages: the same seed gives the same bytes on the same interpreter."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        text = Random(seed)
        self._pools = {IMAGE: _images(), ASCII: _ascii(text), UTF16: _utf16(text)}

    def kinds(self, count: int, mix: Mapping[int, float]) -> Kinds:
        """The kinds of ``count`` pages, in runs of some eight."""
        runs = self._random.choice(list(mix), size=count // _RUN + 1, p=list(mix.values()))
        return np.repeat(runs, _RUN)[:count].astype(np.uint8)

    def fill(self, kinds: Kinds) -> Bytes:
        """The bytes of pages of these kinds, as rows."""
        pages = np.zeros((len(kinds), PAGE), np.uint8)
        for kind, pool in self._pools.items():
            at = np.flatnonzero(kinds == kind)
            # Pages that follow each other come from pages that do, whatever stands between them.
            first = self._random.integers(len(pool), size=len(at) // _RUN + 1)
            pages[at] = pool[(np.repeat(first, _RUN)[: len(at)] + np.arange(len(at))) % len(pool)]
        at = np.flatnonzero(kinds == POINTERS)
        pages[at] = self._pointers(len(at))
        at = np.flatnonzero(kinds == NOISE)
        pages[at] = np.frombuffer(self._random.bytes(len(at) * PAGE), np.uint8).reshape(-1, PAGE)
        return pages

    def _pointers(self, count: int) -> Bytes:
        """Objects of six fields: a type, three references, a null, a small number."""
        words = self._random.integers(HEAP, HEAP + (1 << 31), (count, PAGE // 8), np.uint64) & ~np.uint64(7)
        words[:, 0::6] = np.uint64(0x7FFA_3C00_0000) + (words[:, 0::6] & np.uint64(0xFFF8))
        words[:, 4::6] = 0
        words[:, 5::6] &= np.uint64(0xFFF)
        return words.view(np.uint8)


def _images() -> Bytes:
    """Executables and shared libraries of this interpreter and its packages: their bytes are not made up."""
    folders = {Path(sysconfig.get_path(name)) for name in ("platlib", "platstdlib")}
    suffixes = (".so", ".pyd", ".dll", ".dylib")
    libraries = {file for folder in folders for file in _files(folder) if file.suffix in suffixes}
    chosen = [Path(sys.executable).resolve(), *sorted(libraries, key=lambda file: (file.name, str(file)))]
    data = bytearray()
    for file in chosen:
        if len(data) < _IMAGE_POOL:
            data += file.read_bytes()
    return _rows(bytes(data[:_IMAGE_POOL]))


def _files(folder: Path) -> list[Path]:
    return [file for pattern in ("*", "*/*", "*/*/*") for file in folder.glob(pattern) if file.is_file()]


def _ascii(random: Random) -> Bytes:
    """Log lines, JSON, URLs, names, SQL."""
    return _rows("".join(_sentences(random, _LINES, _TELLING_LINES, 1 / 60, _TEXT_POOL)).encode())


def _utf16(random: Random) -> Bytes:
    """Strings of .NET: type, length, characters, NUL, padded to eight bytes."""
    head = (0x7FFA_3C00_1234).to_bytes(8, "little")
    strings = []
    for text in _sentences(random, _STRINGS, _TELLING_STRINGS, 1 / 250, _TEXT_POOL // 2):
        body = head + len(text).to_bytes(4, "little") + text.encode("utf-16-le")
        strings.append(body + bytes(8 - len(body) % 8))
    return _rows(b"".join(strings))


def _sentences(random: Random, usual: tuple[str, ...], telling: tuple[str, ...], share: float, size: int) -> list[str]:
    """At least ``size`` characters of texts, of which ``share`` are ``telling``."""
    made, length = [], 0
    while length < size:
        word, other = random.choice(_WORDS), random.choice(_WORDS)
        numbers = {"d": random.randint(1, 28), "h": random.randint(0, 23), "n": random.randint(0, 999)}
        sixty = {"m": random.randint(0, 59), "s": random.randint(0, 59)}
        names = {"w": word, "W": word.title(), "x": other, "X": other.title()}
        template = random.choice(telling if random.random() < share else usual)
        made.append(template.format(**names, **numbers, **sixty))
        length += len(made[-1])
    return made


def _rows(data: bytes) -> Bytes:
    return np.frombuffer(data, np.uint8)[: len(data) // PAGE * PAGE].reshape(-1, PAGE)
