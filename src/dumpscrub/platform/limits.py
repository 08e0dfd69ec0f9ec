"""What a process may use, and what it leaves behind when it dies.

==================  ==========================  =================  ==========================================
                    Linux                       macOS              Windows
==================  ==========================  =================  ==========================================
no core dump        RLIMIT_CORE, PR_SET_DUMPABLE  RLIMIT_CORE      SetErrorMode (no crash box; what an
                                                                   administrator set up as LocalDumps stays)
memory of a child   RLIMIT_AS                   not enforced       not enforced: the time limit alone holds
CPU time of a child  RLIMIT_CPU                 RLIMIT_CPU         not enforced: the time limit alone holds
CPUs                sched_getaffinity           os.cpu_count       os.cpu_count
==================  ==========================  =================  ==========================================
"""

from __future__ import annotations

import ctypes
import importlib
import os
from types import ModuleType

_PR_SET_DUMPABLE = 4
_SEM_FAILCRITICALERRORS = 0x0001
_SEM_NOGPFAULTERRORBOX = 0x0002


def harden_process() -> None:
    """Keep this process, which has secrets in its memory, from being written to a core dump.

    What a platform or a sandbox does not allow is left out: it is no reason not to run.
    """
    _limit("RLIMIT_CORE", 0)
    prctl = getattr(_libc(), "prctl", None)
    if prctl is not None:
        # A core_pattern that pipes into a program ignores RLIMIT_CORE; a process that is not dumpable it skips.
        prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    windll = getattr(ctypes, "windll", None)
    if windll is not None:
        windll.kernel32.SetErrorMode(_SEM_FAILCRITICALERRORS | _SEM_NOGPFAULTERRORBOX)


def limit_process(memory: int, seconds: int) -> None:
    """Let this process take at most ``memory`` bytes of address space and ``seconds`` of CPU time from now on."""
    _limit("RLIMIT_AS", memory)
    _limit("RLIMIT_CPU", seconds)


def usable_cpus() -> int:
    """How many CPUs this process may run on; at least 1."""
    affinity = getattr(os, "sched_getaffinity", None)
    if affinity is not None:
        return max(1, len(affinity(0)))
    return os.cpu_count() or 1


def _limit(name: str, value: int) -> None:
    """Lower the soft limit ``name``, and the hard one with it, to ``value``; never raise one."""
    resource = _resource()
    if resource is None or not hasattr(resource, name):
        return
    number = getattr(resource, name)
    _, hard = resource.getrlimit(number)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    try:
        resource.setrlimit(number, (value, value))
    except (OSError, ValueError):
        return  # macOS refuses some limits that it names


def _resource() -> ModuleType | None:
    """The module ``resource``, None on Windows."""
    try:
        return importlib.import_module("resource")
    except ImportError:
        return None


def _libc() -> ctypes.CDLL | None:
    """The C library that this process has loaded, None on Windows."""
    return None if os.name == "nt" else ctypes.CDLL(None)
