"""Limits are set in child processes, so that the tests themselves stay as they are."""

from __future__ import annotations

import ctypes
import importlib
import os
import subprocess
import sys
from types import ModuleType, SimpleNamespace

import pytest

from dumpscrub.platform import limits

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks Linux what it enforces")


def child(code: str) -> str:
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return ran.stdout.strip()


@linux
def test_no_core_dump_is_written() -> None:
    shown = child(
        "import ctypes, resource; from dumpscrub.platform.limits import harden_process; harden_process();"
        "print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
    )
    assert shown == "(0, 0) 0"


@linux
def test_memory_is_limited() -> None:
    shown = child(
        "from dumpscrub.platform.limits import limit_process; limit_process(256 << 20, 60)\n"
        "try: bytearray(512 << 20)\n"
        "except MemoryError: print('limited')"
    )
    assert shown == "limited"


@linux
def test_cpu_time_is_limited() -> None:
    code = "from dumpscrub.platform.limits import limit_process; limit_process(1 << 30, 1)\nwhile True: pass"
    ran = subprocess.run([sys.executable, "-c", code], check=False, timeout=60)
    assert ran.returncode < 0


@linux
def test_a_limit_is_never_raised() -> None:
    shown = child(
        "import resource; from dumpscrub.platform.limits import limit_process\n"
        "resource.setrlimit(resource.RLIMIT_CPU, (50, 50)); limit_process(1 << 40, 100)\n"
        "print(resource.getrlimit(resource.RLIMIT_CPU))"
    )
    assert shown == "(50, 50)"


def without_resource(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.import_module

    def refuse(name: str) -> ModuleType:
        if name == "resource":
            raise ImportError(name)
        return real(name)

    monkeypatch.setattr(importlib, "import_module", refuse)


def test_windows_shows_no_crash_box(monkeypatch: pytest.MonkeyPatch) -> None:
    modes: list[int] = []
    without_resource(monkeypatch)
    monkeypatch.setattr(os, "name", "nt")
    kernel32 = SimpleNamespace(SetErrorMode=modes.append)
    monkeypatch.setattr(ctypes, "windll", SimpleNamespace(kernel32=kernel32), raising=False)
    limits.harden_process()
    limits.limit_process(1, 1)
    assert modes == [3]


def test_a_limit_that_the_platform_refuses_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    resource = pytest.importorskip("resource")

    def refuse(*_: object) -> None:
        raise ValueError("current limit exceeds maximum limit")

    monkeypatch.setattr(resource, "setrlimit", refuse)
    limits.limit_process(1, 1)
    monkeypatch.delattr(resource, "RLIMIT_AS", raising=False)
    limits.limit_process(1, 1)


def test_usable_cpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 3, 5}, raising=False)
    assert limits.usable_cpus() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    assert limits.usable_cpus() == 7
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert limits.usable_cpus() == 1
