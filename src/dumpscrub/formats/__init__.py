"""Dump formats: bytes to a partition of regions. A new format is one module and one line in ``FORMATS``."""
