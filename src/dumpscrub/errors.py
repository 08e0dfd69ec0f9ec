"""The exception tree. Each class carries the exit code of the command that ends with it.

::

    DumpscrubError               70  something is wrong in dumpscrub itself
      InputError                  3  the input cannot be read
        FormatError               3  the input says it is a dump but its structure cannot be followed
      OutputError                 4  the output cannot be written (exists, no space, same as the input)
      ConfigError                 5  what the user configured cannot be used
        RuleError                 5  a rule file is broken
        PolicyError               5  a policy is unknown or broken
        KnownValuesError          5  a list of known values cannot be read
      ScanError                   6  part of the input could not be searched: no result can be trusted
      VerificationError           7  the redacted copy did not pass its checks and was thrown away

Exit code 0 is success, 1 means that ``scan`` found something to redact, 2 is a usage error (click's own), 130 an
interrupt, 143 a termination, 141 a closed pipe.
A message is one line: what happened, then what the user can do. It never holds bytes of the dump.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class DumpscrubError(Exception):
    """Base of every error that dumpscrub raises on purpose."""

    exit_code = 70


class InputError(DumpscrubError):
    """The input is missing, empty, a directory, unreadable, or changed while it was read."""

    exit_code = 3


class FormatError(InputError):
    """The input carries a dump's signature but its structure cannot be followed."""


class OutputError(DumpscrubError):
    """The output or the audit log cannot be written."""

    exit_code = 4


class ConfigError(DumpscrubError):
    """Something that the user configured cannot be used."""

    exit_code = 5


class RuleError(ConfigError):
    """A rule file is missing, malformed, or holds a rule that does not compile."""


class PolicyError(ConfigError):
    """A policy is unknown or malformed."""


class KnownValuesError(ConfigError):
    """A list of known values cannot be read."""


class ScanError(DumpscrubError):
    """A detector, an engine or a worker failed, so that some bytes count as not searched."""

    exit_code = 6


class VerificationError(DumpscrubError):
    """The redacted copy failed a check before it was published."""

    exit_code = 7


@contextmanager
def fail_closed(what: str) -> Iterator[None]:
    """Raise a ScanError where ``what`` fails in a way that nobody thought of; our own errors pass.

    It names the kind of fault only: the text of any other error may hold bytes of the dump.
    """
    try:
        yield
    except (DumpscrubError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001
        raise ScanError(f"{what} failed ({type(error).__name__}): please report it") from None
