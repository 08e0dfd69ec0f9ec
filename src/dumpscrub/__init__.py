"""Makes process dumps safe to share.

::

    import dumpscrub

    result = dumpscrub.sanitize("app.dmp")
    print(result.output, result.by_class())
"""

from dumpscrub.errors import DumpscrubError
from dumpscrub.model import Finding, SecretValue
from dumpscrub.pipeline import inspect, sanitize, scan
from dumpscrub.result import Result
from dumpscrub.version import __version__

__all__ = ["DumpscrubError", "Finding", "Result", "SecretValue", "__version__", "inspect", "sanitize", "scan"]
