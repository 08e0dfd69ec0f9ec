"""The audit log: what was found where, and never what it said."""
