"""The console on Windows, simulated: what is asked of the system, and what its events do."""

from __future__ import annotations

import _thread
import ctypes
import signal
import time
from types import FrameType, SimpleNamespace
from typing import Any

import pytest

from dumpscrub.platform import console


def terminate(number: int, frame: FrameType | None) -> None:
    """Stands for the command's own handler."""


class Console:
    """What the system was asked for, and what the handler then did."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.signals: dict[int, Any] = {}
        self.handlers: list[Any] = []
        self.raised: list[int] = []
        self.slept: list[float] = []
        kernel32 = SimpleNamespace(SetConsoleCtrlHandler=lambda handler, _: self.handlers.append(handler))
        monkeypatch.setattr(ctypes, "windll", SimpleNamespace(kernel32=kernel32), raising=False)
        monkeypatch.setattr(signal, "SIGBREAK", 21, raising=False)
        monkeypatch.setattr(signal, "signal", self.signals.__setitem__)
        monkeypatch.setattr(_thread, "interrupt_main", self.raised.append)
        monkeypatch.setattr(time, "sleep", self.slept.append)


def test_ctrl_break_ends_the_program_as_sigterm_does(monkeypatch: pytest.MonkeyPatch) -> None:
    system = Console(monkeypatch)
    kept = console.end_with_console(terminate)
    assert system.signals == {21: terminate}
    assert system.handlers == [kept]


@pytest.mark.parametrize("event", [2, 5, 6], ids=["close", "logoff", "shutdown"])
def test_the_end_of_a_console_ends_the_program(monkeypatch: pytest.MonkeyPatch, event: int) -> None:
    system = Console(monkeypatch)
    console.end_with_console(terminate)
    assert system.handlers[0](event) == 1
    assert system.raised == [signal.SIGTERM]
    assert sum(system.slept) > 5  # as soon as the handler returns, the process is gone


@pytest.mark.parametrize("event", [0, 1], ids=["ctrl+c", "ctrl+break"])
def test_keys_are_left_to_the_other_handlers(monkeypatch: pytest.MonkeyPatch, event: int) -> None:
    system = Console(monkeypatch)
    console.end_with_console(terminate)
    assert system.handlers[0](event) == 0
    assert (system.raised, system.slept) == ([], [])


def test_elsewhere_signals_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(ctypes, "windll", raising=False)
    assert console.end_with_console(terminate) is None
