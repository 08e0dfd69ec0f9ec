"""The progress bar: on a terminal it shows bytes, speed and time left; everywhere else it is silent."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from dumpscrub.cli.boundary import Boundary
from dumpscrub.cli.progress import ProgressBar

SCRIPT = """
import time
from dumpscrub.cli.boundary import Boundary
from dumpscrub.cli.progress import ProgressBar
with ProgressBar(Boundary(), quiet=QUIET) as progress:
    for stage in ("copy", "scan"):
        for step in range(1, 5):
            progress(stage, step << 20, 4 << 20)
            time.sleep(0.15)
"""


def on_a_terminal(quiet: bool) -> str:
    """What the script writes to a pseudo-terminal."""
    pty = pytest.importorskip("pty", reason="no pseudo-terminals on Windows")
    ours, theirs = pty.openpty()
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "120"}
    environment.pop("NO_COLOR", None)
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT.replace("QUIET", str(quiet))], stderr=theirs, stdout=theirs, env=environment
    ) as process:
        os.close(theirs)
        shown = b""
        try:
            while piece := os.read(ours, 65536):
                shown += piece
        except OSError:
            pass  # Linux says so when the other end is closed
        os.close(ours)
        assert process.wait(30) == 0
    return shown.decode()


def test_a_terminal_sees_stage_bytes_speed_and_time_left() -> None:
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", on_a_terminal(quiet=False))
    assert re.search(r"scan .*3\.0/4\.0 MiB .*[0-9] [kMG]?B/s .*0:00:0", shown)


def test_quiet_means_quiet_on_a_terminal_too() -> None:
    assert on_a_terminal(quiet=True) == ""


def test_nothing_is_written_where_stderr_is_no_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    boundary = Boundary()
    with ProgressBar(boundary) as progress:
        progress("copy", 1, 2)
        progress("scan", 1, 2)
    assert capfd.readouterr() == ("", "")
    assert boundary.stage == "scan"
