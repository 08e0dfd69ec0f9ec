"""Interrupted or terminated in the middle of a run: an exit code, at most one line, and nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="NOT RUN: Windows has no signals to send to one process")

SCRIPT = """
import signal
import sys
from dumpscrub import cli, verifier

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts what runs behind it with SIGINT ignored

def wait(*arguments):
    print("ready", flush=True)
    sys.stdin.read()

verifier.compare = wait
sys.argv[:] = ["dumpscrub", "sanitize", "app.txt"]
cli.main()
"""


@pytest.mark.parametrize(
    ("number", "code", "says"),
    [(signal.SIGINT, 130, "dumpscrub: interrupted\n"), (signal.SIGTERM, 143, "")],
    ids=["SIGINT", "SIGTERM"],
)
def test_nothing_is_left_behind(tmp_path: Path, number: int, code: int, says: str) -> None:
    (tmp_path / "app.txt").write_bytes(b"Password=violet-Harbour-41x;\n" * 40)
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT],
        cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        output, errors = process.communicate(timeout=30)
    assert (process.returncode, output, errors) == (code, "", says)
    assert [path.name for path in tmp_path.iterdir()] == ["app.txt"]
