"""The console that a command was started from: Ctrl+Break, a closed window and the end of a session, on Windows.

On Linux and macOS these are signals of their own, or none. Windows ends a process at once when Ctrl+Break is not
handled, and some five seconds after its console was closed (less when the system shuts down), as soon as a handler
returns. So the handler, which runs in a thread of its own, does not return.
"""

from __future__ import annotations

import _thread
import ctypes
import signal
import time
from collections.abc import Callable
from types import FrameType

_ENDS = frozenset({2, 5, 6})
"""CTRL_CLOSE_EVENT, CTRL_LOGOFF_EVENT and CTRL_SHUTDOWN_EVENT."""
_LONGER = 30.0
"""Seconds: more than Windows gives."""

Handler = Callable[[int, FrameType | None], None]


def end_with_console(terminate: Handler) -> object:
    """Let ``terminate``, which is SIGTERM's handler too, end the program where its console ends. Call it once.

    What it returns has to live as long as the program: Windows calls it.
    """
    windll = getattr(ctypes, "windll", None)
    if windll is None:
        return None
    signal.signal(getattr(signal, "SIGBREAK"), terminate)  # noqa: B009  (there is none on other platforms)
    closing = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_ulong)(_closing)
    windll.kernel32.SetConsoleCtrlHandler(closing, 1)
    return closing


def _closing(event: int) -> int:
    """What Windows calls, the last handler first. 0 leaves the event to the other handlers."""
    if event not in _ENDS:
        return 0
    _thread.interrupt_main(signal.SIGTERM)
    time.sleep(_LONGER)
    return 1
