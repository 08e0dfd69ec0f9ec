"""The audit log: what was found where, and never what it said."""

from dumpscrub.audit.jsonl import write

__all__ = ["write"]
